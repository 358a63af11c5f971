#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <string>

#include "scenarios/runtime/world_testing.h"

// No sequence of script calls may crash the process, whatever is called with whatever.

namespace biotope::runtime {
namespace {

constexpr std::array kFunctions{
    "machine",       "medium",         "mount",        "open",           "create",
    "destroy",       "interpose",      "exchange",     "remove",         "settle",
    "sleep",         "spawn",          "on",           "wait_for",       "asked",
    "census",        "step",           "log",          "expect_refused", "option",
    "mesh.provider", "mesh.providers", "mesh.geom",    "mesh.geoms",     "mesh.tree",
    "media.make",    "judge.table",    "judge.slices", "judge.fat",      "title",
    "tostring",      "next",           "math.random",  "string.format",  "setmetatable",
    "power.cut",     "power.restore"};
constexpr std::array kMethods{
    "insert",     "eject",     "tear_out",      "lock",         "unlock",   "disk",    "name",
    "size",       "start",     "access",        "about",        "geom",     "users",   "is_there",
    "providers",  "below",     "class",         "title",        "status",   "rank",    "read",
    "write",      "erase",     "flush",         "close",        "sync",     "unmount", "kind",
    "lost",       "work",      "stop",          "wait",         "contents", "counts",  "done",
    "is_mounted", "cut_power", "restore_power", "press_button", "kill",     "revive",  "hang",
    "reset_bus",  "link"};
constexpr std::array kArguments{"nil",
                                "0",
                                "1",
                                "-1",
                                "512",
                                "4096",
                                "1.5",
                                "math.maxinteger",
                                "math.mininteger",
                                "true",
                                "''",
                                "'da0'",
                                "'nop'",
                                "'dev'",
                                "'disk'",
                                "'taste'",
                                "'10 ms'",
                                "'1 s'",
                                "'4 KiB'",
                                "'tasted'",
                                "'geom_freed'",
                                "('x'):rep(512)",
                                "{}",
                                "{ mode = 'rw' }",
                                "{ mode = 'rw', exclusive = true }",
                                "{ deadline = '1 ms', on_timeout = 'surprise' }",
                                "{ raw = true }",
                                "{ size = 4096 }",
                                "{ file = '/x' }",
                                "{ bays = 2 }",
                                "{ write_protected = true }",
                                "{ keep = 'any_subset', fill = 'zeros', shorn = 8 }",
                                "'device_reset'",
                                "function() end",
                                "function() settle() end",
                                "{ { 1 } }"};

// Lines of a script. Whatever a call gives goes into `kept`, to be used later.
rc::Gen<std::string> any_line() {
  return rc::gen::exec([] {
    const auto argument = [] {
      if (*rc::gen::inRange(0, 3) != 0) return *rc::gen::elementOf(kArguments) + std::string();
      return "kept[" + std::to_string(*rc::gen::inRange(1, 12)) + "]";
    };
    std::string arguments;
    const int count = *rc::gen::inRange(0, 5);
    for (int i = 0; i < count; ++i) arguments += (i > 0 ? ", " : "") + argument();
    const std::string self = "kept[" + std::to_string(*rc::gen::inRange(1, 12)) + "]";
    const std::string callee = *rc::gen::inRange(0, 2) == 0
                                   ? std::string(*rc::gen::elementOf(kFunctions))
                                   : self + ":" + *rc::gen::elementOf(kMethods);
    const std::string call = "try(function() return " + callee + "(" + arguments + ") end)";
    // In an actor of its own, a wait without end does not hold up the rest.
    return *rc::gen::inRange(0, 3) == 0 ? call + "\n" : "spawn(function() " + call + " end)\n";
  });
}

// Begins with handles of every kind, so that the calls reach deep.
constexpr const char* kPrologue = R"(
local m = machine({ bays = 2 })
local d = medium()
m:insert(0, d)
settle()
local da0 = m:disk(0)
local dev = open(da0, { mode = 'rw' })
local volume = mount(da0, { raw = true, readonly = true })
local kept = { m, d, da0, da0:geom(), dev, volume, volume:work({ file = '/x' }), spawn(function() end) }
local turn = 8
local function try(f)
  local done, value = pcall(f)
  if done and value ~= nil then
    turn = turn % 11 + 1
    kept[turn] = value
  end
end
)";

RC_GTEST_PROP(AnyCalls, never_crash, ()) {
  const auto lines = *rc::gen::container<std::vector<std::string>>(any_line());
  std::string source = kPrologue;
  for (const std::string& line : lines) source += line;
  Stage stage({.instructions = 2'000'000, .memory_bytes = 32 << 20});
  const auto failure = stage.play(source);
  // Only a budget or a wait without end may stop it; everything else was caught.
  if (failure) {
    RC_ASSERT(failure->kind != FailureKind::bug);
    RC_LOG() << failure->text;
  }
}

}  // namespace
}  // namespace biotope::runtime
