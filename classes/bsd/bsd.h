#pragma once

#include <cstddef>
#include <span>

#include "classes/slicer/slicer_class.h"

namespace biotope {

namespace bsd {

// The partitions a, b, c, ... of the BSD disklabel in `start`, the first two sectors of a medium
// like `below` (docs/classes/bsd.md). The label is at the start of the second sector, or at byte 64
// of the first as Alphas have it. kNoTable when there is none; EINVAL for one that can not be
// right.
Result<Table> parse(std::span<const std::byte> start, const Properties& below);

}  // namespace bsd

class BsdClass final : public SlicerClass {
 public:
  BsdClass() : SlicerClass("bsd") {}
  std::string_view help() const override { return "partitions of a BSD disklabel"; }

 private:
  Task<Result<Table>> look(Taster& taster, Surroundings where) override;
};

}  // namespace biotope
