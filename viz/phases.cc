#include "viz/phases.h"

#include "model/geom.h"
#include "viz/level.h"

namespace biotope::viz {

const char* Phases::name(Phase phase) {
  constexpr const char* kNames[] = {"Q2Q", "Q2G", "G2I", "I2D", "D2C", "Q2C"};
  return kNames[phase];
}

Phases::Way* Phases::way_of(const Bio& bio) {
  const Bio* whole = &bio;
  while (whole->parent != nullptr) whole = whole->parent;
  const auto found = ways_.find(whole->id);
  return found == ways_.end() ? nullptr : &found->second;
}

void Phases::enter(const Fact& fact) {
  const bool as_issued = fact.bio->parent == nullptr && fact.bio->edge == fact.consumer;
  if (as_issued) {
    const auto [way, fresh] = ways_.try_emplace(fact.bio->id);
    if (fresh) {
      way->second.q_ns = fact.time_ns;
      if (last_q_ns_ < 0) first_ns_ = fact.time_ns;
      if (last_q_ns_ >= 0) times_[q2q].record(fact.time_ns - last_q_ns_);
      last_q_ns_ = fact.time_ns;
    }
    way->second = {way->second.q_ns, fact.time_ns, {}, {}};
  }
  if (fact.provider == nullptr || !fact.provider->geom().consumers().empty()) return;
  Way* way = way_of(*fact.bio);
  if (way != nullptr && !way->i_ns) way->i_ns = fact.time_ns;
}

void Phases::leave(const Fact& fact) {
  const auto found = ways_.find(fact.bio->id);
  if (found == ways_.end() || fact.bio->parent != nullptr || fact.bio->edge != fact.consumer)
    return;
  const Way way = found->second;
  ways_.erase(found);
  last_ns_ = fact.time_ns;
  const std::int64_t i_ns = way.i_ns.value_or(way.q_ns);
  fio_.record(fact.bio->command, fact.bio->length_bytes, i_ns - way.q_ns, fact.time_ns - i_ns,
              fact.error);
  if (fact.error != 0) return;
  times_[q2c].record(fact.time_ns - way.q_ns);
  if (!way.i_ns || !way.d_ns) return;
  times_[q2g].record(way.g_ns - way.q_ns);
  times_[g2i].record(*way.i_ns - way.g_ns);
  times_[i2d].record(*way.d_ns - *way.i_ns);
  times_[d2c].record(fact.time_ns - *way.d_ns);
}

void Phases::on_fact(const Fact& fact) {
  switch (fact.kind) {
    case FactKind::bio_issued:
    case FactKind::bio_remapped:
      enter(fact);
      break;
    case FactKind::bio_passed:
      leave(fact);
      break;
    case FactKind::machine: {
      if (fact.bio == nullptr || fact.text != kDispatched) break;
      Way* way = way_of(*fact.bio);
      if (way != nullptr && !way->d_ns) way->d_ns = fact.time_ns;
      break;
    }
    default:
      break;
  }
}

nlohmann::json Phases::json() const {
  nlohmann::json json = nlohmann::json::object();
  for (int i = 0; i < kCount; ++i) {
    const auto phase = static_cast<Phase>(i);
    json[name(phase)] = fio_times(times_[phase], Percentiles::with);
  }
  return json;
}

}  // namespace biotope::viz
