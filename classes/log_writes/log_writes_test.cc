#include "classes/log_writes/log_writes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "classes/testing.h"

namespace biotope {
namespace {

using testing::number;
using testing::World;

TEST(LogWrites, remembers_data_and_order_with_marks) {
  World w;
  w.disk("da0", 1 << 20);
  auto& log = w.make<LogWrites>("log-writes", "l", {"da0"});
  Consumer& user = w.open("l");
  testing::Issuer issuer(w.t.mesh);
  Bytes data = testing::pattern(1024);
  issuer.issue(user, Command::write, 512, 1024, Data(data.data()), kBioForceUnitAccess);
  issuer.issue(user, Command::flush, 0, 0);
  log.mark("mounted");
  issuer.issue(user, Command::write, 0, 512, Data(data.data()), kBioOrdered);
  issuer.issue(user, Command::remove, 4096, 512);
  issuer.issue(user, Command::read, 0, 512, Data(data.data()));
  ASSERT_TRUE(issuer.all_back_once(5));
  ASSERT_EQ(log.log().size(), 5U);
  EXPECT_EQ(log.log()[0].command, Command::write);
  EXPECT_TRUE(log.log()[0].force_unit_access);
  EXPECT_FALSE(log.log()[0].ordered);
  EXPECT_EQ(log.log()[0].offset_bytes, 512);
  EXPECT_EQ(log.log()[0].data, testing::pattern(1024));
  EXPECT_EQ(log.log()[1].command, Command::flush);
  EXPECT_EQ(log.log()[1].issued_after, 1U);
  EXPECT_EQ(log.log()[2].text, "mounted");
  EXPECT_EQ(log.find_mark("mounted").value(), 2U);
  EXPECT_EQ(log.find_mark("unmounted").error().code, ENOENT);
  EXPECT_TRUE(log.log()[3].ordered);
  EXPECT_EQ(log.log()[4].command, Command::remove);
  EXPECT_EQ(log.status(), "5 entries, 1536 of 1073741824 bytes");
}

TEST(LogWrites, a_flush_covers_what_was_complete_when_it_was_issued) {
  World w;
  w.disk("da0", 1 << 20);
  w.make("delay", "d", {"da0"}, {{"flush", number(1'000)}});
  auto& log = w.make<LogWrites>("log-writes", "l", {"d"});
  Consumer& user = w.open("l");
  testing::Issuer issuer(w.t.mesh);
  Bytes data(512);
  issuer.issue(user, Command::write, 0, 512, Data(data.data()));
  issuer.issue(user, Command::flush, 0, 0);
  issuer.issue(user, Command::write, 512, 512, Data(data.data()));
  w.t.executor.run();
  ASSERT_EQ(log.log().size(), 3U);
  EXPECT_EQ(log.log()[2].command, Command::flush) << "it came back last";
  EXPECT_EQ(log.log()[2].issued_after, 1U);
}

TEST(LogWrites, what_failed_is_not_in_it) {
  World w;
  w.disk("da0", 1 << 20);
  w.make("nop", "n", {"da0"}, {{"write_fail_percent", number(100)}});
  auto& log = w.make<LogWrites>("log-writes", "l", {"n"});
  EXPECT_EQ(w.write(w.open("l"), 0, Bytes(512)), EIO);
  EXPECT_EQ(log.status(), "0 entries, 0 of 1073741824 bytes");
}

TEST(LogWrites, a_full_log_refuses_rather_than_forgets) {
  World w;
  RamDriver& below = w.disk("da0", 1 << 20);
  auto& log = w.make<LogWrites>("log-writes", "l", {"da0"}, {{"limit", number(1024)}});
  Consumer& user = w.open("l");
  EXPECT_EQ(w.write(user, 0, testing::pattern(1024)), 0);
  EXPECT_EQ(w.write(user, 4096, testing::pattern(512)), ENOSPC);
  EXPECT_EQ(log.log().size(), 1U);
  EXPECT_TRUE(std::all_of(below.bytes().begin() + 1024, below.bytes().end(),
                          [](std::byte b) { return b == std::byte{0}; }));
}

TEST(LogWrites, replay_is_refused_where_it_does_not_fit) {
  World w;
  w.disk("da0", 1 << 20);
  w.disk("da1", 4096);
  auto& log = w.make<LogWrites>("log-writes", "l", {"da0"});
  EXPECT_EQ(w.write(w.open("l"), 4096, testing::pattern(512)), 0);
  Bytes medium(4096);
  EXPECT_EQ(log.replay(medium, 1).error().text,
            "log-writes l: entry 0 ends at 4608, beyond the 4096 bytes it is to be replayed on");
  EXPECT_EQ(log.replay(medium, 2).error().text, "log-writes l has 1 entries, not 2");
  EXPECT_EQ(w.run(log.replay(w.open("da1"), 1)).error().code, EINVAL);
}

// The disk at every point, against copies of it taken on the way.
RC_GTEST_PROP(LogWritesReplay, makes_the_disk_as_it_was_at_any_point, ()) {
  World w;
  RamDriver& below = w.disk("da0", 32 * 512);
  w.disk("da1", 32 * 512);
  auto& log = w.make<LogWrites>("log-writes", "l", {"da0"});
  Consumer& user = w.open("l");
  std::vector<Bytes> was{below.bytes()};
  const int turns = *rc::gen::inRange(1, 12);
  for (int turn = 0; turn < turns; ++turn) {
    const auto first = *rc::gen::inRange<std::int64_t>(0, 32);
    const auto count = *rc::gen::inRange<std::int64_t>(1, 33 - first);
    if (*rc::gen::inRange(0, 4) == 0) {
      RC_ASSERT(w.run(remove(user, first * 512, count * 512)).has_value());
    } else {
      RC_ASSERT(w.write(user, first * 512,
                        testing::pattern(count * 512, static_cast<std::uint32_t>(turn))) == 0);
    }
    was.push_back(below.bytes());
  }
  const auto point = *rc::gen::inRange<std::size_t>(0, was.size());
  Bytes medium(32 * 512);
  RC_ASSERT(log.replay(medium, point).has_value());
  RC_ASSERT(medium == was[point]);
  RC_ASSERT(w.run(log.replay(w.open("da1"), point)).has_value());
  RC_ASSERT(w.drivers[1]->bytes() == was[point]);
}

}  // namespace
}  // namespace biotope
