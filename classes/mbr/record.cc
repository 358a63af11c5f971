#include "classes/mbr/record.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "classes/slicer/type_names.h"

namespace biotope::mbr {

namespace {

constexpr TypeName kTypes[] = {
    {"fat16", "0x06"},      {"ebr", "0x05"},        {"ntfs", "0x07"},
    {"fat32", "0x0b"},      {"fat32lba", "0x0c"},   {"fat16lba", "0x0e"},
    {"ebrlba", "0x0f"},     {"prep-boot", "0x41"},  {"dragonfly", "0x6c"},
    {"linux-swap", "0x82"}, {"linux-data", "0x83"}, {"linux-extended", "0x85"},
    {"linux-lvm", "0x8e"},  {"freebsd", "0xa5"},    {"openbsd", "0xa6"},
    {"netbsd", "0xa9"},     {"apple-ufs", "0xa8"},  {"apple-boot", "0xab"},
    {"apple-hfs", "0xaf"},  {"efi", "0xef"},        {"vmware-vmfs", "0xfb"},
    {"linux-raid", "0xfd"},
};

// Where sector `at` is, or the furthest place that can be said when it lies beyond.
struct Place {
  std::uint8_t head;
  std::uint16_t sector;  // with the cylinder
};
Place place_of(std::uint64_t at, const NativeGeometry& geometry) {
  const bool known = geometry.heads > 0 && geometry.heads <= 255 &&
                     geometry.sectors_per_track > 0 && geometry.sectors_per_track <= 63;
  const auto heads = static_cast<std::uint64_t>(known ? geometry.heads : 255);
  const auto sectors = static_cast<std::uint64_t>(known ? geometry.sectors_per_track : 63);
  const std::uint64_t cylinder = at / sectors / heads;
  constexpr std::uint64_t kMostCylinders = 1023;
  if (cylinder > kMostCylinders) return {254, 0xFFFF};
  const std::uint64_t low = (at % sectors + 1) | (cylinder >> 8) << 6;
  return {static_cast<std::uint8_t>(at / sectors % heads),
          static_cast<std::uint16_t>(low | (cylinder & 0xFF) << 8)};
}

}  // namespace

bool is_record(std::span<const std::byte> sector) {
  return sector.size() >= Record::kBytes && sector.size() <= 4096 &&
         Record::signature.get(sector) == Record::kSignature;
}

Entry entry_of(std::span<const std::byte> sector, std::size_t i) {
  const auto bytes = Record::entries.at(sector, i);
  return {.flag = EntryLayout::flag.get(bytes),
          .type = EntryLayout::type.get(bytes),
          .start = EntryLayout::start.get(bytes),
          .length = EntryLayout::length.get(bytes)};
}

void set_entry(std::span<std::byte> sector, std::size_t i, const Entry& entry,
               const NativeGeometry& geometry, std::uint64_t base) {
  const Entry before = entry_of(sector, i);
  if (before == entry) return;
  const auto bytes = Record::entries.at(sector, i);
  if (entry == Entry{}) {
    std::ranges::fill(bytes, std::byte{0});
    return;
  }
  EntryLayout::flag.set(bytes, entry.flag);
  EntryLayout::type.set(bytes, entry.type);
  if (before.start == entry.start && before.length == entry.length) return;
  EntryLayout::start.set(bytes, entry.start);
  EntryLayout::length.set(bytes, entry.length);
  const Place first = place_of(base + entry.start, geometry);
  const Place last = place_of(base + entry.start + entry.length - 1, geometry);
  EntryLayout::first_head.set(bytes, first.head);
  EntryLayout::first_sector.set(bytes, first.sector);
  EntryLayout::last_head.set(bytes, last.head);
  EntryLayout::last_sector.set(bytes, last.sector);
}

Status set_program(std::span<std::byte> sector, std::span<const std::byte> program) {
  if (program.size() > Record::kBytes) {
    return fail(EFBIG, "a boot program of ", program.size(), " bytes does not fit the MBR's ",
                Record::program.length());
  }
  const auto room = Record::program.of(sector);
  std::ranges::fill(room, std::byte{0});
  std::ranges::copy(program.first(std::min(program.size(), room.size())), room.begin());
  return {};
}

bool is_extended(std::uint8_t type) { return type == 0x05 || type == 0x0F || type == 0x85; }

std::span<const TypeName> type_names() { return kTypes; }

Result<Slice> complete(Slice slice) {
  const Result<std::string> type =
      byte_type_called(kTypes, slice.type.empty() ? "linux-data" : slice.type);
  if (!type) return pass_on(type);
  slice.type = *type;
  return slice;
}

Status check_entry(std::size_t number, const Entry& entry) {
  if (entry.flag != 0 && entry.flag != kActive) {
    return fail(EINVAL, "entry ", number, fmt::format(" is marked {:#04x}; ", entry.flag),
                "only 0x00 and 0x80 (active) mean something");
  }
  const std::uint64_t end = std::uint64_t{entry.start} + entry.length;
  if (entry.type != kUnused && end > std::numeric_limits<std::uint32_t>::max()) {
    return fail(EINVAL, "entry ", number, " ends at sector ", end,
                ", beyond what 32 bits can count");
  }
  return {};
}

}  // namespace biotope::mbr
