#include "classes/slicer/room.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace biotope {

namespace {

std::int64_t round_down(std::int64_t value, std::int64_t unit) { return value - value % unit; }
// Values are positions on a medium, far from where this could overflow.
std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return round_down(value + unit - 1, unit);
}

// Of numbers that come from a user and from a medium: a very large one where it would not fit.
std::int64_t common_multiple(std::int64_t a, std::int64_t b) {
  if (b <= 0) return a;
  std::int64_t multiple = 0;
  const bool overflows = __builtin_mul_overflow(a / std::gcd(a, b), b, &multiple);
  return overflows ? std::numeric_limits<std::int64_t>::max() : multiple;
}

Extent usable_of(const Table& table, const Properties& medium) {
  Extent usable = table.usable;
  if (usable.end_bytes <= usable.start_bytes) usable = {0, medium.media_size_bytes};
  return {round_up(usable.start_bytes, medium.sector_size_bytes),
          round_down(usable.end_bytes, medium.sector_size_bytes)};
}

std::vector<Extent> taken(const Table& table) {
  std::vector<Extent> all = table.reserved;
  for (const Slice& slice : table.slices) {
    if (!slice.raw) all.push_back({slice.start_bytes, slice.end_bytes()});
  }
  std::ranges::sort(all, {}, &Extent::start_bytes);
  return all;
}

// What of `gap` remains for a partition; empty when nothing does.
Extent fit(Extent gap, std::int64_t lead_bytes, std::int64_t alignment,
           const NewPartition& wanted) {
  const std::int64_t lowest = gap.start_bytes + lead_bytes;
  std::int64_t start = round_up(std::max(lowest, wanted.start_bytes), alignment);
  if (wanted.start_bytes >= 0 && start - wanted.start_bytes >= alignment) return {};
  std::int64_t end = start + round_down(gap.end_bytes - start, alignment);
  if (wanted.length_bytes > 0) {
    const std::int64_t length = round_down(wanted.length_bytes, alignment);
    if (length > end - start) return {};
    end = start + length;
  }
  return start < end ? Extent{start, end} : Extent{};
}

}  // namespace

std::vector<Extent> free_extents(const Table& table, const Properties& medium) {
  const Extent usable = usable_of(table, medium);
  std::vector<Extent> free;
  std::int64_t at = usable.start_bytes;
  for (const Extent& next : taken(table)) {
    const std::int64_t end = std::min(next.start_bytes, usable.end_bytes);
    if (end > at) free.push_back({at, end});
    at = std::max(at, round_up(next.end_bytes, medium.sector_size_bytes));
  }
  if (usable.end_bytes > at) free.push_back({at, usable.end_bytes});
  return free;
}

Result<int> free_index(const Table& table, int wanted) {
  if (wanted != 0) {
    if (wanted < table.first_index || wanted > table.last_index) {
      return fail(EINVAL, "there is no partition ", wanted, " in this ", table.scheme,
                  " table; it counts from ", table.first_index, " to ", table.last_index);
    }
    if (table.slice(wanted) != nullptr) return fail(EEXIST, "there is a partition ", wanted);
    return wanted;
  }
  for (int index = table.first_index; index <= table.last_index; ++index) {
    if (table.slice(index) == nullptr) return index;
  }
  return fail(ENOSPC, "all of the ", table.scheme, " table's entries are in use");
}

Result<Extent> find_room(const Table& table, const Properties& medium, std::int64_t lead_bytes,
                         const NewPartition& wanted) {
  const std::int64_t sector = medium.sector_size_bytes;
  const std::int64_t alignment =
      common_multiple(std::max(wanted.alignment_bytes, sector), table.unit_bytes);
  if (alignment % sector != 0 || alignment > medium.media_size_bytes ||
      wanted.start_bytes > medium.media_size_bytes ||
      wanted.length_bytes > medium.media_size_bytes) {
    return fail(EINVAL, wanted.length_bytes, " bytes from ", wanted.start_bytes, " by units of ",
                alignment, " are no place on a medium of ", medium.media_size_bytes,
                " bytes in sectors of ", sector);
  }
  for (const Extent& gap : free_extents(table, medium)) {
    const Extent place = fit(gap, lead_bytes, alignment, wanted);
    if (place != Extent{}) return place;
  }
  return fail(ENOSPC, "there is no room for ",
              wanted.length_bytes > 0 ? sentence(wanted.length_bytes, " bytes") : "a partition",
              wanted.start_bytes >= 0 ? sentence(" from ", wanted.start_bytes) : "");
}

std::int64_t room_behind(const Table& table, const Properties& medium, const Slice& slice) {
  std::int64_t end = usable_of(table, medium).end_bytes;
  for (const Extent& other : taken(table)) {
    if (other.start_bytes >= slice.end_bytes()) end = std::min(end, other.start_bytes);
  }
  return std::max(end, slice.end_bytes());
}

}  // namespace biotope
