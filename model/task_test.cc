#include "model/task.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "model/control_io.h"
#include "model/virtual_executor.h"

namespace biotope {
namespace {

Task<int> sum_after(VirtualExecutor& executor, int a, int b) {
  co_await sleep(executor, 10);
  co_return a + b;
}

Task<std::string> twice(VirtualExecutor& executor, std::string word) {
  const int length = co_await sum_after(executor, 1, 1);
  std::string all;
  for (int i = 0; i < length; ++i) all += word;
  co_return all;
}

TEST(Task, results_come_back_through_waits) {
  VirtualExecutor executor;
  Task<std::string> task = twice(executor, "ab");
  EXPECT_FALSE(task.done()) << "it has not started";
  EXPECT_TRUE(executor.idle());
  task.start();
  EXPECT_FALSE(task.done());
  executor.run();
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.result(), "abab");
  EXPECT_EQ(executor.now_ns(), 10);
}

Task<int> at_once(int value) { co_return value; }

Task<int> sum_of(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await at_once(1);
  co_return sum;
}

TEST(Task, a_million_tasks_that_need_not_wait_need_no_stack) {
  Task<int> task = sum_of(1'000'000);
  task.start();
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.result(), 1'000'000);
}

Task<int> nested(VirtualExecutor& executor, int depth) {
  if (depth == 0) {
    co_await sleep(executor, 1);
    co_return 0;
  }
  co_return 1 + co_await nested(executor, depth - 1);
}

TEST(Task, a_thousand_tasks_inside_one_another_all_resume) {
  VirtualExecutor executor;
  Task<int> task = nested(executor, 1000);
  task.start();
  executor.run();
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.result(), 1000);
}

struct Trace {
  explicit Trace(int& count) : count(count) { ++count; }
  ~Trace() { --count; }
  int& count;
};

Task<void> holding(VirtualExecutor& executor, int& alive) {
  const Trace mine(alive);
  co_await sleep(executor, 100);
  alive = 1000;  // must never happen
}

Task<void> holding_twice(VirtualExecutor& executor, int& alive) {
  const Trace mine(alive);
  co_await holding(executor, alive);
}

TEST(Task, destroying_it_destroys_all_it_holds_and_it_never_resumes) {
  VirtualExecutor executor;
  int alive = 0;
  {
    Task<void> task = holding_twice(executor, alive);
    task.start();
    EXPECT_EQ(alive, 2);
  }
  EXPECT_EQ(alive, 0);
  executor.run();
  EXPECT_EQ(alive, 0);
}

TEST(Task, one_that_never_started_is_freed_too) {
  VirtualExecutor executor;
  auto witness = std::make_shared<int>(1);
  const auto keep = [](std::shared_ptr<int> mine) -> Task<void> {
    EXPECT_TRUE(mine);
    co_return;
  };
  {
    const Task<void> task = keep(witness);
    EXPECT_EQ(witness.use_count(), 2);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(Task, moving_leaves_nothing_behind) {
  VirtualExecutor executor;
  Task<int> first = sum_after(executor, 2, 3);
  Task<int> second = std::move(first);
  EXPECT_TRUE(first.done()) << "there is nothing left of it to run";
  second.start();
  executor.run();
  EXPECT_EQ(second.result(), 5);
  second = sum_after(executor, 1, 1);
  EXPECT_FALSE(second.done());
}

TEST(Sleep, takes_the_simulated_time_it_says) {
  VirtualExecutor executor;
  std::vector<std::int64_t> woken;
  const auto sleeper = [](VirtualExecutor& e, std::vector<std::int64_t>& at,
                          std::int64_t delay_ns) -> Task<void> {
    co_await sleep(e, delay_ns);
    at.push_back(e.now_ns());
  };
  std::vector<Task<void>> all;
  for (const std::int64_t delay_ns : {30, 0, 10}) {
    all.push_back(sleeper(executor, woken, delay_ns));
    all.back().start();
  }
  EXPECT_TRUE(woken.empty());
  executor.run();
  EXPECT_EQ(woken, (std::vector<std::int64_t>{0, 10, 30}));
}

}  // namespace
}  // namespace biotope
