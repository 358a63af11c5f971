#pragma once

#include <span>
#include <string_view>

namespace biotope::sim {

// The files of profiles/ as they were when this was built.
struct ProfileText {
  std::string_view name;  // the file's, without ".toml"
  std::string_view text;
};
std::span<const ProfileText> disk_profile_texts();
std::span<const ProfileText> flash_profile_texts();

}  // namespace biotope::sim
