#pragma once

#include <cstdint>

namespace biotope::sim {

// What has been done to the cells of a flash drive.
struct FlashCounts {
  std::uint64_t host_pages = 0;  // written by the host, whole or in part
  std::uint64_t programmed_pages = 0;
  std::uint64_t collected_pages = 0;  // copied to free a block
  std::uint64_t levelled_pages = 0;   // copied to wear a block that was spared
  std::uint64_t erasures = 0;
  std::uint64_t retired_blocks = 0;  // that have failed, those bad from the beginning included

  // Pages programmed for each that the host wrote; 1 where it has written none.
  double write_amplification() const {
    return host_pages == 0
               ? 1
               : static_cast<double>(programmed_pages) / static_cast<double>(host_pages);
  }
  friend bool operator==(const FlashCounts&, const FlashCounts&) = default;
};

// How worn the blocks are that have not failed.
struct FlashWear {
  std::uint32_t least_erasures = 0;
  std::uint32_t most_erasures = 0;
  double mean_erasures = 0;
  std::uint64_t free_blocks = 0;  // erased, spares not counted
  std::uint64_t spares_left = 0;
  friend bool operator==(const FlashWear&, const FlashWear&) = default;
};

}  // namespace biotope::sim
