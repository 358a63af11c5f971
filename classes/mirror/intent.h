#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace biotope::mirror {

// The write-intent map as it lies on disk: a bit for each region of the mirror in which disks may
// differ, be it because a write was under way or because a disk was missing when it was made.
struct Intent {
  static constexpr std::size_t kRegions = 2048;
  static constexpr std::uint8_t kSmallestShift = 16;

  std::uint8_t shift = kSmallestShift;  // a region has 2^shift bytes
  // Every write since syncid had this value lies in a region whose bit is set: what a disk that has
  // stopped there, or later, needs to come up to date.
  std::uint32_t base_syncid = 0;
  std::bitset<kRegions> regions;

  std::size_t region_of(std::int64_t offset_bytes) const {
    return static_cast<std::size_t>(offset_bytes >> shift);
  }
  // The smallest regions of which kRegions cover `size_bytes`.
  static std::uint8_t shift_for(std::int64_t size_bytes);
  friend bool operator==(const Intent&, const Intent&) = default;
};

}  // namespace biotope::mirror
