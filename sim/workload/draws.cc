#include "sim/workload/draws.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace biotope::sim {
namespace {

// The functions that stay exact where theta is near 1.
double expm1_over(double x) { return std::abs(x) > 1e-8 ? std::expm1(x) / x : 1 + x / 2; }
double log1p_over(double x) { return std::abs(x) > 1e-8 ? std::log1p(x) / x : 1 - x / 2; }

// Near the golden section of `count` and without a common divisor, so that multiples of it meet
// every place once, and neighbours land far apart.
std::int64_t stride_of(std::int64_t count) {
  auto stride = static_cast<std::int64_t>(static_cast<double>(count) * 0.6180339887498949);
  stride = std::max<std::int64_t>(stride, 1);
  while (std::gcd(stride, count) != 1) ++stride;
  return stride;
}

}  // namespace

// --- zipf ---------------------------------------------------------------------------------------

ZipfRanks::ZipfRanks(std::int64_t count, double theta) : count_(count), theta_(theta) {
  first_area_ = integral(1.5) - 1;
  last_area_ = integral(static_cast<double>(count) + 0.5);
  sure_ = 2 - inverse(integral(2.5) - law(2));
}

double ZipfRanks::integral(double x) const {
  const double log_x = std::log(x);
  return expm1_over((1 - theta_) * log_x) * log_x;
}

double ZipfRanks::inverse(double area) const {
  const double x = std::max(area * (1 - theta_), -1.0);
  return std::exp(log1p_over(x) * area);
}

double ZipfRanks::law(double x) const { return std::exp(-theta_ * std::log(x)); }

std::int64_t ZipfRanks::next(RandomStream& stream) const {
  while (true) {
    const double area = last_area_ + stream.fraction() * (first_area_ - last_area_);
    const double x = inverse(area);
    const double nearest = std::clamp(std::floor(x + 0.5), 1.0, static_cast<double>(count_));
    if (nearest - x <= sure_ || area >= integral(nearest + 0.5) - law(nearest)) {
      return static_cast<std::int64_t>(nearest);
    }
  }
}

// --- places -------------------------------------------------------------------------------------

Places::Places(const JobOptions& job, std::int64_t count)
    : distribution_(job.distribution),
      count_(count),
      zipf_(count, job.distribution == JobOptions::Distribution::zipf ? job.theta : 1) {
  using Distribution = JobOptions::Distribution;
  if (distribution_ == Distribution::zipf || distribution_ == Distribution::pareto) {
    stride_ = stride_of(count);
  }
  if (distribution_ == Distribution::pareto) {
    pareto_power_ = std::log(job.theta) / std::log(1 - job.theta);
  }
  if (distribution_ != Distribution::zoned) return;
  double requests = 0;
  double disk = 0;
  const auto place = [&](double percent) {
    return static_cast<std::int64_t>(static_cast<double>(count) * percent / 100);
  };
  for (const JobOptions::Zone& zone : job.zones) {
    const std::int64_t first = std::min(place(disk), count - 1);
    requests += zone.requests_percent;
    disk += zone.disk_percent;
    zones_.push_back({requests, first, std::max(first, std::min(place(disk), count) - 1)});
  }
}

std::int64_t Places::strewn(std::int64_t rank) const {
  return static_cast<std::int64_t>(static_cast<__int128>(rank) * stride_ % count_);
}

std::int64_t Places::in_zone(RandomStream& stream) const {
  const double drawn = 100 * stream.fraction();
  for (const Zone& zone : zones_) {
    if (drawn < zone.up_to) return stream.between(zone.first, zone.last);
  }
  return stream.between(zones_.back().first, zones_.back().last);
}

std::int64_t Places::next(RandomStream& stream) const {
  switch (distribution_) {
    case JobOptions::Distribution::even:
      break;
    case JobOptions::Distribution::zipf:
      return strewn(zipf_.next(stream) - 1);
    case JobOptions::Distribution::pareto: {
      const double share = std::pow(stream.fraction(), pareto_power_);
      const auto rank = static_cast<std::int64_t>(share * static_cast<double>(count_));
      return strewn(std::min(rank, count_ - 1));
    }
    case JobOptions::Distribution::zoned:
      return in_zone(stream);
  }
  return stream.between(0, count_ - 1);
}

std::int64_t draw_share(const std::vector<Share>& shares, RandomStream& stream) {
  if (shares.size() == 1) return shares.front().value;
  double drawn = 100 * stream.fraction();
  for (const Share& share : shares) {
    if (drawn < share.percent) return share.value;
    drawn -= share.percent;
  }
  return shares.back().value;
}

// --- arrivals -----------------------------------------------------------------------------------

Arrivals::Arrivals(const JobOptions& job)
    : law_(job.arrivals), rate_(job.rate), on_ns_(job.burst_on_ns), off_ns_(job.burst_off_ns) {}

std::int64_t Arrivals::next_ns(RandomStream& stream) {
  if (law_ == JobOptions::Arrivals::exponential) {
    elapsed_ns_ -= 1e9 / rate_ * std::log1p(-stream.fraction());
  } else {
    elapsed_ns_ = 1e9 * static_cast<double>(count_++) / rate_;
  }
  const auto elapsed_ns = static_cast<std::int64_t>(elapsed_ns_);
  return on_ns_ == 0 ? elapsed_ns : elapsed_ns + elapsed_ns / on_ns_ * off_ns_;
}

}  // namespace biotope::sim
