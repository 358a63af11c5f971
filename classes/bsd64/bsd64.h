#pragma once

#include "classes/slicer/slicer_class.h"

namespace biotope {

namespace bsd64 {

// The 64-bit disklabel of DragonFly BSD, at byte 512: up to sixteen partitions a to p
// (docs/classes/bsd64.md).
const Scheme& scheme();

}  // namespace bsd64

class Bsd64Class final : public SlicerClass {
 public:
  Bsd64Class() : SlicerClass("bsd64", bsd64::scheme(), "partitions of a 64-bit BSD disklabel") {}
};

}  // namespace biotope
