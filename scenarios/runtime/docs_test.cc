#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "scenarios/runtime/world_testing.h"

namespace biotope::runtime {
namespace {

// Every name that a script finds and that is not Lua's own.
constexpr const char* kNames = R"(
  local luas = { "assert", "coroutine", "error", "getmetatable", "ipairs", "math", "next", "pairs",
    "pcall", "rawequal", "rawget", "rawlen", "rawset", "select", "setmetatable", "string", "table",
    "tonumber", "tostring", "type", "utf8", "_G", "_VERSION" }
  local known = {}
  for _, name in ipairs(luas) do known[name] = true end
  for name, value in pairs(_G) do
    if known[name] then
    elseif type(value) == "table" then
      for member in pairs(value) do log(name .. "." .. member) end
    elseif type(value) == "function" then
      log(name)
    end
  end
)";

TEST(Docs, every_function_a_script_can_call_is_on_the_page) {
  std::ifstream file("docs/scenarios.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  ASSERT_FALSE(page.empty());
  Stage stage;
  const auto names = stage.log_of(kNames);
  EXPECT_GT(names.size(), 30U);
  for (const std::string& name : names) {
    EXPECT_TRUE(page.find("`" + name + "(") != std::string::npos ||
                page.find("`" + name + "{") != std::string::npos)
        << name << " is not explained";
  }
}

}  // namespace
}  // namespace biotope::runtime
