#include "classes/sgi/sgi.h"

#include <algorithm>
#include <limits>

#include "classes/layout.h"
#include "classes/slicer/type_names.h"

namespace biotope::sgi {

namespace {

struct Header {
  static constexpr std::size_t kBytes = 512;
  static constexpr std::size_t kPartitions = 16;
  static constexpr std::uint32_t kMagic = 0x0BE5A941;

  static constexpr auto magic = layout::be32(0);
  static constexpr auto root_partition = layout::be16(4);
  static constexpr auto swap_partition = layout::be16(6);
  static constexpr layout::Text boot_file{8, 16};
  static constexpr auto cylinders = layout::be16(28);
  static constexpr auto heads = layout::be16(32);
  static constexpr auto sectors_per_track = layout::be16(38);
  static constexpr auto sector_bytes = layout::be16(40);
  static constexpr auto interleave = layout::be16(42);
  static constexpr layout::Records partitions{312, 12};
  static constexpr auto checksum = layout::be32(504);
};

struct Entry {
  static constexpr auto length = layout::be32(0);  // in sectors
  static constexpr auto start = layout::be32(4);   // in sectors
  static constexpr auto type = layout::be32(8);
};

constexpr unsigned kVolumeHeader = 0x00;
constexpr unsigned kVolume = 0x06;
// Where these two lie by custom, counted from 1, and how long the first is.
constexpr std::size_t kVolumeHeaderIndex = 9;
constexpr std::size_t kVolumeIndex = 11;
constexpr std::int64_t kVolumeHeaderSectors = 4096;

constexpr TypeName kTypes[] = {
    {"volhdr", "0x00"},    {"repl", "0x01"},      {"secrepl", "0x02"},    {"swap", "0x03"},
    {"bsd", "0x04"},       {"sysv", "0x05"},      {"volume", "0x06"},     {"efs", "0x07"},
    {"lvol", "0x08"},      {"rlvol", "0x09"},     {"xfs", "0x0a"},        {"xfslog", "0x0b"},
    {"xlv", "0x0c"},       {"xvm", "0x0d"},       {"linux-swap", "0x82"}, {"linux-data", "0x83"},
    {"linux-lvm", "0x8e"}, {"linux-raid", "0xfd"}};

// 0 when the checksum is right.
std::uint32_t sum_of(std::span<const std::byte> header) {
  std::uint32_t sum = 0;
  for (std::size_t at = 0; at < Header::kBytes; at += 4) sum += layout::be32(at).get(header);
  return sum;
}

void set_checksum(std::span<std::byte> header) {
  Header::checksum.set(header, 0);
  Header::checksum.set(header, 0U - sum_of(header));
}

void add_entry(Table& table, std::span<const std::byte> header, std::size_t i,
               const Properties& medium) {
  const auto entry = Header::partitions.at(header, i);
  if (Entry::length.get(entry) == 0) return;
  const unsigned type = Entry::type.get(entry);
  table.slices.push_back({.index = static_cast<int>(i + 1),
                          .suffix = sentence('s', i + 1),
                          .start_bytes = Entry::start.get(entry) * medium.sector_size_bytes,
                          .length_bytes = Entry::length.get(entry) * medium.sector_size_bytes,
                          .type = byte_type(type),
                          .raw = type == kVolumeHeader || type == kVolume});
}

// Behind the volume header, where there is one; but some disks have partitions in it.
Extent usable_of(const Table& table, const Properties& medium) {
  const std::int64_t sector = medium.sector_size_bytes;
  const std::int64_t most =
      std::min<std::int64_t>(medium.sector_count(), std::numeric_limits<std::uint32_t>::max());
  std::int64_t start = sector;
  for (const Slice& slice : table.slices) {
    const bool is_header = slice.raw && slice.start_bytes == 0 && slice.type == byte_type(0);
    if (is_header) start = std::max(start, std::min(slice.length_bytes, most * sector));
  }
  for (const Slice& slice : table.slices) {
    if (!slice.raw) start = std::min(start, slice.start_bytes);
  }
  return {start, most * sector};
}

Result<Table> table_in(std::span<const std::byte> header, const Properties& medium) {
  if (sum_of(header) != 0) return fail(EINVAL, "its checksum is wrong");
  Table table{.scheme = "SGI", .last_index = Header::kPartitions};
  for (std::size_t i = 0; i < Header::kPartitions; ++i) add_entry(table, header, i, medium);
  table.usable = usable_of(table, medium);
  return accept(std::move(table), medium);
}

// Writing ----------------------------------------------------------------------------------------

void set_entry(std::span<std::byte> header, std::size_t i, std::int64_t start, std::int64_t length,
               unsigned type) {
  const auto entry = Header::partitions.at(header, i);
  Entry::start.set(entry, static_cast<std::uint32_t>(start));
  Entry::length.set(entry, static_cast<std::uint32_t>(length));
  Entry::type.set(entry, type);
}

void fill_in(std::span<std::byte> header, const Properties& medium) {
  const std::int64_t sectors = medium.sector_count();
  const std::int32_t heads = medium.native.heads > 0 ? medium.native.heads : 255;
  const std::int32_t per_track =
      medium.native.sectors_per_track > 0 ? medium.native.sectors_per_track : 63;
  Header::magic.set(header, Header::kMagic);
  Header::swap_partition.set(header, 1);
  Header::boot_file.set(header, "/unix");
  Header::cylinders.set(header, static_cast<std::uint16_t>(
                                    std::min<std::int64_t>(sectors / heads / per_track, 0xFFFF)));
  Header::heads.set(header, static_cast<std::uint16_t>(heads));
  Header::sectors_per_track.set(header, static_cast<std::uint16_t>(per_track));
  Header::sector_bytes.set(header, static_cast<std::uint16_t>(medium.sector_size_bytes));
  Header::interleave.set(header, 1);
  set_entry(header, kVolumeHeaderIndex - 1, 0, std::min(kVolumeHeaderSectors, sectors / 4),
            kVolumeHeader);
  set_entry(header, kVolumeIndex - 1, 0,
            std::min<std::int64_t>(sectors, std::numeric_limits<std::uint32_t>::max()), kVolume);
}

class SgiScheme final : public Scheme {
 public:
  std::string_view name() const override { return "SGI"; }

  Result<Table> parse(Sectors& sectors, const Surroundings& where) const override {
    // The volume and its header start where the disk does, so they would show the table again.
    if (where.scheme == "SGI") return fail(kNoTable, "an SGI label does not lie inside another");
    if (sectors.sector_bytes() < std::int64_t{Header::kBytes}) {
      return fail(kNoTable, "the sectors are too small for an SGI label");
    }
    const Result<Bytes> sector = sectors.at(0);
    if (!sector) return pass_on(sector);
    if (Header::magic.get(*sector) != Header::kMagic) {
      return fail(kNoTable, "there is no SGI label");
    }
    return table_in(*sector, sectors.medium());
  }

  Status encode(Sectors& sectors, const Table& before, const Table& after) const override {
    const auto header = sectors.change(0);
    const std::int64_t sector = sectors.sector_bytes();
    for (int index = 1; index <= after.last_index; ++index) {
      const Slice* old = before.slice(index);
      const Slice* slice = after.slice(index);
      const auto i = static_cast<std::size_t>(index - 1);
      if (slice != nullptr && (old == nullptr || *old != *slice)) {
        set_entry(header, i, slice->start_bytes / sector, slice->length_bytes / sector,
                  byte_of_type(slice->type));
      } else if (slice == nullptr && old != nullptr) {
        std::ranges::fill(Header::partitions.at(header, i), std::byte{0});
      }
    }
    set_checksum(header);
    return {};
  }

  Status create(Sectors& sectors, const Blank&) const override {
    constexpr std::int64_t kLeastSectors = 16;
    const std::int64_t size = sectors.sector_bytes();
    if (size < std::int64_t{Header::kBytes} || size > 0x8000 ||
        sectors.sector_count() < kLeastSectors) {
      return fail(ENOSPC, "an SGI label needs ", kLeastSectors,
                  " sectors of 512 to 32768 bytes; there are ", sectors.sector_count(), " of ",
                  size);
    }
    const auto header = sectors.change(0);
    std::ranges::fill(header, std::byte{0});
    fill_in(header, sectors.medium());
    set_checksum(header);
    return {};
  }

  Status erase(Sectors& sectors, const Table&) const override {
    std::ranges::fill(sectors.change(0), std::byte{0});
    return {};
  }

  std::span<const TypeName> type_names() const override { return kTypes; }
  Result<Slice> complete(const Table&, Slice slice) const override {
    const Result<std::string> type =
        byte_type_called(kTypes, slice.type.empty() ? "linux-data" : slice.type);
    if (!type) return pass_on(type);
    slice.type = *type;
    slice.raw = *type == byte_type(kVolumeHeader) || *type == byte_type(kVolume);
    return slice;
  }
};

}  // namespace

const Scheme& scheme() {
  static const SgiScheme sgi;
  return sgi;
}

}  // namespace biotope::sgi
