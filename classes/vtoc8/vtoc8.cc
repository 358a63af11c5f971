#include "classes/vtoc8/vtoc8.h"

#include <algorithm>
#include <limits>

#include "classes/layout.h"
#include "classes/slicer/checksum.h"
#include "classes/slicer/type_names.h"

namespace biotope::vtoc8 {

namespace {

struct Label {
  static constexpr std::size_t kBytes = 512;
  static constexpr std::size_t kPartitions = 8;
  static constexpr std::size_t kRawPartition = 2;  // "c"
  static constexpr std::uint32_t kVersion = 1;
  static constexpr std::uint32_t kSanity = 0x600DDEEE;
  static constexpr std::uint16_t kMagic = 0xDABE;

  static constexpr layout::Text text{0, 128};
  static constexpr auto version = layout::be32(128);
  static constexpr auto partition_count = layout::be16(140);
  static constexpr layout::Records tags{142, 4};
  static constexpr auto sanity = layout::be32(188);
  static constexpr auto rotations_per_minute = layout::be16(420);
  static constexpr auto physical_cylinders = layout::be16(422);
  static constexpr auto interleave = layout::be16(430);
  static constexpr auto cylinders = layout::be16(432);
  static constexpr auto heads = layout::be16(436);
  static constexpr auto sectors_per_track = layout::be16(438);
  static constexpr layout::Records places{444, 8};
  static constexpr auto magic = layout::be16(508);
  static constexpr auto checksum = layout::be16(510);
};

struct Tag {
  static constexpr auto type = layout::be16(0);
  static constexpr auto flags = layout::be16(2);
};

struct Place {
  static constexpr auto cylinder = layout::be32(0);
  static constexpr auto length = layout::be32(4);  // in sectors
};

constexpr unsigned kBackup = 0x05;  // the usual type of "c"

constexpr TypeName kTypes[] = {{"unassigned", "0x00"},
                               {"boot", "0x01"},
                               {"root", "0x02"},
                               {"swap", "0x03"},
                               {"usr", "0x04"},
                               {"backup", "0x05"},
                               {"stand", "0x06"},
                               {"var", "0x07"},
                               {"home", "0x08"},
                               {"alternates", "0x09"},
                               {"linux-swap", "0x82"},
                               {"linux-data", "0x83"},
                               {"linux-lvm", "0x8e"},
                               {"linux-raid", "0xfd"},
                               {"freebsd-swap", "0x901"},
                               {"freebsd-ufs", "0x902"},
                               {"freebsd-vinum", "0x903"},
                               {"freebsd-zfs", "0x904"},
                               {"freebsd-nandfs", "0x905"}};

std::int64_t sectors_per_cylinder(std::span<const std::byte> label) {
  return std::int64_t{Label::heads.get(label)} * Label::sectors_per_track.get(label);
}

// Labels of old have no types.
bool has_types(std::span<const std::byte> label) {
  return Label::sanity.get(label) == Label::kSanity;
}

Status check_header(std::span<const std::byte> label) {
  if (checksum::exclusive_or(label) != 0) return fail(EINVAL, "its checksum is wrong");
  if (sectors_per_cylinder(label) == 0) return fail(EINVAL, "its cylinders have no sectors");
  if (has_types(label) && Label::partition_count.get(label) != Label::kPartitions) {
    return fail(EINVAL, "it claims ", Label::partition_count.get(label), " partitions, not ",
                Label::kPartitions);
  }
  return {};
}

void add_entry(Table& table, std::span<const std::byte> label, std::size_t i,
               const Properties& medium) {
  const auto place = Label::places.at(label, i);
  if (Place::length.get(place) == 0) return;
  // 80 bits could be claimed, so what lies outside the medium is as far outside as need be.
  const std::uint64_t start =
      Place::cylinder.get(place) * static_cast<std::uint64_t>(sectors_per_cylinder(label));
  const auto most = static_cast<std::uint64_t>(medium.sector_count());
  table.slices.push_back(
      {.index = static_cast<int>(i + 1),
       .suffix = std::string(1, static_cast<char>('a' + i)),
       .start_bytes = static_cast<std::int64_t>(std::min(start, most)) * medium.sector_size_bytes,
       .length_bytes = Place::length.get(place) * medium.sector_size_bytes,
       .type = byte_type(has_types(label) ? Tag::type.get(Label::tags.at(label, i)) : 0U),
       .raw = i == Label::kRawPartition});
}

Result<Table> table_in(std::span<const std::byte> label, const Properties& medium) {
  if (const Status fine = check_header(label); !fine) return pass_on(fine);
  Table table{.scheme = "VTOC8",
              .leaf = true,
              .unit_bytes = sectors_per_cylinder(label) * medium.sector_size_bytes,
              .last_index = Label::kPartitions};
  if (!has_types(label)) {
    table.notes.emplace_back("the Sun label is of the kind that gives partitions no types");
  }
  for (std::size_t i = 0; i < Label::kPartitions; ++i) add_entry(table, label, i, medium);
  return accept(std::move(table), medium);
}

// Writing ----------------------------------------------------------------------------------------

void set_checksum(std::span<std::byte> label) {
  Label::checksum.set(label, 0);
  // The sum is made of bytes as they lie there, so it is written as they lie there.
  layout::le16(Label::checksum.offset()).set(label, checksum::exclusive_or(label));
}

void give_types(std::span<std::byte> label) {
  if (has_types(label)) return;
  Label::version.set(label, Label::kVersion);
  Label::partition_count.set(label, Label::kPartitions);
  Label::sanity.set(label, Label::kSanity);
  for (std::size_t i = 0; i < Label::kPartitions; ++i) {
    std::ranges::fill(Label::tags.at(label, i), std::byte{0});
  }
}

Status set_entry(std::span<std::byte> label, const Slice& slice, const Properties& medium) {
  const auto i = static_cast<std::size_t>(slice.index - 1);
  const std::int64_t start = slice.start_bytes / medium.sector_size_bytes;
  const std::int64_t length = slice.length_bytes / medium.sector_size_bytes;
  if (start % sectors_per_cylinder(label) != 0 ||
      length > std::numeric_limits<std::uint32_t>::max()) {
    return fail(EINVAL, "partition ", slice.suffix, " can not have ", length, " sectors from ",
                start, " on: partitions start at cylinders, of ", sectors_per_cylinder(label),
                " sectors, and have less than 2^32");
  }
  Tag::type.set(Label::tags.at(label, i), word_of_type(slice.type));
  Place::cylinder.set(Label::places.at(label, i),
                      static_cast<std::uint32_t>(start / sectors_per_cylinder(label)));
  Place::length.set(Label::places.at(label, i), static_cast<std::uint32_t>(length));
  return {};
}

// What the disk says, or what makes cylinders neither too many to count nor larger than need be.
NativeGeometry geometry_of(const Properties& medium) {
  NativeGeometry geometry = medium.native;
  constexpr std::int64_t kFewSectors = 2 << 20;
  const bool small = medium.sector_count() < kFewSectors;
  const auto fits = [](std::int32_t value) { return value > 0 && value <= 0xFFFF; };
  if (!fits(geometry.heads) || !fits(geometry.sectors_per_track)) {
    geometry.heads = small ? 4 : 255;
    geometry.sectors_per_track = small ? 32 : 63;
  }
  const std::int64_t cylinders =
      medium.sector_count() / geometry.heads / geometry.sectors_per_track;
  geometry.cylinders = static_cast<std::int32_t>(std::min<std::int64_t>(cylinders, 0xFFFF));
  return geometry;
}

void fill_in(std::span<std::byte> label, const NativeGeometry& geometry) {
  const auto cylinders = static_cast<std::uint16_t>(geometry.cylinders);
  const auto heads = static_cast<std::uint16_t>(geometry.heads);
  const auto sectors = static_cast<std::uint16_t>(geometry.sectors_per_track);
  Label::text.set(label, sentence("disk cyl ", cylinders, " alt 0 hd ", heads, " sec ", sectors));
  Label::rotations_per_minute.set(label, 3600);
  Label::physical_cylinders.set(label, cylinders);
  Label::interleave.set(label, 1);
  Label::cylinders.set(label, cylinders);
  Label::heads.set(label, heads);
  Label::sectors_per_track.set(label, sectors);
  Label::magic.set(label, Label::kMagic);
  give_types(label);
  const std::uint64_t length = std::uint64_t{cylinders} * heads * sectors;
  Tag::type.set(Label::tags.at(label, Label::kRawPartition), kBackup);
  Place::length.set(Label::places.at(label, Label::kRawPartition),
                    static_cast<std::uint32_t>(std::min<std::uint64_t>(
                        length, std::numeric_limits<std::uint32_t>::max())));
}

class Vtoc8Scheme final : public Scheme {
 public:
  std::string_view name() const override { return "VTOC8"; }

  Result<Table> parse(Sectors& sectors, const Surroundings&) const override {
    if (sectors.sector_bytes() != Label::kBytes) {
      return fail(kNoTable, "Sun labels lie in sectors of ", Label::kBytes, " bytes");
    }
    const Result<Bytes> sector = sectors.at(0);
    if (!sector) return pass_on(sector);
    if (Label::magic.get(*sector) != Label::kMagic) return fail(kNoTable, "there is no Sun label");
    return table_in(*sector, sectors.medium());
  }

  Status encode(Sectors& sectors, const Table& before, const Table& after) const override {
    const auto label = sectors.change(0);
    give_types(label);
    for (int index = 1; index <= after.last_index; ++index) {
      const Slice* old = before.slice(index);
      const Slice* slice = after.slice(index);
      if (slice != nullptr && (old == nullptr || *old != *slice)) {
        if (Status set = set_entry(label, *slice, sectors.medium()); !set) return set;
      } else if (slice == nullptr && old != nullptr) {
        const auto i = static_cast<std::size_t>(index - 1);
        std::ranges::fill(Label::tags.at(label, i), std::byte{0});
        std::ranges::fill(Label::places.at(label, i), std::byte{0});
      }
    }
    set_checksum(label);
    return {};
  }

  Status create(Sectors& sectors, const Blank&) const override {
    const NativeGeometry geometry = geometry_of(sectors.medium());
    if (sectors.sector_bytes() != Label::kBytes || geometry.cylinders == 0) {
      return fail(ENOSPC, "a Sun label needs a cylinder of ",
                  geometry.heads * geometry.sectors_per_track, " sectors of ", Label::kBytes,
                  " bytes; there are ", sectors.sector_count(), " of ", sectors.sector_bytes());
    }
    const auto label = sectors.change(0);
    std::ranges::fill(label, std::byte{0});
    fill_in(label, geometry);
    set_checksum(label);
    return {};
  }

  Status erase(Sectors& sectors, const Table&) const override {
    std::ranges::fill(sectors.change(0), std::byte{0});
    return {};
  }

  std::span<const TypeName> type_names() const override { return kTypes; }
  Result<Slice> complete(const Table&, Slice slice) const override {
    const Result<std::string> type =
        word_type_called(kTypes, slice.type.empty() ? "freebsd-ufs" : slice.type);
    if (!type) return pass_on(type);
    slice.type = *type;
    slice.raw = slice.index == static_cast<int>(Label::kRawPartition) + 1;
    return slice;
  }

  std::string suffix(int index) const override {
    return std::string(1, static_cast<char>('a' + index - 1));
  }
};

}  // namespace

const Scheme& scheme() {
  static const Vtoc8Scheme vtoc8;
  return vtoc8;
}

}  // namespace biotope::vtoc8
