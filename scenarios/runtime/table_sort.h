#pragma once

#include <lua.hpp>

namespace biotope::runtime {

// table.sort(list [, less]), stable. Lua's own picks its pivots by the clock, so that what it makes
// of equal elements changes from run to run.
int table_sort(lua_State* thread);

}  // namespace biotope::runtime
