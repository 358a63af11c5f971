#include "classes/apm/apm.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "classes/apm/map.h"
#include "classes/slicer/room.h"
#include "classes/slicer/type_names.h"

namespace biotope::apm {

namespace {

constexpr std::int64_t kUsualMapBlocks = 63;

constexpr TypeName kTypes[] = {{"apple-boot", "Apple_Bootstrap"},
                               {"apple-hfs", "Apple_HFS"},
                               {"apple-ufs", "Apple_UFS"},
                               {"apple-unix", "Apple_UNIX_SVR2"},
                               {"freebsd", "FreeBSD"},
                               {"freebsd-nandfs", "FreeBSD-nandfs"},
                               {"freebsd-swap", "FreeBSD-swap"},
                               {"freebsd-ufs", "FreeBSD-UFS"},
                               {"freebsd-vinum", "FreeBSD-Vinum"},
                               {"freebsd-zfs", "FreeBSD-ZFS"}};

// What is known before the map's entries are looked at.
struct Head {
  Map map;
  std::int64_t block_count = 0;  // of the disk
  std::int64_t entry_count = 0;
};

// A map without the descriptor is one that has lost it: nobody uses it, and it is told.
Result<Head> without_descriptor(Sectors& sectors) {
  const auto map = Map::of_blocks(sectors, sectors.sector_bytes());
  if (!map) return fail(kNoTable, "there is no driver descriptor");
  const Result<Entry> first = map->entry(1);
  if (!first && first.error().code == kNotRead) return pass_on(first);
  if (!first || !first->is_map()) return fail(kNoTable, "there is no driver descriptor");
  return fail(EINVAL, "the map is there, and the driver descriptor before it, ER, is not");
}

// The blocks of the map and of the disk, as the descriptor says them.
Result<Head> find_map(Sectors& sectors) {
  const Properties& medium = sectors.medium();
  const Result<Bytes> driver = sectors.at(0);
  if (!driver) return pass_on(driver);
  const auto signature = Driver::signature.get(*driver);
  if (signature == Driver::kTivo) {
    const std::int64_t size = medium.sector_size_bytes;
    return Head{*Map::of_blocks(sectors, size, Swapped::yes), medium.sector_count()};
  }
  if (signature != Driver::kSignature) return without_descriptor(sectors);
  const std::int64_t block_bytes = Driver::block_bytes.get(*driver);
  const auto map = Map::of_blocks(sectors, block_bytes);
  if (!map) {
    return fail(EINVAL, "it counts in blocks of ", block_bytes, " bytes, which do not go with ",
                "sectors of ", medium.sector_size_bytes);
  }
  const std::int64_t block_count = Driver::block_count.get(*driver);
  if (block_count > medium.media_size_bytes / block_bytes) {
    return fail(EINVAL, "it is for a disk of ", block_count, " blocks of ", block_bytes,
                " bytes; the medium has ", medium.media_size_bytes / block_bytes);
  }
  return Head{*map, block_count};
}

Result<Head> find_head(Sectors& sectors) {
  const Properties& medium = sectors.medium();
  if (medium.sector_size_bytes < std::int64_t{EntryLayout::kBytes} || medium.sector_count() < 2) {
    return fail(kNoTable, "the medium is too small for a partition map");
  }
  Result<Head> head = find_map(sectors);
  if (!head) return head;
  const Result<Bytes> first = head->map.block(1);
  if (!first) return pass_on(first);
  if (EntryLayout::signature.get(*first) != EntryLayout::kSignature) {
    return fail(kNoTable, "there is no map behind the driver descriptor");
  }
  head->entry_count = EntryLayout::entry_count.get(*first);
  if (head->entry_count < 1 || head->entry_count >= head->block_count ||
      head->entry_count > kMostEntries) {
    return fail(EINVAL, "it claims ", head->entry_count, " entries on a disk of ",
                head->block_count, " blocks, and there may be 1 to ", kMostEntries);
  }
  return head;
}

// The first entry is the map itself by custom, and nobody's partition; elsewhere in the map it is
// one as good as the others.
Result<Table> table_in(const Head& head, const Properties& medium) {
  const std::int64_t block = head.map.block_bytes();
  Table table{.scheme = "APM",
              .usable = {block, head.block_count * block},
              .unit_bytes = block % medium.sector_size_bytes == 0 ? block : 0,
              .last_index = static_cast<int>(head.entry_count)};
  for (std::int64_t i = 1; i <= head.entry_count; ++i) {
    const Result<Entry> entry = head.map.entry(i);
    if (!entry) return pass_on(entry);
    if (entry->free()) continue;
    if (i == 1 && entry->is_map()) {
      table.first_index = 2;
      table.usable.start_bytes =
          std::min(entry->start + entry->length, head.block_count - 1) * block;
      table.last_index =
          static_cast<int>(std::clamp(entry->length, head.entry_count, kMostEntries));
      continue;
    }
    table.slices.push_back({.index = static_cast<int>(i),
                            .suffix = sentence('s', i),
                            .start_bytes = entry->start * block,
                            .length_bytes = entry->length * block,
                            .type = entry->type,
                            .label = entry->name});
  }
  return accept(std::move(table), medium);
}

// Writing ----------------------------------------------------------------------------------------

// The entries that are partitions now or were before, as they are to be.
void set_slices(const Head& head, const Table& before, const Table& after) {
  const std::int64_t block = head.map.block_bytes();
  for (int index = 1; index <= after.last_index; ++index) {
    const Slice* old = before.slice(index);
    const Slice* slice = after.slice(index);
    if (slice == nullptr) {
      if (old != nullptr) head.map.make_entry(index, {.type = kVoidType}, head.entry_count);
      continue;
    }
    if (old != nullptr && *old == *slice) continue;
    const Entry entry{.start = slice->start_bytes / block,
                      .length = slice->length_bytes / block,
                      .name = slice->label,
                      .type = slice->type};
    if (old == nullptr) {
      head.map.make_entry(index, entry, head.entry_count);
    } else {
      head.map.set_entry(index, entry, head.entry_count);
    }
  }
}

// The entries that are nobody's say where there is room, as far as there are entries; the map grows
// for them up to the end of its own partition.
void set_free(const Head& head, const Table& after, const Properties& medium) {
  const std::int64_t block = head.map.block_bytes();
  const std::vector<Extent> gaps = free_extents(after, medium);
  auto gap = gaps.begin();
  int count = after.slices.empty() ? 1 : after.slices.back().index;
  for (int index = 2; index <= after.last_index && (index <= count || gap != gaps.end()); ++index) {
    if (after.slice(index) != nullptr) continue;
    Entry entry{.type = kVoidType};
    if (gap != gaps.end()) {
      entry = {.start = gap->start_bytes / block,
               .length = (gap->end_bytes - gap->start_bytes) / block,
               .name = "Extra",
               .type = kFreeType};
      ++gap;
    }
    head.map.make_entry(index, entry, head.entry_count);
    count = std::max(count, index);
  }
  for (std::int64_t index = count + 1; index <= head.entry_count; ++index) {
    head.map.make_entry(index, {.type = kVoidType}, head.entry_count);
  }
  const std::int64_t counted = std::max<std::int64_t>(count, head.entry_count);
  for (std::int64_t index = 1; index <= counted; ++index) {
    EntryLayout::entry_count.set(head.map.change(index), static_cast<std::uint32_t>(counted));
  }
}

bool same_places(const Table& a, const Table& b) {
  return std::ranges::equal(a.slices, b.slices, [](const Slice& x, const Slice& y) {
    return x.index == y.index && x.start_bytes == y.start_bytes && x.length_bytes == y.length_bytes;
  });
}

class ApmScheme final : public Scheme {
 public:
  std::string_view name() const override { return "APM"; }

  Result<Table> parse(Sectors& sectors, const Surroundings&) const override {
    const Result<Head> head = find_head(sectors);
    if (!head) return pass_on(head);
    return table_in(*head, sectors.medium());
  }

  Status encode(Sectors& sectors, const Table& before, const Table& after) const override {
    const Result<Head> head = find_head(sectors);
    if (!head) return pass_on(head);
    if (head->map.swapped()) return fail(EOPNOTSUPP, "a TiVo's map is read, and not written");
    set_slices(*head, before, after);
    if (!same_places(before, after)) set_free(*head, after, sectors.medium());
    return {};
  }

  Status create(Sectors& sectors, const Blank& blank) const override {
    const std::int64_t size = sectors.sector_bytes();
    const std::int64_t blocks =
        std::min<std::int64_t>(sectors.sector_count(), std::numeric_limits<std::uint32_t>::max());
    const std::int64_t entries = blank.entries > 0 ? blank.entries : kUsualMapBlocks;
    if (size < std::int64_t{EntryLayout::kBytes} || size > 0x8000 || entries > kMostEntries ||
        blocks < entries + 2) {
      return fail(ENOSPC, "a partition map of ", entries, " entries, at most ", kMostEntries,
                  ", needs two blocks more, of 512 to 32768 bytes; there are ", blocks, " of ",
                  size);
    }
    const auto driver = sectors.change(0);
    std::ranges::fill(driver, std::byte{0});
    Driver::signature.set(driver, Driver::kSignature);
    Driver::block_bytes.set(driver, static_cast<std::uint16_t>(size));
    Driver::block_count.set(driver, static_cast<std::uint32_t>(blocks));
    const auto map = Map::of_blocks(sectors, size);
    for (std::int64_t i = 1; i <= entries; ++i) std::ranges::fill(map->change(i), std::byte{0});
    map->make_entry(1, {.start = 1, .length = entries, .name = "Apple", .type = kMapType}, 2);
    map->make_entry(
        2,
        {.start = entries + 1, .length = blocks - entries - 1, .name = "Extra", .type = kFreeType},
        2);
    return {};
  }

  Status erase(Sectors& sectors, const Table&) const override {
    const Result<Head> head = find_head(sectors);
    if (!head) return pass_on(head);
    std::ranges::fill(sectors.change(0), std::byte{0});
    for (std::int64_t i = 1; i <= head->entry_count; ++i) {
      std::ranges::fill(head->map.change(i), std::byte{0});
    }
    return {};
  }

  std::span<const TypeName> type_names() const override { return kTypes; }
  Result<Slice> complete(const Table&, Slice slice) const override {
    const std::string asked = slice.type.empty() ? "freebsd-ufs" : slice.type;
    const std::string_view known = type_called(kTypes, asked);
    slice.type = known.empty() ? asked : std::string(known);
    return slice;
  }
};

}  // namespace

const Scheme& scheme() {
  static const ApmScheme apm;
  return apm;
}

}  // namespace biotope::apm
