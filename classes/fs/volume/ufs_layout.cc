#include "classes/fs/volume/ufs_layout.h"

#include <fmt/format.h>

#include <limits>

namespace biotope::fs::ufs {

namespace {

// struct fs. Those called old are UFS1's own.
struct Fields {
  std::endian order;

  layout::Number<std::int32_t> i32(std::size_t at) const { return {at, order}; }
  layout::Number<std::uint32_t> u32(std::size_t at) const { return {at, order}; }
  layout::Number<std::int64_t> i64(std::size_t at) const { return {at, order}; }

  auto inode_block() const { return i32(16); }
  auto data_block() const { return i32(20); }
  auto old_group_skew() const { return i32(24); }
  auto old_group_mask() const { return u32(28); }
  auto old_size() const { return i32(36); }
  auto groups() const { return u32(44); }
  auto block_size() const { return i32(48); }
  auto fragment_size() const { return i32(52); }
  auto fragments() const { return i32(56); }
  auto pointers_per_block() const { return i32(116); }
  auto inodes_per_block() const { return u32(120); }
  auto id_first() const { return u32(144); }
  auto id_second() const { return u32(148); }
  auto inodes_per_group() const { return u32(184); }
  auto fragments_per_group() const { return i32(188); }
  auto place() const { return i64(1000); }
  auto size() const { return i64(1080); }
  auto old_inode_format() const { return i32(1324); }
  auto magic() const { return u32(1372); }
};
constexpr layout::Text kVolumeName{680, 32};
constexpr std::int32_t kInodeFormatOf44Bsd = 2;

// The byte order in which the magic number reads right.
bool find_order(const Bytes& super, std::endian& order, std::uint32_t& magic) {
  for (const std::endian candidate : {std::endian::little, std::endian::big}) {
    magic = Fields{candidate}.magic().get(super);
    order = candidate;
    if (magic == kMagicUfs1 || magic == kMagicUfs2) return true;
  }
  return false;
}

Status check_blocks(const Bytes& super, const Fields& f, Geometry& g) {
  g.block_bytes = f.block_size().get(super);
  g.fragment_bytes = f.fragment_size().get(super);
  if (!power_of_two_within(g.block_bytes, 4096, 65536) ||
      !power_of_two_within(g.fragment_bytes, 512, g.block_bytes) ||
      g.block_bytes / g.fragment_bytes > 8) {
    return fail(EINVAL, "looks like UFS, but says its blocks have ", g.block_bytes,
                " bytes and its fragments ", g.fragment_bytes);
  }
  g.fragments_per_block = g.block_bytes / g.fragment_bytes;
  if (f.fragments().get(super) != g.fragments_per_block ||
      f.pointers_per_block().get(super) != g.pointers_per_block() ||
      f.inodes_per_block().get(super) != g.block_bytes / g.inode_bytes()) {
    return fail(EINVAL, "looks like UFS, but what it says a block of ", g.block_bytes,
                " bytes holds does not fit into one");
  }
  return {};
}

Status check_groups(const Bytes& super, const Fields& f, Geometry& g) {
  g.size_fragments = g.ufs2() ? f.size().get(super) : f.old_size().get(super);
  g.groups = f.groups().get(super);
  g.inodes_per_group = f.inodes_per_group().get(super);
  g.fragments_per_group = f.fragments_per_group().get(super);
  g.first_inodes = f.inode_block().get(super);
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 8;
  if (g.size_fragments <= 0 || g.size_fragments > kMost / g.fragment_bytes || g.groups < 1 ||
      g.fragments_per_group < g.fragments_per_block ||
      (g.size_fragments - 1) / g.fragments_per_group != g.groups - 1) {
    return fail(EINVAL, "looks like UFS, but says its ", g.size_fragments, " fragments lie in ",
                g.groups, " groups of ", g.fragments_per_group);
  }
  const std::int64_t inode_fragments = g.inodes_per_group * g.inode_bytes() / g.fragment_bytes;
  const std::int64_t data = f.data_block().get(super);
  if (g.inodes_per_group < 1 || g.inodes_per_group % (g.block_bytes / g.inode_bytes()) != 0 ||
      g.first_inodes < 1 || data > g.fragments_per_group ||
      inode_fragments > data - g.first_inodes) {
    return fail(EINVAL, "looks like UFS, but says the ", g.inodes_per_group,
                " inodes of a group lie between its fragments ", g.first_inodes, " and ", data);
  }
  return {};
}

}  // namespace

bool has_magic(const Bytes& super, std::int64_t offset_bytes) {
  std::endian order{};
  std::uint32_t magic = 0;
  if (!find_order(super, order, magic)) return false;
  // A copy in a cylinder group can come to lie where a superblock is looked for.
  if (magic == kMagicUfs2) return Fields{order}.place().get(super) == offset_bytes;
  return offset_bytes != kSuperOfUfs2;
}

Result<Super> parse_super(const Bytes& super) {
  Super result;
  Geometry& g = result.geometry;
  std::uint32_t magic = 0;
  find_order(super, g.order, magic);
  g.kind = magic == kMagicUfs2 ? VolumeKind::ufs2 : VolumeKind::ufs1;
  const Fields f{g.order};
  if (const Status fine = check_blocks(super, f, g); !fine) return pass_on(fine);
  if (const Status fine = check_groups(super, f, g); !fine) return pass_on(fine);
  if (!g.ufs2()) {
    g.group_skew = f.old_group_skew().get(super);
    if (g.group_skew < 0 || g.group_skew > g.fragments_per_group) {
      return fail(EINVAL, "looks like UFS, but says each group of ", g.fragments_per_group,
                  " fragments starts ", g.group_skew, " further in");
    }
    g.group_mask = f.old_group_mask().get(super);
    g.old_directories = f.old_inode_format().get(super) != kInodeFormatOf44Bsd;
  }
  VolumeInfo& info = result.info;
  info.kind = g.kind;
  info.order = g.order;
  info.size_bytes = g.size_fragments * g.fragment_bytes;
  info.block_size_bytes = g.block_bytes;
  info.size_unit_bytes = g.fragment_bytes;
  const std::uint32_t id_first = f.id_first().get(super);
  const std::uint32_t id_second = f.id_second().get(super);
  if (id_first != 0 || id_second != 0) info.id = fmt::format("{:08x}{:08x}", id_first, id_second);
  info.name = printable(kVolumeName.get(super));
  info.last_mounted = printable(kMountedOn.get(super));
  return result;
}

std::int64_t Geometry::inode_offset(std::int64_t inode) const {
  const std::int64_t group = inode / inodes_per_group;
  const auto rotation = static_cast<std::uint32_t>(group) & ~group_mask;
  const std::int64_t start = group * fragments_per_group + group_skew * rotation;
  return (start + first_inodes) * fragment_bytes + inode % inodes_per_group * inode_bytes();
}

std::int64_t pointer(const Bytes& block, std::int64_t index, const Geometry& g) {
  const auto at = static_cast<std::size_t>(index * g.pointer_bytes());
  if (g.ufs2()) return layout::Number<std::int64_t>(at, g.order).get(block);
  return layout::Number<std::int32_t>(at, g.order).get(block);
}

Inode parse_inode(const Bytes& bytes, const Geometry& g) {
  Inode inode;
  inode.mode = layout::Number<std::uint16_t>(0, g.order).get(bytes);
  inode.size_bytes = layout::Number<std::int64_t>(g.ufs2() ? 16 : 8, g.order).get(bytes);
  const std::size_t addresses = g.ufs2() ? 112 : 40;
  const Bytes pointers(bytes.begin() + static_cast<std::ptrdiff_t>(addresses), bytes.end());
  for (std::int64_t i = 0; i < kDirectBlocks; ++i) inode.direct[i] = pointer(pointers, i, g);
  for (int i = 0; i < kIndirectLevels; ++i) {
    inode.indirect[i] = pointer(pointers, kDirectBlocks + i, g);
  }
  return inode;
}

}  // namespace biotope::fs::ufs
