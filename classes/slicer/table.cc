#include "classes/slicer/table.h"

#include <algorithm>
#include <set>

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

Result<Table> accept(Table table, const Properties& below) {
  std::set<int> indices;
  for (const Slice& slice : table.slices) {
    if (const Status fine = lies_within(slice, below); !fine) return pass_on(fine);
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
