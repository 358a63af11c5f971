#include "viz/perfetto.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "model/geom.h"
#include "viz/json_text.h"
#include "viz/words.h"

namespace biotope::viz {
namespace {

// Instants that belong to no geom stand in a process of their own.
constexpr uint64_t kMeshPid = 0;

// Trace times are microseconds; the fraction keeps every ns for the first hundred days.
double microseconds(int64_t time_ns) { return static_cast<double>(time_ns) / 1000.0; }

nlohmann::json process(uint64_t pid, const std::string& name) {
  return {
      {"ph", "M"}, {"name", "process_name"}, {"pid", pid}, {"tid", 0}, {"args", {{"name", name}}}};
}

bool is_instant(FactKind kind) {
  switch (kind) {
    case FactKind::tasted:
    case FactKind::provider_orphaned:
    case FactKind::consumer_orphaned:
    case FactKind::consumer_spoiled:
    case FactKind::geom_withers:
    case FactKind::access_granted:
    case FactKind::access_refused:
    case FactKind::media_changed:
    case FactKind::ejected:
    case FactKind::eject_refused:
    case FactKind::surgery_done:
    case FactKind::surgery_failed:
    case FactKind::note:
    case FactKind::machine:
      return true;
    default:
      return false;
  }
}

}  // namespace

Perfetto::Perfetto(Spill& trace) : trace_(trace) {
  trace_.append("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
  write(process(kMeshPid, "the mesh"));
}

void Perfetto::write(const nlohmann::json& event) {
  if (!empty_) trace_.append(",\n");
  trace_.append(json_text(event));
  empty_ = false;
}

void Perfetto::name_process(const Geom& geom) {
  if (named_.insert(geom.id()).second) write(process(geom.id(), geom.title()));
}

// A request that goes again from the top goes on living.
void Perfetto::begin_life(const Fact& fact) {
  const bool as_issued = fact.bio->parent == nullptr && fact.bio->edge == fact.consumer;
  const Geom& issuer = fact.consumer->geom();
  const Stay life{0, issuer.id(), fact.bio->command};
  if (!as_issued || !lives_.emplace(fact.bio->id, life).second) return;
  name_process(issuer);
  nlohmann::json event = stay_event("b", fact.bio->id, life, fact.time_ns);
  event["args"] = {{"offset_bytes", fact.bio->offset_bytes},
                   {"length_bytes", fact.bio->length_bytes}};
  write(event);
}

void Perfetto::end_life(const Fact& fact) {
  const auto found = lives_.find(fact.bio->id);
  if (found == lives_.end()) return;
  end(fact.bio->id, found->second, fact.error);
  lives_.erase(found);
}

void Perfetto::begin(const Fact& fact) {
  if (fact.provider == nullptr) return;
  const Geom& server = fact.provider->geom();
  name_process(server);
  const Stay stay{fact.consumer->id(), server.id(), fact.bio->command};
  nlohmann::json event = stay_event("b", fact.bio->id, stay, fact.time_ns);
  event["args"] = {{"edge", edge_label(*fact.consumer, fact.provider)},
                   {"offset_bytes", fact.bio->position_bytes},
                   {"length_bytes", fact.bio->length_bytes}};
  write(event);
  stays_[fact.bio->id].push_back(stay);
}

void Perfetto::end(uint64_t bio, const Stay& stay, int error) {
  nlohmann::json event = stay_event("e", bio, stay, last_time_ns_);
  event["args"] = {{"error", error_name(error)}};
  write(event);
}

// What the two ends of a stay have in common; they belong together by category, id and process.
nlohmann::json Perfetto::stay_event(const char* phase, uint64_t bio, const Stay& stay,
                                    int64_t time_ns) {
  return {{"ph", phase},
          {"cat", stay.edge == 0 ? "request" : "bio"},
          {"id", stay.edge == 0 ? fmt::format("{}", bio) : fmt::format("{}.{}", bio, stay.edge)},
          {"name", command_name(stay.command)},
          {"pid", stay.pid},
          {"tid", 0},
          {"ts", microseconds(time_ns)}};
}

void Perfetto::end_on_edge(const Fact& fact) {
  const auto found = stays_.find(fact.bio->id);
  if (found == stays_.end()) return;
  auto& stays = found->second;
  const auto stay = std::find_if(stays.rbegin(), stays.rend(), [&](const Stay& candidate) {
    return candidate.edge == fact.consumer->id();
  });
  if (stay == stays.rend()) return;
  end(fact.bio->id, *stay, fact.error);
  stays.erase(std::next(stay).base());
  if (stays.empty()) stays_.erase(found);
}

void Perfetto::end_all(const Fact& fact) {
  const auto found = stays_.find(fact.bio->id);
  if (found == stays_.end()) return;
  for (const Stay& stay : found->second) end(fact.bio->id, stay, fact.error);
  stays_.erase(found);
}

void Perfetto::instant(const Fact& fact) {
  if (fact.geom != nullptr) name_process(*fact.geom);
  write({{"ph", "i"},
         {"s", "p"},
         {"cat", "mesh"},
         {"name", fact_name(fact.kind)},
         {"pid", fact.geom == nullptr ? kMeshPid : fact.geom->id()},
         {"tid", 0},
         {"ts", microseconds(fact.time_ns)},
         {"args", {{"what", sentence_of(fact)}}}});
}

void Perfetto::counter(const Fact& fact, const Level& level) {
  write({{"ph", "C"},
         {"cat", "machine"},
         {"name", fmt::format("{} {}", fact.component, level.name)},
         {"pid", kMeshPid},
         {"tid", 0},
         {"ts", microseconds(fact.time_ns)},
         {"args", {{std::string(level.name), level.value}}}});
}

void Perfetto::on_fact(const Fact& fact) {
  last_time_ns_ = fact.time_ns;
  if (const auto level = level_of(fact)) return counter(fact, *level);
  if (is_measurement(fact)) return;
  switch (fact.kind) {
    case FactKind::bio_issued:
      begin_life(fact);
      begin(fact);
      break;
    case FactKind::bio_remapped:
      begin(fact);
      break;
    case FactKind::bio_done:
      end_life(fact);
      break;
    case FactKind::bio_passed:
      end_on_edge(fact);
      break;
    case FactKind::bio_replayed:
      end_all(fact);
      break;
    default:
      if (is_instant(fact.kind)) instant(fact);
  }
}

void Perfetto::close() {
  for (const auto& [bio, stays] : stays_) {
    for (const Stay& stay : stays) end(bio, stay, 0);
  }
  for (const auto& [bio, life] : lives_) end(bio, life, 0);
  stays_.clear();
  lives_.clear();
  trace_.append("\n]}\n");
}

}  // namespace biotope::viz
