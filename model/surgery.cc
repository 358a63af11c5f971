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

void Surgery::move(Consumer& consumer, Provider& to, Access access) {
  if (consumer.provider_ != nullptr) {
    consumer.provider_->access_ = consumer.provider_->access_ - consumer.access_;
    consumer.access_ = {};
    mesh_.unlink(consumer);
  }
  consumer.access_ = access;
  to.access_ = to.access_ + access;
  mesh_.link(consumer, to);
}

// Interpose --------------------------------------------------------------------------------------

Status Surgery::may_interpose(std::uint64_t edge_id, std::uint64_t upper_id,
                              std::uint64_t lower_id) const {
  const Consumer* edge = mesh_.consumer_by_id(edge_id);
  Provider* upper = mesh_.provider_by_id(upper_id);
  const Consumer* lower = mesh_.consumer_by_id(lower_id);
  if (edge == nullptr || edge->provider() == nullptr || edge->provider()->error() != 0) {
    return fail(ENXIO, "nothing can be put into an edge that is not there any more");
  }
  if (upper == nullptr || lower == nullptr || &upper->geom() != &lower->geom()) {
    return fail(EINVAL, "what is put into ", edge->name(),
                " must be one geom, with a provider and a consumer");
  }
  const std::string who = upper->geom().title();
  const Provider& below = *edge->provider();
  if (lower->provider() != nullptr || !upper->consumers().empty() || upper->error() != 0) {
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
  const std::int64_t since_ns = mesh_.executor().now_ns();
  const std::vector<std::uint64_t> edges{edge_id};
  suspend(edges);
  co_await drain(edges);
  // The world may have changed meanwhile.
  fine = may_interpose(edge_id, upper_id, lower_id);
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
  const Access open = edge.access();
  move(edge, upper, {});
  move(lower, below, open);
  if (open.closed()) return {};
  Status fine = mesh_.access(edge, open);
  if (!fine) {
    move(edge, below, open);
    lower.provider_->access_ = lower.provider_->access_ - lower.access_;
    lower.access_ = {};
    mesh_.unlink(lower);
  }
  return fine;
}

// Remove -----------------------------------------------------------------------------------------

Result<Consumer*> Surgery::may_remove(std::uint64_t geom_id) const {
  Geom* geom = mesh_.geom_by_id(geom_id);
  if (geom == nullptr || geom->withering()) {
    return fail(ENXIO, "a geom that is not there any more can not be taken out");
  }
  Result<Consumer*> lower = geom->bypass();
  if (!lower) return lower;
  const Provider* below = (*lower)->provider();
  if (below == nullptr || below->error() != 0) {
    return fail(ENXIO, geom->title(), " can not be taken out: there is nothing below it");
  }
  for (const Provider& upper : geom->providers()) {
    if (upper.media_size_bytes() > below->media_size_bytes() ||
        upper.sector_size_bytes() != below->sector_size_bytes()) {
      return fail(EINVAL, geom->title(), " can not be taken out: ", upper.name(), " and ",
                  below->name(), " differ in size");
    }
  }
  return lower;
}

Task<Status> Surgery::remove(std::uint64_t geom_id) {
  Result<Consumer*> lower = may_remove(geom_id);
  if (!lower) co_return pass_on(lower);
  std::vector<std::uint64_t> edges;
  for (const Provider& upper : mesh_.geom_by_id(geom_id)->providers()) {
    for (const Consumer& user : upper.consumers()) edges.push_back(user.id());
  }
  const std::int64_t since_ns = mesh_.executor().now_ns();
  suspend(edges);
  co_await drain(edges);
  const std::vector<std::uint64_t> own{(*lower)->id()};
  co_await drain(own);
  Status fine;
  lower = may_remove(geom_id);
  if (lower) {
    std::vector<Consumer*> users;
    for (const std::uint64_t id : edges) {
      if (Consumer* user = mesh_.consumer_by_id(id)) users.push_back(user);
    }
    fine = splice_out(users, **lower);
  } else {
    fine = pass_on(lower);
  }
  resume(edges, since_ns);
  if (fine) mesh_.wither(*mesh_.geom_by_id(geom_id));
  co_return fine;
}

// The users move over one by one; the lower consumer holds what is open until the last has moved.
Status Surgery::splice_out(const std::vector<Consumer*>& users, Consumer& lower) {
  Provider& below = *lower.provider();
  struct User {
    Consumer* consumer;
    Provider* upper;
    Access open;
  };
  std::vector<User> moved;
  for (Consumer* user : users) {
    moved.push_back({user, user->provider(), user->access()});
    move(*user, below, {});
  }
  std::vector<AccessPlan::Wish> wishes{{&lower, {}}};
  for (const User& user : moved) wishes.push_back({user.consumer, user.open});
  Status fine = mesh_.change_access(wishes);
  if (!fine) {
    for (const User& user : moved) move(*user.consumer, *user.upper, user.open);
  }
  return fine;
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

void Mesh::operate(std::uint64_t geom_id, std::function<void(Status)> then,
                   std::function<Task<Status>()> operation) {
  events_.post([this, geom_id, then = std::move(then),
                operation = std::move(operation)]() -> Task<void> {
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
