#include "viz/latency.h"

#include <utility>

#include <fmt/format.h>

#include "model/geom.h"
#include "viz/words.h"

namespace biotope::viz {
namespace {

std::string name_of(size_t command) { return command_name(static_cast<Command>(command)); }

nlohmann::json to_json(const Timing& timing) {
  nlohmann::json json = to_json(timing.served, Bins::with);
  json["failed"] = timing.failed;
  json["percentile"] = fio_times(timing.served, Percentiles::with)["percentile"];
  return json;
}

nlohmann::json list_of(const TimingByCommand& commands) {
  nlohmann::json list = nlohmann::json::array();
  for (size_t i = 0; i < commands.size(); ++i) {
    if (commands[i].empty()) continue;
    list.push_back(to_json(commands[i]));
    list.back()["command"] = name_of(i);
  }
  return list;
}

void append_tables(std::string& text, const std::string& layer, const TimingByCommand& commands) {
  for (size_t i = 0; i < commands.size(); ++i) {
    if (commands[i].served.empty()) continue;
    text += fmt::format("# {}, {}\n{}\n", one_line(layer), name_of(i), to_hgrm(commands[i].served));
  }
}

}  // namespace

void Timing::merge(const Timing& other) {
  served.merge(other.served);
  failed += other.failed;
}

Timing sum_of(const TimingByCommand& commands) {
  Timing sum;
  for (const Timing& timing : commands) sum.merge(timing);
  return sum;
}

Layer& Latency::layer_of(const Fact& fact) {
  const uint64_t provider = fact.provider == nullptr ? 0 : fact.provider->id();
  Layer*& layer = known_[{fact.consumer->id(), provider}];
  if (layer == nullptr) layer = &layers_[edge_label(*fact.consumer, fact.provider)];
  layer->rank = fact.consumer->geom().rank();
  return *layer;
}

void Latency::on_fact(const Fact& fact) {
  phases_.on_fact(fact);
  if (fact.kind != FactKind::bio_passed) return;
  const auto record = [&](TimingByCommand& timings) {
    Timing& timing = timings[static_cast<size_t>(fact.bio->command)];
    if (fact.error != 0) {
      ++timing.failed;
    } else {
      timing.served.record(fact.duration_ns);
    }
  };
  record(layer_of(fact).commands);
  const bool as_issued = fact.bio->parent == nullptr && fact.bio->edge == fact.consumer;
  if (as_issued) record(commands_);
}

nlohmann::json to_json(const Latency& latency) {
  nlohmann::json layers = nlohmann::json::array();
  for (const auto& [name, layer] : latency.layers()) {
    layers.push_back({{"layer", name},
                      {"rank", layer.rank},
                      {"total", to_json(sum_of(layer.commands))},
                      {"commands", list_of(layer.commands)}});
  }
  return {
      {"schema", "biotope/latency/1"},           {"bin_columns", {"low_ns", "high_ns", "count"}},
      {"commands", list_of(latency.commands())}, {"layers", layers},
      {"phases", latency.phases().json()},       {"fio", latency.phases().fio()}};
}

std::string to_hgrm(const Latency& latency) {
  std::string text;
  append_tables(text, "all requests as issued", latency.commands());
  for (const auto& [name, layer] : latency.layers()) append_tables(text, name, layer.commands);
  return text;
}

}  // namespace biotope::viz
