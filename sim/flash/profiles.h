#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.h"
#include "sim/flash/flash_profile.h"
#include "sim/rack/drive_kind.h"

namespace biotope::sim {

// Flash drives from TOML, as sim/disk/profile_file.h has it for disks, and those that are always at
// hand, from profiles/*.toml: none of a particular maker.

Result<FlashProfile> parse_flash_profile(std::string_view text, const std::string& file);
// Whether the text is TOML with a section of flash in it.
bool describes_flash(std::string_view text);
// Reads back as the same profile.
std::string flash_profile_text(const FlashProfile& profile);

std::vector<std::string_view> flash_profile_names();  // sorted
// Null: there is none of that name.
std::shared_ptr<const FlashProfile> find_flash_profile(std::string_view name);

// Drives with flash of the given profile inside, which must have passed find_fault().
std::shared_ptr<const DriveKind> flash_kind(std::shared_ptr<const FlashProfile> profile);

}  // namespace biotope::sim
