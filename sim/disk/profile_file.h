#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "sim/disk/profile.h"

namespace biotope::sim {

// Profiles as TOML. Times are whole nanoseconds, and names end with their units. What is not said
// has a default; what a drive can not be without must be said.

// `file` stands in the sentences: "x.toml:12: ...". EINVAL: not TOML, figures that are missing, of
// the wrong kind, unknown (with the nearest known one), out of bounds or contradictory.
Result<DiskProfile> parse_profile(std::string_view text, const std::string& file);
// Also what the system says of a file that can not be read.
Result<DiskProfile> load_profile(const std::filesystem::path& path);
// Reads back as the same profile.
std::string profile_text(const DiskProfile& profile);

}  // namespace biotope::sim
