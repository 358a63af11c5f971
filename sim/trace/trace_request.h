#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/bio.h"

namespace biotope::sim {

// One request of a recorded trace, whatever it was recorded with. Times in ns; what the format does
// not tell is empty.
struct TraceRequest {
  Command command{};  // read, write, remove or flush
  std::int64_t offset_bytes = 0;
  std::int64_t length_bytes = 0;           // 0 for a flush only
  bool flush_before = false;               // a write that wants all before it on the medium first
  bool force_unit_access = false;          // a write that wants itself there
  std::optional<std::int64_t> time_ns;     // of its issue, since the first request of the trace
  std::optional<std::int64_t> service_ns;  // from issue to completion, as measured
  std::optional<std::int64_t> think_ns;    // from its completion to the next issue
  std::string device;                      // as the trace calls it
  std::int64_t line = 0;                   // where it stands in the file
};

}  // namespace biotope::sim
