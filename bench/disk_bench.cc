// Simulated disk requests per second of processor time: random ones of 8 sectors on a Cheetah 9LP,
// two thirds of them reads, without contents. First the mechanics alone, then through the machine:
// host, controller, socket, drive and the clock of SystemC. With the argument `verified`: a job
// over all of it that looks at what it wrote; with `many`: a thousand drives. Prints one figure a
// line.
#include <fmt/core.h>

#include <ctime>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "bench/stack.h"
#include "model/check.h"
#include "sim/disk/profiles.h"
#include "sim/disk/random_load.h"
#include "sim/rack/controller.h"
#include "sim/rack/rack.h"
#include "sim/workload/machine_load.h"

namespace biotope::bench {
namespace {

double cpu_seconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

double mechanics_seconds(const sim::RandomLoad& load) {
  sim::HardDisk disk(must(sim::find_profile("cheetah-9lp")));
  const double start = cpu_seconds();
  sim::run_load(disk, load);
  return cpu_seconds() - start;
}

// Keeps one bay busy: what is answered is asked again, elsewhere.
class Load final : public sim::Host {
 public:
  Load(sim::Rack& rack, const sim::RandomLoad& load, int bay = 0)
      : place_(rack.place(bay)), load_(load) {
    place_.controller->set_host(place_.bay, this);
  }
  ~Load() override { place_.controller->set_host(place_.bay, nullptr); }

  void start() {
    for (std::int64_t i = 0; i < load_.depth; ++i) issue();
  }

  void answered(tlm::tlm_generic_payload& payload) override {
    BIOTOPE_CHECK(payload.is_response_ok(), "a sound drive answers");
    issue();
  }
  void media_removed(sim::Removal) override {}
  void media_inserted() override {}
  void lock_changed(bool) override {}
  void busy_changed(bool) override {}

 private:
  void issue() {
    if (issued_ == load_.requests) return;
    sim::Drive& drive = place_.controller->drive(place_.bay);
    const std::int64_t sector_bytes = drive.drive_kind().sector_bytes;
    const auto request =
        load_.request(static_cast<std::uint64_t>(issued_++), drive.drive_kind().sectors);
    tlm::tlm_generic_payload& payload = place_.controller->take();
    sim::DriveExtension& extension = sim::drive_extension(payload);
    extension.command = request.write ? sim::DriveCommand::write : sim::DriveCommand::read;
    extension.length_bytes = load_.sectors * sector_bytes;
    payload.set_address(static_cast<std::uint64_t>(request.first * sector_bytes));
    place_.controller->send(place_.bay, payload);
  }

  sim::Rack::Place place_;
  sim::RandomLoad load_;
  std::int64_t issued_ = 0;
};

double machine_seconds(const sim::RandomLoad& load) {
  const std::unique_ptr<sim::Rack> rack = must(sim::Rack::create());
  must(rack->add_controller("scsi0", 1, "cheetah-9lp"));
  Load host(*rack, load);
  must(rack->insert(0, must(sim::Medium::blank("blank", must(rack->medium_shape(0))))));
  const double start = cpu_seconds();
  host.start();
  rack->run_until_idle();
  return cpu_seconds() - start;
}

// The most memory this process has had, in bytes.
std::int64_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::int64_t kilobytes = 0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes * 1024;
  }
  return 0;
}

sim::RandomLoad load_of(std::int64_t requests, std::int64_t depth) {
  sim::RandomLoad load;
  load.requests = requests;
  load.depth = depth;
  return load;
}

double cost(const sim::RandomLoad& load) {
  return machine_seconds(load) / static_cast<double>(load.requests);
}

void run() {
  constexpr std::int64_t kMany = 10'000'000;
  constexpr std::int64_t kSome = 1'000'000;
  constexpr std::int64_t kFew = 10'000;
  fmt::print("disk.mechanics_ios_per_cpu_second {:.0f}\n",
             kSome / mechanics_seconds(load_of(kSome, 1)));
  const double one = cost(load_of(kSome, 1));
  fmt::print("disk.ios_per_cpu_second {:.0f}\n", 1 / one);
  fmt::print("disk.cost_ratio_depth_1000_to_1 {:.3f}\n", cost(load_of(kSome, 1000)) / one);
  // A short run is over before the processor's time is well known: the best of several.
  double few = cost(load_of(kFew, 1));
  for (int i = 0; i < 9; ++i) few = std::min(few, cost(load_of(kFew, 1)));
  fmt::print("disk.cost_ratio_10m_to_10k {:.3f}\n", cost(load_of(kMany, 1)) / few);
  fmt::print("disk.peak_bytes {}\n", peak_bytes());
}

// A job that writes nearly all of the disk in pieces of 4 KiB, in the worst order there is, and
// looks at what it reads of that.
void run_verified() {
  const auto kind = must(sim::find_drive_kind("cheetah-9lp"));
  const auto words =
      must(sim::split_job("rw=randrw rwmixwrite=90 bs=4k iodepth=8 number_ios=4000000 "
                          "verify=pattern do_verify=0"));
  const auto job = must(sim::parse_job(words, {kind->capacity_bytes(), kind->sector_bytes}));
  const sim::MachineRun run = must(sim::run_in_machine(kind, job, 1, {}));
  fmt::print("disk.verified_medium_bytes {}\n", run.medium_bytes);
  fmt::print("disk.verified_peak_bytes {}\n", peak_bytes());
}

// A thousand drives at work at the same time in one machine.
void run_many() {
  constexpr int kDrives = 1000;
  const std::unique_ptr<sim::Rack> rack = must(sim::Rack::create());
  for (int i = 0; i < kDrives / 200; ++i) {
    must(rack->add_controller(fmt::format("scsi{}", i), 200, "cheetah-9lp"));
  }
  std::vector<std::unique_ptr<Load>> loads;
  for (int bay = 0; bay < kDrives; ++bay) {
    loads.push_back(std::make_unique<Load>(*rack, load_of(1000, 4), bay));
    must(rack->insert(bay, must(sim::Medium::blank("blank", must(rack->medium_shape(bay))))));
  }
  const double start = cpu_seconds();
  for (const auto& load : loads) load->start();
  rack->run_until_idle();
  fmt::print("disk.thousand_drives_ios_per_cpu_second {:.0f}\n",
             kDrives * 1000 / (cpu_seconds() - start));
  fmt::print("disk.thousand_drives_peak_bytes {}\n", peak_bytes());
}

}  // namespace
}  // namespace biotope::bench

// Each in a process of its own: memory that one has had is not another's.
int main(int argc, char** argv) {
  const std::string part = argc > 1 ? argv[1] : "";
  if (part == "verified") {
    biotope::bench::run_verified();
  } else if (part == "many") {
    biotope::bench::run_many();
  } else {
    biotope::bench::run();
  }
  return 0;
}
