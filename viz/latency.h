#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/bio.h"
#include "model/facts.h"
#include "viz/histogram.h"
#include "viz/phases.h"

namespace biotope::viz {

// Times of requests of one kind. Failed ones are counted apart: how fast something is refused says
// nothing of how fast it is served.
struct Timing {
  Histogram served;
  int64_t failed = 0;

  bool empty() const { return served.empty() && failed == 0; }
  void merge(const Timing& other);
};

using TimingByCommand = std::array<Timing, kCommandCount>;

// Requests below one edge of the mesh.
struct Layer {
  int rank = 0;  // of the geom that holds the edge, when last seen: the highest stands on top
  TimingByCommand commands;
};

// All commands together.
Timing sum_of(const TimingByCommand& commands);

// Measures how long requests stay below each edge of the mesh (a layer: "fs /usr -> da0s1a"), and
// how long they take in the eyes of whoever issued them (parts that a module makes of a request are
// not counted again). An edge that comes again under its old names goes on in the same layer.
class Latency final : public Observer {
 public:
  void on_fact(const Fact& fact) override;

  const std::map<std::string, Layer>& layers() const { return layers_; }
  const TimingByCommand& commands() const { return commands_; }
  const Phases& phases() const { return phases_; }

 private:
  Layer& layer_of(const Fact& fact);

  std::map<std::string, Layer> layers_;
  TimingByCommand commands_;
  Phases phases_;
  // Labels are long: by the numbers of consumer and provider they need be made once only.
  std::map<std::pair<uint64_t, uint64_t>, Layer*> known_;
};

// latency.json: {"schema": "biotope/latency/1", "bin_columns": [...], "commands": [...],
// "layers": [...], "phases": {...}, "fio": {...}}; layers by name, each with "rank", "total" and
// "commands"; docs/latency.md tells what the others are. Times in ns.
nlohmann::json to_json(const Latency& latency);

// latency.hgrm: one percentile table for each layer and command that served something, each after a
// line "# layer, command".
std::string to_hgrm(const Latency& latency);

}  // namespace biotope::viz
