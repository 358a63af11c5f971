#include <fmt/format.h>

#include <algorithm>

#include "classes/dev/dev.h"
#include "scenarios/runtime/api.h"
#include "scenarios/runtime/api_support.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"
#include "sim/workload/job.h"
#include "sim/workload/job_options.h"
#include "sim/workload/verified_load.h"

// Work loads on disks, in fio's words.

namespace biotope::runtime {

namespace {

// The number or text or truth on top of the stack, as fio would write it.
Outcome<std::string> word_of(lua_State* thread, const std::string& name) {
  int exact = 0;
  const lua_Integer whole = lua_tointegerx(thread, -1, &exact);
  switch (lua_type(thread, -1)) {
    case LUA_TSTRING:
      return std::string(lua_tostring(thread, -1));
    case LUA_TBOOLEAN:
      return std::string(lua_toboolean(thread, -1) != 0 ? "1" : "0");
    case LUA_TNUMBER:
      return exact != 0 ? std::to_string(whole) : fmt::format("{:f}", lua_tonumber(thread, -1));
    default:
      return misuse("workload: '", name, "' must be a number, a text, or true or false, not a ",
                    luaL_typename(thread, -1));
  }
}

Outcome<std::vector<sim::JobWord>> words_at(Call& call, int index) {
  if (!call.is_table(index)) {
    return misuse("workload: tell what to do in a table, as in { rw = \"randread\" }");
  }
  lua_State* thread = call.thread();
  std::vector<sim::JobWord> words;
  lua_pushnil(thread);
  while (lua_next(thread, index) != 0) {
    if (lua_type(thread, -2) != LUA_TSTRING) {
      return misuse("workload: options have names; found a ", luaL_typename(thread, -2),
                    " in place of one");
    }
    const std::string name = lua_tostring(thread, -2);
    const auto word = word_of(thread, name);
    if (!word) return hand_on(word);
    words.emplace_back(name, *word);
    lua_pop(thread, 1);
  }
  std::sort(words.begin(), words.end());
  return words;
}

// The document as tables.
void push_json(lua_State* thread, const nlohmann::json& json) {
  if (json.is_object()) {
    lua_createtable(thread, 0, static_cast<int>(json.size()));
    for (const auto& [name, value] : json.items()) {
      push_json(thread, value);
      lua_setfield(thread, -2, name.c_str());
    }
  } else if (json.is_string()) {
    lua_pushstring(thread, json.get_ref<const std::string&>().c_str());
  } else if (json.is_number_integer()) {
    lua_pushinteger(thread, json.get<lua_Integer>());
  } else {
    lua_pushnumber(thread, json.get<double>());
  }
}

// What came of it until now, and under `error` why it ended before its end.
int give_result(Call& call, const RunningLoad& running) {
  lua_State* thread = call.thread();
  nlohmann::json result = running.report.json(running.load->elapsed_ns());
  if (const sim::Verification* found = running.load->verification(); found != nullptr) {
    result["verify"] = {{"checked_bytes", found->checked_bytes}, {"wrong", found->wrong}};
    if (found->wrong > 0) result["verify"]["first"] = found->first;
  }
  push_json(thread, result);
  if (running.outcome && !*running.outcome) {
    call.give(running.outcome->error().text);
    lua_setfield(thread, -2, "error");
  }
  return 1;
}

Outcome<Dev*> open_for(World& world, Provider& provider, bool writes) {
  Values values;
  values.set("mode", std::string(writes ? "rw" : "r"));
  const Result<Geom*> made = world.mesh().create("dev", provider.name(), {&provider}, values);
  if (!made) return refused(made.error());
  return static_cast<Dev*>(*made);
}

std::unique_ptr<sim::Load> load_of(const sim::JobOptions& job, std::uint64_t seed,
                                   std::size_t number) {
  auto jobs = std::make_unique<sim::Jobs>(job, seed, "workload");
  if (!job.verify) return jobs;
  return std::make_unique<sim::VerifiedLoad>(job, std::move(jobs),
                                             static_cast<std::uint32_t>(number));
}

// provider:workload{ rw, bs, iodepth, ... } starts and goes on by itself.
Answer start_load(Call& call) {
  const auto provider = provider_at(call, 1, "workload: self");
  if (!provider) return hand_on(provider);
  const auto words = words_at(call, 2);
  if (!words) return hand_on(words);
  const sim::JobSpace space{(*provider)->media_size_bytes(), (*provider)->sector_size_bytes()};
  const auto job = sim::parse_job(*words, space);
  if (!job) return misuse(job.error().text);
  World& world = call.world();
  const auto dev = open_for(world, **provider, job->writes());
  if (!dev) return hand_on(dev);
  const std::uint64_t seed = job->seed ? *job->seed : world.random_for_work();
  return call.give(
      world.add((*dev)->edge(), load_of(*job, seed, world.load_count() + 1), job->longest_bytes()));
}

Outcome<RunningLoad*> self_load(Call& call, std::string_view whose) {
  const auto self = call.handle(1, HandleKind::load, sentence(whose, ": self"));
  if (!self) return hand_on(self);
  return &call.world().load(*self);
}

Answer stop(Call& call) {
  const auto self = self_load(call, "stop");
  if (!self) return hand_on(self);
  (*self)->load->stop();
  return 0;
}

Answer wait(Call& call) {
  const auto self = self_load(call, "wait");
  if (!self) return hand_on(self);
  RunningLoad& running = **self;
  if (running.outcome) return give_result(call, running);
  const auto wait = call.world().actors().wait(call, "a work load");
  if (!wait) return hand_on(wait);
  running.followers.push_back(*wait);
  return kWaits;
}

Answer result(Call& call) {
  const auto self = self_load(call, "result");
  if (!self) return hand_on(self);
  return give_result(call, **self);
}

}  // namespace

Handle World::add(Consumer& edge, std::unique_ptr<sim::Load> load, std::int64_t longest_bytes) {
  const std::uint64_t id = ++last_id_;
  RunningLoad& running = loads_[id];
  const auto tell = [&running](const sim::LoadDone& done) {
    running.report.record(done.command, done.length_bytes, done.submit_ns, done.complete_ns,
                          done.error);
  };
  const auto over = [this, &running, geom = edge.geom().id()](const Status& outcome) {
    running.outcome = outcome;
    if (Geom* dev = mesh_->geom_by_id(geom); dev != nullptr) mesh_->wither(*dev);
    for (const Wait& follower : std::exchange(running.followers, {})) {
      actors_->wake(follower,
                    [&running](Call& call) -> Answer { return give_result(call, running); });
    }
  };
  running.load = std::make_unique<sim::MeshLoad>(edge, std::move(load), longest_bytes, tell, over);
  running.load->start();
  return {HandleKind::load, id};
}

void bind_loads(lua_State* thread) {
  const Binding provider_methods[] = {{"workload", &lua_function<&start_load>}};
  bind_methods(thread, HandleKind::provider, provider_methods);
  const Binding load_methods[] = {{"stop", &lua_function<&stop>},
                                  {"wait", &lua_function<&wait>},
                                  {"result", &lua_function<&result>}};
  bind_methods(thread, HandleKind::load, load_methods);
}

}  // namespace biotope::runtime
