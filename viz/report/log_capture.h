#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/bio.h"
#include "model/facts.h"
#include "viz/log_row.h"

namespace biotope::viz::report {

// Something that happened to the mesh, in words.
struct Happening {
  int64_t time_ns = 0;
  FactKind kind{};
  std::string sentence;
};

// Requests that came back to whoever issued them.
struct RequestCounts {
  std::array<uint64_t, kCommandCount> done{};
  uint64_t failed = 0;
};

// Keeps of the stream of facts what fits into a page: rows of the log as JSON, the changes of the
// mesh first in line for the space there is.
class LogCapture final : public Observer {
 public:
  void on_fact(const Fact& fact) override;

  uint64_t seen() const { return seen_; }
  uint64_t kept() const { return kept_; }
  bool complete() const { return seen_ == kept_; }

  // {"kinds": [{"name", "symbol", "request"}...], "names": [...], "rows": [[time_ns, number, kind,
  // geom, provider, edge, bio, command, offset, length, error, details]...]}; kind, geom and
  // provider are places in the lists.
  std::string json() const;

 private:
  size_t place_of(const std::string& name);

  uint64_t seen_ = 0;
  uint64_t kept_ = 0;
  size_t request_bytes_ = 0;
  size_t change_bytes_ = 0;
  std::string rows_;
  std::map<std::string, size_t> places_;
  std::vector<std::string> names_;
};

}  // namespace biotope::viz::report
