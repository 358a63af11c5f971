#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace biotope::viz {

// Share of a population, as an exact fraction: {999, 1000} is the 99.9th percentile.
// 0 <= numerator <= denominator, denominator > 0.
struct Quantile {
  int64_t numerator;
  int64_t denominator;
};

// Counts of times in ns, in log-linear bins: exact below 256 ns, and above it 128 bins to each
// doubling, so that a bin is never wider than 2^-7 of its lowest value. These are the bins of an
// HdrHistogram with two significant digits and unit 1. Integers only: merging is exact, and the
// order of recording leaves no trace.
class Histogram {
 public:
  struct Bin {
    int64_t low_ns;   // least value that falls into the bin
    int64_t high_ns;  // greatest value that falls into the bin
    int64_t count;
  };

  // Adds `count` (> 0) times the value (>= 0).
  void record(int64_t value_ns, int64_t count = 1);

  // Afterwards this histogram is what it had been, had it recorded all that `other` recorded.
  void merge(const Histogram& other);

  int64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }

  // Exact; 0 while empty.
  int64_t min_ns() const { return empty() ? 0 : min_ns_; }
  int64_t max_ns() const { return max_ns_; }
  double mean_ns() const;

  // From the middles of the bins around the exact mean; 0 while empty.
  double standard_deviation_ns() const;

  // Bin of the value with that rank, 1 <= rank <= count(): the true value lies inside it.
  Bin bin_of_rank(int64_t rank) const;

  // Least rank that has at least the share `q` of the population at or below it, at least 1.
  int64_t rank_of(Quantile q) const;

  // Upper bound of the value at rank_of(q), too large by at most 2^-7 of it, and never above
  // max_ns(); exact where the rank is count(). 0 while empty.
  int64_t percentile_ns(Quantile q) const;

  // Bins that are not empty, rising.
  std::vector<Bin> bins() const;

  bool operator==(const Histogram& other) const = default;

 private:
  std::vector<int64_t> counts_;  // ends with a bin that is not empty
  int64_t count_ = 0;
  int64_t min_ns_ = 0;
  int64_t max_ns_ = 0;
  __int128 sum_ns_ = 0;
};

// {"count", "min_ns", "max_ns", "mean_ns", "p50_ns", "p90_ns", "p99_ns", "p99_9_ns"}, and where
// asked "bins": rows of [low_ns, high_ns, count].
enum class Bins { without, with };
nlohmann::json to_json(const Histogram& histogram, Bins bins);

// HdrHistogram's percentile text, values in ns, five steps to each halving of what is left.
std::string to_hgrm(const Histogram& histogram);

}  // namespace biotope::viz
