#pragma once

#include <lua.hpp>

#include <compare>
#include <cstdint>
#include <string_view>

namespace biotope::runtime {

// What scripts hold in their hands. Objects by number, never by address: a handle of something that
// is gone finds nothing, and numbers are never used twice.
enum class HandleKind : std::uint8_t {
  machine,
  medium,
  image,
  provider,
  geom,
  volume,  // a mounted file system
  work,    // a work load on a file of a volume
  device,  // a raw open of a provider
  load,    // a work load on a provider
  actor,
};
inline constexpr int kHandleKinds = 10;

const char* handle_kind_name(HandleKind kind);

struct Handle {
  HandleKind kind{};
  std::uint64_t id = 0;
  friend auto operator<=>(const Handle&, const Handle&) = default;
};

// Makes the types of handles known to a new state.
void open_handles(lua_State* thread);
// The same handle is the same value every time, so scripts may compare it and use it as a key.
void push_handle(lua_State* thread, const Handle& handle);
// Null when the value is no handle.
const Handle* to_handle(lua_State* thread, int index);
// Puts the table of methods of a kind on the stack.
void push_methods(lua_State* thread, HandleKind kind);

}  // namespace biotope::runtime
