#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <vector>

#include "sim/media/medium.h"

namespace biotope::sim {

// What sectors of a medium held before they were written, for as many of the last writes as there
// is room for. With it a drive can lose also what it had long brought onto the medium.
class OlderSectors {
 public:
  explicit OlderSectors(std::int64_t most_sectors) : most_(most_sectors) {}

  std::int64_t most_sectors() const { return most_; }

  // The range is about to be written or erased. What is too much to be kept whole ends all that was
  // before it.
  void keep(const Medium& medium, std::int64_t offset_bytes, std::int64_t length_bytes);
  // The numbers of aligned units of which something is kept.
  std::set<std::int64_t> units(std::int64_t unit_bytes) const;
  // What is kept of the unit is on the medium again, where more than once as it was first. Gives
  // the number of sectors.
  std::int64_t bring_back(std::int64_t unit, std::int64_t unit_bytes, Medium& medium) const;
  void clear() { kept_.clear(); }

 private:
  struct Sector {
    std::int64_t offset_bytes;
    std::vector<std::byte> bytes;
  };

  std::int64_t most_;
  std::deque<Sector> kept_;  // in the order they were written over
};

}  // namespace biotope::sim
