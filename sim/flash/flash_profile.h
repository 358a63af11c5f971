#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/disk/profile.h"

namespace biotope::sim {

// What a flash drive is made of, as numbers. Times in ns. A page is what is read, programmed and
// mapped at a time, a block what is erased. Dies work beside each other; those of one channel share
// its wires, and neighbours are of different channels.
struct FlashFigures {
  std::int64_t sector_bytes = 512;
  std::int64_t capacity_sectors = 0;  // what the host sees

  std::int64_t channels = 1;
  std::int64_t dies_per_channel = 1;
  std::int64_t blocks_per_die = 0;  // spares and those bad from the beginning included
  std::int64_t pages_per_block = 0;
  std::int64_t page_bytes = 4096;
  std::int64_t spare_blocks = 0;        // of each die, that come for others that fail
  std::int64_t factory_bad_blocks = 0;  // blocks of each die that were never good, and cost a spare

  std::int64_t erase_limit = 3000;      // cycles that a block stands on average
  std::int64_t erase_limit_spread = 0;  // each stands so many less or more, evenly
  std::int64_t wear_gap = 0;            // most erasures that blocks may be apart; 0: whatever comes

  std::int64_t read_ns = 0;  // a page from the cells
  std::int64_t program_ns = 0;
  std::int64_t erase_ns = 0;
  std::int64_t channel_page_ns = 0;  // a page over a channel
  std::int64_t link_sector_ns = 0;   // a sector to or from the host
  std::int64_t command_ns = 0;       // before anything else
  std::int64_t buffered_pages = 0;   // written ones that are answered before they are programmed
  std::int64_t queue_depth = 1;      // requests worked on at a time
  std::int64_t seed = 1;             // of which blocks fail, and when

  std::int64_t dies() const { return channels * dies_per_channel; }
  std::int64_t page_sectors() const { return page_bytes / sector_bytes; }
  std::int64_t logical_pages() const {
    return (capacity_sectors + page_sectors() - 1) / page_sectors();
  }
  std::int64_t working_blocks() const { return blocks_per_die - spare_blocks; }

  friend bool operator==(const FlashFigures&, const FlashFigures&) = default;
};

struct FlashProfile {
  std::string name;
  std::string description;
  FlashFigures flash;
  friend bool operator==(const FlashProfile&, const FlashProfile&) = default;
};

// The first figure that is missing, out of bounds or contradicts another. Whatever passes can be
// simulated: there is always something to collect, and every request ends.
std::optional<ProfileFault> find_fault(const FlashProfile& profile);

}  // namespace biotope::sim
