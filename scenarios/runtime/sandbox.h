#pragma once

#include <lua.hpp>

#include <cstdint>

namespace biotope {
class RandomStream;
}

namespace biotope::runtime {

// Gives a new state what scripts may use of Lua's own library: base, string, table, math and utf8,
// without anything that reaches files, processes, clocks, bytecode, the collector or addresses, and
//   pairs, next       in the order of keys: numbers, texts, false, true, handles
//   tostring, format  never an address
//   table.sort        stable
//   math.random       from `random`, which must outlive the state; it can not be re-seeded
//   patterns          charged to the budget by what they may cost
// A global that does not exist is an error with the nearest name there is.
void open_sandbox(lua_State* thread, RandomStream& random);

// To be called when everything is bound: from then on unknown globals are errors.
void close_sandbox(lua_State* thread);

}  // namespace biotope::runtime
