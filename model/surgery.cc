#include "model/surgery.h"

#include <coroutine>

#include "model/mesh.h"
#include "model/rank.h"

namespace biotope {

namespace {

// Resumed by Mesh::edge_idle.
struct Drained {
  Consumer& edge;
  std::coroutine_handle<>& slot;
  bool& wants_idle;
  bool await_ready() const { return edge.in_flight() == 0; }
  void await_suspend(std::coroutine_handle<> waiting) const {
    slot = waiting;
    wants_idle = true;
  }
  void await_resume() const {}
};

}  // namespace

Task<void> Surgery::drain(std::vector<std::uint64_t> edge_ids) {
  for (const std::uint64_t id : edge_ids) {
    Consumer* edge = mesh_.consumer_by_id(id);
    if (edge != nullptr) co_await Drained{*edge, edge->drained_, edge->wants_idle_};
  }
}

void Surgery::resume(const Pause& pause) {
  Consumer* edge = mesh_.consumer_by_id(pause.edge_id);
  if (edge == nullptr) return;
  Fact fact;
  fact.kind = FactKind::resumed;
  fact.geom = &edge->geom();
  fact.consumer = edge;
  fact.provider = edge->provider();
  fact.duration_ns = mesh_.executor().now_ns() - pause.since_ns;
  mesh_.emit(fact);
  mesh_.path_.resume(*edge);
}

// Users may come while others are waited for: all are to be suspended and idle at one moment.
Task<Status> Surgery::when_quiet(Operation operation) {
  std::vector<Pause> pauses;
  Status fine;
  for (;;) {
    fine = operation.may();
    if (!fine) break;
    std::vector<std::uint64_t> busy;
    for (Consumer* user : operation.users()) {
      if (user->suspended()) continue;
      mesh_.path_.suspend(*user);
      mesh_.tell(FactKind::suspended, user->geom(), user->provider(), user);
      pauses.push_back({user->id(), mesh_.executor().now_ns()});
      busy.push_back(user->id());
    }
    for (const Consumer* lower : operation.lowers()) {
      if (lower->in_flight() != 0) busy.push_back(lower->id());
    }
    if (busy.empty()) {
      fine = operation.splice();
      break;
    }
    co_await drain(std::move(busy));
  }
  for (const Pause& pause : pauses) resume(pause);
  co_return fine;
}

// Moving -----------------------------------------------------------------------------------------

void Surgery::move(Consumer& consumer, Provider* to, Access access) {
  if (consumer.provider_ != nullptr) {
    consumer.provider_->access_ = consumer.provider_->access_ - consumer.access_;
    consumer.access_ = {};
    mesh_.unlink(consumer);
  }
  if (to == nullptr) return;
  consumer.access_ = access;
  to->access_ = to->access_ + access;
  mesh_.link(consumer, *to);
}

void Surgery::tell(const Move& move) {
  if (move.from != nullptr) {
    mesh_.tell(FactKind::detached, move.consumer->geom(), move.from, move.consumer);
  }
  mesh_.tell(FactKind::attached, move.consumer->geom(), move.to, move.consumer);
}

// Who looks past all guards is no user: a guard may wait for him before it lets go of a request.
void Surgery::add_users(Provider& from, Provider& to, Moves& moves) {
  for (Consumer& user : from.consumers()) {
    if (user.leaving() || user.past_guards_) continue;
    moves.push_back({&user, &from, &to, user.access(), user.spoiled()});
  }
}

// They are still to be granted what they had open.
void Surgery::move_all(const Moves& users, std::vector<AccessPlan::Wish>& wishes) {
  for (const Move& m : users) {
    move(*m.consumer, m.to, {});
    tell(m);
    if (!m.open.closed()) wishes.push_back({m.consumer, m.open});
  }
}

void Surgery::move_back(const Moves& users) {
  for (const Move& m : users) {
    move(*m.consumer, m.from, m.open);
    m.consumer->spoiled_ = m.spoiled;
  }
}

// To those who have moved no writer is new: they have been told of all of them.
void Surgery::after_moving(const Moves& users, const Mesh::Granted& granted) {
  for (const Move& m : users) m.consumer->spoiled_ = m.spoiled;
  mesh_.after_grant(granted);
  for (const Move& m : users) m.consumer->spoiled_ = m.spoiled;
}

// Interpose --------------------------------------------------------------------------------------

Surgery::Edges Surgery::users_at(const Place& place) const {
  Edges users;
  Provider* below = mesh_.provider_by_id(place.below_id);
  if (below == nullptr) return users;
  Moves all;
  add_users(*below, *below, all);
  for (const Move& m : all) {
    if (place.edge_id == 0 || place.edge_id == m.consumer->id()) users.push_back(m.consumer);
  }
  return users;
}

Status Surgery::may_interpose(const Place& place, std::uint64_t upper_id,
                              std::uint64_t lower_id) const {
  const Provider* below = mesh_.provider_by_id(place.below_id);
  const Edges users = users_at(place);
  if (below == nullptr || below->error() != 0 || (place.edge_id != 0 && users.empty())) {
    return fail(ENXIO, "nothing can be put into an edge that is not there any more");
  }
  for (const Consumer* user : users) {
    if (!user->orphaned()) continue;
    return fail(ENXIO, "nothing can be put into ", user->name(),
                ": it has lost its disk and is to be told");
  }
  const std::string where =
      place.edge_id == 0 ? "above " + below->name() : "into " + users.front()->name();
  const Provider* upper = mesh_.provider_by_id(upper_id);
  const Consumer* lower = mesh_.consumer_by_id(lower_id);
  if (upper == nullptr || lower == nullptr || &upper->geom() != &lower->geom()) {
    return fail(EINVAL, "what is put ", where, " must be one geom, with a provider and a consumer");
  }
  const auto denied = [&](int code, const auto&... why) {
    return fail(code, upper->geom().title(), " can not be put ", where, ": ", why...);
  };
  if (lower->provider() != nullptr || lower->leaving() || !upper->consumers().empty() ||
      upper->error() != 0) {
    return denied(EBUSY, "it is in use elsewhere");
  }
  if (upper->media_size_bytes() != below->media_size_bytes() ||
      upper->sector_size_bytes() != below->sector_size_bytes()) {
    return denied(EINVAL, "it offers ", upper->media_size_bytes(), " bytes in sectors of ",
                  upper->sector_size_bytes(), ", and there are ", below->media_size_bytes(),
                  " in sectors of ", below->sector_size_bytes());
  }
  const Rank rank(mesh_);
  bool loops = rank.reaches(below->geom(), upper->geom());
  for (const Consumer* user : users) loops = loops || rank.reaches(upper->geom(), user->geom());
  if (loops) return denied(ELOOP, "it would stand on itself");
  return {};
}

Task<Status> Surgery::interpose(Place place, std::uint64_t upper_id, std::uint64_t lower_id) {
  const Consumer* edge = mesh_.consumer_by_id(place.edge_id);
  if (edge != nullptr && edge->provider() != nullptr) place.below_id = edge->provider()->id();
  Operation operation;
  operation.may = [=, this] { return may_interpose(place, upper_id, lower_id); };
  operation.users = [=, this] { return users_at(place); };
  operation.lowers = [] { return Edges(); };
  operation.splice = [=, this] {
    return splice_in(place, *mesh_.provider_by_id(upper_id), *mesh_.consumer_by_id(lower_id));
  };
  return when_quiet(std::move(operation));
}

// The lower consumer takes over what the users have open, so that nobody below sees a close and an
// open; then the geom is asked whether it is content.
Status Surgery::splice_in(const Place& place, Provider& upper, Consumer& lower) {
  Provider& below = *mesh_.provider_by_id(place.below_id);
  Moves users;
  Move down{&lower, nullptr, &below, {}, false};
  for (Consumer* user : users_at(place)) {
    users.push_back({user, &below, &upper, user->access(), user->spoiled()});
    down.open = down.open + user->access();
  }
  std::vector<AccessPlan::Wish> wishes;
  Result<Mesh::Granted> granted;
  {
    FactStream::Silence silence(mesh_.facts_);
    move_all(users, wishes);
    move(lower, &below, down.open);
    tell(down);
    const std::size_t told = silence.kept();
    if (!wishes.empty()) granted = mesh_.grant(wishes);
    if (!granted) {
      silence.take_back(told);
      move_back(users);
      move(lower, nullptr, {});
    }
  }
  if (!granted) return pass_on(granted);
  after_moving(users, *granted);
  return {};
}

// Remove -----------------------------------------------------------------------------------------

Status Surgery::may_leave(const Provider& upper) const {
  const std::string who = upper.geom().title();
  if (upper.error() != 0) {
    return fail(ENXIO, who, " can not be taken out: ", upper.name(),
                " is lost, and its users are to be told");
  }
  for (const Consumer& user : upper.consumers()) {
    if (!user.orphaned() || user.leaving()) continue;
    return fail(ENXIO, who, " can not be taken out: ", user.name(),
                " has lost its disk and is to be told");
  }
  return {};
}

Result<Consumer*> Surgery::may_remove(std::uint64_t geom_id) const {
  Geom* geom = mesh_.geom_by_id(geom_id);
  if (geom == nullptr || geom->withering()) {
    return fail(ENXIO, "a geom that is not there any more can not be taken out");
  }
  Result<Consumer*> lower = geom->bypass();
  if (!lower) return lower;
  const Provider* below = (*lower)->provider();
  if (below == nullptr || below->error() != 0 || (*lower)->orphaned()) {
    return fail(ENXIO, geom->title(), " can not be taken out: there is nothing below it");
  }
  for (const Provider& upper : geom->providers()) {
    if (Status fine = may_leave(upper); !fine) return pass_on(fine);
    if (upper.media_size_bytes() > below->media_size_bytes() ||
        upper.sector_size_bytes() != below->sector_size_bytes()) {
      return fail(EINVAL, geom->title(), " can not be taken out: ", upper.name(), " and ",
                  below->name(), " differ in size");
    }
  }
  return lower;
}

Task<Status> Surgery::take_out(std::uint64_t geom_id, std::function<Status()> may,
                               std::function<Status()> splice) {
  Operation operation;
  operation.may = std::move(may);
  operation.users = [this, geom_id] {
    Edges users;
    for (Provider& upper : mesh_.geom_by_id(geom_id)->providers()) {
      for (Consumer& user : upper.consumers()) {
        if (!user.past_guards_) users.push_back(&user);
      }
    }
    return users;
  };
  operation.lowers = [this, geom_id] {
    Edges edges;
    for (Consumer& lower : mesh_.geom_by_id(geom_id)->consumers()) edges.push_back(&lower);
    return edges;
  };
  operation.splice = std::move(splice);
  Status done = co_await when_quiet(std::move(operation));
  if (done) mesh_.wither(*mesh_.geom_by_id(geom_id));
  co_return done;
}

Task<Status> Surgery::remove(std::uint64_t geom_id) {
  const auto may = [this, geom_id]() -> Status {
    const Result<Consumer*> lower = may_remove(geom_id);
    return lower ? Status() : pass_on(lower);
  };
  const auto splice = [this, geom_id] {
    return splice_out(*mesh_.geom_by_id(geom_id), **may_remove(geom_id));
  };
  return take_out(geom_id, may, splice);
}

// The lower consumer holds what is open until the last user has moved.
Status Surgery::splice_out(Geom& geom, Consumer& lower) {
  Moves users;
  for (Provider& upper : geom.providers()) add_users(upper, *lower.provider(), users);
  std::vector<AccessPlan::Wish> wishes{{&lower, {}}};
  Result<Mesh::Granted> granted;
  {
    FactStream::Silence silence(mesh_.facts_);
    move_all(users, wishes);
    const std::size_t told = silence.kept();
    granted = mesh_.grant(wishes);
    if (!granted) {
      silence.take_back(told);
      move_back(users);
    }
  }
  if (!granted) return pass_on(granted);
  after_moving(users, *granted);
  return {};
}

// The mesh's side --------------------------------------------------------------------------------

void Mesh::interpose(Consumer& edge, Provider& upper, Consumer& lower,
                     std::function<void(Status)> then) {
  operate(upper.geom().id_, std::move(then),
          [this, place = Surgery::Place{.edge_id = edge.id_}, u = upper.id_,
           l = lower.id_]() -> Task<Status> {
            Surgery surgery(*this);
            co_return co_await surgery.interpose(place, u, l);
          });
}

void Surgery::interpose_above(Mesh& mesh, Provider& below, Provider& upper, Consumer& lower,
                              std::function<void(Status)> then) {
  mesh.operate(upper.geom().id(), std::move(then),
               [&mesh, place = Place{.below_id = below.id()}, u = upper.id(),
                l = lower.id()]() -> Task<Status> {
                 Surgery surgery(mesh);
                 co_return co_await surgery.interpose(place, u, l);
               });
}

void Mesh::remove(Geom& geom, std::function<void(Status)> then) {
  operate(geom.id_, std::move(then), [this, id = geom.id_]() -> Task<Status> {
    Surgery surgery(*this);
    co_return co_await surgery.remove(id);
  });
}

void Mesh::exchange(Geom& geom, Geom& with, std::function<void(Status)> then) {
  operate(with.id_, std::move(then), [this, id = geom.id_, other = with.id_]() -> Task<Status> {
    Surgery surgery(*this);
    co_return co_await surgery.exchange(id, other);
  });
}

void Mesh::operate(std::uint64_t geom_id, std::function<void(Status)> then,
                   std::function<Task<Status>()> operation) {
  events_.post(
      [this, geom_id, then = std::move(then), operation = std::move(operation)]() -> Task<void> {
        const Status done = co_await operation();
        Fact fact;
        fact.kind = done ? FactKind::surgery_done : FactKind::surgery_failed;
        fact.geom = geom_by_id(geom_id);
        fact.error = done ? 0 : done.error().code;
        fact.text = done ? std::string_view() : std::string_view(done.error().text);
        emit(fact);
        then(done);
      });
}

}  // namespace biotope
