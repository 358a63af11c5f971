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
  const Result<Granted> granted = grant({{&consumer, after}});
  if (!granted) return pass_on(granted);
  after_grant(*granted);
  return {};
}

Result<Mesh::Granted> Mesh::grant(const std::vector<AccessPlan::Wish>& wishes) {
  AccessPlan plan(*this);
  if (Status fine = plan.work_out(wishes); !fine) return pass_on(fine);
  return commit(plan);
}

// All at once before anybody is told: whoever looks sees the old counts everywhere, or the new.
Mesh::Granted Mesh::commit(AccessPlan& plan) {
  Granted granted{plan.edges(), {}};
  std::vector<Access> before;
  for (Consumer* consumer : granted.edges) {
    Provider& provider = *consumer->provider_;
    before.push_back(consumer->access_);
    consumer->access_ = plan.would_be(*consumer);
    consumer->refresh_gate();
    if (provider.would_be_delta_ == Access{}) continue;
    granted.changes.push_back({&provider, provider.access_});
    provider.access_ = plan.would_be(provider);
    provider.would_be_delta_ = {};
  }
  for (std::size_t i = 0; i < before.size(); ++i) note_access(*granted.edges[i], before[i]);
  return granted;
}

// The plan is gone by now: whoever is told may open and close things of its own.
void Mesh::after_grant(const Granted& granted) {
  for (const Change& c : granted.changes) after_change(*c.provider, c.before);
  for (Consumer* edge : granted.edges) {
    if (edge->access_.closed() && edge->geom().withering_) wash(edge->geom());
  }
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

void Mesh::after_change(Provider& provider, Access before) {
  provider.geom().access_changed(provider, before, provider.access_);
  if (before.w == 0 && provider.access_.w > 0) doubt(provider);
  if (before.w > 0 && provider.access_.w == 0) taste(provider);
}

}  // namespace biotope
