// What the passing of sectors under the head brings about.
#include "sim/disk/hard_disk.h"

namespace biotope::sim {

void HardDisk::media_event(std::int64_t now_ns) {
  if (!mechanism_.step()) return;
  if (mechanism_.writing()) return after_write(now_ns);
  after_read(now_ns);
}

// Whether reading ends here, all that is wanted being in.
bool HardDisk::read_ahead_ends(const DiskRequest* request) const {
  const CacheSegment& segment = *mechanism_.segment();
  if (request != nullptr && segment.end < request->end) return false;
  if (segment.end >= segment.most) return true;
  const ReadAhead extent = profile().cache.read_ahead;
  const Place& track = mechanism_.track();
  if (extent == ReadAhead::to_track) return segment.end > track.last;
  if (extent != ReadAhead::to_cylinder || segment.end <= track.last) return false;
  return layout().cylinder(segment.end) != track.cylinder;
}

void HardDisk::after_read(std::int64_t now_ns) {
  DiskRequest* request = mechanism_.request();
  if (!read_ahead_ends(request)) {
    mechanism_.go_on(now_ns);
    if (request != nullptr) tell_waiting(now_ns);
    return;
  }
  if (request == nullptr) return arm_free(now_ns);
  mechanism_.rest();
  const bool may_leave = profile().cache.preseek >= 2 && request->segment->end >= request->end;
  tell_waiting(now_ns);
  if (may_leave && mechanism_.request() == request) arm_free(now_ns);
}

void HardDisk::after_write(std::int64_t now_ns) {
  CacheSegment& segment = *mechanism_.segment();
  const bool all_written = segment.to_write == segment.end && segment.end == segment.writes_end;
  if (!all_written) {
    mechanism_.go_on(now_ns);
    return tell_waiting(now_ns);
  }
  segments_.written_out(segment);
  arm_free(now_ns);
}

// Those that wait for the medium: on the bus, or for a reason to come back to it.
void HardDisk::tell_waiting(std::int64_t now_ns) {
  if (on_bus_ != nullptr) {
    if (on_bus_->phase == Phase::holding) transfer(*on_bus_, now_ns);
    return;
  }
  hand_out_bus(now_ns);
}

void HardDisk::arm_free(std::int64_t now_ns) {
  mechanism_.release();
  tell_waiting(now_ns);
  serve_next(now_ns);
}

}  // namespace biotope::sim
