#pragma once

#include <CLI/CLI.hpp>

#include <string>

#include "sim/trace/trace_reader.h"

namespace biotope::app {

// How a trace is to be read, as all verbs say it.
struct TraceArguments {
  std::string format;
  std::string columns;
  std::int64_t sector_bytes = 512;
  std::int64_t header_lines = 0;
  std::string event = "Q";
  std::string bad_lines = "stop";

  void add_to(CLI::App& verb);
  sim::TraceOptions options() const;
};

}  // namespace biotope::app
