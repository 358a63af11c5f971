#include "sim/disk/layout.h"

#include <algorithm>

#include "sim/disk/spindle.h"

namespace biotope::sim {

Layout::Layout(const Geometry& geometry)
    : serpentine_(geometry.serpentine), surfaces_(geometry.surfaces) {
  for (const Zone& zone : geometry.zones) {
    zones_.emplace_back(geometry, zone, sectors_);
    sectors_ = zones_.back().end();
  }
}

const ZoneMap& Layout::zone_of(std::int64_t number) const {
  const auto after =
      std::upper_bound(zones_.begin(), zones_.end(), number,
                       [](std::int64_t at, const ZoneMap& zone) { return at < zone.end(); });
  return *after;
}

const ZoneMap* Layout::zone_at(std::int64_t cylinder) const {
  for (const ZoneMap& zone : zones_) {
    if (cylinder >= zone.zone().first_cylinder && cylinder <= zone.zone().last_cylinder) {
      return &zone;
    }
  }
  return nullptr;
}

std::int64_t Layout::surface(const ZoneMap& zone, std::int64_t cylinder, std::int64_t order) const {
  const std::int64_t counted =
      serpentine_ == Serpentine::in_zone ? cylinder - zone.zone().first_cylinder : cylinder;
  const bool backwards = serpentine_ != Serpentine::plain && counted % 2 != 0;
  return backwards ? surfaces_ - 1 - order : order;
}

Place Layout::place(std::int64_t number) const {
  const ZoneMap& zone = zone_of(number);
  const std::int64_t index = number - zone.first();
  const std::int64_t home = zone.home(index);
  const std::int64_t moved_next = zone.next_moved(index);
  const bool at_home = moved_next != index;
  const std::int64_t position = at_home ? home : zone.moved(home);
  const std::int64_t per_track = zone.zone().sectors_per_track;
  const std::int64_t track = position / per_track;

  Place place;
  place.cylinder = zone.zone().first_cylinder + track / surfaces_;
  place.head = surface(zone, place.cylinder, track % surfaces_);
  place.sector = position % per_track;
  place.angle = zone.angle(position);
  place.sectors_per_track = per_track;
  if (at_home) {
    place.first = zone.first() + zone.before(track * per_track);
    place.last = zone.first() + zone.before((track + 1) * per_track) - 1;
    place.run_end = std::min(place.last + 1, zone.first() + moved_next);
    place.pass_slots = place.last - place.first + 1;
  } else {
    place.first = place.last = number;
    place.run_end = number + 1;
    place.pass_slots = per_track;
  }
  return place;
}

std::int64_t Layout::cylinder(std::int64_t number) const {
  const ZoneMap& zone = zone_of(number);
  const std::int64_t index = number - zone.first();
  const std::int64_t home = zone.home(index);
  const std::int64_t position = zone.next_moved(index) == index ? zone.moved(home) : home;
  return zone.zone().first_cylinder + position / zone.cylinder_sectors();
}

std::optional<std::int64_t> Layout::number_at(std::int64_t cylinder, std::int64_t head,
                                              std::int64_t sector) const {
  const ZoneMap* zone = zone_at(cylinder);
  if (zone == nullptr || sector >= zone->zone().sectors_per_track) return std::nullopt;
  const std::int64_t order = surface(*zone, cylinder, head);
  const std::int64_t track = (cylinder - zone->zone().first_cylinder) * surfaces_ + order;
  const std::int64_t position = track * zone->zone().sectors_per_track + sector;
  const std::int64_t index = zone->before(position);
  if (index >= zone->sectors() || zone->home(index) != position) return std::nullopt;
  return zone->first() + index;
}

Layout::Next Layout::next_on_track(const Place& place, std::int64_t angle) const {
  const ZoneMap& zone = *zone_at(place.cylinder);
  const std::int64_t per_track = place.sectors_per_track;
  const std::int64_t width = zone.sector_angle();
  const std::int64_t from_place =
      (angle - place.angle + 2 * Spindle::kRevolution) % Spindle::kRevolution;
  // Angles of sectors are rounded: one that begins just here has not begun to pass.
  const std::int64_t sectors_on = (from_place + width - 1 - per_track) / width;
  Next next;
  next.sector = (place.sector + sectors_on) % per_track;
  const std::int64_t track = (place.cylinder - zone.zone().first_cylinder) * surfaces_ +
                             surface(zone, place.cylinder, place.head);
  next.angle = zone.angle(track * per_track + next.sector);
  next.number = number_at(place.cylinder, place.head, next.sector);
  return next;
}

}  // namespace biotope::sim
