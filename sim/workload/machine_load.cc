#include "sim/workload/machine_load.h"

#include <algorithm>
#include <utility>

#include "classes/dev/dev.h"
#include "sim/bridge.h"
#include "sim/workload/job.h"
#include "sim/workload/mesh_load.h"

namespace biotope::sim {
namespace {

struct Machine {
  ~Machine() {  // in this order
    mesh.reset();
    bridge.reset();
  }
  Machine() = default;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  std::unique_ptr<Rack> rack;
  std::unique_ptr<Bridge> bridge;
  std::unique_ptr<Mesh> mesh;
};

Result<Consumer*> switch_on(Machine& machine, std::shared_ptr<const DriveKind> kind) {
  auto rack = Rack::create();
  if (!rack) return pass_on(rack);
  machine.rack = std::move(*rack);
  const auto bay = machine.rack->add_controller("bench0", 1, std::move(kind));
  if (!bay) return pass_on(bay);
  machine.bridge = std::make_unique<Bridge>(*machine.rack);
  machine.mesh = std::make_unique<Mesh>(machine.rack->executor());
  Mesh& mesh = *machine.mesh;
  if (Status on = machine.bridge->connect(mesh); !on) return pass_on(on);
  if (Status loaded = mesh.load(std::make_unique<DevClass>()); !loaded) return pass_on(loaded);
  const auto shape = machine.rack->medium_shape(*bay);
  if (!shape) return pass_on(shape);
  const auto medium = Medium::blank("blank", *shape);
  if (!medium) return pass_on(medium);
  if (Status in = machine.rack->insert(*bay, *medium); !in) return pass_on(in);
  machine.rack->run_until_idle();
  const auto disk = machine.bridge->disk(*bay);
  if (!disk) return pass_on(disk);
  Values values;
  values.set("mode", std::string("rw"));
  const auto dev = mesh.create("dev", "bench", {*disk}, values);
  if (!dev) return pass_on(dev);
  return &static_cast<Dev*>(*dev)->edge();
}

}  // namespace

Result<MachineRun> run_in_machine(std::shared_ptr<const DriveKind> kind, const JobOptions& job,
                                  std::uint64_t seed, const LoadObserver& tell) {
  Machine machine;
  const auto edge = switch_on(machine, std::move(kind));
  if (!edge) return pass_on(edge);
  MachineRun result;
  Status outcome;
  MeshLoad load(
      **edge, std::make_unique<VerifiedLoad>(job, std::make_unique<Jobs>(job, seed, "bench"), 1),
      job.longest_bytes(),
      [&](const LoadDone& done) {
        ++result.run.requests;
        if (tell) tell(done);
      },
      [&](const Status& over) { outcome = over; });
  load.start();
  machine.rack->run_until_idle();
  if (!outcome) return pass_on(outcome);
  result.run.simulated_ns = load.elapsed_ns();
  result.verification = *load.verification();
  result.medium_bytes = (*machine.rack->medium(0))->overlay_bytes();
  return result;
}

}  // namespace biotope::sim
