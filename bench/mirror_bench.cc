// How fast a mirror copies onto a new disk while nobody uses it: the copy's rate as a share of what
// the slower of two disks does by itself, one request after the other. Simulated time, so exact.
// Prints one figure a line.
#include <fmt/core.h>

#include <deque>
#include <string>

#include "bench/stack.h"
#include "classes/mirror/mirror_class.h"

namespace biotope::bench {
namespace {

constexpr std::int64_t kBytes = std::int64_t{1} << 30;
constexpr std::int64_t kOverhead_ns = 100'000;  // of each request, besides moving its data

// A disk that serves one request at a time at a steady rate, and keeps only its last sector.
class SteadyDriver final : public DiskDriver {
 public:
  SteadyDriver(Executor& executor, std::int64_t bytes_per_s)
      : executor_(executor), bytes_per_s_(bytes_per_s) {}

  DiskTraits traits() const override {
    DiskTraits traits;
    traits.properties.media_size_bytes = kBytes;
    return traits;
  }
  Verdict strategy(Bio& bio) override {
    const std::int64_t start_ns = std::max(executor_.now_ns(), free_at_ns_);
    free_at_ns_ = start_ns + kOverhead_ns + bio.length_bytes * 1'000'000 / bytes_per_s_ * 1'000;
    executor_.after(free_at_ns_ - executor_.now_ns(), [this, &bio] {
      if (bio.position_bytes == kBytes - 512) {
        if (bio.command == Command::read) bio.data.copy_in(last_);
        if (bio.command == Command::write) bio.data.copy_out(last_);
      }
      done(bio, 0);
    });
    return Verdict::held();
  }

 private:
  Executor& executor_;
  std::int64_t bytes_per_s_;
  std::int64_t free_at_ns_ = 0;
  Bytes last_ = Bytes(512);
};

// Bytes a second of a disk that is written from start to end, a mebibyte at a time.
double sequential_rate(std::int64_t bytes_per_s) {
  const double request_s = 1e-9 * kOverhead_ns + (1 << 20) / static_cast<double>(bytes_per_s);
  return (1 << 20) / request_s;
}

void run() {
  constexpr std::int64_t kFast = 200'000'000;
  constexpr std::int64_t kSlow = 150'000'000;
  VirtualExecutor clock;
  SteadyDriver fast(clock, kFast);
  SteadyDriver slow(clock, kSlow);
  Mesh mesh(clock);
  must(mesh.load(std::make_unique<DiskClass>()));
  must(mesh.load(std::make_unique<MirrorClass>()));
  must(add_disk(mesh, "da0", fast));
  must(add_disk(mesh, "da1", slow));
  mirror::Label label;
  label.name = "m";
  mirror::label(mesh, label, {"da0"}, [](const Status& done) { must(done); });
  clock.run();
  auto& geom = static_cast<mirror::Mirror&>(*mesh.geom("mirror", "m"));
  const std::int64_t start_ns = clock.now_ns();
  geom.insert("da1", {}, [](const Status& done) { must(done); });
  while (geom.self().disks < 2 || !geom.complete()) {
    if (!clock.step()) break;
  }
  BIOTOPE_CHECK(geom.complete(), "a copy onto a sound disk ends");
  const double rate = 1e9 * kBytes / static_cast<double>(clock.now_ns() - start_ns);
  fmt::print("mirror.resync_share_of_disk_rate {:.3f}\n", rate / sequential_rate(kSlow));
}

}  // namespace
}  // namespace biotope::bench

int main() {
  biotope::bench::run();
  return 0;
}
