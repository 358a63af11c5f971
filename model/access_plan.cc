#include "model/access_plan.h"

#include <algorithm>

#include "model/mesh.h"

namespace biotope {

namespace {

// What `more` opens beyond `before`, in words: "writing".
const char* wish(Access before, Access more) {
  if (more.w > before.w && more.e > before.e) return "exclusive writing";
  if (more.w > before.w) return "writing";
  if (more.e > before.e) return "exclusive use";
  return "reading";
}

}  // namespace

AccessPlan::~AccessPlan() {
  for (Consumer* edge : edges_) {
    edge->planned_ = false;
    edge->provider()->would_be_delta_ = {};
  }
  for (Geom* geom : to_ask_) geom->planned_ = false;
}

Access AccessPlan::would_be(const Provider& provider) const {
  return provider.access_ + provider.would_be_delta_;
}

Access AccessPlan::would_be(const Consumer& consumer) const {
  return consumer.planned_ ? consumer.would_be_ : consumer.access_;
}

bool AccessPlan::opens(const Provider& provider) const {
  return would_be(provider).opens_beyond(provider.access_);
}

void AccessPlan::need(Consumer& below, Access access) {
  if (below.provider_ == nullptr) return;
  if (only_closes_) access = access.at_most(would_be(below));
  if (access != would_be(below)) change(below, access);
}

void AccessPlan::change(Consumer& consumer, Access access) {
  Provider& provider = *consumer.provider_;
  provider.would_be_delta_ = provider.would_be_delta_ + (access - would_be(consumer));
  consumer.would_be_ = access;
  if (!consumer.planned_) {
    consumer.planned_ = true;
    edges_.push_back(&consumer);
  }
  Geom& geom = provider.geom();
  if (!geom.planned_) {
    geom.planned_ = true;
    to_ask_.push_back(&geom);
  }
}

// Everyone above a geom has a higher rank, so by the time it is its turn all that concerns it is in
// the plan.
Geom* AccessPlan::take_highest() {
  const auto highest = std::max_element(to_ask_.begin(), to_ask_.end(), [](Geom* a, Geom* b) {
    return a->rank() != b->rank() ? a->rank() < b->rank() : a->id() > b->id();
  });
  Geom* geom = *highest;
  to_ask_.erase(highest);
  geom->planned_ = false;
  return geom;
}

Status AccessPlan::ask(Geom& geom) {
  for (const Provider& provider : geom.providers()) {
    if (provider.would_be_delta_.closed()) continue;
    Fact fact;
    fact.kind = FactKind::access_asked;
    fact.geom = &geom;
    fact.provider = &provider;
    fact.before = provider.access_;
    fact.after = would_be(provider);
    mesh_->emit(fact);
  }
  return geom.demand(*this);
}

Status AccessPlan::refused(const Geom& by, const Provider& provider, const Status& why) {
  Fact fact;
  fact.kind = FactKind::access_refused;
  fact.error = why.error().code;
  fact.geom = &by;
  fact.provider = &provider;
  fact.text = why.error().text;
  mesh_->emit(fact);
  return why;
}

Status AccessPlan::work_out(const std::vector<Wish>& wishes) {
  for (const Wish& wish : wishes) {
    if (wish.access.opens_beyond(wish.consumer->access_)) only_closes_ = false;
  }
  for (const Wish& wish : wishes) need(*wish.consumer, wish.access);
  while (!to_ask_.empty()) {
    Geom& geom = *take_highest();
    if (const Status fine = ask(geom); !fine && !only_closes_) {
      return refused(geom, *wishes.back().consumer->provider_, fine);
    }
  }
  // One rule at a time over all edges, so that the reason does not depend on where an edge stands.
  for (const auto rule :
       {&AccessPlan::check_edge, &AccessPlan::check_sharing, &AccessPlan::check_disk}) {
    for (const Consumer* edge : edges_) {
      if (!edge->would_be_.opens_beyond(edge->access_)) continue;
      if (const Status fine = (this->*rule)(*edge); !fine) {
        return refused(edge->provider()->geom(), *edge->provider(), fine);
      }
    }
  }
  return {};
}

// Only what opens can be refused.
Status AccessPlan::denied(const Consumer& consumer, int code, const std::string& why) const {
  const Provider& provider = *consumer.provider();
  return fail(code, provider.geom().title(), " refuses to open ", provider.name(), " for ",
              wish(consumer.access_, consumer.would_be_), " to ", consumer.geom().title(), ": ",
              why);
}

Status AccessPlan::check_edge(const Consumer& consumer) const {
  if (consumer.orphaned_ || consumer.leaving_) {
    return denied(consumer, ENXIO, "it has lost its disk");
  }
  if (consumer.spoiled_) {
    return denied(consumer, ENXIO,
                  sentence("somebody wrote to ", consumer.provider()->name(),
                           " since it looked; wait until it has looked again"));
  }
  return {};
}

Status AccessPlan::check_sharing(const Consumer& consumer) const {
  const Access before = consumer.access_;
  const Access after = consumer.would_be_;
  const Provider& provider = *consumer.provider();
  const bool wants_e = after.e > before.e;
  const bool wants_w = after.w > before.w;
  if (!wants_e && !wants_w) return {};
  const Access others = would_be(provider) - after;
  if (!(wants_e && others.w > 0) && !(wants_w && others.e > 0)) return {};
  for (const Consumer& other : provider.consumers()) {
    if (&other == &consumer) continue;
    const Access held = would_be(other);
    const bool writes = wants_e && held.w > 0;
    if (!writes && !(wants_w && held.e > 0)) continue;
    return denied(
        consumer, EPERM,
        sentence(other.geom().title(), writes ? " writes to it (" : " has it exclusively (",
                 held.text(), "); close that first"));
  }
  return {};
}

Status AccessPlan::check_disk(const Consumer& consumer) const {
  const Provider& provider = *consumer.provider();
  if (provider.error_ != 0) {
    return denied(consumer, provider.error_, provider.name() + " is gone");
  }
  if (consumer.would_be_.w > consumer.access_.w && !provider.properties().writable) {
    return denied(consumer, EROFS, provider.name() + " is write-protected");
  }
  return {};
}

}  // namespace biotope
