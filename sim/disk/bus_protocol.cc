// Who is on the bus, for how long, and when a drive that has left comes back.
#include <algorithm>
#include <cmath>

#include "sim/disk/hard_disk.h"

namespace biotope::sim {

void HardDisk::use_bus(DiskRequest& request, Phase phase, std::int64_t until_ns) {
  on_bus_ = &request;
  request.phase = phase;
  request.phase_end_ns = until_ns;
}

// On its way off the bus; one that has to wait for its turn was never heard of in between.
void HardDisk::leave_bus(DiskRequest& request, std::int64_t until_ns) {
  if (on_bus_ == nullptr) on_bus_ = &request;
  request.phase = Phase::leaving;
  request.phase_end_ns = until_ns;
}

void HardDisk::left_bus(DiskRequest& request, std::int64_t now_ns) {
  if (on_bus_ == &request) on_bus_ = nullptr;
  const bool first_time = !request.reselected && request.moved == 0;
  if (request.extra_disconnect && first_time) {
    request.phase = Phase::gap;
    request.phase_end_ns = now_ns + profile().extra_disconnect.gap_ns;
  } else {
    request.phase = Phase::away;
    mechanism_.look_again(now_ns);
  }
  hand_out_bus(now_ns);
}

void HardDisk::hand_out_bus(std::int64_t now_ns) {
  if (on_bus_ == nullptr && profile().cache.queued_hits_beside && !queue_.empty()) {
    serve_queued_hits(now_ns);
  }
  for (DiskRequest* request : active_) {
    if (on_bus_ != nullptr) return;
    if (request->phase == Phase::away && wants_bus(*request)) reselect(*request, now_ns);
  }
}

// Shares of the request, or of the segment, in whole sectors.
void HardDisk::set_mark(DiskRequest& request) const {
  const Cache& cache = profile().cache;
  const double share = request.write ? cache.write_mark : cache.read_mark;
  const auto size = static_cast<double>(cache.segment_sectors);
  if (!cache.marks_by_request) {
    request.mark = static_cast<std::int64_t>(size * share + 0.9999999999);
    return;
  }
  const double most = std::min(size, static_cast<double>(request.sectors()));
  request.mark = std::max<std::int64_t>(1, static_cast<std::int64_t>(most * share));
}

bool HardDisk::wants_bus(const DiskRequest& request) const {
  const CacheSegment& segment = *request.segment;
  if (request.write) {
    if (request.moved == request.sectors()) return segment.to_write >= request.end;
    const std::int64_t not_written = segment.end - segment.to_write;
    return request.moved == 0 || (not_written <= request.mark && not_written < segments_.size());
  }
  const std::int64_t out = request.first + request.moved;
  if (segment.end <= out) return false;
  return segment.end >= request.end || segment.end - out >= request.mark;
}

void HardDisk::reselect(DiskRequest& request, std::int64_t now_ns) {
  const Overheads& o = profile().overheads;
  const bool other = request.extra_disconnect && request.reselected;
  const bool has_data = request.moved < request.sectors();
  request.reselected = true;
  use_bus(request, Phase::reselecting,
          now_ns + o.arbitration_ns + (other ? o.other_reselect_ns : o.first_reselect_ns) +
              (has_data ? o.data_preparation_ns : 0));
}

// On the bus, with nothing under way: what comes next.
void HardDisk::transfer(DiskRequest& request, std::int64_t now_ns) {
  if (request.write) {
    transfer_write(request, now_ns);
  } else {
    transfer_read(request, now_ns);
  }
  mechanism_.look_again(now_ns);
}

// Waits on the bus only for an arm that is at work for it: one that works for another may wait for
// the bus itself.
void HardDisk::transfer_read(DiskRequest& request, std::int64_t now_ns) {
  const CacheSegment& segment = *request.segment;
  const std::int64_t out = request.first + request.moved;
  if (out == request.end) return tell_host(request, now_ns);
  const std::int64_t there = std::min(segment.end, request.end) - out;
  if (there > 0) {
    request.chunk = {now_ns, there, profile().bus.read_sector_ns};
    return use_bus(request, Phase::transferring, request.chunk.end_ns());
  }
  const bool holds = profile().bus.hold_while_reading || profile().bus.never_disconnect;
  if (holds && mechanism_.request() == &request) {
    request.phase = Phase::holding;
    return;
  }
  leave_bus(request, now_ns + leave_ns(request));
}

void HardDisk::transfer_write(DiskRequest& request, std::int64_t now_ns) {
  CacheSegment& segment = *request.segment;
  const std::int64_t left = request.sectors() - request.moved;
  if (left == 0) {
    const bool done = profile().cache.write_back != 0 || segment.to_write >= request.end;
    if (done) return tell_host(request, now_ns);
    return leave_bus(request, now_ns + leave_ns(request));
  }
  const std::int64_t room = segments_.size() - (segment.end - segment.to_write);
  const std::int64_t sectors = std::min(left, room);
  if (sectors > 0) {
    segment.incoming = {now_ns, sectors, profile().bus.write_sector_ns};
    return use_bus(request, Phase::transferring, segment.incoming.end_ns());
  }
  if (profile().bus.hold_while_writing && mechanism_.segment() == &segment) {
    request.phase = Phase::holding;
    return;
  }
  leave_bus(request, now_ns + leave_ns(request));
}

void HardDisk::end_chunk(DiskRequest& request) {
  if (request.write) {
    CacheSegment& segment = *request.segment;
    request.moved += segment.incoming.sectors;
    segments_.grow(segment, segment.incoming.sectors);
    segment.incoming = {};
  } else {
    request.moved += request.chunk.sectors;
    request.chunk = {};
  }
}

// The last message. What the next command costs depends on it from now on.
void HardDisk::tell_host(DiskRequest& request, std::int64_t now_ns) {
  const Overheads& o = profile().overheads;
  last_was_write_ = request.write;
  use_bus(request, Phase::completing,
          now_ns + (request.write ? o.write_completion_ns : o.read_completion_ns));
  const bool read_is_over = mechanism_.request() == &request && !request.write;
  if (read_is_over && profile().cache.preseek >= 1 && !mechanism_.running()) {
    mechanism_.release();
    serve_next(now_ns);
  }
}

}  // namespace biotope::sim
