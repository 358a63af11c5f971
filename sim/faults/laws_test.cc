#include "sim/faults/laws.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <functional>
#include <map>

#include "sim/faults/drive_faults.h"

namespace biotope::sim {
namespace {

constexpr int kDraws = 1'000'000;
// A test that holds would be missed by one seed in a thousand.
constexpr double kChance = 0.001;

// Kolmogorov's and Smirnov's distance from a law, over which one in a thousand would be.
void expect_law(std::vector<double> drawn, const std::function<double(double)>& law) {
  std::sort(drawn.begin(), drawn.end());
  const auto n = static_cast<double>(drawn.size());
  double distance = 0;
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    const double expected = law(drawn[i]);
    const auto below = static_cast<double>(i);
    distance = std::max({distance, expected - below / n, (below + 1) / n - expected});
  }
  EXPECT_LT(distance, std::sqrt(-std::log(kChance / 2) / 2 / n));
}

// Pearson's chi-square: counts of 0, 1, 2, ... against their chances; rare ones count as one.
void expect_chances(const std::map<std::int64_t, int>& counts, int draws,
                    const std::function<double(std::int64_t)>& chance) {
  double square = 0;
  int classes = 0;
  double left = 1;
  int left_counted = draws;
  for (std::int64_t value = counts.begin()->first; draws * left > 200; ++value) {
    const double expected = draws * chance(value);
    if (expected < 100) break;
    const auto found = counts.find(value);
    const int counted = found == counts.end() ? 0 : found->second;
    square += (counted - expected) * (counted - expected) / expected;
    ++classes;
    left -= chance(value);
    left_counted -= counted;
  }
  if (draws * left > 1) {
    square += (left_counted - draws * left) * (left_counted - draws * left) / (draws * left);
    ++classes;
  }
  ASSERT_GT(classes, 1);
  const boost::math::chi_squared law(classes - 1);
  EXPECT_LT(square, boost::math::quantile(boost::math::complement(law, kChance)));
}

std::vector<double> draws_of(const std::function<double(RandomStream&)>& draw, const char* name) {
  RandomStream stream(1, name);
  std::vector<double> drawn(kDraws);
  for (double& value : drawn) value = draw(stream);
  return drawn;
}

TEST(FaultLaws, Fault_F19_deaths_follow_the_exponential_and_the_weibull_law) {
  expect_law(draws_of([](auto& s) { return exponential(s, 5); }, "exponential"),
             [](double x) { return 1 - std::exp(-x / 5); });
  for (const double shape : {0.7, 2.5}) {
    const double scale = 5 / std::tgamma(1 + 1 / shape);
    const auto drawn = draws_of([&](auto& s) { return weibull(s, 5, shape); }, "weibull");
    expect_law(drawn, [&](double x) { return 1 - std::exp(-std::pow(x / scale, shape)); });
    double sum = 0;
    for (const double life : drawn) sum += life;
    // Five standard errors: such a law spreads by at most 1.5 of its mean.
    EXPECT_NEAR(sum / kDraws, 5, 5 * 7.5 / std::sqrt(kDraws)) << shape;
  }
}

TEST(FaultLaws, Fault_F20_lives_of_a_batch_are_correlated_as_said_and_each_is_exponential) {
  for (const double rho : {0.0, 0.3, 0.9}) {
    RandomStream stream(2, "batch");
    std::vector<double> first;
    double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
    for (int i = 0; i < kDraws; ++i) {
      const std::vector<double> lives = batch_lives(stream, 2, 7, rho);
      first.push_back(lives[0]);
      x += lives[0], y += lives[1];
      xx += lives[0] * lives[0], yy += lives[1] * lives[1], xy += lives[0] * lives[1];
    }
    const double n = kDraws;
    const double correlation = (xy - x * y / n) / std::sqrt((xx - x * x / n) * (yy - y * y / n));
    EXPECT_NEAR(correlation, rho, 0.01) << rho;
    expect_law(std::move(first), [](double life) { return 1 - std::exp(-life / 7); });
  }
}

TEST(FaultLaws, Fault_F01_errors_come_in_clusters_of_the_law_that_was_asked_for) {
  const SectorErrors::Shape shape{.first = 1'000'000,
                                  .count = 500'000'000,
                                  .gap_ns = 1e6,
                                  .cluster = 3,
                                  .radius = 40,
                                  .burst_gap_ns = 10};
  SectorErrors errors(shape, 0);
  RandomStream stream(3, "errors");
  std::vector<double> gaps;
  std::vector<double> places;
  std::map<std::int64_t, int> sizes;
  std::map<std::int64_t, int> offsets;
  int behind = 0;
  double before = 0;
  for (int i = 0; i < kDraws; ++i) {
    const auto cluster = errors.next_cluster(stream);
    gaps.push_back(cluster[0].time_ns - before);
    before = cluster[0].time_ns;
    places.push_back(static_cast<double>(cluster[0].sector - shape.first));
    ++sizes[std::ssize(cluster)];
    for (std::size_t k = 1; k < cluster.size(); ++k, ++behind) {
      ++offsets[cluster[k].sector - cluster[0].sector];
      ASSERT_GE(cluster[k].time_ns, cluster[k - 1].time_ns);
    }
  }
  expect_law(std::move(gaps), [](double gap) { return 1 - std::exp(-gap / 1e6); });
  expect_law(std::move(places), [&](double x) { return (x + 0.5) / 500e6; });
  expect_chances(sizes, kDraws,
                 [](std::int64_t n) { return std::pow(2.0 / 3, static_cast<double>(n - 1)) / 3; });
  expect_chances(offsets, behind, [](std::int64_t off) { return off <= 40 ? 1.0 / 81 : 0; });
}

// Counts over windows much longer than a cluster lasts spread more than by chance: their variance
// is mean * (E[size^2] / E[size]), which for geometric sizes of mean m is 2 m - 1.
TEST(FaultLaws, Fault_F01_the_clustering_index_is_that_of_its_clusters) {
  for (const double cluster : {1.0, 4.0}) {
    SectorErrors errors({.first = 0,
                         .count = 1000,
                         .gap_ns = 100,
                         .cluster = cluster,
                         .radius = 0,
                         .burst_gap_ns = 0},
                        0);
    RandomStream stream(4, "errors");
    std::map<std::int64_t, double> windows;
    constexpr double kWindowNs = 1000;
    constexpr std::int64_t kWindows = 100'000;
    for (bool more = true; more;) {
      for (const auto& error : errors.next_cluster(stream)) {
        const auto window = static_cast<std::int64_t>(error.time_ns / kWindowNs);
        more = window < kWindows;
        if (more) ++windows[window];
      }
    }
    double sum = 0, squares = 0;
    for (const auto& [window, count] : windows) sum += count, squares += count * count;
    const double mean = sum / kWindows;
    const double index = (squares / kWindows - mean * mean) / mean;
    // The variance of so many windows is known to a part in sqrt(2 / windows), times five.
    EXPECT_NEAR(index, 2 * cluster - 1, 5 * (2 * cluster - 1) * std::sqrt(3.0 / kWindows));
  }
}

TEST(FaultLaws, Fault_F28_requests_are_slow_with_the_probability_asked_for_and_independently) {
  DriveFaults faults(
      "bay", 5, [] { return nullptr; }, [](const std::string&) { return nullptr; });
  const auto number = faults.add(*parse_fault("slow bay times=0 per_million=20000 percent=300"), 0);
  std::map<std::int64_t, int> gaps;
  std::int64_t last = -1;
  std::int64_t requests = 0;
  int struck = 0;
  for (; struck < kDraws / 20; ++requests) {
    const Trouble trouble = faults.meet({.first = requests, .count = 1, .now_ns = requests});
    if (trouble.percent == 100) continue;
    ++gaps[requests - last];
    last = requests;
    ++struck;
  }
  EXPECT_GT(requests, kDraws);
  EXPECT_EQ(faults.struck(number), static_cast<std::uint64_t>(struck));
  expect_chances(gaps, struck, [](std::int64_t gap) {
    return 0.02 * std::pow(0.98, static_cast<double>(gap - 1));
  });
}

TEST(FaultLaws, Fault_F29_stalls_last_evenly_as_long_as_asked_for) {
  DriveFaults faults(
      "bay", 6, [] { return nullptr; }, [](const std::string&) { return nullptr; });
  faults.add(*parse_fault("stall bay times=0 duration_ns=1000000 spread_percent=50"), 0);
  std::vector<double> stalls;
  for (std::int64_t i = 0; i < kDraws; ++i) {
    const std::int64_t now_ns = i * 10'000'000;
    stalls.push_back(static_cast<double>(
        faults.meet({.first = 0, .count = 1, .now_ns = now_ns}).taken_up_ns - now_ns));
  }
  expect_law(std::move(stalls), [](double x) { return (x - 500'000 + 0.5) / 1'000'001; });
}

TEST(FaultLaws, Inv_D3_a_fault_that_is_off_draws_nothing_and_others_are_struck_as_before) {
  const auto struck_by_slow = [](bool with_stall) {
    DriveFaults faults(
        "bay", 7, [] { return nullptr; }, [](const std::string&) { return nullptr; });
    const auto stall = faults.add(*parse_fault("stall bay times=0 per_million=500000"), 0);
    faults.add(*parse_fault("slow bay times=0 per_million=300000"), 0);
    faults.enable(stall, with_stall);
    std::vector<bool> struck;
    for (std::int64_t i = 0; i < 1000; ++i) {
      struck.push_back(faults.meet({.first = i, .count = 1, .now_ns = i}).percent != 100);
    }
    EXPECT_EQ(faults.struck(stall) > 0, with_stall);
    return struck;
  };
  EXPECT_EQ(struck_by_slow(true), struck_by_slow(false));
}

}  // namespace
}  // namespace biotope::sim
