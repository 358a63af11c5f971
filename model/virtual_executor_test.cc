#include "model/virtual_executor.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace biotope {
namespace {

TEST(VirtualExecutor, runs_by_time_and_equal_times_in_the_order_asked_for) {
  VirtualExecutor executor;
  std::vector<int> order;
  const auto say = [&order](int n) { return [&order, n] { order.push_back(n); }; };
  executor.after(20, say(4));
  executor.after(10, say(2));
  executor.post(say(1));
  executor.after(10, say(3));
  executor.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
  EXPECT_EQ(executor.now_ns(), 20);
}

TEST(VirtualExecutor, what_is_posted_runs_after_what_was_posted_before) {
  VirtualExecutor executor;
  std::vector<int> order;
  executor.post([&] {
    order.push_back(1);
    executor.post([&] { order.push_back(3); });
  });
  executor.post([&] { order.push_back(2); });
  executor.run();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(VirtualExecutor, time_moves_only_when_something_is_due) {
  VirtualExecutor executor;
  EXPECT_FALSE(executor.step());
  EXPECT_EQ(executor.now_ns(), 0);
  executor.after(5, [] {});
  EXPECT_EQ(executor.now_ns(), 0);
  EXPECT_TRUE(executor.step());
  EXPECT_EQ(executor.now_ns(), 5);
  EXPECT_TRUE(executor.idle());
}

TEST(VirtualExecutor, a_chooser_decides_among_equals_only) {
  std::vector<std::size_t> asked;
  VirtualExecutor executor([&asked](std::size_t count) {
    asked.push_back(count);
    return count - 1;
  });
  std::vector<int> order;
  for (int n = 0; n < 3; ++n) executor.after(10, [&order, n] { order.push_back(n); });
  executor.after(20, [&order] { order.push_back(9); });
  executor.run();
  EXPECT_EQ(order, (std::vector<int>{2, 1, 0, 9}));
  EXPECT_EQ(asked, (std::vector<std::size_t>{3, 2}));
}

TEST(VirtualExecutor, the_end_of_time_is_no_overflow) {
  constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
  VirtualExecutor executor([](std::size_t) { return std::size_t{0}; });
  int ran = 0;
  executor.after(10, [&] { executor.after(kEnd, [&] { ++ran; }); });
  executor.after(kEnd, [&] { ++ran; });
  executor.run();
  EXPECT_EQ(ran, 2);
  EXPECT_EQ(executor.now_ns(), kEnd);
}

TEST(Lifeline, work_whose_owner_has_gone_never_runs) {
  VirtualExecutor executor;
  int ran = 0;
  {
    Lifeline owner(executor);
    owner.post([&] { ++ran; });
    executor.run();
    EXPECT_EQ(ran, 1);
    owner.post([&] { ++ran; });
    owner.after(10, [&] { ++ran; });
  }
  executor.run();
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace biotope
