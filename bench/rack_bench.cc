// Simulated requests per second of processor time: four ZIP drives, each kept busy with eight reads
// of 4 KiB at scattered places, through the mesh, the controller and the drive. Prints one figure a
// line.
#include <fmt/core.h>

#include <ctime>
#include <vector>

#include "bench/stack.h"
#include "model/check.h"
#include "sim/bridge.h"

namespace biotope::bench {
namespace {

constexpr int kDrives = 4;
constexpr int kDepth = 8;
constexpr std::int64_t kRequests = 100'000;
constexpr std::int64_t kRequestBytes = 4096;

double cpu_seconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

// Keeps one edge busy: what comes back goes out again, to the next place of a fixed walk.
class Load {
 public:
  Load(Consumer& edge, std::int64_t& left) : edge_(edge), left_(left) {}

  void start() {
    for (Bio& bio : bios_) {
      bio.command = Command::read;
      bio.length_bytes = kRequestBytes;
      bio.data = Data(data_);
      bio.caller1 = this;
      bio.done = [](Bio& done) { static_cast<Load*>(done.caller1)->next(done); };
      next(bio);
    }
  }

 private:
  void next(Bio& bio) {
    BIOTOPE_CHECK(bio.error == 0, "a sound drive answers");
    if (left_-- <= 0) return;
    const std::int64_t places = edge_.provider()->media_size_bytes() / kRequestBytes;
    place_ = (place_ * 1'103'515'245 + 12'345) % places;
    bio.offset_bytes = place_ * kRequestBytes;
    edge_.geom().mesh().submit(bio, edge_);
  }

  Consumer& edge_;
  std::int64_t& left_;
  std::int64_t place_ = 1;
  Bio bios_[kDepth];
  std::byte data_[kRequestBytes];
};

void run() {
  const std::unique_ptr<sim::Rack> rack = must(sim::Rack::create());
  must(rack->add_controller("scsi0", kDrives, "zip100"));
  sim::Bridge bridge(*rack);
  Bench bench(rack->executor());
  must(bridge.connect(bench.mesh));
  std::int64_t left = kRequests;
  std::vector<std::unique_ptr<Load>> loads;
  for (int bay = 0; bay < kDrives; ++bay) {
    must(rack->insert(bay, must(sim::Medium::blank("blank", must(rack->medium_shape(bay))))));
    bench.mesh.settle();
    loads.push_back(std::make_unique<Load>(bench.user(*must(bridge.disk(bay))), left));
  }
  const double start = cpu_seconds();
  for (const auto& load : loads) load->start();
  rack->run_until_idle();
  fmt::print("rack.ios_per_cpu_second {:.0f}\n", kRequests / (cpu_seconds() - start));
}

}  // namespace
}  // namespace biotope::bench

int main() {
  biotope::bench::run();
  return 0;
}
