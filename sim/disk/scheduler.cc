#include "sim/disk/scheduler.h"

#include <algorithm>
#include <iterator>

namespace biotope::sim {

Scheduler::Scheduler(SchedulerKind kind, const Mechanism& mechanism,
                     const std::vector<std::int64_t>& least_seek_ns)
    : kind_(kind), mechanism_(mechanism), least_seek_ns_(least_seek_ns) {}

void Scheduler::add(DiskRequest& request) {
  by_age_.push_back(request);
  if (kind_ != SchedulerKind::fcfs) by_place_.insert(request);
}

void Scheduler::remove(DiskRequest& request) {
  by_age_.erase(by_age_.iterator_to(request));
  if (kind_ != SchedulerKind::fcfs) by_place_.erase(by_place_.iterator_to(request));
}

DiskRequest& Scheduler::next(std::int64_t now_ns) {
  switch (kind_) {
    case SchedulerKind::fcfs:
      break;
    case SchedulerKind::sstf:
      return nearest();
    case SchedulerKind::scan:
      return sweep();
    case SchedulerKind::clook:
      return circle();
    case SchedulerKind::sptf:
      return soonest(now_ns);
  }
  return by_age_.front();
}

Scheduler::ByPlace::iterator Scheduler::from(std::int64_t cylinder) {
  return by_place_.lower_bound(cylinder, Before());
}

Scheduler::ByPlace::iterator Scheduler::below(std::int64_t cylinder) {
  const auto at = from(cylinder);
  return at == by_place_.begin() ? by_place_.end() : from(std::prev(at)->place.cylinder);
}

DiskRequest& Scheduler::nearest() {
  const std::int64_t here = mechanism_.cylinder();
  const auto up = from(here);
  const auto down = below(here);
  if (up == by_place_.end()) return *down;
  if (down == by_place_.end()) return *up;
  const std::int64_t way_up = up->place.cylinder - here;
  const std::int64_t way_down = here - down->place.cylinder;
  if (way_up == way_down) return up->number < down->number ? *up : *down;
  return way_up < way_down ? *up : *down;
}

DiskRequest& Scheduler::sweep() {
  const std::int64_t here = mechanism_.cylinder();
  const auto ahead = upwards_ ? from(here) : below(here + 1);
  if (ahead != by_place_.end()) return *ahead;
  upwards_ = !upwards_;
  return upwards_ ? *from(here) : *below(here + 1);
}

DiskRequest& Scheduler::circle() {
  const auto ahead = from(mechanism_.cylinder());
  return ahead != by_place_.end() ? *ahead : *by_place_.begin();
}

// Outwards from the arm, until the movement alone takes longer than the best so far takes in all.
DiskRequest& Scheduler::soonest(std::int64_t now_ns) {
  const std::int64_t here = mechanism_.cylinder();
  auto up = from(here);
  auto down = ByPlace::reverse_iterator(up);
  DiskRequest* best = nullptr;
  std::int64_t best_ns = kNever;
  const auto try_out = [&](DiskRequest& request) {
    const std::int64_t start_ns = std::max(now_ns, request.ready_ns);
    const std::int64_t in_ns =
        start_ns - now_ns + mechanism_.access_ns(request.place, request.write, start_ns);
    if (in_ns > best_ns || (in_ns == best_ns && request.number > best->number)) return;
    best = &request;
    best_ns = in_ns;
  };
  while (up != by_place_.end() || down != by_place_.rend()) {
    const std::int64_t way_up = up != by_place_.end() ? up->place.cylinder - here : kNever;
    const std::int64_t way_down = down != by_place_.rend() ? here - down->place.cylinder : kNever;
    const std::int64_t way = std::min(way_up, way_down);
    if (least_seek_ns_[static_cast<std::size_t>(way)] > best_ns) break;
    if (way_up <= way_down) {
      try_out(*up++);
    } else {
      try_out(*down++);
    }
  }
  return *best;
}

}  // namespace biotope::sim
