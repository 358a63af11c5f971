#include "classes/random_stream.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <set>

namespace biotope {
namespace {

TEST(RandomStream, same_seed_and_name_give_the_same_numbers) {
  RandomStream a(7, "scenario");
  RandomStream b(7, "scenario");
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(RandomStream, another_seed_or_name_is_another_stream) {
  std::set<std::uint64_t> firsts;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const char* name : {"a", "b", "ab", ""}) firsts.insert(RandomStream(seed, name).next());
  }
  EXPECT_EQ(firsts.size(), 80U);
}

RC_GTEST_PROP(RandomStream, numbers_stay_between,
              (std::uint64_t seed, std::int64_t x, std::int64_t y)) {
  RandomStream stream(seed, "n");
  const std::int64_t low = std::min(x, y);
  const std::int64_t high = std::max(x, y);
  for (int i = 0; i < 20; ++i) {
    const std::int64_t drawn = stream.between(low, high);
    RC_ASSERT(drawn >= low);
    RC_ASSERT(drawn <= high);
  }
}

TEST(RandomStream, every_number_of_a_small_range_comes) {
  RandomStream stream(1, "die");
  std::set<std::int64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(stream.between(1, 6));
  EXPECT_EQ(seen, (std::set<std::int64_t>{1, 2, 3, 4, 5, 6}));
}

TEST(RandomStream, fractions_are_below_one) {
  RandomStream stream(3, "f");
  for (int i = 0; i < 1000; ++i) {
    const double x = stream.fraction();
    EXPECT_GE(x, 0.0);
    EXPECT_LT(x, 1.0);
  }
}

}  // namespace
}  // namespace biotope
