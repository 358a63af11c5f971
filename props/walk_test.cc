#include "props/walk.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace biotope::props {
namespace {

std::string told(const Walk& walk) {
  std::string text = walk.complaint();
  for (const std::string& line : walk.story()) text += "\n  " + line;
  return text;
}

// Inv_O1, O2, O4, A1, A2, S1, G3, G4, G7, E1, E3, E5, E8, E9, E10, E23: whatever happens in
// whatever order, counts are sums and opens are decided as the reference decides, a refusal changes
// nothing, every request comes back once, and nothing is left when the disks are gone.
RC_GTEST_PROP(Walk, Inv_G7_any_history_keeps_the_invariants_and_leaves_no_trace,
              (std::vector<std::uint32_t> choices)) {
  ListChooser chooser(std::move(choices));
  Walk walk(chooser);
  while (!chooser.used_up() && walk.complaint().empty()) walk.step();
  walk.end();
  RC_LOG() << told(walk);
  RC_ASSERT(walk.complaint().empty());
}

// Long histories, which RapidCheck's lists rarely are; and the proof that they get somewhere.
TEST(Walk, Inv_A1_long_histories_reach_grants_refusals_and_completions) {
  std::uint64_t granted = 0;
  std::uint64_t refused = 0;
  std::uint64_t completed = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    RandomChooser chooser(seed, "walk");
    Walk walk(chooser);
    for (int i = 0; i < 150 && walk.complaint().empty(); ++i) walk.step();
    walk.end();
    ASSERT_EQ(walk.complaint(), "") << "seed " << seed << "\n" << told(walk);
    granted += walk.granted();
    refused += walk.refused();
    completed += walk.completed();
  }
  EXPECT_GT(granted, 10'000U);
  EXPECT_GT(refused, 3'000U);
  EXPECT_GT(completed, 3'000U);
}

TEST(Walk, Inv_D1_the_same_choices_are_the_same_history) {
  const auto history = [](std::uint64_t seed) {
    RandomChooser chooser(seed, "walk");
    Walk walk(chooser);
    for (int i = 0; i < 100; ++i) walk.step();
    walk.end();
    return walk.story();
  };
  for (std::uint64_t seed = 0; seed < 20; ++seed) EXPECT_EQ(history(seed), history(seed));
}

}  // namespace
}  // namespace biotope::props
