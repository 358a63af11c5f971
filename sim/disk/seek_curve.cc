#include "sim/disk/seek_curve.h"

#include <algorithm>
#include <cmath>

#include "sim/never.h"

namespace biotope::sim {
namespace {

// On the line through two points.
std::int64_t on_line_ns(const SeekPoint& a, const SeekPoint& b, std::int64_t cylinders) {
  const double slope =
      static_cast<double>(b.time_ns - a.time_ns) / static_cast<double>(b.cylinders - a.cylinders);
  return a.time_ns + std::llround(slope * static_cast<double>(cylinders - a.cylinders));
}

}  // namespace

std::int64_t SeekCurve::seek_ns(std::int64_t cylinders) const {
  if (cylinders == 0) return 0;
  const bool beyond_points = times_.points.empty() || cylinders > times_.points.back().cylinders;
  const bool by_formula = times_.formula != SeekTimes::Formula::none && beyond_points;
  return std::max<std::int64_t>(0, by_formula ? by_formula_ns(cylinders) : by_points_ns(cylinders));
}

// The points stand as they were measured, bumps and all.
std::int64_t SeekCurve::by_points_ns(std::int64_t cylinders) const {
  const auto& points = times_.points;
  const auto at = std::lower_bound(
      points.begin(), points.end(), cylinders,
      [](const SeekPoint& point, std::int64_t distance) { return point.cylinders < distance; });
  if (at == points.begin()) return on_line_ns({0, 0}, *at, cylinders);
  if (at != points.end()) return on_line_ns(at[-1], *at, cylinders);
  if (points.size() == 1) return on_line_ns({0, 0}, points.front(), cylinders);
  return on_line_ns(at[-2], at[-1], cylinders);
}

std::int64_t SeekCurve::by_formula_ns(std::int64_t cylinders) const {
  const auto d = static_cast<double>(cylinders);
  if (times_.formula == SeekTimes::Formula::curve) {
    return times_.base_ns +
           std::llround(times_.root_ns * std::sqrt(d - 1) + times_.linear_ns * (d - 1));
  }
  if (cylinders < times_.break_cylinders) {
    return times_.base_ns + std::llround(times_.root_ns * std::sqrt(d));
  }
  return times_.far_base_ns + std::llround(times_.linear_ns * d);
}

std::vector<std::int64_t> least_times_ns(const SeekCurve& curve, std::int64_t cylinders) {
  std::vector<std::int64_t> least(static_cast<std::size_t>(cylinders) + 1, kNever);
  for (std::size_t d = least.size() - 1; d-- > 0;) {
    least[d] = std::min(least[d + 1], curve.seek_ns(static_cast<std::int64_t>(d)));
  }
  return least;
}

}  // namespace biotope::sim
