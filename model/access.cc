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
  std::vector<Consumer*> edges;
  std::vector<Change> changes;
  {
    AccessPlan plan(*this);
    if (Status fine = plan.work_out(wishes); !fine) return fine;
    edges = plan.edges();
    changes = commit(plan);
  }
  // Only now that the plan is gone: whoever is told may open and close things of its own.
  for (const Change& c : changes) after_commit(*c.provider, c.before);
  for (Consumer* edge : edges) {
    if (edge->access_.closed() && edge->geom().withering_) wash(edge->geom());
  }
  return {};
}

// All at once before anybody is told: whoever looks sees the old counts everywhere, or the new.
std::vector<Mesh::Change> Mesh::commit(AccessPlan& plan) {
  std::vector<Access> before;
  std::vector<Change> changes;
  for (Consumer* consumer : plan.edges()) {
    Provider& provider = *consumer->provider_;
    before.push_back(consumer->access_);
    consumer->access_ = plan.would_be(*consumer);
    consumer->refresh_gate();
    if (provider.would_be_delta_ == Access{}) continue;
    changes.push_back({&provider, provider.access_});
    provider.access_ = plan.would_be(provider);
    provider.would_be_delta_ = {};
  }
  for (std::size_t i = 0; i < before.size(); ++i) note_access(*plan.edges()[i], before[i]);
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

void Mesh::after_commit(Provider& provider, Access before) {
  provider.geom().access_changed(provider, before, provider.access_);
  if (before.w == 0 && provider.access_.w > 0) {
    for (Consumer& other : provider.consumers_) {
      if (other.access_.w == 0) spoil(other);
    }
  }
  if (before.w > 0 && provider.access_.w == 0) taste(provider);
}

}  // namespace biotope
