#pragma once

#include <string>

#include "sim/disk/hard_disk.h"

namespace biotope::sim {

// Two pictures of a drive in one SVG: its seek times by distance, and its zones by cylinder, each
// as high as its tracks have sectors. The same drive gives the same bytes.
std::string draw_disk(const DiskModel& model);

}  // namespace biotope::sim
