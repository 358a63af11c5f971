#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "classes/random_stream.h"
#include "model/virtual_executor.h"
#include "scenarios/runtime/actor.h"
#include "scenarios/runtime/sandbox.h"

namespace biotope::runtime {

// Runs scripts in the sandbox with nothing behind it: a clock, and `emit(...)`, which keeps texts.
class ScriptRunner {
 public:
  explicit ScriptRunner(Limits limits = {}) : state(limits), actors(state, executor) {
    open_sandbox(state.main(), random);
    lua_pushlightuserdata(state.main(), this);
    lua_pushcclosure(state.main(), &ScriptRunner::emit, 1);
    lua_setglobal(state.main(), "emit");
    close_sandbox(state.main());
  }

  // Runs to the end; what was emitted is in `emitted`.
  std::optional<Failure> run(const std::string& source) {
    const Outcome<void> loaded = state.load(state.main(), source, "test.lua");
    if (!loaded) return loaded.error();
    actors.run_main(state.main(), "the main script");
    while (!actors.failure() && executor.step()) {
    }
    return actors.failure();
  }
  // The text of the failure, with its place; empty when there is none.
  std::string failure_of(const std::string& source) {
    const std::optional<Failure> failure = run(source);
    if (!failure) return {};
    return failure->where.empty() ? failure->text : failure->where + ": " + failure->text;
  }
  // What a script emits that must not fail.
  std::vector<std::string> output_of(const std::string& source) {
    EXPECT_EQ(failure_of(source), "") << source;
    return emitted;
  }

  VirtualExecutor executor;
  RandomStream random{1, "test"};
  LuaState state;
  Actors actors;
  std::vector<std::string> emitted;

 private:
  static int emit(lua_State* thread) {
    auto& self = *static_cast<ScriptRunner*>(lua_touserdata(thread, lua_upvalueindex(1)));
    const LuaState::Lease lease(self.state);
    std::string line;
    for (int i = 1; i <= lua_gettop(thread); ++i) {
      if (i > 1) line += ' ';
      lua_getglobal(thread, "tostring");
      lua_pushvalue(thread, i);
      if (lua_pcall(thread, 1, 1, 0) == LUA_OK) {
        std::size_t length = 0;
        const char* text = lua_tolstring(thread, -1, &length);
        line.append(text, length);
      }
      lua_pop(thread, 1);
    }
    self.emitted.push_back(line);
    return 0;
  }
};

}  // namespace biotope::runtime
