#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/disk/profile.h"

namespace biotope::sim {

// A drive as DiskSim's parameters describe it, and what of them was not used.
struct ImportedDisk {
  DiskProfile profile;
  std::vector<std::string> notes;  // "disk.parv:12: 'Print stats' is not used"
};

// Reads a file of DiskSim's parameters with all it sources: the first disk that is instantiated,
// with the bus it hangs on; without a topology the first disk defined, on a bus that costs nothing.
// Errors: as of read_parv(); ENOENT no disk in it; EINVAL keys that are missing or out of range,
// and disks that can not be: each sentence begins with the file and the line.
Result<ImportedDisk> import_parv(const std::filesystem::path& path);

}  // namespace biotope::sim
