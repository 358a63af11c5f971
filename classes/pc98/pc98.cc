#include "classes/pc98/pc98.h"

#include <algorithm>

#include "classes/layout.h"
#include "classes/slicer/type_names.h"

namespace biotope::pc98 {

namespace {

struct Boot {
  static constexpr std::uint16_t kSignature = 0xAA55;
  static constexpr layout::Text mark{4, 4};
  static constexpr auto signature = layout::le16(510);
};
constexpr std::string_view kMark = "IPL1";

constexpr std::size_t kPartitions = 16;
constexpr layout::Records kEntries(0, 32);  // in sector 1

// The low seven bits of the first two bytes are the partition's type.
struct Entry {
  static constexpr auto bootable = layout::u8(0);
  static constexpr auto active = layout::u8(1);
  static constexpr auto loader_cylinder = layout::le16(6);
  static constexpr auto first_sector = layout::u8(8);
  static constexpr auto first_head = layout::u8(9);
  static constexpr auto first_cylinder = layout::le16(10);
  static constexpr auto last_sector = layout::u8(12);
  static constexpr auto last_head = layout::u8(13);
  static constexpr auto last_cylinder = layout::le16(14);
  static constexpr layout::Text name{16, 16, ' '};

  static constexpr std::uint8_t kFlag = 0x80;
};

constexpr TypeName kTypes[] = {{"fat12", "0x1120"},   {"fat16", "0x2120"},
                               {"ntfs", "0x3120"},    {"fat32", "0x6120"},
                               {"freebsd", "0x4414"}, {"linux-data", "0x6220"}};

struct Geometry {
  std::int64_t heads = 0;
  std::int64_t sectors_per_track = 0;

  std::int64_t sectors_per_cylinder() const { return heads * sectors_per_track; }
};

bool in_use(std::span<const std::byte> entry) {
  return Entry::bootable.get(entry) != 0 && Entry::active.get(entry) != 0;
}

Geometry usual_geometry(const Properties& medium) {
  const auto fits = [](std::int32_t value) { return value > 0 && value <= 256; };
  if (fits(medium.native.heads) && fits(medium.native.sectors_per_track)) {
    return {medium.native.heads, medium.native.sectors_per_track};
  }
  constexpr Geometry kKnown[] = {{4, 32}, {16, 63}, {255, 63}};
  for (const Geometry& geometry : kKnown) {
    if (medium.sector_count() / geometry.sectors_per_cylinder() <= 0xFFFF) return geometry;
  }
  return kKnown[2];
}

// The table does not say how long cylinders are. Partitions end where a cylinder ends, so the last
// sector of one says it, where it is filled in.
Geometry geometry_of(std::span<const std::byte> entries, const Properties& medium) {
  Geometry found;
  for (std::size_t i = 0; i < kPartitions; ++i) {
    const auto entry = kEntries.at(entries, i);
    if (!in_use(entry)) continue;
    found.heads = std::max<std::int64_t>(found.heads, Entry::last_head.get(entry));
    found.sectors_per_track =
        std::max<std::int64_t>(found.sectors_per_track, Entry::last_sector.get(entry));
  }
  if (found.heads == 0 && found.sectors_per_track == 0) return usual_geometry(medium);
  return {found.heads + 1, found.sectors_per_track + 1};
}

std::string type_of(std::span<const std::byte> entry) {
  const unsigned low = Entry::bootable.get(entry) & 0x7FU;
  const unsigned high = Entry::active.get(entry) & 0x7FU;
  return byte_type(high << 8 | low);
}

Status check_entry(std::size_t number, std::span<const std::byte> entry) {
  const unsigned first = Entry::first_cylinder.get(entry);
  const unsigned last = Entry::last_cylinder.get(entry);
  if (first == 0 || last == 0) {
    return fail(EINVAL, "entry ", number, " lies in cylinder 0, where the table is");
  }
  if (last < first) {
    return fail(EINVAL, "entry ", number, " ends in cylinder ", last, " and starts in ", first);
  }
  return {};
}

Status add_entry(Table& table, std::size_t i, std::span<const std::byte> entry) {
  if (!in_use(entry)) return {};
  if (Status fine = check_entry(i + 1, entry); !fine) return fine;
  const std::int64_t first = Entry::first_cylinder.get(entry);
  const std::int64_t last = Entry::last_cylinder.get(entry);
  Slice slice{.index = static_cast<int>(i + 1),
              .suffix = sentence('s', i + 1),
              .start_bytes = first * table.unit_bytes,
              .length_bytes = (last + 1 - first) * table.unit_bytes,
              .type = type_of(entry),
              .label = Entry::name.get(entry)};
  if ((Entry::bootable.get(entry) & Entry::kFlag) != 0) slice.attributes.insert("bootable");
  if ((Entry::active.get(entry) & Entry::kFlag) != 0) slice.attributes.insert("active");
  table.slices.push_back(std::move(slice));
  return {};
}

Result<Table> table_in(std::span<const std::byte> entries, const Properties& medium) {
  const std::int64_t cylinder_bytes =
      geometry_of(entries, medium).sectors_per_cylinder() * medium.sector_size_bytes;
  const std::int64_t cylinders =
      std::min<std::int64_t>(medium.media_size_bytes / cylinder_bytes, 0x10000);
  Table table{.scheme = "PC98",
              .usable = {cylinder_bytes, std::max<std::int64_t>(cylinders, 2) * cylinder_bytes},
              .unit_bytes = cylinder_bytes,
              .last_index = kPartitions};
  for (std::size_t i = 0; i < kPartitions; ++i) {
    if (Status added = add_entry(table, i, kEntries.at(entries, i)); !added) return pass_on(added);
  }
  return accept(std::move(table), medium);
}

// Writing ----------------------------------------------------------------------------------------

void set_flags(std::span<std::byte> entry, const Slice& slice) {
  const unsigned type = word_of_type(slice.type);
  const auto flag = [&](const char* name) {
    return slice.attributes.contains(name) ? Entry::kFlag : 0U;
  };
  Entry::bootable.set(entry, static_cast<std::uint8_t>((type & 0x7F) | flag("bootable")));
  Entry::active.set(entry, static_cast<std::uint8_t>((type >> 8 & 0x7F) | flag("active")));
}

Status set_place(std::span<std::byte> entry, const Slice& slice, const Geometry& geometry,
                 std::int64_t cylinder_bytes) {
  if (slice.start_bytes % cylinder_bytes != 0 || slice.length_bytes % cylinder_bytes != 0) {
    return fail(EINVAL, "partition ", slice.suffix, " can not have ", slice.length_bytes,
                " bytes from ", slice.start_bytes, " on: a PC-98 has whole cylinders, of ",
                cylinder_bytes, " bytes");
  }
  const auto first = static_cast<std::uint16_t>(slice.start_bytes / cylinder_bytes);
  const auto last = static_cast<std::uint16_t>(slice.end_bytes() / cylinder_bytes - 1);
  Entry::loader_cylinder.set(entry, first);
  Entry::first_cylinder.set(entry, first);
  Entry::last_sector.set(entry, static_cast<std::uint8_t>(geometry.sectors_per_track - 1));
  Entry::last_head.set(entry, static_cast<std::uint8_t>(geometry.heads - 1));
  Entry::last_cylinder.set(entry, last);
  return {};
}

class Pc98Scheme final : public Scheme {
 public:
  std::string_view name() const override { return "PC98"; }

  Result<Table> parse(Sectors& sectors, const Surroundings& where) const override {
    if (where.scheme == name()) return fail(kNoTable, "PC-98 tables do not lie inside each other");
    if (sectors.sector_bytes() < 512 || sectors.sector_count() < 2) {
      return fail(kNoTable, "the medium is too small for a PC-98's table");
    }
    const Result<Bytes> boot = sectors.at(0);
    if (!boot) return pass_on(boot);
    if (Boot::signature.get(*boot) != Boot::kSignature || !Boot::mark.holds(*boot, kMark)) {
      return fail(kNoTable, "it is not the boot sector of a PC-98");
    }
    const Result<Bytes> entries = sectors.at(1);
    if (!entries) return pass_on(entries);
    return table_in(*entries, sectors.medium());
  }

  Status encode(Sectors& sectors, const Table& before, const Table& after) const override {
    const auto entries = sectors.change(1);
    const Geometry geometry = geometry_of(entries, sectors.medium());
    for (int index = 1; index <= after.last_index; ++index) {
      const Slice* old = before.slice(index);
      const Slice* slice = after.slice(index);
      const auto entry = kEntries.at(entries, static_cast<std::size_t>(index - 1));
      if (slice == nullptr) {
        if (old != nullptr) std::ranges::fill(entry, std::byte{0});
        continue;
      }
      if (old != nullptr && *old == *slice) continue;
      set_flags(entry, *slice);
      Entry::name.set(entry, slice->label);
      const bool stays = old != nullptr && old->start_bytes == slice->start_bytes &&
                         old->length_bytes == slice->length_bytes;
      if (stays) continue;
      if (Status set = set_place(entry, *slice, geometry, before.unit_bytes); !set) return set;
    }
    return {};
  }

  Status create(Sectors& sectors, const Blank&) const override {
    const std::int64_t cylinder = usual_geometry(sectors.medium()).sectors_per_cylinder();
    if (sectors.sector_bytes() < 512 || sectors.sector_count() < 2 * cylinder) {
      return fail(ENOSPC, "a PC-98's table needs two cylinders of ", cylinder,
                  " sectors of 512 bytes or more; there are ", sectors.sector_count(), " of ",
                  sectors.sector_bytes());
    }
    const auto boot = sectors.change(0);
    std::ranges::fill(boot, std::byte{0});
    Boot::mark.set(boot, kMark);
    Boot::signature.set(boot, Boot::kSignature);
    std::ranges::fill(sectors.change(1), std::byte{0});
    return {};
  }

  Status erase(Sectors& sectors, const Table&) const override {
    std::ranges::fill(sectors.change(0), std::byte{0});
    std::ranges::fill(sectors.change(1), std::byte{0});
    return {};
  }

  std::span<const TypeName> type_names() const override { return kTypes; }
  Result<Slice> complete(const Table&, Slice slice) const override {
    const Result<std::string> type =
        word_type_called(kTypes, slice.type.empty() ? "freebsd" : slice.type);
    if (!type) return pass_on(type);
    slice.type = *type;
    return slice;
  }
};

}  // namespace

const Scheme& scheme() {
  static const Pc98Scheme pc98;
  return pc98;
}

}  // namespace biotope::pc98
