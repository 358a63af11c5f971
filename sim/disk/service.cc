// What a request finds in the drive, and what the drive then sets going for it.
#include <algorithm>

#include "sim/disk/hard_disk.h"

namespace biotope::sim {

// --- what commands cost -------------------------------------------------------------------------

// Imitated: the table decides, not what happens. A write costs what writes cost under the drive's
// way of writing; a read costs a miss, as far as the arm is concerned, even where it is a hit.
std::int64_t HardDisk::command_ns(const DiskRequest& request) const {
  const Overheads& o = profile().overheads;
  const AfterTime& command = !request.write                    ? o.read_miss
                             : profile().cache.write_back != 0 ? o.write_cached
                                                               : o.write_through;
  return o.arbitration_ns + command.after(request.after_write);
}

std::int64_t HardDisk::leave_ns(const DiskRequest& request) const {
  const Overheads& o = profile().overheads;
  if (!request.write) return o.read_disconnect.after(request.after_write);
  if (request.extra_disconnect) return profile().extra_disconnect.second_disconnect_ns;
  return o.write_disconnect_ns;
}

// Imitated: the time until an abandoned read-ahead lets go of the arm is added to what is left of
// the command, though both could pass together.
std::int64_t HardDisk::arm_start_ns(const DiskRequest& request, std::int64_t now_ns) const {
  const std::int64_t command_left_ns = std::max<std::int64_t>(0, request.ready_ns - now_ns);
  const std::int64_t stop_left_ns = std::max<std::int64_t>(0, mechanism_.stop_ns() - now_ns);
  return now_ns + command_left_ns + stop_left_ns;
}

bool HardDisk::take_up(DiskRequest& request, bool fresh, std::int64_t now_ns) {
  return request.write ? take_up_write(request, fresh, now_ns)
                       : take_up_read(request, fresh, now_ns);
}

void HardDisk::count(const DiskRequest& request, Found::Kind kind) {
  ++(request.write ? counts_.writes : counts_.reads);
  if (kind == Found::Kind::append) ++counts_.appended_writes;
  if (request.write) return;
  if (kind == Found::Kind::whole) ++counts_.whole_hits;
  if (kind == Found::Kind::partial) ++counts_.partial_hits;
  if (kind == Found::Kind::miss) ++counts_.misses;
}

// --- reads --------------------------------------------------------------------------------------

bool HardDisk::at_once(const DiskRequest& request, const Found& found) const {
  if (found.kind == Found::Kind::whole) return true;
  if (found.kind != Found::Kind::partial) return false;
  if (profile().cache.partial_hits_at_once) return true;
  return found.segment->end - request.first >= std::min(request.mark, request.sectors());
}

bool HardDisk::take_up_read(DiskRequest& request, bool fresh, std::int64_t now_ns) {
  const Cache& cache = profile().cache;
  set_mark(request);
  const Found found = segments_.find_for_read(request.first, request.end, stoppable());
  const bool hit = found.kind == Found::Kind::whole || found.kind == Found::Kind::partial;
  const bool goes_on = hit && mechanism_.reads_ahead() && mechanism_.segment() == found.segment;
  const bool arm = arm_available() || goes_on;
  const bool beside = !arm && ((found.kind == Found::Kind::whole && cache.full_hits_beside) ||
                               (found.kind == Found::Kind::partial && cache.partial_hits_beside));
  if (found.kind == Found::Kind::none || (!arm && !beside)) {
    // A read-ahead that can not be broken off goes no further than it must.
    if (mechanism_.reads_ahead()) mechanism_.segment()->most = mechanism_.segment()->least;
    mechanism_.look_again(now_ns);
    return false;
  }
  attach_read(request, found);
  count(request, found.kind);
  activate(request);

  const Overheads& o = profile().overheads;
  const bool never_leaves = profile().bus.never_disconnect;
  if (on_bus_ == nullptr && fresh && at_once(request, found)) {
    use_bus(
        request, Phase::command,
        now_ns + o.arbitration_ns + o.read_hit.after(request.after_write) + o.data_preparation_ns);
  } else if (on_bus_ == nullptr && never_leaves) {
    use_bus(request, Phase::command, std::max(now_ns, request.ready_ns + o.data_preparation_ns));
  } else {
    leave_bus(request, std::max(now_ns, request.off_bus_ns));
  }

  if (goes_on) {
    mechanism_.serve(&request);
    mechanism_.look_again(now_ns);
  } else if (beside) {
    request.needs_arm = found.kind == Found::Kind::partial;
  } else {
    read_medium(request, now_ns);
  }
  return true;
}

void HardDisk::attach_read(DiskRequest& request, const Found& found) {
  CacheSegment& segment = *found.segment;
  if (found.kind == Found::Kind::miss) {
    if (mechanism_.segment() == &segment) mechanism_.abandon(now_ns_);
    CacheSegments::refill(segment, request.first);
  }
  request.segment = &segment;
  ++segment.users;
  segments_.use(segment, false);
  const std::int64_t all = layout().sectors();
  segment.least =
      std::max(segment.least, std::min(request.end + profile().cache.least_read_ahead, all));
  segment.most = std::max(segment.most, std::min(read_ahead_limit(request), all));
}

// Puts the arm to work on what the buffer lacks, or on reading ahead where the drive does that.
void HardDisk::read_medium(DiskRequest& request, std::int64_t now_ns) {
  request.needs_arm = false;
  CacheSegment& segment = *request.segment;
  if (mechanism_.reads_ahead()) {
    mechanism_.abandon(now_ns);
  }
  const bool wanted = segment.end < request.end;
  const bool idle_hit = segment.end < segment.most && profile().cache.read_ahead_on_idle_hit;
  if (!wanted && (!idle_hit || segment.to_be_written())) return;
  mechanism_.start(segment, &request, false, segment.end, arm_start_ns(request, now_ns));
}

std::int64_t HardDisk::read_ahead_limit(const DiskRequest& request) const {
  const Cache& cache = profile().cache;
  if (cache.read_ahead == ReadAhead::none) return request.end;
  const std::int64_t all = layout().sectors();
  if (cache.read_ahead == ReadAhead::one_track) {
    if (request.end >= all) return all;
    const Place after = layout().place(request.end);
    const std::int64_t limit = after.last + 1;
    const bool from_track_before = request.segment->begin < after.first;
    return from_track_before ? limit + layout().place(request.first).sectors_per_track : limit;
  }
  if (cache.most_read_ahead > 0) return request.end + cache.most_read_ahead;
  const std::int64_t size = cache.segment_sectors;
  if (cache.read_ahead_over != 0) return request.end + size;
  const std::int64_t left = size - request.sectors();
  return left < cache.least_read_ahead || left <= 0 ? request.end + cache.least_read_ahead
                                                    : request.first + size;
}

// --- writes -------------------------------------------------------------------------------------

bool HardDisk::take_up_write(DiskRequest& request, bool fresh, std::int64_t now_ns) {
  set_mark(request);
  const Found found = segments_.find_for_write(request.first, request.end, stoppable());
  const bool append = found.kind == Found::Kind::append;
  const bool arm = arm_available() || append;
  const bool beside = !arm && profile().cache.writes_beside && profile().cache.write_back != 0;
  if (found.kind == Found::Kind::none || (!arm && !beside)) {
    if (mechanism_.reads_ahead()) mechanism_.segment()->most = mechanism_.segment()->least;
    mechanism_.look_again(now_ns);
    return false;
  }
  const ExtraDisconnect& extra = profile().extra_disconnect;
  CacheSegment& segment = *found.segment;
  request.extra_disconnect = extra.on && fresh && !append &&
                             segments_.most_recently_used(segment) && segment.last_was_write &&
                             request.first != segment.end;
  attach_write(request, found, arm, now_ns);
  count(request, found.kind);
  activate(request);

  const Overheads& o = profile().overheads;
  if (request.extra_disconnect) {
    ++counts_.extra_disconnects;
    const std::int64_t command_end_ns = request.arrived_ns + extra.command_ns;
    request.ready_ns = command_end_ns + extra.seek_delta_ns;
    leave_bus(request, command_end_ns + extra.disconnect_ns);
  } else if (fresh && on_bus_ == nullptr) {
    use_bus(request, Phase::command, request.ready_ns + o.data_preparation_ns);
  } else {
    leave_bus(request, std::max(now_ns, request.off_bus_ns));
  }
  if (!append && arm) write_medium(request, now_ns);
  return true;
}

void HardDisk::attach_write(DiskRequest& request, const Found& found, bool arm,
                            std::int64_t now_ns) {
  CacheSegment& segment = *found.segment;
  const Cache& cache = profile().cache;
  segments_.invalidate_others(segment, request.first, request.end);
  if (mechanism_.reads_ahead()) {
    CacheSegment& ahead = *mechanism_.segment();
    if (cache.write_hit_stops_read_ahead && ahead.overlaps(request.first, request.end)) {
      ahead.least = ahead.most = ahead.end;
      mechanism_.look_again(now_ns);
    }
    if (arm) mechanism_.abandon(now_ns);
  }
  if (found.kind == Found::Kind::miss) {
    CacheSegments::refill(segment, request.first);
    segment.state = CacheSegment::State::dirty;
  }
  segment.writes_end = request.end;
  segment.newest_begin = request.first;
  segment.newest_sectors = request.sectors();
  request.segment = &segment;
  ++segment.users;
  segments_.use(segment, true);
}

void HardDisk::write_medium(DiskRequest& request, std::int64_t now_ns) {
  const Place place = layout().place(request.first);
  const std::int64_t least_ns = profile().movement.least_write_positioning_ns;
  const std::int64_t late_ns =
      std::max<std::int64_t>(0, least_ns - mechanism_.positioning_ns(place, true));
  mechanism_.start(*request.segment, &request, true, request.first,
                   arm_start_ns(request, now_ns) + late_ns);
}

}  // namespace biotope::sim
