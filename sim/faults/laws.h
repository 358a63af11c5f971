#pragma once

#include <cstdint>
#include <vector>

#include "classes/random_stream.h"

namespace biotope::sim {

// The laws by which faults strike, each drawn from a stream of its own.

// Positive, of the given mean.
double exponential(RandomStream& stream, double mean);
// Weibull of the given mean; shape 1 is exponential, below it the young die, above it the old.
double weibull(RandomStream& stream, double mean, double shape);
// 1, 2, ...: each further with the same probability, `mean` >= 1 on average.
std::int64_t geometric(RandomStream& stream, double mean);

// Lives of the drives of a batch: each exponential of the given mean, those of any two correlated
// by rho (0 to 1). What hits one drive comes to each by itself, what hits all to all at once
// (Marshall and Olkin 1967): with a common share s of the rate, rho is s / (2 - s).
std::vector<double> batch_lives(RandomStream& stream, std::size_t drives, double mean, double rho);

// Sectors that go bad in clusters: these begin evenly over time and place, at a constant rate, and
// each goes on nearby for a while (Neyman and Scott 1958; so it is with drives in the field).
class SectorErrors {
 public:
  struct Shape {
    std::int64_t first = 0;  // sectors first..first + count - 1
    std::int64_t count = 1;
    double gap_ns = 1;   // from one cluster to the next, on average
    double cluster = 1;  // sectors of one, on average
    std::int64_t radius = 0;
    double burst_gap_ns = 0;  // from one sector to the next, on average
  };
  struct Error {
    double time_ns;
    std::int64_t sector;
  };

  SectorErrors(const Shape& shape, double from_ns) : shape_(shape), time_ns_(from_ns) {}

  // Later than the one before, and at least one error, the first being its beginning.
  std::vector<Error> next_cluster(RandomStream& stream);

 private:
  Shape shape_;
  double time_ns_;
};

}  // namespace biotope::sim
