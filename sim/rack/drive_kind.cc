#include "sim/rack/drive_kind.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "sim/disk/profiles.h"
#include "sim/flash/profiles.h"
#include "sim/rack/disk_engine.h"

namespace biotope::sim {
namespace {

class DiskKind final : public DriveKind {
 public:
  explicit DiskKind(std::shared_ptr<const DiskModel> model) : model_(std::move(model)) {
    const DiskProfile& profile = model_->profile;
    name = profile.name;
    sector_bytes = model_->sector_bytes();
    sectors = model_->layout.sectors();
    queue_depth = profile.queue.depth;
    can_erase = profile.can_erase;
    volatile_cache = profile.cache.write_back != 0;
    command_ns = profile.overheads.read_miss.after(false);
    handling = profile.handling;
  }

  std::unique_ptr<DriveEngine> make_engine() const override {
    return std::make_unique<DiskEngine>(model_);
  }

 private:
  std::shared_ptr<const DiskModel> model_;
};

}  // namespace

std::shared_ptr<const DriveKind> disk_kind(std::shared_ptr<const DiskModel> model) {
  return std::make_shared<const DiskKind>(std::move(model));
}

Result<std::shared_ptr<const DriveKind>> find_drive_kind(std::string_view name) {
  if (auto flash = find_flash_profile(name)) return flash_kind(std::move(flash));
  if (auto model = find_profile(name)) return disk_kind(*std::move(model));
  std::string known;
  for (const std::string_view one : drive_kind_names()) {
    known += (known.empty() ? "" : ", ") + std::string(one);
  }
  return fail(ENOENT, "there is no drive profile '", name, "'; there are: ", known);
}

std::vector<std::string_view> drive_kind_names() {
  std::vector<std::string_view> names = profile_names();
  for (const std::string_view one : flash_profile_names()) names.push_back(one);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace biotope::sim
