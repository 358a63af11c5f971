#include "model/surgery.h"
#include "scenarios/runtime/api.h"
#include "scenarios/runtime/api_support.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"

// Surgery on a mesh in use.

namespace biotope::runtime {

namespace {

Answer remove(Call& call) {
  const auto geom = geom_at(call, 1, "remove: the geom");
  if (!geom) return hand_on(geom);
  World& world = call.world();
  const auto wait = world.actors().wait(call, sentence("the removal of ", (*geom)->title()));
  if (!wait) return hand_on(wait);
  world.mesh().remove(**geom, waker(world, *wait, [](Call&) -> Answer { return 0; }));
  return kWaits;
}

// The edge between a geom and one of the providers below it; null for all who stand there.
Outcome<Consumer*> edge_between(Call& call, int above_index, const Provider& below) {
  if (call.is_nil(above_index)) return nullptr;
  const auto above = geom_at(call, above_index, "interpose: who is above");
  if (!above) return hand_on(above);
  for (Consumer& edge : (*above)->consumers()) {
    if (edge.provider() == &below) return &edge;
  }
  return misuse("interpose: ", (*above)->title(), " does not stand on ", below.name());
}

// A geom of the class that stands on nothing, but would fit over `below`: what is to be put in.
Result<Geom*> make_loose(Mesh& mesh, const std::string& cls, const std::string& name,
                         const std::vector<Provider*>& below, const Values& values) {
  // Nobody is to look at it before it is in its place.
  mesh.set_tasting(false);
  Result<Geom*> made = mesh.create(cls, name, below, values);
  mesh.set_tasting(true);
  if (!made) return made;
  Geom& geom = **made;
  Status loose;
  if (geom.providers().size() != 1 || geom.consumers().size() != below.size()) {
    loose = fail(EINVAL, geom.title(),
                 " has not one provider and as many consumers as there are disks below");
  }
  for (Consumer& consumer : geom.consumers()) {
    if (loose) loose = mesh.detach(consumer);
  }
  if (loose) return made;
  mesh.wither(geom);
  return pass_on(loose);
}

// Makes `geom` known to the script and has `operate(then)` put it in; it goes where that fails. The
// actor gets its handle.
Answer put_in(Call& call, const Wait& wait, Geom& geom,
              const std::function<void(std::function<void(Status)>)>& operate) {
  World& world = call.world();
  const Handle handle = world.handle_of(geom);
  operate([&world, handle, wake = waker(world, wait, [handle](Call& c) -> Answer {
                             return c.give(handle);
                           })](const Status& done) {
    Geom* loose = world.mesh().geom_by_id(handle.id);
    if (!done && loose != nullptr) world.mesh().wither(*loose);
    wake(done);
  });
  return kWaits;
}

// interpose(above or nil, below, class, name [, parameters])
Answer interpose(Call& call) {
  const auto below = provider_at(call, 2, "interpose: what is below");
  if (!below) return hand_on(below);
  const auto edge = edge_between(call, 1, **below);
  if (!edge) return hand_on(edge);
  const auto cls = class_at(call, 3, "interpose");
  if (!cls) return hand_on(cls);
  const auto name = call.text(4, "interpose: the name");
  if (!name) return hand_on(name);
  const auto values = call.values(5, (*cls)->parameters(), sentence("interpose ", (*cls)->name()));
  if (!values) return hand_on(values);
  World& world = call.world();
  const auto wait = world.actors().wait(call, sentence("the insertion of ", *name));
  if (!wait) return hand_on(wait);
  const Result<Geom*> made = make_loose(world.mesh(), (*cls)->name(), *name, {*below}, *values);
  if (!made) return refused(made.error());
  Geom& geom = **made;
  return put_in(call, *wait, geom, [&](std::function<void(Status)> then) {
    Provider& upper = geom.providers().front();
    Consumer& lower = geom.consumers().front();
    if (*edge != nullptr) return world.mesh().interpose(**edge, upper, lower, std::move(then));
    Surgery::interpose_above(world.mesh(), **below, upper, lower, std::move(then));
  });
}

// exchange(geom, class, name [, parameters])
Answer exchange(Call& call) {
  const auto old = geom_at(call, 1, "exchange: what is to go");
  if (!old) return hand_on(old);
  const auto cls = class_at(call, 2, "exchange");
  if (!cls) return hand_on(cls);
  const auto name = call.text(3, "exchange: the name");
  if (!name) return hand_on(name);
  const auto values = call.values(4, (*cls)->parameters(), sentence("exchange ", (*cls)->name()));
  if (!values) return hand_on(values);
  World& world = call.world();
  std::vector<Provider*> below;
  for (const Consumer& leg : (*old)->consumers()) {
    if (leg.provider() != nullptr) below.push_back(leg.provider());
  }
  const auto wait = world.actors().wait(call, sentence("the exchange of ", (*old)->title()));
  if (!wait) return hand_on(wait);
  const Result<Geom*> made = make_loose(world.mesh(), (*cls)->name(), *name, below, *values);
  if (!made) return refused(made.error());
  Geom& geom = **made;
  return put_in(call, *wait, geom, [&](std::function<void(Status)> then) {
    world.mesh().exchange(**old, geom, std::move(then));
  });
}

}  // namespace

void bind_surgery(lua_State* thread) {
  const Binding globals[] = {
      {"interpose", &lua_function<&interpose>},
      {"remove", &lua_function<&remove>},
      {"exchange", &lua_function<&exchange>},
  };
  bind_globals(thread, globals);
}

}  // namespace biotope::runtime
