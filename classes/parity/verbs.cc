// What an operator can ask of an array with parity, and what it shows of itself.
#include <algorithm>
#include <utility>

#include "classes/array/verb.h"
#include "classes/parity/group.h"
#include "classes/parity/parity_class.h"
#include "model/control_io.h"

namespace biotope::parity {

void Group::verb(Then then, std::function<Task<Status>()> work) {
  array::carry_out(jobs_, *this, std::move(work), std::move(then));
}

void Group::insert(const std::string& disk, Then then) {
  verb(std::move(then), [this, disk] { return insert_job(disk); });
}
void Group::remove(const std::string& disk, Then then) {
  verb(std::move(then), [this, disk] { return remove_job(disk); });
}
void Group::rebuild(const std::string& disk, Then then) {
  verb(std::move(then), [this, disk] { return rebuild_job(disk); });
}
void Group::configure(std::uint64_t on, std::uint64_t off, Then then) {
  verb(std::move(then), [this, on, off] { return configure_job(on, off); });
}
void Group::stop(Then then) {
  verb(std::move(then), [this] { return stop_job(false); });
}
void Group::destroy(Then then) {
  verb(std::move(then), [this] { return stop_job(true); });
}

// What verbs have in common ----------------------------------------------------------------------

Status Group::in_service(const char* what) const {
  if (state_ == State::running) return {};
  return fail(state_ == State::over ? ENXIO : EAGAIN, title(), " can not ", what, ": it ",
              state_ == State::over ? "is ending" : "has not started; it waits for its members");
}

Result<Member*> Group::named(const std::string& disk) {
  if (Member* m = find(disk)) return m;
  return fail(ENOENT, disk, " is no member of ", title());
}

// A disk that is not the array's, or not at present, open for it alone.
Result<Consumer*> Group::open_disk(const std::string& disk) {
  Provider* provider = mesh().provider(disk);
  if (provider == nullptr) return fail(ENOENT, "there is no ", disk);
  Result<Consumer*> edge = mesh().new_consumer(*this, *provider);
  if (!edge) return edge;
  if (const Status opened = mesh().access(**edge, kReadWriteExclusive); !opened) {
    mesh().drop(**edge);
    return pass_on(opened);
  }
  return edge;
}

// What open_disk() opened is not wanted after all: others may have it at once.
void Group::give_back(Consumer& edge) {
  if (edge.idle()) {
    if (const Status closed = mesh().close(edge); !closed) note(closed.error().text);
  }
  mesh().drop(edge);
}

// Members ----------------------------------------------------------------------------------------

Task<Status> Group::insert_job(std::string disk) {
  if (Status fine = in_service("take another disk"); !fine) co_return fine;
  if (find(disk) != nullptr) co_return fail(EEXIST, disk, " is a member of ", title(), " already");
  if (absent_ == count() || members_[absent_].edge != nullptr) {
    co_return fail(EBUSY, title(), " can not take ", disk, ": none of its ", count(),
                   " members is missing; remove one first");
  }
  const Provider* provider = mesh().provider(disk);
  if (provider == nullptr) co_return fail(ENOENT, "there is no ", disk);
  if (const Status fine = kind().fits(self_, provider->properties()); !fine) {
    co_return fail(fine.error().code, disk, " can not join ", title(), ": ", fine.error().text);
  }
  const Result<Consumer*> edge = open_disk(disk);
  if (!edge) co_return pass_on(edge);
  const std::size_t index = absent_;
  place(index, **edge, Record(), Member::State::copying);
  const std::uint32_t number = members_[index].number;
  busy_ = true;
  refresh();
  Record first = record_of(members_[index]);
  first.view = {};
  first.before = {};
  Status stored = co_await store(index, number, std::move(first));
  Member* m = find(index, number);
  if (m != nullptr && !stored) forget(*m);
  settled();
  if (m != nullptr && stored) want_copy(index);
  if (stored && m == nullptr) stored = fail(ENXIO, disk, " is gone while it was being inserted");
  co_return stored;
}

Task<Status> Group::remove_job(std::string disk) {
  Status fine = in_service("give up a member");
  const Result<Member*> found = named(disk);
  if (fine && !found) fine = pass_on(found);
  if (fine && (*found)->state == Member::State::good && !complete()) {
    fine = fail(EBUSY, disk, " can not be removed: ", title(),
                " has lost one member already, and lives of all others");
  }
  if (!fine) co_return fine;
  const std::size_t index = index_of(**found);
  const std::uint32_t number = (*found)->number;
  const bool counted = (*found)->state == Member::State::good;
  const auto sector = static_cast<std::size_t>((*found)->edge->provider()->sector_size_bytes());
  busy_ = true;
  (*found)->state = Member::State::fresh;
  if (counted) raise_ = Raise::syncid;
  refresh();
  if (counted) raise();
  fine = co_await record_all();
  if (!fine && state_ == State::running) end("what it is can not be noted");
  if (find(index, number) != nullptr && !self_.by_hand) {
    const Status cleared = co_await metadata::store(*members_[index].edge, Bytes(sector));
    if (fine && !cleared) fine = cleared;
  }
  if (Member* m = find(index, number)) {
    if (m->edge->idle()) static_cast<void>(mesh().close(*m->edge));
    forget(*m);
  }
  settled();
  co_return fine;
}

Task<Status> Group::rebuild_job(std::string disk) {
  if (const Status fine = in_service("rebuild a member"); !fine) co_return fine;
  Member* m = find(disk);
  if (m == nullptr) co_return co_await take_back(disk);
  if (m->state == Member::State::good && !complete()) {
    co_return fail(EBUSY, disk, " can not be rebuilt: another member of ", title(),
                   " is missing, and this one is needed");
  }
  const std::size_t index = index_of(*m);
  const bool counted = m->state == Member::State::good;
  // A copy that is under way has another number and gives up.
  m->number = ++last_number_;
  m->state = Member::State::copying;
  busy_ = true;
  if (counted) raise_ = Raise::syncid;
  refresh();
  if (counted) raise();
  const Status recorded = co_await record_all();
  if (!recorded && state_ == State::running) end("what it is can not be noted");
  settled();
  if (recorded && members_[index].state == Member::State::copying) want_copy(index);
  co_return recorded;
}

// A disk that bears this array's metadata and is not with it: out of date, or found broken.
Task<Status> Group::take_back(std::string disk) {
  if (self_.by_hand) co_return fail(ENOENT, disk, " is no member of ", title(), "; insert it");
  const Result<Consumer*> edge = open_disk(disk);
  if (!edge) co_return pass_on(edge);
  const std::uint64_t edge_id = (*edge)->id();
  Result<metadata::Found> found = co_await metadata::look(**edge, kind().kind());
  Result<Record> record = found ? decode(*found) : pass_on(found);
  Status fine = record ? Status{} : pass_on(record);
  if (fine && record->id != self_.id) {
    fine = fail(EINVAL, disk, " is no member of ", title(), " but of ", record->name);
  }
  Consumer* there = mesh().consumer_by_id(edge_id);
  if (fine && there->orphaned()) fine = fail(ENXIO, disk, " is gone");
  if (fine) {
    record->view = {};
    record->before = {};
    record->set(kForceSync, true);
    record->set(kBroken, false);
    losses_.erase(there->provider()->id());
    fine = consider(*there->provider(), *record);
  }
  if (!fine) {
    give_back(*there);
    co_return fine;
  }
  arrive(*there, std::move(*record));
  co_return Status{};
}

// As a whole -------------------------------------------------------------------------------------

Task<Status> Group::configure_job(std::uint64_t on, std::uint64_t off) {
  if (const Status fine = in_service("be configured"); !fine) co_return fine;
  const std::uint64_t flags = (self_.array_flags | on) & ~off;
  if (((on | off) & ~flags_known()) != 0) {
    co_return fail(EINVAL, title(), " knows no such flag");
  }
  if ((flags & kVerify) != 0 && (flags & kRoundRobin) != 0) {
    co_return fail(EINVAL, title(), " can not verify and read by turns at once; choose one");
  }
  self_.array_flags = flags;
  busy_ = true;
  refresh();
  const Status recorded = co_await record_all();
  if (!recorded && state_ == State::running) end("what it is can not be noted");
  settled();
  co_return recorded;
}

Task<Status> Group::stop_job(bool wipe) {
  if (state_ == State::over) co_return fail(ENXIO, title(), " is ending already");
  if (!providers().empty() && !providers().front().access().closed()) {
    co_return fail(EBUSY, title(), " can not stop: ", providers().front().name(), " is open (",
                   providers().front().access().text(), "); close it");
  }
  Status done;
  if (state_ == State::running) {
    if (dirty_) co_await clean();
    busy_ = true;
    refresh();
    if (!wipe && state_ == State::running) done = co_await record_all();
  }
  for (std::size_t i = 0; wipe && i < count(); ++i) {
    if (members_[i].edge == nullptr || self_.by_hand) continue;
    const Status cleared = co_await metadata::clear(*members_[i].edge);
    if (!cleared) done = cleared;
  }
  end_quietly(wipe ? "it is destroyed" : "it is stopped");
  co_return done;
}

// Shown ------------------------------------------------------------------------------------------

const char* state_name(Member::State state) {
  static constexpr const char* kNames[] = {"MISSING", "NEW", "ACTIVE", "SYNCHRONIZING"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string Group::status() const {
  std::string text = state_ == State::starting ? "STARTING"
                     : state_ == State::over   ? "ENDING"
                     : complete()              ? "COMPLETE"
                                               : "DEGRADED";
  text += sentence(", ", good_, " of ", count(), " members, genid ", self_.view.genid, ", syncid ",
                   self_.view.syncid);
  if (marks_dirty()) text += dirty_ ? ", dirty" : ", clean";
  for (std::size_t i = 0; i < count(); ++i) {
    const Member& m = members_[i];
    text += sentence("; ", m.edge == nullptr ? sentence("member ", i) : m.provider, ' ',
                     state_name(m.state));
  }
  return text;
}

std::string Group::recipe() const {
  std::vector<std::string> names;
  for (const Member& m : members_) {
    if (m.edge == nullptr) return {};
    names.push_back(m.provider);
  }
  return recipe_of(*this, values(), self_.by_hand ? "create" : "label", names);
}

std::string Group::about(const Provider&) const {
  return sentence(count() - 1, " members' worth of data, and parity");
}

}  // namespace biotope::parity
