#pragma once

#include <cstdint>

#include "sim/flash/flash_statistics.h"

namespace biotope::sim {

// What a drive has done since the beginning.
struct DriveStatistics {
  std::uint64_t requests = 0;  // answered, with whatever result
  std::uint64_t errors = 0;
  std::uint64_t stray_answers = 0;  // of the engine, to what was answered already
  std::uint64_t seeks = 0;          // movements of the arm
  std::int64_t read_bytes = 0;
  std::int64_t written_bytes = 0;
  std::int64_t lost_bytes = 0;   // answered, and in the buffer only when the power went
  std::int64_t busy_ns = 0;      // with at least one request in the drive
  std::int64_t seek_ns = 0;      // of passes that were begun
  std::int64_t rotation_ns = 0;  // likewise
  std::int64_t transfer_ns = 0;  // of sectors that have passed
  FlashCounts flash;             // where there is flash inside
  FlashWear wear;

  friend bool operator==(const DriveStatistics&, const DriveStatistics&) = default;
};

}  // namespace biotope::sim
