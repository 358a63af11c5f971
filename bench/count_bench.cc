// count_bench CASE REPEATS: does one thing REPEATS times and nothing else that grows with REPEATS, so
// that the difference of two instruction counts is the cost of doing it. Prints how often the heap
// was asked for memory in the second half, when everything is warm.
//
//   path-N     a 4 KiB write through N pass-through layers to a null disk
//   fanout-N   a 4 KiB write to N null disks at once
//   attach-N   one more geom attached, in a mesh of N disks
#include <fmt/core.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "bench/stack.h"

namespace biotope::bench {
namespace {

std::uint64_t run_path(int layers, std::int64_t repeats) {
  Bench bench;
  Consumer& edge = bench.user(bench.nops(bench.disk("da0"), layers));
  issue(bench.mesh, edge, repeats / 2);
  const std::uint64_t warm = heap_allocations();
  issue(bench.mesh, edge, repeats - repeats / 2);
  return heap_allocations() - warm;
}

std::uint64_t run_fanout(int width, std::int64_t repeats) {
  Bench bench;
  std::vector<Provider*> disks;
  for (int i = 0; i < width; ++i) disks.push_back(&bench.disk("da" + std::to_string(i)));
  Consumer& edge = bench.user(bench.fanout(disks));
  issue(bench.mesh, edge, repeats / 2);
  const std::uint64_t warm = heap_allocations();
  issue(bench.mesh, edge, repeats - repeats / 2);
  return heap_allocations() - warm;
}

// Each attachment is made on a fresh edge of a geom that stands on another disk already.
std::uint64_t run_attach(int disks, std::int64_t repeats) {
  Bench bench;
  for (int i = 0; i < disks; ++i) bench.disk("da" + std::to_string(i));
  Geom& geom = bench.user(bench.mesh.geoms().front().providers().front()).geom();
  Provider& other = bench.mesh.geoms().front().providers().front();
  for (std::int64_t i = 0; i < repeats; ++i) {
    Consumer& edge = *must(bench.mesh.new_consumer(geom));
    must(bench.mesh.attach(edge, other));
    must(bench.mesh.detach(edge));
    bench.mesh.drop(edge);
    bench.mesh.settle();
  }
  return 0;
}

}  // namespace
}  // namespace biotope::bench

int main(int argc, char** argv) {
  const std::string_view what = argc == 3 ? argv[1] : "";
  const auto dash = what.rfind('-');
  const std::int64_t repeats = argc == 3 ? std::atoll(argv[2]) : 0;
  const int n = dash == std::string_view::npos ? -1 : std::atoi(what.data() + dash + 1);
  const std::string_view kind = what.substr(0, dash);
  std::uint64_t allocations = 0;
  if (n >= 0 && kind == "path") {
    allocations = biotope::bench::run_path(n, repeats);
  } else if (n > 0 && kind == "fanout") {
    allocations = biotope::bench::run_fanout(n, repeats);
  } else if (n > 0 && kind == "attach") {
    allocations = biotope::bench::run_attach(n, repeats);
  } else {
    fmt::print(stderr, "usage: count_bench (path|fanout|attach)-N REPEATS\n");
    return 2;
  }
  fmt::print("{}\n", allocations);
  return 0;
}
