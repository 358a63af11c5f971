#include "viz/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "model/check.h"

namespace biotope::viz {
namespace {

constexpr int kSubBucketBits = 7;
constexpr int64_t kSubBuckets = int64_t{1} << kSubBucketBits;
constexpr int64_t kCountLimit = std::numeric_limits<int64_t>::max();

// Steps of the percentile text to each halving of the rest, as HdrHistogram's own default.
constexpr int64_t kTicksPerHalf = 5;

int shift_of_value(int64_t value) {
  const auto bits = static_cast<int>(std::bit_width(static_cast<uint64_t>(value)));
  return std::max(0, bits - kSubBucketBits - 1);
}

size_t index_of(int64_t value) {
  const int shift = shift_of_value(value);
  return static_cast<size_t>(shift * kSubBuckets + (value >> shift));
}

Histogram::Bin bin_at(size_t index, int64_t count) {
  const auto i = static_cast<int64_t>(index);
  const int64_t shift = i < 2 * kSubBuckets ? 0 : i / kSubBuckets - 1;
  const int64_t low = (i - shift * kSubBuckets) << shift;
  return {low, low + ((int64_t{1} << shift) - 1), count};
}

double middle_ns(const Histogram::Bin& bin) {
  const int64_t half = (bin.high_ns - bin.low_ns + 1) / 2;
  return static_cast<double>(bin.low_ns + half);
}

// Share 1 - (2 * kTicks - tick) / (2 * kTicks * 2^halvings): 0, 0.1 .. 0.5, 0.55 .. 0.75, ...
struct Level {
  int halvings = 0;
  int64_t tick = 0;

  // Whether `seen` of `total` are at least this share; in integers, so that no rounding decides.
  bool reached(int64_t seen, int64_t total) const {
    const __int128 left = static_cast<__int128>(total - seen) * (2 * kTicksPerHalf);
    const __int128 allowed = static_cast<__int128>(2 * kTicksPerHalf - tick) * total;
    return left <= allowed >> halvings;
  }

  double rest() const {
    return std::ldexp(static_cast<double>(2 * kTicksPerHalf - tick) / (2.0 * kTicksPerHalf),
                      -halvings);
  }

  void advance() {
    if (++tick < kTicksPerHalf) return;
    tick = 0;
    ++halvings;
  }
};

constexpr const char* kRow = "{:12.2f} {:14.12f} {:10} {:>14}\n";

void append_rows(std::string& text, const Histogram& histogram) {
  Level level;
  int64_t seen = 0;
  for (const Histogram::Bin& bin : histogram.bins()) {
    seen += bin.count;
    const auto value = static_cast<double>(bin.high_ns);
    // The last value would satisfy levels without end: one row, then the one that closes the table.
    while (level.reached(seen, histogram.count())) {
      text += fmt::format(kRow, value, 1.0 - level.rest(), seen,
                          fmt::format("{:.2f}", 1.0 / level.rest()));
      level.advance();
      if (seen == histogram.count()) {
        text += fmt::format(kRow, value, 1.0, seen, "inf");
        return;
      }
    }
  }
}

}  // namespace

void Histogram::record(int64_t value_ns, int64_t count) {
  BIOTOPE_CHECK(value_ns >= 0 && count > 0, "a histogram counts times that are not negative");
  BIOTOPE_CHECK(count <= kCountLimit - count_, "a histogram counts at most 2^63 - 1 values");
  const size_t index = index_of(value_ns);
  if (index >= counts_.size()) counts_.resize(index + 1);
  counts_[index] += count;
  min_ns_ = empty() ? value_ns : std::min(min_ns_, value_ns);
  max_ns_ = std::max(max_ns_, value_ns);
  sum_ns_ += static_cast<__int128>(value_ns) * count;
  count_ += count;
}

void Histogram::merge(const Histogram& other) {
  if (other.empty()) return;
  BIOTOPE_CHECK(other.count_ <= kCountLimit - count_, "a histogram counts at most 2^63 - 1 values");
  min_ns_ = empty() ? other.min_ns_ : std::min(min_ns_, other.min_ns_);
  max_ns_ = std::max(max_ns_, other.max_ns_);
  sum_ns_ += other.sum_ns_;
  count_ += other.count_;
  const size_t incoming = other.counts_.size();
  if (incoming > counts_.size()) counts_.resize(incoming);
  for (size_t i = 0; i < incoming; ++i) counts_[i] += other.counts_[i];
}

double Histogram::mean_ns() const {
  return empty() ? 0.0 : static_cast<double>(sum_ns_) / static_cast<double>(count_);
}

double Histogram::standard_deviation_ns() const {
  if (empty()) return 0.0;
  const double mean = mean_ns();
  double sum = 0.0;
  for (const Bin& bin : bins()) {
    const double distance = middle_ns(bin) - mean;
    sum += distance * distance * static_cast<double>(bin.count);
  }
  return std::sqrt(sum / static_cast<double>(count_));
}

Histogram::Bin Histogram::bin_of_rank(int64_t rank) const {
  BIOTOPE_CHECK(rank >= 1 && rank <= count_, "a rank lies between 1 and the count");
  int64_t seen = 0;
  size_t index = 0;
  while ((seen += counts_[index]) < rank) ++index;
  return bin_at(index, counts_[index]);
}

int64_t Histogram::rank_of(Quantile q) const {
  BIOTOPE_CHECK(q.denominator > 0 && q.numerator >= 0 && q.numerator <= q.denominator,
                "a quantile is a fraction from 0 to 1");
  const __int128 wanted = static_cast<__int128>(count_) * q.numerator;
  return std::max<int64_t>(1, static_cast<int64_t>((wanted + q.denominator - 1) / q.denominator));
}

int64_t Histogram::percentile_ns(Quantile q) const {
  if (empty()) return 0;
  return std::min(max_ns_, bin_of_rank(rank_of(q)).high_ns);
}

std::vector<Histogram::Bin> Histogram::bins() const {
  std::vector<Bin> result;
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] != 0) result.push_back(bin_at(i, counts_[i]));
  }
  return result;
}

nlohmann::json to_json(const Histogram& histogram, Bins bins) {
  nlohmann::json json = {{"count", histogram.count()},
                         {"min_ns", histogram.min_ns()},
                         {"max_ns", histogram.max_ns()},
                         {"mean_ns", histogram.mean_ns()},
                         {"p50_ns", histogram.percentile_ns({50, 100})},
                         {"p90_ns", histogram.percentile_ns({90, 100})},
                         {"p99_ns", histogram.percentile_ns({99, 100})},
                         {"p99_9_ns", histogram.percentile_ns({999, 1000})}};
  if (bins == Bins::without) return json;
  json["bins"] = nlohmann::json::array();
  for (const Histogram::Bin& bin : histogram.bins()) {
    json["bins"].push_back({bin.low_ns, bin.high_ns, bin.count});
  }
  return json;
}

std::string to_hgrm(const Histogram& histogram) {
  std::string text = fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile",
                                 "TotalCount", "1/(1-Percentile)");
  append_rows(text, histogram);
  const int buckets = std::numeric_limits<int64_t>::digits - kSubBucketBits;
  text += fmt::format("#[Mean    = {:12.2f}, StdDeviation   = {:12.2f}]\n", histogram.mean_ns(),
                      histogram.standard_deviation_ns());
  text += fmt::format("#[Max     = {:12.2f}, Total count    = {:12}]\n",
                      static_cast<double>(histogram.max_ns()), histogram.count());
  text += fmt::format("#[Buckets = {:12}, SubBuckets     = {:12}]\n", buckets, 2 * kSubBuckets);
  return text;
}

}  // namespace biotope::viz
