// How a mirror comes together, goes on without disks it has lost, and ends.
#include <algorithm>
#include <utility>

#include "classes/mirror/mirror.h"
#include "classes/mirror/sync.h"

namespace biotope::mirror {

namespace {

constexpr int kMostComebacks = 3;

bool before(const std::unique_ptr<Member>& a, const std::unique_ptr<Member>& b) {
  if (a->record.priority != b->record.priority) return a->record.priority > b->record.priority;
  return a->record.disk_id != b->record.disk_id ? a->record.disk_id < b->record.disk_id
                                                : a->provider < b->provider;
}

}  // namespace

Mirror::Mirror(Mesh& mesh, const Class& cls, Record self, Tuning tuning, bool has_metadata)
    : Geom(mesh, cls, self.name),
      self_(std::move(self)),
      tuning_(tuning),
      has_metadata_(has_metadata),
      traffic_(mesh.executor()),
      later_(mesh.executor()),
      jobs_(mesh.executor()),
      mending_(mesh.executor()) {
  traffic_.on_released([this] { drain(); });
  if (!has_metadata_) return;
  later_.after(tuning_.start_timeout_ns, [this] {
    waited_enough_ = true;
    want_start();
  });
}

// What waits inside its coroutines refers to the traffic.
Mirror::~Mirror() {
  mending_.clear();
  jobs_.clear();
  members_.clear();
  syncs_.clear();
}

// Members ----------------------------------------------------------------------------------------

Member& Mirror::add_member(Consumer& edge, Record record) {
  auto member = std::make_unique<Member>();
  member->number = ++last_number_;
  member->edge = &edge;
  if (edge.provider() != nullptr) {
    member->provider = edge.provider()->name();
    member->provider_id = edge.provider()->id();
  }
  member->record = std::move(record);
  Member& added = *member;
  members_.insert(std::ranges::upper_bound(members_, member, before), std::move(member));
  return added;
}

Member* Mirror::find(std::uint32_t number) const {
  const auto found = std::ranges::find(members_, number, [](const auto& m) { return m->number; });
  return found == members_.end() ? nullptr : found->get();
}

Member* Mirror::find(const Consumer& edge) const {
  const auto found = std::ranges::find(members_, &edge, [](const auto& m) { return m->edge; });
  return found == members_.end() ? nullptr : found->get();
}

Member* Mirror::find(std::string_view provider) const {
  const auto found =
      std::ranges::find(members_, provider, [](const auto& m) { return m->provider; });
  return found == members_.end() ? nullptr : found->get();
}

void Mirror::sort_members() {
  std::ranges::sort(members_, before);
  refresh();
}

const Member* Mirror::member(std::string_view provider) const { return find(provider); }

// What is hot is worked out here once for all requests.
void Mirror::refresh() {
  active_.clear();
  targets_.clear();
  for (const auto& m : members_) {
    if (m->provider.empty() && m->edge->provider() != nullptr) {
      m->provider = m->edge->provider()->name();
      m->provider_id = m->edge->provider()->id();
    }
    if (m->state == Member::State::active) active_.push_back(m.get());
    if (m->state == Member::State::active || m->state == Member::State::synchronizing) {
      targets_.push_back(m->edge);
    }
  }
  smooth_ = ready_to_write();
  tell_complete();
  if (state_ != State::running || providers().empty()) return;
  Properties now = own_properties();
  now.media_size_bytes = providers().front().media_size_bytes();
  if (now == providers().front().properties()) return;
  if (const Status told = mesh().change_properties(providers().front(), std::move(now)); !told) {
    note(told.error().text);
  }
}

void Mirror::forget_member(Member& member) {
  if (member.sync) member.sync->cancel();
  mesh().drop(*member.edge);
  std::erase_if(members_, [&](const auto& m) { return m.get() == &member; });
  refresh();
}

// False when it is the last that has everything: it stays, whatever it does.
bool Mirror::lose(Member& member, Loss loss, const std::string& why) {
  if (member.state == Member::State::active && active_.size() == 1) return false;
  note(sentence(member.provider,
                loss == Loss::broken ? " is put out of mirror " : " has left mirror ", name(), ": ",
                why));
  const bool counted = has_metadata_ && state_ == State::running &&
                       (member.state == Member::State::active ||
                        (member.state == Member::State::synchronizing && !member.only_marked));
  const auto comeback = std::ranges::find(comebacks_, member.provider_id,
                                          [](const auto& entry) { return entry.first; });
  if (comeback == comebacks_.end()) {
    comebacks_.emplace_back(member.provider_id, 1);
  } else {
    ++comeback->second;
  }
  forget_member(member);
  if (counted && loss == Loss::broken) {
    raise_genid_ = Raise::now;
  } else if (counted) {
    // What has not been flushed may be missing on it: that can not wait for the next write.
    const bool at_risk = dirty_ || !marks_dirty() || !traffic_.writes.none() || !troubles_.empty();
    if (raise_syncid_ != Raise::now) raise_syncid_ = at_risk ? Raise::now : Raise::on_write;
  }
  if (raise_genid_ == Raise::now || raise_syncid_ == Raise::now) want_catch_up();
  refresh();
  if (counted) call_spare();
  return true;
}

void Mirror::orphaned(Consumer& consumer) {
  Member* member = find(consumer);
  if (member == nullptr) return mesh().drop(consumer);
  const std::string why = sentence(member->provider, " is gone");
  if (lose(*member, Loss::gone, "it is gone")) {
    if (state_ == State::starting && members_.empty()) end(why);
    return;
  }
  end(sentence(why, ", and no other disk has all of the data"));
}

void Mirror::end(const std::string& why) {
  if (state_ == State::over) return;
  state_ = State::over;
  note(sentence("mirror ", name(), " ends: ", why));
  for (const auto& member : members_) {
    if (member->sync) member->sync->cancel();
  }
  refresh();
  fail_waiting(ENXIO);
  release_troubles(false);
  mesh().wither(*this);
}

// Closing a disk has it tasted. Those tastes come while the mirror still stands on it, so that it
// is not found again at once.
void Mirror::end_quietly(const std::string& why) {
  for (const auto& member : members_) {
    if (!member->edge->idle()) continue;
    const Status closed = mesh().close(*member->edge);
    if (!closed) note(closed.error().text);
  }
  mesh().events().post([mesh = &mesh(), id = this->id(), why]() -> Task<void> {
    if (Geom* geom = mesh->geom_by_id(id)) static_cast<Mirror*>(geom)->end(why);
    co_return;
  });
}

void Mirror::when_complete(Then then) {
  want_complete_.push_back(std::move(then));
  tell_complete();
}

void Mirror::tell_complete() {
  const bool coming = std::ranges::any_of(members_, [](const auto& m) {
    return m->state == Member::State::synchronizing || m->state == Member::State::stale;
  });
  if (want_complete_.empty() || (state_ != State::over && !complete() && coming)) return;
  Status answer;
  if (state_ == State::over) {
    answer = fail(ENXIO, title(), " has ended");
  } else if (!complete()) {
    answer = fail(EIO, title(), " misses ", self_.disks - active_.size(), " of its disks");
  }
  for (Then& then : std::exchange(want_complete_, {})) {
    later_.post([then = std::move(then), answer] { then(answer); });
  }
}

// Coming together --------------------------------------------------------------------------------

// What the mirror will say of itself when what is already decided has been brought to disk.
Candidate Mirror::myself() const {
  Candidate me{active_.front()->provider, record_of(*active_.front())};
  me.record.disk_flags = 0;
  if (raise_genid_ == Raise::now) {
    ++me.record.genid;
    me.record.lineage.add(1);
  }
  if (raise_syncid_ == Raise::now) {
    ++me.record.syncid;
    me.record.lineage.add(1);
  }
  return me;
}

Result<Role> Mirror::consider(const Provider& disk, const Record& record) const {
  const auto refuse = [&](int code, const auto&... why) {
    return fail(code, disk.name(), " can not join mirror ", name(), ": ", why...);
  };
  if (state_ == State::over) return refuse(ENXIO, "it is ending");
  const Properties& p = disk.properties();
  if (record.media_size_bytes > static_cast<std::uint64_t>(metadata::place_bytes(p)) ||
      record.sector_size_bytes % static_cast<std::uint64_t>(p.sector_size_bytes) != 0) {
    return refuse(EINVAL, "it has ", p.media_size_bytes, " bytes in sectors of ",
                  p.sector_size_bytes, ", and needs ", record.media_size_bytes, " in sectors of ",
                  record.sector_size_bytes, " and one sector for the metadata");
  }
  const auto lost =
      std::ranges::find(comebacks_, disk.id(), [](const auto& entry) { return entry.first; });
  if (lost != comebacks_.end() && lost->second >= kMostComebacks) {
    return refuse(EIO, "it has been lost ", lost->second,
                  " times; when it is in order again, rebuild it");
  }
  if (state_ == State::starting) return Role::active;
  const Judgement judgement = judge({disk.name(), record}, myself(), false);
  if (judgement.role == Role::refused) return tl::unexpected<Error>(judgement.error);
  if (judgement.role == Role::inactive) {
    return refuse(EPERM, "it has been put out of use; activate it");
  }
  for (const auto& m : members_) {
    if (m->record.disk_id == record.disk_id) {
      return refuse(EEXIST, m->provider, " has the same number");
    }
  }
  if (judgement.role != Role::spare && disks_there() >= self_.disks) {
    return refuse(EBUSY, "all of its ", static_cast<int>(self_.disks), " disks are there");
  }
  return judgement.role;
}

void Mirror::arrive(Consumer& edge, Record record, Role role) {
  Member& member = add_member(edge, std::move(record));
  if (state_ == State::running) {
    settle_in(member, role);
    refresh();
    if (complete() && raise_syncid_ == Raise::on_write) raise_syncid_ = Raise::no;
    return refresh();
  }
  // Which disks count is only known when all are judged; until then the newest says how many.
  const auto newest = std::ranges::max_element(
      members_, {}, [](const auto& m) { return std::pair(m->record.genid, m->record.syncid); });
  if (waited_enough_ || disks_there() >= (*newest)->record.disks) want_start();
}

std::size_t Mirror::disks_there() const {
  return static_cast<std::size_t>(std::ranges::count_if(members_, [](const auto& m) {
    return m->state != Member::State::spare && !m->record.spare && !m->record.has(kInactive);
  }));
}

// What becomes of a member by its role.
void Mirror::settle_in(Member& member, Role role) {
  const auto copy_from = [&](std::int64_t from_bytes, bool only_marked) {
    member.state = Member::State::synchronizing;
    member.only_marked = only_marked;
    begin_copy(member, from_bytes);
  };
  switch (role) {
    case Role::active:
      member.state = Member::State::active;
      break;
    case Role::needs_all:
      copy_from(0, false);
      break;
    case Role::needs_rest:
      copy_from(static_cast<std::int64_t>(member.record.sync_offset_bytes), false);
      break;
    case Role::needs_marked:
      copy_from(0, true);
      break;
    case Role::spare:
      member.state = Member::State::spare;
      break;
    default:
      member.state = Member::State::stale;
      break;
  }
}

void Mirror::want_start() {
  if (state_ == State::starting) post([this] { return start_job(); });
}

// Without a disk that has everything it goes on waiting for one.
Task<void> Mirror::start_job() {
  if (state_ != State::starting || members_.empty()) co_return;
  std::vector<Candidate> candidates;
  for (const auto& m : members_) candidates.push_back({m->provider, m->record});
  const Result<Assembly> assembly = assemble(candidates);
  if (!assembly) co_return note(assembly.error().text);
  begin(*assembly);
  Status begun;
  if (raise_syncid_ == Raise::now) {
    raise();
    begun = co_await record_all();
  }
  if (begun) begun = publish(own_properties());
  if (!begun) end_quietly(begun.error().text);
  settled();
}

void Mirror::begin(const Assembly& assembly) {
  std::vector<Member*> all;
  for (const auto& m : members_) all.push_back(m.get());
  const Record& leader = all[assembly.leader]->record;
  self_ = leader;
  self_.disk_flags = 0;
  self_.sync_offset_bytes = 0;
  self_.owner = {};
  marks_.cover(leader.intent);
  state_ = State::running;
  busy_ = true;
  std::vector<Member*> refused;
  std::vector<std::pair<Member*, Role>> later;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Judgement& judgement = assembly.judgements[i];
    if (judgement.role == Role::refused || judgement.role == Role::inactive) {
      if (!judgement.error.text.empty()) note(judgement.error.text);
      refused.push_back(all[i]);
    } else if (judgement.role == Role::active) {
      all[i]->state = Member::State::active;
    } else {
      later.emplace_back(all[i], judgement.role);
    }
  }
  for (Member* member : refused) forget_member(*member);
  refresh();
  for (const auto& [member, role] : later) settle_in(*member, role);
  refresh();
  if (!complete()) raise_syncid_ = Raise::on_write;
  // Others may differ where writes were under way. From now on they are out of date by their
  // records as well, or reads could go back in time when they start without this one.
  if (assembly.unclean && self_.disks > 1) raise_syncid_ = Raise::now;
  if (!has_metadata_) raise_syncid_ = Raise::no;
  if (!complete()) call_spare();
}

// By hand ----------------------------------------------------------------------------------------

// The first has what there is.
void Mirror::adopt(Consumer& edge) {
  Record record;
  record.disk_id = new_disk_id();
  record.priority = static_cast<std::uint8_t>(255 - std::min<std::size_t>(members_.size(), 255));
  const bool first = members_.empty();
  add_member(edge, std::move(record)).state = first ? Member::State::active : Member::State::fresh;
  self_.disks = static_cast<std::uint8_t>(members_.size());
  refresh();
}

Status Mirror::start_by_hand(const Properties* like) {
  state_ = State::running;
  refresh();
  if (Status published = publish(like == nullptr ? own_properties() : *like); !published) {
    return published;
  }
  std::vector<Member*> others;
  for (const auto& m : members_) {
    if (m->state == Member::State::fresh) others.push_back(m.get());
  }
  for (Member* member : others) settle_in(*member, Role::needs_all);
  refresh();
  return {};
}

// With metadata it has its disks open as long as it lives. Without, one disk is open as the mirror
// is, so that it can be put into an edge and taken out; several are written whatever is open.
Status Mirror::demand(AccessPlan& plan) {
  if (has_metadata_) return {};
  if (members_.size() == 1) {
    require_union(plan);
    return {};
  }
  for (const auto& member : members_) plan.need(*member->edge, needs(*member));
  return {};
}

Access Mirror::needs(const Member& member) {
  return member.edge->provider()->properties().writable ? kReadWriteExclusive : Access{1, 0, 1};
}

// Before a second disk comes: nobody else may write to the first from then on.
Status Mirror::hold_alone() {
  for (const auto& member : members_) {
    if (member->edge->provider() == nullptr) {
      return fail(EAGAIN, "mirror ", name(), " is still being put in its place; wait");
    }
    const Access more = needs(*member) - member->edge->access();
    if (Status held = mesh().access(*member->edge, more); !held) return held;
  }
  return {};
}

Properties Mirror::own_properties() const {
  Properties p;
  p.media_size_bytes = static_cast<std::int64_t>(self_.media_size_bytes);
  p.sector_size_bytes = self_.sector_size_bytes;
  p.deletable = !targets_.empty();
  for (const Consumer* target : targets_) {
    if (target->provider() == nullptr) return providers().front().properties();
    const Properties& below = target->provider()->properties();
    p.deletable = p.deletable && below.deletable;
    p.writable = p.writable && below.writable;
    if (below.stripe_size_bytes > p.stripe_size_bytes) {
      p.stripe_size_bytes = below.stripe_size_bytes;
      p.stripe_offset_bytes = below.stripe_offset_bytes;
    }
  }
  return p;
}

Properties Mirror::derive(const Provider& own) const {
  Properties p = own_properties();
  p.media_size_bytes = own.media_size_bytes();
  return p;
}

Status Mirror::publish(const Properties& properties) {
  if (active_.empty()) return fail(EIO, "no disk of mirror ", name(), " has all of the data");
  const Result<Provider*> provider =
      mesh().new_provider(*this, sentence("mirror/", name()), properties);
  if (!provider) return pass_on(provider);
  mesh().publish(**provider);
  return {};
}

}  // namespace biotope::mirror
