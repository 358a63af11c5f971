#include "viz/histogram.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace biotope::viz {
namespace {

// Values of every magnitude: a uniform one would nearly always be huge.
rc::Gen<std::vector<int64_t>> times() {
  return rc::gen::container<std::vector<int64_t>>(
      rc::gen::mapcat(rc::gen::inRange(1, 63), [](int bits) {
        return rc::gen::inRange<int64_t>(0, std::numeric_limits<int64_t>::max() >> (63 - bits));
      }));
}

Histogram histogram_of(const std::vector<int64_t>& values) {
  Histogram histogram;
  for (const int64_t value : values) histogram.record(value);
  return histogram;
}

RC_GTEST_PROP(Histogram, merge_of_parts_equals_the_whole, ()) {
  const auto first = *times();
  const auto second = *times();
  Histogram merged = histogram_of(first);
  merged.merge(histogram_of(second));

  std::vector<int64_t> all = second;
  all.insert(all.end(), first.begin(), first.end());
  const Histogram whole = histogram_of(all);
  RC_ASSERT(merged == whole);
  RC_ASSERT(to_json(merged, Bins::with) == to_json(whole, Bins::with));
  RC_ASSERT(to_hgrm(merged) == to_hgrm(whole));
}

RC_GTEST_PROP(Histogram, every_rank_lies_inside_its_bin, ()) {
  auto values = *rc::gen::nonEmpty(times());
  const Histogram histogram = histogram_of(values);
  std::sort(values.begin(), values.end());
  for (size_t i = 0; i < values.size(); ++i) {
    const Histogram::Bin bin = histogram.bin_of_rank(static_cast<int64_t>(i) + 1);
    RC_ASSERT(bin.low_ns <= values[i] && values[i] <= bin.high_ns);
    RC_ASSERT(bin.high_ns - bin.low_ns <= bin.low_ns / 128);
  }
}

RC_GTEST_PROP(Histogram, percentile_bounds_the_true_one_within_two_to_the_minus_seven, ()) {
  auto values = *rc::gen::nonEmpty(times());
  const auto denominator = *rc::gen::inRange<int64_t>(1, 100'000);
  const auto numerator = *rc::gen::inRange<int64_t>(0, denominator + 1);
  const Histogram histogram = histogram_of(values);
  std::sort(values.begin(), values.end());

  // The definition, by search: the first value with at least that share at or below its place.
  size_t place = 0;
  while (static_cast<int64_t>(place + 1) * denominator <
         numerator * static_cast<int64_t>(values.size())) {
    ++place;
  }
  const int64_t truth = values[place];
  const int64_t told = histogram.percentile_ns({numerator, denominator});
  RC_ASSERT(told >= truth);
  RC_ASSERT(told - truth <= truth / 128);
  RC_ASSERT(told <= values.back());
}

RC_GTEST_PROP(Histogram, count_min_max_and_mean_are_exact, ()) {
  const auto values =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<int64_t>>(rc::gen::inRange(0, 1 << 30)));
  const Histogram histogram = histogram_of(values);
  int64_t sum = 0;
  for (const int64_t value : values) sum += value;
  RC_ASSERT(histogram.count() == static_cast<int64_t>(values.size()));
  RC_ASSERT(histogram.min_ns() == *std::min_element(values.begin(), values.end()));
  RC_ASSERT(histogram.max_ns() == *std::max_element(values.begin(), values.end()));
  RC_ASSERT(histogram.mean_ns() == static_cast<double>(sum) / static_cast<double>(values.size()));
}

RC_GTEST_PROP(Histogram, bins_rise_and_add_up, ()) {
  const Histogram histogram = histogram_of(*times());
  int64_t before = -1;
  int64_t count = 0;
  for (const Histogram::Bin& bin : histogram.bins()) {
    RC_ASSERT(before < bin.low_ns);
    RC_ASSERT(bin.count > 0);
    before = bin.high_ns;
    count += bin.count;
  }
  RC_ASSERT(count == histogram.count());
}

TEST(Histogram, greatest_time_has_a_bin_and_its_sum_does_not_overflow) {
  Histogram histogram;
  const int64_t greatest = std::numeric_limits<int64_t>::max();
  histogram.record(greatest, 4);
  EXPECT_EQ(histogram.percentile_ns({1, 2}), greatest);
  EXPECT_EQ(histogram.bins().back().high_ns, greatest);
  EXPECT_DOUBLE_EQ(histogram.mean_ns(), 9223372036854775807.0);
}

TEST(Histogram, bin_edges_double_every_128_bins) {
  const Histogram histogram = histogram_of({255, 256, 511, 512, 1024});
  std::vector<int64_t> lows;
  std::vector<int64_t> highs;
  for (const Histogram::Bin& bin : histogram.bins()) {
    lows.push_back(bin.low_ns);
    highs.push_back(bin.high_ns);
  }
  EXPECT_EQ(lows, (std::vector<int64_t>{255, 256, 510, 512, 1024}));
  EXPECT_EQ(highs, (std::vector<int64_t>{255, 257, 511, 515, 1031}));
}

TEST(Histogram, empty_one_is_all_zero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.percentile_ns({99, 100}), 0);
  EXPECT_EQ(histogram.min_ns(), 0);
  EXPECT_EQ(histogram.mean_ns(), 0.0);
  EXPECT_TRUE(to_json(histogram, Bins::with)["bins"].empty());
}

TEST(Histogram, json_names_its_units_and_lists_bins_only_when_asked) {
  const Histogram histogram = histogram_of({10, 20, 300});
  const auto json = to_json(histogram, Bins::with);
  EXPECT_EQ(json["count"], 3);
  EXPECT_EQ(json["min_ns"], 10);
  EXPECT_EQ(json["max_ns"], 300);
  EXPECT_EQ(json["mean_ns"], 110.0);
  EXPECT_EQ(json["p50_ns"], 20);
  EXPECT_EQ(json["bins"], nlohmann::json::parse("[[10,10,1],[20,20,1],[300,301,1]]"));
  EXPECT_FALSE(to_json(histogram, Bins::without).contains("bins"));
}

// The rows are those that hdr-histogram-js 3.0.1 prints for these values at two significant
// digits; the footer was worked out by hand, as ours takes the exact mean.
TEST(Histogram, hgrm_text_is_that_of_another_implementation) {
  const Histogram histogram = histogram_of({12, 90, 90, 255, 256, 300, 511, 512, 4096, 9'999'999});
  EXPECT_EQ(to_hgrm(histogram), R"(       Value     Percentile TotalCount 1/(1-Percentile)

       12.00 0.000000000000          1           1.00
       12.00 0.100000000000          1           1.11
       90.00 0.200000000000          3           1.25
       90.00 0.300000000000          3           1.43
      255.00 0.400000000000          4           1.67
      257.00 0.500000000000          5           2.00
      301.00 0.550000000000          6           2.22
      301.00 0.600000000000          6           2.50
      511.00 0.650000000000          7           2.86
      511.00 0.700000000000          7           3.33
      515.00 0.750000000000          8           4.00
      515.00 0.775000000000          8           4.44
      515.00 0.800000000000          8           5.00
     4127.00 0.825000000000          9           5.71
     4127.00 0.850000000000          9           6.67
     4127.00 0.875000000000          9           8.00
     4127.00 0.887500000000          9           8.89
     4127.00 0.900000000000          9          10.00
 10027007.00 0.912500000000         10          11.43
 10027007.00 1.000000000000         10            inf
#[Mean    =   1000612.10, StdDeviation   =   2998067.55]
#[Max     =   9999999.00, Total count    =           10]
#[Buckets =           56, SubBuckets     =          256]
)");
}

// Again from hdr-histogram-js 3.0.1: the tail of a thousand values, where the steps grow fine.
TEST(Histogram, hgrm_tail_is_that_of_another_implementation) {
  Histogram histogram;
  for (int64_t i = 0; i < 1000; ++i) histogram.record(1 + (i * 7919) % 1000 * i * 3);
  const std::string text = to_hgrm(histogram);
  EXPECT_NE(text.find(R"(
  2539519.00 0.984375000000        990          64.00
  2539519.00 0.985937500000        990          71.11
  2539519.00 0.987500000000        990          80.00
  2539519.00 0.989062500000        990          91.43
  2654207.00 0.990625000000        995         106.67
  2654207.00 0.992187500000        995         128.00
  2654207.00 0.992968750000        995         142.22
  2654207.00 0.993750000000        995         160.00
  2654207.00 0.994531250000        995         182.86
  2768895.00 0.995312500000        998         213.33
  2768895.00 0.996093750000        998         256.00
  2768895.00 0.996484375000        998         284.44
  2768895.00 0.996875000000        998         320.00
  2768895.00 0.997265625000        998         365.71
  2768895.00 0.997656250000        998         426.67
  2883583.00 0.998046875000       1000         512.00
  2883583.00 1.000000000000       1000            inf
)"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace biotope::viz
