#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/mesh.h"
#include "scenarios/runtime/actor.h"

namespace biotope::runtime {

// A fact that outlives its moment, as scripts see it.
struct FactNote {
  FactKind kind{};
  std::int64_t time_ns = 0;
  int error = 0;
  std::string cls;
  std::string geom;  // class and name
  std::string provider;
  std::string text;
};

// Which facts somebody is interested in: those of a kind where every name that is not empty is
// equal.
struct FactFilter {
  FactKind kind{};
  std::string cls;
  std::string geom;
  std::string provider;

  bool matches(const Fact& fact) const;
};

// Hands facts to scripts. Watching happens in the middle of what the mesh does, so scripts run
// later, in a turn of their own at the same instant.
class FactWatch final : public Observer {
 public:
  FactWatch(Mesh& mesh, Actors& actors, LuaState& state);
  ~FactWatch() override;

  // EINVAL with the nearest name there is.
  static Result<FactKind> kind_named(std::string_view name);

  // Wakes the waiting actor with the next fact that matches.
  void wake_on(FactFilter filter, const Wait& wait);
  // Calls the function on top of `thread`'s stack, in an actor of its own, for every such fact.
  void call_on(FactFilter filter, lua_State* thread);

  // Titles of the geoms that were asked for access since the last call, in order.
  std::vector<std::string> take_asked();

 private:
  struct Sleeper {
    FactFilter filter;
    Wait wait;
  };
  struct Listener {
    FactFilter filter;
    int function;  // in the registry
  };

  void on_fact(const Fact& fact) override;

  Mesh& mesh_;
  Actors& actors_;
  LuaState& state_;
  std::vector<Sleeper> sleepers_;
  std::vector<Listener> listeners_;
  std::vector<std::string> asked_;
};

// Pushes a fact as a table.
void push_fact(lua_State* thread, const FactNote& fact);

}  // namespace biotope::runtime
