// Nanoseconds a request takes, where the machine is quiet enough to tell; the instruction counts of
// count_bench are exact.
#include <benchmark/benchmark.h>

#include "bench/stack.h"

namespace biotope::bench {
namespace {

void layers(benchmark::State& state) {
  Bench bench;
  Consumer& edge = bench.user(bench.nops(bench.disk("da0"), static_cast<int>(state.range(0))));
  for (auto _ : state) issue(bench.mesh, edge, 1);
}
BENCHMARK(layers)->Arg(0)->Arg(1)->Arg(4)->Arg(16);

void fanout(benchmark::State& state) {
  Bench bench;
  std::vector<Provider*> disks;
  for (int i = 0; i < state.range(0); ++i) {
    disks.push_back(&bench.disk("da" + std::to_string(i)));
  }
  Consumer& edge = bench.user(bench.fanout(disks));
  for (auto _ : state) issue(bench.mesh, edge, 1);
}
BENCHMARK(fanout)->Arg(2)->Arg(3);

}  // namespace
}  // namespace biotope::bench

BENCHMARK_MAIN();
