#include "scenarios/runtime/table_sort.h"

#include <algorithm>

#include "scenarios/runtime/lua_state.h"

namespace biotope::runtime {

// A merge sort that may raise at any comparison, so it keeps everything on Lua's stack.

namespace {

constexpr int kList = 1;
constexpr int kLess = 2;  // nil: Lua's own order
constexpr lua_Integer kMost = 1 << 26;

// Compares the two values on top of the stack, which stay there.
bool second_is_less(lua_State* thread) {
  if (lua_isnil(thread, kLess)) return lua_compare(thread, -1, -2, LUA_OPLT) != 0;
  lua_pushvalue(thread, kLess);
  lua_pushvalue(thread, -2);
  lua_pushvalue(thread, -4);
  lua_call(thread, 2, 1);
  const bool less = lua_toboolean(thread, -1) != 0;
  lua_pop(thread, 1);
  return less;
}

// Merges [begin, middle) and [middle, end) of the table at `from` into the one at `to`.
void merge(lua_State* thread, int from, int to, lua_Integer begin, lua_Integer middle,
           lua_Integer end) {
  lua_Integer left = begin;
  lua_Integer right = middle;
  for (lua_Integer place = begin; place < end; ++place) {
    bool take_right = left == middle;
    if (left < middle && right < end) {
      lua_rawgeti(thread, from, left);
      lua_rawgeti(thread, from, right);
      take_right = second_is_less(thread);
      lua_pop(thread, 2);
    }
    lua_rawgeti(thread, from, take_right ? right++ : left++);
    lua_rawseti(thread, to, place);
  }
}

}  // namespace

int table_sort(lua_State* thread) {
  luaL_checktype(thread, kList, LUA_TTABLE);
  if (!lua_isnoneornil(thread, kLess)) luaL_checktype(thread, kLess, LUA_TFUNCTION);
  lua_settop(thread, kLess);
  const auto length = static_cast<lua_Integer>(lua_rawlen(thread, kList));
  luaL_argcheck(thread, length <= kMost, kList, "has too many elements to be sorted");
  lua_createtable(thread, static_cast<int>(length), 0);
  int from = kList;
  int to = lua_gettop(thread);
  for (lua_Integer width = 1; width < length; width *= 2) {
    LuaState::of(thread).charge(length);
    for (lua_Integer begin = 1; begin <= length; begin += 2 * width) {
      const lua_Integer middle = std::min(begin + width, length + 1);
      merge(thread, from, to, begin, middle, std::min(begin + 2 * width, length + 1));
    }
    std::swap(from, to);
  }
  if (from != kList) {
    for (lua_Integer i = 1; i <= length; ++i) {
      lua_rawgeti(thread, from, i);
      lua_rawseti(thread, kList, i);
    }
  }
  return 0;
}

}  // namespace biotope::runtime
