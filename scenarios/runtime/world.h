#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "classes/fs/fs.h"
#include "classes/fs/work.h"
#include "classes/mirror/move.h"
#include "classes/random_stream.h"
#include "model/mesh.h"
#include "scenarios/runtime/actor.h"
#include "scenarios/runtime/fact_watch.h"
#include "scenarios/runtime/scratch_folder.h"
#include "sim/bridge.h"
#include "sim/workload/mesh_load.h"
#include "viz/fio_report.h"
#include "viz/story.h"

namespace biotope::sim {
class Injector;
}

namespace biotope::runtime {

// What a scenario is played with.
struct Options {
  std::string script;  // path
  std::uint64_t seed = 1;
  std::string media;  // path of an image; empty: the script makes its own
  Limits limits;
  std::string version;
  // Told what happens, line by line, for the terminal; may be null.
  std::function<void(const std::string&)> tell;
};

// Bays of one controller, as a script declared them.
struct Machine {
  std::string name;
  int first_bay = 0;
  int bays = 0;
};

// A raw image in a file: given by the user, or made in the scratch folder.
struct Image {
  std::filesystem::path path;
};

// A work load, and what came of it.
struct RunningWork {
  fs::Work::Pointer work;
  std::optional<Status> outcome;  // nothing while it runs
  std::vector<Wait> followers;    // wait for its end
};

// A work load on a provider, and what has come of it.
struct RunningLoad {
  std::unique_ptr<sim::MeshLoad> load;
  viz::FioReport report;
  std::optional<Status> outcome;  // nothing while it runs
  std::vector<Wait> followers;    // wait for its end
};

// Everything a script works on: the machine, the mesh, what is watched and what is collected for
// the report. One at a time in a process, as the rack. Objects are known to scripts by number.
class World {
 public:
  // EBUSY when there is one already.
  static Result<std::unique_ptr<World>> create(Options options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Plays a script that was read from a file, until all its actors have ended or the first fails.
  void play(const std::string& source);
  // Why the run did not end well; nothing when it did.
  std::optional<Failure> failure() const;

  const Options& options() const { return options_; }
  LuaState& lua() { return lua_; }
  Actors& actors() { return *actors_; }
  sim::Rack& rack() { return *rack_; }
  Mesh& mesh() { return *mesh_; }
  viz::Story& story() { return *story_; }
  FactWatch& facts() { return *facts_; }
  // The seed of the next work load that brings none of its own.
  std::uint64_t random_for_work() { return work_seeds_.next(); }
  Executor& executor() { return rack_->executor(); }

  // What goes wrong with the machine. Each strike is a fact.
  sim::Injector& faults();

  // The bridge, with the machine switched on: no more hardware can be declared.
  Result<sim::Bridge*> power_on();

  // Where temporary files go; made when it is first needed.
  Result<ScratchFolder*> scratch();

  // Shows a line in the report, the log and on the terminal.
  void note(std::string_view component, const std::string& text);
  // An expectation was not met: whatever the script does, the run has failed.
  void found(const Failure& failure);
  std::uint64_t met_expectations = 0;
  // Files that the script has taken in, with their contents, in order.
  std::vector<std::pair<std::string, std::string>> used;

  // Objects of scripts ------------------------------------------------------------------------
  Handle add(Machine machine);
  Handle add(std::shared_ptr<sim::Medium> medium);
  Handle add(Image image);
  Machine& machine(const Handle& handle) { return machines_.at(handle.id); }
  const std::shared_ptr<sim::Medium>& medium(const Handle& handle) { return media_.at(handle.id); }
  const Image& image(const Handle& handle) { return images_.at(handle.id); }
  // A mount, under the number of its geom.
  Handle add(std::uint64_t geom_id, fs::Mount::Pointer mount);
  const fs::Mount::Pointer& mount(const Handle& handle) { return mounts_.at(handle.id); }
  // A work load, which starts to run.
  Handle add(fs::Work::Pointer work);
  RunningWork& work(const Handle& handle) { return works_.at(handle.id); }
  // A work load below an edge that is open for it, which starts; its geom goes when it is over.
  Handle add(Consumer& edge, std::unique_ptr<sim::Load> load, std::int64_t longest_bytes);
  RunningLoad& load(const Handle& handle) { return loads_.at(handle.id); }
  std::size_t load_count() const { return loads_.size(); }
  Handle handle_of(const Provider& provider);
  Handle handle_of(const Geom& geom);
  // Moves that are under way, by the name of what is moved.
  std::map<std::string, mirror::Move*>& moves() { return moves_; }
  // What is gone is told by the name it had.
  Outcome<Provider*> provider(const Handle& handle);
  Outcome<Geom*> geom(const Handle& handle);

  // Keeps a task until it is done.
  void keep(Task<void> task);

 private:
  explicit World(Options options);
  Status build();
  static Task<void> run_work(World& world, std::uint64_t id, fs::Work::Pointer work);
  void run_until_done();

  Options options_;
  RandomStream random_;
  RandomStream work_seeds_;
  LuaState lua_;
  std::unique_ptr<sim::Rack> rack_;
  std::unique_ptr<sim::Injector> faults_;
  std::unique_ptr<sim::Bridge> bridge_;
  std::unique_ptr<Mesh> mesh_;
  std::unique_ptr<viz::Story> story_;
  std::unique_ptr<FactWatch> facts_;
  std::unique_ptr<Actors> actors_;
  std::list<Task<void>> tasks_;
  std::optional<ScratchFolder> scratch_;
  std::optional<Failure> finding_;
  std::optional<Failure> stopped_;
  std::map<std::uint64_t, Machine> machines_;
  std::map<std::uint64_t, std::shared_ptr<sim::Medium>> media_;
  std::map<std::uint64_t, Image> images_;
  std::map<std::uint64_t, fs::Mount::Pointer> mounts_;
  std::map<std::uint64_t, RunningWork> works_;
  std::map<std::uint64_t, RunningLoad> loads_;
  std::map<std::string, mirror::Move*> moves_;
  std::map<Handle, std::string> names_;  // of providers and geoms that scripts have seen
  std::uint64_t last_id_ = 0;
};

}  // namespace biotope::runtime
