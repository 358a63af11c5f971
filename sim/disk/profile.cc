#include "sim/disk/profile.h"

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "sim/disk/inspector.h"

namespace biotope::sim {
namespace {

constexpr std::int64_t kMostSectors = std::int64_t{1} << 50;

// --- geometry -----------------------------------------------------------------------------------

// In how many units slips and spares are counted: in the zone, and in what shares its spares.
struct Units {
  std::int64_t zone = 0;
  std::int64_t span = 0;
  bool absorbs = true;
};

Units units_of(const Geometry& g, const Zone& zone) {
  const std::int64_t tracks = zone.cylinders() * g.surfaces;
  const std::int64_t cylinder = g.surfaces * zone.sectors_per_track;
  const std::int64_t sectors = tracks * zone.sectors_per_track;
  switch (g.sparing) {
    case Sparing::tracks_at_zone_end:
      return {tracks, tracks, true};
    case Sparing::sectors_per_track:
      return {sectors, zone.sectors_per_track, true};
    case Sparing::sectors_per_cylinder:
    case Sparing::cylinder_front:
      return {sectors, cylinder, true};
    case Sparing::cylinder_pushing:
    case Sparing::cylinder_front_pushing:
      return {sectors, cylinder, false};
    case Sparing::sectors_per_range:
      return {sectors, cylinder * g.range_cylinders, true};
    case Sparing::sectors_per_zone:
      return {sectors, sectors, true};
    case Sparing::none:
    case Sparing::sectors_per_zone_pushing:
      return {sectors, sectors, false};
  }
  return {sectors, sectors, false};
}

void inspect_slips(Inspector& in, const Zone& zone, const Units& units, const std::string& at) {
  std::int64_t before = -1;
  std::int64_t span = -1;
  std::int64_t in_span = 0;
  for (const std::int64_t slip : zone.slips) {
    in.demand(slip > before && slip < units.zone, at + ".slips",
              sentence("has ", slip, " after ", before, "; slips must grow and be below ",
                       units.zone, ", which is where the zone ends"));
    before = slip;
    in_span = slip / units.span == span ? in_span + 1 : 1;
    span = slip / units.span;
    const bool whole_span = (span + 1) * units.span <= units.zone;
    in.demand(!units.absorbs || in_span <= (whole_span ? zone.spares : 0), at + ".slips",
              sentence("has more slips around ", slip, " than there are spares for them"));
  }
}

void inspect_zone(Inspector& in, const Geometry& g, const Zone& zone, const std::string& at) {
  in.within(zone.first_cylinder, 0, g.cylinders - 1, at + ".first_cylinder");
  in.within(zone.last_cylinder, zone.first_cylinder, g.cylinders - 1, at + ".last_cylinder");
  in.within(zone.sectors_per_track, 1, 1'000'000, at + ".sectors_per_track");
  if (in.fault) return;
  in.number(zone.first_sector_skew, 0, 1e9, at + ".first_sector_skew");
  in.number(zone.track_skew, 0, 1e6, at + ".track_skew");
  in.number(zone.cylinder_skew, 0, 1e6, at + ".cylinder_skew");
  const Units units = units_of(g, zone);
  const bool spares_count = g.sparing != Sparing::none;
  in.within(zone.spares, 0, spares_count ? units.span - 1 : kMostSectors, at + ".spares");
  in.within(zone.reserved_sectors, 0, kMostSectors, at + ".reserved_sectors");
  if (in.fault) return;
  inspect_slips(in, zone, units, at);
  for (const Remap& remap : zone.remaps) {
    in.within(remap.bad, 0, units.zone - 1, at + ".remaps");
    in.within(remap.replacement, 0, units.zone - 1, at + ".remaps");
  }
  const std::int64_t unit_sectors =
      g.sparing == Sparing::tracks_at_zone_end ? zone.sectors_per_track : 1;
  const std::int64_t spare =
      !spares_count ? 0 : units.zone / units.span * zone.spares * unit_sectors;
  const std::int64_t slipped = units.absorbs ? 0 : static_cast<std::int64_t>(zone.slips.size());
  in.demand(units.zone * unit_sectors > spare + slipped + zone.reserved_sectors,
            at + ".reserved_sectors", "leaves no sector of the zone, beside spares and slips");
}

void inspect_geometry(Inspector& in, const Geometry& g) {
  in.within(g.sector_bytes, 1, 1 << 24, "geometry.sector_bytes");
  in.within(g.surfaces, 1, 1000, "geometry.surfaces");
  in.within(g.cylinders, 1, 10'000'000, "geometry.cylinders");
  in.within(g.range_cylinders, 1, 10'000'000, "geometry.range_cylinders");
  in.demand(!g.zones.empty(), "geometry.zones", "is missing; a disk has at least one zone");
  std::vector<std::pair<std::int64_t, std::int64_t>> used;
  for (std::size_t i = 0; i < g.zones.size() && !in.fault; ++i) {
    const std::string at = sentence("geometry.zones[", i, "]");
    const Zone& zone = g.zones[i];
    inspect_zone(in, g, zone, at);
    for (const auto& [first, last] : used) {
      in.demand(zone.last_cylinder < first || zone.first_cylinder > last, at + ".first_cylinder",
                sentence("makes the zone overlap the one from cylinder ", first, " to ", last));
    }
    used.emplace_back(zone.first_cylinder, zone.last_cylinder);
  }
}

// --- the rest -----------------------------------------------------------------------------------

void inspect_movement(Inspector& in, const Movement& m) {
  in.within(m.rpm, 1, 1'000'000, "movement.rpm");
  in.time(m.head_switch_ns, "movement.head_switch_ns");
  in.within(m.write_settle_ns, -kLongestNs, kLongestNs, "movement.write_settle_ns");
  in.time(m.least_write_positioning_ns, "movement.least_write_positioning_ns");
  const SeekTimes& s = m.seek;
  in.demand(!s.points.empty() || s.formula != SeekTimes::Formula::none, "movement.seek.points",
            "is missing; a drive needs seek times, as points or by a formula");
  std::int64_t before = 0;
  for (const SeekPoint& point : s.points) {
    in.demand(point.cylinders > before, "movement.seek.points",
              sentence("has distance ", point.cylinders, " after ", before, "; they must grow"));
    in.time(point.time_ns, "movement.seek.points");
    before = point.cylinders;
  }
  const double most = static_cast<double>(kLongestNs);
  in.time(s.base_ns, "movement.seek.base_ns");
  in.time(s.far_base_ns, "movement.seek.far_base_ns");
  in.number(s.root_ns, -most, most, "movement.seek.root_ns");
  in.number(s.linear_ns, -most, most, "movement.seek.linear_ns");
  in.within(s.break_cylinders, 0, kMostSectors, "movement.seek.break_cylinders");
}

void inspect_overheads(Inspector& in, const Overheads& o, const ExtraDisconnect& x,
                       const Bus& bus) {
  in.time(o.request_ns, "overheads.request_ns");
  in.time(o.read_hit, "overheads.read_hit");
  in.time(o.read_miss, "overheads.read_miss");
  in.time(o.write_cached, "overheads.write_cached");
  in.time(o.write_through, "overheads.write_through");
  in.time(o.read_completion_ns, "overheads.read_completion_ns");
  in.time(o.write_completion_ns, "overheads.write_completion_ns");
  in.time(o.data_preparation_ns, "overheads.data_preparation_ns");
  in.time(o.first_reselect_ns, "overheads.first_reselect_ns");
  in.time(o.other_reselect_ns, "overheads.other_reselect_ns");
  in.time(o.read_disconnect, "overheads.read_disconnect");
  in.time(o.write_disconnect_ns, "overheads.write_disconnect_ns");
  in.time(o.arbitration_ns, "overheads.arbitration_ns");
  in.time(x.command_ns, "extra_disconnect.command_ns");
  in.time(x.disconnect_ns, "extra_disconnect.disconnect_ns");
  in.time(x.gap_ns, "extra_disconnect.gap_ns");
  in.time(x.second_disconnect_ns, "extra_disconnect.second_disconnect_ns");
  in.time(x.seek_delta_ns, "extra_disconnect.seek_delta_ns");
  in.time(bus.read_sector_ns, "bus.read_sector_ns");
  in.time(bus.write_sector_ns, "bus.write_sector_ns");
}

void inspect_cache(Inspector& in, const Cache& c) {
  in.within(c.segments, 1, 1 << 16, "cache.segments");
  in.within(c.segment_sectors, 1, 1 << 30, "cache.segment_sectors");
  in.within(c.write_segments, 1, 1 << 16, "cache.write_segments");
  in.demand(!c.separate_write_segment || c.segments >= 2, "cache.segments",
            "is 1, and that one is for writes alone; reads need another");
  in.number(c.read_mark, 0, 1, "cache.read_mark");
  in.number(c.write_mark, 0, 1, "cache.write_mark");
  in.within(c.least_read_ahead, 0, 1 << 30, "cache.least_read_ahead_sectors");
  in.within(c.most_read_ahead, 0, 1 << 30, "cache.most_read_ahead_sectors");
  in.demand(c.most_read_ahead == 0 || c.least_read_ahead <= c.most_read_ahead,
            "cache.least_read_ahead_sectors", "is more than the most there may be");
  in.within(c.read_ahead_over, -1, 1, "cache.read_ahead_over");
  in.within(c.write_back, 0, 2, "cache.write_back");
  in.within(c.preseek, 0, 2, "cache.preseek");
}

}  // namespace

std::optional<ProfileFault> find_fault(const DiskProfile& profile) {
  Inspector in;
  in.demand(!profile.name.empty(), "name", "is missing");
  inspect_geometry(in, profile.geometry);
  inspect_movement(in, profile.movement);
  inspect_overheads(in, profile.overheads, profile.extra_disconnect, profile.bus);
  inspect_cache(in, profile.cache);
  in.within(profile.queue.depth, 1, 1 << 20, "queue.depth");
  in.time(profile.handling.load_ns, "handling.load_ns");
  in.time(profile.handling.power_up_ns, "handling.power_up_ns");
  return in.fault;
}

Status check(const DiskProfile& profile) {
  const auto fault = find_fault(profile);
  if (!fault) return {};
  return fail(EINVAL, "drive '", profile.name, "': ", fault->figure, " ", fault->why);
}

}  // namespace biotope::sim
