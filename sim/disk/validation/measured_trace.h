#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "model/error.h"
#include "sim/trace/trace_reader.h"

namespace biotope::sim {

// One request to a real drive, as it was measured.
struct MeasuredRequest {
  bool write = false;
  std::int64_t first = 0;  // sector
  std::int64_t sectors = 0;
  std::int64_t service_ns = 0;  // from issue to completion
  std::int64_t think_ns = 0;    // from completion to the next issue
};

struct MeasuredTrace {
  std::vector<MeasuredRequest> requests;
  std::vector<std::string> notes;  // lines passed over, "x.trace:17: why"
};

// Reads a trace in the format `validate` (sim/trace). `sectors` is the size of the disk: what runs
// past it is a bad line. Errors: those of TraceReader; ENODATA nothing in it.
Result<MeasuredTrace> read_measured_trace(const std::filesystem::path& path, std::int64_t sectors,
                                          BadLines policy);

}  // namespace biotope::sim
