#pragma once

#include "classes/slicer/slicer_class.h"

namespace biotope {

namespace apm {

// Apple's partition map, from block 1 behind a driver descriptor in block 0: partitions s1, s2, ...
// by their place in the map (docs/classes/apm.md). Blocks may have another size than sectors.
const Scheme& scheme();

}  // namespace apm

class ApmClass final : public SlicerClass {
 public:
  ApmClass() : SlicerClass("apm", apm::scheme(), "partitions of an Apple partition map") {}
};

}  // namespace biotope
