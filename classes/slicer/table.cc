#include "classes/slicer/table.h"

#include <algorithm>
#include <set>
#include <utility>

namespace biotope {

namespace {

std::string named(const Slice& slice) {
  return sentence("partition ", slice.suffix, " (", slice.length_bytes, " bytes from ",
                  slice.start_bytes, ")");
}

// Sizes come from the medium, so nothing may be added up before it is known to fit.
Status lies_within(const Slice& slice, const Properties& below) {
  const std::int64_t size = below.media_size_bytes;
  const std::int64_t sector = below.sector_size_bytes;
  if (slice.length_bytes <= 0) return fail(EINVAL, named(slice), " holds no sector");
  if (slice.start_bytes < 0 || slice.start_bytes >= size) {
    return fail(EINVAL, named(slice), " starts outside the medium, which has ", size, " bytes");
  }
  if (slice.length_bytes > size - slice.start_bytes) {
    return fail(EINVAL, named(slice), " runs past the end of the medium, which has ", size,
                " bytes");
  }
  if (slice.start_bytes % sector != 0 || slice.length_bytes % sector != 0) {
    return fail(EINVAL, named(slice), " is not made of whole sectors of ", sector, " bytes");
  }
  return {};
}

Status lies_where_partitions_may(const Slice& slice, const Table& table) {
  if (slice.raw) return {};
  const Extent& usable = table.usable;
  const bool limited = usable.end_bytes > usable.start_bytes;
  if (limited && (slice.start_bytes < usable.start_bytes || slice.end_bytes() > usable.end_bytes)) {
    return fail(EINVAL, named(slice), " lies outside the usable bytes, ", usable.start_bytes,
                " to ", usable.end_bytes);
  }
  for (const Extent& taken : table.reserved) {
    if (slice.start_bytes >= taken.end_bytes || taken.start_bytes >= slice.end_bytes()) continue;
    return fail(EINVAL, named(slice), " overlaps the table itself, bytes ", taken.start_bytes,
                " to ", taken.end_bytes);
  }
  return {};
}

// Of the pairs that overlap, those that are next to each other by their starts: if there is any
// pair, there is one of these.
std::vector<std::string> overlaps(const std::vector<Slice>& slices) {
  std::vector<const Slice*> by_start;
  for (const Slice& slice : slices) {
    if (!slice.raw) by_start.push_back(&slice);
  }
  std::stable_sort(by_start.begin(), by_start.end(),
                   [](const Slice* a, const Slice* b) { return a->start_bytes < b->start_bytes; });
  std::vector<std::string> found;
  for (std::size_t i = 1; i < by_start.size(); ++i) {
    if (!overlap(*by_start[i - 1], *by_start[i])) continue;
    found.push_back(sentence(named(*by_start[i]), " overlaps ", named(*by_start[i - 1])));
  }
  return found;
}

}  // namespace

bool overlap(const Slice& a, const Slice& b) {
  return a.start_bytes < b.end_bytes() && b.start_bytes < a.end_bytes();
}

const Slice* Table::slice(int index) const {
  const auto found =
      std::find_if(slices.begin(), slices.end(), [&](const Slice& s) { return s.index == index; });
  return found == slices.end() ? nullptr : &*found;
}

Slice* Table::slice(int index) { return const_cast<Slice*>(std::as_const(*this).slice(index)); }

Result<Table> accept(Table table, const Properties& below) {
  std::set<int> indices;
  for (const Slice& slice : table.slices) {
    if (const Status fine = lies_within(slice, below); !fine) return pass_on(fine);
    if (const Status fine = lies_where_partitions_may(slice, table); !fine) return pass_on(fine);
    if (!indices.insert(slice.index).second) {
      return fail(EINVAL, "there are two partitions ", slice.index);
    }
  }
  for (std::string& found : overlaps(table.slices)) {
    if (!table.may_overlap) return fail(EINVAL, found);
    table.notes.push_back(found + "; they can not both be mounted for writing");
  }
  return table;
}

}  // namespace biotope
