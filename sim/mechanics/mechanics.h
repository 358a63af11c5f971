#pragma once

#include <cstdint>

#include "sim/mechanics/profile.h"

namespace biotope::sim {

// What the mechanism does for one stretch of sectors on one track, in this order: move the arm,
// wait for the platter, then one sector after the other without a gap.
struct TrackPass {
  std::int64_t seek_ns = 0;      // arm and settling
  std::int64_t rotation_ns = 0;  // until the first sector comes under the head
  std::int64_t sectors = 0;
  std::int64_t sector_ns = 0;

  std::int64_t positioning_ns() const { return seek_ns + rotation_ns; }
  std::int64_t transfer_ns() const { return sectors * sector_ns; }
  std::int64_t total_ns() const { return positioning_ns() + transfer_ns(); }
  // How many sectors have passed completely, `elapsed_ns` after the pass began.
  std::int64_t sectors_passed(std::int64_t elapsed_ns) const;
};

// The moving parts of a drive: where the arm stands, and where the platter is at which time. The
// platter turns for ever, with angle 0 under the heads at time 0. Tracks are skewed by just what
// changing to the next one takes, so that a long transfer loses no revolution between them.
class Mechanics {
 public:
  // The profile must have passed check_profile().
  explicit Mechanics(const DriveProfile& profile);

  // Begins at `now_ns` to pass over as many of `sectors` > 0 from `first_sector` on as lie on its
  // track, and leaves the arm there. A pass that begins when the one before ended, and goes on
  // where it ended, waits for nothing.
  TrackPass pass(std::int64_t now_ns, std::int64_t first_sector, std::int64_t sectors);

  // Moving the arm over so many cylinders; 0 for none.
  std::int64_t seek_ns(std::int64_t cylinders) const;
  // From `now_ns` until the beginning of `sector` comes under the head.
  std::int64_t rotation_ns(std::int64_t now_ns, std::int64_t sector) const;

  std::int64_t cylinder() const { return cylinder_; }
  std::int64_t cylinder_of(std::int64_t sector) const {
    return sector / profile_.sectors_per_cylinder();
  }

 private:
  std::int64_t move_arm_ns(std::int64_t cylinder, std::int64_t head) const;
  std::int64_t start_angle(std::int64_t sector) const;

  DriveProfile profile_;
  double seek_slope_ns_;  // the b of a + b * sqrt(cylinders)
  std::int64_t head_step_angle_;
  std::int64_t cylinder_step_angle_;
  std::int64_t cylinder_ = 0;
  std::int64_t head_ = 0;
};

}  // namespace biotope::sim
