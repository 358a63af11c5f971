// ext2, ext3 and ext4, by their superblock.
#include "classes/fs/volume/probes.h"
#include "classes/layout.h"

namespace biotope::fs {

namespace {

constexpr std::int64_t kSuperOffset = 1024;
constexpr std::int64_t kSuperBytes = 1024;
constexpr std::uint16_t kMagic = 0xEF53;

struct Super {
  static constexpr auto blocks_count = layout::le32(4);
  static constexpr auto first_data_block = layout::le32(20);
  static constexpr auto log_block_size = layout::le32(24);
  static constexpr auto blocks_per_group = layout::le32(32);
  static constexpr auto inodes_per_group = layout::le32(40);
  static constexpr auto magic = layout::le16(56);
  static constexpr auto revision = layout::le32(76);
  static constexpr auto feature_compat = layout::le32(92);
  static constexpr auto feature_incompat = layout::le32(96);
  static constexpr auto feature_ro_compat = layout::le32(100);
  static constexpr layout::Text volume_name{120, 16};
  static constexpr layout::Text last_mounted{136, 64};
  static constexpr auto blocks_count_high = layout::le32(336);
};

constexpr std::uint32_t kHasJournal = 4;                 // compat
constexpr std::uint32_t kJournalDevice = 8;              // incompat
constexpr std::uint32_t k64Bit = 0x80;                   // incompat
constexpr std::uint32_t kBigAlloc = 0x200;               // read-only compat: groups count clusters
constexpr std::uint32_t kIncompatOfExt3 = 2 | 4 | 0x10;  // file types, recovery, meta groups
constexpr std::uint32_t kRoCompatOfExt3 = 1 | 2 | 4;     // sparse, large files, b-trees

VolumeKind kind_of(const Bytes& super) {
  const bool newer = (Super::feature_incompat.get(super) & ~kIncompatOfExt3) != 0 ||
                     (Super::feature_ro_compat.get(super) & ~kRoCompatOfExt3) != 0;
  if (newer) return VolumeKind::ext4;
  const bool journal = (Super::feature_compat.get(super) & kHasJournal) != 0;
  return journal ? VolumeKind::ext3 : VolumeKind::ext2;
}

Result<VolumeInfo> parse(const Bytes& super) {
  const std::uint32_t log = Super::log_block_size.get(super);
  if (log > 6) return fail(EINVAL, "looks like ext2, but says its block size is 2^", log, " KiB");
  VolumeInfo info;
  info.block_size_bytes = std::int64_t{1024} << log;
  std::uint64_t blocks = Super::blocks_count.get(super);
  if ((Super::feature_incompat.get(super) & k64Bit) != 0) {
    blocks |= std::uint64_t{Super::blocks_count_high.get(super)} << 32;
  }
  if ((Super::feature_incompat.get(super) & kJournalDevice) != 0) {
    return fail(EINVAL, "is the journal of another ext volume");
  }
  const std::uint32_t first = Super::first_data_block.get(super);
  const std::uint32_t per_group = Super::blocks_per_group.get(super);
  // One bitmap of one block says which blocks of a group are taken.
  const bool too_many = per_group > 8 * static_cast<std::uint64_t>(info.block_size_bytes) &&
                        (Super::feature_ro_compat.get(super) & kBigAlloc) == 0;
  if (first > (log == 0 ? 1U : 0U) || blocks <= first || blocks >> 46 != 0 || per_group == 0 ||
      too_many || Super::inodes_per_group.get(super) == 0) {
    return fail(EINVAL, "looks like ext2, but says it has ", blocks, " blocks from block ", first,
                " on, in groups of ", per_group);
  }
  info.kind = kind_of(super);
  info.size_unit_bytes = info.block_size_bytes;
  info.size_bytes = static_cast<std::int64_t>(blocks) * info.block_size_bytes;
  info.name = printable(Super::volume_name.get(super));
  info.last_mounted = printable(Super::last_mounted.get(super));
  return info;
}

}  // namespace

Probe probe_ext(VolumeReader& reader) {
  const Result<Bytes> super = co_await read_if_there(reader, kSuperOffset, kSuperBytes);
  if (!super) co_return pass_on(super);
  if (super->empty() || Super::magic.get(*super) != kMagic) co_return nullptr;
  Result<VolumeInfo> info = parse(*super);
  if (!info) co_return pass_on(info);
  co_return std::make_unique<Volume>(std::move(*info));
}

}  // namespace biotope::fs
