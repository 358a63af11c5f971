#pragma once

#include "classes/slicer/slicer_class.h"

namespace biotope {

namespace vtoc8 {

// The label of Sun's disks, in sector 0: up to eight partitions a to h, of which c stands for the
// whole disk (docs/classes/vtoc8.md).
const Scheme& scheme();

}  // namespace vtoc8

class Vtoc8Class final : public SlicerClass {
 public:
  Vtoc8Class() : SlicerClass("vtoc8", vtoc8::scheme(), "partitions of a Sun label") {}
};

}  // namespace biotope
