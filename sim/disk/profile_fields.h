#pragma once

#include <array>
#include <string_view>

#include "sim/disk/profile.h"

namespace biotope::sim {

// Every figure of a profile, once, in the order in which files have them: what reads and writes
// profiles visits these. A visitor has, for a name and a figure,
//   value(name, T&)              whole number, decimal, truth or text
//   choice(name, T&, names)      an enumeration, by its names in order
//   section(name, T&)            a table of further figures
//   sections(name, vector<T>&)   any number of tables
//   rows(name, T&)               a list of numbers, or of pairs
// and needed(...) in place of the next one, for what has no default.

inline constexpr std::array<std::string_view, 10> kSparingNames{"none",
                                                                "tracks_at_zone_end",
                                                                "sectors_per_cylinder",
                                                                "sectors_per_track",
                                                                "cylinder_pushing",
                                                                "cylinder_front",
                                                                "cylinder_front_pushing",
                                                                "sectors_per_range",
                                                                "sectors_per_zone",
                                                                "sectors_per_zone_pushing"};
inline constexpr std::array<std::string_view, 3> kSerpentineNames{"plain", "in_zone", "on_disk"};
inline constexpr std::array<std::string_view, 3> kFormulaNames{"none", "two_piece", "curve"};
inline constexpr std::array<std::string_view, 5> kReadAheadNames{"none", "to_track", "to_cylinder",
                                                                 "to_limit", "one_track"};
inline constexpr std::array<std::string_view, 5> kSchedulerNames{"fcfs", "sstf", "scan", "clook",
                                                                 "sptf"};
inline constexpr std::array<std::string_view, 3> kButtonNames{"none", "asks", "releases"};

template <class Visitor>
void visit_fields(Visitor& v, Zone& z) {
  v.needed().value("first_cylinder", z.first_cylinder);
  v.needed().value("last_cylinder", z.last_cylinder);
  v.needed().value("sectors_per_track", z.sectors_per_track);
  v.value("first_sector_skew", z.first_sector_skew);
  v.value("track_skew", z.track_skew);
  v.value("cylinder_skew", z.cylinder_skew);
  v.value("reserved_sectors", z.reserved_sectors);
  v.value("spares", z.spares);
  v.rows("slips", z.slips);
  v.rows("remaps", z.remaps);
}

template <class Visitor>
void visit_fields(Visitor& v, Geometry& g) {
  v.value("sector_bytes", g.sector_bytes);
  v.needed().value("surfaces", g.surfaces);
  v.needed().value("cylinders", g.cylinders);
  v.choice("serpentine", g.serpentine, kSerpentineNames);
  v.choice("sparing", g.sparing, kSparingNames);
  v.value("range_cylinders", g.range_cylinders);
  v.needed().sections("zones", g.zones);
}

template <class Visitor>
void visit_fields(Visitor& v, SeekTimes& s) {
  v.rows("points", s.points);
  v.choice("formula", s.formula, kFormulaNames);
  v.value("break_cylinders", s.break_cylinders);
  v.value("base_ns", s.base_ns);
  v.value("root_ns", s.root_ns);
  v.value("far_base_ns", s.far_base_ns);
  v.value("linear_ns", s.linear_ns);
}

template <class Visitor>
void visit_fields(Visitor& v, Movement& m) {
  v.needed().value("rpm", m.rpm);
  v.value("head_switch_ns", m.head_switch_ns);
  v.value("write_settle_ns", m.write_settle_ns);
  v.value("least_write_positioning_ns", m.least_write_positioning_ns);
  v.needed().section("seek", m.seek);
}

template <class Visitor>
void visit_fields(Visitor& v, AfterTime& t) {
  v.needed().value("after_read_ns", t.read_ns);
  v.needed().value("after_write_ns", t.write_ns);
}

template <class Visitor>
void visit_fields(Visitor& v, Overheads& o) {
  v.value("request_ns", o.request_ns);
  v.value("read_completion_ns", o.read_completion_ns);
  v.value("write_completion_ns", o.write_completion_ns);
  v.value("data_preparation_ns", o.data_preparation_ns);
  v.value("first_reselect_ns", o.first_reselect_ns);
  v.value("other_reselect_ns", o.other_reselect_ns);
  v.value("write_disconnect_ns", o.write_disconnect_ns);
  v.value("arbitration_ns", o.arbitration_ns);
  v.section("read_hit", o.read_hit);
  v.section("read_miss", o.read_miss);
  v.section("write_cached", o.write_cached);
  v.section("write_through", o.write_through);
  v.section("read_disconnect", o.read_disconnect);
}

template <class Visitor>
void visit_fields(Visitor& v, ExtraDisconnect& x) {
  v.value("on", x.on);
  v.value("command_ns", x.command_ns);
  v.value("disconnect_ns", x.disconnect_ns);
  v.value("gap_ns", x.gap_ns);
  v.value("second_disconnect_ns", x.second_disconnect_ns);
  v.value("seek_delta_ns", x.seek_delta_ns);
}

template <class Visitor>
void visit_fields(Visitor& v, Bus& b) {
  v.value("read_sector_ns", b.read_sector_ns);
  v.value("write_sector_ns", b.write_sector_ns);
  v.value("hold_while_reading", b.hold_while_reading);
  v.value("hold_while_writing", b.hold_while_writing);
  v.value("never_disconnect", b.never_disconnect);
}

template <class Visitor>
void visit_fields(Visitor& v, Cache& c) {
  v.value("keeps", c.keeps);
  v.value("segments", c.segments);
  v.needed().value("segment_sectors", c.segment_sectors);
  v.value("write_segments", c.write_segments);
  v.value("separate_write_segment", c.separate_write_segment);
  v.value("read_mark", c.read_mark);
  v.value("write_mark", c.write_mark);
  v.value("marks_by_request", c.marks_by_request);
  v.choice("read_ahead", c.read_ahead, kReadAheadNames);
  v.value("least_read_ahead_sectors", c.least_read_ahead);
  v.value("most_read_ahead_sectors", c.most_read_ahead);
  v.value("read_ahead_over", c.read_ahead_over);
  v.value("read_ahead_on_idle_hit", c.read_ahead_on_idle_hit);
  v.value("stops_in_sector", c.stops_in_sector);
  v.value("stops_at_event", c.stops_at_event);
  v.value("write_hit_stops_read_ahead", c.write_hit_stops_read_ahead);
  v.value("write_back", c.write_back);
  v.value("combines_writes", c.combines_writes);
  v.value("hits_on_written", c.hits_on_written);
  v.value("almost_hits", c.almost_hits);
  v.value("partial_hits_at_once", c.partial_hits_at_once);
  v.value("reads_into_buffer", c.reads_into_buffer);
  v.value("full_hits_beside", c.full_hits_beside);
  v.value("partial_hits_beside", c.partial_hits_beside);
  v.value("queued_hits_beside", c.queued_hits_beside);
  v.value("writes_beside", c.writes_beside);
  v.value("preseek", c.preseek);
  v.value("zero_latency_read", c.zero_latency_read);
  v.value("zero_latency_write", c.zero_latency_write);
  v.value("reads_free_sectors", c.reads_free_sectors);
}

template <class Visitor>
void visit_fields(Visitor& v, CommandQueue& q) {
  v.value("depth", q.depth);
  v.choice("scheduler", q.scheduler, kSchedulerNames);
}

template <class Visitor>
void visit_fields(Visitor& v, Handling& h) {
  v.value("lock", h.lock);
  v.value("eject", h.eject);
  v.choice("button", h.button, kButtonNames);
  v.value("change_line", h.change_line);
  v.value("read_only", h.read_only);
  v.value("load_ns", h.load_ns);
  v.value("power_up_ns", h.power_up_ns);
}

template <class Visitor>
void visit_fields(Visitor& v, DiskProfile& p) {
  v.needed().value("name", p.name);
  v.value("description", p.description);
  v.value("can_erase", p.can_erase);
  v.needed().section("movement", p.movement);
  v.section("overheads", p.overheads);
  v.section("extra_disconnect", p.extra_disconnect);
  v.section("bus", p.bus);
  v.needed().section("cache", p.cache);
  v.section("queue", p.queue);
  v.section("handling", p.handling);
  v.needed().section("geometry", p.geometry);
}

}  // namespace biotope::sim
