#include <algorithm>

#include "scenarios/runtime/api.h"
#include "scenarios/runtime/api_support.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"
#include "sim/faults/injector.h"

// What drives have done, and what goes wrong with them.

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

// --- faults ---

Answer add_fault(Call& call, const std::string& line) {
  const auto number = call.world().faults().add(line);
  if (!number) return misuse("fault: ", number.error().text);
  return call.give(static_cast<std::int64_t>(*number));
}

Answer fault(Call& call) {
  const auto line = call.text(1, "fault: the line");
  if (!line) return hand_on(line);
  return add_fault(call, *line);
}

// The line of a method leaves the place out.
Answer fault_of_bay(Call& call) {
  const auto bay = bay_of(call, "fault");
  if (!bay) return hand_on(bay);
  const auto line = call.text(3, "fault: the line");
  if (!line) return hand_on(line);
  const std::size_t kind_ends = std::min(line->find(' '), line->size());
  return add_fault(call, line->substr(0, kind_ends) + " " + *call.world().rack().bay_name(*bay) +
                             line->substr(kind_ends));
}

Outcome<std::size_t> number_of_fault(Call& call, std::string_view whose) {
  const auto number = call.integer(1, sentence(whose, ": the fault"));
  if (!number) return hand_on(number);
  const auto count = static_cast<std::int64_t>(call.world().faults().size());
  if (*number < 0 || *number >= count) {
    return misuse(whose, ": there is no fault ", *number, "; it is what fault(...) gave");
  }
  return static_cast<std::size_t>(*number);
}

Answer struck(Call& call) {
  const auto number = number_of_fault(call, "faults.struck");
  if (!number) return hand_on(number);
  return call.give(static_cast<std::int64_t>(call.world().faults().struck(*number)));
}

Answer switch_off(Call& call) {
  const auto number = number_of_fault(call, "faults.off");
  if (!number) return hand_on(number);
  call.world().faults().enable(*number, false);
  return 0;
}

Answer switch_on(Call& call) {
  const auto number = number_of_fault(call, "faults.on");
  if (!number) return hand_on(number);
  call.world().faults().enable(*number, true);
  return 0;
}

Answer release(Call& call) {
  const auto name = call.text(1, "faults.release: the name");
  if (!name) return hand_on(name);
  return call.give(static_cast<std::int64_t>(call.world().faults().release(*name)));
}

Answer provide(Call& call) {
  const auto medium = call.handle(1, HandleKind::medium, "faults.provide: the medium");
  if (!medium) return hand_on(medium);
  call.world().faults().provide(call.world().medium(*medium));
  return 0;
}

Answer list(Call& call) {
  const sim::Injector& faults = call.world().faults();
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < faults.size(); ++i) lines.push_back(fault_text(faults.fault(i)));
  return call.give(lines);
}

}  // namespace

void bind_drives(lua_State* thread) {
  const Binding globals[] = {{"fault", &lua_function<&fault>}};
  bind_globals(thread, globals);
  const Binding in_faults[] = {
      {"struck", &lua_function<&struck>},   {"off", &lua_function<&switch_off>},
      {"on", &lua_function<&switch_on>},    {"release", &lua_function<&release>},
      {"provide", &lua_function<&provide>}, {"list", &lua_function<&list>},
  };
  bind_table(thread, "faults", in_faults);
  const Binding machine_methods[] = {
      {"statistics", &lua_function<&statistics>},
      {"fault", &lua_function<&fault_of_bay>},
  };
  bind_methods(thread, HandleKind::machine, machine_methods);
}

}  // namespace biotope::runtime
