#pragma once

#include <lua.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/parameter.h"
#include "scenarios/runtime/failure.h"
#include "scenarios/runtime/handle.h"
#include "scenarios/runtime/lua_state.h"

namespace biotope::runtime {

class Actor;

// One call of a native function: reads its arguments, pushes its results. Indices count arguments
// from 1 and may be past the last one, which then is nil.
class Call {
 public:
  explicit Call(lua_State* thread) : thread_(thread) {}

  lua_State* thread() const { return thread_; }
  LuaState& state() const { return LuaState::of(thread_); }
  World& world() const { return *state().world; }
  // Whose call it is.
  Actor& actor() const;

  int count() const { return lua_gettop(thread_); }
  bool is_nil(int index) const { return lua_isnoneornil(thread_, index); }
  bool is_text(int index) const { return lua_type(thread_, index) == LUA_TSTRING; }
  bool is_table(int index) const { return lua_type(thread_, index) == LUA_TTABLE; }
  bool is_function(int index) const { return lua_type(thread_, index) == LUA_TFUNCTION; }

  // `what` names the argument in sentences: "sleep: the time".
  Outcome<std::string> text(int index, std::string_view what) const;
  Outcome<std::int64_t> integer(int index, std::string_view what) const;
  // "10 ms".
  Outcome<std::int64_t> time_ns(int index, std::string_view what) const;
  // 512 or "4 KiB".
  Outcome<std::int64_t> size_bytes(int index, std::string_view what) const;
  Outcome<Handle> handle(int index, HandleKind kind, std::string_view what) const;
  // A table of options, or nothing, against a parameter table; `whose` starts sentences. Names in
  // `besides` are left for the caller to look at (see field()).
  Outcome<Values> values(int index, std::span<const Parameter> table, std::string_view whose,
                         std::span<const std::string_view> besides = {}) const;
  // Puts the field of the table at `index` on the stack and gives its place there.
  int field(int index, std::string_view name) const;

  // Results; each gives 1, the number of them.
  int give(std::string_view text) const;
  int give(const char* text) const { return give(std::string_view(text)); }
  int give(std::int64_t number) const;
  int give(bool truth) const;
  int give(const Handle& handle) const;
  int give(const std::vector<std::string>& texts) const;

 private:
  lua_State* thread_;
};

// What a native returns: how many results it pushed, kWaits, or why not.
using Answer = Outcome<int>;
using Native = Answer (*)(Call&);

// The native has arranged for its actor to be woken: what is then delivered are its results.
inline constexpr int kWaits = -1;

namespace detail {
inline constexpr int kRaise = -2;
// The C++ part of a call. When it returns kRaise, the value to raise is on top of the stack.
int run_native(lua_State* thread, Native native) noexcept;
int finish_wait(lua_State* thread) noexcept;
int after_wait(lua_State* thread, int status, lua_KContext context);
}  // namespace detail

// The function that Lua sees. It has nothing to destroy, so it may raise.
template <Native native>
int lua_function(lua_State* thread) {
  const int results = detail::run_native(thread, native);
  if (results == detail::kRaise) return lua_error(thread);
  if (results == kWaits) return lua_yieldk(thread, 0, 0, &detail::after_wait);
  return results;
}

struct Binding {
  const char* name;
  lua_CFunction function;
};

// Makes the functions known: as globals, as the fields of a global table, or as the methods of
// handles of one kind.
void bind_globals(lua_State* thread, std::span<const Binding> bindings);
void bind_table(lua_State* thread, const char* global, std::span<const Binding> bindings);
void bind_methods(lua_State* thread, HandleKind kind, std::span<const Binding> bindings);

// From now on a name that the table on top of the stack does not have is an error that tells the
// nearest one it has. `whose` starts the sentence: "there is no global".
void make_strict(lua_State* thread, const char* whose);

}  // namespace biotope::runtime
