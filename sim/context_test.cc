#include "sim/context.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <systemc>

#include "sim/clock.h"

namespace biotope::sim {
namespace {

std::int64_t simulate_once() {
  FreshContext context;
  SystemcExecutor executor;
  std::int64_t last_ns = -1;
  for (int i = 1; i <= 100; ++i) {
    executor.after(i * 1000, [&] { last_ns = executor.now_ns(); });
  }
  while (executor.step()) {
  }
  EXPECT_EQ(context.first_error(), "");
  return last_ns;
}

TEST(FreshContext, counts_time_in_nanoseconds) {
  FreshContext context;
  EXPECT_EQ(sc_core::sc_get_time_resolution(), sc_core::sc_time(1, sc_core::SC_NS));
  EXPECT_EQ(sc_core::sc_time(1, sc_core::SC_NS).value(), 1U);
}

TEST(FreshContext, is_alive_for_as_long_as_the_object_lives) {
  EXPECT_FALSE(FreshContext::alive());
  {
    FreshContext context;
    EXPECT_TRUE(FreshContext::alive());
  }
  EXPECT_FALSE(FreshContext::alive());
}

struct Unbound : sc_core::sc_module {
  explicit Unbound(const sc_core::sc_module_name& name) : sc_module(name) {}
  sc_core::sc_port<sc_core::sc_signal_in_if<bool>> port{"port"};
};

TEST(FreshContext, an_error_of_SystemC_is_kept_as_a_sentence_and_forgotten_by_the_next_context) {
  {
    FreshContext context;
    Unbound unbound("unbound");
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
    EXPECT_NE(context.first_error().find("unbound.port"), std::string::npos)
        << context.first_error();
  }
  EXPECT_EQ(simulate_once(), 100'000);
}

TEST(FreshContextDeathTest, a_second_one_at_the_same_time_is_our_bug) {
  FreshContext context;
  EXPECT_EXIT(FreshContext second, testing::ExitedWithCode(3), "at the same time");
}

}  // namespace
}  // namespace biotope::sim
