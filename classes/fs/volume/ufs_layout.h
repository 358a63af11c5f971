#pragma once

#include <bit>
#include <cstdint>

#include "classes/fs/volume/probes.h"
#include "classes/layout.h"

// What UFS1 and UFS2 look like on disk (struct fs, ufs1_dinode, ufs2_dinode and direct of
// 4.4BSD and its descendants), in the byte order of the machine that made them.
namespace biotope::fs::ufs {

inline constexpr std::int64_t kSuperBytes = 1376;
inline constexpr std::uint32_t kMagicUfs1 = 0x00011954;
inline constexpr std::uint32_t kMagicUfs2 = 0x19540119;
inline constexpr std::int64_t kSuperOfUfs2 = 65536;
// Where a superblock may be: UFS2, UFS1, floppies, behind large boot blocks.
inline constexpr std::int64_t kSuperOffsets[] = {kSuperOfUfs2, 8192, 0, 262144};

// Of a superblock: where the volume was mounted last.
inline constexpr layout::Text kMountedOn{212, 468};

inline constexpr std::int64_t kRootInode = 2;
inline constexpr std::int64_t kDirectBlocks = 12;
inline constexpr int kIndirectLevels = 3;
inline constexpr std::int64_t kDirectoryChunkBytes =
    512;  // entries never cross from one to the next

inline constexpr std::uint16_t kTypeMask = 0170000;
inline constexpr std::uint16_t kDirectory = 0040000;
inline constexpr std::uint16_t kRegular = 0100000;

// The numbers of a superblock that files are found by, checked. Addresses are in fragments.
struct Geometry {
  VolumeKind kind{};
  std::endian order{};
  std::int64_t block_bytes = 0;
  std::int64_t fragment_bytes = 0;
  std::int64_t fragments_per_block = 0;
  std::int64_t size_fragments = 0;
  std::int64_t groups = 0;
  std::int64_t inodes_per_group = 0;
  std::int64_t fragments_per_group = 0;
  std::int64_t first_inodes = 0;  // of a group's inodes, from the group's start
  std::int64_t group_skew = 0;    // UFS1: groups start further in as they rotate
  std::uint32_t group_mask = 0;
  bool old_directories = false;

  bool ufs2() const { return kind == VolumeKind::ufs2; }
  std::int64_t pointer_bytes() const { return ufs2() ? 8 : 4; }
  std::int64_t inode_bytes() const { return ufs2() ? 256 : 128; }
  std::int64_t pointers_per_block() const { return block_bytes / pointer_bytes(); }
  // The byte of the volume where an inode lies; not negative, but perhaps beyond the end.
  std::int64_t inode_offset(std::int64_t inode) const;
};

struct Super {
  VolumeInfo info;
  Geometry geometry;
};

// Whether `super`, kSuperBytes from `offset_bytes` of a volume, has a superblock's magic number.
bool has_magic(const Bytes& super, std::int64_t offset_bytes);
// EINVAL when the numbers in it are impossible.
Result<Super> parse_super(const Bytes& super);

// What an inode says of its file. Addresses are in fragments and not checked.
struct Inode {
  std::uint16_t mode = 0;
  std::int64_t size_bytes = 0;
  std::int64_t direct[kDirectBlocks] = {};
  std::int64_t indirect[kIndirectLevels] = {};

  bool is(std::uint16_t type) const { return (mode & kTypeMask) == type; }
};
Inode parse_inode(const Bytes& bytes, const Geometry& geometry);

std::int64_t pointer(const Bytes& block, std::int64_t index, const Geometry& geometry);

}  // namespace biotope::fs::ufs
