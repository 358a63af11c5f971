#pragma once

#include "classes/slicer/slicer_class.h"

namespace biotope {

namespace ebr {

// The logical partitions s5, s6, ... in an extended partition of an MBR (docs/classes/ebr.md): a
// chain of records, each with one partition and a link to the next. Where the chain breaks or comes
// back to itself it ends, and is corrupt.
const Scheme& scheme();

}  // namespace ebr

class EbrClass final : public SlicerClass {
 public:
  EbrClass() : SlicerClass("ebr", ebr::scheme(), "logical partitions of an extended partition") {}
};

}  // namespace biotope
