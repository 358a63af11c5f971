#pragma once

#include <memory>
#include <vector>

#include "sim/disk/hard_disk.h"
#include "sim/disk/validation/measured_trace.h"

namespace biotope::sim {

// How well a simulated drive does against a real one.
struct Validation {
  std::int64_t requests = 0;
  double demerit_ms = 0;
  double demerit_read_ms = 0;  // of the reads alone
  double demerit_write_ms = 0;
  double request_rms_ms = 0;  // request by request
  double mean_measured_ms = 0;
  double mean_simulated_ms = 0;
  DiskCounts counts;
};

// The simulated service times of a measured trace, in ns: one request at a time, the first at time
// 0, each of the others its think time after the one before was done in the simulation.
std::vector<std::int64_t> replay(HardDisk& disk, const std::vector<MeasuredRequest>& requests);

// The requests must lie on the disk.
Validation validate(std::shared_ptr<const DiskModel> kind,
                    const std::vector<MeasuredRequest>& requests);

}  // namespace biotope::sim
