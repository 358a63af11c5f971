#pragma once

#include <filesystem>
#include <string>

#include "scenarios/runtime/failure.h"
#include "scenarios/runtime/world.h"

namespace biotope::runtime {

// What came of a run.
struct RunResult {
  int exit_status = 0;
  std::string sentence;          // what went wrong; empty when nothing did
  std::string traceback;         // of the script; empty where there is none to show
  std::filesystem::path report;  // index.html; empty when nothing was written
  std::size_t steps = 0;
  std::uint64_t expectations = 0;  // that were met
  std::int64_t simulated_ns = 0;
};

// Plays a scenario and leaves its report in the folder `out`: all files of DESIGN section 9 or,
// when the scenario could not be played to its end or to a finding, none. Nothing is played when
// `out` can not be written to.
RunResult run_scenario(Options options, const std::filesystem::path& out);

// What scripts are written in: "Lua 5.4.4".
std::string lua_version();

}  // namespace biotope::runtime
