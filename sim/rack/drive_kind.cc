#include "sim/rack/drive_kind.h"

#include <utility>

#include "sim/disk/profiles.h"
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
  const auto model = find_profile(name);
  if (!model) return pass_on(model);
  return disk_kind(*model);
}

}  // namespace biotope::sim
