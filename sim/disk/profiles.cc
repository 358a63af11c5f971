#include "sim/disk/profiles.h"

#include <algorithm>
#include <cerrno>
#include <map>

#include "model/check.h"
#include "sim/disk/profile_file.h"
#include "sim/disk/profile_texts.h"

namespace biotope::sim {

std::vector<std::string_view> profile_names() {
  std::vector<std::string_view> names;
  for (const ProfileText& one : disk_profile_texts()) names.push_back(one.name);
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::shared_ptr<const DiskModel>> find_profile(std::string_view name) {
  static std::map<std::string, std::shared_ptr<const DiskModel>, std::less<>> made;
  if (const auto at = made.find(name); at != made.end()) return at->second;
  for (const ProfileText& one : disk_profile_texts()) {
    if (one.name != name) continue;
    auto profile = parse_profile(one.text, std::string(name) + ".toml");
    BIOTOPE_CHECK(profile.has_value(), "a profile of our own is not one");
    auto model = std::make_shared<const DiskModel>(*std::move(profile));
    made.emplace(name, model);
    return model;
  }
  std::string known;
  for (const std::string_view one : profile_names()) {
    known += (known.empty() ? "" : ", ") + std::string(one);
  }
  return fail(ENOENT, "there is no drive profile '", name, "'; there are: ", known);
}

}  // namespace biotope::sim
