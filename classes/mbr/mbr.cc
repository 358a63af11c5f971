#include "classes/mbr/mbr.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "classes/bsd/bsd.h"
#include "classes/mbr/boot_sector.h"
#include "classes/mbr/record.h"
#include "classes/slicer/checksum.h"
#include "classes/slicer/type_names.h"
#include "model/text.h"

namespace biotope {

namespace mbr {

namespace {

Table empty_table(std::span<const std::byte> sector, const Properties& medium) {
  const std::int64_t most =
      std::min<std::int64_t>(medium.sector_count(), std::numeric_limits<std::uint32_t>::max());
  return {.scheme = "MBR",
          .id = fmt::format("{:#010x}", Record::serial.get(sector)),
          .usable = {medium.sector_size_bytes, most * medium.sector_size_bytes},
          .first_index = 1,
          .last_index = Record::kEntries};
}

void add_entry(Table& table, int number, const Entry& entry, const Properties& medium) {
  if (entry.type == kUnused) return;
  if (entry.start == 0 || entry.length == 0) {
    table.notes.push_back(
        sentence("MBR entry ", number, " is left out: it ",
                 entry.length == 0 ? "has no sectors" : "starts at the MBR itself"));
    return;
  }
  Slice slice{.index = number,
              .suffix = sentence('s', number),
              .start_bytes = entry.start * medium.sector_size_bytes,
              .length_bytes = entry.length * medium.sector_size_bytes,
              .type = byte_type(entry.type)};
  if (entry.flag == kActive) slice.attributes.insert("active");
  table.slices.push_back(std::move(slice));
}

Result<Table> table_in(std::span<const std::byte> sector, const Properties& medium) {
  if (!is_record(sector)) return fail(kNoTable, "there is no 55AA at byte 510");
  if (is_boot_sector(sector)) return fail(kNoTable, "it is a file system's boot sector");
  if (Record::pc98_mark.holds(sector, "IPL1")) return fail(kNoTable, "it is a PC-98's");
  Table table = empty_table(sector, medium);
  for (std::size_t i = 0; i < Record::kEntries; ++i) {
    if (entry_of(sector, i).type == kProtective) return fail(kNoTable, "it protects a GPT");
  }
  for (std::size_t i = 0; i < Record::kEntries; ++i) {
    const Entry entry = entry_of(sector, i);
    if (const Status fine = check_entry(i + 1, entry); !fine) {
      if (has_parameter_block(sector)) return fail(kNoTable, "it is some boot sector");
      return pass_on(fine);
    }
    add_entry(table, static_cast<int>(i + 1), entry, medium);
  }
  if (table.slices.empty() && has_parameter_block(sector)) {
    return fail(kNoTable, "it is a boot sector, and its table is empty");
  }
  return accept(std::move(table), medium);
}

Entry entry_for(const Slice* slice, const Properties& medium) {
  if (slice == nullptr) return {};
  return {.flag = slice->attributes.contains("active") ? kActive : std::uint8_t{0},
          .type = byte_of_type(slice->type),
          .start = static_cast<std::uint32_t>(slice->start_bytes / medium.sector_size_bytes),
          .length = static_cast<std::uint32_t>(slice->length_bytes / medium.sector_size_bytes)};
}

class MbrScheme final : public Scheme {
 public:
  std::string_view name() const override { return "MBR"; }

  Result<Table> parse(Sectors& sectors, const Surroundings& where) const override {
    if (where.scheme == "MBR") return fail(kNoTable, "an MBR does not lie inside an MBR");
    if (sectors.sector_count() == 0) return fail(kNoTable, "the medium is empty");
    const Result<Bytes> sector = sectors.at(0);
    if (!sector) return pass_on(sector);
    Result<Table> table = table_in(*sector, sectors.medium());
    if (!table || !table->slices.empty()) return table;
    // A disk dedicated to BSD has its label in sector 1 and may have a boot program in sector 0
    // whose table is made up. It is BSD's then.
    const Result<Table> label = bsd::scheme().parse(sectors, where);
    if (label) return fail(kNoTable, "it is dedicated to BSD");
    if (label.error().code == kNotRead) return label;
    return table;
  }

  Status encode(Sectors& sectors, const Table& before, const Table& after) const override {
    for (int index = 1; index <= static_cast<int>(Record::kEntries); ++index) {
      const Slice* slice = after.slice(index);
      if (slice == nullptr && before.slice(index) == nullptr) continue;
      set_entry(sectors.change(0), static_cast<std::size_t>(index - 1),
                entry_for(slice, sectors.medium()), sectors.medium().native);
    }
    return {};
  }

  Status create(Sectors& sectors, const Blank& blank) const override {
    const std::int64_t size = sectors.sector_bytes();
    if (size < std::int64_t{Record::kBytes} || size > 4096 || sectors.sector_count() < 2) {
      return fail(ENOSPC, "an MBR needs two sectors of 512 to 4096 bytes; there are ",
                  sectors.sector_count(), " of ", size);
    }
    std::uint32_t serial = checksum::of_text(sentence("MBR ", sectors.medium().media_size_bytes));
    if (!blank.id.empty()) {
      const std::string_view digits =
          std::string_view(blank.id).substr(blank.id.starts_with("0x") ? 2 : 0);
      const auto given = whole_number<std::uint32_t>(digits, 16);
      if (!given) {
        return fail(EINVAL, "an MBR's id is a number like 0x1234abcd, not '", blank.id, "'");
      }
      serial = *given;
    }
    std::ranges::fill(sectors.change(0), std::byte{0});
    Record::serial.set(sectors.change(0), serial);
    Record::signature.set(sectors.change(0), Record::kSignature);
    return {};
  }

  Status erase(Sectors& sectors, const Table&) const override {
    std::ranges::fill(sectors.change(0), std::byte{0});
    return {};
  }

  Status boot(Sectors& sectors, std::span<const std::byte> program) const override {
    return set_program(sectors.change(0), program);
  }

  std::span<const TypeName> type_names() const override { return mbr::type_names(); }
  Result<Slice> complete(const Table&, Slice slice) const override {
    return mbr::complete(std::move(slice));
  }
};

}  // namespace

const Scheme& scheme() {
  static const MbrScheme mbr;
  return mbr;
}

}  // namespace mbr

}  // namespace biotope
