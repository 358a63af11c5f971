#pragma once

#include <lua.hpp>

namespace biotope::runtime {

// All that scripts can call, told on one page in docs/scenarios.md.
void bind_api(lua_State* thread);

// Its parts, each in a file of its own.
void bind_story(lua_State* thread);
void bind_time(lua_State* thread);
void bind_machine(lua_State* thread);
void bind_drives(lua_State* thread);
void bind_power(lua_State* thread);
void bind_mesh(lua_State* thread);
void bind_surgery(lua_State* thread);
void bind_labels(lua_State* thread);
void bind_mirrors(lua_State* thread);
void bind_arrays(lua_State* thread);
void bind_parity(lua_State* thread);
void bind_volumes(lua_State* thread);
void bind_devices(lua_State* thread);
void bind_loads(lua_State* thread);
void bind_media(lua_State* thread);

}  // namespace biotope::runtime
