#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "model/error.h"
#include "scenarios/runtime/scratch_folder.h"

// What real tools say of an image that a simulation has written to.

namespace biotope::runtime {

// What a checking tool found.
struct Judgement {
  bool clean = false;  // nothing wrong at all
  std::string says;    // its own words
};

// An entry of the MBR, as sfdisk reads it.
struct FoundSlice {
  int number = 0;  // from 1
  std::int64_t start_bytes = 0;
  std::int64_t length_bytes = 0;
  std::string type;  // "a5"
};

// All: ENOPKG when the tool is missing. sfdisk --verify.
Result<Judgement> judge_table(const std::filesystem::path& image);
// EINVAL when there is no table.
Result<std::vector<FoundSlice>> read_table(const std::filesystem::path& image);
// fsck.vfat -n on the slice with that number. ENOENT: no such slice.
Result<Judgement> judge_fat(const std::filesystem::path& image, int slice, ScratchFolder& scratch);
// The file, as mcopy takes it out of the FAT file system on a slice. ENOENT: there is none.
Result<std::string> read_fat_file(const std::filesystem::path& image, int slice,
                                  const std::string& path);

// The file, as the Sleuth Kit takes it out of the UFS1 that starts at that byte of the image.
// ENOENT: there is none.
Result<std::string> read_ufs_file(const std::filesystem::path& image, std::int64_t start_bytes,
                                  const std::string& path);

}  // namespace biotope::runtime
