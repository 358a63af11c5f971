#include "scenarios/runtime/lua_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "scenarios/runtime/testing.h"

namespace biotope::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Limits kFew{.instructions = 100'000};

TEST(LuaState, syntax_errors_name_file_and_line) {
  const auto failure = ScriptRunner().run("local x = 1\nlocal y = = 2\n");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, FailureKind::script);
  EXPECT_THAT(failure->text, HasSubstr("test.lua:2: unexpected symbol near '='"));
}

TEST(LuaState, run_time_errors_name_file_and_line_and_how_it_came_there) {
  const auto failure = ScriptRunner().run(
      "local function deep(x)\n  return x.y.z\nend\nlocal function outer()\n  deep({})\n"
      "  return 1\nend\nouter()\n");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, FailureKind::script);
  EXPECT_THAT(failure->text, HasSubstr("test.lua:2: attempt to index a nil value (field 'y')"));
  EXPECT_THAT(failure->traceback, HasSubstr("test.lua:5: in local 'outer'"));
  EXPECT_THAT(failure->traceback, HasSubstr("test.lua:8: in main chunk"));
  EXPECT_THAT(failure->traceback, Not(HasSubstr("0x")));
}

TEST(LuaState, an_error_may_be_anything) {
  EXPECT_THAT(ScriptRunner().failure_of("error({})"), HasSubstr("no text but a table"));
  EXPECT_THAT(ScriptRunner().failure_of("error()"), HasSubstr("no text but a nil"));
  EXPECT_THAT(ScriptRunner().failure_of("error('plain', 0)"), HasSubstr("plain"));
  EXPECT_EQ(ScriptRunner().failure_of("error(12, 0)"), "12");
}

TEST(LuaState, a_script_without_end_is_stopped_at_its_line) {
  const auto failure = ScriptRunner(kFew).run("local x = 0\nwhile true do\n  x = x + 1\nend\n");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, FailureKind::time_out);
  EXPECT_THAT(failure->where, ::testing::MatchesRegex("test\\.lua:[23]"));
  EXPECT_THAT(failure->text, HasSubstr("100000 instructions"));
  EXPECT_THAT(failure->text, HasSubstr("--instructions 1000000"));
}

TEST(LuaState, catching_the_end_of_the_budget_does_not_help) {
  for (const char* source : {
           "while true do pcall(function() while true do end end) end",
           "local function f() while true do end end\nfor i = 1, 1e9 do pcall(f) end",
           "pcall(function() while true do end end)",
           "local t <close> = setmetatable({}, { __close = function() while true do end end })\n"
           "while true do end",
           "while true do pcall(function() local t <close> = setmetatable({}, { __close = error "
           "})\n"
           "while true do end end) end",
           "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end })\n"
           "while true do pcall(function() return t[1] end) end",
           "while true do pcall(error) end",
           "while true do local s = ('x'):rep(1000000) end",
           "while true do local a = ('a'):rep(60):find(('a*'):rep(3) .. 'b') end",
       }) {
    const auto failure = ScriptRunner(kFew).run(source);
    ASSERT_TRUE(failure) << source;
    EXPECT_EQ(failure->kind, FailureKind::time_out) << source;
  }
}

TEST(LuaState, memory_has_an_end_that_a_script_may_catch) {
  constexpr Limits kSmall{.memory_bytes = 4 << 20};
  const auto failure = ScriptRunner(kSmall).run("local t = {}\nwhile true do t[#t + 1] = {} end");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, FailureKind::script);
  EXPECT_THAT(failure->text, HasSubstr("more than the 4 MiB of memory"));
  EXPECT_THAT(failure->where, HasSubstr("test.lua:2"));

  ScriptRunner runner(kSmall);
  EXPECT_THAT(runner.output_of("emit(pcall(string.rep, 'x', 1 << 30)); emit(('x'):rep(3))"),
              ElementsAre("false not enough memory", "xxx"));
}

TEST(LuaState, recursion_without_end_is_an_error) {
  const auto failure = ScriptRunner().run("local function f() return 1 + f() end\nf()");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, FailureKind::script);
  EXPECT_THAT(failure->text, HasSubstr("stack overflow"));
  const auto nested = ScriptRunner().run(
      "local s = string.rep('(', 100000)\nlocal f = s .. 1\n"
      "local t = {} for i = 1, 300 do t = { t } end");
  EXPECT_FALSE(nested);
}

TEST(LuaState, a_deep_expression_is_a_syntax_error) {
  const std::string deep =
      "local x = " + std::string(100'000, '(') + "1" + std::string(100'000, ')');
  EXPECT_THAT(ScriptRunner().failure_of(deep), HasSubstr("test.lua: C stack overflow"));
}

}  // namespace
}  // namespace biotope::runtime
