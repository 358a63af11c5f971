#pragma once

#include <filesystem>

#include "model/error.h"
#include "scenarios/runtime/media/plan.h"
#include "scenarios/runtime/scratch_folder.h"

namespace biotope::runtime {

// Makes a raw image by real tools: sfdisk writes the MBR, fdisk the disklabel, makefs UFS,
// mkfs.vfat and mcopy FAT. Equal plans give equal images, but for what makefs draws at random:
// generation numbers of inodes and leftovers of its memory in the superblock, which say nothing to
// a reader. EINVAL: what the plan wants has no place; ENOPKG: a tool is missing; EIO: a tool
// failed.
Status make_image(const MediaPlan& plan, ScratchFolder& scratch,
                  const std::filesystem::path& image);

}  // namespace biotope::runtime
