#include "sim/workload/draws.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "sim/workload/testing.h"

namespace biotope::sim {
namespace {

// How far counts lie from what a law expects of them, in standard deviations of chi-square; values
// expected less than five times count together.
double chi_square_excess(const std::vector<std::int64_t>& counts,
                         const std::vector<double>& expected) {
  double chi_square = 0;
  double bins = 0;
  double pooled_count = 0;
  double pooled_expected = 0;
  const auto add = [&](double count, double expects) {
    chi_square += (count - expects) * (count - expects) / expects;
    ++bins;
  };
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (expected[i] >= 5) {
      add(static_cast<double>(counts[i]), expected[i]);
    } else {
      pooled_count += static_cast<double>(counts[i]);
      pooled_expected += expected[i];
    }
  }
  if (pooled_expected >= 5) add(pooled_count, pooled_expected);
  const double freedom = bins - 1;
  return (chi_square - freedom) / std::sqrt(2 * freedom);
}

TEST(Draws, zipf_keeps_its_law) {
  constexpr int kDraws = 300'000;
  constexpr int kRanks = 2000;
  for (const double theta : {0.4, 0.99, 1.0, 1.2, 3.0}) {
    const ZipfRanks ranks(kRanks, theta);
    RandomStream stream(1, "zipf");
    std::vector<std::int64_t> counts(kRanks);
    for (int i = 0; i < kDraws; ++i) ++counts[static_cast<std::size_t>(ranks.next(stream) - 1)];
    std::vector<double> expected(kRanks);
    double sum = 0;
    for (int k = 0; k < kRanks; ++k) sum += std::pow(k + 1, -theta);
    for (int k = 0; k < kRanks; ++k) {
      expected[static_cast<std::size_t>(k)] = kDraws * std::pow(k + 1, -theta) / sum;
    }
    EXPECT_LT(chi_square_excess(counts, expected), 4) << theta;
  }
}

TEST(Draws, zipf_of_one_and_of_very_many_stays_within) {
  RandomStream stream(1, "zipf");
  const ZipfRanks one(1, 1.2);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(one.next(stream), 1);
  constexpr std::int64_t kMany = std::int64_t{1} << 50;
  const ZipfRanks many(kMany, 0.5);
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t rank = many.next(stream);
    ASSERT_TRUE(rank >= 1 && rank <= kMany);
  }
}

TEST(Draws, popular_places_are_strewn_each_to_one_of_its_own) {
  JobOptions job;
  job.distribution = JobOptions::Distribution::zipf;
  job.theta = 0.1;
  for (const std::int64_t count : {1, 2, 3, 97, 1024}) {
    const Places places(job, count);
    RandomStream stream(1, "places");
    std::set<std::int64_t> seen;
    for (int i = 0; i < 40'000; ++i) seen.insert(places.next(stream));
    EXPECT_EQ(static_cast<std::int64_t>(seen.size()), count);
    EXPECT_EQ(*seen.begin(), 0);
    EXPECT_EQ(*seen.rbegin(), count - 1);
  }
}

// A fifth of the disk gets four fifths of the requests.
TEST(Draws, pareto_gives_a_share_of_the_disk_the_rest_of_the_requests) {
  JobOptions job;
  job.distribution = JobOptions::Distribution::pareto;
  job.theta = 0.2;
  constexpr std::size_t kPlaces = 1000;
  constexpr double kDraws = 200'000;
  const Places places(job, kPlaces);
  RandomStream stream(1, "places");
  std::vector<int> counts(kPlaces);
  for (int i = 0; i < kDraws; ++i) ++counts[static_cast<std::size_t>(places.next(stream))];
  std::sort(counts.rbegin(), counts.rend());
  const double popular = std::accumulate(counts.begin(), counts.begin() + kPlaces / 5, 0.0);
  EXPECT_NEAR(popular / kDraws, 0.8, 5 * std::sqrt(0.8 * 0.2 / kDraws) + 0.002);
}

TEST(Draws, zones_get_their_requests_and_places_in_them_are_even) {
  const JobOptions job = job_of("rw=randread random_distribution=zoned:60/10:30/40:10/50");
  constexpr std::int64_t kPlaces = 100;
  constexpr int kDraws = 200'000;
  const Places places(job, kPlaces);
  RandomStream stream(1, "places");
  std::vector<std::int64_t> counts(kPlaces);
  for (int i = 0; i < kDraws; ++i) ++counts[static_cast<std::size_t>(places.next(stream))];
  std::vector<double> expected(kPlaces);
  for (std::size_t i = 0; i < kPlaces; ++i) {
    expected[i] = kDraws * (i < 10 ? 0.06 : i < 50 ? 0.0075 : 0.002);
  }
  EXPECT_LT(chi_square_excess(counts, expected), 4);
}

// Kolmogorov and Smirnov: the greatest distance from the law that chance allows once in a thousand.
TEST(Draws, poisson_arrivals_have_exponential_gaps) {
  const JobOptions job =
      job_of("rw=randread rate_iops=500 rate_process=poisson io_submit_mode=offload");
  Arrivals arrivals(job);
  RandomStream stream(1, "clock");
  constexpr std::size_t kGaps = 100'000;
  std::vector<double> gaps;
  std::int64_t last_ns = 0;
  for (std::size_t i = 0; i < kGaps; ++i) {
    const std::int64_t next_ns = arrivals.next_ns(stream);
    gaps.push_back(static_cast<double>(next_ns - last_ns));
    last_ns = next_ns;
  }
  std::sort(gaps.begin(), gaps.end());
  double farthest = 0;
  for (std::size_t i = 0; i < kGaps; ++i) {
    const double law = -std::expm1(-gaps[i] / 2e6);
    farthest = std::max({farthest, std::abs(law - static_cast<double>(i) / kGaps),
                         std::abs(law - static_cast<double>(i + 1) / kGaps)});
  }
  EXPECT_LT(farthest, 1.95 / std::sqrt(static_cast<double>(kGaps)));
}

TEST(Draws, constant_arrivals_do_not_drift_and_rest_between_bursts) {
  const std::string rate = "rw=randread io_submit_mode=offload rate_iops=3000 ";
  Arrivals even(job_of(rate));
  Arrivals bursts(job_of(rate + "burst_on=10ms burst_off=90ms"));
  RandomStream stream(1, "clock");
  for (std::int64_t i = 0; i < 3000; ++i) {
    const std::int64_t even_ns = even.next_ns(stream);
    EXPECT_EQ(even_ns, i * 1'000'000 / 3);
    EXPECT_EQ(bursts.next_ns(stream), even_ns + i / 30 * 90'000'000);
  }
}

TEST(Draws, lengths_come_by_their_percentages) {
  const JobOptions job = job_of("rw=randread bssplit=4k/60:64k/30:512/");
  RandomStream stream(1, "lengths");
  std::vector<std::int64_t> counts(3);
  for (int i = 0; i < 100'000; ++i) {
    const std::int64_t length = draw_share(job.read_lengths, stream);
    ++counts[length == 4096 ? 0 : length == 65536 ? 1 : 2];
  }
  EXPECT_LT(chi_square_excess(counts, {60'000, 30'000, 10'000}), 4);
}

}  // namespace
}  // namespace biotope::sim
