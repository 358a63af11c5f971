#pragma once

#include <gtest/gtest.h>

#include <Random123/philox.h>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/disk/hard_disk.h"
#include "sim/disk/import/parv_import.h"

// For tests: drives made up, drives whose parameters lie beside the repository, and even draws.
namespace biotope::sim {

inline constexpr const char* kSharedDisks = "../shared/disks";

// A drive of one zone, with nothing that costs time but the arm, the platter and the wire.
inline DiskProfile plain_profile() {
  DiskProfile p;
  p.name = "plain";
  p.geometry.surfaces = 4;
  p.geometry.cylinders = 1000;
  Zone zone;
  zone.last_cylinder = 999;
  zone.sectors_per_track = 100;
  p.geometry.zones = {zone};
  p.movement.rpm = 6000;  // 10 ms a revolution, 0.1 ms a sector
  p.movement.seek.points = {{1, 1'000'000}, {999, 10'980'000}};
  p.cache.segment_sectors = 256;
  p.cache.marks_by_request = true;
  p.cache.partial_hits_at_once = true;
  return p;
}

inline std::shared_ptr<const DiskModel> model_of(DiskProfile profile) {
  const Status possible = check(profile);
  EXPECT_TRUE(possible) << (possible ? "" : possible.error().text);
  return std::make_shared<const DiskModel>(std::move(profile));
}

// The drive of a file of parameters beside the repository; null where that is not.
inline std::shared_ptr<const DiskModel> shared_model(const std::string& name) {
  const std::string path = std::string(kSharedDisks) + "/" + name + ".parv";
  if (!std::filesystem::exists(path)) return nullptr;
  const auto imported = import_parv(path);
  EXPECT_TRUE(imported) << (imported ? "" : imported.error().text);
  return imported ? model_of(imported->profile) : nullptr;
}

#define BIOTOPE_NEEDS_SHARED_DISK(model)                                                \
  if ((model) == nullptr) {                                                             \
    GTEST_SKIP() << "there are no files of drives in " << ::biotope::sim::kSharedDisks; \
  }

// The same numbers on every machine and in every run, evenly over 0..below-1.
class EvenDraws {
 public:
  explicit EvenDraws(std::uint32_t seed) : key_{{seed, 0}} {}
  std::int64_t next(std::int64_t below) {
    const auto drawn = r123::Philox4x32()({{++count_, 0, 0, 0}}, key_);
    const std::uint64_t wide = std::uint64_t{drawn[0]} << 32 | drawn[1];
    return static_cast<std::int64_t>(wide % static_cast<std::uint64_t>(below));
  }

 private:
  r123::Philox4x32::key_type key_;
  std::uint32_t count_ = 0;
};

// One request, with nothing else in the drive: how long it takes, in ns.
inline std::int64_t serve(HardDisk& disk, bool write, std::int64_t first, std::int64_t count,
                          std::int64_t now_ns) {
  EXPECT_FALSE(disk.finished(now_ns));
  disk.submit(0, write, first, count, now_ns);
  const auto done = disk.finished(kNever);
  EXPECT_TRUE(done);
  return done ? done->time_ns - now_ns : 0;
}

}  // namespace biotope::sim
