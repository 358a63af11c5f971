#include "model/request_path.h"

#include <algorithm>
#include <utility>

#include "model/check.h"
#include "model/geom.h"
#include "model/mesh.h"
#include "model/sector_guard.h"

namespace biotope {

inline void RequestPath::leave(Consumer& edge) {
  if (--edge.in_flight_ == 0 && edge.wants_idle_) [[unlikely]]
    listener_.edge_idle(edge);
}

// Sums over long runs may go around; nothing else happens then.
inline std::int64_t wrapping_sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

// Counts a request out of the edges on `trail` up to `hop`. One that was answered at once took no
// time.
template <RequestPath::Stay kStay>
inline void RequestPath::climb(Bio& bio, Trail& trail, Trail::Hop* hop, std::int64_t now_ns) {
  const auto line = static_cast<std::size_t>(bio.command);
  const std::int64_t completed_bytes = bio.completed_bytes;
  while (hop != trail.hops) {
    --hop;
    Consumer& edge = *hop->edge;
    EdgeStatistics::Line& sum = edge.statistics_.by_command[line];
    ++sum.operations;
    sum.completed_bytes = wrapping_sum(sum.completed_bytes, completed_bytes);
    if constexpr (kStay != Stay::none) sum.duration_ns += now_ns - hop->entered_ns;
    if constexpr (kStay == Stay::watched) {
      tell(FactKind::bio_passed, bio, edge, now_ns - hop->entered_ns);
    }
    leave(edge);
  }
}

inline Trail* RequestPath::spare_trail() {
  if (spare_ == nullptr) [[unlikely]]
    spare_ = trails_.take();
  return spare_;
}

inline void RequestPath::put_trail(Trail& trail) {
  trail.end = trail.hops;
  trail.previous = nullptr;
  if (spare_ == nullptr) {
    spare_ = &trail;
  } else {
    trails_.put(&trail);
  }
}

// The request owns its trail only when it stays somewhere; only then does the time matter.
inline void RequestPath::own(Bio& bio, Trail& trail, Trail::Hop* end) {
  const std::int64_t now_ns = executor_.now_ns();
  for (; trail.end != end; ++trail.end) trail.end->entered_ns = now_ns;
  bio.trail = &trail;
  if (&trail == spare_) spare_ = nullptr;
}

// The loop that everything goes through; one turn for each edge.
template <bool kWatched>
[[gnu::always_inline]] inline void RequestPath::walk_as(Bio& bio, Consumer* edge) {
  Trail* trail = bio.trail != nullptr ? bio.trail : spare_trail();
  if (trail == nullptr) [[unlikely]]
    return postpone(bio);
  Trail::Hop* hop = trail->end;
  for (;;) {
    if (!edge->admits(bio)) [[unlikely]] {
      own(bio, *trail, hop);
      if (admit_slowly(bio, *edge) != Admission::passes) return;
    }
    if (hop == trail->hops + Trail::kHops) [[unlikely]] {
      own(bio, *trail, hop);
      Trail* more = trails_.take();
      if (more == nullptr) return postpone(bio);
      more->previous = trail;
      bio.trail = trail = more;
      hop = more->hops;
    }
    hop->edge = edge;
    ++hop;
    ++edge->in_flight_;
    if constexpr (kWatched) tell_entry(bio, *edge);
    Provider& provider = *edge->provider_;
    const Verdict verdict = provider.geom_->start(bio, provider);
    if (Consumer* next = verdict.next()) {
      edge = next;
      continue;
    }
    if (verdict.is_held()) return own(bio, *trail, hop);
    bio.error = verdict.error();
    if (kWatched || bio.error != 0 || bio.trail != nullptr) [[unlikely]] {
      own(bio, *trail, hop);
      return finish(bio);
    }
    bio.completed_bytes = bio.length_bytes;
    bio.flags |= kBioDone;
    climb<Stay::none>(bio, *trail, hop, 0);
    bio.done(bio);
    return;
  }
}

[[gnu::noinline]] void RequestPath::walk_watched(Bio& bio, Consumer* edge) {
  walk_as<true>(bio, edge);
}

[[gnu::always_inline]] inline void RequestPath::walk(Bio& bio, Consumer* edge) {
  if (facts_.watched()) [[unlikely]] {
    walk_watched(bio, edge);
  } else {
    walk_as<false>(bio, edge);
  }
}

void RequestPath::submit(Bio& bio, Consumer& edge) {
  bio.flags &= static_cast<std::uint16_t>(~(kBioError | kBioDone));
  bio.completed_bytes = 0;
  bio.position_bytes = bio.offset_bytes;
  bio.edge = &edge;
  bio.id = ++next_id_;
  if (running_ || facts_.watched()) [[unlikely]]
    return submit_slowly(bio);
  running_ = true;
  walk_as<false>(bio, &edge);
  if (up_.empty() && down_.empty()) [[likely]] {
    running_ = false;
  } else {
    run_queues();
  }
}

void RequestPath::submit_slowly(Bio& bio) {
  down_.push(bio);
  if (running_) return;
  running_ = true;
  run_queues();
}

void RequestPath::submit_all(BioQueue& numbered) {
  down_.append(numbered);
  if (running_) return;
  running_ = true;
  run_queues();
}

void RequestPath::deliver(Bio& bio, int error) {
  bio.error = error;
  up_.push(bio);
  if (running_) return;
  running_ = true;
  run_queues();
}

void RequestPath::run_queues() {
  for (;;) {
    if (Bio* up = up_.pop()) {
      finish(*up);
    } else if (Bio* down = down_.pop()) {
      walk(*down, down->edge);
    } else {
      break;
    }
  }
  running_ = false;
}

RequestPath::Admission RequestPath::admit_slowly(Bio& bio, Consumer& edge) {
  if (edge.suspended_ || must_follow(bio, edge)) {
    edge.parked_.insert_by_id(bio);
    tell(FactKind::bio_parked, bio, edge);
    return Admission::parked;
  }
  if (bio.edge == &edge && must_wait(bio, edge)) {
    ++edge.in_flight_;
    drop_trail(bio);
    tell(FactKind::bio_parked, bio, edge);
    starve(bio);
    return Admission::parked;
  }
  const int error = entry_error(bio, edge);
  if (error == 0 && !(has_range(bio.command) && bio.length_bytes == 0)) {
    return edge.guarded_ ? admit_guarded(bio, edge) : Admission::passes;
  }
  bio.error = error;
  finish(bio);
  return Admission::answered;
}

// The table of geom.md A12, in its order. A request past the end is refused, never shortened.
int RequestPath::entry_error(const Bio& bio, const Consumer& edge) const {
  if (bio.command < Command::read || bio.command > Command::getattr) return EPERM;
  if (edge.provider_ == nullptr) return ENXIO;
  if ((needs_write(bio.command) ? edge.access_.w : edge.access_.r) == 0) return EPERM;
  if (edge.provider_->error_ != 0) return edge.provider_->error_;
  if (edge.orphaned_) return ENXIO;
  if (!has_range(bio.command)) return 0;
  const Properties& below = edge.provider_->properties_;
  if (below.sector_size_bytes <= 0 || below.media_size_bytes <= 0) return ENXIO;
  if (bio.position_bytes % below.sector_size_bytes != 0) return EINVAL;
  if (bio.length_bytes % below.sector_size_bytes != 0) return EINVAL;
  if (bio.position_bytes < 0 || bio.position_bytes > below.media_size_bytes) return EIO;
  if (bio.length_bytes < 0) return EINVAL;
  if (bio.length_bytes > below.media_size_bytes - bio.position_bytes) return EIO;
  return 0;
}

void RequestPath::finish(Bio& bio) {
  if (bio.error == 0) {
    if (has_range(bio.command)) bio.completed_bytes = bio.length_bytes;
    bio.flags |= kBioDone;
  } else if (!finish_badly(bio)) {
    return;
  }
  const std::int64_t now_ns = executor_.now_ns();
  while (Trail* trail = bio.trail) {
    if (facts_.watched()) [[unlikely]] {
      climb<Stay::watched>(bio, *trail, trail->end, now_ns);
    } else {
      climb<Stay::unwatched>(bio, *trail, trail->end, now_ns);
    }
    bio.trail = trail->previous;
    put_trail(*trail);
  }
  if (facts_.watched()) [[unlikely]]
    tell_done(bio);
  bio.done(bio);
}

// False when the request is not finished after all, but goes again.
bool RequestPath::finish_badly(Bio& bio) {
  if (bio.error == ENOMEM && bio.trail != nullptr) {
    postpone(bio);
    return false;
  }
  BIOTOPE_CHECK(bio.completed_bytes >= 0 &&
                    bio.completed_bytes <= std::max<std::int64_t>(bio.length_bytes, 0),
                "a request is not completed beyond its length");
  bio.flags |= kBioDone | kBioError;
  for (Trail* trail = bio.trail; trail != nullptr; trail = trail->previous) {
    for (Trail::Hop* hop = trail->hops; hop != trail->end; ++hop) {
      ++hop->edge->statistics_.by_command[static_cast<std::size_t>(bio.command)].errors;
    }
  }
  return true;
}

void RequestPath::drop_trail(Bio& bio) {
  while (Trail* trail = bio.trail) {
    while (trail->end != trail->hops) leave(*(--trail->end)->edge);
    bio.trail = trail->previous;
    put_trail(*trail);
  }
}

// Out of memory is not the issuer's problem. The request leaves every edge and goes again from the
// top; meanwhile it counts on its first edge, so that nobody takes that edge away.
void RequestPath::postpone(Bio& bio) {
  ++bio.edge->in_flight_;
  drop_trail(bio);
  bio.completed_bytes = 0;
  bio.driver1 = nullptr;
  bio.driver2 = nullptr;
  bio.position_bytes = bio.offset_bytes;
  tell(FactKind::bio_replayed, bio, *bio.edge);
  starve(bio);
}

// While somebody waits for memory, a barrier must not pass him, and nobody may pass a barrier that
// waits. All others may: what they free may be the memory that is missing.
bool RequestPath::must_wait(const Bio& bio, const Consumer& edge) {
  return !edge.starved_.empty() && (is_barrier(bio) || edge.starved_barriers_ > 0);
}

void RequestPath::starve(Bio& bio) {
  Consumer& edge = *bio.edge;
  if (edge.starved_.empty()) later_.after(kReplayDelay_ns, [this, &edge] { go_again(edge); });
  edge.starved_.insert_by_id(bio);
  if (is_barrier(bio)) ++edge.starved_barriers_;
  edge.refresh_gate();
}

void RequestPath::go_again(Consumer& edge) {
  BioQueue again = std::exchange(edge.starved_, BioQueue());
  edge.starved_barriers_ = 0;
  edge.refresh_gate();
  const bool outermost = !running_;
  running_ = true;
  while (Bio* bio = again.pop()) {
    if (must_wait(*bio, edge)) {
      starve(*bio);
    } else {
      walk(*bio, &edge);
      leave(edge);
    }
  }
  if (outermost) run_queues();
}

void RequestPath::try_again_later(Consumer& edge, std::function<void()> attempt) {
  ++edge.in_flight_;
  later_.after(kReplayDelay_ns, [this, &edge, attempt = std::move(attempt)] {
    attempt();
    leave(edge);
  });
}

void RequestPath::suspend(Consumer& edge) {
  edge.suspended_ = true;
  edge.refresh_gate();
}

void RequestPath::resume(Consumer& edge) {
  edge.suspended_ = false;
  edge.refresh_gate();
  BioQueue parked = std::exchange(edge.parked_, BioQueue());
  walk_all(parked, edge);
  if (edge.wants_idle_ && edge.in_flight_ == 0) listener_.edge_idle(edge);
}

void RequestPath::walk_all(BioQueue& parked, Consumer& edge) {
  const bool outermost = !running_;
  running_ = true;
  while (Bio* bio = parked.pop()) walk(*bio, &edge);
  if (outermost) run_queues();
}

// Guards -----------------------------------------------------------------------------------------

bool RequestPath::must_follow(const Bio& bio, const Consumer& edge) {
  return edge.caught_ > 0 &&
         (is_barrier(bio) || edge.caught_barriers_ > 0 || !edge.parked_.empty());
}

SectorGuard* RequestPath::next_guard(const Bio& bio, const Consumer& edge,
                                     const SectorGuard* after) {
  if (!has_range(bio.command)) return nullptr;
  bool reached = after == nullptr;
  return edge.find_guard([&](const SectorGuard& guard) {
    if (reached) return guard.catches(bio, edge);
    reached = &guard == after;
    return false;
  });
}

RequestPath::Admission RequestPath::admit_guarded(Bio& bio, Consumer& edge) {
  SectorGuard* guard = next_guard(bio, edge, nullptr);
  if (guard == nullptr) return Admission::passes;
  if (!enter(bio, edge)) {
    postpone(bio);
    return Admission::parked;
  }
  ++edge.caught_;
  if (is_barrier(bio)) ++edge.caught_barriers_;
  edge.refresh_gate();
  guard->caught(bio, edge);
  return Admission::parked;
}

// What the walk does on its way, for a request that owns its trail. False when there is no memory.
bool RequestPath::enter(Bio& bio, Consumer& edge) {
  if (bio.trail->end == bio.trail->hops + Trail::kHops) {
    Trail* more = trails_.take();
    if (more == nullptr) return false;
    more->previous = bio.trail;
    bio.trail = more;
  }
  *bio.trail->end++ = {&edge, executor_.now_ns()};
  ++edge.in_flight_;
  if (facts_.watched()) tell_entry(bio, edge);
  return true;
}

void RequestPath::proceed(Bio& bio, Consumer& edge) {
  Provider& provider = *edge.provider_;
  bio.error = provider.error_;
  if (bio.error != 0) return finish(bio);
  const Verdict verdict = provider.geom_->start(bio, provider);
  if (Consumer* next = verdict.next()) return walk(bio, next);
  if (verdict.is_held()) return;
  bio.error = verdict.error();
  finish(bio);
}

// Those that may go on now that `bio` does.
BioQueue RequestPath::uncatch(const Bio& bio, Consumer& edge) {
  --edge.caught_;
  if (is_barrier(bio)) --edge.caught_barriers_;
  edge.refresh_gate();
  return edge.suspended_ ? BioQueue() : std::exchange(edge.parked_, BioQueue());
}

void RequestPath::let_pass(Bio& bio, Consumer& edge, SectorGuard& by) {
  passed_.push_back({&bio, bio.done, &by});
  bio.done = &guarded_done;
  if (SectorGuard* next = next_guard(bio, edge, &by)) return next->caught(bio, edge);
  BioQueue parked = uncatch(bio, edge);
  const bool outermost = !std::exchange(running_, true);
  proceed(bio, edge);
  running_ = !outermost;
  walk_all(parked, edge);
}

void RequestPath::turn_back(Bio& bio, Consumer& edge, int error) {
  BioQueue parked = uncatch(bio, edge);
  bio.error = error;
  const bool outermost = !std::exchange(running_, true);
  finish(bio);
  running_ = !outermost;
  walk_all(parked, edge);
}

void RequestPath::guarded_done(Bio& bio) {
  std::vector<Passed>& passed = bio.edge->geom().mesh().path().passed_;
  auto newest = passed.end();
  do {
    BIOTOPE_CHECK(newest != passed.begin(), "a guard waits for what it let pass");
    --newest;
  } while (newest->bio != &bio);
  const Passed p = *newest;
  passed.erase(newest);
  bio.done = p.done;
  p.guard->came_back(bio);
  bio.done(bio);
}

void RequestPath::tell_done(const Bio& bio) {
  if (bio.id != 0) tell(FactKind::bio_done, bio, *bio.edge);
}

void RequestPath::tell_entry(const Bio& bio, const Consumer& edge) {
  tell(bio.edge == &edge ? FactKind::bio_issued : FactKind::bio_remapped, bio, edge);
}

void RequestPath::tell(FactKind kind, const Bio& bio, const Consumer& edge,
                       std::int64_t duration_ns) {
  if (!facts_.watched()) return;
  Fact fact;
  fact.kind = kind;
  fact.error = bio.error;
  fact.geom = &edge.geom();
  fact.provider = edge.provider();
  fact.consumer = &edge;
  fact.bio = &bio;
  fact.duration_ns = duration_ns;
  facts_.emit(fact);
}

Children::~Children() {
  while (Bio* part = parts_.pop()) {
    --parent_.children;
    path_.free_bio(part);
  }
}

Verdict Children::issue(BioDone each_done) {
  if (parts_.empty()) return Verdict::done();
  if (each_done != &Children::part_done) {
    for (Bio* part = parts_.front(); part != nullptr; part = part->queue_next) {
      part->done = each_done;
    }
  }
  path_.submit_all(parts_);
  return Verdict::held();
}

void Children::part_done(Bio& part) {
  Bio& parent = *part.parent;
  RequestPath& path = part.edge->geom().mesh().path();
  if (parent.error == 0) parent.error = part.error;
  parent.completed_bytes += std::min(part.completed_bytes, parent.resid_bytes());
  path.free_bio(&part);
  if (++parent.inbed == parent.children) path.deliver(parent, parent.error);
}

}  // namespace biotope
