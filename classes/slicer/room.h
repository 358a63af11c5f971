#pragma once

#include <cstdint>
#include <vector>

#include "classes/slicer/document.h"

// Where there is room for partitions.
namespace biotope {

// The bytes that no partition has and that the table itself does not take, ascending, in whole
// sectors. Raw partitions take nothing.
std::vector<Extent> free_extents(const Table& table, const Properties& medium);

// The lowest free index, or `wanted` if that is not 0 and is free. EEXIST when it is taken, EINVAL
// when the table does not count so far, ENOSPC when all are taken.
Result<int> free_index(const Table& table, int wanted);

// Where `wanted` fits, with `lead_bytes` free before it. EINVAL for a place that is not free or not
// aligned, ENOSPC when there is no room.
Result<Extent> find_room(const Table& table, const Properties& medium, std::int64_t lead_bytes,
                         const NewPartition& wanted);

// How far `slice` could grow, in bytes from the start of the medium.
std::int64_t room_behind(const Table& table, const Properties& medium, const Slice& slice);

}  // namespace biotope
