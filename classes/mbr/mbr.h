#pragma once

#include "classes/slicer/slicer_class.h"

namespace biotope {

namespace mbr {

// The Master Boot Record in sector 0: up to four partitions s1 to s4 (docs/classes/mbr.md). An
// extended partition is one of them; what is in it is another table (classes/ebr). A file system's
// boot sector and the record that protects a GPT are no table of this kind.
const Scheme& scheme();

}  // namespace mbr

class MbrClass final : public SlicerClass {
 public:
  MbrClass()
      : SlicerClass("mbr", mbr::scheme(), "partitions of a Master Boot Record", Guarding::usual) {}
};

}  // namespace biotope
