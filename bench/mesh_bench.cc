// Builds and tears down meshes of 100,000 providers: half of them disks, half a nop on each. Prints
// one figure a line.
#include <fmt/core.h>

#include <chrono>
#include <functional>
#include <string>

#include "bench/stack.h"
#include "classes/bsd/bsd.h"
#include "classes/mbr/mbr.h"
#include "model/check.h"

namespace biotope::bench {
namespace {

constexpr int kDisks = 50'000;

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void build(Bench& bench) {
  for (int i = 0; i < kDisks; ++i) bench.nops(bench.disk("da" + std::to_string(i)), 1);
  BIOTOPE_CHECK(bench.mesh.settle(), "nothing here can hang");
}

void tear_down(Bench& bench) {
  for (Geom& geom : bench.mesh.geoms()) {
    if (geom.rank() == 1) bench.mesh.wither(geom);
  }
  BIOTOPE_CHECK(bench.mesh.settle(), "nothing here can hang");
  BIOTOPE_CHECK(bench.mesh.census() == Census{}, "nothing is left");
}

void run(const std::string& suffix, bool tasting) {
  Bench bench;
  must(bench.mesh.load(std::make_unique<MbrClass>()));
  must(bench.mesh.load(std::make_unique<BsdClass>()));
  bench.mesh.set_tasting(tasting);
  const std::int64_t before = heap_bytes();
  const double build_seconds = seconds([&] { build(bench); });
  const std::int64_t bytes = heap_bytes() - before;
  const double teardown_seconds = seconds([&] { tear_down(bench); });
  fmt::print("mesh.build{}_100k_seconds {:.3f}\n", suffix, build_seconds);
  fmt::print("mesh.teardown{}_100k_seconds {:.3f}\n", suffix, teardown_seconds);
  fmt::print("mesh.bytes{}_per_provider {}\n", suffix, bytes / (2 * kDisks));
}

}  // namespace
}  // namespace biotope::bench

int main() {
  biotope::bench::run("", false);
  biotope::bench::run("_tasted", true);
  return 0;
}
