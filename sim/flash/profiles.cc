#include "sim/flash/profiles.h"

#include <algorithm>
#include <map>
#include <utility>

#include "model/check.h"
#include "sim/disk/profile_texts.h"
#include "sim/disk/toml_reader.h"
#include "sim/disk/toml_writer.h"
#include "sim/flash/flash_disk.h"
#include "sim/flash/profile_fields.h"

namespace biotope::sim {
namespace {

class FlashKind final : public DriveKind {
 public:
  explicit FlashKind(std::shared_ptr<const FlashProfile> profile)
      : figures_(profile, &profile->flash) {
    name = profile->name;
    sector_bytes = figures_->sector_bytes;
    sectors = figures_->capacity_sectors;
    queue_depth = figures_->queue_depth;
    can_erase = true;
    volatile_cache = figures_->buffered_pages > 0;
    command_ns = figures_->command_ns;
  }

  std::unique_ptr<DriveEngine> make_engine() const override {
    return std::make_unique<FlashDisk>(figures_);
  }

 private:
  std::shared_ptr<const FlashFigures> figures_;
};

}  // namespace

Result<FlashProfile> parse_flash_profile(std::string_view text, const std::string& file) {
  return read_figures<FlashProfile>(text, file);
}

bool describes_flash(std::string_view text) {
  try {
    return toml::parse(text).contains("flash");
  } catch (const toml::parse_error&) {
    return false;
  }
}

std::string flash_profile_text(const FlashProfile& profile) { return figures_text(profile); }

std::vector<std::string_view> flash_profile_names() {
  std::vector<std::string_view> names;
  for (const ProfileText& one : flash_profile_texts()) names.push_back(one.name);
  std::sort(names.begin(), names.end());
  return names;
}

std::shared_ptr<const FlashProfile> find_flash_profile(std::string_view name) {
  static std::map<std::string, std::shared_ptr<const FlashProfile>, std::less<>> made;
  if (const auto at = made.find(name); at != made.end()) return at->second;
  for (const ProfileText& one : flash_profile_texts()) {
    if (one.name != name) continue;
    auto profile = parse_flash_profile(one.text, std::string(name) + ".toml");
    BIOTOPE_CHECK(profile.has_value(), "a profile of our own is not one");
    return made.emplace(name, std::make_shared<const FlashProfile>(*std::move(profile)))
        .first->second;
  }
  return nullptr;
}

std::shared_ptr<const DriveKind> flash_kind(std::shared_ptr<const FlashProfile> profile) {
  return std::make_shared<const FlashKind>(std::move(profile));
}

}  // namespace biotope::sim
