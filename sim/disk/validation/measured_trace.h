#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "model/error.h"

namespace biotope::sim {

// One request to a real drive, as it was measured.
struct MeasuredRequest {
  bool write = false;
  std::int64_t first = 0;  // sector
  std::int64_t sectors = 0;
  double service_us = 0;  // from issue to completion
  double think_us = 0;    // from completion to the next issue
};

struct MeasuredTrace {
  std::vector<MeasuredRequest> requests;
  std::vector<std::string> notes;  // lines passed over, "x.trace:17: why"
};

enum class BadLines { stop, skip };

// Reads a trace of six fields a line: R or W, what the drive's buffer did (not used), the first
// sector, how many, measured service time and think time in microseconds. `sectors` is the size of
// the disk: what runs past it is a bad line. Errors: what the system says of a file that can not be
// read; EINVAL a bad line, by file and line, unless they are skipped; ENODATA nothing in it.
Result<MeasuredTrace> read_measured_trace(const std::filesystem::path& path, std::int64_t sectors,
                                          BadLines policy);

}  // namespace biotope::sim
