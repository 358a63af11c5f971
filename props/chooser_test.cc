#include "props/chooser.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <set>

namespace biotope::props {
namespace {

TEST(Chooser, every_sequence_comes_exactly_once) {
  // 2 * (1 + 3) + 3 paths of a question whose answers decide what is asked next.
  std::set<std::vector<std::size_t>> seen;
  EveryChooser all;
  std::size_t runs = 0;
  do {
    std::vector<std::size_t> path{all.pick(3)};
    if (path[0] < 2) {
      path.push_back(all.pick(2));
      if (path[1] == 1) path.push_back(all.pick(3));
    } else {
      path.push_back(all.pick(3));
    }
    seen.insert(path);
    ++runs;
  } while (all.advance());
  EXPECT_EQ(runs, 11U);
  EXPECT_EQ(seen.size(), 11U);
}

TEST(Chooser, random_choices_are_even) {
  // 60,000 throws of a die: each side has 10,000 +- 91 (one sigma); five sigmas are never left by
  // chance in the life of this test.
  RandomChooser die(1, "die");
  std::array<int, 6> sides{};
  for (int i = 0; i < 60'000; ++i) ++sides[die.pick(6)];
  for (const int side : sides) EXPECT_NEAR(side, 10'000, 456);
}

TEST(Chooser, Inv_D3_streams_do_not_touch_each_other) {
  RandomChooser alone(7, "a");
  RandomChooser together(7, "a");
  RandomChooser other(7, "b");
  std::size_t same = 0;
  for (int i = 0; i < 100; ++i) {
    const std::size_t a = alone.pick(1'000'000);
    same += other.pick(1'000'000) == a ? 1 : 0;
    EXPECT_EQ(together.pick(1'000'000), a);
  }
  EXPECT_LT(same, 3U);
}

RC_GTEST_PROP(Chooser, a_list_answers_within_bounds_and_then_with_the_first,
              (std::vector<std::uint32_t> list)) {
  ListChooser chooser(list);
  for (std::size_t i = 0; i < list.size(); ++i) RC_ASSERT(chooser.pick(2 + i % 5) < 2 + i % 5);
  RC_ASSERT(chooser.used_up());
  RC_ASSERT(chooser.pick(9) == 0U);
}

}  // namespace
}  // namespace biotope::props
