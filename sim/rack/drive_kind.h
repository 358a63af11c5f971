#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.h"
#include "sim/disk/hard_disk.h"
#include "sim/rack/engine.h"

namespace biotope::sim {

// A kind of drive, ready for use and shared by all drives of its kind: what others may know of
// them, and what is inside.
class DriveKind {
 public:
  virtual ~DriveKind() = default;

  std::string name;
  std::int64_t sector_bytes = 512;
  std::int64_t sectors = 0;
  std::int64_t queue_depth = 1;  // requests it wants at once
  bool can_erase = false;
  bool volatile_cache = false;  // writes are answered before they are on the medium
  std::int64_t command_ns = 0;  // what a command costs that moves no data
  Handling handling;

  std::int64_t capacity_bytes() const { return sectors * sector_bytes; }

  virtual std::unique_ptr<DriveEngine> make_engine() const = 0;

 protected:
  DriveKind() = default;
};

// Drives with a hard disk of the given model inside.
std::shared_ptr<const DriveKind> disk_kind(std::shared_ptr<const DiskModel> model);

// By the name of a profile that is always at hand; the profile says what is inside. ENOENT: no such
// profile; the sentence lists those there are.
Result<std::shared_ptr<const DriveKind>> find_drive_kind(std::string_view name);
std::vector<std::string_view> drive_kind_names();  // sorted

}  // namespace biotope::sim
