#pragma once

#include "classes/slicer/slicer_class.h"

namespace biotope {

namespace sgi {

// The volume header of SGI's disks, in sector 0: up to sixteen partitions s1 to s16, among them the
// header's own and the whole volume (docs/classes/sgi.md).
const Scheme& scheme();

}  // namespace sgi

class SgiClass final : public SlicerClass {
 public:
  SgiClass() : SlicerClass("sgi", sgi::scheme(), "partitions of an SGI volume header") {}
};

}  // namespace biotope
