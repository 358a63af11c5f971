#include "scenarios/runtime/handle.h"

#include <new>

#include "scenarios/runtime/lua_state.h"

namespace biotope::runtime {

namespace {

// Addresses of these are keys of the registry.
char types_key;
char known_key;

constexpr const char* kNames[kHandleKinds] = {
    "machine", "medium", "image", "provider", "geom", "volume", "work", "device", "load", "actor",
};

// The metatables of all kinds are in one table of the registry, by number of the kind.
void push_type(lua_State* thread, HandleKind kind) {
  lua_rawgetp(thread, LUA_REGISTRYINDEX, &types_key);
  lua_rawgeti(thread, -1, static_cast<lua_Integer>(kind));
  lua_remove(thread, -2);
}

}  // namespace

const char* handle_kind_name(HandleKind kind) { return kNames[static_cast<int>(kind)]; }

void open_handles(lua_State* thread) {
  lua_createtable(thread, kHandleKinds, 0);
  lua_createtable(thread, kHandleKinds, 0);
  for (int kind = 0; kind < kHandleKinds; ++kind) {
    lua_createtable(thread, 0, 4);
    lua_newtable(thread);
    lua_setfield(thread, -2, "__index");
    lua_pushstring(thread, kNames[kind]);
    lua_setfield(thread, -2, "__name");
    lua_pushstring(thread, kNames[kind]);
    lua_setfield(thread, -2, "__metatable");
    lua_rawseti(thread, -3, kind);
    lua_newtable(thread);
    lua_rawseti(thread, -2, kind);
  }
  lua_rawsetp(thread, LUA_REGISTRYINDEX, &known_key);
  lua_rawsetp(thread, LUA_REGISTRYINDEX, &types_key);
}

void push_handle(lua_State* thread, const Handle& handle) {
  lua_rawgetp(thread, LUA_REGISTRYINDEX, &known_key);
  lua_rawgeti(thread, -1, static_cast<lua_Integer>(handle.kind));
  if (lua_rawgeti(thread, -1, static_cast<lua_Integer>(handle.id)) == LUA_TNIL) {
    lua_pop(thread, 1);
    new (lua_newuserdatauv(thread, sizeof(Handle), 0)) Handle(handle);
    push_type(thread, handle.kind);
    lua_setmetatable(thread, -2);
    lua_pushvalue(thread, -1);
    lua_rawseti(thread, -3, static_cast<lua_Integer>(handle.id));
  }
  lua_replace(thread, -3);
  lua_pop(thread, 1);
}

const Handle* to_handle(lua_State* thread, int index) {
  // All full userdata of a state are handles: scripts can not make any.
  if (lua_type(thread, index) != LUA_TUSERDATA) return nullptr;
  return static_cast<const Handle*>(lua_touserdata(thread, index));
}

void push_methods(lua_State* thread, HandleKind kind) {
  push_type(thread, kind);
  lua_pushliteral(thread, "__index");
  lua_rawget(thread, -2);
  lua_remove(thread, -2);
}

}  // namespace biotope::runtime
