#pragma once

#include <cstdint>
#include <vector>

#include "sim/disk/profile.h"

namespace biotope::sim {

// A stretch of sectors on its way over the bus, credited in whole sectors.
struct Chunk {
  std::int64_t began_ns = 0;
  std::int64_t sectors = 0;
  std::int64_t sector_ns = 0;

  std::int64_t done_by(std::int64_t now_ns) const {
    if (now_ns < began_ns) return 0;
    if (now_ns - began_ns >= sectors * sector_ns) return sectors;
    return (now_ns - began_ns) / sector_ns;
  }
  std::int64_t end_ns() const { return began_ns + sectors * sector_ns; }
};

// A part of the drive's buffer: the sectors begin..end - 1, of which the oldest fall out when it
// is full.
struct CacheSegment {
  enum class State : std::uint8_t { empty, clean, reading, writing, dirty };

  State state = State::empty;
  std::int64_t begin = 0;
  std::int64_t end = 0;  // without what `incoming` has brought
  // Read-ahead goes on until `most`, and can not be broken off before `least`.
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::int64_t to_write = 0;        // the next sector to go to the medium
  std::int64_t writes_end = 0;      // where the last write in it ends
  std::int64_t newest_begin = 0;    // where that write begins,
  std::int64_t newest_sectors = 0;  // and how long it is
  Chunk incoming;                   // a write's data on the bus; no sectors: none
  int users = 0;                    // requests the host waits for
  bool last_was_write = false;
  std::uint64_t used = 0;  // grows with each use

  bool holds(std::int64_t sector) const { return sector >= begin && sector < end; }
  bool overlaps(std::int64_t from, std::int64_t to) const { return from < end && to > begin; }
  bool has_data() const { return state != State::empty; }
  bool to_be_written() const { return state == State::writing || state == State::dirty; }
  std::int64_t end_at(std::int64_t now_ns) const { return end + incoming.done_by(now_ns); }
};

// What a request finds in the buffer.
struct Found {
  enum class Kind : std::uint8_t {
    none,     // nothing fits: wait
    miss,     // a segment to fill
    partial,  // it has the first sector wanted
    whole,    // it has all
    append,   // a write that goes on with the segment being written
  };
  Kind kind = Kind::none;
  CacheSegment* segment = nullptr;
};

// The buffer of a drive, by the rules of its parameters.
class CacheSegments {
 public:
  explicit CacheSegments(const Cache& cache);

  // The best segment for sectors from..to - 1. `stoppable`: the segment of a read-ahead that this
  // request may break off, or null.
  Found find_for_read(std::int64_t from, std::int64_t to, const CacheSegment* stoppable);
  Found find_for_write(std::int64_t from, std::int64_t to, const CacheSegment* stoppable);

  // Makes it the most recently used one.
  void use(CacheSegment& segment, bool write);
  bool most_recently_used(const CacheSegment& segment) const { return segment.used == uses_; }
  // Forgets contents: the segment is about to hold what begins at `sector`.
  static void refill(CacheSegment& segment, std::int64_t sector);
  // Others that hold what is about to be written have it no longer.
  void invalidate_others(const CacheSegment& written, std::int64_t from, std::int64_t to);
  // Adds sectors at the end; the oldest fall out.
  void grow(CacheSegment& segment, std::int64_t sectors) const;
  // What a segment is once everything in it is on the medium.
  void written_out(CacheSegment& segment) const;
  CacheSegment* find_dirty();

  std::int64_t size() const { return cache_.segment_sectors; }
  const std::vector<CacheSegment>& all() const { return segments_; }

 private:
  int value_for_read(const CacheSegment& s, std::int64_t from, std::int64_t to,
                     const CacheSegment* stoppable) const;
  int value_for_write(const CacheSegment& s, std::int64_t from, std::int64_t to,
                      const CacheSegment* stoppable, bool room_for_more) const;
  bool collides(std::int64_t from, std::int64_t to, bool write, const CacheSegment* chosen) const;
  bool is_write_segment(const CacheSegment& s) const { return &s == segments_.data(); }
  template <class ValueOf>
  std::pair<CacheSegment*, int> best(ValueOf value_of);

  Cache cache_;
  std::vector<CacheSegment> segments_;
  std::uint64_t uses_ = 0;
};

}  // namespace biotope::sim
