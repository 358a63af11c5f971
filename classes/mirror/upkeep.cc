// What a mirror keeps on its disks about itself, and when: before writes that need it, and after
// they have stopped.
#include <algorithm>
#include <boost/crc.hpp>
#include <utility>

#include "classes/mirror/mirror.h"
#include "model/control_io.h"

namespace biotope::mirror {

namespace {

// Static, and all by value: the frame owns what it needs.
Task<void> stay_and_run(Mirror* mirror, std::function<Task<void>()> job) {
  const Stay stay(*mirror);
  co_await job();
}

Task<Status> no_such_disk(std::string mirror) {
  co_return fail(ENXIO, "a disk of mirror ", mirror, " is gone");
}

}  // namespace

void Mirror::post(std::function<Task<void>()> job) {
  jobs_.post([this, job = std::move(job)] { return stay_and_run(this, job); });
}

// What writes had to wait for is done.
void Mirror::settled() {
  busy_ = false;
  const bool running = state_ == State::running;
  if (running && (raise_genid_ == Raise::now || raise_syncid_ == Raise::now)) {
    want_catch_up();
  } else if (!catch_up_wanted_) {
    release_troubles(running);
  }
  refresh();
  watch_idle();
  drain();
}

// Records ----------------------------------------------------------------------------------------

Record Mirror::record_of(const Member& member) const {
  Record r = self_;
  r.disk_id = member.record.disk_id;
  r.priority = member.record.priority;
  r.disk_flags = member.record.disk_flags;
  r.sync_offset_bytes = member.record.sync_offset_bytes;
  r.owner.provider = member.record.has(kHardcoded) ? member.provider : std::string();
  r.owner.provsize = static_cast<std::uint64_t>(member.edge->provider()->media_size_bytes());
  r.spare = member.state == Member::State::spare;
  r.intent = marks_.intent();
  r.set(kDirty, dirty_ && marks_dirty() && member.state == Member::State::active);
  r.set(kSynchronizing, member.state == Member::State::synchronizing);
  r.set(kInactive, r.spare);
  r.set(kCanDelete, member.edge->provider()->properties().deletable);
  r.set(kForceSync, false);
  r.set(kBroken, false);
  return r;
}

// The disks go on without one that they had: a new generation. Its name is made of what came before
// and of who takes part, so that two halves that go on apart find different ones.
void Mirror::raise() {
  const bool genid = raise_genid_ != Raise::no;
  if (genid) {
    ++self_.genid;
  } else {
    ++self_.syncid;
  }
  (genid ? raise_genid_ : raise_syncid_) = Raise::no;
  boost::crc_32_type name;
  const auto add = [&](std::uint32_t value) {
    for (int i = 0; i < 4; ++i) name.process_byte(static_cast<unsigned char>(value >> (8 * i)));
  };
  add(self_.lineage.names[0]);
  add(self_.genid);
  add(self_.syncid);
  std::vector<std::uint32_t> ids;
  for (const Member* member : active_) ids.push_back(member->record.disk_id);
  std::ranges::sort(ids);
  for (const std::uint32_t id : ids) add(id);
  self_.lineage.add(name.checksum(), ids);
}

Task<Status> Mirror::store(std::uint32_t number, Record record) {
  if (!has_metadata_) co_return Status{};
  Member* member = find(number);
  if (member == nullptr) co_return co_await no_such_disk(name());
  Consumer& edge = *member->edge;
  Status stored =
      co_await metadata::store(edge, encode(record, edge.provider()->sector_size_bytes()));
  member = find(number);
  if (stored && member != nullptr) member->record = std::move(record);
  co_return stored;
}

// Every disk that is up to date, or gets a whole copy, says what the mirror is now. One that can
// not is lost, which the others have to say as well. Fails when no good disk is left that can.
Task<Status> Mirror::record_all() {
  for (bool again = has_metadata_; again;) {
    again = false;
    std::vector<std::uint32_t> numbers;
    for (const Member* m : active_) numbers.push_back(m->number);
    // After all good ones: the newest record must be that of a disk that has everything.
    for (const auto& m : members_) {
      const bool copied = m->state == Member::State::synchronizing && !m->only_marked;
      if (copied) numbers.push_back(m->number);
    }
    for (const std::uint32_t number : numbers) {
      const Member* member = find(number);
      if (member == nullptr) continue;
      const Status stored = co_await store(number, record_of(*member));
      if (stored) continue;
      if (state_ == State::over) co_return stored;
      Member* failed = find(number);
      if (failed != nullptr &&
          !lose(*failed, stored.error().code == ENXIO ? Loss::gone : Loss::broken,
                sentence("its metadata can not be written: ", stored.error().text))) {
        co_return stored;
      }
    }
    while (raise_genid_ == Raise::now || raise_syncid_ == Raise::now) {
      raise();
      again = true;
    }
  }
  co_return Status{};
}

Task<Status> Mirror::flush_all() {
  std::vector<std::uint32_t> numbers;
  for (const auto& m : members_) {
    if (m->state == Member::State::active || m->state == Member::State::synchronizing) {
      numbers.push_back(m->number);
    }
  }
  for (const std::uint32_t number : numbers) {
    Member* member = find(number);
    if (member == nullptr) continue;
    const Status flushed = co_await biotope::flush(*member->edge);
    if (flushed || flushed.error().code == EOPNOTSUPP) continue;
    member = find(number);
    if (member != nullptr &&
        !lose(*member, flushed.error().code == ENXIO ? Loss::gone : Loss::broken,
              sentence("it can not be flushed: ", flushed.error().text))) {
      co_return flushed;
    }
  }
  co_return Status{};
}

// Before writes ----------------------------------------------------------------------------------

void Mirror::want_catch_up() {
  if (catch_up_wanted_) return;
  catch_up_wanted_ = true;
  refresh();
  post([this] { return catch_up(); });
}

bool Mirror::mark_waiting() {
  bool changed = false;
  for (const Bio* bio = waiting_.front(); bio != nullptr; bio = bio->queue_next) {
    if (bio->command == Command::write || bio->command == Command::remove) {
      changed |= marks_.mark(bio->position_bytes, bio->length_bytes);
    }
  }
  return changed;
}

// Brings to disk what waiting writes need there, and what has to be there because a disk is lost.
Task<void> Mirror::catch_up() {
  catch_up_wanted_ = false;
  busy_ = true;
  refresh();
  const std::optional<Intent> before = marks_.intent();
  Status recorded;
  while (recorded && state_ == State::running) {
    const bool writes = has_waiting_writes();
    bool changed = false;
    const auto due = [&](Raise r) { return r == Raise::now || (r == Raise::on_write && writes); };
    while (due(raise_genid_) || due(raise_syncid_)) {
      raise();
      changed = true;
    }
    if (writes) {
      changed |= !dirty_ && marks_dirty();
      dirty_ = dirty_ || marks_dirty();
      changed |= mark_waiting();
    }
    if (!changed) break;
    recorded = co_await record_all();
  }
  if (!recorded && state_ == State::running) {
    // Nothing of this is known to be on disk: the next write has to see to it all again.
    marks_.cover(before);
    dirty_ = false;
    raise_syncid_ = Raise::on_write;
    release_troubles(false);
    fail_waiting(recorded.error().code == ENXIO ? ENXIO : EIO);
  }
  settled();
}

bool Mirror::has_waiting_writes() const {
  for (const Bio* bio = waiting_.front(); bio != nullptr; bio = bio->queue_next) {
    if (bio->command == Command::write || bio->command == Command::remove) return true;
  }
  return false;
}

// After writes -----------------------------------------------------------------------------------

void Mirror::watch_idle() {
  if (idle_watched_ || !dirty_ || state_ != State::running) return;
  idle_watched_ = true;
  writes_at_tick_ = writes_;
  later_.after(tuning_.idle_ns, [this] { idle_tick(); });
}

void Mirror::idle_tick() {
  idle_watched_ = false;
  if (state_ != State::running) return;
  if (writes_ == writes_at_tick_ && traffic_.writes.none()) {
    post([this] { return clean(); });
  } else {
    if (complete()) post([this] { return sweep(); });
    watch_idle();
  }
}

bool Mirror::can_be_cleaned() const {
  return state_ == State::running && dirty_ && traffic_.writes.none() && waiting_.empty() &&
         troubles_.empty() && raise_genid_ == Raise::no && raise_syncid_ == Raise::no;
}

// All disks are equal and stable: then they say so.
Task<void> Mirror::clean() {
  if (can_be_cleaned()) {
    busy_ = true;
    refresh();
    const Status flushed = co_await flush_all();
    const bool lost = raise_genid_ != Raise::no || raise_syncid_ != Raise::no;
    if (flushed && !lost && state_ == State::running) {
      dirty_ = false;
      if (complete()) {
        marks_.clear();
        marks_.set_base(self_.syncid);
      }
      const Status recorded = co_await record_all();
      if (!recorded) note(recorded.error().text);
    }
  }
  settled();
}

// Takes the marks off regions that have not been written for a while, though others are.
Task<void> Mirror::sweep() {
  const bool worth_it = state_ == State::running && complete() && marks_.anything_to_sweep();
  marks_.touch([this](std::int64_t offset, std::int64_t length) {
    return traffic_.writes.in(offset, length);
  });
  Status flushed;
  if (worth_it) flushed = co_await flush_all();
  const bool whole = complete() && state_ == State::running;
  marks_.sweep(worth_it && flushed && whole);
  if (worth_it && flushed && whole) {
    busy_ = true;
    refresh();
    const Status recorded = co_await record_all();
    if (!recorded) note(recorded.error().text);
  }
  settled();
}

}  // namespace biotope::mirror
