#include "scenarios/runtime/api.h"
#include "scenarios/runtime/api_support.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"

// What drives have done.

namespace biotope::runtime {

namespace {

void set(lua_State* thread, const char* name, std::int64_t value) {
  lua_pushinteger(thread, value);
  lua_setfield(thread, -2, name);
}

void set(lua_State* thread, const char* name, std::uint64_t value) {
  set(thread, name, static_cast<std::int64_t>(value));
}

void set(lua_State* thread, const char* name, double value) {
  lua_pushnumber(thread, value);
  lua_setfield(thread, -2, name);
}

void set_flash(lua_State* thread, const sim::FlashCounts& flash, const sim::FlashWear& wear) {
  set(thread, "write_amplification", flash.write_amplification());
  set(thread, "host_pages", flash.host_pages);
  set(thread, "programmed_pages", flash.programmed_pages);
  set(thread, "collected_pages", flash.collected_pages);
  set(thread, "levelled_pages", flash.levelled_pages);
  set(thread, "erasures", flash.erasures);
  set(thread, "retired_blocks", flash.retired_blocks);
  set(thread, "least_erasures", std::uint64_t{wear.least_erasures});
  set(thread, "most_erasures", std::uint64_t{wear.most_erasures});
  set(thread, "mean_erasures", wear.mean_erasures);
  set(thread, "free_blocks", wear.free_blocks);
  set(thread, "spares_left", wear.spares_left);
}

Answer statistics(Call& call) {
  const auto bay = bay_of(call, "statistics");
  if (!bay) return hand_on(bay);
  const auto found = call.world().rack().statistics(*bay);
  if (!found) return refused(found.error());
  lua_State* thread = call.thread();
  lua_createtable(thread, 0, 24);
  set(thread, "requests", found->requests);
  set(thread, "errors", found->errors);
  set(thread, "read_bytes", found->read_bytes);
  set(thread, "written_bytes", found->written_bytes);
  set(thread, "lost_bytes", found->lost_bytes);
  set(thread, "busy_ns", found->busy_ns);
  set(thread, "seeks", found->seeks);
  set(thread, "seek_ns", found->seek_ns);
  set(thread, "rotation_ns", found->rotation_ns);
  set(thread, "transfer_ns", found->transfer_ns);
  set_flash(thread, found->flash, found->wear);
  return 1;
}

}  // namespace

void bind_drives(lua_State* thread) {
  const Binding machine_methods[] = {{"statistics", &lua_function<&statistics>}};
  bind_methods(thread, HandleKind::machine, machine_methods);
}

}  // namespace biotope::runtime
