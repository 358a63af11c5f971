#include "classes/shsec/shsec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "classes/array/testing.h"

namespace biotope {
namespace {

using testing::label;
using testing::number;
using testing::World;

constexpr std::int64_t kMiB = 1 << 20;

TEST(Shsec, Geom_shsec_1) {
  World w;
  for (int i = 0; i < 3; ++i) w.disk("da" + std::to_string(i), (i + 1) * kMiB);
  ASSERT_EQ(label(w, "shsec", "test", {"da0", "da1", "da2"}), "");
  EXPECT_EQ(w.t.provider("shsec/test").media_size_bytes(), 1048064);
  EXPECT_EQ(w.t.provider("shsec/test").sector_size_bytes(), 512);
}

TEST(Shsec, Geom_shsec_2) {
  World w;
  for (int i = 0; i < 3; ++i) w.disk("da" + std::to_string(i), kMiB);
  ASSERT_EQ(label(w, "shsec", "test", {"da0", "da1", "da2"}), "");
  Consumer& user = w.open("shsec/test");
  const Bytes data = testing::pattern(kMiB - 512);
  EXPECT_EQ(w.write(user, 0, data), 0);
  EXPECT_EQ(w.read(user, 0, kMiB - 512), data);
  for (const auto& driver : w.drivers) {
    EXPECT_FALSE(std::equal(data.begin(), data.end(), driver->bytes().begin()));
  }
}

// What lies on the disks, put together by plain arithmetic, is the secret; any less of it is not.
RC_GTEST_PROP(ShsecShares, all_disks_together_and_no_fewer_are_the_data, ()) {
  World w;
  const auto count = *rc::gen::inRange<std::size_t>(2, 6);
  testing::Names names;
  for (std::size_t i = 0; i < count; ++i) {
    names.push_back("da" + std::to_string(i));
    w.disk(names.back(), 2352 * 8, 2352);
  }
  w.make("shsec", "x", names);
  Consumer& user = w.open("shsec/x");
  const auto first = *rc::gen::inRange<std::int64_t>(0, 8);
  const auto length = 2352 * *rc::gen::inRange<std::int64_t>(1, 9 - first);
  Bytes data = testing::pattern(length, *rc::gen::arbitrary<std::uint32_t>());
  RC_ASSERT(w.write(user, first * 2352, data) == 0);
  RC_ASSERT(w.read(user, first * 2352, length) == data);
  Bytes sum(data.size());
  for (std::size_t i = 0; i < count; ++i) {
    RC_ASSERT(sum != data);
    const auto* share = w.drivers[i]->bytes().data() + first * 2352;
    for (std::size_t b = 0; b < sum.size(); ++b) sum[b] ^= share[b];
  }
  RC_ASSERT(sum == data);
}

TEST(Shsec, scattered_memory_is_as_good) {
  World w;
  w.disk("da0", kMiB);
  w.disk("da1", kMiB);
  w.make("shsec", "x", {"da0", "da1"});
  Consumer& user = w.open("shsec/x");
  Bytes data = testing::pattern(1536);
  const Segment pieces[] = {
      {data.data(), 100}, {data.data() + 100, 1000}, {data.data() + 1100, 436}};
  testing::Issuer issuer(w.t.mesh);
  ASSERT_EQ(issuer.ask(user, Command::write, 512, 1536, Data(pieces)), 0);
  data.assign(1536, std::byte{0});
  ASSERT_EQ(issuer.ask(user, Command::read, 512, 1536, Data(pieces)), 0);
  EXPECT_EQ(data, testing::pattern(1536));
}

TEST(Shsec, an_error_of_any_disk_is_the_requests) {
  World w;
  w.disk("da0", kMiB);
  w.disk("da1", kMiB);
  w.make("nop", "n", {"da1"}, {{"read_fail_percent", number(100)}});
  w.make("shsec", "x", {"da0", "n"});
  Consumer& user = w.open("shsec/x");
  EXPECT_EQ(w.write(user, 0, testing::pattern(512)), 0);
  Bytes into;
  EXPECT_EQ(w.read(user, 0, 512, into), EIO);
}

TEST(Shsec, out_of_memory_is_only_later) {
  World w;
  w.disk("da0", kMiB);
  w.disk("da1", kMiB);
  w.make("shsec", "x", {"da0", "da1"});
  Consumer& user = w.open("shsec/x");
  testing::Issuer issuer(w.t.mesh);
  Bytes data = testing::pattern(512);
  w.t.mesh.path().limit_bios(w.t.mesh.path().bios_out() + 1);
  issuer.issue(user, Command::write, 0, 512, Data(data.data()));
  EXPECT_TRUE(issuer.errors.empty());
  w.t.mesh.path().limit_bios(1000);
  w.t.executor.run();
  EXPECT_EQ(issuer.errors, std::vector<int>{0});
  EXPECT_EQ(w.read(user, 0, 512), data);
}

TEST(Shsec, the_metadata_are_those_of_the_format_byte_for_byte) {
  World w;
  w.disk("da0", kMiB);
  w.disk("da1", kMiB);
  ASSERT_EQ(label(w, "shsec", "secret", {"da0", "da1"}, {{"id", number(1)}, {"hardcode", true}}),
            "");
  Bytes expected(512);
  testing::put_text(expected, 0, "GEOM::SHSEC");
  testing::put_le(expected, 16, 1, 4);
  testing::put_text(expected, 20, "secret");
  testing::put_le(expected, 36, 1, 4);
  testing::put_le(expected, 40, 0, 2);
  testing::put_le(expected, 42, 2, 2);
  testing::put_text(expected, 44, "da0");
  testing::put_le(expected, 60, kMiB, 8);
  EXPECT_EQ(testing::last_sector(*w.drivers[0]), expected);
}

}  // namespace
}  // namespace biotope
