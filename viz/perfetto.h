#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/bio.h"
#include "model/facts.h"
#include "viz/level.h"
#include "viz/spill.h"

namespace biotope::viz {

// Writes trace.perfetto.json, to be opened in Perfetto or chrome://tracing: each geom is a process
// (pid: its number). Each request, as issued, is an asynchronous pair b/e in the process of its
// issuer, with its number as id; each stay of a request below an edge is one in the process of the
// geom that serves it, with the numbers of request and edge. Tastes, losses, spoils and refusals
// are instants, levels of the machine counters.
class Perfetto final : public Observer {
 public:
  // `trace` must outlive this. It is a whole JSON document after close().
  explicit Perfetto(Spill& trace);
  void on_fact(const Fact& fact) override;

  // Ends the requests that are still on their way, at the time of the last fact, and the document.
  void close();

 private:
  // A stay that has begun: where, and what its end has to repeat.
  struct Stay {
    uint64_t edge = 0;  // 0: the whole life of a request
    uint64_t pid = 0;
    Command command{};
  };

  void begin_life(const Fact& fact);
  void end_life(const Fact& fact);
  void begin(const Fact& fact);
  void end(uint64_t bio, const Stay& stay, int error);
  static nlohmann::json stay_event(const char* phase, uint64_t bio, const Stay& stay,
                                   int64_t time_ns);
  void end_on_edge(const Fact& fact);
  void end_all(const Fact& fact);
  void instant(const Fact& fact);
  void counter(const Fact& fact, const Level& level);
  void name_process(const Geom& geom);
  void write(const nlohmann::json& event);

  Spill& trace_;
  bool empty_ = true;
  int64_t last_time_ns_ = 0;
  std::map<uint64_t, std::vector<Stay>> stays_;  // by request
  std::map<uint64_t, Stay> lives_;               // likewise
  std::set<uint64_t> named_;                     // geoms
};

}  // namespace biotope::viz
