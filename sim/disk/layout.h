#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/disk/profile.h"
#include "sim/disk/zone_map.h"

namespace biotope::sim {

// Where a sector is: on which track, and with which sectors it can be read in one go.
struct Place {
  std::int64_t cylinder = 0;
  std::int64_t head = 0;        // the surface, whatever the order in which surfaces are used
  std::int64_t sector = 0;      // on the track
  std::int64_t angle = 0;       // of the sector's beginning, in units of Spindle
  std::int64_t first = 0;       // the track's sectors are first..last by number,
  std::int64_t last = 0;        //
  std::int64_t run_end = 0;     // and up to here none of them has been moved elsewhere
  std::int64_t pass_slots = 0;  // sectors that pass in a revolution, of those that have a number
  std::int64_t sectors_per_track = 0;
};

// From sector numbers to places. A bijection: each number has a place of its own.
class Layout {
 public:
  // The geometry must have passed check().
  explicit Layout(const Geometry& geometry);

  std::int64_t sectors() const { return sectors_; }
  // `number` in 0..sectors() - 1, here and below.
  Place place(std::int64_t number) const;
  std::int64_t cylinder(std::int64_t number) const;
  // The sector number whose home this is; none for spares, slipped and reserved sectors and for
  // cylinders between zones.
  std::optional<std::int64_t> number_at(std::int64_t cylinder, std::int64_t head,
                                        std::int64_t sector) const;
  // The number that passes under the head next after the angle, on the track of `place`: where it
  // is, or none when what comes has no number.
  struct Next {
    std::optional<std::int64_t> number;
    std::int64_t angle = 0;
    std::int64_t sector = 0;
  };
  Next next_on_track(const Place& place, std::int64_t angle) const;

  const std::vector<ZoneMap>& zones() const { return zones_; }

 private:
  const ZoneMap& zone_of(std::int64_t number) const;
  const ZoneMap* zone_at(std::int64_t cylinder) const;
  std::int64_t surface(const ZoneMap& zone, std::int64_t cylinder, std::int64_t order) const;

  Serpentine serpentine_;
  std::int64_t surfaces_;
  std::vector<ZoneMap> zones_;
  std::int64_t sectors_ = 0;
};

}  // namespace biotope::sim
