#pragma once

#include <lua.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scenarios/runtime/failure.h"

namespace biotope::runtime {

class Actors;
class World;

// What a script may use up.
struct Limits {
  std::int64_t instructions = 1'000'000'000;
  std::int64_t memory_bytes = 256 << 20;
};

// A Lua state with its budget. Lua reports errors by longjmp, which must never pass a C++ frame
// that has something to destroy. Hence the rule here: C++ code calls Lua only where Lua can not
// raise (raw accesses; memory is not refused meanwhile, see Lease), and natives return their
// failure to a frame without objects that raises it (call.h).
class LuaState {
 public:
  explicit LuaState(Limits limits);
  ~LuaState();
  LuaState(const LuaState&) = delete;
  LuaState& operator=(const LuaState&) = delete;

  static LuaState& of(lua_State* thread);

  lua_State* main() { return main_; }

  // Compiles a text as a function on top of `thread`'s stack; on failure nothing is there.
  Outcome<void> load(lua_State* thread, std::string_view source, const std::string& name);

  // Runs a coroutine on to its end, its next wait or its failure. Results are dropped.
  enum class Progress { finished, waiting, failed };
  Progress resume(lua_State* thread, int arguments);
  // What the failed coroutine raised, with file, line and traceback.
  Failure failure_of(lua_State* thread);

  // Counts work that Lua does not see as instructions. Never raises; the next instruction does.
  void charge(std::int64_t instructions) { used_instructions_ += instructions; }
  bool exhausted() const { return used_instructions_ > limits_.instructions; }
  std::int64_t used_instructions() const { return used_instructions_; }
  // Where the script was when its budget ended; empty before.
  const std::string& exhausted_at() const { return exhausted_at_; }
  Failure time_out() const;

  // While one lives, memory is not refused: nothing that C++ calls in Lua can raise.
  class Lease {
   public:
    explicit Lease(LuaState& state) : state_(state), before_(state.refuses_memory_) {
      state_.refuses_memory_ = false;
    }
    ~Lease() { state_.refuses_memory_ = before_; }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

   private:
    LuaState& state_;
    bool before_;
  };

  // Whom natives work for; set by them.
  Actors* actors = nullptr;
  World* world = nullptr;

 private:
  static void* allocate(void* state, void* block, std::size_t old_bytes, std::size_t new_bytes);
  static void on_count(lua_State* thread, lua_Debug* at);
  friend int raise_time_out(lua_State* thread);
  void push_time_out(lua_State* thread);

  Limits limits_;
  bool refuses_memory_ = false;
  std::int64_t used_memory_bytes_ = 0;
  std::int64_t used_instructions_ = 0;
  int hook_interval_;
  std::string exhausted_at_;
  lua_State* main_;
};

// Raises the end of the budget.
int raise_time_out(lua_State* thread);

// Puts the failure on the stack as the value to raise: a table that prints as its sentence and has
// `code` ("EBUSY") and `text`.
void push_failure(lua_State* thread, const Failure& failure);
// The failure that a value of push_failure() stands for; nothing for other values.
std::optional<Failure> to_failure(lua_State* thread, int index);

// "story.lua:12" of the innermost Lua function at or above `level`; empty when there is none.
std::string where(lua_State* thread, int level);

}  // namespace biotope::runtime
