#include "scenarios/runtime/api_support.h"

namespace biotope::runtime {

namespace {

Task<void> run_status_and_wake(World& world, Wait wait, Task<Status> work) {
  const Status result = co_await std::move(work);
  world.actors().wake(wait, [result](Call&) -> Answer {
    if (!result) return refused(result.error());
    return 0;
  });
}

}  // namespace

Outcome<Provider*> provider_at(Call& call, int index, std::string_view what) {
  World& world = call.world();
  if (!call.is_text(index)) {
    const auto handle = call.handle(index, HandleKind::provider, what);
    if (!handle) return hand_on(handle);
    return world.provider(*handle);
  }
  const auto name = call.text(index, what);
  if (!name) return hand_on(name);
  if (Provider* provider = world.mesh().provider(*name)) return provider;
  std::vector<std::string_view> names;
  for (const Geom& geom : world.mesh().geoms()) {
    for (const Provider& provider : geom.providers()) names.push_back(provider.name());
  }
  const std::string_view near = nearest(*name, names);
  return misuse(what, ": there is no provider '", *name, "'",
                near.empty() ? "" : sentence("; did you mean '", near, "'?"));
}

Outcome<std::vector<Provider*>> providers_at(Call& call, int index, std::string_view what) {
  std::vector<Provider*> below;
  if (call.is_nil(index)) return below;
  if (!call.is_table(index)) {
    const auto provider = provider_at(call, index, what);
    if (!provider) return hand_on(provider);
    return std::vector<Provider*>{*provider};
  }
  const auto count = static_cast<lua_Integer>(lua_rawlen(call.thread(), index));
  for (lua_Integer i = 1; i <= count; ++i) {
    lua_rawgeti(call.thread(), index, i);
    const auto provider = provider_at(call, lua_gettop(call.thread()), what);
    lua_pop(call.thread(), 1);
    if (!provider) return hand_on(provider);
    below.push_back(*provider);
  }
  return below;
}

Outcome<Geom*> geom_at(Call& call, int index, std::string_view what) {
  const Handle* handle = to_handle(call.thread(), index);
  if (handle != nullptr &&
      (handle->kind == HandleKind::volume || handle->kind == HandleKind::device)) {
    return call.world().geom({HandleKind::geom, handle->id});
  }
  const auto geom = call.handle(index, HandleKind::geom, what);
  if (!geom) return hand_on(geom);
  return call.world().geom(*geom);
}

Answer run_for_actor(Call& call, std::string what, Task<Status> work) {
  World& world = call.world();
  const auto wait = world.actors().wait(call, std::move(what));
  if (!wait) return hand_on(wait);
  world.keep(run_status_and_wake(world, *wait, std::move(work)));
  return kWaits;
}

Outcome<int> bay_of(Call& call, std::string_view whose) {
  const auto self = call.handle(1, HandleKind::machine, sentence(whose, ": self"));
  if (!self) return hand_on(self);
  const Machine& machine = call.world().machine(*self);
  const auto bay = call.integer(2, sentence(whose, ": the bay"));
  if (!bay) return hand_on(bay);
  if (*bay < 0 || *bay >= machine.bays) {
    return misuse(whose, ": ", machine.name, " has no bay ", *bay, "; its bays are 0 to ",
                  machine.bays - 1);
  }
  return machine.first_bay + static_cast<int>(*bay);
}

Outcome<const Class*> class_called(World& world, std::string_view name, std::string_view whose) {
  const Class* cls = world.mesh().find_class(name);
  if (cls != nullptr) return cls;
  std::vector<std::string_view> names;
  for (const Class* c : world.mesh().classes()) names.push_back(c->name());
  const std::string_view near = nearest(name, names);
  return misuse(whose, ": there is no class '", name, "'",
                near.empty() ? "" : sentence("; did you mean '", near, "'?"));
}

Outcome<const Class*> class_at(Call& call, int index, std::string_view whose) {
  const auto name = call.text(index, sentence(whose, ": the class"));
  if (!name) return hand_on(name);
  return class_called(call.world(), *name, whose);
}

std::function<void(Status)> waker(World& world, const Wait& wait,
                                  std::function<Answer(Call&)> give) {
  return [&world, wait, give = std::move(give)](const Status& status) {
    world.actors().wake(wait, [status, give](Call& call) -> Answer {
      if (!status) return refused(status.error());
      return give(call);
    });
  };
}

}  // namespace biotope::runtime
