#include "sim/disk/hard_disk.h"

#include <algorithm>
#include <utility>

#include "model/check.h"

namespace biotope::sim {

HardDisk::HardDisk(std::shared_ptr<const DiskModel> kind)
    : kind_(std::move(kind)),
      segments_(kind_->profile.cache),
      mechanism_(kind_->profile, kind_->layout, segments_),
      queue_(kind_->profile.queue.scheduler, mechanism_, kind_->least_seek_ns) {}

DiskModel::DiskModel(DiskProfile p) : profile(std::move(p)), layout(profile.geometry) {
  if (profile.queue.scheduler == SchedulerKind::sptf) {
    least_seek_ns = least_times_ns(SeekCurve(profile.movement.seek), profile.geometry.cylinders);
  }
}

// --- time ---------------------------------------------------------------------------------------

std::int64_t HardDisk::event_ns() const {
  std::int64_t first_ns = mechanism_.event_ns();
  for (const DiskRequest* request : active_) {
    if (request->ends_by_itself()) first_ns = std::min(first_ns, request->phase_end_ns);
  }
  return first_ns;
}

std::optional<HardDisk::Finished> HardDisk::finished(std::int64_t until_ns) {
  for (;;) {
    std::int64_t first_ns = mechanism_.event_ns();
    DiskRequest* first = nullptr;
    for (DiskRequest* request : active_) {
      if (!request->ends_by_itself() || request->phase_end_ns > first_ns) continue;
      if (first != nullptr && request->phase_end_ns == first_ns) continue;
      first_ns = request->phase_end_ns;
      first = request;
    }
    if (first_ns > until_ns || first_ns == kNever) return std::nullopt;
    now_ns_ = first_ns;
    if (first == nullptr) {
      media_event(first_ns);
    } else {
      mechanism_.sync(first_ns);
      end_phase(*first, first_ns);
    }
    if (finished_) return std::exchange(finished_, std::nullopt);
  }
}

// --- a request's life ---------------------------------------------------------------------------

DiskRequest& HardDisk::take_slot() {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    return slots_.back();
  }
  DiskRequest& request = *free_slots_.back();
  free_slots_.pop_back();
  return request;
}

void HardDisk::submit(std::uint64_t tag, bool write, std::int64_t first, std::int64_t count,
                      std::int64_t now_ns) {
  BIOTOPE_CHECK(first >= 0 && count > 0 && first <= layout().sectors() - count,
                "a disk was asked for sectors it does not have");
  BIOTOPE_CHECK(now_ns >= now_ns_ && event_ns() >= now_ns, "a disk was asked in its past");
  now_ns_ = now_ns;
  DiskRequest& request = take_slot();
  request = DiskRequest();
  request.tag = tag;
  request.write = write;
  request.first = first;
  request.end = first + count;
  request.number = next_number_++;
  ++outstanding_;
  const std::int64_t wait_ns = profile().overheads.request_ns;
  request.arrived_ns = now_ns + wait_ns;
  if (wait_ns == 0 || !queue_.empty()) return accept(request, request.arrived_ns);
  request.phase = Phase::accepting;
  request.phase_end_ns = request.arrived_ns;
  active_.push_back(&request);
}

// What the command costs depends on the request before, whatever the drive then does with it.
void HardDisk::accept(DiskRequest& request, std::int64_t now_ns) {
  request.after_write = last_was_write_;
  const std::int64_t command_ns = this->command_ns(request);
  request.ready_ns = request.arrived_ns + command_ns;
  request.off_bus_ns = request.ready_ns + leave_ns(request);
  if (queue_.empty()) {
    mechanism_.sync(now_ns);
    if (take_up(request, true, now_ns)) return;
  }
  enqueue(request);
  if (profile().cache.queued_hits_beside) serve_queued_hits(now_ns);
}

void HardDisk::enqueue(DiskRequest& request) {
  request.phase = Phase::queued;
  if (profile().queue.scheduler != SchedulerKind::fcfs) {
    request.place = layout().place(request.first);
  }
  queue_.add(request);
}

void HardDisk::activate(DiskRequest& request) {
  if (std::find(active_.begin(), active_.end(), &request) == active_.end()) {
    active_.push_back(&request);
  }
}

// What the arm could do now: first what is in the buffer already, then what waits outside of it.
void HardDisk::serve_next(std::int64_t now_ns) {
  while (arm_available()) {
    const auto half_done = std::find_if(active_.begin(), active_.end(),
                                        [](const DiskRequest* r) { return r->needs_arm; });
    if (half_done != active_.end()) {
      read_medium(**half_done, now_ns);
      continue;
    }
    if (mechanism_.free()) {
      if (CacheSegment* dirty = segments_.find_dirty(); dirty != nullptr) {
        mechanism_.start(*dirty, nullptr, true, dirty->to_write, now_ns);
        continue;
      }
    }
    if (queue_.empty()) break;
    DiskRequest& request = queue_.next(now_ns);
    if (!take_up(request, false, now_ns)) break;
    queue_.remove(request);
  }
  hand_out_bus(now_ns);
}

bool HardDisk::serve_queued_hits(std::int64_t now_ns) {
  bool any = false;
  queue_.for_each([&](DiskRequest& request) {
    if (request.write || any) return;
    const Found found = segments_.find_for_read(request.first, request.end, nullptr);
    if (found.kind != Found::Kind::whole || arm_available()) return;
    attach_read(request, found);
    count(request, found.kind);
    queue_.remove(request);
    activate(request);
    leave_bus(request, std::max(now_ns, request.off_bus_ns));
    any = true;
  });
  return any;
}

void HardDisk::end_phase(DiskRequest& request, std::int64_t now_ns) {
  switch (request.phase) {
    case Phase::accepting:
      std::erase(active_, &request);
      return accept(request, now_ns);
    case Phase::command:
      return transfer(request, now_ns);
    case Phase::leaving:
      return left_bus(request, now_ns);
    case Phase::gap:
      request.phase = Phase::away;
      return hand_out_bus(now_ns);
    case Phase::reselecting:
      return transfer(request, now_ns);
    case Phase::transferring:
      end_chunk(request);
      return transfer(request, now_ns);
    case Phase::completing:
      return finish(request, now_ns);
    case Phase::queued:
    case Phase::away:
    case Phase::holding:
      BIOTOPE_CHECK(false, "a phase ended that does not end by itself");
  }
}

// The host has taken note in the same instant: what was read for it goes on for nobody.
void HardDisk::finish(DiskRequest& request, std::int64_t now_ns) {
  if (on_bus_ == &request) on_bus_ = nullptr;
  CacheSegment& segment = *request.segment;
  --segment.users;
  const bool forgets = !request.write && profile().cache.read_ahead_over == -1;
  if (forgets && segment.users == 0 && !segment.to_be_written()) {
    segment.begin = std::clamp(request.end, segment.begin, segment.end);
  }
  std::erase(active_, &request);
  free_slots_.push_back(&request);
  --outstanding_;
  finished_ = Finished{request.tag, now_ns};
  if (mechanism_.request() == &request) {
    mechanism_.serve(nullptr);
    if (!mechanism_.running()) {
      mechanism_.release();
    } else {
      mechanism_.look_again(now_ns);
    }
  }
  serve_next(now_ns);
}

bool HardDisk::arm_available() const { return mechanism_.free() || stoppable() != nullptr; }

// The segment of a read-ahead that may be broken off.
const CacheSegment* HardDisk::stoppable() const {
  if (!mechanism_.reads_ahead()) return nullptr;
  const CacheSegment* segment = mechanism_.segment();
  return segment->end >= segment->least ? segment : nullptr;
}

std::int64_t HardDisk::progress(std::uint64_t tag, std::int64_t now_ns) {
  mechanism_.sync(now_ns);
  for (const DiskRequest* request : active_) {
    if (request->tag != tag || request->segment == nullptr) continue;
    const std::int64_t reached =
        request->write ? request->segment->to_write : request->out_at(now_ns);
    return std::clamp<std::int64_t>(reached - request->first, 0, request->sectors());
  }
  return 0;
}

bool HardDisk::writes_back() const {
  for (const CacheSegment& segment : segments_.all()) {
    if (segment.to_be_written()) return true;
  }
  return false;
}

}  // namespace biotope::sim
