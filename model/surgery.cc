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

void Surgery::suspend(const std::vector<std::uint64_t>& edge_ids) {
  for (const std::uint64_t id : edge_ids) {
    Consumer& edge = *mesh_.consumer_by_id(id);
    mesh_.path_.suspend(edge);
    mesh_.tell(FactKind::suspended, edge.geom(), edge.provider(), &edge);
  }
}

void Surgery::resume(const std::vector<std::uint64_t>& edge_ids, std::int64_t since_ns) {
  for (const std::uint64_t id : edge_ids) {
    Consumer* edge = mesh_.consumer_by_id(id);
    if (edge == nullptr) continue;
    Fact fact;
    fact.kind = FactKind::resumed;
    fact.geom = &edge->geom();
    fact.consumer = edge;
    fact.provider = edge->provider();
    fact.duration_ns = mesh_.executor().now_ns() - since_ns;
    mesh_.emit(fact);
    mesh_.path_.resume(*edge);
  }
}

Task<void> Surgery::drain(std::vector<std::uint64_t> edge_ids) {
  for (const std::uint64_t id : edge_ids) {
    Consumer* edge = mesh_.consumer_by_id(id);
    if (edge != nullptr) co_await Drained{*edge, edge->drained_, edge->wants_idle_};
  }
}

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

// Interpose --------------------------------------------------------------------------------------

Status Surgery::may_interpose(std::uint64_t edge_id, std::uint64_t upper_id,
                              std::uint64_t lower_id) const {
  const Consumer* edge = mesh_.consumer_by_id(edge_id);
  Provider* upper = mesh_.provider_by_id(upper_id);
  const Consumer* lower = mesh_.consumer_by_id(lower_id);
  if (edge == nullptr || edge->provider() == nullptr || edge->provider()->error() != 0 ||
      edge->orphaned()) {
    return fail(ENXIO, "nothing can be put into an edge that is not there any more");
  }
  if (upper == nullptr || lower == nullptr || &upper->geom() != &lower->geom()) {
    return fail(EINVAL, "what is put into ", edge->name(),
                " must be one geom, with a provider and a consumer");
  }
  const std::string who = upper->geom().title();
  const Provider& below = *edge->provider();
  if (lower->provider() != nullptr || lower->leaving() || !upper->consumers().empty() ||
      upper->error() != 0) {
    return fail(EBUSY, who, " can not be put into ", edge->name(), ": it is in use elsewhere");
  }
  if (upper->media_size_bytes() != below.media_size_bytes() ||
      upper->sector_size_bytes() != below.sector_size_bytes()) {
    return fail(EINVAL, who, " can not be put into ", edge->name(), ": it offers ",
                upper->media_size_bytes(), " bytes in sectors of ", upper->sector_size_bytes(),
                ", and there are ", below.media_size_bytes(), " in sectors of ",
                below.sector_size_bytes());
  }
  const Rank rank(mesh_);
  if (rank.reaches(below.geom(), upper->geom()) || rank.reaches(upper->geom(), edge->geom())) {
    return fail(ELOOP, who, " can not be put into ", edge->name(), ": it would stand on itself");
  }
  return {};
}

Task<Status> Surgery::interpose(std::uint64_t edge_id, std::uint64_t upper_id,
                                std::uint64_t lower_id) {
  Status fine = may_interpose(edge_id, upper_id, lower_id);
  if (!fine) co_return fine;
  const std::uint64_t below_id = mesh_.consumer_by_id(edge_id)->provider()->id();
  const std::int64_t since_ns = mesh_.executor().now_ns();
  const std::vector<std::uint64_t> edges{edge_id};
  suspend(edges);
  co_await drain(edges);
  // The world may have changed meanwhile.
  fine = may_interpose(edge_id, upper_id, lower_id);
  if (fine && mesh_.consumer_by_id(edge_id)->provider()->id() != below_id) {
    fine = fail(ENXIO, mesh_.consumer_by_id(edge_id)->name(), " has moved there meanwhile");
  }
  if (fine) {
    fine = splice_in(*mesh_.consumer_by_id(edge_id), *mesh_.provider_by_id(upper_id),
                     *mesh_.consumer_by_id(lower_id));
  }
  resume(edges, since_ns);
  co_return fine;
}

// The lower consumer takes over what the edge has open, so that nobody below sees a close and an
// open; then the geom is asked whether it is content.
Status Surgery::splice_in(Consumer& edge, Provider& upper, Consumer& lower) {
  Provider& below = *edge.provider();
  const Move down{&lower, nullptr, &below, edge.access(), false};
  const Move up{&edge, &below, &upper, edge.access(), edge.spoiled()};
  Result<Mesh::Granted> granted;
  {
    FactStream::Silence silence(mesh_.facts_);
    move(edge, &upper, {});
    move(lower, &below, down.open);
    tell(up);
    tell(down);
    const std::size_t moves = silence.kept();
    if (!up.open.closed()) granted = mesh_.grant({{&edge, up.open}});
    if (!granted) {
      silence.take_back(moves);
      move(edge, &below, up.open);
      move(lower, nullptr, {});
    }
    edge.spoiled_ = up.spoiled;
  }
  if (!granted) return pass_on(granted);
  mesh_.after_grant(*granted);
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

// Users may come while others are waited for: all are to be suspended and idle at one moment.
Task<Status> Surgery::when_quiet(std::uint64_t geom_id, std::function<Status()> may,
                                 std::function<Status()> splice) {
  const std::int64_t since_ns = mesh_.executor().now_ns();
  std::vector<std::uint64_t> suspended;
  Status fine;
  for (;;) {
    fine = may();
    if (!fine) break;
    const Geom& geom = *mesh_.geom_by_id(geom_id);
    std::vector<std::uint64_t> busy;
    for (const Provider& upper : geom.providers()) {
      for (const Consumer& user : upper.consumers()) {
        if (!user.suspended()) busy.push_back(user.id());
      }
    }
    suspend(busy);
    suspended.insert(suspended.end(), busy.begin(), busy.end());
    for (const Consumer& lower : geom.consumers()) {
      if (lower.in_flight() != 0) busy.push_back(lower.id());
    }
    if (busy.empty()) {
      fine = splice();
      break;
    }
    co_await drain(std::move(busy));
  }
  resume(suspended, since_ns);
  if (fine) mesh_.wither(*mesh_.geom_by_id(geom_id));
  co_return fine;
}

Task<Status> Surgery::remove(std::uint64_t geom_id) {
  const auto may = [this, geom_id]() -> Status {
    const Result<Consumer*> lower = may_remove(geom_id);
    return lower ? Status() : pass_on(lower);
  };
  const auto splice = [this, geom_id] {
    return splice_out(*mesh_.geom_by_id(geom_id), **may_remove(geom_id));
  };
  return when_quiet(geom_id, may, splice);
}

void Surgery::add_users(Provider& from, Provider& to, std::vector<Move>& moves) {
  for (Consumer& user : from.consumers()) {
    if (!user.leaving()) moves.push_back({&user, &from, &to, user.access(), user.spoiled()});
  }
}

// The users move over one by one; the lower consumer holds what is open until the last has moved.
Status Surgery::splice_out(Geom& geom, Consumer& lower) {
  Provider& below = *lower.provider();
  std::vector<Move> moves;
  for (Provider& upper : geom.providers()) add_users(upper, below, moves);
  std::vector<AccessPlan::Wish> wishes{{&lower, {}}};
  Result<Mesh::Granted> granted;
  {
    FactStream::Silence silence(mesh_.facts_);
    for (const Move& m : moves) {
      move(*m.consumer, &below, {});
      tell(m);
      wishes.push_back({m.consumer, m.open});
    }
    const std::size_t told = silence.kept();
    granted = mesh_.grant(wishes);
    if (!granted) silence.take_back(told);
    for (const Move& m : moves) {
      if (!granted) move(*m.consumer, m.from, m.open);
      m.consumer->spoiled_ = m.spoiled;
    }
  }
  if (!granted) return pass_on(granted);
  mesh_.after_grant(*granted);
  return {};
}

// The mesh's side --------------------------------------------------------------------------------

void Mesh::interpose(Consumer& edge, Provider& upper, Consumer& lower,
                     std::function<void(Status)> then) {
  operate(upper.geom().id_, std::move(then),
          [this, e = edge.id_, u = upper.id_, l = lower.id_]() -> Task<Status> {
            Surgery surgery(*this);
            co_return co_await surgery.interpose(e, u, l);
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
