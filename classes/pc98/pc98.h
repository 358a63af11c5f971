#pragma once

#include "classes/slicer/slicer_class.h"

namespace biotope {

namespace pc98 {

// The table of NEC's PC-98, in sector 1 behind a boot sector that says IPL1: up to sixteen
// partitions s1 to s16, of whole cylinders (docs/classes/pc98.md).
const Scheme& scheme();

}  // namespace pc98

class Pc98Class final : public SlicerClass {
 public:
  Pc98Class() : SlicerClass("pc98", pc98::scheme(), "partitions of a PC-98") {}
};

}  // namespace biotope
