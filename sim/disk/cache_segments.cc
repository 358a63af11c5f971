#include "sim/disk/cache_segments.h"

#include <algorithm>

namespace biotope::sim {
namespace {

// How much a segment is worth to a read. Whole hits come first, then partial ones, each by how far
// the segment is from the medium; then what costs least to lose.
enum ReadValue : int {
  kReadStop = 1,
  kReadClean = 2,
  kReadEmpty = 3,
  kReadPartial = 4,  // to 7: clean, reading, writing, dirty
  kReadWhole = 8,    // to 11: the same
};

// The same of a write.
enum WriteValue : int {
  kWriteStop = 1,
  kWriteClean = 2,
  kWriteEmpty = 3,
  kWriteOver = 4,
  kWriteAppendDirty = 6,
  kWriteAppend = 7,
};

int nearness(CacheSegment::State state) {
  switch (state) {
    case CacheSegment::State::dirty:
      return 3;
    case CacheSegment::State::writing:
      return 2;
    case CacheSegment::State::reading:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

CacheSegments::CacheSegments(const Cache& cache)
    : cache_(cache), segments_(static_cast<std::size_t>(cache.segments)) {
  // The first is looked at first, as long as none has been used.
  for (CacheSegment& segment : segments_) segment.used = ++uses_;
}

// The best, and of equals the one that was used longest ago.
template <class ValueOf>
std::pair<CacheSegment*, int> CacheSegments::best(ValueOf value_of) {
  CacheSegment* found = nullptr;
  int most = 0;
  for (CacheSegment& segment : segments_) {
    const int value = value_of(segment);
    if (value < most || value == 0) continue;
    if (value == most && segment.used > found->used) continue;
    most = value;
    found = &segment;
  }
  return {found, most};
}

int CacheSegments::value_for_read(const CacheSegment& s, std::int64_t from, std::int64_t to,
                                  const CacheSegment* stoppable) const {
  if (cache_.separate_write_segment && is_write_segment(s)) return 0;
  const bool has_first = s.has_data() && s.holds(from);
  const bool was_written = s.to_be_written() || s.last_was_write;
  if (has_first && cache_.keeps && (cache_.hits_on_written || !was_written)) {
    return (to <= s.end ? kReadWhole : kReadPartial) + nearness(s.state);
  }
  switch (s.state) {
    case CacheSegment::State::empty:
      return s.users == 0 ? kReadEmpty : 0;
    case CacheSegment::State::clean:
      return s.users == 0 ? kReadClean : 0;
    case CacheSegment::State::reading:
      if (cache_.almost_hits && from == s.end) return kReadPartial + nearness(s.state);
      return &s == stoppable ? kReadStop : 0;
    default:
      return 0;
  }
}

Found CacheSegments::find_for_read(std::int64_t from, std::int64_t to,
                                   const CacheSegment* stoppable) {
  const auto [segment, value] =
      best([&](const CacheSegment& s) { return value_for_read(s, from, to, stoppable); });
  if (segment == nullptr) return {};
  if (value >= kReadWhole) return {Found::Kind::whole, segment};
  // The rest of it can not be read into a segment that waits for its way out.
  if (value >= kReadPartial && segment->to_be_written()) return {};
  if (value >= kReadPartial) return {Found::Kind::partial, segment};
  if (collides(from, to, false, segment)) return {};
  return {Found::Kind::miss, segment};
}

int CacheSegments::value_for_write(const CacheSegment& s, std::int64_t from, std::int64_t to,
                                   const CacheSegment* stoppable, bool room_for_more) const {
  if (cache_.separate_write_segment && !is_write_segment(s)) return 0;
  if (s.to_be_written()) {
    const bool goes_on = from == s.end && from == s.writes_end && s.incoming.sectors == 0;
    const bool fits = from - s.to_write < cache_.segment_sectors;
    if (!cache_.combines_writes || !goes_on || !fits) return 0;
    return s.state == CacheSegment::State::writing ? kWriteAppend : kWriteAppendDirty;
  }
  if (!room_for_more && !cache_.separate_write_segment) return 0;
  switch (s.state) {
    case CacheSegment::State::empty:
      return s.users == 0 ? kWriteEmpty : 0;
    case CacheSegment::State::clean:
      if (s.users > 0) return 0;
      return s.overlaps(from, to) ? kWriteOver : kWriteClean;
    default:
      return &s == stoppable ? kWriteStop : 0;
  }
}

Found CacheSegments::find_for_write(std::int64_t from, std::int64_t to,
                                    const CacheSegment* stoppable) {
  const auto dirty = std::count_if(segments_.begin(), segments_.end(),
                                   [](const CacheSegment& s) { return s.to_be_written(); });
  const bool room_for_more = dirty < cache_.write_segments;
  const auto [segment, value] = best([&](const CacheSegment& s) {
    return value_for_write(s, from, to, stoppable, room_for_more);
  });
  if (segment == nullptr) return {};
  if (value >= kWriteAppendDirty) return {Found::Kind::append, segment};
  if (collides(from, to, true, segment)) return {};
  return {Found::Kind::miss, segment};
}

// What waits to be written, and what somebody still needs, is touched by nobody else.
bool CacheSegments::collides(std::int64_t from, std::int64_t to, bool write,
                             const CacheSegment* chosen) const {
  return std::any_of(segments_.begin(), segments_.end(), [&](const CacheSegment& s) {
    if (&s == chosen || !s.has_data() || !s.overlaps(from, to)) return false;
    return s.to_be_written() || (write && s.users > 0);
  });
}

void CacheSegments::use(CacheSegment& segment, bool write) {
  segment.used = ++uses_;
  segment.last_was_write = write;
}

void CacheSegments::refill(CacheSegment& segment, std::int64_t sector) {
  segment.begin = segment.end = segment.to_write = sector;
  segment.least = segment.most = 0;
}

void CacheSegments::invalidate_others(const CacheSegment& written, std::int64_t from,
                                      std::int64_t to) {
  for (CacheSegment& s : segments_) {
    if (&s == &written || s.state != CacheSegment::State::clean || s.users > 0) continue;
    if (s.overlaps(from, to)) s.state = CacheSegment::State::empty;
  }
}

void CacheSegments::grow(CacheSegment& segment, std::int64_t sectors) const {
  segment.end += sectors;
  segment.begin = std::max(segment.begin, segment.end - cache_.segment_sectors);
}

void CacheSegments::written_out(CacheSegment& segment) const {
  const bool kept = cache_.keeps && cache_.hits_on_written;
  segment.state = kept ? CacheSegment::State::clean : CacheSegment::State::empty;
}

CacheSegment* CacheSegments::find_dirty() {
  CacheSegment* found = nullptr;
  for (CacheSegment& s : segments_) {
    if (s.state != CacheSegment::State::dirty) continue;
    if (found == nullptr || s.used < found->used) found = &s;
  }
  return found;
}

}  // namespace biotope::sim
