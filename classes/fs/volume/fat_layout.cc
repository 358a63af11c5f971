#include "classes/fs/volume/fat_layout.h"

#include <algorithm>

namespace biotope::fs::fat {

namespace {

struct Boot {
  static constexpr auto jump = layout::u8(0);
  static constexpr auto sector_size = layout::le16(11);
  static constexpr auto sectors_per_cluster = layout::u8(13);
  static constexpr auto reserved_sectors = layout::le16(14);
  static constexpr auto fats = layout::u8(16);
  static constexpr auto root_entries = layout::le16(17);
  static constexpr auto sectors_16 = layout::le16(19);
  static constexpr auto media = layout::u8(21);
  static constexpr auto fat_sectors_16 = layout::le16(22);
  static constexpr auto sectors_32 = layout::le32(32);
  static constexpr auto signature = layout::le16(510);
};
// FAT12 and FAT16 go on so:
struct Boot16 {
  static constexpr auto extended = layout::u8(38);
  static constexpr layout::Text name{43, 11, ' '};
  static constexpr layout::Text type{54, 3};
};
// and FAT32 so:
struct Boot32 {
  static constexpr auto fat_sectors = layout::le32(36);
  static constexpr auto root_cluster = layout::le32(44);
  static constexpr auto extended = layout::u8(66);
  static constexpr layout::Text name{71, 11, ' '};
  static constexpr layout::Text type{82, 3};
};
constexpr std::uint8_t kExtended = 0x29;
constexpr std::uint16_t kSignature = 0xAA55;
constexpr std::int64_t kMostClusters12 = 4084;
constexpr std::int64_t kMostClusters16 = 65524;

struct Raw {
  static constexpr layout::Block short_name{0, 11};
  static constexpr auto attributes = layout::u8(11);
  static constexpr auto cluster_high = layout::le16(20);
  static constexpr auto cluster_low = layout::le16(26);
  static constexpr auto size = layout::le32(28);
  // Of a part of a long name:
  static constexpr auto part = layout::u8(0);
  static constexpr auto checksum = layout::u8(13);
};
constexpr std::uint8_t kNothingFollows = 0x00;
constexpr std::uint8_t kDeleted = 0xE5;
constexpr std::uint8_t kStandsForE5 = 0x05;
constexpr std::uint8_t kVolumeName = 0x08;
constexpr std::uint8_t kDirectory = 0x10;
constexpr std::uint8_t kLongName = 0x0F;
constexpr std::uint8_t kLastPart = 0x40;  // which comes first
constexpr std::uint8_t kMostParts = 20;
constexpr std::size_t kPartOffsets[] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};

Status check_shape(const Bytes& boot) {
  const int media = Boot::media.get(boot);
  const int fats = Boot::fats.get(boot);
  const int sector = Boot::sector_size.get(boot);
  const int per_cluster = Boot::sectors_per_cluster.get(boot);
  if (Boot::signature.get(boot) != kSignature) {
    return fail(EINVAL, "looks like FAT, but its boot sector does not end in 55 AA");
  }
  if (!power_of_two_within(sector, 512, 4096) || !power_of_two_within(per_cluster, 1, 128)) {
    return fail(EINVAL, "looks like FAT, but says its sectors have ", sector,
                " bytes and its clusters ", per_cluster, " sectors");
  }
  if (media < 0xF0 || Boot::reserved_sectors.get(boot) == 0 || fats < 1 || fats > 4) {
    return fail(EINVAL, "looks like FAT, but says it is medium ", media, " with ", fats,
                " tables behind ", Boot::reserved_sectors.get(boot), " reserved sectors");
  }
  return {};
}

bool equal_in_any_case(std::string_view a, std::string_view b) {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return upper(x) == upper(y); });
}

}  // namespace

bool looks_like_fat(const Bytes& boot) {
  if (Boot16::type.holds(boot, "FAT") || Boot32::type.holds(boot, "FAT")) return true;
  const std::uint8_t jump = Boot::jump.get(boot);
  return (jump == 0xEB || jump == 0xE9) && check_shape(boot).has_value();
}

Result<Super> parse_super(const Bytes& boot) {
  if (const Status fine = check_shape(boot); !fine) return pass_on(fine);
  Super result;
  Geometry& g = result.geometry;
  g.sector_bytes = Boot::sector_size.get(boot);
  g.cluster_bytes = g.sector_bytes * Boot::sectors_per_cluster.get(boot);
  const bool fat32 = Boot::fat_sectors_16.get(boot) == 0;
  const std::int64_t fat_sectors =
      fat32 ? Boot32::fat_sectors.get(boot) : Boot::fat_sectors_16.get(boot);
  const std::int64_t sectors_16 = Boot::sectors_16.get(boot);
  const std::int64_t sectors = sectors_16 != 0 ? sectors_16 : Boot::sectors_32.get(boot);
  g.fat_offset_bytes = g.sector_bytes * Boot::reserved_sectors.get(boot);
  g.fat_bytes = fat_sectors * g.sector_bytes;
  g.root_offset_bytes = g.fat_offset_bytes + g.fat_bytes * Boot::fats.get(boot);
  g.root_bytes = kEntryBytes * Boot::root_entries.get(boot);
  const std::int64_t root_sectors = (g.root_bytes + g.sector_bytes - 1) / g.sector_bytes;
  g.data_offset_bytes = g.root_offset_bytes + root_sectors * g.sector_bytes;
  result.info.size_bytes = sectors * g.sector_bytes;
  result.info.size_unit_bytes = g.sector_bytes;
  g.clusters = (result.info.size_bytes - g.data_offset_bytes) / g.cluster_bytes;
  if (fat_sectors == 0 || g.clusters < 1 || fat32 != (g.root_bytes == 0)) {
    return fail(EINVAL, "looks like FAT, but says its ", sectors, " sectors hold tables of ",
                fat_sectors, " sectors and ", Boot::root_entries.get(boot),
                " entries of a root directory");
  }
  g.kind = fat32                          ? VolumeKind::fat32
           : g.clusters > kMostClusters12 ? VolumeKind::fat16
                                          : VolumeKind::fat12;
  if (!fat32 && g.clusters > kMostClusters16) {
    return fail(EINVAL, "looks like FAT16, but says it has ", g.clusters, " clusters");
  }
  // What the table has no entry for can not be used.
  g.clusters = std::min(g.clusters, g.fat_bytes * 8 / g.bits() - kFirstCluster);
  if (fat32) g.root_cluster = Boot32::root_cluster.get(boot);
  if (g.clusters < 1 || (fat32 && !g.is_cluster(g.root_cluster))) {
    return fail(EINVAL, "looks like FAT32, but says its root directory starts in cluster ",
                g.root_cluster, " of ", g.clusters);
  }
  result.info.kind = g.kind;
  result.info.block_size_bytes = g.cluster_bytes;
  const bool named = (fat32 ? Boot32::extended : Boot16::extended).get(boot) == kExtended;
  if (named) result.info.name = printable((fat32 ? Boot32::name : Boot16::name).get(boot));
  if (result.info.name == "NO NAME") result.info.name.clear();
  return result;
}

bool Entry::is_called(std::string_view wanted) const {
  return !volume_name && (equal_in_any_case(name, wanted) || equal_in_any_case(short_name, wanted));
}

std::vector<Entry> EntryReader::read(std::span<const std::byte> piece) {
  std::vector<Entry> entries;
  for (; piece.size() >= kEntryBytes && !ended_; piece = piece.subspan(kEntryBytes)) {
    const auto raw = piece.first(kEntryBytes);
    const std::uint8_t first = Raw::part.get(raw);
    if (first == kNothingFollows) {
      ended_ = true;
    } else if (first == kDeleted) {
      long_name_.clear();
    } else if ((Raw::attributes.get(raw) & 0x3F) == kLongName) {
      part_of_long_name(raw);
    } else {
      entries.push_back(short_entry(raw));
      long_name_.clear();
    }
  }
  return entries;
}

void EntryReader::part_of_long_name(std::span<const std::byte> raw) {
  const std::uint8_t part = Raw::part.get(raw);
  const auto number = static_cast<std::uint8_t>(part & ~kLastPart);
  const bool begins = (part & kLastPart) != 0 && number >= 1 && number <= kMostParts;
  if (begins) {
    long_name_.assign(std::size_t{number} * std::size(kPartOffsets), u'\0');
    next_part_ = number;
    checksum_ = Raw::checksum.get(raw);
  }
  if (long_name_.empty() || number != next_part_ || number == 0 ||
      Raw::checksum.get(raw) != checksum_) {
    long_name_.clear();
    return;
  }
  --next_part_;
  std::size_t at = next_part_ * std::size(kPartOffsets);
  for (const std::size_t offset : kPartOffsets) {
    long_name_[at++] = static_cast<char16_t>(layout::le16(offset).get(raw));
  }
}

Entry EntryReader::short_entry(std::span<const std::byte> raw) {
  const auto field = Raw::short_name.of(raw);
  std::string chars(reinterpret_cast<const char*>(field.data()), field.size());
  std::uint8_t sum = 0;
  for (const char c : chars) {
    sum = static_cast<std::uint8_t>((sum << 7 | sum >> 1) + static_cast<std::uint8_t>(c));
  }
  if (static_cast<std::uint8_t>(chars[0]) == kStandsForE5) chars[0] = static_cast<char>(kDeleted);
  Entry entry;
  const std::uint8_t attributes = Raw::attributes.get(raw);
  entry.volume_name = (attributes & kVolumeName) != 0;
  entry.directory = (attributes & kDirectory) != 0;
  entry.first_cluster = std::uint32_t{Raw::cluster_high.get(raw)} << 16 | Raw::cluster_low.get(raw);
  entry.size_bytes = Raw::size.get(raw);
  const auto trimmed = [](std::string text) {
    text.resize(text.find_last_not_of(' ') + 1);
    return text;
  };
  const std::string extension = trimmed(chars.substr(8));
  entry.short_name = trimmed(chars.substr(0, 8)) + (extension.empty() ? "" : "." + extension);
  if (entry.volume_name) entry.short_name = trimmed(chars);
  entry.name = entry.short_name;
  if (!long_name_.empty() && next_part_ == 0 && sum == checksum_) {
    entry.name = utf8(long_name_.substr(0, long_name_.find(u'\0')));
  }
  return entry;
}

}  // namespace biotope::fs::fat
