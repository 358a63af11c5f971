#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/disk/profile.h"

namespace biotope::sim {

// One zone's sectors: which have numbers, where they are, at which angle.
//
// All schemes of sparing are one: the zone is cut into spans (tracks, cylinders, ranges, or the
// zone itself) of units (sectors, or tracks where whole tracks are spare); in each span some units
// are spare, at its end or front. A slipped unit is passed over. Where slips are absorbed, the
// span's numbers stay in it, because its spares take what is pushed out; else they move on.
class ZoneMap {
 public:
  // `first` is the number of the zone's first sector.
  ZoneMap(const Geometry& geometry, const Zone& zone, std::int64_t first);

  const Zone& zone() const { return zone_; }
  std::int64_t first() const { return first_; }
  std::int64_t sectors() const { return sectors_; }
  std::int64_t end() const { return first_ + sectors_; }
  std::int64_t cylinder_sectors() const { return cylinder_sectors_; }

  // A sector's position in the zone, counted along the tracks. `index` counts from first().
  std::int64_t home(std::int64_t index) const;
  // How many of the zone's sectors have their home before the position.
  std::int64_t before(std::int64_t position) const;
  // Where it is really: its home, or what it was moved to.
  std::int64_t moved(std::int64_t home_position) const;
  // The next index at or after this one that is not at home; sectors() if there is none.
  std::int64_t next_moved(std::int64_t index) const;

  // Of the sector at the position, in units of Spindle.
  std::int64_t angle(std::int64_t position) const;
  std::int64_t sector_angle() const;  // a sector's width

 private:
  struct Split {
    std::int64_t span_units;
    std::int64_t spares;
    bool spares_first;
    bool pushing;
  };
  static Split split(const Geometry& geometry, const Zone& zone);

  void find_slips(const Split& split);
  void find_moves();
  std::int64_t unit_of(std::int64_t usable) const;
  std::int64_t usable_before(std::int64_t unit) const;
  std::int64_t mirrored(std::int64_t unit) const;
  std::int64_t unit_from_front(std::int64_t usable) const;
  std::int64_t usable_before_from_front(std::int64_t unit) const;
  std::int64_t pushed_sectors(std::int64_t position) const;

  Zone zone_;
  Sparing sparing_;
  std::int64_t first_;
  std::int64_t surfaces_;
  std::int64_t cylinder_sectors_;
  std::int64_t unit_sectors_;  // 1, or a track's
  std::int64_t span_units_;
  std::int64_t usable_units_;  // of a span
  std::int64_t front_units_;   // spares before them
  bool pushing_;
  bool mirrored_;  // spans are counted from their ends, where their spares are in front
  std::int64_t sectors_ = 0;
  // Of each slip that matters: its unit, its span's first entry here, and the first usable unit
  // that has passed over it.
  struct Slip {
    std::int64_t unit;
    std::size_t span_begin;
    std::int64_t bends_at;
  };
  std::vector<Slip> slips_;
  std::vector<std::int64_t> moved_;  // indices not at home, ascending
};

}  // namespace biotope::sim
