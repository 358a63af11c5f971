#pragma once

#include <array>
#include <cstdint>

#include <nlohmann/json.hpp>

#include "model/bio.h"
#include "viz/histogram.h"

namespace biotope::viz {

// {"min", "max", "mean", "stddev", "N"} in ns, and "percentile" for each of fio's seventeen, by its
// name as in "99.000000".
enum class Percentiles { without, with };
nlohmann::json fio_times(const Histogram& times, Percentiles percentiles);

// What came of a load, in fio's words.
class FioReport {
 public:
  // A request was wanted, issued `submit_ns` later and done `complete_ns` after that.
  void record(Command command, std::int64_t length_bytes, std::int64_t submit_ns,
              std::int64_t complete_ns, int error);

  // {"read", "write", "trim", "sync"}, those that had requests; docs/workloads.md tells what is in
  // each. Rates are over `elapsed_ns`.
  nlohmann::json json(std::int64_t elapsed_ns) const;

 private:
  struct Direction {
    Histogram submit;
    Histogram complete;
    Histogram total;
    std::int64_t bytes = 0;
    std::int64_t failed = 0;
  };
  static nlohmann::json json(const Direction& direction, std::int64_t elapsed_ns);

  std::array<Direction, kCommandCount> directions_;
};

}  // namespace biotope::viz
