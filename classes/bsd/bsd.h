#pragma once

#include "classes/slicer/slicer_class.h"

namespace biotope {

namespace bsd {

// The partitions a, b, c, ... of a BSD disklabel (docs/classes/bsd.md), which is at the start of
// the second sector, or at byte 64 of the first as Alphas have it. Its offsets count from where
// "c", which is all of the disk, is said to start.
const Scheme& scheme();

}  // namespace bsd

class BsdClass final : public SlicerClass {
 public:
  BsdClass()
      : SlicerClass("bsd", bsd::scheme(), "partitions of a BSD disklabel", Guarding::usual) {}
};

}  // namespace biotope
