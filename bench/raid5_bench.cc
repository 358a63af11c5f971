// Whether a write to a raid5 costs as much after a million of them as after a thousand: 4 KiB at a
// time, timed a thousand at a time. The quickest thousand of several is what the machine's load
// disturbed least.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "bench/stack.h"

namespace biotope::bench {
namespace {

constexpr int kAtATime = 1'000;
constexpr int kTimes = 1'000;
constexpr int kCompared = 50;

void run() {
  Bench bench;
  Consumer& edge = bench.user(bench.raid5(5, 64 << 10));
  double early_s = std::numeric_limits<double>::max();
  double late_s = early_s;
  for (int i = 0; i < kTimes; ++i) {
    const auto start = std::chrono::steady_clock::now();
    issue(bench.mesh, edge, kAtATime);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    if (i < kCompared) early_s = std::min(early_s, taken.count());
    if (i >= kTimes - kCompared) late_s = std::min(late_s, taken.count());
  }
  fmt::print("raid5.cost_ratio_1m_to_1k {:.3f}\n", late_s / early_s);
}

}  // namespace
}  // namespace biotope::bench

int main() {
  biotope::bench::run();
  return 0;
}
