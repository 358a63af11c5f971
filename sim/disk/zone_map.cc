#include "sim/disk/zone_map.h"

#include <algorithm>
#include <cmath>

#include "sim/disk/spindle.h"

namespace biotope::sim {

ZoneMap::Split ZoneMap::split(const Geometry& geometry, const Zone& zone) {
  const std::int64_t track = zone.sectors_per_track;
  const std::int64_t cylinder = track * geometry.surfaces;
  const std::int64_t all = cylinder * zone.cylinders();
  switch (geometry.sparing) {
    case Sparing::none:
      return {all, 0, false, true};
    case Sparing::tracks_at_zone_end:
      return {geometry.surfaces * zone.cylinders(), zone.spares, false, false};
    case Sparing::sectors_per_cylinder:
      return {cylinder, zone.spares, false, false};
    case Sparing::sectors_per_track:
      return {track, zone.spares, false, false};
    case Sparing::cylinder_pushing:
      return {cylinder, zone.spares, false, true};
    case Sparing::cylinder_front:
      return {cylinder, zone.spares, true, false};
    case Sparing::cylinder_front_pushing:
      return {cylinder, zone.spares, true, true};
    case Sparing::sectors_per_range:
      return {cylinder * geometry.range_cylinders, zone.spares, false, false};
    case Sparing::sectors_per_zone:
      return {all, zone.spares, false, false};
    case Sparing::sectors_per_zone_pushing:
      return {all, zone.spares, false, true};
  }
  return {all, 0, false, true};
}

ZoneMap::ZoneMap(const Geometry& geometry, const Zone& zone, std::int64_t first)
    : zone_(zone),
      sparing_(geometry.sparing),
      first_(first),
      surfaces_(geometry.surfaces),
      cylinder_sectors_(geometry.surfaces * zone.sectors_per_track) {
  const Split by = split(geometry, zone);
  unit_sectors_ = sparing_ == Sparing::tracks_at_zone_end ? zone.sectors_per_track : 1;
  span_units_ = by.span_units;
  usable_units_ = by.span_units - by.spares;
  pushing_ = by.pushing;
  // Spares in front take what slips push out, so numbers are pushed to the front.
  mirrored_ = by.spares_first && !by.pushing;
  front_units_ = by.spares_first && !mirrored_ ? by.spares : 0;
  find_slips(by);
  const std::int64_t units = cylinder_sectors_ * zone.cylinders() / unit_sectors_;
  // A last range that is not whole has no spares.
  const std::int64_t usable = units / span_units_ * usable_units_ + units % span_units_;
  const auto pushed = pushing_ ? static_cast<std::int64_t>(zone.slips.size()) : 0;
  sectors_ = std::max<std::int64_t>(0, (usable - pushed) * unit_sectors_ - zone.reserved_sectors);
  find_moves();
}

void ZoneMap::find_slips(const Split& by) {
  std::size_t span_begin = 0;
  std::int64_t last_span = 0;
  std::vector<std::int64_t> units = zone_.slips;
  if (mirrored_) {
    for (std::int64_t& unit : units) unit = mirrored(unit);
    std::sort(units.begin(), units.end());
  }
  for (const std::int64_t unit : units) {
    const std::int64_t span = unit / by.span_units;
    if (!pushing_ && span != last_span) span_begin = slips_.size();
    last_span = span;
    const auto passed = static_cast<std::int64_t>(slips_.size() - span_begin);
    const std::int64_t in_span = unit % by.span_units - front_units_;
    // Slipped spares are never come across.
    const bool is_spare = pushing_ ? in_span < 0 || in_span >= usable_units_
                                   : in_span < 0 || in_span - passed >= usable_units_;
    if (is_spare) continue;
    slips_.push_back({unit, span_begin, span * usable_units_ + in_span - passed});
  }
}

void ZoneMap::find_moves() {
  for (const Remap& remap : zone_.remaps) {
    const std::int64_t position = remap.bad * unit_sectors_;
    const std::int64_t index = before(position);
    for (std::int64_t i = 0; i < unit_sectors_ && index + i < sectors_; ++i) {
      if (home(index + i) == position + i) moved_.push_back(index + i);
    }
  }
  std::sort(moved_.begin(), moved_.end());
}

// --- between indices and positions --------------------------------------------------------------

// The unit as far from its span's end as this one from its beginning.
std::int64_t ZoneMap::mirrored(std::int64_t unit) const {
  const std::int64_t begin = unit / span_units_ * span_units_;
  return begin + span_units_ - 1 - (unit - begin);
}

std::int64_t ZoneMap::unit_from_front(std::int64_t usable) const {
  if (!mirrored_) return unit_of(usable);
  const std::int64_t begin = usable / usable_units_ * usable_units_;
  return mirrored(unit_of(begin + usable_units_ - 1 - (usable - begin)));
}

std::int64_t ZoneMap::usable_before_from_front(std::int64_t unit) const {
  if (!mirrored_ || unit % span_units_ == 0) return usable_before(unit);
  const std::int64_t begin = unit / span_units_ * usable_units_;
  const std::int64_t from_here = usable_before(mirrored(unit) + 1);
  return begin + usable_units_ - (from_here - begin);
}

std::int64_t ZoneMap::unit_of(std::int64_t usable) const {
  const auto passed =
      std::upper_bound(slips_.begin(), slips_.end(), usable,
                       [](std::int64_t at, const Slip& slip) { return at < slip.bends_at; });
  const auto count = passed - slips_.begin();
  if (pushing_) {
    const std::int64_t pushed = usable + count;
    return pushed / usable_units_ * span_units_ + front_units_ + pushed % usable_units_;
  }
  const std::int64_t span = usable / usable_units_;
  const std::int64_t begin = span * span_units_;
  std::int64_t of_span = 0;
  if (count > 0 && passed[-1].unit >= begin) {
    of_span = count - static_cast<std::int64_t>(passed[-1].span_begin);
  }
  return begin + front_units_ + usable % usable_units_ + of_span;
}

std::int64_t ZoneMap::usable_before(std::int64_t unit) const {
  const std::int64_t span = unit / span_units_;
  const std::int64_t begin = span * span_units_;
  const auto passed =
      std::lower_bound(slips_.begin(), slips_.end(), unit,
                       [](const Slip& slip, std::int64_t at) { return slip.unit < at; });
  const auto count = passed - slips_.begin();
  std::int64_t of_span = 0;
  if (pushing_) {
    of_span = count;
  } else if (count > 0 && passed[-1].unit >= begin) {
    of_span = count - static_cast<std::int64_t>(passed[-1].span_begin);
  }
  const std::int64_t in_span = unit - begin - front_units_;
  if (pushing_) {
    return span * usable_units_ + std::clamp<std::int64_t>(in_span, 0, usable_units_) - of_span;
  }
  return span * usable_units_ + std::clamp<std::int64_t>(in_span - of_span, 0, usable_units_);
}

std::int64_t ZoneMap::home(std::int64_t index) const {
  const std::int64_t usable = index + zone_.reserved_sectors;
  return unit_from_front(usable / unit_sectors_) * unit_sectors_ + usable % unit_sectors_;
}

std::int64_t ZoneMap::before(std::int64_t position) const {
  const std::int64_t unit = position / unit_sectors_;
  std::int64_t usable = usable_before_from_front(unit) * unit_sectors_;
  // Inside of a unit of several sectors, which is used as a whole or not at all.
  const std::int64_t inside = position % unit_sectors_;
  if (inside > 0 && usable_before_from_front(unit + 1) * unit_sectors_ > usable) usable += inside;
  return std::clamp<std::int64_t>(usable - zone_.reserved_sectors, 0, sectors_);
}

std::int64_t ZoneMap::moved(std::int64_t home_position) const {
  for (const Remap& remap : zone_.remaps) {
    if (remap.bad != home_position / unit_sectors_) continue;
    return remap.replacement * unit_sectors_ + home_position % unit_sectors_;
  }
  return home_position;
}

std::int64_t ZoneMap::next_moved(std::int64_t index) const {
  const auto at = std::lower_bound(moved_.begin(), moved_.end(), index);
  return at == moved_.end() ? sectors_ : *at;
}

// --- angles -------------------------------------------------------------------------------------

// Slips that lie before the beginning of the cylinder, or of the track: some drives keep numbers
// and angles in step across them.
std::int64_t ZoneMap::pushed_sectors(std::int64_t position) const {
  std::int64_t begin = 0;
  switch (sparing_) {
    case Sparing::sectors_per_cylinder:
    case Sparing::cylinder_pushing:
    case Sparing::cylinder_front:
    case Sparing::cylinder_front_pushing:
      begin = position / cylinder_sectors_ * cylinder_sectors_;
      break;
    case Sparing::sectors_per_track:
      begin = position / zone_.sectors_per_track * zone_.sectors_per_track;
      break;
    default:
      return 0;
  }
  return std::lower_bound(zone_.slips.begin(), zone_.slips.end(), begin) - zone_.slips.begin();
}

std::int64_t ZoneMap::angle(std::int64_t position) const {
  const std::int64_t cylinder = position / cylinder_sectors_;
  const std::int64_t order = position % cylinder_sectors_ / zone_.sectors_per_track;
  const std::int64_t sector = position % zone_.sectors_per_track;
  // Changing the cylinder takes the place of one change of the track.
  const std::int64_t track_changes = order + (surfaces_ - 1) * cylinder;
  const double skew = zone_.first_sector_skew +
                      zone_.track_skew * static_cast<double>(track_changes) +
                      zone_.cylinder_skew * static_cast<double>(cylinder) +
                      static_cast<double>(pushed_sectors(position) + sector);
  const auto per_track = static_cast<double>(zone_.sectors_per_track);
  const double share = std::fmod(skew, per_track) / per_track;
  const auto angle = std::llround(share * static_cast<double>(Spindle::kRevolution));
  return (angle + Spindle::kRevolution) % Spindle::kRevolution;
}

std::int64_t ZoneMap::sector_angle() const {
  return Spindle::kRevolution / zone_.sectors_per_track;
}

}  // namespace biotope::sim
