#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

#include "model/error.h"
#include "sim/disk/hard_disk.h"
#include "sim/flash/flash_profile.h"
#include "sim/rack/drive_kind.h"

namespace biotope::app {

// Where a drive comes from, as all verbs say it.
struct DiskSource {
  std::string profile;  // a name, or a file that ends in .toml
  std::string parv;

  void add_to(CLI::App& verb);
};

// The flash drive that is meant; null: what is meant is none. Errors of its file.
Result<std::shared_ptr<const sim::FlashProfile>> flash_of(const DiskSource& source);
// The hard disk that is meant. EINVAL: it is none, or nothing is said; and errors of its file.
Result<std::shared_ptr<const sim::DiskModel>> model_of(const DiskSource& source);
// The drive that is meant, whatever is inside.
Result<std::shared_ptr<const sim::DriveKind>> kind_of(const DiskSource& source);

// What this process has used of the processor.
double cpu_seconds();

}  // namespace biotope::app
