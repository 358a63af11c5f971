#pragma once

#include <cstdint>
#include <vector>

#include "classes/random_stream.h"
#include "sim/workload/job_options.h"

// What loads draw from random streams, each by its law.

namespace biotope::sim {

// Whole numbers 1..count, k with a probability in proportion to k^-theta: by rejection from the
// continuous law (Hoermann and Derflinger, 1996), so exactly, in constant time and memory.
class ZipfRanks {
 public:
  // count >= 1, theta > 0.
  ZipfRanks(std::int64_t count, double theta);
  std::int64_t next(RandomStream& stream) const;

 private:
  double integral(double x) const;  // of x^-theta
  double inverse(double area) const;
  double law(double x) const;

  std::int64_t count_;
  double theta_;
  double first_area_;
  double last_area_;
  double sure_;  // this close to a whole number nothing is rejected
};

// Places 0..count-1, by the distribution of a job. The popular ones of zipf and pareto are strewn
// over all places, each to one of its own.
class Places {
 public:
  // count >= 1.
  Places(const JobOptions& job, std::int64_t count);
  std::int64_t next(RandomStream& stream) const;

 private:
  std::int64_t strewn(std::int64_t rank) const;
  std::int64_t in_zone(RandomStream& stream) const;

  JobOptions::Distribution distribution_;
  std::int64_t count_;
  ZipfRanks zipf_;
  double pareto_power_ = 1;
  std::int64_t stride_ = 1;
  struct Zone {
    double up_to;  // of all requests, in percent
    std::int64_t first;
    std::int64_t last;
  };
  std::vector<Zone> zones_;
};

// One of the values, by their percentages.
std::int64_t draw_share(const std::vector<Share>& shares, RandomStream& stream);

// When requests are wanted that come at a rate, from 0 on: evenly or by a Poisson process, the
// clock standing still between bursts.
class Arrivals {
 public:
  explicit Arrivals(const JobOptions& job);
  // The job must have a rate.
  std::int64_t next_ns(RandomStream& stream);

 private:
  JobOptions::Arrivals law_;
  double rate_;            // a second
  double elapsed_ns_ = 0;  // in bursts
  std::int64_t count_ = 0;
  std::int64_t on_ns_;
  std::int64_t off_ns_;
};

}  // namespace biotope::sim
