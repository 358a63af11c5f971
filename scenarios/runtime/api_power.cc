#include <numeric>

#include "scenarios/runtime/api.h"
#include "scenarios/runtime/api_support.h"
#include "scenarios/runtime/call.h"
#include "scenarios/runtime/world.h"

// Power, and what happens to controllers and their drives.

namespace biotope::runtime {

namespace {

const Parameter kCut[] = {
    {.name = "keep",
     .kind = Parameter::Kind::text,
     .fallback = std::string("none"),
     .help = "of writes that were answered and not flushed"},
    {.name = "tear",
     .kind = Parameter::Kind::text,
     .fallback = std::string("none"),
     .help = "which sectors are there of the first write that is lost"},
    {.name = "fill",
     .kind = Parameter::Kind::text,
     .fallback = std::string("old"),
     .help = "what a lost sector reads as"},
    {.name = "unserial",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "what is kept lands in any order"},
    {.name = "shorn",
     .unit = "bytes",
     .fallback = std::int64_t{0},
     .help = "the sector where writing broke off is there up to a multiple of this"},
    {.name = "rollback",
     .unit = "bytes",
     .fallback = std::int64_t{0},
     .help = "aligned units of this size lose all of it"},
    {.name = "seed",
     .fallback = std::int64_t{-1},
     .min = -1,
     .help = "of what the rule leaves open; -1: the run's"},
};

template <class T, std::size_t N>
Outcome<T> one_of(const std::string& word, const std::string_view (&names)[N],
                  std::string_view whose) {
  std::string all;
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == word) return static_cast<T>(i);
    all += (i == 0 ? "" : ", ") + std::string(names[i]);
  }
  return misuse(whose, " is one of ", all, ", not '", word, "'");
}

Outcome<sim::PowerCut> cut_at(Call& call, int index, const std::string& whose) {
  const auto values = call.values(index, kCut, whose);
  if (!values) return hand_on(values);
  sim::PowerCut cut;
  const auto keep =
      one_of<sim::CrashRule::Keep>(values->text("keep"), sim::kKeepNames, whose + ": 'keep'");
  const auto tear =
      one_of<sim::CrashRule::Tear>(values->text("tear"), sim::kTearNames, whose + ": 'tear'");
  const auto fill =
      one_of<sim::CrashRule::Fill>(values->text("fill"), sim::kFillNames, whose + ": 'fill'");
  if (!keep) return hand_on(keep);
  if (!tear) return hand_on(tear);
  if (!fill) return hand_on(fill);
  cut.rule = {.keep = *keep,
              .tear = *tear,
              .shorn_bytes = values->integer("shorn"),
              .unserial = values->boolean("unserial"),
              .rollback_bytes = values->integer("rollback"),
              .fill = *fill};
  const std::int64_t seed = values->integer("seed");
  cut.seed = seed < 0 ? call.world().options().seed : static_cast<std::uint64_t>(seed);
  return cut;
}

Answer done_or_refused(World& world, const std::function<Status(sim::Rack&)>& change) {
  if (const auto on = world.power_on(); !on) return refused(on.error());
  if (const Status done = change(world.rack()); !done) return refused(done.error());
  return 0;
}

// The bay that is named, or all of the machine.
Outcome<std::vector<int>> bays_of(Call& call, std::string_view whose) {
  if (!call.is_nil(2)) {
    const auto bay = bay_of(call, whose);
    if (!bay) return hand_on(bay);
    return std::vector<int>{*bay};
  }
  const auto self = call.handle(1, HandleKind::machine, sentence(whose, ": self"));
  if (!self) return hand_on(self);
  const Machine& machine = call.world().machine(*self);
  std::vector<int> all(static_cast<std::size_t>(machine.bays));
  std::iota(all.begin(), all.end(), machine.first_bay);
  return all;
}

Answer cut_power(Call& call) {
  const auto bays = bays_of(call, "cut_power");
  if (!bays) return hand_on(bays);
  const auto cut = cut_at(call, 3, "cut_power");
  if (!cut) return hand_on(cut);
  return done_or_refused(call.world(),
                         [&](sim::Rack& rack) { return rack.cut_power(*bays, *cut); });
}

Answer restore_power(Call& call) {
  const auto bays = bays_of(call, "restore_power");
  if (!bays) return hand_on(bays);
  return done_or_refused(call.world(), [&](sim::Rack& rack) { return rack.restore_power(*bays); });
}

Answer cut_all(Call& call) {
  const auto cut = cut_at(call, 1, "power.cut");
  if (!cut) return hand_on(cut);
  return done_or_refused(call.world(),
                         [&](sim::Rack& rack) { return rack.cut_power(rack.all_bays(), *cut); });
}

Answer restore_all(Call& call) {
  return done_or_refused(call.world(),
                         [](sim::Rack& rack) { return rack.restore_power(rack.all_bays()); });
}

// --- drives and controllers ---------------------------------------------------------------------

template <Status (sim::Rack::*change)(int)>
Answer change_bay(Call& call, std::string_view whose) {
  const auto bay = bay_of(call, whose);
  if (!bay) return hand_on(bay);
  return done_or_refused(call.world(), [&](sim::Rack& rack) { return (rack.*change)(*bay); });
}

Answer press_button(Call& call) {
  return change_bay<&sim::Rack::press_button>(call, "press_button");
}

Answer reset_bus(Call& call) { return change_bay<&sim::Rack::reset_bus>(call, "reset_bus"); }

Answer hang(Call& call) {
  const auto bay = bay_of(call, "hang");
  if (!bay) return hand_on(bay);
  const auto word = call.text(3, "hang: what cures it");
  if (!word) return hand_on(word);
  const auto cure = one_of<sim::Rung>(*word, sim::kRungNames, "hang: what cures it");
  if (!cure) return hand_on(cure);
  return done_or_refused(call.world(), [&](sim::Rack& rack) { return rack.hang(*bay, *cure); });
}

Outcome<int> first_bay(Call& call, std::string_view whose) {
  const auto self = call.handle(1, HandleKind::machine, sentence(whose, ": self"));
  if (!self) return hand_on(self);
  return call.world().machine(*self).first_bay;
}

Answer kill(Call& call) {
  const auto bay = first_bay(call, "kill");
  if (!bay) return hand_on(bay);
  return done_or_refused(call.world(), [&](sim::Rack& rack) { return rack.kill_controller(*bay); });
}

Answer revive(Call& call) {
  const auto bay = first_bay(call, "revive");
  if (!bay) return hand_on(bay);
  return done_or_refused(call.world(),
                         [&](sim::Rack& rack) { return rack.revive_controller(*bay); });
}

Answer link(Call& call) {
  const auto bay = first_bay(call, "link");
  if (!bay) return hand_on(bay);
  const auto did = call.world().rack().link_statistics(*bay);
  if (!did) return refused(did.error());
  lua_State* thread = call.thread();
  const auto set = [&](const char* name, auto value) {
    lua_pushinteger(thread, static_cast<lua_Integer>(value));
    lua_setfield(thread, -2, name);
  };
  lua_createtable(thread, 0, 8);
  set("queue_full", did->queue_full);
  set("retries", did->retries);
  set("timeouts", did->timeouts);
  set("aborts", did->aborts);
  set("device_resets", did->device_resets);
  set("bus_resets", did->bus_resets);
  set("given_up", did->given_up);
  set("wire_ns", did->wire_ns);
  return 1;
}

}  // namespace

void bind_power(lua_State* thread) {
  const Binding power[] = {
      {"cut", &lua_function<&cut_all>},
      {"restore", &lua_function<&restore_all>},
  };
  bind_table(thread, "power", power);
  const Binding machine_methods[] = {
      {"cut_power", &lua_function<&cut_power>},
      {"restore_power", &lua_function<&restore_power>},
      {"press_button", &lua_function<&press_button>},
      {"reset_bus", &lua_function<&reset_bus>},
      {"hang", &lua_function<&hang>},
      {"kill", &lua_function<&kill>},
      {"revive", &lua_function<&revive>},
      {"link", &lua_function<&link>},
  };
  bind_methods(thread, HandleKind::machine, machine_methods);
}

}  // namespace biotope::runtime
