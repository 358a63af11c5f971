// NTFS, by its boot sector and the record of its $Volume file.
#include "classes/fs/volume/probes.h"
#include "classes/layout.h"

namespace biotope::fs {

namespace {

constexpr std::int64_t kBootBytes = 512;

struct Boot {
  static constexpr layout::Text oem_name{3, 8, ' '};
  static constexpr auto sector_size = layout::le16(11);
  static constexpr auto sectors_per_cluster = layout::u8(13);
  static constexpr auto sectors = layout::le64(40);
  static constexpr auto files_cluster = layout::le64(48);  // of the master file table
  static constexpr auto record_size = layout::u8(64);
  static constexpr auto signature = layout::le16(510);
};
constexpr std::uint16_t kSignature = 0xAA55;
constexpr std::int64_t kVolumeFile = 3;

struct Record {
  static constexpr layout::Text magic{0, 4};
  static constexpr auto fixups_offset = layout::le16(4);
  static constexpr auto fixups = layout::le16(6);
  static constexpr auto first_attribute = layout::le16(20);
};

struct Attribute {
  static constexpr std::size_t kBytes = 22;  // the head of one that lies in the record itself
  static constexpr auto type = layout::le32(0);
  static constexpr auto length = layout::le32(4);
  static constexpr auto elsewhere = layout::u8(8);
  static constexpr auto value_length = layout::le32(16);
  static constexpr auto value_offset = layout::le16(20);
};
constexpr std::uint32_t kVolumeName = 0x60;
constexpr std::uint32_t kNothingFollows = 0xFFFFFFFF;

// A number that is a count of clusters or, seen as negative, an exponent of two of bytes.
std::int64_t size_of(std::uint8_t number, std::int64_t cluster_bytes) {
  if (number < 0x80) return number * cluster_bytes;
  const int exponent = 0x100 - number;
  return exponent < 32 ? std::int64_t{1} << exponent : 0;
}

struct Super {
  VolumeInfo info;
  std::int64_t record_offset_bytes = 0;  // of $Volume
  std::int64_t record_bytes = 0;
};

Result<Super> parse(const Bytes& boot) {
  const std::int64_t sector = Boot::sector_size.get(boot);
  // Clusters of more than 128 sectors are told as an exponent.
  const std::uint8_t per_cluster = Boot::sectors_per_cluster.get(boot);
  const std::int64_t cluster =
      per_cluster <= 0x80 ? sector * per_cluster : size_of(per_cluster, 0) * sector;
  const std::uint64_t sectors = Boot::sectors.get(boot);
  const std::uint64_t files = Boot::files_cluster.get(boot);
  if (!power_of_two_within(sector, 512, 4096) || !power_of_two_within(cluster, sector, 2 << 20) ||
      sectors == 0 || sectors >> 48 != 0) {
    return fail(EINVAL, "looks like NTFS, but says it has ", sectors, " sectors of ", sector,
                " bytes in clusters of ", cluster);
  }
  Super result;
  result.record_bytes = size_of(Boot::record_size.get(boot), cluster);
  const auto clusters = sectors / static_cast<std::uint64_t>(cluster / sector);
  if (!power_of_two_within(result.record_bytes, 512, 65536) || files >= clusters) {
    return fail(EINVAL, "looks like NTFS, but says its table of files, of records of ",
                result.record_bytes, " bytes, begins in cluster ", files, " of ", clusters);
  }
  result.record_offset_bytes =
      static_cast<std::int64_t>(files) * cluster + kVolumeFile * result.record_bytes;
  result.info.kind = VolumeKind::ntfs;
  result.info.block_size_bytes = cluster;
  result.info.size_unit_bytes = sector;
  result.info.size_bytes = static_cast<std::int64_t>(sectors) * sector;
  return result;
}

// A record's sectors end in a number of their own, by which a torn write shows. What was there
// before it stands in a list; this puts it back. False when the record is torn or none at all.
bool mend(Bytes& record) {
  constexpr std::size_t kStride = 512;
  if (record.size() < kStride || !Record::magic.holds(record, "FILE")) return false;
  const std::size_t list = Record::fixups_offset.get(record);
  const std::size_t count = Record::fixups.get(record);
  if (count != record.size() / kStride + 1 || list + 2 * count > kStride - 2) return false;
  const std::uint16_t mark = layout::le16(list).get(record);
  for (std::size_t i = 1; i < count; ++i) {
    const auto end = layout::le16(i * kStride - 2);
    if (end.get(record) != mark) return false;
    end.set(record, layout::le16(list + 2 * i).get(record));
  }
  return true;
}

std::string name_in(std::span<const std::byte> value) {
  std::u16string name;
  for (std::size_t i = 0; i + 2 <= value.size(); i += 2) {
    name += static_cast<char16_t>(layout::le16(i).get(value));
  }
  return printable(utf8(name.substr(0, name.find(u'\0'))));
}

// The volume's name in the record of $Volume; empty when it has none, or when the record is beyond
// the end or can not be right: a volume is known by its boot sector.
std::string volume_name(Bytes record) {
  if (!mend(record)) return {};
  const std::span<const std::byte> all(record);
  std::size_t at = Record::first_attribute.get(record);
  while (at <= all.size() && all.size() - at >= Attribute::kBytes) {
    const auto rest = all.subspan(at);
    const std::uint32_t type = Attribute::type.get(rest);
    const std::size_t length = Attribute::length.get(rest);
    if (type == kNothingFollows || length < Attribute::kBytes || length > rest.size()) break;
    at += length;
    if (type != kVolumeName || Attribute::elsewhere.get(rest) != 0) continue;
    const std::size_t offset = Attribute::value_offset.get(rest);
    const std::size_t bytes = Attribute::value_length.get(rest);
    if (offset > length || bytes > length - offset) break;
    return name_in(rest.subspan(offset, bytes));
  }
  return {};
}

}  // namespace

Probe probe_ntfs(VolumeReader& reader) {
  const Result<Bytes> boot = co_await read_if_there(reader, 0, kBootBytes);
  if (!boot) co_return pass_on(boot);
  if (boot->empty() || !Boot::oem_name.holds(*boot, "NTFS")) co_return nullptr;
  if (Boot::signature.get(*boot) != kSignature) co_return nullptr;
  Result<Super> super = parse(*boot);
  if (!super) co_return pass_on(super);
  Result<Bytes> record =
      co_await read_if_there(reader, super->record_offset_bytes, super->record_bytes);
  if (!record) co_return pass_on(record);
  super->info.name = volume_name(std::move(*record));
  co_return std::make_unique<Volume>(std::move(super->info));
}

}  // namespace biotope::fs
