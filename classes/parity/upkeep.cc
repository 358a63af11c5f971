// What an array keeps on its members about itself, and when: before writes that need it, and after
// they have stopped.
#include <algorithm>
#include <utility>

#include "classes/parity/group.h"
#include "classes/parity/parity_class.h"
#include "model/control_io.h"

namespace biotope::parity {

namespace {

// Static, and all by value: the frame owns what it needs.
Task<void> stay_and_run(Group* group, std::function<Task<void>()> job) {
  const Stay stay(*group);
  co_await job();
}

}  // namespace

void Group::post(std::function<Task<void>()> job) {
  jobs_.post([this, job = std::move(job)] { return stay_and_run(this, job); });
}

// What writes had to wait for is done.
void Group::settled() {
  busy_ = false;
  if (raise_ != Raise::no) {
    want_catch_up();
  } else if (recorded()) {
    go_on_recorded();
  }
  refresh();
  watch_idle();
  drain();
}

Record Group::record_of(const Member& m) const {
  Record r = self_;
  r.index = static_cast<std::uint16_t>(index_of(m));
  r.member_flags = m.record.member_flags & kHardcoded;
  r.set(kDirty, dirty_ && marks_dirty());
  r.set(kSynchronizing, m.state == Member::State::copying);
  r.owner.provider = r.has(kHardcoded) ? m.provider : std::string();
  r.owner.provsize = static_cast<std::uint64_t>(m.edge->provider()->media_size_bytes());
  r.log_floor = log_floor();
  return r;
}

// The array goes on with other members than before.
void Group::raise() {
  ++(raise_ == Raise::genid ? self_.view.genid : self_.view.syncid);
  self_.view.without = complete() ? std::uint16_t{0} : static_cast<std::uint16_t>(absent_ + 1);
  raise_ = Raise::no;
}

Task<Status> Group::store(std::size_t index, std::uint32_t number, Record record) {
  if (self_.by_hand) co_return Status{};
  Consumer& edge = *members_[index].edge;
  Bytes sector = encode(kind().kind(), record, edge.provider()->sector_size_bytes());
  Status stored = co_await metadata::store(edge, std::move(sector));
  if (Member* m = find(index, number); stored && m != nullptr) m->record = std::move(record);
  co_return stored;
}

// Every good member says what the array is now, and then those that get a copy. One that can not is
// lost, which the others have to say as well. Fails when a member can not that can not be spared.
Task<Status> Group::record_all() {
  for (bool again = true; again;) {
    again = false;
    for (const Member::State state : {Member::State::good, Member::State::copying}) {
      for (std::size_t i = 0; i < count(); ++i) {
        if (members_[i].state != state) continue;
        const std::uint32_t number = members_[i].number;
        const Status stored = co_await store(i, number, record_of(members_[i]));
        if (state_ == State::over) co_return fail(ENXIO, title(), " has ended");
        if (stored || find(i, number) == nullptr) continue;
        const std::string why = sentence("its metadata can not be written: ", stored.error().text);
        if (!lose(i, stored.error().code == ENXIO ? Loss::gone : Loss::broken, why)) {
          co_return stored;
        }
      }
    }
    self_.before = self_.view;
    if (raise_ != Raise::no) {
      raise();
      again = true;
    }
  }
  co_return Status{};
}

Task<Status> Group::flush_all() {
  for (std::size_t i = 0; i < count(); ++i) {
    if (!members_[i].written()) continue;
    const std::uint32_t number = members_[i].number;
    const Status flushed = co_await biotope::flush(*members_[i].edge);
    if (flushed || flushed.error().code == EOPNOTSUPP || find(i, number) == nullptr) continue;
    if (!lose(i, flushed.error().code == ENXIO ? Loss::gone : Loss::broken,
              sentence("it can not be flushed: ", flushed.error().text))) {
      co_return flushed;
    }
  }
  co_return Status{};
}

// Before writes ----------------------------------------------------------------------------------

void Group::want_catch_up() {
  if (catch_up_wanted_) return;
  catch_up_wanted_ = true;
  refresh();
  post([this] { return catch_up(); });
}

// Brings to disk what waiting writes need there, and what has to be there because a member is lost.
Task<void> Group::catch_up() {
  catch_up_wanted_ = false;
  if (state_ != State::running) co_return;
  busy_ = true;
  refresh();
  const bool writes = waiting_.front() != nullptr;
  if (raise_ != Raise::no || (writes && !dirty_ && marks_dirty())) {
    if (raise_ != Raise::no) raise();
    dirty_ = dirty_ || (writes && marks_dirty());
    const Status recorded = co_await record_all();
    if (!recorded && state_ == State::running) {
      co_return end(sentence("what it is can not be noted: ", recorded.error().text));
    }
  }
  settled();
}

// After writes -----------------------------------------------------------------------------------

void Group::watch_idle() {
  if (idle_watched_ || !dirty_ || state_ != State::running) return;
  idle_watched_ = true;
  writes_at_tick_ = writes_;
  later_.after(tuning_.idle_ns, [this] { idle_tick(); });
}

void Group::idle_tick() {
  idle_watched_ = false;
  if (state_ != State::running) return;
  if (writes_ == writes_at_tick_ && traffic_.writes.none()) post([this] { return clean(); });
  watch_idle();
}

bool Group::can_be_cleaned() const {
  return state_ == State::running && dirty_ && !unfit_ && traffic_.writes.none() &&
         waiting_.empty() && unrecorded_.empty() && raise_ == Raise::no;
}

// All members fit together and are stable: then they say so.
Task<void> Group::clean() {
  if (can_be_cleaned()) {
    busy_ = true;
    refresh();
    const Status flushed = co_await flush_all();
    if (flushed && raise_ == Raise::no && state_ == State::running) {
      dirty_ = false;
      const Status recorded = co_await record_all();
      if (!recorded && state_ == State::running) note(recorded.error().text);
    }
  }
  settled();
}

void Group::access_changed(Provider&, Access before, Access after) {
  if (state_ == State::running && before.w > 0 && after.w == 0 && dirty_) {
    post([this] { return clean(); });
  }
}

// A disk of ours has another size: its metadata move to where its last sector is now.
bool Group::resized(Consumer& consumer) {
  const Member* m = find(consumer);
  if (m == nullptr || !kind().fits(self_, consumer.provider()->properties())) return false;
  post([this] { return record_again(); });
  return true;
}

Task<void> Group::record_again() {
  if (state_ == State::running) {
    busy_ = true;
    refresh();
    const Status recorded = co_await record_all();
    if (!recorded) note(recorded.error().text);
  }
  settled();
}

// Leaving with notice ----------------------------------------------------------------------------

Status Group::may_let_go(Consumer& consumer) {
  const Member* m = find(consumer);
  const bool needed = m != nullptr && m->state == Member::State::good && !complete();
  return needed ? Geom::may_let_go(consumer) : Status{};
}

// With all others there nobody above needs to know.
Task<Status> Group::let_go(Consumer& consumer) {
  const std::uint64_t edge_id = consumer.id();
  const Member* m = find(consumer);
  const bool needed = m != nullptr && m->state == Member::State::good && !complete();
  if (needed) co_return co_await Geom::let_go(consumer);
  if (m != nullptr) lose(index_of(*m), Loss::gone, "its medium is to leave");
  while (const Consumer* there = mesh().consumer_by_id(edge_id)) {
    if (there->provider() == nullptr || there->access().closed()) break;
    co_await sleep(mesh().executor(), RequestPath::kReplayDelay_ns);
  }
  co_return Status{};
}

}  // namespace biotope::parity
