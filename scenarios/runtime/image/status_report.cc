#include "scenarios/runtime/image/status_report.h"

#include <memory>

#include "classes/class_list.h"
#include "classes/disk/disk.h"
#include "model/check.h"
#include "model/virtual_executor.h"
#include "sim/media/file_driver.h"
#include "sim/media/medium.h"

namespace biotope::runtime {

namespace {

// As long as modules may wait for disks that are missing.
constexpr std::int64_t kPatience_ns = 60'000'000'000;

// A medium as a disk with no machine around it: requests are answered at once.
class MediumDriver final : public DiskDriver {
 public:
  explicit MediumDriver(std::shared_ptr<sim::Medium> medium) : medium_(std::move(medium)) {}

  DiskTraits traits() const override {
    DiskTraits traits;
    traits.properties.media_size_bytes = medium_->size_bytes();
    traits.properties.sector_size_bytes = medium_->sector_size();
    traits.properties.deletable = true;
    return traits;
  }
  Verdict strategy(Bio& bio) override {
    const Status served = serve(bio);
    return Verdict::done(served ? 0 : served.error().code);
  }

 private:
  Status serve(const Bio& bio) {
    if (bio.command == Command::remove) return medium_->erase(bio.position_bytes, bio.length_bytes);
    if (bio.command != Command::read && bio.command != Command::write) return {};
    Status so_far;
    std::int64_t at_bytes = bio.position_bytes;
    bio.data.for_each_piece(bio.length_bytes, [&](std::span<std::byte> piece) {
      if (!so_far) return;
      so_far = bio.command == Command::read ? medium_->read(at_bytes, piece)
                                            : medium_->write(at_bytes, piece);
      at_bytes += static_cast<std::int64_t>(piece.size());
    });
    return so_far;
  }

  std::shared_ptr<sim::Medium> medium_;
};

Result<std::unique_ptr<MediumDriver>> driver_over(const std::string& path,
                                                  std::int64_t sector_size_bytes) {
  const auto file = sim::FileDriver::open(path, sector_size_bytes);
  if (!file) return pass_on(file);
  const Properties properties = (*file)->traits().properties;
  if ((*file)->left_over_bytes() != 0) {
    return fail(EINVAL, "image '", path, "' is no whole number of sectors of ", sector_size_bytes,
                " bytes; say another sector size");
  }
  auto medium = sim::Medium::load(
      path, {.size_bytes = properties.media_size_bytes, .sector_size = sector_size_bytes});
  if (!medium) return pass_on(medium);
  return std::make_unique<MediumDriver>(std::move(*medium));
}

std::string report_of(const Mesh& mesh) {
  std::string text;
  for (const Geom& geom : mesh.geoms()) {
    if (geom.consumers().empty() || geom.withering()) continue;
    const std::string status = geom.status();
    const std::string recipe = geom.recipe();
    if (status.empty() && recipe.empty()) continue;
    text += sentence(geom.title(), '\n');
    if (!status.empty()) text += sentence("  ", status, '\n');
    if (!recipe.empty()) text += sentence("  ", recipe, '\n');
  }
  return text;
}

}  // namespace

Result<std::string> status_of_images(const std::vector<std::string>& images,
                                     std::int64_t sector_size_bytes) {
  VirtualExecutor executor;
  std::vector<std::unique_ptr<MediumDriver>> drivers;
  Mesh mesh(executor);
  for (std::unique_ptr<Class>& cls : all_classes()) {
    BIOTOPE_CHECK(mesh.load(std::move(cls)), "every class of the list has a name of its own");
  }
  std::string text;
  for (const std::string& image : images) {
    auto driver = driver_over(image, sector_size_bytes);
    if (!driver) return pass_on(driver);
    const std::string name = "da" + std::to_string(drivers.size());
    drivers.push_back(std::move(*driver));
    if (const auto disk = add_disk(mesh, name, *drivers.back()); !disk) return pass_on(disk);
    mesh.settle();
    text += sentence(name, ": ", image, '\n');
  }
  bool over = false;
  executor.after(kPatience_ns, [&over] { over = true; });
  while (!over && executor.step()) {
  }
  return text + report_of(mesh);
}

}  // namespace biotope::runtime
