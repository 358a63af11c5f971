#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/error.h"

namespace biotope::sim {

// Where a disk keeps its spare sectors, and what a slipped sector does with them. A slip that is
// absorbed uses up a spare of its own unit; one that pushes moves everything behind it in the zone.
enum class Sparing : std::uint8_t {
  none,                     // no spares; slips push up to the end of the zone
  tracks_at_zone_end,       // whole tracks; slips are track numbers
  sectors_per_cylinder,     // at its end
  sectors_per_track,        // at its end
  cylinder_pushing,         // at a cylinder's end, and slips push
  cylinder_front,           // at a cylinder's front
  cylinder_front_pushing,   // likewise, and slips push
  sectors_per_range,        // at the end of each range of cylinders
  sectors_per_zone,         // at its end
  sectors_per_zone_pushing  // likewise, besides the slips
};

// On which surface the tracks of a cylinder begin.
enum class Serpentine : std::uint8_t {
  plain,    // on the first
  in_zone,  // on the last in every second cylinder, counted from the zone's first
  on_disk,  // likewise, counted from the disk's first
};

// A place of the medium that is not used, and the one used instead.
struct Remap {
  std::int64_t bad = 0;
  std::int64_t replacement = 0;
  friend bool operator==(const Remap&, const Remap&) = default;
};

// Cylinders with the same number of sectors on each track. Places of slips and remaps are counted
// from the zone's beginning, in the order cylinder, track, sector: tracks where spares are whole
// tracks, else sectors.
struct Zone {
  std::int64_t first_cylinder = 0;
  std::int64_t last_cylinder = 0;
  std::int64_t sectors_per_track = 0;
  double first_sector_skew = 0;  // all three in sectors of this zone
  double track_skew = 0;
  double cylinder_skew = 0;
  std::int64_t reserved_sectors = 0;  // at the front, for the drive itself
  std::int64_t spares = 0;            // in the unit of the sparing
  std::vector<std::int64_t> slips;    // ascending
  std::vector<Remap> remaps;

  std::int64_t cylinders() const { return last_cylinder - first_cylinder + 1; }
  friend bool operator==(const Zone&, const Zone&) = default;
};

struct Geometry {
  std::int64_t sector_bytes = 512;
  std::int64_t surfaces = 0;
  std::int64_t cylinders = 0;
  Serpentine serpentine = Serpentine::plain;
  Sparing sparing = Sparing::none;
  std::int64_t range_cylinders = 1;  // of Sparing::sectors_per_range
  std::vector<Zone> zones;           // in the order of their sectors' numbers
  friend bool operator==(const Geometry&, const Geometry&) = default;
};

struct SeekPoint {
  std::int64_t cylinders = 0;
  std::int64_t time_ns = 0;
  friend bool operator==(const SeekPoint&, const SeekPoint&) = default;
};

// How long the arm takes over d cylinders: measured points, with straight lines between them, or a
// formula behind them.
struct SeekTimes {
  enum class Formula : std::uint8_t {
    none,       // points only; beyond the last the line through the last two goes on
    two_piece,  // beyond the points: base + root * sqrt(d) below `break_cylinders`, else
                // far_base + linear * d
    curve,      // base + root * sqrt(d - 1) + linear * (d - 1)
  };
  std::vector<SeekPoint> points;  // ascending
  Formula formula = Formula::none;
  std::int64_t break_cylinders = 0;
  std::int64_t base_ns = 0;
  double root_ns = 0;
  std::int64_t far_base_ns = 0;
  double linear_ns = 0;
  friend bool operator==(const SeekTimes&, const SeekTimes&) = default;
};

struct Movement {
  std::int64_t rpm = 0;
  std::int64_t head_switch_ns = 0;
  std::int64_t write_settle_ns = 0;  // added to every movement before a write; may be negative
  std::int64_t least_write_positioning_ns = 0;  // a shorter one begins so much later
  SeekTimes seek;
  friend bool operator==(const Movement&, const Movement&) = default;
};

// A time that depends on what the request before was.
struct AfterTime {
  std::int64_t read_ns = 0;
  std::int64_t write_ns = 0;
  std::int64_t after(bool write) const { return write ? write_ns : read_ns; }
  friend bool operator==(const AfterTime&, const AfterTime&) = default;
};

// What the drive's electronics take, apart from the medium and the wire.
struct Overheads {
  std::int64_t request_ns = 0;  // before anything else
  AfterTime read_hit;           // command
  AfterTime read_miss;
  AfterTime write_cached;  // command of a write that is answered before it is on the medium
  AfterTime write_through;
  std::int64_t read_completion_ns = 0;
  std::int64_t write_completion_ns = 0;
  std::int64_t data_preparation_ns = 0;
  std::int64_t first_reselect_ns = 0;
  std::int64_t other_reselect_ns = 0;  // of a write with an extra disconnect
  AfterTime read_disconnect;
  std::int64_t write_disconnect_ns = 0;
  std::int64_t arbitration_ns = 0;  // before each command and reselection
  friend bool operator==(const Overheads&, const Overheads&) = default;
};

// Some drives leave the bus once more before they take a write's data: when the write before was
// the last user of the same segment and this one does not go on where it ended.
struct ExtraDisconnect {
  bool on = false;
  std::int64_t command_ns = 0;
  std::int64_t disconnect_ns = 0;
  std::int64_t gap_ns = 0;
  std::int64_t second_disconnect_ns = 0;
  std::int64_t seek_delta_ns = 0;  // the arm starts so much after the command
  friend bool operator==(const ExtraDisconnect&, const ExtraDisconnect&) = default;
};

struct Bus {
  std::int64_t read_sector_ns = 0;  // one sector to the host
  std::int64_t write_sector_ns = 0;
  bool hold_while_reading = false;  // waits for the medium on the bus
  bool hold_while_writing = false;
  bool never_disconnect = false;
  friend bool operator==(const Bus&, const Bus&) = default;
};

enum class ReadAhead : std::uint8_t { none, to_track, to_cylinder, to_limit, one_track };

struct Cache {
  bool keeps = true;  // data stay for later hits
  std::int64_t segments = 1;
  std::int64_t segment_sectors = 0;
  std::int64_t write_segments = 1;      // most that may hold data to be written
  bool separate_write_segment = false;  // the first, and reads never use it
  double read_mark = 0;                 // how much must be in before the bus is asked for
  double write_mark = 0;                // how little must be left before more is asked for
  bool marks_by_request = false;        // as a share of the request, else of the segment
  ReadAhead read_ahead = ReadAhead::none;
  std::int64_t least_read_ahead = 0;  // sectors
  std::int64_t most_read_ahead = 0;   // sectors; 0: by `read_ahead_over`
  std::int64_t read_ahead_over = 0;   // 1 may overwrite what was read, 0 not, -1 forgets it
  bool read_ahead_on_idle_hit = false;
  bool stops_in_sector = false;  // read-ahead lets go at once
  bool stops_at_event = false;   // or only when the movement or sector is over
  bool write_hit_stops_read_ahead = true;
  std::int64_t write_back = 0;  // 0 through, 1 for appending writes, 2 for all
  bool combines_writes = false;
  bool hits_on_written = false;
  bool almost_hits = false;  // a read that starts where the head just reads
  bool partial_hits_at_once = false;
  bool reads_into_buffer = true;  // room is needed when a sector begins, not when it ends
  bool full_hits_beside = false;  // hits are served while the arm works for others
  bool partial_hits_beside = false;
  bool queued_hits_beside = false;
  bool writes_beside = false;      // so are writes taken in
  std::int64_t preseek = 0;        // when the arm may leave a read: 0 done, 1 told, 2 read
  bool zero_latency_read = false;  // begin with whatever wanted sector comes first
  bool zero_latency_write = false;
  bool reads_free_sectors = false;  // those that pass before the wanted ones
  friend bool operator==(const Cache&, const Cache&) = default;
};

enum class SchedulerKind : std::uint8_t { fcfs, sstf, scan, clook, sptf };

struct CommandQueue {
  std::int64_t depth = 1;
  SchedulerKind scheduler = SchedulerKind::fcfs;
  friend bool operator==(const CommandQueue&, const CommandQueue&) = default;
};

// What can be done with the medium in its bay, and what it takes until it can be used.
struct Handling {
  enum class Button : std::uint8_t {
    none,
    asks,      // does what the host's command to eject does
    releases,  // lets go of the medium, whatever is going on
  };
  bool lock = true;   // can be told to hold its medium fast
  bool eject = true;  // can be told to let go of it
  Button button = Button::none;
  bool change_line = false;  // the host learns of another medium with its next request, not before
  bool read_only = false;    // whatever the medium is
  std::int64_t load_ns = 0;  // from the insertion, or
  std::int64_t power_up_ns = 0;  // from the power's coming on, until it can be used
  friend bool operator==(const Handling&, const Handling&) = default;
};

// Everything a disk drive needs to be simulated. Times in ns.
struct DiskProfile {
  std::string name;
  std::string description;
  bool can_erase = false;
  Geometry geometry;
  Movement movement;
  Overheads overheads;
  ExtraDisconnect extra_disconnect;
  Bus bus;
  Cache cache;
  CommandQueue queue;
  Handling handling;

  friend bool operator==(const DiskProfile&, const DiskProfile&) = default;
};

// What is wrong with a profile: which figure, as profiles spell it ("geometry.zones[2].slips"), and
// why.
struct ProfileFault {
  std::string figure;
  std::string why;
};

// The first figure that is missing, out of bounds or contradicts another. Whatever passes can be
// simulated: every sector has a place of its own, and every request ends.
std::optional<ProfileFault> find_fault(const DiskProfile& profile);

// EINVAL: the same as one sentence.
Status check(const DiskProfile& profile);

}  // namespace biotope::sim
