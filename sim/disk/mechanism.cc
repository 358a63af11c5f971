#include "sim/disk/mechanism.h"

#include <algorithm>
#include <cstdlib>

namespace biotope::sim {
namespace {

constexpr int kFraction = 20;  // bits of a slot's width behind the point

// Imitated from the drive that takes an extra disconnect: it writes only once so much of a request
// is in its buffer. The figures are of the reference simulator (its rules, section 4.5).
constexpr std::int64_t kLongWrite = 45;
constexpr std::int64_t kLeastOfShortWrite = 10;
constexpr std::int64_t kLeastOfLongWrite = 15;

}  // namespace

Mechanism::Mechanism(const DiskProfile& profile, const Layout& layout, CacheSegments& segments)
    : movement_(profile.movement),
      cache_(profile.cache),
      extra_disconnect_(profile.extra_disconnect.on),
      layout_(layout),
      segments_(segments),
      seek_curve_(profile.movement.seek),
      spindle_(profile.movement.rpm) {}

// --- movement -----------------------------------------------------------------------------------

std::int64_t Mechanism::positioning_ns(const Place& place, bool write) const {
  const std::int64_t seek_ns = seek_curve_.seek_ns(std::abs(place.cylinder - cylinder_));
  const std::int64_t switch_ns = place.head != head_ ? movement_.head_switch_ns : 0;
  const std::int64_t moved_ns = std::max(seek_ns, switch_ns);
  if (!write || moved_ns == 0) return moved_ns;
  return std::max<std::int64_t>(0, moved_ns + movement_.write_settle_ns);
}

std::int64_t Mechanism::access_ns(const Place& place, bool write, std::int64_t now_ns) const {
  const std::int64_t moved_ns = positioning_ns(place, write);
  return moved_ns + spindle_.wait_ns(now_ns + moved_ns, place.angle);
}

void Mechanism::start(CacheSegment& segment, DiskRequest* request, bool write, std::int64_t number,
                      std::int64_t start_ns) {
  segment_ = &segment;
  request_ = request;
  write_ = write;
  segment.state = write ? CacheSegment::State::writing : CacheSegment::State::reading;
  arrive(number, start_ns);
}

// The whole way to the first sector that is taken, worked out in advance: nothing that happens on
// the way can change it.
void Mechanism::arrive(std::int64_t number, std::int64_t start_ns) {
  track_ = layout_.place(number);
  const std::int64_t moved_ns = positioning_ns(track_, write_);
  cylinder_before_ = cylinder_;
  head_before_ = head_;
  cylinder_ = track_.cylinder;
  head_ = track_.head;
  started_ns_ = start_ns;
  arrived_ns_ = start_ns + moved_ns;
  block_ = number;
  std::int64_t angle = track_.angle;
  if (cache_.reads_free_sectors || cache_.zero_latency_read || cache_.zero_latency_write) {
    const auto next = layout_.next_on_track(track_, spindle_.angle_at(arrived_ns_));
    if (begins_early(next)) {
      block_ = *next.number;
      angle = next.angle;
    }
  }
  const std::int64_t wait_ns = spindle_.wait_ns(arrived_ns_, angle);
  first_slot_ns_ = arrived_ns_ + wait_ns;
  slot_width_ = (Spindle::kRevolution << kFraction) / spindle_.rpm() / track_.sectors_per_track;
  slots_passed_ = 0;
  early_ = {};
  in_slot_ = false;
  running_ = true;
  event_ns_ = std::max(arrived_ns_, first_slot_ns_);
  if (moved_ns > 0) ++counts_.movements;
  counts_.moving_ns += moved_ns;
  counts_.rotation_ns += wait_ns;
}

// Zero-latency access: not waiting for the first sector wanted when others come before it.
bool Mechanism::begins_early(const Layout::Next& next) const {
  if (!next.number || *next.number < track_.first || *next.number > track_.last) return false;
  const bool nothing_yet = !write_ && request_ != nullptr && segment_->begin == segment_->end;
  if (cache_.reads_free_sectors && nothing_yet) return true;
  return (write_ ? cache_.zero_latency_write : cache_.zero_latency_read) &&
         next.sector > track_.sector;
}

void Mechanism::abandon(std::int64_t now_ns) {
  sync(now_ns);
  stop_ns_ = 0;
  if (running_ && now_ns < started_ns_) {
    cylinder_ = cylinder_before_;
    head_ = head_before_;
  } else if (running_ && now_ns < arrived_ns_) {
    stop_ns_ = arrived_ns_;
  } else if (running_ && (cache_.stops_at_event || !cache_.stops_in_sector)) {
    // Imitated: a wait for the first sector of a track is not cut short either.
    stop_ns_ = in_slot_ ? slot_ns(slots_passed_ + 1) : first_slot_ns_;
  }
  release();
}

void Mechanism::serve(DiskRequest* request) { request_ = request; }

void Mechanism::release() {
  if (segment_ != nullptr && !write_) segment_->state = CacheSegment::State::clean;
  segment_ = nullptr;
  request_ = nullptr;
  running_ = false;
}

// --- the sectors that pass ----------------------------------------------------------------------

std::int64_t Mechanism::slot_ns(std::int64_t slot) const {
  return first_slot_ns_ + ((slot * slot_width_ + (1 << (kFraction - 1))) >> kFraction);
}

bool Mechanism::usable_at(std::int64_t now_ns) const {
  if (write_) {
    const std::int64_t end = segment_->end_at(now_ns);
    if (block_ < segment_->to_write || block_ >= end) return false;
    if (!extra_disconnect_) return true;
    const std::int64_t n = segment_->newest_sectors;
    const std::int64_t least = n < kLongWrite ? std::min(n, kLeastOfShortWrite) : kLeastOfLongWrite;
    const std::int64_t there = std::min(end - segment_->begin, segments_.size());
    return there >= std::min(least, segments_.size());
  }
  if (segment_->holds(block_)) return false;
  const bool before_first = may_begin_before() && request_ != nullptr;
  if (block_ < segment_->begin && !before_first) return false;
  if (request_ == nullptr || request_->told()) return true;
  return block_ - request_->out_at(now_ns) < segments_.size();
}

// Whether sectors before the first wanted one are read when they come first: free ones from where
// the head arrives, and without latency those of the pass that has begun behind the wanted ones.
bool Mechanism::may_begin_before() const {
  const bool reads_all = cache_.reads_free_sectors || cache_.zero_latency_read;
  return reads_all && segment_->begin == segment_->end;
}

// Nothing more is to be read: that has been found out since the sector began to pass.
bool Mechanism::reads_enough() const { return !write_ && segment_->end >= segment_->most; }

// How many sectors may pass, all alike, before somebody has to look.
std::int64_t Mechanism::slots_until_it_matters(std::int64_t now_ns) const {
  if (!usable_) return std::max<std::int64_t>(1, idle_until() - block_);
  if (block_ != expected()) return std::max<std::int64_t>(1, early_until(now_ns) - block_);
  std::int64_t until = write_ ? matters_to_write(now_ns) : matters_to_read(now_ns);
  until = std::min(until, track_.run_end);
  if (early_.end > early_.begin) until = std::min(until, early_.begin);
  return std::max<std::int64_t>(1, until - block_);
}

// The end of the sectors that pass without effect, unless there is reason to look again: those in
// front of what is to be read or written, and on the rest of the track those behind all that is
// wanted.
std::int64_t Mechanism::idle_until() const {
  if (reads_enough()) return block_ + 1;
  const bool may_begin_here = !write_ && may_begin_before();
  if (block_ < expected() && !may_begin_here) return std::min(expected(), track_.last + 1);
  const bool all_there = !write_ || segment_->end == segment_->writes_end;
  const std::int64_t wanted_end =
      write_ ? segment_->end : std::max({segment_->end, segment_->most, segment_->least});
  return all_there && block_ >= wanted_end ? track_.last + 1 : block_ + 1;
}

// The end of the sectors that can be taken in advance, all alike.
std::int64_t Mechanism::early_until(std::int64_t now_ns) const {
  const std::int64_t limit = early_limit();
  if (block_ < expected() || reads_enough()) return block_ + 1;
  if (block_ >= limit) return idle_until();
  std::int64_t until = std::min(limit, track_.last + 1);
  if (write_) return extra_disconnect_ ? block_ + 1 : until;
  if (!cache_.reads_into_buffer) return block_ + 1;
  if (request_ == nullptr || request_->told()) return until;
  return std::min(until, request_->out_at(now_ns) + segments_.size());
}

// Nothing from here on is wanted; of what is written, nothing has come over the bus.
std::int64_t Mechanism::early_limit() const {
  return write_ ? segment_->end : std::max(segment_->most, segment_->least);
}

std::int64_t Mechanism::matters_to_read(std::int64_t now_ns) const {
  if (request_ == nullptr || request_->told()) return std::max(block_ + 1, segment_->most);
  if (!cache_.reads_into_buffer) return block_ + 1;
  const std::int64_t out = request_->out_at(now_ns);
  std::int64_t until = out + segments_.size();
  if (block_ >= request_->end) return std::min(until, std::max(block_ + 1, segment_->most));
  until = std::min(until, request_->end);
  if (request_->phase == DiskRequest::Phase::away) until = std::min(until, out + request_->mark);
  if (request_->phase == DiskRequest::Phase::holding) return block_ + 1;
  return until;
}

std::int64_t Mechanism::matters_to_write(std::int64_t now_ns) const {
  const bool all_there = segment_->end == segment_->writes_end;
  if (!all_there) return block_ + 1;
  std::int64_t until = segment_->end_at(now_ns);
  if (request_ != nullptr && block_ < request_->end) until = std::min(until, request_->end);
  return until;
}

void Mechanism::begin_slot(std::int64_t now_ns) {
  in_slot_ = true;
  usable_ = usable_at(now_ns);
  event_ns_ = slot_ns(slots_passed_ + slots_until_it_matters(now_ns));
}

void Mechanism::look_again(std::int64_t now_ns) {
  if (!running_ || !in_slot_) return;
  event_ns_ = slot_ns(slots_passed_ + slots_until_it_matters(now_ns));
}

void Mechanism::sync(std::int64_t now_ns) {
  if (!running_ || !in_slot_) return;
  // Ends of slots are rounded to nanoseconds, so one more may be over.
  std::int64_t passed = ((now_ns - first_slot_ns_) << kFraction) / slot_width_ + 1 - slots_passed_;
  while (passed > 0 && slot_ns(slots_passed_ + passed) > now_ns) --passed;
  // What ends just now is for step().
  while (passed > 0 && slot_ns(slots_passed_ + passed) >= event_ns_) --passed;
  if (passed > 0) pass(passed);
}

bool Mechanism::step() {
  const std::int64_t now_ns = event_ns_;
  if (!in_slot_) {
    begin_slot(now_ns);
    return false;
  }
  sync(now_ns);
  if (!write_ && !cache_.reads_into_buffer) usable_ = usable_at(now_ns);
  pass(1);
  return true;
}

void Mechanism::go_on(std::int64_t now_ns) {
  const std::int64_t next = expected();
  const bool on_this_track = next >= track_.first && next < track_.run_end;
  if (on_this_track) return begin_slot(now_ns);
  arrive(next, now_ns);
}

// Sectors that pass all alike.
void Mechanism::pass(std::int64_t slots) {
  if (usable_) {
    if (block_ == expected()) {
      take(slots);
    } else {
      take_early(slots);
    }
  }
  next_block(slots);
}

void Mechanism::count_transfer(std::int64_t sectors) {
  counts_.sectors += sectors;
  counts_.transfer_ns += slot_ns(slots_passed_ + sectors) - slot_ns(slots_passed_);
}

void Mechanism::take(std::int64_t sectors) {
  count_transfer(sectors);
  if (early_.end > early_.begin && block_ + sectors == early_.begin) {
    sectors = early_.end - block_;
    early_ = {};
  }
  if (write_) {
    segment_->to_write += sectors;
  } else {
    segments_.grow(*segment_, sectors);
  }
}

void Mechanism::take_early(std::int64_t sectors) {
  if (!write_ && block_ < segment_->begin) {
    // Free sectors before the wanted ones: the segment begins here instead.
    segment_->begin = segment_->end = block_;
    return take(sectors);
  }
  const bool wanted_early = write_ ? cache_.zero_latency_write : cache_.zero_latency_read;
  const std::int64_t end = std::min(block_ + sectors, early_limit());
  if (!wanted_early || block_ <= expected() || block_ >= end) return;
  count_transfer(end - block_);
  if (early_.end != block_ || early_.begin == early_.end) early_ = {block_, block_};
  early_.end = end;
}

// Imitated: the clock goes by sectors that have numbers. What was slipped or is spare takes no
// time, and after the last number of a track comes its first.
void Mechanism::next_block(std::int64_t slots) {
  slots_passed_ += slots;
  block_ += slots;
  if (block_ <= track_.last) return;
  block_ = track_.first;
  slots_passed_ += track_.pass_slots - (track_.last - track_.first + 1);
}

}  // namespace biotope::sim
