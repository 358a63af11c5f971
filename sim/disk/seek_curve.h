#pragma once

#include <cstdint>
#include <vector>

#include "sim/disk/profile.h"

namespace biotope::sim {

// Arm movements by distance. Distance 0 takes no time, and none takes less than none.
class SeekCurve {
 public:
  explicit SeekCurve(const SeekTimes& times) : times_(times) {}

  std::int64_t seek_ns(std::int64_t cylinders) const;

 private:
  std::int64_t by_points_ns(std::int64_t cylinders) const;
  std::int64_t by_formula_ns(std::int64_t cylinders) const;

  SeekTimes times_;
};

// Of each distance in 0..cylinders: the least that moving so far or farther takes, on a disk of so
// many cylinders. Measured tables have bumps: a longer way may take less.
std::vector<std::int64_t> least_times_ns(const SeekCurve& curve, std::int64_t cylinders);

}  // namespace biotope::sim
