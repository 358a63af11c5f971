#include "sim/disk/seek_curve.h"

#include <gtest/gtest.h>

#include <cmath>

#include "sim/disk/spindle.h"
#include "sim/disk/testing.h"

namespace biotope::sim {
namespace {

TEST(SeekCurve, points_are_met_and_straight_lines_lie_between_and_beyond_them) {
  SeekTimes times;
  times.points = {{2, 1000}, {10, 5000}, {20, 4000}};
  const SeekCurve curve(times);
  EXPECT_EQ(curve.seek_ns(0), 0);
  EXPECT_EQ(curve.seek_ns(1), 500);
  EXPECT_EQ(curve.seek_ns(2), 1000);
  EXPECT_EQ(curve.seek_ns(6), 3000);
  EXPECT_EQ(curve.seek_ns(10), 5000);
  EXPECT_EQ(curve.seek_ns(15), 4500);
  EXPECT_EQ(curve.seek_ns(30), 3000);
  EXPECT_EQ(curve.seek_ns(1000), 0);
}

TEST(SeekCurve, a_formula_of_two_pieces_stands_behind_the_points) {
  SeekTimes times;
  times.points = {{1, 2'890'000}, {2, 3'680'000}};
  times.formula = SeekTimes::Formula::two_piece;
  times.break_cylinders = 300;
  times.base_ns = 3'810'000;
  times.root_ns = 330'000;
  times.far_base_ns = 7'750'000;
  times.linear_ns = 5'900;
  const SeekCurve curve(times);
  EXPECT_EQ(curve.seek_ns(2), 3'680'000);
  EXPECT_EQ(curve.seek_ns(100), 7'110'000);
  EXPECT_EQ(curve.seek_ns(299), 3'810'000 + std::llround(330'000 * std::sqrt(299.0)));
  EXPECT_EQ(curve.seek_ns(300), 9'520'000);
  EXPECT_EQ(curve.seek_ns(580), 11'172'000);
}

// With s, g and f for one cylinder, a third of the stroke and all of it.
TEST(SeekCurve, a_curve_through_three_points_goes_through_them) {
  const double s = 2;
  const double g = 9;
  const double f = 17;
  const double cylinders = 2999;
  SeekTimes times;
  times.formula = SeekTimes::Formula::curve;
  times.base_ns = 2'000'000;
  times.root_ns = (-10 * s + 15 * g - 5 * f) / (3 * std::sqrt(cylinders)) * 1e6;
  times.linear_ns = (7 * s - 15 * g + 8 * f) / (3 * cylinders) * 1e6;
  const SeekCurve curve(times);
  EXPECT_EQ(curve.seek_ns(1), 2'000'000);
  EXPECT_NEAR(static_cast<double>(curve.seek_ns(3000)), f * 1e6, 1);
}

TEST(Spindle, a_wait_ends_at_the_angle_and_is_no_revolution_by_rounding) {
  const Spindle spindle(5400);
  EXPECT_EQ(spindle.wait_ns(0, 0), 0);
  EXPECT_EQ(spindle.wait_ns(0, Spindle::kRevolution / 2), 5'555'556);
  // 11,111,111 ns are a revolution but for a ninth of a nanosecond.
  EXPECT_EQ(spindle.wait_ns(11'111'111, 0), 0);
  EXPECT_EQ(spindle.wait_ns(11'111'112, 0), -1);
  EXPECT_EQ(spindle.wait_ns(11'111'114, 0), 11'111'108);
}

TEST(Spindle, angles_are_exact_after_years) {
  const Spindle spindle(10'045);
  const std::int64_t revolutions_ns = 60'000'000'000;  // 10,045 whole ones
  const std::int64_t years_ns = 100'000'000 * revolutions_ns;
  for (const std::int64_t t : {0, 1, 999, 5'973'121}) {
    EXPECT_EQ(spindle.angle_at(years_ns + t), spindle.angle_at(t));
  }
}

}  // namespace
}  // namespace biotope::sim
