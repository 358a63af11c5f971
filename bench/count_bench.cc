// count_bench CASE REPEATS: does one thing REPEATS times and nothing else that grows with REPEATS,
// so that the difference of two instruction counts is the cost of doing it. Prints how often the
// heap was asked for memory in the second half, when everything is warm.
//
//   path-N     a 4 KiB write through N pass-through layers to a null disk
//   fanout-N   a 4 KiB write to N null disks at once
//   stripe-N   a 4 KiB read from N striped null disks
//   pooled-N   like path-N, the request taken from the pool and put back
//   mirror-N   a 4 KiB write to a mirror of N null disks
//   rows-N     a write of whole rows, 64 KiB to each data disk, to a raid5 of N null disks
//   small-N    a 4 KiB write to it
//   attach-N   one more edge attached and detached, in a mesh of N disks
#include <fmt/core.h>

#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "bench/stack.h"

namespace biotope::bench {
namespace {

using Issue = void (*)(Mesh&, Consumer&, std::int64_t);

std::uint64_t run(Mesh& mesh, Consumer& edge, std::int64_t repeats, Issue issue) {
  issue(mesh, edge, repeats / 2);
  const std::uint64_t warm = heap_allocations();
  issue(mesh, edge, repeats - repeats / 2);
  return heap_allocations() - warm;
}

std::uint64_t run_path(int layers, std::int64_t repeats) {
  Bench bench;
  return run(bench.mesh, bench.user(bench.nops(bench.disk("da0"), layers)), repeats, issue);
}

std::uint64_t run_pooled(int layers, std::int64_t repeats) {
  Bench bench;
  Consumer& edge = bench.user(bench.nops(bench.disk("da0"), layers));
  return run(bench.mesh, edge, repeats, issue_pooled);
}

std::uint64_t run_fanout(int width, std::int64_t repeats) {
  Bench bench;
  std::vector<Provider*> disks;
  for (int i = 0; i < width; ++i) disks.push_back(&bench.disk("da" + std::to_string(i)));
  return run(bench.mesh, bench.user(bench.fanout(disks)), repeats, issue);
}

std::uint64_t run_stripe(int width, std::int64_t repeats) {
  Bench bench;
  std::vector<Provider*> disks;
  for (int i = 0; i < width; ++i) disks.push_back(&bench.disk("da" + std::to_string(i)));
  return run(bench.mesh, bench.user(bench.stripe(disks)), repeats, issue_reads);
}

// Small disks: all but the first get a copy before it begins.
std::uint64_t run_mirror(int disks, std::int64_t repeats) {
  Bench bench;
  std::vector<Provider*> below;
  for (int i = 0; i < disks; ++i) {
    below.push_back(&bench.disk("da" + std::to_string(i), 8 << 20));
  }
  Consumer& edge = bench.user(bench.mirror(below));
  return run(bench.mesh, edge, repeats, issue);
}

constexpr std::int64_t kStripe_bytes = 64 << 10;

std::uint64_t run_rows(int disks, std::int64_t repeats) {
  Bench bench;
  Consumer& edge = bench.user(bench.raid5(disks, kStripe_bytes));
  const std::int64_t row_bytes = kStripe_bytes * (disks - 1);
  issue_long(bench.mesh, edge, repeats / 2, row_bytes);
  const std::uint64_t warm = heap_allocations();
  issue_long(bench.mesh, edge, repeats - repeats / 2, row_bytes);
  return heap_allocations() - warm;
}

std::uint64_t run_small(int disks, std::int64_t repeats) {
  Bench bench;
  return run(bench.mesh, bench.user(bench.raid5(disks, kStripe_bytes)), repeats, issue);
}

std::uint64_t run_attach(int disks, std::int64_t repeats) {
  Bench bench;
  for (int i = 0; i < disks; ++i) bench.disk("da" + std::to_string(i));
  Provider& disk = *bench.mesh.provider("da0");
  Consumer& edge = bench.user(disk);
  must(bench.mesh.close(edge));
  for (std::int64_t i = 0; i < repeats; ++i) {
    must(bench.mesh.detach(edge));
    must(bench.mesh.attach(edge, disk));
  }
  return 0;
}

}  // namespace
}  // namespace biotope::bench

int main(int argc, char** argv) {
  using Run = std::uint64_t (*)(int, std::int64_t);
  const std::map<std::string_view, Run> cases{
      {"path", biotope::bench::run_path},     {"fanout", biotope::bench::run_fanout},
      {"stripe", biotope::bench::run_stripe}, {"pooled", biotope::bench::run_pooled},
      {"mirror", biotope::bench::run_mirror}, {"attach", biotope::bench::run_attach},
      {"rows", biotope::bench::run_rows},     {"small", biotope::bench::run_small}};
  const std::string_view what = argc == 3 ? argv[1] : "";
  const auto dash = what.rfind('-');
  const auto found = cases.find(what.substr(0, dash));
  if (found == cases.end() || dash == std::string_view::npos) {
    fmt::print(stderr,
               "usage: count_bench (path|pooled|fanout|stripe|mirror|rows|small|attach)-N "
               "REPEATS\n");
    return 2;
  }
  fmt::print("{}\n", found->second(std::atoi(what.data() + dash + 1), std::atoll(argv[2])));
  return 0;
}
