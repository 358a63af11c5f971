#include "scenarios/runtime/sandbox.h"

#include <string_view>

#include "classes/random_stream.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/ordered.h"
#include "scenarios/runtime/patterns.h"
#include "scenarios/runtime/table_sort.h"

namespace biotope::runtime {

namespace {

// --- texts
// ---------------------------------------------------------------------------------------- These
// are Lua functions of their own: they have nothing to destroy, so they may raise.

int to_text(lua_State* thread) {
  luaL_checkany(thread, 1);
  if (luaL_callmeta(thread, 1, "__tostring") != 0) {
    if (lua_isstring(thread, -1) == 0) return luaL_error(thread, "'__tostring' must give a text");
    return 1;
  }
  switch (lua_type(thread, 1)) {
    case LUA_TNIL:
    case LUA_TBOOLEAN:
    case LUA_TNUMBER:
    case LUA_TSTRING:
      luaL_tolstring(thread, 1, nullptr);
      return 1;
    default:
      if (luaL_getmetafield(thread, 1, "__name") != LUA_TSTRING) {
        lua_pushstring(thread, luaL_typename(thread, 1));
      }
      return 1;
  }
}

// The original function is the upvalue. Called as a plain function, it finds the script's line.
int call_original(lua_State* thread) {
  return lua_tocfunction(thread, lua_upvalueindex(1))(thread);
}

// Whether a pattern of string.format has a conversion to an address.
bool tells_address(std::string_view pattern) {
  for (std::size_t at = pattern.find('%'); at != std::string_view::npos;
       at = pattern.find('%', at + 1)) {
    at = pattern.find_first_not_of("-+ #0123456789.", at + 1);
    if (at == std::string_view::npos) return false;
    if (pattern[at] == 'p') return true;
  }
  return false;
}

int format(lua_State* thread) {
  std::size_t length = 0;
  const char* pattern = luaL_checklstring(thread, 1, &length);
  if (tells_address({pattern, length})) {
    return luaL_error(thread, "format: '%%p' would tell an address");
  }
  for (int i = 2; i <= lua_gettop(thread); ++i) {
    if (lua_type(thread, i) < LUA_TTABLE) continue;
    lua_pushcfunction(thread, &to_text);
    lua_pushvalue(thread, i);
    lua_call(thread, 1, 1);
    lua_replace(thread, i);
  }
  return call_original(thread);
}

constexpr std::int64_t kMostSteps = 100'000'000;
// The worst case is rare.
constexpr std::int64_t kStepsPerInstruction = 100;

// find, match, gmatch and gsub: Lua can not stop one of them once it runs.
int match(lua_State* thread) {
  std::size_t text_length = 0;
  std::size_t pattern_length = 0;
  luaL_checklstring(thread, 1, &text_length);
  const char* pattern = luaL_checklstring(thread, 2, &pattern_length);
  const std::int64_t steps = most_steps({pattern, pattern_length}, text_length);
  if (steps > kMostSteps) {
    return luaL_error(thread,
                      "this pattern may take for ever on a text of %d bytes; use fewer repetitions",
                      static_cast<int>(text_length));
  }
  LuaState& state = LuaState::of(thread);
  state.charge(steps / kStepsPerInstruction);
  if (state.exhausted()) return raise_time_out(thread);
  return call_original(thread);
}

// --- tables and numbers ---

int set_metatable(lua_State* thread) {
  if (lua_type(thread, 2) == LUA_TTABLE) {
    for (const char* field : {"__gc", "__mode"}) {
      lua_pushstring(thread, field);
      if (lua_rawget(thread, 2) != LUA_TNIL) {
        return luaL_error(thread, "setmetatable: '%s' would let the collector be seen", field);
      }
      lua_pop(thread, 1);
    }
  }
  return call_original(thread);
}

Answer random_number(Call& call) {
  auto& stream = *static_cast<RandomStream*>(lua_touserdata(call.thread(), lua_upvalueindex(1)));
  if (call.count() == 0) {
    lua_pushnumber(call.thread(), stream.fraction());
    return 1;
  }
  const bool two = call.count() > 1;
  const auto first = call.integer(1, "math.random: the first argument");
  if (!first) return hand_on(first);
  const auto second = two ? call.integer(2, "math.random: the second argument") : first;
  if (!second) return hand_on(second);
  const std::int64_t low = two ? *first : 1;
  if (low > *second) return misuse("math.random: there is nothing from ", low, " to ", *second);
  return call.give(stream.between(low, *second));
}

Answer no_seed(Call&) {
  return misuse("math.randomseed: the seed of a run comes from the command line, as --seed N");
}

// --- putting it together ---

// Replaces a field of the table on top of the stack by `guard`, which has the original as upvalue.
void guard_field(lua_State* thread, const char* field, lua_CFunction guard) {
  lua_getfield(thread, -1, field);
  lua_pushcclosure(thread, guard, 1);
  lua_setfield(thread, -2, field);
}

void remove_field(lua_State* thread, const char* field) {
  lua_pushnil(thread);
  lua_setfield(thread, -2, field);
}

void open_base(lua_State* thread) {
  luaL_requiref(thread, LUA_GNAME, &luaopen_base, 1);
  // xpcall: its handler would run, unwatched, inside the hook that raises at the end of the budget.
  for (const char* field :
       {"collectgarbage", "dofile", "load", "loadfile", "print", "warn", "xpcall"}) {
    remove_field(thread, field);
  }
  guard_field(thread, "setmetatable", &set_metatable);
  lua_pushcfunction(thread, &to_text);
  lua_setfield(thread, -2, "tostring");
  lua_pop(thread, 1);
  const Binding ordered[] = {
      {"next", &lua_function<&ordered_next>},
      {"pairs", &lua_function<&ordered_pairs>},
  };
  bind_globals(thread, ordered);
}

void open_text(lua_State* thread) {
  luaL_requiref(thread, LUA_STRLIBNAME, &luaopen_string, 1);
  remove_field(thread, "dump");
  guard_field(thread, "format", &format);
  for (const char* field : {"find", "match", "gmatch", "gsub"}) guard_field(thread, field, &match);
  lua_pop(thread, 1);
  luaL_requiref(thread, LUA_UTF8LIBNAME, &luaopen_utf8, 1);
  lua_pop(thread, 1);
}

void open_numbers(lua_State* thread, RandomStream& random) {
  luaL_requiref(thread, LUA_MATHLIBNAME, &luaopen_math, 1);
  lua_pushlightuserdata(thread, &random);
  lua_pushcclosure(thread, &lua_function<&random_number>, 1);
  lua_setfield(thread, -2, "random");
  lua_pushcfunction(thread, &lua_function<&no_seed>);
  lua_setfield(thread, -2, "randomseed");
  lua_pop(thread, 1);
}

}  // namespace

void open_sandbox(lua_State* thread, RandomStream& random) {
  open_base(thread);
  open_text(thread);
  luaL_requiref(thread, LUA_TABLIBNAME, &luaopen_table, 1);
  lua_pushcfunction(thread, &table_sort);
  lua_setfield(thread, -2, "sort");
  lua_pop(thread, 1);
  open_numbers(thread, random);
  open_handles(thread);
}

void close_sandbox(lua_State* thread) {
  lua_pushglobaltable(thread);
  make_strict(thread, "there is no global");
  lua_pop(thread, 1);
}

}  // namespace biotope::runtime
