#include "scenarios/runtime/api.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"

// Time, actors, and waiting for what happens.

namespace biotope::runtime {

namespace {

Answer now(Call& call) { return call.give(call.world().executor().now_ns()); }

// From here the world's executor wakes `wait` with no results.
void wake_plainly(World& world, const Wait& wait) {
  world.actors().wake(wait, [](Call&) -> Answer { return 0; });
}

Answer sleep(Call& call) {
  const auto time = call.time_ns(1, "sleep: the time");
  if (!time) return hand_on(time);
  World& world = call.world();
  const auto wait = world.actors().wait(call, "a sleep");
  if (!wait) return hand_on(wait);
  world.executor().after(*time, [&world, wait = *wait] { wake_plainly(world, wait); });
  return kWaits;
}

Answer settle(Call& call) {
  World& world = call.world();
  const auto wait = world.actors().wait(call, "the mesh to settle");
  if (!wait) return hand_on(wait);
  world.mesh().events().when_idle([&world, wait = *wait] { wake_plainly(world, wait); });
  return kWaits;
}

Answer spawn(Call& call) {
  if (!call.is_function(1)) return misuse("spawn: the first argument must be a function");
  const int arguments = call.count() - 1;
  Actors& actors = call.world().actors();
  const Actor& actor = actors.spawn(call.thread(), arguments,
                                    sentence("the actor spawned at ", where(call.thread(), 0)));
  return call.give(Handle{HandleKind::actor, actor.id()});
}

Answer join(Call& call) {
  const auto handle = call.handle(1, HandleKind::actor, "wait: self");
  if (!handle) return hand_on(handle);
  return call.world().actors().follow(handle->id, call);
}

Answer is_done(Call& call) {
  const auto handle = call.handle(1, HandleKind::actor, "done: self");
  if (!handle) return hand_on(handle);
  return call.give(call.world().actors().find(handle->id) == nullptr);
}

const Parameter kFilter[] = {
    {.name = "class",
     .kind = Parameter::Kind::text,
     .fallback = std::string(),
     .help = "only facts of geoms of that class"},
    {.name = "geom",
     .kind = Parameter::Kind::text,
     .fallback = std::string(),
     .help = "only facts of that geom, told by class and name"},
    {.name = "provider",
     .kind = Parameter::Kind::text,
     .fallback = std::string(),
     .help = "only facts about that provider"},
};

// (kind, filter) from the first argument on.
Outcome<FactFilter> filter_of(Call& call, std::string_view whose, int options) {
  const auto name = call.text(1, sentence(whose, ": the kind of fact"));
  if (!name) return hand_on(name);
  const Result<FactKind> kind = FactWatch::kind_named(*name);
  if (!kind) return misuse(whose, ": ", kind.error().text);
  const auto values = call.values(options, kFilter, whose);
  if (!values) return hand_on(values);
  return FactFilter{*kind, values->text("class"), values->text("geom"), values->text("provider")};
}

Answer wait_for(Call& call) {
  auto filter = filter_of(call, "wait_for", 2);
  if (!filter) return hand_on(filter);
  World& world = call.world();
  const auto wait = world.actors().wait(call, sentence("'", fact_name(filter->kind), "'"));
  if (!wait) return hand_on(wait);
  world.facts().wake_on(std::move(*filter), *wait);
  return kWaits;
}

// on(kind, f) or on(kind, filter, f).
Answer on(Call& call) {
  const int function = call.is_function(2) ? 2 : 3;
  if (!call.is_function(function)) return misuse("on: the last argument must be a function");
  auto filter = filter_of(call, "on", function == 2 ? 4 : 2);
  if (!filter) return hand_on(filter);
  lua_pushvalue(call.thread(), function);
  call.world().facts().call_on(std::move(*filter), call.thread());
  return 0;
}

Answer asked(Call& call) { return call.give(call.world().facts().take_asked()); }

}  // namespace

void bind_time(lua_State* thread) {
  const Binding globals[] = {
      {"now", &lua_function<&now>},           {"sleep", &lua_function<&sleep>},
      {"settle", &lua_function<&settle>},     {"spawn", &lua_function<&spawn>},
      {"wait_for", &lua_function<&wait_for>}, {"on", &lua_function<&on>},
      {"asked", &lua_function<&asked>},
  };
  bind_globals(thread, globals);
  const Binding methods[] = {
      {"wait", &lua_function<&join>},
      {"done", &lua_function<&is_done>},
  };
  bind_methods(thread, HandleKind::actor, methods);
}

}  // namespace biotope::runtime
