#pragma once

#include <cstdint>

#include "sim/rack/engine.h"
#include "sim/workload/load.h"

namespace biotope::sim {

struct LoadRun {
  std::int64_t requests = 0;
  std::int64_t simulated_ns = 0;  // until the last was done
};

// Serves a load by what is inside a drive alone, without contents, until the load is over. Its
// requests must lie on the engine and be whole sectors. A flush and an erasure wait for what came
// before them, and what comes after waits for them.
LoadRun run_load(DriveEngine& engine, std::int64_t sector_bytes, Load& load,
                 const LoadObserver& tell);

}  // namespace biotope::sim
