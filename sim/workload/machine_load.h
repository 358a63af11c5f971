#pragma once

#include <cstdint>
#include <memory>

#include "model/error.h"
#include "sim/rack/drive_kind.h"
#include "sim/workload/engine_load.h"
#include "sim/workload/job_options.h"
#include "sim/workload/verified_load.h"

namespace biotope::sim {

struct MachineRun {
  LoadRun run;
  Verification verification;
  std::int64_t medium_bytes = 0;  // of memory, that the medium held in the end
};

// Serves a job that verifies by a machine with one drive and a blank medium in it, with contents.
// Errors: EBUSY, there is another rack; EILSEQ, what was read was not what had been written.
Result<MachineRun> run_in_machine(std::shared_ptr<const DriveKind> kind, const JobOptions& job,
                                  std::uint64_t seed, const LoadObserver& tell);

}  // namespace biotope::sim
