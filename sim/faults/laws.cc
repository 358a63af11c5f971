#include "sim/faults/laws.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace biotope::sim {

double exponential(RandomStream& stream, double mean) {
  return -mean * std::log1p(-stream.fraction());
}

double weibull(RandomStream& stream, double mean, double shape) {
  const double scale = mean / std::tgamma(1 + 1 / shape);
  return scale * std::pow(exponential(stream, 1), 1 / shape);
}

std::int64_t geometric(RandomStream& stream, double mean) {
  if (mean <= 1) return 1;
  const double further = -std::log1p(-1 / mean);
  return 1 + static_cast<std::int64_t>(exponential(stream, 1) / further);
}

std::vector<double> batch_lives(RandomStream& stream, std::size_t drives, double mean, double rho) {
  const double common = 2 * rho / (1 + rho);
  const auto hit_after = [&](double share) {
    return share > 0 ? exponential(stream, mean / share) : std::numeric_limits<double>::infinity();
  };
  const double all = hit_after(common);
  std::vector<double> lives;
  for (std::size_t i = 0; i < drives; ++i) lives.push_back(std::min(all, hit_after(1 - common)));
  return lives;
}

std::vector<SectorErrors::Error> SectorErrors::next_cluster(RandomStream& stream) {
  time_ns_ += exponential(stream, shape_.gap_ns);
  const std::int64_t last = shape_.first + shape_.count - 1;
  const std::int64_t centre = stream.between(shape_.first, last);
  std::vector<Error> errors{{time_ns_, centre}};
  double time_ns = time_ns_;
  for (std::int64_t left = geometric(stream, shape_.cluster) - 1; left > 0; --left) {
    if (shape_.burst_gap_ns > 0) time_ns += exponential(stream, shape_.burst_gap_ns);
    const std::int64_t sector = centre + stream.between(-shape_.radius, shape_.radius);
    errors.push_back({time_ns, std::clamp(sector, shape_.first, last)});
  }
  return errors;
}

}  // namespace biotope::sim
