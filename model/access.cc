// Opening and closing: the mesh's side of an access plan.
#include "model/access.h"

#include "model/mesh.h"

namespace biotope {

Status Mesh::access(Consumer& consumer, Access change) {
  if (consumer.provider_ == nullptr) {
    return fail(ENXIO, consumer.geom().title(), " can not open anything: it is not attached");
  }
  if (change == Access{}) return {};
  const Access after = consumer.access_ + change;
  if (after.negative()) {
    return fail(EINVAL, consumer.name(), " can not close more than is open: it is open ",
                consumer.access_.text());
  }
  if (after.closed() && !consumer.idle()) {
    return fail(EBUSY, consumer.name(), " can not close: ", consumer.in_flight_,
                " of its requests are in flight");
  }
  return change_access({{&consumer, after}});
}

Status Mesh::change_access(const std::vector<AccessPlan::Wish>& wishes) {
  std::vector<Change> changes;
  {
    AccessPlan plan(*this);
    if (Status fine = plan.work_out(wishes); !fine) return fine;
    changes = commit(plan);
  }
  // Only now that the plan is gone: whoever is told may open and close things of its own.
  for (const Change& c : changes) after_commit(*c.provider, c.before, *c.opener);
  return {};
}

std::vector<Mesh::Change> Mesh::commit(const AccessPlan& plan) {
  std::vector<Change> changes;
  for (Consumer* consumer : plan.edges()) {
    Provider& provider = *consumer->provider_;
    const Access before = consumer->access_;
    const Access after = plan.would_be(*consumer);
    changes.push_back({&provider, provider.access_, consumer});
    consumer->access_ = after;
    provider.access_ = provider.access_ + (after - before);
    consumer->refresh_gate();
    note_access(*consumer, before);
  }
  return changes;
}

void Mesh::note_access(const Consumer& consumer, Access before) {
  if (!facts_.watched()) return;
  Fact fact;
  fact.kind = FactKind::access_granted;
  fact.geom = &consumer.geom();
  fact.consumer = &consumer;
  fact.provider = consumer.provider();
  fact.before = before;
  fact.after = consumer.access();
  facts_.emit(fact);
}

void Mesh::after_commit(Provider& provider, Access before, Consumer& opener) {
  provider.geom().access_changed(provider, before, provider.access_);
  if (before.w == 0 && provider.access_.w > 0) {
    for (Consumer& other : provider.consumers_) {
      if (&other != &opener) spoil(other);
    }
  }
  if (before.w > 0 && provider.access_.w == 0) taste(provider);
  if (opener.access_.closed() && opener.geom().withering_) wash(opener.geom());
}

}  // namespace biotope
