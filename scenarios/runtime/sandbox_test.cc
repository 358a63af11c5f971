#include "scenarios/runtime/sandbox.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "scenarios/runtime/testing.h"

namespace biotope::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Lines = std::vector<std::string>;

TEST(Sandbox, nothing_that_reaches_the_host_is_there) {
  for (const char* name : {"io", "os", "debug", "package", "require", "load", "loadstring",
                           "loadfile", "dofile", "collectgarbage", "coroutine", "warn", "xpcall"}) {
    ScriptRunner runner;
    EXPECT_THAT(runner.failure_of(std::string("local x = ") + name),
                HasSubstr(std::string("test.lua:1: there is no global '") + name + "'"));
  }
  ScriptRunner runner;
  EXPECT_THAT(runner.output_of("emit(rawget(string, 'dump'), rawget(_G, 'load'))"),
              ElementsAre("nil nil"));
}

TEST(Sandbox, bytecode_is_no_script) {
  ScriptRunner runner;
  EXPECT_THAT(runner.failure_of("\x1bLua"), HasSubstr("attempt to load a binary chunk"));
}

TEST(Sandbox, the_collector_can_not_be_watched) {
  EXPECT_THAT(ScriptRunner().failure_of("setmetatable({}, {__gc = function() end})"),
              HasSubstr("test.lua:1: setmetatable: '__gc'"));
  EXPECT_THAT(ScriptRunner().failure_of("setmetatable({}, {__mode = 'k'})"), HasSubstr("'__mode'"));
  EXPECT_EQ(ScriptRunner().failure_of("setmetatable({}, {__index = {}}); setmetatable({}, nil)"),
            "");
}

TEST(Sandbox, no_address_ever_shows) {
  ScriptRunner runner;
  const Lines lines = runner.output_of(R"(
    local t, f = {}, function() end
    emit(tostring(t), tostring(f), tostring(emit))
    emit(string.format('%s %s', t, f), ('%-5s|'):format(t))
    emit(select(2, pcall(string.format, '%p', t)), select(2, pcall(string.format, '\0%5p', t)))
    emit(string.format('%%p %d', 3))
    emit(select(2, pcall(function() return t .. 'x' end)))
    emit(select(2, pcall(error, t)))
  )");
  for (const std::string& line : lines) EXPECT_THAT(line, Not(HasSubstr("0x"))) << line;
}

TEST(Sandbox, texts_of_tables_are_their_own_where_they_say_so) {
  ScriptRunner runner;
  EXPECT_THAT(runner.output_of(R"(
    local t = setmetatable({}, { __tostring = function() return 'me' end })
    emit(tostring(t), ('%s'):format(t), 1, 1.5, true, nil)
    emit(tostring(setmetatable({}, { __name = 'Named' })))
  )"),
              ElementsAre("me me 1 1.5 true nil", "Named"));
  EXPECT_THAT(ScriptRunner().failure_of(
                  "tostring(setmetatable({}, { __tostring = function() return {} end }))"),
              HasSubstr("must give a text"));
}

TEST(Sandbox, pairs_goes_in_the_order_of_keys) {
  ScriptRunner runner;
  EXPECT_THAT(
      runner.output_of(R"(
    local t = { zebra = 1, apple = 2, [3] = 3, [1] = 4, [2.5] = 5, [-7] = 6, [true] = 7,
                [false] = 8, Mango = 9, [math.maxinteger] = 10, [math.huge] = 11 }
    local keys = {}
    for k in pairs(t) do keys[#keys + 1] = tostring(k) end
    emit(table.concat(keys, ' '))
    local walked = {}
    local k = next(t)
    while k ~= nil do walked[#walked + 1] = tostring(k); k = next(t, k) end
    emit(table.concat(walked, ' ') == table.concat(keys, ' '), next({}))
  )"),
      ElementsAre("-7 1 2.5 3 9223372036854775807 inf Mango apple zebra false true", "true nil"));
}

TEST(Sandbox, pairs_survives_changes_of_its_table) {
  ScriptRunner runner;
  EXPECT_THAT(runner.output_of(R"(
    local t = { a = 1, b = 2, c = 3 }
    for k in pairs(t) do t.b = nil; t['z' .. k] = 1; emit(k) end
  )"),
              ElementsAre("a", "c"));
}

TEST(Sandbox, keys_without_an_order_are_refused) {
  EXPECT_THAT(ScriptRunner().failure_of("for _ in pairs({ [{}] = 1 }) do end"),
              HasSubstr("test.lua:1: pairs: a table is a key"));
  EXPECT_THAT(ScriptRunner().failure_of("next({ [print] = 1 }, 'x')"), HasSubstr("print"));
  EXPECT_THAT(ScriptRunner().failure_of("next({ [emit] = 1 })"), HasSubstr("a function is a key"));
  EXPECT_THAT(ScriptRunner().failure_of("pairs(nil)"), HasSubstr("must be a table, not nil"));
  EXPECT_THAT(ScriptRunner().failure_of("local f = pairs({ 1 }); f(1)"),
              HasSubstr("table expected"));
}

// A Lua literal of any bytes.
std::string literal(const std::string& text) {
  std::string escaped;
  for (const unsigned char c : text) escaped += fmt::format("\\x{:02x}", c);
  return "'" + escaped + "'";
}

RC_GTEST_PROP(Sandbox, pairs_gives_every_key_once_and_sorted, (std::vector<std::string> keys)) {
  std::string source = "local t = {}\n";
  for (const std::string& key : keys) source += "t[" + literal(key) + "] = true\n";
  source += "for k in pairs(t) do emit(k) end";
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  ScriptRunner runner;
  RC_ASSERT(runner.output_of(source) == keys);
}

TEST(Sandbox, random_numbers_come_from_the_seed_alone) {
  const std::string source = "emit(math.random(1, 1000000), math.random(6), math.random() < 1)";
  EXPECT_EQ(ScriptRunner().output_of(source), ScriptRunner().output_of(source));
  EXPECT_THAT(ScriptRunner().failure_of("math.randomseed(42)"), HasSubstr("--seed"));
  EXPECT_THAT(ScriptRunner().failure_of("math.random(2, 1)"), HasSubstr("nothing from 2 to 1"));
  EXPECT_THAT(ScriptRunner().failure_of("math.random('a')"), HasSubstr("whole number, not string"));
}

TEST(Sandbox, sorting_is_stable_and_takes_any_comparison) {
  ScriptRunner runner;
  EXPECT_THAT(runner.output_of(R"(
    local list = {}
    for i = 1, 500 do list[i] = { key = i * 7 % 10, place = i } end
    table.sort(list, function(a, b) return a.key < b.key end)
    local stable = true
    for i = 2, #list do
      local a, b = list[i - 1], list[i]
      if a.key > b.key or (a.key == b.key and a.place > b.place) then stable = false end
    end
    emit(#list, stable)
    local words = { 'pear', 'fig', 'apple' }
    table.sort(words)
    emit(table.concat(words, ' '))
    table.sort(words, function() return true end)
    emit(#words)
    table.sort({})
    emit(select(2, pcall(table.sort, { 1, 'x', 2 })))
    emit(select(2, pcall(table.sort, { 3, 2, 1 }, function() error('no', 0) end)))
  )"),
              ElementsAre("500 true", "apple fig pear", "3",
                          "attempt to compare string with number", "no"));
}

RC_GTEST_PROP(Sandbox, sorting_sorts, (const std::vector<int>& numbers)) {
  std::string source = "local t = { ";
  for (const int n : numbers) source += std::to_string(n) + ", ";
  source += "}\ntable.sort(t)\nfor _, n in ipairs(t) do emit(n) end";
  std::vector<int> sorted = numbers;
  std::sort(sorted.begin(), sorted.end());
  Lines expected;
  for (const int n : sorted) expected.push_back(std::to_string(n));
  ScriptRunner runner;
  RC_ASSERT(runner.output_of(source) == expected);
}

TEST(Sandbox, unknown_globals_are_errors_with_the_nearest_name) {
  EXPECT_THAT(ScriptRunner().failure_of("emitt('x')"),
              HasSubstr("test.lua:1: there is no global 'emitt'; did you mean 'emit'?"));
  EXPECT_THAT(ScriptRunner().failure_of("setmetatable(_G, nil)"), HasSubstr("protected metatable"));
}

TEST(Sandbox, patterns_that_could_take_for_ever_are_refused) {
  EXPECT_THAT(ScriptRunner().failure_of("('a'):rep(200):find(('a*'):rep(30) .. 'b')"),
              HasSubstr("test.lua:1: this pattern may take for ever"));
  ScriptRunner runner;
  EXPECT_THAT(runner.output_of(R"(
    emit(('da0s1a'):match('^(%a+)(%d+)s(%d+)(%a)$'))
    emit((('x'):rep(1000):gsub('x', 'y')):sub(1, 3), ('a]b'):find('[]]'))
    for word in ('one two'):gmatch('%a+') do emit(word) end
  )"),
              ElementsAre("da 0 1 a", "yyy 2 2", "one", "two"));
}

}  // namespace
}  // namespace biotope::runtime
