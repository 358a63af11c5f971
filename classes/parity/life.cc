// How an array comes together, goes on without a member it has lost, and ends.
#include <algorithm>
#include <utility>

#include "classes/parity/group.h"
#include "classes/parity/parity_class.h"

namespace biotope::parity {

namespace {
constexpr int kMostLosses = 3;
}

Group::Group(Mesh& mesh, const ParityClass& cls, Record self, Tuning tuning)
    : Geom(mesh, cls, self.name),
      later_(mesh.executor()),
      self_(std::move(self)),
      tuning_(tuning),
      members_(self_.count),
      traffic_(mesh.executor()),
      jobs_(mesh.executor()),
      mending_(mesh.executor()) {
  traffic_.on_released([this] { drain(); });
  later_.after(tuning_.start_timeout_ns, [this] {
    waited_enough_ = true;
    want_start();
  });
}

// What waits inside its coroutines refers to the traffic.
Group::~Group() {
  mending_.clear();
  jobs_.clear();
}

const ParityClass& Group::kind() const { return static_cast<const ParityClass&>(cls()); }

// Members ----------------------------------------------------------------------------------------

Member* Group::find(const Consumer& edge) {
  const auto found = std::ranges::find(members_, &edge, &Member::edge);
  return found == members_.end() ? nullptr : &*found;
}

Member* Group::find(std::string_view provider) {
  const auto found = std::ranges::find_if(
      members_, [&](const Member& m) { return m.edge != nullptr && m.provider == provider; });
  return found == members_.end() ? nullptr : &*found;
}

const Member* Group::member(std::string_view provider) const {
  return const_cast<Group*>(this)->find(provider);
}

Member* Group::find(std::size_t index, std::uint32_t number) {
  Member& m = members_[index];
  return m.edge != nullptr && m.number == number ? &m : nullptr;
}

void Group::place(std::size_t index, Consumer& edge, Record record, Member::State state) {
  members_[index] = {state, ++last_number_, &edge, edge.provider()->name(), std::move(record)};
}

void Group::forget(Member& m) {
  mesh().drop(*m.edge);
  m = Member();
  refresh();
}

// What is hot is worked out here once for all requests.
void Group::refresh() {
  good_ = 0;
  good_set_ = 0;
  written_set_ = 0;
  absent_ = members_.size();
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].written()) written_set_ |= bit(i);
    if (good(i)) {
      good_set_ |= bit(i);
      ++good_;
    } else {
      absent_ = i;
    }
  }
  smooth_ = ready_to_write();
  tell_complete();
}

bool Group::lose(std::size_t index, Loss loss, const std::string& why) {
  Member& m = members_[index];
  const bool counted = m.state == Member::State::good && state_ == State::running;
  if (counted && !complete()) return false;
  note(sentence(m.provider, loss == Loss::broken ? " is put out of " : " has left ", title(), ": ",
                why));
  if (m.edge->provider() != nullptr) ++losses_[m.edge->provider()->id()];
  forget(m);
  if (!counted) return true;
  if (raise_ != Raise::genid) raise_ = loss == Loss::broken ? Raise::genid : Raise::syncid;
  refresh();
  want_catch_up();
  return true;
}

void Group::orphaned(Consumer& consumer) {
  Member* m = find(consumer);
  if (m == nullptr) return mesh().drop(consumer);
  const std::string provider = m->provider;
  if (!lose(index_of(*m), Loss::gone, "it is gone")) {
    return end(sentence(provider, " is gone, and another member is missing already"));
  }
  const bool any =
      std::ranges::any_of(members_, [](const Member& other) { return other.edge != nullptr; });
  if (state_ == State::starting && !any) end(sentence(provider, " is gone, its last member"));
}

void Group::end(const std::string& why) {
  if (state_ == State::over) return;
  state_ = State::over;
  note(sentence(title(), " ends: ", why));
  refresh();
  fail_waiting(ENXIO);
  give_up_unrecorded();
  mesh().wither(*this);
}

// Closing a disk has it tasted. Those tastes come while the array still stands on it, so that it is
// not found again at once.
void Group::end_quietly(const std::string& why) {
  for (Member& m : members_) {
    if (m.edge == nullptr || !m.edge->idle()) continue;
    if (const Status closed = mesh().close(*m.edge); !closed) note(closed.error().text);
  }
  mesh().events().post([mesh = &mesh(), id = this->id(), why]() -> Task<void> {
    if (Geom* geom = mesh->geom_by_id(id)) static_cast<Group*>(geom)->end(why);
    co_return;
  });
}

void Group::when_complete(Then then) {
  want_complete_.push_back(std::move(then));
  tell_complete();
}

void Group::tell_complete() {
  const bool coming =
      state_ == State::starting || std::ranges::any_of(members_, [](const Member& m) {
        return m.state == Member::State::copying;
      });
  const bool certain = state_ == State::over || (complete() && !busy_) || (!complete() && !coming);
  if (want_complete_.empty() || !certain) return;
  Status answer;
  if (state_ == State::over) {
    answer = fail(ENXIO, title(), " has ended");
  } else if (!complete()) {
    answer = fail(EIO, title(), " misses a member");
  }
  for (Then& then : std::exchange(want_complete_, {})) {
    later_.post([then = std::move(then), answer] { then(answer); });
  }
}

// Coming together --------------------------------------------------------------------------------

Status Group::consider(const Provider& disk, const Record& record) const {
  const auto refuse = [&](int code, const auto&... why) {
    return fail(code, disk.name(), " can not join ", title(), ": ", why...);
  };
  if (state_ == State::over) return refuse(ENXIO, "it is ending");
  const Properties& p = disk.properties();
  if (record.count != self_.count) {
    return refuse(EINVAL, "it says ", record.count, " members, and there are ", self_.count);
  }
  if (const Status fine = kind().fits(record, p); !fine) {
    return refuse(fine.error().code, fine.error().text);
  }
  const Member& there = members_[record.index];
  const bool newer = state_ == State::starting && record.view > there.record.view;
  if (there.edge != nullptr && !newer) {
    return refuse(EEXIST, "it says it is member ", record.index, ", and ", there.provider,
                  " is that; clear the one that is not");
  }
  if (state_ == State::starting) return {};
  const auto lost = losses_.find(disk.id());
  if (lost != losses_.end() && lost->second >= kMostLosses) {
    return refuse(EIO, "it has been lost ", lost->second,
                  " times; when it is in order again, rebuild it");
  }
  const auto leader = std::ranges::find(members_, Member::State::good, &Member::state);
  Record now = record_of(*leader);
  now.view = self_.view;
  Error why;
  if (judge_late({disk.name(), record}, {leader->provider, now}, why) == Role::refused) {
    return tl::unexpected<Error>(why);
  }
  if (self_.has(kNoAutoSync) && !record.has(kForceSync)) {
    return refuse(EPERM, "it is out of date, and copies do not begin by themselves; rebuild it");
  }
  return {};
}

void Group::arrive(Consumer& edge, Record record) {
  const std::size_t index = record.index;
  if (state_ == State::running) {
    place(index, edge, std::move(record), Member::State::copying);
    refresh();
    return want_copy(index);
  }
  if (members_[index].edge != nullptr) {
    note(sentence(members_[index].provider, " is an older member ", index, " of ", title(),
                  " than ", edge.provider()->name()));
    forget(members_[index]);
  }
  place(index, edge, std::move(record), Member::State::fresh);
  const bool all = std::ranges::all_of(members_, [](const Member& m) { return m.edge != nullptr; });
  if (all || waited_enough_) want_start();
}

void Group::want_start() {
  if (state_ == State::starting) post([this] { return start_job(); });
}

// Without enough members that have everything it goes on waiting for them.
Task<void> Group::start_job() {
  if (state_ != State::starting) co_return;
  std::vector<Candidate> there(count());
  std::vector<const Candidate*> members(count());
  for (std::size_t i = 0; i < count(); ++i) {
    if (members_[i].edge == nullptr) continue;
    there[i] = {members_[i].provider, members_[i].record};
    members[i] = &there[i];
  }
  const Result<Assembly> assembly = assemble(members);
  if (!assembly) co_return note(sentence(title(), ": ", assembly.error().text));
  std::vector<std::size_t> to_copy;
  begin(*assembly, to_copy);
  Status begun = co_await recover();
  if (begun && state_ == State::running) {
    const std::uint16_t without =
        complete() ? std::uint16_t{0} : static_cast<std::uint16_t>(absent_ + 1);
    // First what some of them have, so that the next view grows out of one that all have.
    if (raise_ == Raise::no && self_.view.without != without) raise_ = Raise::syncid;
    begun = co_await record_all();
  }
  if (begun && state_ == State::running) begun = publish();
  if (!begun) co_return end_quietly(begun.error().text);
  settled();
  for (const std::size_t index : to_copy) {
    if (members_[index].state == Member::State::copying) want_copy(index);
  }
  if (unfit_) make_it_fit();
}

void Group::begin(const Assembly& assembly, std::vector<std::size_t>& to_copy) {
  self_ = members_[assembly.leader].record;
  self_.view = assembly.view;
  self_.member_flags = 0;
  self_.sync_offset_bytes = 0;
  self_.owner = {};
  busy_ = true;
  for (std::size_t i = 0; i < count(); ++i) {
    Member& m = members_[i];
    const bool may_copy = !self_.has(kNoAutoSync) || m.record.has(kForceSync);
    if (assembly.roles[i] == Role::good) {
      m.state = Member::State::good;
    } else if (assembly.roles[i] == Role::stale && may_copy) {
      m.state = Member::State::copying;
      to_copy.push_back(i);
    } else if (m.edge != nullptr) {
      const std::string& why = assembly.errors[i].text;
      note(why.empty() ? sentence(m.provider, " is out of date; rebuild it") : why);
      forget(m);
    }
  }
  state_ = State::running;
  refresh();
  dirty_ = assembly.unclean && marks_dirty();
  unfit_ = dirty_ && complete();
}

Properties Group::own_properties() const {
  Properties p;
  p.media_size_bytes = static_cast<std::int64_t>(self_.media_size_bytes);
  p.sector_size_bytes = self_.sector_size_bytes;
  return p;
}

Status Group::begin_by_hand(const std::vector<Consumer*>& edges) {
  for (std::size_t i = 0; i < count(); ++i) {
    place(i, *edges[i], Record(), i + 1 < count() ? Member::State::good : Member::State::copying);
  }
  state_ = State::running;
  refresh();
  if (Status published = publish(); !published) return published;
  want_copy(count() - 1);
  return {};
}

Status Group::publish() {
  const Result<Provider*> provider =
      mesh().new_provider(*this, sentence(cls().name(), '/', name()), own_properties());
  if (!provider) return pass_on(provider);
  mesh().publish(**provider);
  return {};
}

Task<Status> Group::recover() { co_return Status{}; }

}  // namespace biotope::parity
