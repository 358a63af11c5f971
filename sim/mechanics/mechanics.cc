#include "sim/mechanics/mechanics.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "model/check.h"

namespace biotope::sim {
namespace {

// Angles are counted in units of which a revolution has this many and `rpm` pass in a nanosecond:
// so that every angle is a whole number at every time, whatever the speed.
constexpr std::int64_t kRevolution = 60'000'000'000;

std::int64_t angle_passed(std::int64_t time_ns, std::int64_t rpm) {
  return time_ns % kRevolution * rpm % kRevolution;
}

// Solves average = mean of a + b * sqrt(|i - j|) over all pairs of cylinders i, j for b. Of the
// n * n pairs, 2 * (n - d) are d > 0 apart, and those on the same cylinder need no seek.
double seek_slope(const DriveProfile& profile) {
  const auto n = static_cast<double>(profile.cylinders());
  double pairs_apart = 0;
  double weighted_roots = 0;
  for (std::int64_t d = 1; d < profile.cylinders(); ++d) {
    const double pairs = 2 * (n - static_cast<double>(d));
    pairs_apart += pairs;
    weighted_roots += pairs * std::sqrt(static_cast<double>(d));
  }
  if (weighted_roots == 0) return 0;
  const double wanted = static_cast<double>(profile.average_seek_ns) * n * n;
  return (wanted - static_cast<double>(profile.seek_base_ns) * pairs_apart) / weighted_roots;
}

}  // namespace

std::int64_t TrackPass::sectors_passed(std::int64_t elapsed_ns) const {
  const std::int64_t transferring_ns = std::max<std::int64_t>(0, elapsed_ns - positioning_ns());
  return std::min(sectors, transferring_ns / sector_ns);
}

Mechanics::Mechanics(const DriveProfile& profile)
    : profile_(profile), seek_slope_ns_(seek_slope(profile)) {
  BIOTOPE_CHECK(check_profile(profile).has_value(), "a drive was built from an impossible profile");
  const std::int64_t track_ns = profile.sectors_per_track * profile.sector_ns();
  head_step_angle_ = angle_passed(track_ns + profile.head_settle_ns, profile.rpm);
  cylinder_step_angle_ = angle_passed(track_ns + seek_ns(1), profile.rpm);
}

std::int64_t Mechanics::seek_ns(std::int64_t cylinders) const {
  if (cylinders == 0) return 0;
  const double root = std::sqrt(static_cast<double>(std::abs(cylinders)));
  return profile_.seek_base_ns + std::llround(seek_slope_ns_ * root);
}

std::int64_t Mechanics::move_arm_ns(std::int64_t cylinder, std::int64_t head) const {
  if (cylinder != cylinder_) return seek_ns(cylinder - cylinder_);
  return head != head_ ? profile_.head_settle_ns : 0;
}

// Counted from track 0 on: one step for each change of surface and of cylinder up to the sector's
// track, then the sectors before it.
std::int64_t Mechanics::start_angle(std::int64_t sector) const {
  const std::int64_t cylinder = cylinder_of(sector);
  const std::int64_t track = sector / profile_.sectors_per_track;
  const auto skew = static_cast<__int128>(track - cylinder) * head_step_angle_ +
                    static_cast<__int128>(cylinder) * cylinder_step_angle_;
  const std::int64_t on_track_ns = sector % profile_.sectors_per_track * profile_.sector_ns();
  return static_cast<std::int64_t>((skew + on_track_ns * profile_.rpm) % kRevolution);
}

std::int64_t Mechanics::rotation_ns(std::int64_t now_ns, std::int64_t sector) const {
  const std::int64_t rpm = profile_.rpm;
  const std::int64_t ahead = start_angle(sector) - angle_passed(now_ns, rpm);
  const std::int64_t to_go = (ahead + kRevolution) % kRevolution;
  // Waits are rounded up to whole nanoseconds, so what follows may begin a fraction of one late.
  // That is still in time: missing a sector by it would cost a revolution.
  const bool late_by_rounding = to_go > kRevolution - rpm;
  return late_by_rounding ? 0 : (to_go + rpm - 1) / rpm;
}

TrackPass Mechanics::pass(std::int64_t now_ns, std::int64_t first_sector, std::int64_t sectors) {
  BIOTOPE_CHECK(first_sector >= 0 && sectors > 0 && first_sector < profile_.sectors(),
                "the arm was sent off the disk");
  const std::int64_t cylinder = cylinder_of(first_sector);
  const std::int64_t head = first_sector / profile_.sectors_per_track % profile_.heads;
  const std::int64_t on_track = first_sector % profile_.sectors_per_track;

  TrackPass pass;
  pass.seek_ns = move_arm_ns(cylinder, head);
  pass.rotation_ns = rotation_ns(now_ns + pass.seek_ns, first_sector);
  pass.sectors = std::min(sectors, profile_.sectors_per_track - on_track);
  pass.sector_ns = profile_.sector_ns();
  cylinder_ = cylinder;
  head_ = head;
  return pass;
}

}  // namespace biotope::sim
