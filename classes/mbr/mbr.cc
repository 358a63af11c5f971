#include "classes/mbr/mbr.h"

#include <fmt/format.h>

#include <limits>

#include "classes/bsd/bsd.h"
#include "classes/layout.h"

namespace biotope {

namespace mbr {

namespace {

// The first 512 bytes of the sector, however long it is.
struct Record {
  static constexpr std::size_t kBytes = 512;
  static constexpr std::size_t kEntries = 4;
  static constexpr std::uint16_t kSignature = 0xAA55;
  static constexpr layout::Records entries{446, 16};
  static constexpr auto signature = layout::le16(510);
};

struct Entry {
  static constexpr auto flag = layout::u8(0);
  static constexpr auto type = layout::u8(4);
  static constexpr auto start = layout::le32(8);    // in sectors
  static constexpr auto length = layout::le32(12);  // in sectors

  static constexpr std::uint8_t kActive = 0x80;
  static constexpr std::uint8_t kUnused = 0x00;
  static constexpr std::uint8_t kProtective = 0xEE;
};

// What the boot sectors of FAT, NTFS and exFAT have where an MBR has its program.
struct BootSector {
  static constexpr auto jump = layout::u8(0);
  static constexpr layout::Text oem_name{3, 8, ' '};
  static constexpr auto sector_bytes = layout::le16(11);
  static constexpr auto cluster_sectors = layout::u8(13);
  static constexpr layout::Text fat16_name{54, 8, ' '};
  static constexpr layout::Text fat32_name{82, 8, ' '};
};

bool power_of_two_within(unsigned value, unsigned low, unsigned high) {
  return value >= low && value <= high && (value & (value - 1)) == 0;
}

bool has_parameter_block(std::span<const std::byte> sector) {
  return power_of_two_within(BootSector::sector_bytes.get(sector), 512, 4096) &&
         power_of_two_within(BootSector::cluster_sectors.get(sector), 1, 128);
}

// True for a boot sector that says which file system it belongs to. Such a one may hold anything
// where an MBR has its table: text, code, or a made-up table for the sake of a BIOS.
bool is_boot_sector(std::span<const std::byte> sector) {
  const std::uint8_t jump = BootSector::jump.get(sector);
  if (jump != 0xEB && jump != 0xE9) return false;
  if (BootSector::oem_name.holds(sector, "EXFAT")) return true;
  if (!has_parameter_block(sector)) return false;
  return BootSector::oem_name.holds(sector, "NTFS") ||
         BootSector::fat16_name.get(sector).starts_with("FAT") ||
         BootSector::fat32_name.get(sector).starts_with("FAT");
}

Status check_entry(std::size_t number, std::span<const std::byte> entry) {
  const unsigned flag = Entry::flag.get(entry);
  if (flag != 0 && flag != Entry::kActive) {
    return fail(EINVAL, "entry ", number, fmt::format(" is marked {:#04x}; ", flag),
                "only 0x00 and 0x80 (active) mean something");
  }
  const std::uint64_t end = std::uint64_t{Entry::start.get(entry)} + Entry::length.get(entry);
  if (Entry::type.get(entry) != Entry::kUnused && end > std::numeric_limits<std::uint32_t>::max()) {
    return fail(EINVAL, "entry ", number, " ends at sector ", end,
                ", beyond what 32 bits can count");
  }
  return {};
}

void add_entry(Table& table, int number, std::span<const std::byte> entry,
               const Properties& below) {
  const unsigned type = Entry::type.get(entry);
  if (type == Entry::kUnused) return;
  const std::int64_t start = Entry::start.get(entry);
  const std::int64_t length = Entry::length.get(entry);
  if (start == 0 || length == 0) {
    table.notes.push_back(sentence("MBR entry ", number, " is left out: it ",
                                   length == 0 ? "has no sectors" : "starts at the MBR itself"));
    return;
  }
  table.slices.push_back({.index = number,
                          .suffix = sentence('s', number),
                          .start_bytes = start * below.sector_size_bytes,
                          .length_bytes = length * below.sector_size_bytes,
                          .type = fmt::format("{:#04x}", type),
                          .label = {}});
}

}  // namespace

Result<Table> parse(std::span<const std::byte> sector, const Properties& below) {
  if (below.sector_size_bytes < 512 || below.sector_size_bytes > 4096 ||
      sector.size() < Record::kBytes || Record::signature.get(sector) != Record::kSignature) {
    return fail(kNoTable, "there is no 55AA at the end of the first 512 bytes");
  }
  if (is_boot_sector(sector)) return fail(kNoTable, "it is a file system's boot sector");
  for (std::size_t i = 0; i < Record::kEntries; ++i) {
    if (Entry::type.get(Record::entries.at(sector, i)) == Entry::kProtective) {
      return fail(kNoTable, "it protects a GPT");
    }
  }
  Table table{.scheme = "MBR", .leaf = false, .slices = {}, .notes = {}};
  for (std::size_t i = 0; i < Record::kEntries; ++i) {
    const auto entry = Record::entries.at(sector, i);
    if (const Status fine = check_entry(i + 1, entry); !fine) {
      if (has_parameter_block(sector)) return fail(kNoTable, "it is some boot sector");
      return pass_on(fine);
    }
    add_entry(table, static_cast<int>(i + 1), entry, below);
  }
  if (table.slices.empty() && has_parameter_block(sector)) {
    return fail(kNoTable, "it is a boot sector, and its table is empty");
  }
  return accept(std::move(table), below);
}

}  // namespace mbr

Task<Result<Table>> MbrClass::look(Taster& taster, Surroundings where) {
  if (where.scheme == "MBR") co_return fail(kNoTable, "an MBR does not lie inside an MBR");
  const Properties& below = taster.properties();
  if (below.media_size_bytes == 0) co_return fail(kNoTable, "it is empty");
  const Result<Bytes> sector = co_await taster.read(0, below.sector_size_bytes);
  if (!sector) co_return pass_on(sector);
  Result<Table> table = mbr::parse(*sector, below);
  // A disk dedicated to BSD has its label in sector 1 and may have a boot program in sector 0 whose
  // table is made up. It is BSD's then.
  const std::int64_t label_bytes = 2 * below.sector_size_bytes;
  if (table && table->slices.empty() && below.media_size_bytes >= label_bytes) {
    const Result<Bytes> start = co_await taster.read(0, label_bytes);
    if (start && bsd::parse(*start, below)) co_return fail(kNoTable, "it is dedicated to BSD");
  }
  co_return table;
}

}  // namespace biotope
