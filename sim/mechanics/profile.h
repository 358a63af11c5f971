#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/error.h"

namespace biotope::sim {

// The stated figures of a drive with one kind of track. Sectors are numbered along a track, then
// over the surfaces of a cylinder, then over the cylinders; the last cylinder need not be full.
struct DriveProfile {
  std::string_view name;
  std::int64_t capacity_bytes = 0;
  std::int64_t sector_size = 0;
  std::int64_t rpm = 0;
  std::int64_t heads = 0;
  std::int64_t sectors_per_track = 0;
  std::int64_t transfer_bytes_per_second = 0;  // under the head, while data flow
  std::int64_t seek_base_ns = 0;               // the a of a + b * sqrt(cylinders)
  std::int64_t average_seek_ns = 0;      // over uniformly random pairs of cylinders: gives the b
  std::int64_t head_settle_ns = 0;       // changing the surface within a cylinder
  std::int64_t command_overhead_ns = 0;  // from a command's arrival until the arm may start
  std::int64_t queue_depth = 1;          // requests a host had best keep in the drive
  bool can_erase = false;                // says that it takes erasures

  std::int64_t sectors() const { return capacity_bytes / sector_size; }
  std::int64_t sectors_per_cylinder() const { return heads * sectors_per_track; }
  std::int64_t cylinders() const {
    return (sectors() + sectors_per_cylinder() - 1) / sectors_per_cylinder();
  }
  // One sector under the head, in whole nanoseconds, rounded up.
  std::int64_t sector_ns() const {
    return (sector_size * 1'000'000'000 + transfer_bytes_per_second - 1) /
           transfer_bytes_per_second;
  }
};

// EINVAL: the figures contradict each other; the sentence says which.
Status check_profile(const DriveProfile& profile);

// The profiles a rack can be declared with, by name.
const std::vector<DriveProfile>& drive_profiles();

// ENOENT: no such profile; the sentence lists those there are.
Result<DriveProfile> find_drive_profile(std::string_view name);

}  // namespace biotope::sim
