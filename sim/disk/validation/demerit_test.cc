#include "sim/disk/validation/demerit.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <vector>

namespace biotope::sim {
namespace {

std::vector<std::int64_t> times() {
  return *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(
      rc::gen::inRange<std::int64_t>(0, 100'000'000)));
}

RC_GTEST_PROP(Demerit, of_equal_distributions_is_nothing_whatever_their_order, ()) {
  const std::vector<std::int64_t> a = times();
  const std::vector<std::int64_t> b(a.rbegin(), a.rend());
  RC_ASSERT(demerit_ms(a, b) == 0);
}

RC_GTEST_PROP(Demerit, does_not_care_which_is_which, ()) {
  const auto a = times();
  const auto b = times();
  RC_ASSERT(demerit_ms(a, b) == demerit_ms(b, a));
}

// Everything shifted by so much lies so far apart, but for the widths of two bins.
RC_GTEST_PROP(Demerit, of_a_shifted_distribution_is_the_shift, ()) {
  const auto a = times();
  const auto shift_ns = *rc::gen::inRange<std::int64_t>(0, 50'000'000);
  std::vector<std::int64_t> b = a;
  for (std::int64_t& time_ns : b) time_ns += shift_ns;
  const double widest_ms =
      (static_cast<double>(*std::max_element(b.begin(), b.end())) * 0.01) / 1e6;
  const double got = demerit_ms(a, b);
  RC_ASSERT(std::abs(got - static_cast<double>(shift_ns) / 1e6) <= 2 * (widest_ms + 0.002));
}

// Of a step each, at 10 and at 20 us: one wide bins there, so exactly that far apart.
TEST(Demerit, of_two_steps_is_their_distance) {
  EXPECT_NEAR(
      demerit_ms(std::vector<std::int64_t>(9, 10'000), std::vector<std::int64_t>(5, 20'000)), 0.010,
      1e-9);
}

TEST(Demerit, of_nothing_is_nothing) {
  EXPECT_EQ(demerit_ms({}, {}), 0);
  EXPECT_EQ(demerit_ms(std::vector<std::int64_t>{1}, {}), 0);
}

}  // namespace
}  // namespace biotope::sim
