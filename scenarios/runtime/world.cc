#include "scenarios/runtime/world.h"

#include "classes/class_list.h"
#include "scenarios/runtime/api.h"
#include "scenarios/runtime/sandbox.h"
#include "sim/faults/injector.h"

namespace biotope::runtime {

namespace {

// What moving simulated time by one piece of work costs a script's budget.
constexpr std::int64_t kInstructionsPerStep = 100;

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

}  // namespace

World::World(Options options)
    : options_(std::move(options)),
      random_(options_.seed, "script"),
      work_seeds_(options_.seed, "work"),
      lua_(options_.limits) {}

World::~World() {
  // Nobody is to be told any more, and requests of tasks may still be on their way in the mesh.
  actors_.reset();
  facts_.reset();
  story_.reset();
  mesh_.reset();
  tasks_.clear();
  bridge_.reset();
}

Result<std::unique_ptr<World>> World::create(Options options) {
  std::unique_ptr<World> world(new World(std::move(options)));
  if (const Status built = world->build(); !built) return pass_on(built);
  return world;
}

Status World::build() {
  auto rack = sim::Rack::create();
  if (!rack) return pass_on(rack);
  rack_ = std::move(*rack);
  mesh_ = std::make_unique<Mesh>(rack_->executor());
  viz::StoryHead head;
  head.title = file_name(options_.script);
  head.facts = {{"scenario", options_.script}, {"seed", std::to_string(options_.seed)}};
  if (!options_.media.empty()) head.facts.emplace_back("media", file_name(options_.media));
  head.facts.emplace_back("biotope", options_.version);
  story_ = std::make_unique<viz::Story>(*mesh_, std::move(head));
  for (std::unique_ptr<Class>& cls : all_classes()) {
    if (Status loaded = mesh_->load(std::move(cls)); !loaded) return loaded;
  }
  lua_.world = this;
  actors_ = std::make_unique<Actors>(lua_, rack_->executor());
  facts_ = std::make_unique<FactWatch>(*mesh_, *actors_, lua_);
  open_sandbox(lua_.main(), random_);
  bind_api(lua_.main());
  close_sandbox(lua_.main());
  return {};
}

void World::play(const std::string& source) {
  const Outcome<void> loaded = lua_.load(lua_.main(), source, options_.script);
  if (!loaded) {
    stopped_ = loaded.error();
    return;
  }
  actors_->run_main(lua_.main(), "the main script");
  run_until_done();
  if (story_->step_count() == 0 && !failure()) story_->step("The end");
}

void World::run_until_done() {
  while (!actors_->failure() && !actors_->all_done()) {
    if (lua_.exhausted()) {
      stopped_ = lua_.time_out();
      stopped_->text += sentence(" (", actors_->waiting(), ")");
      return;
    }
    lua_.charge(kInstructionsPerStep);
    std::erase_if(tasks_, [](const Task<void>& task) { return task.done(); });
    if (executor().step()) continue;
    stopped_ = Failure{FailureKind::expectation,
                       0,
                       sentence("nothing will ever happen again, but ", actors_->waiting()),
                       {},
                       {}};
    return;
  }
}

std::optional<Failure> World::failure() const {
  if (finding_) return finding_;
  if (stopped_) return stopped_;
  return actors_ == nullptr ? std::nullopt : actors_->failure();
}

void World::found(const Failure& failure) {
  if (!finding_) finding_ = failure;
}

Result<sim::Bridge*> World::power_on() {
  if (bridge_ != nullptr) return bridge_.get();
  bridge_ = std::make_unique<sim::Bridge>(*rack_);
  if (const Status on = bridge_->connect(*mesh_); !on) return pass_on(on);
  return bridge_.get();
}

sim::Injector& World::faults() {
  if (faults_ != nullptr) return *faults_;
  faults_ = std::make_unique<sim::Injector>(*rack_, options_.seed);
  faults_->on_strike([this](const sim::Fault& fault) {
    if (mesh_ == nullptr) return;
    const std::string text = sim::fault_text(fault);
    Fact fact;
    fact.kind = FactKind::machine;
    fact.component = "fault";
    fact.text = text;
    mesh_->emit(fact);
  });
  return *faults_;
}

Result<ScratchFolder*> World::scratch() {
  if (!scratch_) {
    auto folder = ScratchFolder::create();
    if (!folder) return pass_on(folder);
    scratch_ = std::move(*folder);
  }
  return &*scratch_;
}

void World::note(std::string_view component, const std::string& text) {
  Fact fact;
  fact.kind = FactKind::note;
  fact.component = component;
  fact.text = text;
  mesh_->emit(fact);
  if (options_.tell) options_.tell(sentence("    ", text));
}

Handle World::add(Machine machine) {
  machines_.emplace(++last_id_, std::move(machine));
  return {HandleKind::machine, last_id_};
}

Handle World::add(std::shared_ptr<sim::Medium> medium) {
  media_.emplace(++last_id_, std::move(medium));
  return {HandleKind::medium, last_id_};
}

Handle World::add(Image image) {
  images_.emplace(++last_id_, std::move(image));
  return {HandleKind::image, last_id_};
}

Handle World::add(std::uint64_t geom_id, fs::Mount::Pointer mount) {
  mounts_.emplace(geom_id, std::move(mount));
  return {HandleKind::volume, geom_id};
}

Handle World::add(fs::Work::Pointer work) {
  const std::uint64_t id = ++last_id_;
  works_[id].work = work;
  keep(run_work(*this, id, std::move(work)));
  return {HandleKind::work, id};
}

Task<void> World::run_work(World& world, std::uint64_t id, fs::Work::Pointer work) {
  const Status outcome = co_await fs::Work::run(std::move(work));
  RunningWork& ended = world.works_.at(id);
  ended.outcome = outcome;
  for (const Wait& follower : std::exchange(ended.followers, {})) {
    world.actors().wake(follower, [outcome](Call& call) -> Answer {
      return outcome ? 0 : call.give(outcome.error().text);
    });
  }
}

Handle World::handle_of(const Provider& provider) {
  const Handle handle{HandleKind::provider, provider.id()};
  names_.insert_or_assign(handle, provider.name());
  return handle;
}

Handle World::handle_of(const Geom& geom) {
  const Handle handle{HandleKind::geom, geom.id()};
  names_.insert_or_assign(handle, geom.title());
  return handle;
}

Outcome<Provider*> World::provider(const Handle& handle) {
  Provider* provider = mesh_->provider_by_id(handle.id);
  if (provider != nullptr) return provider;
  return misuse(names_[handle], " is gone; what comes back under its name is another disk");
}

Outcome<Geom*> World::geom(const Handle& handle) {
  Geom* geom = mesh_->geom_by_id(handle.id);
  if (geom != nullptr) return geom;
  return misuse(names_[handle], " is gone");
}

void World::keep(Task<void> task) {
  tasks_.push_back(std::move(task));
  tasks_.back().start();
}

}  // namespace biotope::runtime
