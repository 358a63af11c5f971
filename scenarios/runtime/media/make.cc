#include "scenarios/runtime/media/make.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "classes/fs/volume/ufs_layout.h"
#include "scenarios/runtime/program.h"

namespace biotope::runtime {

namespace {

constexpr std::int64_t kSector = 512;
// The first slice leaves the track of the MBR free, as on real ZIP disks; the first partition
// leaves room for the label and the boot blocks.
constexpr std::int64_t kFirstSliceSector = 64;
constexpr std::int64_t kFirstPartitionSector = 16;
// Any number will do, as long as it is always the same.
constexpr std::int64_t kDiskId = 0x10020010;

struct Range {
  std::int64_t first_sector = 0;
  std::int64_t sectors = 0;
};

// One range after the other from `first`, each of the size that is wanted.
template <class Plan>
Result<std::vector<Range>> lay_out(const std::vector<Plan>& plans, std::int64_t first,
                                   std::int64_t end, const char* what) {
  std::vector<Range> ranges;
  for (const Plan& plan : plans) {
    if (plan.size_bytes % kSector != 0) {
      return fail(EINVAL, what, " ", ranges.size() + 1, ": ", plan.size_bytes,
                  " bytes are no whole number of sectors");
    }
    const std::int64_t wanted = plan.size_bytes == 0 ? end - first : plan.size_bytes / kSector;
    if (wanted <= 0 || wanted > end - first) {
      return fail(EINVAL, what, " ", ranges.size() + 1, " has no room: ", wanted * kSector,
                  " bytes are wanted and ", std::max<std::int64_t>(end - first, 0) * kSector,
                  " are left");
    }
    ranges.push_back({first, wanted});
    first += wanted;
  }
  return ranges;
}

const char* type_of(const SlicePlan& slice) {
  switch (slice.format) {
    case Format::fat12:
      return "1";
    case Format::fat16:
      return "6";
    case Format::fat32:
      return "b";
    default:
      return "a5";
  }
}

class Maker {
 public:
  Maker(const MediaPlan& plan, ScratchFolder& scratch, const std::filesystem::path& image)
      : plan_(plan), scratch_(scratch), image_(image) {}

  Status make() {
    if (Status made = write_file(image_, {}); !made) return made;
    std::error_code error;
    std::filesystem::resize_file(image_, static_cast<std::uintmax_t>(plan_.size_bytes), error);
    if (error) return fail(error.value(), image_.string(), ": ", error.message());
    if (plan_.slices.empty()) return {};
    const auto ranges =
        lay_out(plan_.slices, kFirstSliceSector, plan_.size_bytes / kSector, "slice");
    if (!ranges) return pass_on(ranges);
    if (Status made = write_mbr(*ranges); !made) return made;
    for (std::size_t i = 0; i < ranges->size(); ++i) {
      if (Status made = fill(plan_.slices[i], (*ranges)[i]); !made) return made;
    }
    return {};
  }

 private:
  Status write_mbr(const std::vector<Range>& ranges) {
    std::string script = fmt::format("label: dos\nlabel-id: {:#x}\n", kDiskId);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const SlicePlan& slice = plan_.slices[i];
      script += fmt::format("start={}, size={}, type={}{}\n", ranges[i].first_sector,
                            ranges[i].sectors, type_of(slice), slice.active ? ", bootable" : "");
    }
    return run_tool_well(kSfdisk, {"--quiet", "--no-reread", "--no-tell-kernel", image_.string()},
                         script);
  }

  Status fill(const SlicePlan& slice, const Range& range) {
    if (is_fat(slice.format)) return make_fat(slice, range);
    if (slice.partitions.empty()) return {};
    return make_label(slice, range);
  }

  Status make_label(const SlicePlan& slice, const Range& range) {
    const auto ranges = lay_out(slice.partitions, range.first_sector + kFirstPartitionSector,
                                range.first_sector + range.sectors, "partition");
    if (!ranges) return pass_on(ranges);
    // b: into the label, which is not there yet; d d: fdisk's own entry for the whole disk goes.
    std::string commands = "b\ny\nd\nd\n";
    for (std::size_t i = 0; i < ranges->size(); ++i) {
      const Range& part = (*ranges)[i];
      commands += fmt::format("n\n{}\n{}\n{}\n", slice.partitions[i].letter, part.first_sector,
                              part.first_sector + part.sectors - 1);
    }
    for (const PartitionPlan& partition : slice.partitions) {
      if (is_ufs(partition.format)) commands += fmt::format("t\n{}\n7\n", partition.letter);
    }
    commands += "w\nq\n";
    if (Status made = run_tool_well(kFdisk, {image_.string()}, commands); !made) return made;
    for (std::size_t i = 0; i < ranges->size(); ++i) {
      if (!is_ufs(slice.partitions[i].format)) continue;
      if (Status made = make_ufs(slice.partitions[i], (*ranges)[i]); !made) return made;
    }
    return {};
  }

  Status make_ufs(const PartitionPlan& partition, const Range& range) {
    const auto tree = scratch_.new_file("tree");
    if (Status grown = grow_tree(tree, partition.files); !grown) return grown;
    const auto volume = scratch_.new_file("volume");
    if (Status made =
            run_tool_well(kMakefs, {"-t", "ffs", "-T", std::to_string(kMediaDate), "-s",
                                    std::to_string(range.sectors * kSector), "-o",
                                    partition.format == Format::ufs2 ? "version=2" : "version=1",
                                    volume.string(), tree.string()});
        !made) {
      return made;
    }
    if (Status stamped = stamp(volume, partition.mounted_on); !stamped) return stamped;
    return copy_range(volume, 0, range.sectors * kSector, image_, range.first_sector * kSector);
  }

  // Writes into the superblock what a kernel leaves there when it mounts the volume.
  static Status stamp(const std::filesystem::path& volume, const std::string& mounted_on) {
    if (mounted_on.empty()) return {};
    std::fstream file(volume, std::ios::in | std::ios::out | std::ios::binary);
    Bytes super(static_cast<std::size_t>(fs::ufs::kSuperBytes));
    for (const std::int64_t place : fs::ufs::kSuperOffsets) {
      file.seekg(place);
      if (!file.read(reinterpret_cast<char*>(super.data()), fs::ufs::kSuperBytes)) break;
      if (!fs::ufs::has_magic(super, place)) continue;
      fs::ufs::kMountedOn.set(super, mounted_on);
      file.seekp(place);
      if (!file.write(reinterpret_cast<const char*>(super.data()), fs::ufs::kSuperBytes)) break;
      return {};
    }
    return fail(EIO, volume.string(), ": its superblock can not be changed");
  }

  static Status grow_tree(const std::filesystem::path& tree, const Files& files) {
    std::error_code error;
    std::filesystem::create_directories(tree, error);
    for (const auto& [path, contents] : files) {
      const auto file = tree / std::filesystem::path(path).relative_path();
      std::filesystem::create_directories(file.parent_path(), error);
      if (Status written = write_file(file, contents); !written) return written;
    }
    if (error) return fail(error.value(), tree.string(), ": ", error.message());
    return {};
  }

  Status make_fat(const SlicePlan& slice, const Range& range) {
    const char* bits = slice.format == Format::fat12   ? "12"
                       : slice.format == Format::fat16 ? "16"
                                                       : "32";
    if (Status made = run_tool_well(
            kMkfsVfat,
            {"-F", bits, "--invariant", "-i", fmt::format("{:08x}", range.first_sector), "-n",
             slice.label.empty() ? "NO NAME" : slice.label, "--offset",
             std::to_string(range.first_sector), "-h", std::to_string(range.first_sector),
             image_.string(), std::to_string(range.sectors / 2)});
        !made) {
      return made;
    }
    const std::string volume = fmt::format("{}@@{}", image_.string(), range.first_sector * kSector);
    for (const auto& [path, contents] : slice.files) {
      const auto file = scratch_.new_file("file");
      if (Status written = write_file(file, contents); !written) return written;
      if (Status copied =
              run_tool_well(kMcopy, {"-m", "-i", volume, file.string(), fmt::format("::{}", path)});
          !copied) {
        return copied;
      }
    }
    return {};
  }

  const MediaPlan& plan_;
  ScratchFolder& scratch_;
  const std::filesystem::path& image_;
};

}  // namespace

Status make_image(const MediaPlan& plan, ScratchFolder& scratch,
                  const std::filesystem::path& image) {
  return Maker(plan, scratch, image).make();
}

}  // namespace biotope::runtime
