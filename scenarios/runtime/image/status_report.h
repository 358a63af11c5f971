#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/error.h"

namespace biotope::runtime {

// What stands on these images when they are plugged in together, as da0, da1, ...: for each module
// its status, and the line that makes it again. What is written to them meanwhile stays in memory.
// Errors: those of sim::FileDriver::open and sim::Medium::load.
Result<std::string> status_of_images(const std::vector<std::string>& images,
                                     std::int64_t sector_size_bytes);

}  // namespace biotope::runtime
