#include "scenarios/runtime/actor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/runtime/testing.h"

namespace biotope::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The smallest waiting natives: nap(ns) waits, and gives back how long; bad_nap raises afterwards.
Answer nap(Call& call) {
  const auto time = call.integer(1, "nap: the time");
  if (!time) return hand_on(time);
  auto& runner = *static_cast<ScriptRunner*>(lua_touserdata(call.thread(), lua_upvalueindex(1)));
  const Outcome<Wait> wait = runner.actors.wait(call, "a nap");
  if (!wait) return hand_on(wait);
  runner.executor.after(*time, [&runner, wait = *wait, time = *time] {
    runner.actors.wake(wait, [time](Call& woken) -> Answer {
      if (time == 13) return misuse("nap: 13 brings bad luck");
      return woken.give(time);
    });
  });
  return kWaits;
}

Answer start(Call& call) {
  auto& runner = *static_cast<ScriptRunner*>(lua_touserdata(call.thread(), lua_upvalueindex(1)));
  lua_settop(call.thread(), 1);
  runner.actors.spawn(call.thread(), 0, "a spawned actor");
  return 0;
}

Answer never(Call& call) {
  auto& runner = *static_cast<ScriptRunner*>(lua_touserdata(call.thread(), lua_upvalueindex(1)));
  const Outcome<Wait> wait = runner.actors.wait(call, "doomsday");
  if (!wait) return hand_on(wait);
  return kWaits;
}

template <Native native>
void bind(ScriptRunner& runner, const char* name) {
  lua_pushlightuserdata(runner.state.main(), &runner);
  lua_pushcclosure(runner.state.main(), &lua_function<native>, 1);
  lua_setglobal(runner.state.main(), name);
}

struct Stage : ScriptRunner {
  explicit Stage(Limits limits = {}) : ScriptRunner(limits) {
    bind<&nap>(*this, "nap");
    bind<&start>(*this, "start");
    bind<&never>(*this, "never");
  }
};

TEST(Actors, time_passes_while_an_actor_waits) {
  Stage stage;
  EXPECT_THAT(stage.output_of("emit(nap(5), nap(7))"), ElementsAre("5 7"));
  EXPECT_EQ(stage.executor.now_ns(), 12);
}

TEST(Actors, take_turns_in_the_order_of_time_and_of_asking) {
  Stage stage;
  EXPECT_THAT(stage.output_of(R"(
    for i = 1, 3 do
      start(function() emit('start', i) nap(10 - i) emit('first', i) nap(i) emit('end', i) end)
    end
    emit('main')
  )"),
              ElementsAre("main", "start 1", "start 2", "start 3", "first 3", "first 2", "first 1",
                          "end 3", "end 2", "end 1"));
  EXPECT_TRUE(stage.actors.all_done());
}

TEST(Actors, a_failure_after_a_wait_has_its_line_and_can_be_caught) {
  const auto failure = Stage().run("local x = 1\nnap(13)\n");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->where, "test.lua:2");
  EXPECT_EQ(failure->text, "nap: 13 brings bad luck");
  Stage stage;
  EXPECT_THAT(stage.output_of("emit(pcall(nap, 13)) emit(pcall(nap, 5))"),
              ElementsAre("false nap: 13 brings bad luck", "true 5"));
}

TEST(Actors, the_first_failure_ends_the_run) {
  Stage stage;
  EXPECT_THAT(stage.failure_of("start(function() nap(5) error('second') end)\n"
                               "start(function() nap(3) error('first') end)\nnap(100) emit('no')"),
              HasSubstr("test.lua:2: first"));
  EXPECT_TRUE(stage.emitted.empty());
}

TEST(Actors, waiting_where_lua_can_not_wait_is_an_error) {
  EXPECT_THAT(Stage().failure_of("table.sort({ 2, 1 }, function(a, b) nap(1) return a < b end)"),
              HasSubstr("test.lua:1: nothing can be waited for here"));
  Stage stage;
  EXPECT_THAT(stage.output_of(R"(
    local t = setmetatable({}, { __index = function(_, k) return nap(k) end })
    emit(t[4])
    for i in function(_, last) return (last or 0) < 2 and nap((last or 0) + 1) or nil end do emit(i) end
  )"),
              ElementsAre("4", "1", "2"));
}

TEST(Actors, tell_what_they_wait_for) {
  Stage stage;
  EXPECT_EQ(stage.failure_of("start(function() nap(1)\nnever() end)\nnever()"), "");
  EXPECT_FALSE(stage.actors.all_done());
  EXPECT_EQ(stage.actors.waiting(),
            "the main script waits for doomsday since test.lua:3; "
            "a spawned actor waits for doomsday since test.lua:2");
}

TEST(Actors, are_collected_when_done) {
  Stage stage({.instructions = 1'000'000'000, .memory_bytes = 4 << 20});
  EXPECT_EQ(stage.failure_of("for i = 1, 20000 do start(function() nap(1) end) nap(2) end"), "");
}

}  // namespace
}  // namespace biotope::runtime
