#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/disk/hard_disk.h"

namespace biotope::sim {

// The drives that are always at hand, from profiles/*.toml: those that were validated against
// measured traces, and some of no particular maker.

std::vector<std::string_view> profile_names();  // sorted

// Ready for use, and shared by all who ask. ENOENT: no such profile; the sentence lists those there
// are.
Result<std::shared_ptr<const DiskModel>> find_profile(std::string_view name);

}  // namespace biotope::sim
