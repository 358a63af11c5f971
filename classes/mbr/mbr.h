#pragma once

#include <cstddef>
#include <span>

#include "classes/slicer/slicer_class.h"

namespace biotope {

namespace mbr {

// The table of the Master Boot Record in `sector`, the first sector of a medium like `below`: up to
// four partitions s1 to s4 (docs/classes/mbr.md). An extended partition is one of them; what is in
// it is another table. kNoTable for anything that is no MBR: no 55AA, a file system's boot sector,
// a GPT's protective MBR. EINVAL for an MBR that can not be right.
Result<Table> parse(std::span<const std::byte> sector, const Properties& below);

}  // namespace mbr

class MbrClass final : public SlicerClass {
 public:
  MbrClass() : SlicerClass("mbr") {}
  std::string_view help() const override { return "partitions of a Master Boot Record"; }

 private:
  Task<Result<Table>> look(Taster& taster, Surroundings where) override;
};

}  // namespace biotope
