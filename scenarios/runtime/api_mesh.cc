#include "classes/slicer/slicer.h"
#include "scenarios/runtime/api.h"
#include "scenarios/runtime/api_support.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"

// The mesh: finding, making and changing what is in it.

namespace biotope::runtime {

namespace {

int give_nil(Call& call) {
  lua_pushnil(call.thread());
  return 1;
}

int give_handles(Call& call, const std::vector<Handle>& handles) {
  lua_createtable(call.thread(), static_cast<int>(handles.size()), 0);
  lua_Integer place = 0;
  for (const Handle& handle : handles) {
    push_handle(call.thread(), handle);
    lua_rawseti(call.thread(), -2, ++place);
  }
  return 1;
}

Answer find_provider(Call& call) {
  const auto name = call.text(1, "mesh.provider: the name");
  if (!name) return hand_on(name);
  const Provider* provider = call.world().mesh().provider(*name);
  return provider == nullptr ? give_nil(call) : call.give(call.world().handle_of(*provider));
}

Answer find_geom(Call& call) {
  const auto cls = call.text(1, "mesh.geom: the class");
  if (!cls) return hand_on(cls);
  const auto name = call.text(2, "mesh.geom: the name");
  if (!name) return hand_on(name);
  const Geom* geom = call.world().mesh().geom(*cls, *name);
  return geom == nullptr ? give_nil(call) : call.give(call.world().handle_of(*geom));
}

Answer list_providers(Call& call) {
  std::vector<Handle> handles;
  for (const Geom& geom : call.world().mesh().geoms()) {
    for (const Provider& p : geom.providers()) {
      if (p.error() == 0) handles.push_back(call.world().handle_of(p));
    }
  }
  std::sort(handles.begin(), handles.end());
  return give_handles(call, handles);
}

Answer list_geoms(Call& call) {
  std::vector<Handle> handles;
  for (const Geom& geom : call.world().mesh().geoms()) {
    handles.push_back(call.world().handle_of(geom));
  }
  std::sort(handles.begin(), handles.end());
  return give_handles(call, handles);
}

// One line for each provider, below what it stands on, with whoever uses it.
void add_lines(const Geom& geom, int depth, std::string& text) {
  for (const Provider& provider : geom.providers()) {
    text += sentence(std::string(static_cast<std::size_t>(depth) * 2, ' '), provider.name(), " (",
                     geom.cls().name(), ", ", provider.access().text(), ")");
    for (const Consumer& user : provider.consumers()) {
      if (user.geom().providers().empty()) text += sentence(" <- ", user.geom().title());
    }
    text += '\n';
    for (const Consumer& user : provider.consumers()) add_lines(user.geom(), depth + 1, text);
  }
}

Answer tree(Call& call) {
  std::string text;
  for (const Geom& geom : call.world().mesh().geoms()) {
    if (geom.consumers().empty()) add_lines(geom, 0, text);
  }
  return call.give(text);
}

Answer census(Call& call) {
  const Census census = call.world().mesh().census();
  const std::pair<const char*, std::uint64_t> counts[] = {
      {"geoms", census.geoms}, {"providers", census.providers}, {"consumers", census.consumers},
      {"bios", census.bios},   {"trails", census.trails},       {"events", census.events},
  };
  lua_createtable(call.thread(), 0, std::size(counts));
  for (const auto& [name, count] : counts) {
    lua_pushinteger(call.thread(), static_cast<lua_Integer>(count));
    lua_setfield(call.thread(), -2, name);
  }
  return 1;
}

Answer classes(Call& call) {
  std::vector<std::string> names;
  for (const Class* cls : call.world().mesh().classes()) names.push_back(cls->name());
  return call.give(names);
}

// --- making and changing ---

// create(class, name [, below [, parameters]])
Answer create(Call& call) {
  const auto cls = class_at(call, 1, "create");
  if (!cls) return hand_on(cls);
  const auto name = call.text(2, "create: the name");
  if (!name) return hand_on(name);
  const auto below = providers_at(call, 3, "create: what it stands on");
  if (!below) return hand_on(below);
  const auto values = call.values(4, (*cls)->parameters(), sentence("create ", (*cls)->name()));
  if (!values) return hand_on(values);
  const Result<Geom*> geom = call.world().mesh().create((*cls)->name(), *name, *below, *values);
  if (!geom) return refused(geom.error());
  return call.give(call.world().handle_of(**geom));
}

// configure(class, options): from now on; what is found already is looked at again if nobody uses
// it
Answer configure(Call& call) {
  const auto cls = class_at(call, 1, "configure");
  if (!cls) return hand_on(cls);
  const auto values = call.values(2, (*cls)->options(), sentence("configure ", (*cls)->name()));
  if (!values) return hand_on(values);
  Mesh& mesh = call.world().mesh();
  if (const Status set = mesh.configure((*cls)->name(), *values); !set) return refused(set.error());
  if ((*cls)->tastes()) mesh.retaste(**cls);
  return 0;
}

Answer unload(Call& call) {
  const auto cls = class_at(call, 1, "unload");
  if (!cls) return hand_on(cls);
  const std::string name = (*cls)->name();
  if (const Status gone = call.world().mesh().unload(name); !gone) return refused(gone.error());
  return 0;
}

Answer destroy(Call& call) {
  const auto geom = geom_at(call, 1, "destroy: the geom");
  if (!geom) return hand_on(geom);
  if (const Status gone = call.world().mesh().destroy(**geom); !gone) return refused(gone.error());
  return 0;
}

// --- providers ---

Outcome<Provider*> self_provider(Call& call, std::string_view whose) {
  const auto self = call.handle(1, HandleKind::provider, sentence(whose, ": self"));
  if (!self) return hand_on(self);
  return call.world().provider(*self);
}

template <auto read>
Answer provider_fact(Call& call) {
  const auto self = self_provider(call, "a provider's method");
  if (!self) return hand_on(self);
  return read(call, **self);
}

int provider_name(Call& call, Provider& p) { return call.give(p.name()); }
int provider_size(Call& call, Provider& p) { return call.give(p.media_size_bytes()); }
int provider_sector_size(Call& call, Provider& p) { return call.give(p.sector_size_bytes()); }
int provider_access(Call& call, Provider& p) {
  const Access access = p.access();
  lua_createtable(call.thread(), 0, 3);
  for (const auto& [name, count] : {std::pair{"r", access.r}, {"w", access.w}, {"e", access.e}}) {
    lua_pushinteger(call.thread(), count);
    lua_setfield(call.thread(), -2, name);
  }
  return 1;
}
int provider_start(Call& call, Provider& p) { return call.give(start_on_disk_bytes(p)); }
int provider_about(Call& call, Provider& p) { return call.give(p.geom().about(p)); }
int provider_geom(Call& call, Provider& p) { return call.give(call.world().handle_of(p.geom())); }
int provider_users(Call& call, Provider& p) {
  std::vector<Handle> users;
  for (const Consumer& user : p.consumers()) {
    users.push_back(call.world().handle_of(user.geom()));
  }
  return give_handles(call, users);
}

// Whether it is there and works.
Answer provider_is_there(Call& call) {
  const auto self = call.handle(1, HandleKind::provider, "is_there: self");
  if (!self) return hand_on(self);
  const Provider* provider = call.world().mesh().provider_by_id(self->id);
  return call.give(provider != nullptr && provider->error() == 0);
}

// --- geoms ---

template <auto read>
Answer geom_fact(Call& call) {
  const auto self = geom_at(call, 1, "a geom's method: self");
  if (!self) return hand_on(self);
  return read(call, **self);
}

int geom_name(Call& call, Geom& g) { return call.give(g.name()); }
int geom_class(Call& call, Geom& g) { return call.give(g.cls().name()); }
int geom_title(Call& call, Geom& g) { return call.give(g.title()); }
int geom_status(Call& call, Geom& g) { return call.give(g.status()); }
int geom_recipe(Call& call, Geom& g) { return call.give(g.recipe()); }
int geom_rank(Call& call, Geom& g) { return call.give(std::int64_t{g.rank()}); }
int geom_providers(Call& call, Geom& g) {
  std::vector<Handle> handles;
  for (const Provider& provider : g.providers()) {
    handles.push_back(call.world().handle_of(provider));
  }
  return give_handles(call, handles);
}

int geom_below(Call& call, Geom& g) {
  std::vector<Handle> handles;
  for (const Consumer& consumer : g.consumers()) {
    if (consumer.provider() == nullptr) continue;
    handles.push_back(call.world().handle_of(*consumer.provider()));
  }
  return give_handles(call, handles);
}

Answer geom_is_there(Call& call) {
  const auto self = call.handle(1, HandleKind::geom, "is_there: self");
  if (!self) return hand_on(self);
  return call.give(call.world().mesh().geom_by_id(self->id) != nullptr);
}

}  // namespace

void bind_mesh(lua_State* thread) {
  const Binding in_mesh[] = {
      {"provider", &lua_function<&find_provider>}, {"providers", &lua_function<&list_providers>},
      {"geom", &lua_function<&find_geom>},         {"geoms", &lua_function<&list_geoms>},
      {"classes", &lua_function<&classes>},        {"tree", &lua_function<&tree>},
  };
  bind_table(thread, "mesh", in_mesh);
  const Binding globals[] = {
      {"census", &lua_function<&census>}, {"configure", &lua_function<&configure>},
      {"create", &lua_function<&create>}, {"destroy", &lua_function<&destroy>},
      {"unload", &lua_function<&unload>},
  };
  bind_globals(thread, globals);
  const Binding provider_methods[] = {
      {"name", &lua_function<&provider_fact<&provider_name>>},
      {"size", &lua_function<&provider_fact<&provider_size>>},
      {"sector_size", &lua_function<&provider_fact<&provider_sector_size>>},
      {"start", &lua_function<&provider_fact<&provider_start>>},
      {"access", &lua_function<&provider_fact<&provider_access>>},
      {"about", &lua_function<&provider_fact<&provider_about>>},
      {"geom", &lua_function<&provider_fact<&provider_geom>>},
      {"users", &lua_function<&provider_fact<&provider_users>>},
      {"is_there", &lua_function<&provider_is_there>},
  };
  bind_methods(thread, HandleKind::provider, provider_methods);
  const Binding geom_methods[] = {
      {"name", &lua_function<&geom_fact<&geom_name>>},
      {"class", &lua_function<&geom_fact<&geom_class>>},
      {"title", &lua_function<&geom_fact<&geom_title>>},
      {"status", &lua_function<&geom_fact<&geom_status>>},
      {"recipe", &lua_function<&geom_fact<&geom_recipe>>},
      {"rank", &lua_function<&geom_fact<&geom_rank>>},
      {"providers", &lua_function<&geom_fact<&geom_providers>>},
      {"below", &lua_function<&geom_fact<&geom_below>>},
      {"is_there", &lua_function<&geom_is_there>},
  };
  bind_methods(thread, HandleKind::geom, geom_methods);
}

}  // namespace biotope::runtime
