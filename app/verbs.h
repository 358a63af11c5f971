#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace biotope::app {

// What the process ends with (docs: README, "Exit status").
enum ExitStatus {
  kFine = 0,
  kFinding = 1,  // an expectation or a property failed
  kUsage = 2,    // the command line or the script is wrong
  kBug = 3,
  kMissing = 4,  // something is not installed
  kTimeOut = 124,
};

// Each verb adds itself to the command line and, when it was given, leaves in `chosen` what is to be
// done. Results go to stdout, everything else to stderr.
using Chosen = std::function<int()>;
void add_run(CLI::App& app, Chosen& chosen);
void add_class(CLI::App& app, Chosen& chosen);
void add_version(CLI::App& app, Chosen& chosen);

// Parses the command line and does what it says; the exit status.
int run_command_line(int argc, const char* const* argv);

}  // namespace biotope::app
