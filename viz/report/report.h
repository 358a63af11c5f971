#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "viz/latency.h"
#include "viz/report/log_capture.h"

namespace biotope::viz::report {

// One picture of a step, and the file that holds it too.
struct Frame {
  std::string svg;
  std::string file;  // relative to the page
};

// What the page says of one step.
struct StepPage {
  std::string title;
  std::string text;
  int64_t time_ns = 0;
  uint64_t first_fact = 0;  // numbers of the facts that belong to it; first > last for none
  uint64_t last_fact = 0;
  std::vector<Happening> happenings;
  uint64_t happenings_left_out = 0;
  RequestCounts requests;
  Frame paper;
  Frame confdot;
};

struct Report {
  std::string title;
  std::vector<std::pair<std::string, std::string>> facts;  // "scenario": "010-zip-disk.lua", ...
  std::vector<StepPage> steps;
  const Latency* latency = nullptr;
  const LogCapture* log = nullptr;
};

// The page: one file that needs nothing else, also without a network, and holds less than 5 MB.
// What of a very long run does not fit is left out with its number told, and lies in the files
// beside.
std::string page(const Report& report);

// Its parts.
std::string steps_section(const std::vector<StepPage>& steps);
std::string latency_section(const Latency& latency);
std::string log_section(const LogCapture& log);

}  // namespace biotope::viz::report
