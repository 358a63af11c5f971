#include "sim/disk/validation/demerit.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace biotope::sim {
namespace {

constexpr std::size_t kBins = 1750;
constexpr int kHeights = 10'000;

// Upper edges of the bins in microseconds: each bin is 1 + 1 % of its lower edge wide.
std::vector<std::int64_t> upper_edges() {
  std::vector<std::int64_t> edges;
  std::int64_t edge = 0;
  for (std::size_t i = 0; i < kBins; ++i) {
    edge += 1 + edge / 100;
    edges.push_back(edge);
    if (edge > INT64_MAX / 2) break;
  }
  return edges;
}

// A cumulative curve: how much lies in or below each bin, with six decimals.
std::vector<double> cumulative(std::span<const std::int64_t> times_ns,
                               const std::vector<std::int64_t>& edges) {
  std::vector<std::int64_t> counts(edges.size());
  for (const std::int64_t time_ns : times_ns) {
    const auto bin = std::upper_bound(edges.begin(), edges.end() - 1, time_ns / 1000);
    ++counts[static_cast<std::size_t>(bin - edges.begin())];
  }
  std::vector<double> curve;
  std::int64_t so_far = 0;
  for (const std::int64_t count : counts) {
    so_far += count;
    const double share = static_cast<double>(so_far) / static_cast<double>(times_ns.size());
    curve.push_back(std::round(share * 1e6) / 1e6);
  }
  return curve;
}

// Where a curve reaches rising heights.
class Walk {
 public:
  Walk(const std::vector<double>& curve, const std::vector<std::int64_t>& edges)
      : curve_(curve), edges_(edges) {}

  double ms_at(double height) {
    while (bin_ + 1 < curve_.size() && curve_[bin_] < height) ++bin_;
    const double below = bin_ == 0 ? 0 : curve_[bin_ - 1];
    const double left = bin_ == 0 ? 0 : static_cast<double>(edges_[bin_ - 1]);
    const auto right = static_cast<double>(edges_[bin_]);
    const double rise = curve_[bin_] - below;
    const double share = rise > 0 ? (height - below) / rise : 1;
    return (left + share * (right - left)) / 1000;
  }

 private:
  const std::vector<double>& curve_;
  const std::vector<std::int64_t>& edges_;
  std::size_t bin_ = 0;
};

}  // namespace

double demerit_ms(std::span<const std::int64_t> measured_ns,
                  std::span<const std::int64_t> simulated_ns) {
  if (measured_ns.empty() || simulated_ns.empty()) return 0;
  const auto edges = upper_edges();
  const auto measured = cumulative(measured_ns, edges);
  const auto simulated = cumulative(simulated_ns, edges);
  Walk a(measured, edges);
  Walk b(simulated, edges);
  double sum = 0;
  for (int i = 1; i <= kHeights; ++i) {
    const double height = static_cast<double>(i) / kHeights;
    const double apart = a.ms_at(height) - b.ms_at(height);
    sum += apart * apart;
  }
  return std::sqrt(sum / kHeights);
}

}  // namespace biotope::sim
