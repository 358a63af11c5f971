#include "scenarios/runtime/fact_watch.h"

#include <algorithm>

#include "viz/words.h"

namespace biotope::runtime {

namespace {

constexpr int kKinds = static_cast<int>(FactKind::machine) + 1;

// Whose doing it is, or whom it is about; null for nobody.
const Class* class_of(const Fact& fact) {
  if (fact.cls != nullptr) return fact.cls;
  return fact.geom == nullptr ? nullptr : &fact.geom->cls();
}

FactNote note_of(const Fact& fact) {
  FactNote note;
  note.kind = fact.kind;
  note.time_ns = fact.time_ns;
  note.error = fact.error;
  if (const Class* cls = class_of(fact)) note.cls = cls->name();
  if (fact.geom != nullptr) note.geom = fact.geom->title();
  if (fact.provider != nullptr) note.provider = fact.provider->name();
  note.text = viz::sentence_of(fact);
  return note;
}

void set_field(lua_State* thread, const char* name, const std::string& text) {
  if (text.empty()) return;
  lua_pushlstring(thread, text.data(), text.size());
  lua_setfield(thread, -2, name);
}

bool fits(const std::string& wanted, std::string_view there) {
  return wanted.empty() || wanted == there;
}

}  // namespace

bool FactFilter::matches(const Fact& fact) const {
  if (fact.kind != kind) return false;
  const Class* cls_of_fact = class_of(fact);
  return fits(cls, cls_of_fact == nullptr ? std::string_view() : cls_of_fact->name()) &&
         fits(geom, fact.geom == nullptr ? std::string() : fact.geom->title()) &&
         fits(provider, fact.provider == nullptr ? std::string_view() : fact.provider->name());
}

FactWatch::FactWatch(Mesh& mesh, Actors& actors, LuaState& state)
    : mesh_(mesh), actors_(actors), state_(state) {
  mesh_.facts().add(*this);
}

FactWatch::~FactWatch() { mesh_.facts().remove(*this); }

Result<FactKind> FactWatch::kind_named(std::string_view name) {
  std::vector<std::string_view> names;
  for (int kind = 0; kind < kKinds; ++kind) {
    names.emplace_back(fact_name(static_cast<FactKind>(kind)));
    if (names.back() == name) return static_cast<FactKind>(kind);
  }
  const std::string_view near = nearest(name, names);
  if (near.empty()) return fail(EINVAL, "there is no kind of fact called '", name, "'");
  return fail(EINVAL, "there is no kind of fact called '", name, "'; did you mean '", near, "'?");
}

void FactWatch::wake_on(FactFilter filter, const Wait& wait) {
  sleepers_.push_back({std::move(filter), wait});
}

void FactWatch::call_on(FactFilter filter, lua_State* thread) {
  listeners_.push_back({std::move(filter), luaL_ref(thread, LUA_REGISTRYINDEX)});
}

std::vector<std::string> FactWatch::take_asked() { return std::exchange(asked_, {}); }

void FactWatch::on_fact(const Fact& fact) {
  if (fact.kind == FactKind::access_asked && fact.after.opens_beyond(fact.before)) {
    asked_.push_back(fact.geom->title());
  }
  const auto woken = std::stable_partition(
      sleepers_.begin(), sleepers_.end(),
      [&fact](const Sleeper& sleeper) { return !sleeper.filter.matches(fact); });
  const std::vector<Sleeper> to_wake(woken, sleepers_.end());
  sleepers_.erase(woken, sleepers_.end());
  for (const Sleeper& sleeper : to_wake) {
    actors_.wake(sleeper.wait, [note = note_of(fact)](Call& call) -> Answer {
      push_fact(call.thread(), note);
      return 1;
    });
  }
  for (const Listener& listener : listeners_) {
    if (!listener.filter.matches(fact)) continue;
    lua_State* thread = state_.main();
    lua_rawgeti(thread, LUA_REGISTRYINDEX, listener.function);
    push_fact(thread, note_of(fact));
    actors_.spawn(thread, 1, sentence("what listens to ", fact_name(fact.kind)));
  }
}

void push_fact(lua_State* thread, const FactNote& fact) {
  lua_createtable(thread, 0, 7);
  set_field(thread, "kind", fact_name(fact.kind));
  set_field(thread, "class", fact.cls);
  set_field(thread, "geom", fact.geom);
  set_field(thread, "provider", fact.provider);
  set_field(thread, "text", fact.text);
  if (fact.error != 0) set_field(thread, "error", viz::error_name(fact.error));
  lua_pushinteger(thread, fact.time_ns);
  lua_setfield(thread, -2, "time_ns");
}

}  // namespace biotope::runtime
