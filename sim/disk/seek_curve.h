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

}  // namespace biotope::sim
