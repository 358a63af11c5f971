#include "model/event_queue.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "model/control_io.h"
#include "model/testing.h"

namespace biotope {
namespace {

// An event that writes its name down, after `delay_ns`.
Task<void> note(VirtualExecutor& executor, std::vector<std::string>& log, std::string name,
                std::int64_t delay_ns) {
  log.push_back(name + "(");
  if (delay_ns > 0) co_await sleep(executor, delay_ns);
  log.push_back(")" + name);
}

class Events : public ::testing::Test {
 protected:
  EventQueue::Work noting(const std::string& name, std::int64_t delay_ns = 0) {
    return [this, name, delay_ns] { return note(executor, log, name, delay_ns); };
  }
  VirtualExecutor executor;
  EventQueue events{executor};
  std::vector<std::string> log;
};

using Log = std::vector<std::string>;

TEST_F(Events, Paper_71_one_runs_to_its_end_before_the_next_begins) {
  events.post(noting("a", 100));
  events.post(noting("b"));
  EXPECT_TRUE(log.empty()) << "posting runs nothing";
  EXPECT_FALSE(events.idle());
  executor.run();
  EXPECT_EQ(log, (Log{"a(", ")a", "b(", ")b"}));
  EXPECT_TRUE(events.idle());
}

TEST_F(Events, losses_go_first_and_clearing_away_last) {
  events.post_washing(noting("wash"));
  events.post(noting("taste"));
  events.post(noting("spoil"));
  events.post_loss(noting("loss"));
  executor.run();
  EXPECT_EQ(log, (Log{"loss(", ")loss", "taste(", ")taste", "spoil(", ")spoil", "wash(", ")wash"}));
}

TEST_F(Events, a_loss_that_comes_while_one_runs_waits_for_that_and_for_nothing_else) {
  events.post(noting("a", 100));
  events.post(noting("b"));
  executor.after(50, [this] { events.post_loss(noting("loss")); });
  executor.run();
  EXPECT_EQ(log, (Log{"a(", ")a", "loss(", ")loss", "b(", ")b"}));
}

TEST_F(Events, events_may_post_events) {
  int left = 1000;
  std::function<void()> post = [&] {
    events.post([&]() -> Task<void> {
      if (--left > 0) post();
      return note(executor, log, "e", 0);
    });
  };
  post();
  executor.run();
  EXPECT_EQ(left, 0);
  EXPECT_EQ(log.size(), 2000U);
  EXPECT_TRUE(events.idle());
}

TEST_F(Events, how_many_are_queued_counts_the_one_that_runs) {
  EXPECT_EQ(events.queued(), 0U);
  events.post(noting("a", 100));
  events.post_loss(noting("b", 100));
  executor.step();
  EXPECT_EQ(events.queued(), 2U);
  executor.run();
  EXPECT_EQ(events.queued(), 0U);
}

TEST_F(Events, whoever_waits_for_idle_finds_it_idle) {
  std::vector<bool> found;
  const auto look = [&] { found.push_back(events.idle()); };
  events.when_idle(look);
  EXPECT_TRUE(found.empty()) << "from the executor, never from here";
  executor.run();
  events.post(noting("a", 100));
  events.when_idle([&] {
    look();
    events.post(noting("b", 100));
  });
  events.when_idle(look);
  executor.run();
  EXPECT_EQ(found, (std::vector<bool>{true, true, true}));
}

TEST_F(Events, what_is_dropped_never_runs) {
  events.post(noting("a", 100));
  events.post(noting("b"));
  executor.step();
  events.clear();
  EXPECT_TRUE(events.idle());
  executor.run();
  EXPECT_EQ(log, Log{"a("});
  events.post(noting("c"));
  executor.run();
  EXPECT_EQ(log, (Log{"a(", "c(", ")c"})) << "it can be used again";
}

TEST(Settle, says_when_a_request_that_never_completes_keeps_an_event_waiting) {
  testing::TestMesh t;
  testing::Source& disk = t.source("da0");
  auto cls = std::make_unique<testing::TastingClass>(
      "c", [](Taster& taster, testing::TastingClass&) -> Task<Geom*> {
        const Result<Bytes> bytes = co_await taster.read(0, 512);
        co_return nullptr;
      });
  ASSERT_TRUE(t.mesh.load(std::move(cls)));
  disk.hold = true;
  EXPECT_FALSE(t.mesh.settle());
  EXPECT_FALSE(t.mesh.settled());
  disk.finish_all();
  EXPECT_TRUE(t.mesh.settle());
}

}  // namespace
}  // namespace biotope
