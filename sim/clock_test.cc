#include "sim/clock.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>
#include <numeric>
#include <systemc>
#include <utility>
#include <vector>

#include "sim/context.h"

namespace biotope::sim {
namespace {

void run_all(SystemcExecutor& executor) {
  while (executor.step()) {
  }
}

// The order in which `count` pieces of work run that are all due at the same instant.
std::vector<int> order_of_equal_times(std::uint64_t tie_seed, int count) {
  FreshContext context;
  SystemcExecutor executor(tie_seed);
  std::vector<int> order;
  for (int i = 0; i < count; ++i) executor.after(500, [&order, i] { order.push_back(i); });
  run_all(executor);
  return order;
}

TEST(SystemcExecutor, moves_the_time_of_SystemC_with_its_own) {
  FreshContext context;
  SystemcExecutor executor;
  std::uint64_t kernel_ns = 0;
  executor.after(12'345, [&] { kernel_ns = sc_core::sc_time_stamp().value(); });
  EXPECT_TRUE(executor.step());
  EXPECT_EQ(executor.now_ns(), 12'345);
  EXPECT_EQ(kernel_ns, 12'345U);
  EXPECT_FALSE(executor.step());
  EXPECT_EQ(executor.now_ns(), 12'345);
}

TEST(SystemcExecutor, one_step_runs_one_piece_of_work) {
  FreshContext context;
  SystemcExecutor executor;
  int ran = 0;
  for (int i = 0; i < 3; ++i) executor.post([&] { ++ran; });
  for (int i = 1; i <= 3; ++i) {
    EXPECT_TRUE(executor.step());
    EXPECT_EQ(ran, i);
  }
  EXPECT_FALSE(executor.step());
}

RC_GTEST_PROP(SystemcExecutor, runs_by_time_and_equal_times_in_the_order_of_asking,
              (const std::vector<std::uint8_t>& delays)) {
  FreshContext context;
  SystemcExecutor executor;
  std::vector<std::pair<std::int64_t, std::size_t>> ran;
  std::vector<std::pair<std::int64_t, std::size_t>> wanted;
  for (std::size_t i = 0; i < delays.size(); ++i) {
    wanted.emplace_back(delays[i] % 16, i);
    executor.after(delays[i] % 16, [&, i] { ran.emplace_back(executor.now_ns(), i); });
  }
  std::sort(wanted.begin(), wanted.end());
  run_all(executor);
  RC_ASSERT(ran == wanted);
}

TEST(SystemcExecutor, posted_work_runs_behind_what_was_already_due) {
  FreshContext context;
  SystemcExecutor executor;
  std::vector<int> order;
  executor.after(7, [&] {
    order.push_back(1);
    executor.post([&] { order.push_back(3); });
  });
  executor.after(7, [&] { order.push_back(2); });
  run_all(executor);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(executor.now_ns(), 7);
}

TEST(SystemcExecutor, work_may_step_the_executor_itself) {
  FreshContext context;
  SystemcExecutor executor;
  std::vector<std::int64_t> times;
  executor.after(10, [&] {
    while (executor.step()) {
    }
    times.push_back(executor.now_ns());
  });
  executor.after(30, [&] { times.push_back(executor.now_ns()); });
  run_all(executor);
  EXPECT_EQ(times, (std::vector<std::int64_t>{30, 30}));
}

TEST(SystemcExecutor, a_tie_seed_permutes_equal_times_and_the_same_seed_alike) {
  std::vector<int> asked(50);
  std::iota(asked.begin(), asked.end(), 0);
  EXPECT_EQ(order_of_equal_times(0, 50), asked);
  const std::vector<int> drawn = order_of_equal_times(1, 50);
  EXPECT_NE(drawn, asked);
  EXPECT_EQ(drawn, order_of_equal_times(1, 50));
  EXPECT_NE(drawn, order_of_equal_times(2, 50));
  std::vector<int> sorted = drawn;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, asked);
}

TEST(SystemcExecutor, a_tie_seed_leaves_times_and_posted_work_in_order) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    FreshContext context;
    SystemcExecutor executor(seed);
    std::vector<int> order;
    executor.after(2, [&] { order.push_back(4); });
    executor.after(1, [&] {
      executor.post([&] { order.push_back(2); });
      executor.post([&] { order.push_back(3); });
    });
    executor.after(1, [&] { order.push_back(1); });
    run_all(executor);
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4})) << "seed " << seed;
  }
}

TEST(SystemcExecutor, next_due_tells_when_the_next_step_will_be) {
  FreshContext context;
  SystemcExecutor executor;
  EXPECT_EQ(executor.next_due_ns(), -1);
  executor.after(40, [] {});
  executor.after(20, [] {});
  EXPECT_EQ(executor.next_due_ns(), 20);
  EXPECT_EQ(executor.pending(), 2U);
  executor.step();
  EXPECT_EQ(executor.next_due_ns(), 40);
}

TEST(SystemcExecutor, a_delay_beyond_the_end_of_time_stays_before_it) {
  FreshContext context;
  SystemcExecutor executor;
  executor.after(5, [] {});
  executor.step();
  executor.after(INT64_MAX, [] {});
  EXPECT_EQ(executor.next_due_ns(), INT64_MAX);
}

}  // namespace
}  // namespace biotope::sim
