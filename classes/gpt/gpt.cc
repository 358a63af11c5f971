#include "classes/gpt/gpt.h"

#include <algorithm>
#include <limits>

#include "classes/bsd/bsd.h"
#include "classes/gpt/copy.h"
#include "classes/gpt/entry.h"
#include "classes/gpt/guid.h"
#include "classes/gpt/protection.h"
#include "classes/gpt/types.h"
#include "classes/mbr/boot_sector.h"
#include "classes/mbr/mbr.h"
#include "classes/mbr/record.h"
#include "classes/slicer/checksum.h"

namespace biotope {

namespace gpt {

namespace {

constexpr std::int64_t kPrimary = 1;         // the sector of the first header
constexpr std::int64_t kPrimaryEntries = 2;  // where its entries usually begin
constexpr std::int64_t kFewestSectors = 6;
constexpr std::int64_t kUsualEntries = 128;
constexpr std::int64_t kMostEntries = 4096;
constexpr std::int64_t kUsualEntryBytes = 128;
constexpr std::int64_t kUsualAlignment = 4096;

std::int64_t last_sector(const Sectors& sectors) { return sectors.sector_count() - 1; }

// Reading ----------------------------------------------------------------------------------------

// Whether a GPT is to be looked for, by what sector 0 says; kNoTable when not. A table that stands
// there and does not protect was written by somebody who knew nothing of the GPT: it counts, and
// the GPT is left over. True where sector 0 protects.
Result<bool> looked_for(Sectors& sectors, const Surroundings& where) {
  const Result<Bytes> sector = sectors.at(0);
  if (!sector && sector.error().code == kNotRead) return pass_on(sector);
  if (!sector) return false;
  if (protects(*sector)) return true;
  if (mbr::is_record(*sector) && mbr::is_boot_sector(*sector)) {
    return fail(kNoTable, "sector 0 is a file system's boot sector");
  }
  for (const Scheme* other : {&mbr::scheme(), &bsd::scheme()}) {
    const Result<Table> table = other->parse(sectors, where);
    if (!table && table.error().code == kNotRead) return pass_on(table);
    if (!table && (table.error().code == kNoTable || table.error().code == EIO)) continue;
    return fail(kNoTable, "there is an ", other->name(), " table, which does not protect it");
  }
  return false;
}

// Both copies, and which of them is believed.
struct Both {
  Copy primary;
  Copy backup;
  std::int64_t backup_at = 0;

  const Copy& good() const { return primary.sound() ? primary : backup; }
};

// Only kNotRead is an error.
Result<Both> read_both(Sectors& sectors) {
  const std::int64_t last = last_sector(sectors);
  Result<Copy> primary = read_copy(sectors, kPrimary);
  const std::int64_t backup_at = primary && primary->sound() ? primary->alternate() : last;
  Result<Copy> backup = read_copy(sectors, backup_at);
  if (!primary) return pass_on(primary);
  if (!backup) return pass_on(backup);
  return Both{std::move(*primary), std::move(*backup), backup_at};
}

// What makes the table one that is to be recovered.
std::vector<std::string> damage(const Both& both, const Sectors& sectors, bool is_protected) {
  std::vector<std::string> notes;
  if (!both.primary.sound()) {
    notes.push_back(
        sentence("the GPT's first header ", both.primary.trouble, "; the one at the end is used"));
  } else if (!both.backup.sound()) {
    notes.push_back(sentence("the GPT's second header ", both.backup.trouble));
  } else if (!agree(both.primary, both.backup)) {
    notes.emplace_back("the GPT's two copies differ; the first is used");
  }
  if (both.primary.sound() && both.backup_at != last_sector(sectors)) {
    notes.emplace_back("the GPT's second header is not in the medium's last sector");
  }
  if (!is_protected) notes.emplace_back("there is no protective MBR before the GPT");
  return notes;
}

Table empty_table(const Copy& copy, std::int64_t sector_bytes) {
  const auto first = static_cast<std::int64_t>(Header::first_usable.get(copy.header));
  const auto last = static_cast<std::int64_t>(Header::last_usable.get(copy.header));
  return {.scheme = "GPT",
          .id = guid::text(Header::disk.of(copy.header)),
          .usable = {first * sector_bytes, (last + 1) * sector_bytes},
          .first_index = 1,
          .last_index = static_cast<int>(Header::entry_count.get(copy.header))};
}

layout::Records records_of(const Copy& copy) { return {0, Header::entry_bytes.get(copy.header)}; }

Result<Table> table_in(const Copy& copy, const Properties& medium) {
  Table table = empty_table(copy, medium.sector_size_bytes);
  for (int index = 1; index <= table.last_index; ++index) {
    const auto entry = records_of(copy).at(copy.entries, static_cast<std::size_t>(index - 1));
    if (!is_used(entry)) continue;
    Result<Slice> slice = slice_in(entry, index, medium);
    if (!slice) return pass_on(slice);
    table.slices.push_back(std::move(*slice));
  }
  return accept(std::move(table), medium);
}

tl::unexpected<Error> neither(const Both& both) {
  for (const Copy* copy : {&both.primary, &both.backup}) {
    if (copy->header.empty()) return fail(EIO, "its header ", copy->trouble);
  }
  if (!both.primary.there && !both.backup.there) return fail(kNoTable, "there is no GPT header");
  return fail(EINVAL, "its first header ", both.primary.trouble, ", and the one at the end ",
              both.backup.trouble);
}

// Writing ----------------------------------------------------------------------------------------

// The other side of a copy, from the same: at that sector, with its entries there.
Copy moved(Copy copy, std::int64_t at, std::int64_t alternate, std::int64_t entries_at) {
  Header::here.set(copy.header, static_cast<std::uint64_t>(at));
  Header::alternate.set(copy.header, static_cast<std::uint64_t>(alternate));
  Header::entries_at.set(copy.header, static_cast<std::uint64_t>(entries_at));
  return copy;
}

Status set_entries(Copy& copy, const Table& before, const Table& after, const Properties& medium) {
  for (int index = 1; index <= after.last_index; ++index) {
    const Slice* old = before.slice(index);
    const Slice* slice = after.slice(index);
    const auto entry = records_of(copy).at(copy.entries, static_cast<std::size_t>(index - 1));
    if (slice == nullptr || old == nullptr) {
      if (slice != old) std::ranges::fill(entry, std::byte{0});
    } else if (*slice == *old) {
      continue;
    }
    if (slice == nullptr) continue;
    if (Status fine = set_slice(entry, *slice, medium); !fine) return fine;
  }
  return {};
}

Result<Copy> new_copy(const Sectors& sectors, std::int64_t entries, const std::string& id) {
  const std::int64_t size = sectors.sector_bytes();
  const auto array_bytes = static_cast<std::size_t>(entries * kUsualEntryBytes);
  const std::int64_t array = sectors_of(array_bytes, size);
  const auto disk = guid::bytes(id);
  if (!disk) return pass_on(disk);
  const std::int64_t unit = std::max<std::int64_t>(kUsualAlignment / size, 1);
  const std::int64_t first = (kPrimaryEntries + array + unit - 1) / unit * unit;
  const std::int64_t end = (sectors.sector_count() - 1 - array) / unit * unit;
  if (sectors.sector_count() < 3 + 2 * array + entries || end <= first) {
    return fail(ENOSPC, "a GPT of ", entries, " entries needs more than the medium's ",
                sectors.sector_count(), " sectors");
  }
  Copy copy{.header = Bytes(static_cast<std::size_t>(size)), .entries = Bytes(array_bytes)};
  Header::signature.set(copy.header, Header::kSignature);
  Header::revision.set(copy.header, Header::kRevision);
  Header::header_bytes.set(copy.header, Header::kBytes);
  Header::first_usable.set(copy.header, static_cast<std::uint64_t>(first));
  Header::last_usable.set(copy.header, static_cast<std::uint64_t>(end - 1));
  std::ranges::copy(*disk, Header::disk.of(copy.header).begin());
  Header::entry_count.set(copy.header, static_cast<std::uint32_t>(entries));
  Header::entry_bytes.set(copy.header, kUsualEntryBytes);
  return copy;
}

// Both copies from one, the second in the medium's last sector.
Status write_both(Sectors& sectors, Copy copy, bool move_end) {
  const std::int64_t last = last_sector(sectors);
  const std::int64_t array = sectors_of(copy.entries.size(), sectors.sector_bytes());
  if (move_end) {
    Header::last_usable.set(copy.header, static_cast<std::uint64_t>(last - array - 1));
  }
  const bool had_place =
      copy.entries_at() >= kPrimaryEntries &&
      copy.entries_at() + array <= static_cast<std::int64_t>(Header::first_usable.get(copy.header));
  const std::int64_t entries_at = had_place ? copy.entries_at() : kPrimaryEntries;
  write_copy(sectors, moved(copy, kPrimary, last, entries_at));
  write_copy(sectors, moved(copy, last, kPrimary, last - array));
  return {};
}

// The first sector that belongs to the second copy, whichever side says so.
std::int64_t border(const Sectors& before, const Sectors& after) {
  for (const Sectors* sectors : {&after, &before}) {
    const auto header = sectors->held(kPrimary);
    if (header.empty() || !Header::signature.holds(header, Header::kSignature)) continue;
    return static_cast<std::int64_t>(Header::first_usable.get(header));
  }
  return after.sector_count() / 2;
}

class GptScheme final : public Scheme {
 public:
  std::string_view name() const override { return "GPT"; }

  Result<Table> parse(Sectors& sectors, const Surroundings& where) const override {
    if (!where.scheme.empty()) return fail(kNoTable, "a GPT does not lie inside another table");
    if (sectors.sector_bytes() < 512 || sectors.sector_count() < kFewestSectors) {
      return fail(kNoTable, "the medium is too small for a GPT");
    }
    const Result<bool> is_protected = looked_for(sectors, where);
    if (!is_protected) return pass_on(is_protected);
    const Result<Both> both = read_both(sectors);
    if (!both) return pass_on(both);
    if (!both->good().sound()) return neither(*both);
    Result<Table> table = table_in(both->good(), sectors.medium());
    if (!table) return table;
    table->notes = damage(*both, sectors, *is_protected);
    table->corrupt = !table->notes.empty();
    return table;
  }

  Status encode(Sectors& sectors, const Table& before, const Table& after) const override {
    Result<Both> both = read_both(sectors);
    if (!both) return pass_on(both);
    Bytes entries = both->good().entries;
    Copy changed = both->good();
    if (Status fine = set_entries(changed, before, after, sectors.medium()); !fine) return fine;
    for (Copy* copy : {&both->primary, &both->backup}) {
      copy->entries = changed.entries;
      write_copy(sectors, *copy);
    }
    follow(sectors, before, after);
    return {};
  }

  Status create(Sectors& sectors, const Blank& blank) const override {
    const std::int64_t entries = blank.entries > 0 ? blank.entries : kUsualEntries;
    if (sectors.sector_bytes() < 512 || entries > kMostEntries) {
      return fail(EINVAL, "a GPT has at most ", kMostEntries,
                  " entries, on sectors of 512 bytes or more");
    }
    const std::string id =
        blank.id.empty()
            ? checksum::guid_from(sentence("GPT on ", sectors.medium().media_size_bytes, " bytes ",
                                           sectors.medium().ident))
            : blank.id;
    Result<Copy> copy = new_copy(sectors, entries, id);
    if (!copy) return pass_on(copy);
    protect(sectors);
    return write_both(sectors, std::move(*copy), false);
  }

  Status recover(Sectors& sectors, const Table&) const override {
    Result<Both> both = read_both(sectors);
    if (!both) return pass_on(both);
    const bool elsewhere = both->primary.sound() && both->backup_at != last_sector(sectors);
    protect(sectors);
    if (both->primary.sound() && both->backup.sound() && agree(both->primary, both->backup) &&
        !elsewhere) {
      return {};
    }
    return write_both(sectors, both->good(), elsewhere);
  }

  Status erase(Sectors& sectors, const Table&) const override {
    const Result<Both> both = read_both(sectors);
    if (!both) return pass_on(both);
    for (const std::int64_t sector : {std::int64_t{0}, kPrimary, both->backup_at}) {
      std::ranges::fill(sectors.change(sector), std::byte{0});
    }
    return {};
  }

  Status boot(Sectors& sectors, std::span<const std::byte> program) const override {
    return mbr::set_program(sectors.change(0), program);
  }

  std::span<const TypeName> type_names() const override { return gpt::type_names(); }
  Result<Slice> complete(const Table& table, Slice slice) const override {
    const std::string text = slice.type.empty() ? "linux-data" : slice.type;
    const std::string_view known = type_called(type_names(), text);
    const auto bytes = guid::bytes(known.empty() ? std::string_view(text) : known);
    if (!bytes) return no_such_type(type_names(), text);
    slice.type = guid::text(*bytes);
    if (slice.id.empty()) {
      slice.id = checksum::guid_from(
          sentence(table.id, ' ', slice.index, ' ', slice.start_bytes, ' ', slice.length_bytes));
    }
    const auto id = guid::bytes(slice.id);
    if (!id) return pass_on(id);
    slice.id = guid::text(*id);
    return slice;
  }

  std::string suffix(int index) const override { return sentence('p', index); }

  // The MBR, the first entries and then their header; only when that is safe, the second.
  std::vector<Step> steps(const Sectors& before, const Sectors& after) const override {
    const std::int64_t second = border(before, after);
    std::vector<std::vector<std::int64_t>> turns(4);
    for (const std::int64_t sector : after.changed_since(before)) {
      const bool is_header = sector == kPrimary;
      turns[sector == 0 ? 0 : is_header ? 2 : sector < second ? 1 : 3].push_back(sector);
    }
    std::vector<Step> steps;
    for (const auto& turn : turns) {
      const std::vector<Step> writes = writes_of(after, turn);
      const bool starts_second = &turn == &turns.back() && !writes.empty();
      if (starts_second && !steps.empty()) steps.push_back({});
      steps.insert(steps.end(), writes.begin(), writes.end());
    }
    if (!steps.empty()) steps.push_back({});
    return steps;
  }
};

}  // namespace

const Scheme& scheme() {
  static const GptScheme gpt;
  return gpt;
}

}  // namespace gpt

}  // namespace biotope
