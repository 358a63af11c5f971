#include "classes/gpt/protection.h"

#include <algorithm>
#include <limits>

#include "classes/mbr/record.h"

namespace biotope::gpt {

namespace {

using mbr::Entry;
using mbr::Record;

constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();

const Slice* meant_by(const Entry& entry, const Table& table, std::int64_t sector_bytes) {
  const auto found = std::ranges::find_if(table.slices, [&](const Slice& slice) {
    return slice.start_bytes == entry.start * sector_bytes &&
           slice.length_bytes == entry.length * sector_bytes;
  });
  return found == table.slices.end() ? nullptr : &*found;
}

Entry moved_to(Entry entry, const Slice* slice, std::int64_t sector_bytes) {
  if (slice == nullptr || slice->end_bytes() / sector_bytes > kMost) return {};
  entry.start = static_cast<std::uint32_t>(slice->start_bytes / sector_bytes);
  entry.length = static_cast<std::uint32_t>(slice->length_bytes / sector_bytes);
  return entry;
}

}  // namespace

bool protects(std::span<const std::byte> sector) {
  if (!mbr::is_record(sector)) return false;
  for (std::size_t i = 0; i < Record::kEntries; ++i) {
    if (mbr::entry_of(sector, i).type == mbr::kProtective) return true;
  }
  return false;
}

void protect(Sectors& sectors) {
  const auto sector = sectors.change(0);
  const auto rest = static_cast<std::uint32_t>(std::min(sectors.sector_count() - 1, kMost));
  const Entry whole{.flag = 0, .type = mbr::kProtective, .start = 1, .length = rest};
  if (!protects(sector)) {
    std::ranges::fill(sector.subspan(Record::serial.offset()), std::byte{0});
    Record::signature.set(sector, Record::kSignature);
  }
  int others = 0;
  std::size_t ours = 0;
  for (std::size_t i = 0; i < Record::kEntries; ++i) {
    const Entry entry = mbr::entry_of(sector, i);
    if (entry.type == mbr::kProtective) ours = i;
    if (entry.type != mbr::kProtective && entry.type != mbr::kUnused) ++others;
  }
  // What a hybrid's entry covers is its maker's affair.
  if (others == 0) mbr::set_entry(sector, ours, whole, sectors.medium().native);
}

void follow(Sectors& sectors, const Table& before, const Table& after) {
  const std::int64_t size = sectors.sector_bytes();
  const Bytes as_it_was(sectors.held(0).begin(), sectors.held(0).end());
  if (!protects(as_it_was)) return;
  for (std::size_t i = 0; i < Record::kEntries; ++i) {
    const Entry entry = mbr::entry_of(as_it_was, i);
    if (entry.type == mbr::kUnused || entry.type == mbr::kProtective) continue;
    const Slice* slice = meant_by(entry, before, size);
    if (slice == nullptr) continue;
    const Slice* now = after.slice(slice->index);
    if (now != nullptr && now->start_bytes == slice->start_bytes &&
        now->length_bytes == slice->length_bytes) {
      continue;
    }
    mbr::set_entry(sectors.change(0), i, moved_to(entry, now, size), sectors.medium().native);
  }
}

}  // namespace biotope::gpt
