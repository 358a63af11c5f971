#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <boost/intrusive/set_hook.hpp>
#include <cstdint>

#include "sim/disk/cache_segments.h"
#include "sim/disk/layout.h"

namespace biotope::sim {

// What a host asks of a disk: sectors first..end - 1.
struct DiskRequest {
  enum class Phase : std::uint8_t {
    queued,        // has no segment, waits for the arm
    accepting,     // the overhead before everything
    command,       // on the bus until its first data
    leaving,       // on its way off the bus
    gap,           // off the bus until its extra disconnect is over
    away,          // off the bus until there is reason to come back
    reselecting,   // on its way back
    transferring,  // a chunk of data is on the bus
    holding,       // on the bus, waiting for the medium
    completing,    // the last message
  };

  std::uint64_t tag = 0;  // the host's own
  bool write = false;
  std::int64_t first = 0;
  std::int64_t end = 0;

  Phase phase = Phase::queued;
  std::int64_t phase_end_ns = 0;  // of those phases that end by themselves
  std::int64_t arrived_ns = 0;
  std::int64_t ready_ns = 0;    // when the arm may start for it
  std::int64_t off_bus_ns = 0;  // when it has left, if it has to wait
  bool after_write = false;     // the request before was a write
  bool extra_disconnect = false;
  bool reselected = false;
  bool needs_arm = false;  // it has a segment, and part of what it needs is on the medium only

  CacheSegment* segment = nullptr;
  std::int64_t moved = 0;  // sectors that have crossed the bus
  Chunk chunk;             // of a read, on the bus now
  std::int64_t mark = 0;   // sectors worth coming back for

  // In the scheduler's hands.
  Place place;               // of its first sector
  std::uint64_t number = 0;  // grows with each request
  boost::intrusive::set_member_hook<> by_place;
  boost::intrusive::list_member_hook<> by_age;

  std::int64_t sectors() const { return end - first; }
  bool ends_by_itself() const {
    return phase != Phase::queued && phase != Phase::away && phase != Phase::holding;
  }
  bool told() const { return phase == Phase::completing; }
  // The next sector of a read to cross the bus, in whole sectors.
  std::int64_t out_at(std::int64_t now_ns) const { return first + moved + chunk.done_by(now_ns); }
};

}  // namespace biotope::sim
