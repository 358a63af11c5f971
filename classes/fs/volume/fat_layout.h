#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "classes/fs/volume/probes.h"
#include "classes/layout.h"

// What FAT12, FAT16 and FAT32 look like on disk: the boot sector, the table of clusters and the
// entries of directories, with long names as VFAT writes them.
namespace biotope::fs::fat {

inline constexpr std::int64_t kBootBytes = 512;
inline constexpr std::int64_t kEntryBytes = 32;
inline constexpr std::uint32_t kFirstCluster = 2;

// The numbers of a boot sector that files are found by, checked.
struct Geometry {
  VolumeKind kind{};
  std::int64_t sector_bytes = 0;
  std::int64_t cluster_bytes = 0;
  std::int64_t fat_offset_bytes = 0;  // of the first copy
  std::int64_t fat_bytes = 0;
  std::int64_t root_offset_bytes = 0;  // FAT12, FAT16
  std::int64_t root_bytes = 0;
  std::uint32_t root_cluster = 0;  // FAT32
  std::int64_t data_offset_bytes = 0;
  std::int64_t clusters = 0;  // numbered from kFirstCluster on

  int bits() const { return kind == VolumeKind::fat12 ? 12 : kind == VolumeKind::fat16 ? 16 : 32; }
  bool is_cluster(std::uint32_t number) const {
    return number >= kFirstCluster && number - kFirstCluster < clusters;
  }
  std::int64_t cluster_offset(std::uint32_t number) const {
    return data_offset_bytes + (number - kFirstCluster) * cluster_bytes;
  }
  // What an entry of the table says beyond the numbers of clusters: that the chain ends here.
  bool is_end(std::uint32_t entry) const {
    return entry >= (bits() == 12 ? 0xFF8U : bits() == 16 ? 0xFFF8U : 0x0FFFFFF8U);
  }
};

struct Super {
  VolumeInfo info;
  Geometry geometry;
};

// Whether a sector says in letters or by its shape that it is a boot sector of FAT.
bool looks_like_fat(const Bytes& boot);
// EINVAL when the numbers in it are impossible.
Result<Super> parse_super(const Bytes& boot);

struct Entry {
  std::string name;        // the long one where there is one
  std::string short_name;  // 8.3
  bool directory = false;
  bool volume_name = false;
  std::uint32_t first_cluster = 0;
  std::int64_t size_bytes = 0;

  // In any case, as FAT compares names.
  bool is_called(std::string_view wanted) const;
};

// Reads the entries of a directory, piece by piece in order: a long name comes before its entry,
// also across pieces.
class EntryReader {
 public:
  // The entries that end in these bytes, whole ones.
  std::vector<Entry> read(std::span<const std::byte> piece);
  // The directory says that nothing follows.
  bool ended() const { return ended_; }

 private:
  void part_of_long_name(std::span<const std::byte> raw);
  Entry short_entry(std::span<const std::byte> raw);

  bool ended_ = false;
  std::u16string long_name_;
  std::uint8_t next_part_ = 0;  // counts down to 0: the name is whole
  std::uint8_t checksum_ = 0;   // of the short name that the long one belongs to
};

}  // namespace biotope::fs::fat
