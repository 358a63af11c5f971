#include "scenarios/runtime/ordered.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <vector>

namespace biotope::runtime {

namespace {

// A key by what it is ordered by. Texts are those of Lua: valid while the table is not changed.
struct Key {
  enum class Kind { number, text, truth, handle };
  Kind kind{};
  long double number = 0;  // wide enough for every integer and every float of Lua
  std::string_view text;
  bool truth = false;
  Handle handle;
  bool whole = false;  // the number is an integer

  friend bool operator<(const Key& a, const Key& b) { return a.rank() < b.rank(); }

 private:
  std::tuple<Kind, long double, std::string_view, bool, HandleKind, std::uint64_t> rank() const {
    return {kind, number, text, truth, handle.kind, handle.id};
  }
};
static_assert(sizeof(long double) > sizeof(double), "64-bit integers need a wider float");

Outcome<Key> read_key(lua_State* thread, int index) {
  Key key;
  std::size_t length = 0;
  switch (lua_type(thread, index)) {
    case LUA_TNUMBER:
      key.kind = Key::Kind::number;
      key.whole = lua_isinteger(thread, index) != 0;
      key.number = key.whole ? static_cast<long double>(lua_tointeger(thread, index))
                             : static_cast<long double>(lua_tonumber(thread, index));
      return key;
    case LUA_TSTRING: {
      key.kind = Key::Kind::text;
      const char* text = lua_tolstring(thread, index, &length);
      key.text = std::string_view(text, length);
      return key;
    }
    case LUA_TBOOLEAN:
      key.kind = Key::Kind::truth;
      key.truth = lua_toboolean(thread, index) != 0;
      return key;
    case LUA_TUSERDATA:
      key.kind = Key::Kind::handle;
      key.handle = *to_handle(thread, index);
      return key;
    default:
      return misuse("pairs: a ", luaL_typename(thread, index),
                    " is a key of this table, and has no place in an order; use names or numbers");
  }
}

void push_key(lua_State* thread, const Key& key) {
  switch (key.kind) {
    case Key::Kind::number:
      if (key.whole) {
        lua_pushinteger(thread, static_cast<lua_Integer>(key.number));
      } else {
        lua_pushnumber(thread, static_cast<lua_Number>(key.number));
      }
      break;
    case Key::Kind::text:
      lua_pushlstring(thread, key.text.data(), key.text.size());
      break;
    case Key::Kind::truth:
      lua_pushboolean(thread, key.truth ? 1 : 0);
      break;
    case Key::Kind::handle:
      push_handle(thread, key.handle);
      break;
  }
}

Outcome<std::vector<Key>> sorted_keys(Call& call, int table) {
  std::vector<Key> keys;
  lua_pushnil(call.thread());
  while (lua_next(call.thread(), table) != 0) {
    lua_pop(call.thread(), 1);
    const Outcome<Key> key = read_key(call.thread(), -1);
    if (!key) return hand_on(key);
    keys.push_back(*key);
  }
  std::sort(keys.begin(), keys.end());
  call.state().charge(static_cast<std::int64_t>(keys.size()));
  return keys;
}

// The iterator of pairs(). Upvalues: the sorted keys, and how many of them were given already.
int next_of_snapshot(lua_State* thread) {
  luaL_checktype(thread, 1, LUA_TTABLE);
  const lua_Integer count = static_cast<lua_Integer>(lua_rawlen(thread, lua_upvalueindex(1)));
  lua_Integer given = lua_tointeger(thread, lua_upvalueindex(2));
  while (given < count) {
    lua_rawgeti(thread, lua_upvalueindex(1), ++given);
    lua_pushvalue(thread, -1);
    if (lua_rawget(thread, 1) != LUA_TNIL) {
      lua_pushinteger(thread, given);
      lua_replace(thread, lua_upvalueindex(2));
      return 2;
    }
    lua_pop(thread, 2);
  }
  lua_pushinteger(thread, given);
  lua_replace(thread, lua_upvalueindex(2));
  lua_pushnil(thread);
  return 1;
}

}  // namespace

Answer ordered_next(Call& call) {
  lua_State* thread = call.thread();
  if (!call.is_table(1)) return misuse("next: the first argument must be a table");
  std::optional<Key> after;
  if (!call.is_nil(2)) {
    const Outcome<Key> key = read_key(thread, 2);
    if (!key) return hand_on(key);
    after = *key;
  }
  std::optional<Key> best;
  std::int64_t seen = 0;
  lua_pushnil(thread);
  for (; lua_next(thread, 1) != 0; ++seen) {
    lua_pop(thread, 1);
    const Outcome<Key> key = read_key(thread, -1);
    if (!key) return hand_on(key);
    if ((!after || *after < *key) && (!best || *key < *best)) best = *key;
  }
  call.state().charge(seen);
  if (!best) {
    lua_pushnil(thread);
    return 1;
  }
  push_key(thread, *best);
  lua_pushvalue(thread, -1);
  lua_rawget(thread, 1);
  return 2;
}

Answer ordered_pairs(Call& call) {
  lua_State* thread = call.thread();
  if (!call.is_table(1)) {
    return misuse("pairs: the argument must be a table, not ", luaL_typename(thread, 1));
  }
  const Outcome<std::vector<Key>> keys = sorted_keys(call, 1);
  if (!keys) return hand_on(keys);
  lua_createtable(thread, static_cast<int>(keys->size()), 0);
  lua_Integer place = 0;
  for (const Key& key : *keys) {
    push_key(thread, key);
    lua_rawseti(thread, -2, ++place);
  }
  lua_pushinteger(thread, 0);
  lua_pushcclosure(thread, &next_of_snapshot, 2);
  lua_pushvalue(thread, 1);
  lua_pushnil(thread);
  return 3;
}

}  // namespace biotope::runtime
