#include "classes/bsd/bsd.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "classes/layout.h"
#include "classes/slicer/checksum.h"
#include "classes/slicer/type_names.h"

namespace biotope {

namespace bsd {

namespace {

constexpr std::uint32_t kMagic = 0x82564557;
constexpr std::size_t kRawPartition = 2;  // "c"
constexpr std::size_t kUsualPartitions = 8;
constexpr std::size_t kMaxPartitions = 22;
constexpr std::size_t kAlphaOffset = 64;
constexpr std::size_t kBootBytes = 8192;

constexpr TypeName kTypes[] = {
    {"unused", "0x00"}, {"freebsd-swap", "0x01"},  {"freebsd-ufs", "0x07"},
    {"msdos", "0x08"},  {"hpfs", "0x0b"},          {"iso9660", "0x0c"},
    {"boot", "0x0d"},   {"freebsd-vinum", "0x0e"}, {"ext2fs", "0x11"},
    {"ntfs", "0x12"},   {"freebsd-zfs", "0x1b"},   {"freebsd-nandfs", "0x1e"},
};

// Labels are written in the byte order of the machine that made them.
struct LabelLayout {
  explicit constexpr LabelLayout(std::endian order)
      : magic(0, order),
        sector_bytes(40, order),
        sectors_per_track(44, order),
        tracks_per_cylinder(48, order),
        cylinders(52, order),
        sectors_per_cylinder(56, order),
        sectors(60, order),
        rotations_per_minute(72, order),
        interleave(74, order),
        magic_again(132, order),
        checksum(136, order),
        partition_count(138, order),
        boot_bytes(140, order),
        superblock_bytes(144, order),
        length(0, order),
        start(4, order) {}

  layout::Number<std::uint32_t> magic;
  layout::Number<std::uint32_t> sector_bytes;
  layout::Number<std::uint32_t> sectors_per_track;
  layout::Number<std::uint32_t> tracks_per_cylinder;
  layout::Number<std::uint32_t> cylinders;
  layout::Number<std::uint32_t> sectors_per_cylinder;
  layout::Number<std::uint32_t> sectors;
  layout::Number<std::uint16_t> rotations_per_minute;
  layout::Number<std::uint16_t> interleave;
  layout::Number<std::uint32_t> magic_again;
  layout::Number<std::uint16_t> checksum;
  layout::Number<std::uint16_t> partition_count;
  layout::Number<std::uint32_t> boot_bytes;
  layout::Number<std::uint32_t> superblock_bytes;
  static constexpr layout::Records entries{148, 16};
  // Within an entry.
  layout::Number<std::uint32_t> length;  // in sectors
  layout::Number<std::uint32_t> start;   // in sectors
  static constexpr auto type = layout::u8(12);
};

// Where a label is and how it is written.
struct Place {
  LabelLayout fields{std::endian::little};
  std::int64_t sector = 0;
  std::size_t offset = 0;  // within the sector
  bool alpha = false;

  // From the label to the end of its sector.
  template <class Bytes>
  auto label_in(Bytes&& sector_bytes) const {
    const auto all = layout::detail::view(sector_bytes);
    return all.subspan(offset);
  }
};

using Label = std::span<const std::byte>;

// kNoTable when there is none.
Result<Place> find_label(Sectors& sectors) {
  constexpr std::array kOrders = {std::endian::little, std::endian::big};
  const std::int64_t size = sectors.sector_bytes();
  for (const std::int64_t at : {size, static_cast<std::int64_t>(kAlphaOffset)}) {
    Place place{.sector = at / size,
                .offset = static_cast<std::size_t>(at % size),
                .alpha = at == kAlphaOffset};
    const std::size_t room = static_cast<std::size_t>(size) - place.offset;
    if (place.sector >= sectors.sector_count() || room < LabelLayout::entries.offset()) continue;
    const Result<Bytes> sector = sectors.at(place.sector);
    if (!sector) return pass_on(sector);
    for (const std::endian order : kOrders) {
      place.fields = LabelLayout(order);
      if (place.fields.magic.get(place.label_in(*sector)) == kMagic) return place;
    }
  }
  return fail(kNoTable, "there is no disklabel");
}

std::size_t partition_count(const Place& place, Label label) {
  return place.fields.partition_count.get(label);
}

// How many partitions there is room for in the label's sector.
std::size_t most_partitions(Label label) {
  const std::size_t room =
      (label.size() - LabelLayout::entries.offset()) / LabelLayout::entries.stride();
  return std::min(room, kMaxPartitions);
}

Label summed(const Place& place, Label label) {
  return label.first(LabelLayout::entries.end(partition_count(place, label)));
}

Status check_header(const Place& place, Label label, const Properties& medium) {
  if (place.fields.magic_again.get(label) != kMagic) {
    return fail(EINVAL, "the second of its two magic words is wrong");
  }
  const std::int64_t sector = place.fields.sector_bytes.get(label);
  if (sector != medium.sector_size_bytes) {
    return fail(EINVAL, "it counts in sectors of ", sector,
                " bytes, and the medium has sectors of ", medium.sector_size_bytes);
  }
  const std::size_t count = partition_count(place, label);
  if (count == 0 || count > most_partitions(label)) {
    return fail(EINVAL, "it claims ", count, " partitions, and there is room for 1 to ",
                most_partitions(label));
  }
  return {};
}

// In sectors: what the offsets in the label count from. In a slice they may count from the start of
// the disk; then "c", which is all of the slice, says where that is. Alphas have no slices.
std::int64_t base_of(const Place& place, Label label) {
  if (place.alpha || partition_count(place, label) <= kRawPartition) return 0;
  return place.fields.start.get(LabelLayout::entries.at(label, kRawPartition));
}

// Entries without a size say nothing, but for c's start.
bool counted(std::size_t i, const Place& place, Label label) {
  return i == kRawPartition || place.fields.length.get(LabelLayout::entries.at(label, i)) != 0;
}

bool can_count_from(std::int64_t origin, const Place& place, Label label) {
  for (std::size_t i = 0; i < partition_count(place, label); ++i) {
    if (!counted(i, place, label)) continue;
    const std::int64_t start =
        place.fields.start.get(LabelLayout::entries.at(label, i)) - base_of(place, label);
    if (start < 0 || start + origin > std::numeric_limits<std::uint32_t>::max()) return false;
  }
  return origin >= 0;
}

// "c" stands for all of the disk as long as nobody has given it a type of its own.
bool is_raw(std::size_t i, unsigned type) { return i == kRawPartition && type == 0; }

void add_entry(Table& table, const Place& place, Label label, std::size_t i,
               const Properties& medium) {
  const auto entry = LabelLayout::entries.at(label, i);
  const std::int64_t length = place.fields.length.get(entry);
  if (length == 0) return;
  const char letter = static_cast<char>('a' + i);
  const std::int64_t start = place.fields.start.get(entry) - base_of(place, label);
  if (start < 0) {
    table.notes.push_back(sentence("BSD partition ", letter, " is left out: it starts ", -start,
                                   " sectors before c, where the label's disk begins"));
    return;
  }
  const unsigned type = LabelLayout::type.get(entry);
  const bool raw = is_raw(i, type);
  if (i == kRawPartition && start + length > medium.sector_count()) {
    table.notes.push_back(sentence("BSD partition c is left out: it claims ", start + length,
                                   " sectors, and there are ", medium.sector_count()));
    return;
  }
  table.slices.push_back({.index = static_cast<int>(i + 1),
                          .suffix = std::string(1, letter),
                          .start_bytes = start * medium.sector_size_bytes,
                          .length_bytes = length * medium.sector_size_bytes,
                          .type = byte_type(type),
                          .raw = raw});
}

Result<Table> table_in(const Place& place, Label label, const Properties& medium) {
  if (const Status fine = check_header(place, label, medium); !fine) return pass_on(fine);
  Table table{.scheme = "BSD",
              .leaf = true,
              .may_overlap = true,
              .first_index = 1,
              .last_index = static_cast<int>(most_partitions(label))};
  if (checksum::exclusive_or(summed(place, label)) != 0) {
    table.notes.emplace_back("the BSD label's checksum is wrong; it is used all the same");
  }
  for (std::size_t i = 0; i < partition_count(place, label); ++i) {
    add_entry(table, place, label, i, medium);
  }
  return accept(std::move(table), medium);
}

// The types of partitions that hold a label which counts like this: FreeBSD's, NetBSD's and
// DragonFly's of an MBR, FreeBSD's of a GPT. What lies in another system's partition is left over
// from before.
bool may_lie_in(const Surroundings& where) {
  if (where.scheme == "MBR" || where.scheme == "EBR") {
    return where.type == "0xa5" || where.type == "0xa9" || where.type == "0x6c";
  }
  return where.scheme != "GPT" || where.type == "516e7cb4-6ecf-11d6-8ff8-00022d09712b";
}

// Writing ----------------------------------------------------------------------------------------

void set_checksum(const Place& place, std::span<std::byte> label) {
  place.fields.checksum.set(label, 0);
  // The sum is made of bytes as they lie there, so it is written as they lie there.
  layout::le16(place.fields.checksum.offset())
      .set(label, checksum::exclusive_or(summed(place, label)));
}

// An Alpha starts what is in sector 0 only if the sum of its 64-bit words is in the last of them.
struct BootBlock {
  static constexpr layout::Records words{0, 8};
  static constexpr std::size_t kWords = 63;
  static constexpr auto word = layout::le64(0);
  static constexpr auto sum = layout::le64(504);
};

std::uint64_t boot_block_sum(std::span<const std::byte> sector) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < BootBlock::kWords; ++i) {
    sum += BootBlock::word.get(BootBlock::words.at(sector, i));
  }
  return sum;
}

// Where the sum was right it is right again.
void seal_boot_block(std::span<std::byte> sector, std::span<const std::byte> as_it_was) {
  if (boot_block_sum(as_it_was) != BootBlock::sum.get(as_it_was)) return;
  BootBlock::sum.set(sector, boot_block_sum(sector));
}

// Room for partition `index`: what lay behind the last entry means nothing.
void make_room(const Place& place, std::span<std::byte> label, std::size_t count) {
  for (std::size_t i = partition_count(place, label); i < count; ++i) {
    std::ranges::fill(LabelLayout::entries.at(label, i), std::byte{0});
    place.fields.partition_count.set(label, static_cast<std::uint16_t>(i + 1));
  }
}

void set_entry(const Place& place, std::span<std::byte> label, const Slice& slice,
               const Slice* before, const Properties& medium) {
  const auto i = static_cast<std::size_t>(slice.index - 1);
  const std::int64_t base = base_of(place, label);
  make_room(place, label, std::min(i + 1, most_partitions(label)));
  const auto entry = LabelLayout::entries.at(label, i);
  if (before == nullptr) std::ranges::fill(entry, std::byte{0});
  place.fields.start.set(
      entry, static_cast<std::uint32_t>(slice.start_bytes / medium.sector_size_bytes + base));
  place.fields.length.set(
      entry, static_cast<std::uint32_t>(slice.length_bytes / medium.sector_size_bytes));
  LabelLayout::type.set(entry, byte_of_type(slice.type));
}

void fill_in(const Place& place, std::span<std::byte> label, const Properties& medium) {
  const LabelLayout& fields = place.fields;
  const auto sectors = static_cast<std::uint32_t>(medium.sector_count());
  const auto tracks =
      static_cast<std::uint32_t>(medium.native.heads > 0 ? medium.native.heads : 255);
  const auto per_track = static_cast<std::uint32_t>(
      medium.native.sectors_per_track > 0 ? medium.native.sectors_per_track : 63);
  fields.magic.set(label, kMagic);
  fields.sector_bytes.set(label, static_cast<std::uint32_t>(medium.sector_size_bytes));
  fields.sectors_per_track.set(label, per_track);
  fields.tracks_per_cylinder.set(label, tracks);
  fields.cylinders.set(label, sectors / (per_track * tracks));
  fields.sectors_per_cylinder.set(label, per_track * tracks);
  fields.sectors.set(label, sectors);
  fields.rotations_per_minute.set(label, 3600);
  fields.interleave.set(label, 1);
  fields.magic_again.set(label, kMagic);
  fields.boot_bytes.set(label, kBootBytes);
  fields.superblock_bytes.set(label, 8192);
  const auto whole = LabelLayout::entries.at(label, kRawPartition);
  fields.length.set(whole, sectors);
}

// The label among these sectors; nothing when there is none that makes sense.
std::optional<std::pair<Place, std::span<std::byte>>> changeable(Sectors& sectors) {
  const Result<Place> place = find_label(sectors);
  if (!place) return std::nullopt;
  const auto label = place->label_in(sectors.change(place->sector));
  if (!check_header(*place, label, sectors.medium())) return std::nullopt;
  return std::pair{*place, label};
}

class BsdScheme final : public Scheme {
 public:
  std::string_view name() const override { return "BSD"; }

  Result<Table> parse(Sectors& sectors, const Surroundings& where) const override {
    if (!may_lie_in(where)) return fail(kNoTable, "the partition's type is not a BSD's");
    const Result<Place> place = find_label(sectors);
    if (!place) return pass_on(place);
    const Result<Bytes> sector = sectors.at(place->sector);
    if (!sector) return pass_on(sector);
    return table_in(*place, place->label_in(*sector), sectors.medium());
  }

  Status encode(Sectors& sectors, const Table& before, const Table& after) const override {
    const Result<Place> place = find_label(sectors);
    if (!place) return pass_on(place);
    const auto sector = sectors.change(place->sector);
    const Bytes as_it_was(sector.begin(), sector.end());
    const auto label = place->label_in(sector);
    for (int index = 1; index <= after.last_index; ++index) {
      const Slice* old = before.slice(index);
      const Slice* slice = after.slice(index);
      if (slice != nullptr && (old == nullptr || !(*old == *slice))) {
        set_entry(*place, label, *slice, old, sectors.medium());
      } else if (slice == nullptr && old != nullptr) {
        std::ranges::fill(LabelLayout::entries.at(label, static_cast<std::size_t>(index - 1)),
                          std::byte{0});
      }
    }
    // A wrong checksum is not put right by the way.
    if (std::ranges::equal(sector, as_it_was)) return {};
    set_checksum(*place, label);
    if (place->alpha) seal_boot_block(sector, as_it_was);
    return {};
  }

  Status create(Sectors& sectors, const Blank& blank) const override {
    const std::int64_t size = sectors.sector_bytes();
    const std::int64_t count = sectors.sector_count();
    if (size < 512 || count < 2 || count > std::numeric_limits<std::uint32_t>::max()) {
      return fail(ENOSPC,
                  "a BSD label needs 2 to 2^32 - 1 sectors of 512 bytes or more; there are ", count,
                  " of ", size);
    }
    const Place place{.sector = 1};
    std::ranges::fill(sectors.change(1), std::byte{0});
    const auto label = place.label_in(sectors.change(1));
    const auto entries = static_cast<std::size_t>(
        blank.entries > 0 ? blank.entries : static_cast<std::int64_t>(kUsualPartitions));
    if (entries < kUsualPartitions || entries > most_partitions(label)) {
      return fail(EINVAL, "a BSD label has room for ", kUsualPartitions, " to ",
                  most_partitions(label), " partitions, not for ", entries);
    }
    place.fields.partition_count.set(label, static_cast<std::uint16_t>(entries));
    fill_in(place, label, sectors.medium());
    set_checksum(place, label);
    return {};
  }

  Status erase(Sectors& sectors, const Table&) const override {
    const Result<Place> place = find_label(sectors);
    if (!place) return pass_on(place);
    const auto label = place->label_in(sectors.change(place->sector));
    const auto end = std::min(label.size(), LabelLayout::entries.end(kMaxPartitions));
    std::ranges::fill(label.first(end), std::byte{0});
    return {};
  }

  // The program lies over the label's sector and goes on behind it; the label stays.
  Status boot(Sectors& sectors, std::span<const std::byte> program) const override {
    const Result<Place> place = find_label(sectors);
    if (!place) return pass_on(place);
    if (place->alpha || program.size() > kBootBytes) {
      return fail(EFBIG, "a boot program of ", program.size(), " bytes does not fit the ",
                  place->alpha ? 0 : kBootBytes, " that a label has for it");
    }
    const auto size = static_cast<std::size_t>(sectors.sector_bytes());
    Bytes area((program.size() + size - 1) / size * size);
    std::ranges::copy(program, area.begin());
    const auto sector = sectors.change(place->sector);
    const Label label = summed(*place, place->label_in(sector));
    const auto label_at = static_cast<std::size_t>(place->sector) * size + place->offset;
    if (area.size() > label_at) {
      std::ranges::copy(label, area.begin() + static_cast<std::ptrdiff_t>(label_at));
    }
    sectors.put(0, area);
    return {};
  }

  std::span<const TypeName> type_names() const override { return kTypes; }
  Result<Slice> complete(const Table&, Slice slice) const override {
    const Result<std::string> type =
        byte_type_called(kTypes, slice.type.empty() ? "unused" : slice.type);
    if (!type) return pass_on(type);
    slice.type = *type;
    slice.raw = is_raw(static_cast<std::size_t>(slice.index - 1), byte_of_type(slice.type));
    return slice;
  }

  std::int64_t origin(Sectors& sectors) const override {
    const auto label = changeable(sectors);
    return label ? base_of(label->first, label->second) : 0;
  }
  // A label stays as it is when something in it starts before c, or can not be counted from so far
  // away in 32 bits: it would say something else.
  void set_origin(Sectors& sectors, std::int64_t origin) const override {
    const auto label = changeable(sectors);
    if (!label) return;
    const auto& [place, bytes] = *label;
    if (place.alpha || partition_count(place, bytes) <= kRawPartition) return;
    const std::int64_t base = base_of(place, bytes);
    if (origin == base || !can_count_from(origin, place, bytes)) return;
    const bool sound = checksum::exclusive_or(summed(place, bytes)) == 0;
    for (std::size_t i = 0; i < partition_count(place, bytes); ++i) {
      if (!counted(i, place, bytes)) continue;
      const auto entry = LabelLayout::entries.at(bytes, i);
      place.fields.start.set(
          entry, static_cast<std::uint32_t>(place.fields.start.get(entry) - base + origin));
    }
    if (sound) set_checksum(place, bytes);
  }

  std::string suffix(int index) const override {
    return std::string(1, static_cast<char>('a' + index - 1));
  }
};

}  // namespace

const Scheme& scheme() {
  static const BsdScheme bsd;
  return bsd;
}

}  // namespace bsd

}  // namespace biotope
