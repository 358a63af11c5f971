#include "classes/dust/dust.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "classes/testing.h"

namespace biotope {
namespace {

using testing::word;
using testing::World;

TEST(Dust, a_bad_sector_fails_to_be_read_until_it_is_written) {
  World w;
  w.t.mesh.set_tasting(false);
  w.disk("da0", 1 << 20);
  auto& dust = w.make<Dust>("dust", "d", {"da0"}, {{"bad", word("5,16-31")}});
  Consumer& user = w.open("d");
  Bytes into;
  EXPECT_EQ(w.read(user, 5 * 512, 512, into), EIO);
  EXPECT_EQ(w.read(user, 4 * 512, 512 * 4, into), EIO);
  EXPECT_EQ(w.read(user, 6 * 512, 512 * 10, into), 0);
  EXPECT_EQ(w.read(user, 31 * 512, 512, into), EIO);
  EXPECT_EQ(w.write(user, 16 * 512, testing::pattern(15 * 512)), 0);
  EXPECT_EQ(w.read(user, 16 * 512, 15 * 512), testing::pattern(15 * 512));
  EXPECT_EQ(w.read(user, 31 * 512, 512, into), EIO);
  EXPECT_EQ(dust.bad_count(), 2);
  EXPECT_EQ(dust.recipe(), "dust create d bad=5,31 da0");
  EXPECT_EQ(dust.status(), "2 bad sectors, 4 requests refused, 15 sectors healed");
}

TEST(Dust, a_write_that_fails_below_heals_nothing) {
  World w;
  w.disk("da0", 1 << 20);
  w.make("nop", "n", {"da0"}, {{"write_fail_percent", testing::number(100)}});
  auto& dust = w.make<Dust>("dust", "d", {"n"}, {{"bad", word("5")}});
  Consumer& user = w.open("d");
  EXPECT_EQ(w.write(user, 5 * 512, testing::pattern(512)), EIO);
  EXPECT_TRUE(dust.is_bad(5));
}

TEST(Dust, without_spare_sectors_writing_fails_as_well) {
  World w;
  w.disk("da0", 1 << 20);
  auto& dust = w.make<Dust>("dust", "d", {"da0"}, {{"bad", word("5")}, {"heals", false}});
  Consumer& user = w.open("d");
  EXPECT_EQ(w.write(user, 0, testing::pattern(6 * 512)), EIO);
  EXPECT_EQ(w.write(user, 0, testing::pattern(5 * 512)), 0);
  EXPECT_TRUE(dust.is_bad(5));
  dust.enable(false);
  EXPECT_EQ(w.write(user, 0, testing::pattern(6 * 512)), 0);
}

TEST(Dust, bad_lists_are_refused_whole) {
  World w;
  w.disk("da0", 1 << 20);
  for (const char* list : {"x", "5,", "5,,6", "-3", "7-6", "5 6", "99999999999999999999",
                           "0-9223372036854775807", "2048"}) {
    const std::string why = w.refusal("dust", "d", {"da0"}, {{"bad", word(list)}});
    EXPECT_EQ(why.substr(0, 11), sentence(EINVAL, ": dust d:")) << list << ": " << why;
  }
  auto& dust = w.make<Dust>("dust", "d", {"da0"}, {{"bad", word("2047")}});
  for (const auto& [first, count] :
       {std::pair<std::int64_t, std::int64_t>{2048, 1}, {-1, 1}, {0, 0}, {1, INT64_MAX}}) {
    EXPECT_EQ(dust.add_bad(first, count).error().code, EINVAL);
    EXPECT_EQ(dust.remove_bad(first, count).error().code, EINVAL);
  }
  EXPECT_EQ(dust.bad_count(), 1);
}

// Against the plainest list there can be.
RC_GTEST_PROP(DustList, reads_and_writes_see_the_list_a_set_of_sectors_would_be, ()) {
  World w;
  w.disk("da0", 64 * 512);
  auto& dust = w.make<Dust>("dust", "d", {"da0"});
  Consumer& user = w.open("d");
  std::set<std::int64_t> bad;
  for (int turn = 0; turn < 30; ++turn) {
    const auto first = *rc::gen::inRange<std::int64_t>(0, 64);
    const auto count = *rc::gen::inRange<std::int64_t>(1, 65 - first);
    const auto touches = bad.lower_bound(first) != bad.lower_bound(first + count);
    Bytes into;
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        RC_ASSERT(w.read(user, first * 512, count * 512, into) == (touches ? EIO : 0));
        break;
      case 1:
        RC_ASSERT(w.write(user, first * 512, Bytes(static_cast<std::size_t>(count * 512))) == 0);
        bad.erase(bad.lower_bound(first), bad.lower_bound(first + count));
        break;
      case 2:
        RC_ASSERT(dust.add_bad(first, count).has_value());
        for (std::int64_t i = first; i < first + count; ++i) bad.insert(i);
        break;
      default:
        RC_ASSERT(dust.remove_bad(first, count).has_value());
        bad.erase(bad.lower_bound(first), bad.lower_bound(first + count));
    }
    RC_ASSERT(dust.bad_count() == static_cast<std::int64_t>(bad.size()));
    for (std::int64_t i = 0; i < 64; ++i) RC_ASSERT(dust.is_bad(i) == bad.contains(i));
  }
}

}  // namespace
}  // namespace biotope
