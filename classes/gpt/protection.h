#pragma once

#include "classes/slicer/sectors.h"
#include "classes/slicer/table.h"

// The MBR that keeps programs which know of no GPT from taking the disk for empty. One that has
// other entries beside that of type 0xEE is called hybrid: they stand for some of the partitions.
namespace biotope::gpt {

// True when one of the four entries, whichever, says that the disk is a GPT's.
bool protects(std::span<const std::byte> sector);

// Makes sector 0 protect the medium, if it does not yet, or not all of it. A program in it stays.
void protect(Sectors& sectors);

// The entries that stand for partitions follow them: to another place, or away.
void follow(Sectors& sectors, const Table& before, const Table& after);

}  // namespace biotope::gpt
