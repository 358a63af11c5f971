#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace biotope::runtime {

// What real tools are to put on a medium. Sizes of 0 mean all that is left.

// Path ("/hello.txt") to contents.
using Files = std::map<std::string, std::string>;

enum class Format { none, ufs1, ufs2, fat12, fat16, fat32 };

constexpr bool is_ufs(Format f) { return f == Format::ufs1 || f == Format::ufs2; }
constexpr bool is_fat(Format f) { return f >= Format::fat12; }

// A partition of a BSD disklabel.
struct PartitionPlan {
  char letter = 'a';
  std::int64_t size_bytes = 0;
  Format format = Format::none;
  Files files;
  std::string mounted_on = {};  // where the superblock says it was last
};

// An entry of the MBR: a FAT file system, or a BSD disklabel with partitions.
struct SlicePlan {
  std::int64_t size_bytes = 0;
  Format format = Format::none;
  bool active = false;
  std::string label;
  Files files;
  std::vector<PartitionPlan> partitions;
};

struct MediaPlan {
  std::string name = "made.img";
  std::int64_t size_bytes = 0;
  std::vector<SlicePlan> slices;
};

}  // namespace biotope::runtime
