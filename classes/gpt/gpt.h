#pragma once

#include "classes/slicer/slicer_class.h"

namespace biotope {

namespace gpt {

// The GUID partition table p1, p2, ... of UEFI (docs/classes/gpt.md): there twice, so one damaged
// copy is recovered from the other.
const Scheme& scheme();

}  // namespace gpt

class GptClass final : public SlicerClass {
 public:
  GptClass() : SlicerClass("gpt", gpt::scheme(), "partitions of a GUID partition table") {}
};

}  // namespace biotope
