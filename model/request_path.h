#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "model/bio.h"
#include "model/consumer.h"
#include "model/executor.h"
#include "model/fact_stream.h"
#include "model/pool.h"

namespace biotope {

// The edges a request has passed on its way down, newest last; a request in flight borrows one, and
// more where a stack is deeper.
struct Trail {
  struct Hop {
    Consumer* edge;
    std::int64_t entered_ns;
  };
  static constexpr std::uint32_t kHops = 31;

  Hop* end = hops;            // behind the newest
  Trail* previous = nullptr;  // the one before, where a stack is deeper
  Hop hops[kHops];
};

// The way of requests down and completions up. Nothing here recurses: what is submitted or
// delivered while a request is being walked or finished waits in a queue, completions first, so
// neither deep stacks nor wide ones grow the call stack. Steady state touches no heap.
class RequestPath {
 public:
  // Told when an edge that wants_idle_ has nothing in flight any more; must only take note.
  class IdleListener {
   public:
    virtual void edge_idle(Consumer& edge) = 0;

   protected:
    ~IdleListener() = default;
  };

  RequestPath(Executor& executor, FactStream& facts, IdleListener& listener)
      : executor_(executor), later_(executor), facts_(facts), listener_(listener) {}

  // A cleared request from the pool, or null when it is exhausted. Goes back with free_bio once it
  // is done. Requests that live elsewhere (in a Buf, on a stack) are as good.
  Bio* new_bio() { return bios_.take(); }
  void free_bio(Bio* bio) { bios_.put(bio); }

  // Issues `bio` on `edge`. The issuer has filled in its fields (bio.h) and gets `done` exactly
  // once, perhaps before this returns. Refusals of the entry checks come the same way.
  void submit(Bio& bio, Consumer& edge);

  // Like new_bio(), with a number of its own already.
  Bio* new_numbered_bio() {
    Bio* bio = bios_.take();
    if (bio != nullptr) [[likely]]
      bio->id = ++next_id_;
    return bio;
  }
  // Issues requests that have numbers, each on its `edge`, in the order of the queue.
  void submit_all(BioQueue& numbered);

  // Completes a request that its geom held. error == 0 means every byte was done; otherwise
  // bio.completed_bytes, 0 unless the geom set it, says how many were. ENOMEM sends it again from
  // the top after kReplayDelay_ns.
  void deliver(Bio& bio, int error);

  // Surgery: requests that enter `edge` wait from now on, or go on now.
  void suspend(Consumer& edge);
  void resume(Consumer& edge);

  // For guards: a request caught at `edge` goes on to the next guard or to the provider, and
  // by.came_back() is called when it returns; or it is answered here. Whose turn comes by that,
  // goes on as well.
  void let_pass(Bio& bio, Consumer& edge, SectorGuard& by);
  void turn_back(Bio& bio, Consumer& edge, int error);

  // For an issuer that found the pool exhausted: calls `attempt` after kReplayDelay_ns. Meanwhile
  // this counts as a request in flight on `edge`, so that nobody takes that away.
  void try_again_later(Consumer& edge, std::function<void()> attempt);

  static constexpr std::int64_t kReplayDelay_ns = 1'000'000;

  std::uint64_t bios_out() const { return bios_.taken(); }
  std::uint64_t trails_out() const { return trails_.taken() - (spare_ == nullptr ? 0 : 1); }
  // For tests of exhaustion.
  void limit_bios(std::uint64_t limit) { bios_.set_limit(limit); }
  void limit_trails(std::uint64_t limit) { trails_.set_limit(limit); }

 private:
  enum class Admission { passes, answered, parked };

  void submit_slowly(Bio& bio);
  void run_queues();
  void walk(Bio& bio, Consumer* edge);
  template <bool kWatched>
  void walk_as(Bio& bio, Consumer* edge);
  void walk_watched(Bio& bio, Consumer* edge);
  enum class Stay { none, unwatched, watched };
  template <Stay kStay>
  void climb(Bio& bio, Trail& trail, Trail::Hop* hop, std::int64_t now_ns);
  void own(Bio& bio, Trail& trail, Trail::Hop* end);
  Trail* spare_trail();
  void put_trail(Trail& trail);
  Admission admit_slowly(Bio& bio, Consumer& edge);
  Admission admit_guarded(Bio& bio, Consumer& edge);
  bool enter(Bio& bio, Consumer& edge);
  void proceed(Bio& bio, Consumer& edge);
  void walk_all(BioQueue& parked, Consumer& edge);
  static SectorGuard* next_guard(const Bio& bio, const Consumer& edge, const SectorGuard* after);
  static bool must_follow(const Bio& bio, const Consumer& edge);
  static BioQueue uncatch(const Bio& bio, Consumer& edge);
  static void guarded_done(Bio& bio);
  int entry_error(const Bio& bio, const Consumer& edge) const;
  void finish(Bio& bio);
  bool finish_badly(Bio& bio);
  void leave(Consumer& edge);
  void postpone(Bio& bio);
  static bool must_wait(const Bio& bio, const Consumer& edge);
  void starve(Bio& bio);
  void go_again(Consumer& edge);
  void drop_trail(Bio& bio);
  void tell_done(const Bio& bio);
  void tell_entry(const Bio& bio, const Consumer& edge);
  void tell(FactKind kind, const Bio& bio, const Consumer& edge, std::int64_t duration_ns = 0);

  Executor& executor_;
  Lifeline later_;
  FactStream& facts_;
  IdleListener& listener_;
  bool running_ = false;
  BioQueue down_;
  BioQueue up_;
  std::uint64_t next_id_ = 0;
  Pool<Trail> trails_;
  Trail* spare_ = nullptr;  // an empty one at hand: who is answered at once never owns a trail
  Pool<Bio> bios_;

  // Requests that a guard has let pass and waits for; whoever waits for them besides.
  struct Passed {
    Bio* bio;
    BioDone done;
    SectorGuard* guard;
  };
  std::vector<Passed> passed_;
};

// The parts of a request that a 1:N class splits or multiplies, all made before the first is
// issued.
//
//   Children parts(path, parent);
//   for (...) if (!parts.add(...)) return Verdict::done(ENOMEM);
//   return parts.issue();
//
// Parts that were not issued are freed with the object. The parent completes when the last part has
// come back, with the first error that came back; that needs no more than this.
class Children {
 public:
  Children(RequestPath& path, Bio& parent) : path_(path), parent_(parent) {
    parent.error = 0;
    parent.children = 0;
    parent.inbed = 0;
  }
  ~Children();
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;

  // A part of `length_bytes` from `skip_bytes` into the parent's data, for `position_bytes` of the
  // provider below `to`. False when the pool is exhausted.
  bool add(Consumer& to, std::int64_t position_bytes, std::int64_t skip_bytes,
           std::int64_t length_bytes) {
    Bio* part = path_.new_numbered_bio();
    if (part == nullptr) [[unlikely]]
      return false;
    part->command = parent_.command;
    part->flags = parent_.flags & kBioInheritedFlags;
    part->offset_bytes = position_bytes;
    part->position_bytes = position_bytes;
    part->length_bytes = length_bytes;
    part->data = parent_.data.shifted(skip_bytes);
    part->attribute = parent_.attribute;
    part->done = &Children::part_done;
    part->parent = &parent_;
    part->edge = &to;
    ++parent_.children;
    parts_.push(*part);
    return true;
  }
  // A part with data of the geom's own, which must stay until the part is back, or with another
  // command than the parent's. Null when the pool is exhausted.
  Bio* add_own(Consumer& to, Command command, std::int64_t position_bytes,
               std::int64_t length_bytes, Data data) {
    if (!add(to, position_bytes, 0, length_bytes)) return nullptr;
    Bio& part = *parts_.back();
    part.command = command;
    part.data = data;
    return &part;
  }
  // The whole parent once more, for a class that multiplies.
  bool add_copy(Consumer& to, std::int64_t position_bytes) {
    return add(to, position_bytes, 0, parent_.length_bytes);
  }
  // Sends them in the order they were added. With nothing added the parent is simply done.
  // `each_done` replaces what happens when a part comes back; it must end in part_done().
  Verdict issue(BioDone each_done = &Children::part_done);

  // For a geom that drives hardware and has no edge below: gives each part to `take(Bio&)`, in the
  // order they were added, to be delivered like the parent would be. Only its geom sees such a
  // part, so it has no number. Out of memory on one sends the whole parent again.
  template <class Take>
  Verdict hand_to(Take take) {
    if (parts_.empty()) return Verdict::done();
    while (Bio* part = parts_.pop()) {
      part->id = 0;
      take(*part);
    }
    return Verdict::held();
  }

  // A part has come back: counts it and, if it was the last, completes the parent. Frees the part.
  static void part_done(Bio& part);

 private:
  RequestPath& path_;
  Bio& parent_;
  BioQueue parts_;
};

}  // namespace biotope
