#include "classes/array/array_class.h"
#include "classes/ccd/compose.h"
#include "classes/concat/concat.h"
#include "classes/multipath/multipath.h"
#include "classes/vinum/vinum.h"
#include "scenarios/runtime/api.h"
#include "scenarios/runtime/api_support.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"

// The verbs of arrays, of multipath, of ccd and of vinum.

namespace biotope::runtime {

namespace {

// A geom of one kind of module; `kind` ends the sentence that says it is none.
template <class G>
Outcome<G*> geom_of(Call& call, std::string_view whose, std::string_view kind) {
  const auto geom = geom_at(call, 1, sentence(whose, ": the geom"));
  if (!geom) return hand_on(geom);
  auto* found = dynamic_cast<G*>(*geom);
  if (found == nullptr) return misuse(whose, ": ", (*geom)->title(), " is no ", kind);
  return found;
}

Answer answer(const Status& done) {
  if (!done) return refused(done.error());
  return 0;
}

// --- stripe, concat, shsec ---

Outcome<const array::ArrayClass*> array_class_at(Call& call, std::string_view whose) {
  const auto cls = class_at(call, 1, whose);
  if (!cls) return hand_on(cls);
  const auto* found = dynamic_cast<const array::ArrayClass*>(*cls);
  if (found == nullptr) return misuse(whose, ": ", (*cls)->name(), " is no class of arrays");
  return found;
}

// array.label(class, name, disks [, parameters])
Answer label_array(Call& call) {
  const auto cls = array_class_at(call, "array.label");
  if (!cls) return hand_on(cls);
  const auto name = call.text(2, "array.label: the name");
  if (!name) return hand_on(name);
  const auto disks = providers_at(call, 3, "array.label: a disk");
  if (!disks) return hand_on(disks);
  const auto values = call.values(4, (*cls)->parameters(), "array.label");
  if (!values) return hand_on(values);
  return run_for_actor(call, sentence("the labelling of ", *name),
                       (*cls)->label(call.world().mesh(), *name, *disks, *values));
}

// array.clear(class, disk)
Answer clear_array(Call& call) {
  const auto cls = array_class_at(call, "array.clear");
  if (!cls) return hand_on(cls);
  const auto disk = provider_at(call, 2, "array.clear: the disk");
  if (!disk) return hand_on(disk);
  return run_for_actor(call, sentence("the clearing of ", (*disk)->name()),
                       (*cls)->clear(call.world().mesh(), **disk));
}

// array.destroy(geom)
Answer destroy_array(Call& call) {
  const auto self = geom_of<array::Array>(call, "array.destroy", "array");
  if (!self) return hand_on(self);
  return run_for_actor(call, sentence("the end of ", (*self)->title()),
                       array::ArrayClass::destroy(**self));
}

// array.append(geom, disk)
Answer append(Call& call) {
  const auto self = geom_of<Concat>(call, "array.append", "concat");
  if (!self) return hand_on(self);
  const auto disk = provider_at(call, 2, "array.append: the disk");
  if (!disk) return hand_on(disk);
  return run_for_actor(call, sentence("the growth of ", (*self)->title()), (*self)->append(**disk));
}

// --- multipath ---

// multipath.label(name, paths [, parameters])
Answer label_paths(Call& call) {
  const auto name = call.text(1, "multipath.label: the name");
  if (!name) return hand_on(name);
  const auto paths = providers_at(call, 2, "multipath.label: a path");
  if (!paths) return hand_on(paths);
  const auto cls = class_called(call.world(), "multipath", "multipath.label");
  if (!cls) return hand_on(cls);
  const auto values = call.values(3, (*cls)->parameters(), "multipath.label");
  if (!values) return hand_on(values);
  Mesh& mesh = call.world().mesh();
  return run_for_actor(call, sentence("the labelling of ", *name),
                       MultipathClass::of(mesh)->label(mesh, *name, *paths, *values));
}

// multipath.clear(disk)
Answer clear_paths(Call& call) {
  const auto disk = provider_at(call, 1, "multipath.clear: the disk");
  if (!disk) return hand_on(disk);
  const auto cls = class_called(call.world(), "multipath", "multipath.clear");
  if (!cls) return hand_on(cls);
  Mesh& mesh = call.world().mesh();
  return run_for_actor(call, sentence("the clearing of ", (*disk)->name()),
                       MultipathClass::of(mesh)->clear(mesh, **disk));
}

// multipath.add(geom, disk)
Answer add_path(Call& call) {
  const auto self = geom_of<Multipath>(call, "multipath.add", "multipath");
  if (!self) return hand_on(self);
  const auto disk = provider_at(call, 2, "multipath.add: the path");
  if (!disk) return hand_on(disk);
  return answer((*self)->add(**disk));
}

// A verb about one path: (geom, name of the path).
using PathVerb = Status (Multipath::*)(std::string_view path);
template <PathVerb kVerb>
Answer path_verb(Call& call) {
  const auto self = geom_of<Multipath>(call, "multipath", "multipath");
  if (!self) return hand_on(self);
  const auto path = provider_at(call, 2, "multipath: the path");
  if (!path) return hand_on(path);
  return answer(((*self)->*kVerb)((*path)->name()));
}

// multipath.rotate(geom)
Answer rotate(Call& call) {
  const auto self = geom_of<Multipath>(call, "multipath.rotate", "multipath");
  if (!self) return hand_on(self);
  return answer((*self)->rotate());
}

// multipath.active(geom)
Answer active(Call& call) {
  const auto self = geom_of<Multipath>(call, "multipath.active", "multipath");
  if (!self) return hand_on(self);
  return call.give((*self)->active());
}

// --- out of small modules ---

// ccd.compose(name, disks [, parameters])
Answer compose_ccd(Call& call) {
  const auto name = call.text(1, "ccd.compose: the name");
  if (!name) return hand_on(name);
  const auto disks = providers_at(call, 2, "ccd.compose: a disk");
  if (!disks) return hand_on(disks);
  World& world = call.world();
  const auto cls = class_called(world, "ccd", "ccd.compose");
  if (!cls) return hand_on(cls);
  const auto values = call.values(3, (*cls)->parameters(), "ccd.compose");
  if (!values) return hand_on(values);
  const auto made = ccd::compose(world.mesh(), *name, ccd::settings_of(*values), *disks);
  if (!made) return refused(made.error());
  return call.give(world.handle_of(*made->back()));
}

// vinum.compose(configuration, disks)
Answer compose_vinum(Call& call) {
  const auto text = call.text(1, "vinum.compose: the configuration");
  if (!text) return hand_on(text);
  const auto disks = providers_at(call, 2, "vinum.compose: a disk");
  if (!disks) return hand_on(disks);
  World& world = call.world();
  const auto made = vinum::compose(world.mesh(), "vinum.compose", *text, *disks);
  if (!made) return refused(made.error());
  lua_createtable(call.thread(), static_cast<int>(made->volumes.size()), 0);
  lua_Integer place = 0;
  for (const Provider* volume : made->volumes) {
    push_handle(call.thread(), world.handle_of(*volume));
    lua_rawseti(call.thread(), -2, ++place);
  }
  return 1;
}

// vinum.label(name, configuration, disks)
Answer label_vinum(Call& call) {
  const auto name = call.text(1, "vinum.label: the name");
  if (!name) return hand_on(name);
  const auto text = call.text(2, "vinum.label: the configuration");
  if (!text) return hand_on(text);
  const auto disks = providers_at(call, 3, "vinum.label: a disk");
  if (!disks) return hand_on(disks);
  const auto cls = class_called(call.world(), "vinum", "vinum.label");
  if (!cls) return hand_on(cls);
  Mesh& mesh = call.world().mesh();
  return run_for_actor(call, sentence("the labelling of ", *name),
                       VinumClass::of(mesh)->label(mesh, *name, *text, *disks));
}

// vinum.clear(disk)
Answer clear_vinum(Call& call) {
  const auto disk = provider_at(call, 1, "vinum.clear: the disk");
  if (!disk) return hand_on(disk);
  const auto cls = class_called(call.world(), "vinum", "vinum.clear");
  if (!cls) return hand_on(cls);
  Mesh& mesh = call.world().mesh();
  return run_for_actor(call, sentence("the clearing of ", (*disk)->name()),
                       VinumClass::of(mesh)->clear(mesh, **disk));
}

// vinum.insert(geom, drive, disk)
Answer insert_drive(Call& call) {
  const auto self = geom_of<Vinum>(call, "vinum.insert", "vinum");
  if (!self) return hand_on(self);
  const auto drive = call.text(2, "vinum.insert: the drive");
  if (!drive) return hand_on(drive);
  const auto disk = provider_at(call, 3, "vinum.insert: the disk");
  if (!disk) return hand_on(disk);
  return run_for_actor(call, sentence("the insertion of ", (*disk)->name()),
                       (*self)->insert(*drive, (*disk)->name()));
}

// vinum.stop(geom), vinum.destroy(geom)
template <bool kWipe>
Answer stop_vinum(Call& call) {
  const auto self = geom_of<Vinum>(call, "vinum.stop", "vinum");
  if (!self) return hand_on(self);
  return run_for_actor(call, sentence("the end of ", (*self)->title()), (*self)->stop(kWipe));
}

// vinum.start(geom, plex)
Answer start_plex(Call& call) {
  const auto self = geom_of<Vinum>(call, "vinum.start", "vinum");
  if (!self) return hand_on(self);
  const auto plex = call.text(2, "vinum.start: the plex");
  if (!plex) return hand_on(plex);
  return run_for_actor(call, sentence("the start of plex ", *plex), (*self)->start_plex(*plex));
}

}  // namespace

void bind_arrays(lua_State* thread) {
  const Binding arrays[] = {
      {"label", &lua_function<&label_array>},
      {"clear", &lua_function<&clear_array>},
      {"destroy", &lua_function<&destroy_array>},
      {"append", &lua_function<&append>},
  };
  bind_table(thread, "array", arrays);
  const Binding paths[] = {
      {"label", &lua_function<&label_paths>},
      {"clear", &lua_function<&clear_paths>},
      {"add", &lua_function<&add_path>},
      {"remove", &lua_function<&path_verb<&Multipath::remove>>},
      {"fail", &lua_function<&path_verb<&Multipath::fail_path>>},
      {"restore", &lua_function<&path_verb<&Multipath::restore>>},
      {"prefer", &lua_function<&path_verb<&Multipath::prefer>>},
      {"rotate", &lua_function<&rotate>},
      {"active", &lua_function<&active>},
  };
  bind_table(thread, "multipath", paths);
  const Binding ccds[] = {{"compose", &lua_function<&compose_ccd>}};
  bind_table(thread, "ccd", ccds);
  const Binding vinums[] = {
      {"compose", &lua_function<&compose_vinum>},  {"label", &lua_function<&label_vinum>},
      {"clear", &lua_function<&clear_vinum>},      {"insert", &lua_function<&insert_drive>},
      {"stop", &lua_function<&stop_vinum<false>>}, {"destroy", &lua_function<&stop_vinum<true>>},
      {"start", &lua_function<&start_plex>}};
  bind_table(thread, "vinum", vinums);
}

}  // namespace biotope::runtime
