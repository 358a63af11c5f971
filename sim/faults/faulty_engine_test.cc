#include "sim/faults/faulty_engine.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <cerrno>
#include <map>
#include <vector>

namespace biotope::sim {
namespace {

using Command = DriveEngine::Command;

// Takes a microsecond for a sector, any number of requests beside each other.
class SteadyEngine final : public DriveEngine {
 public:
  void submit(std::uint64_t tag, Command, std::int64_t, std::int64_t count,
              std::int64_t now_ns) override {
    due_.emplace(now_ns + 1000 * count, tag);
  }
  std::int64_t event_ns() const override { return due_.empty() ? kNever : due_.begin()->first; }
  std::optional<Finished> finished(std::int64_t until_ns) override {
    if (event_ns() > until_ns || due_.empty()) return {};
    const auto [time_ns, tag] = *due_.begin();
    due_.erase(due_.begin());
    return Finished{.tag = tag, .time_ns = time_ns};
  }
  std::int64_t outstanding() const override { return std::ssize(due_); }
  std::int64_t progress(std::uint64_t, std::int64_t) override { return 0; }
  bool writes_back() const override { return false; }
  void add_unwritten(std::vector<Extent>&, std::int64_t) override {}
  void flush(std::int64_t) override {}
  void restart() override { due_.clear(); }
  void add_to(DriveStatistics&) const override {}

 private:
  std::multimap<std::int64_t, std::uint64_t> due_;
};

struct Engine {
  explicit Engine(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
      const auto fault = parse_fault(line);
      EXPECT_TRUE(fault) << fault.error().text;
      faults.add(*fault, 0);
    }
  }
  void submit(std::uint64_t tag, std::int64_t count, std::int64_t now_ns,
              Command command = Command::read) {
    engine.submit(tag, command, 0, count, now_ns);
  }
  std::vector<std::pair<std::uint64_t, std::int64_t>> answers(std::int64_t until_ns = kNever) {
    std::vector<std::pair<std::uint64_t, std::int64_t>> all;
    while (const auto done = engine.finished(until_ns)) all.emplace_back(done->tag, done->time_ns);
    return all;
  }

  DriveFaults faults{"bay", 1, [] { return nullptr; }, [](const std::string&) { return nullptr; }};
  FaultyEngine engine{std::make_unique<SteadyEngine>(), faults};
};
using Answers = std::vector<std::pair<std::uint64_t, std::int64_t>>;

TEST(FaultyEngine, without_faults_it_is_not_there) {
  Engine e({});
  e.submit(1, 8, 0);
  e.submit(2, 2, 100);
  EXPECT_EQ(e.engine.event_ns(), 2100);
  EXPECT_EQ(e.engine.outstanding(), 2);
  EXPECT_EQ(e.answers(), (Answers{{2, 2100}, {1, 8000}}));
  EXPECT_EQ(e.engine.outstanding(), 0);
}

TEST(FaultyEngine, a_slow_drive_takes_its_time_and_a_late_answer_more) {
  Engine e({"slow bay nth=2 percent=350", "late_completion bay nth=3 after_ns=77"});
  for (std::uint64_t tag = 1; tag <= 3; ++tag) e.submit(tag, 4, 0);
  EXPECT_EQ(e.answers(), (Answers{{1, 4000}, {3, 4077}, {2, 14'000}}));
}

TEST(FaultyEngine, a_stall_holds_up_all_that_comes_until_it_is_over) {
  Engine e({"stall bay nth=2 duration_ns=50000"});
  for (std::uint64_t tag = 1; tag <= 3; ++tag) e.submit(tag, 1, 100 * static_cast<int>(tag));
  EXPECT_EQ(e.engine.outstanding(), 3);
  EXPECT_EQ(e.answers(60'000), (Answers{{1, 1100}, {2, 51'200}, {3, 51'200}}));
  e.submit(4, 1, 60'000);
  EXPECT_EQ(e.answers(), (Answers{{4, 61'000}}));
}

TEST(FaultyEngine, what_hangs_is_outstanding_for_ever_or_until_it_is_released) {
  Engine e({"hang bay nth=1 until=go", "hang bay nth=1 times=1"});
  e.submit(1, 1, 0);
  e.submit(2, 1, 0);
  e.submit(3, 1, 0);
  EXPECT_EQ(e.answers(), (Answers{{3, 1000}}));
  EXPECT_EQ(e.engine.outstanding(), 2);
  EXPECT_EQ(e.engine.event_ns(), kNever);
  EXPECT_EQ(e.engine.release("stop", 5000), 0U);
  EXPECT_EQ(e.engine.release("go", 5000), 1U);
  EXPECT_EQ(e.answers(), (Answers{{1, 6000}}));
  EXPECT_EQ(e.engine.outstanding(), 1);
}

TEST(FaultyEngine, who_is_overtaken_is_answered_behind_so_many_or_in_the_end) {
  Engine e({"inversion bay behind=2 most_ns=100000"});
  for (std::uint64_t tag = 1; tag <= 4; ++tag) e.submit(tag, static_cast<int>(tag), 0);
  EXPECT_EQ(e.answers(), (Answers{{2, 2000}, {3, 3000}, {1, 3000}, {4, 4000}}));
  Engine alone({"inversion bay behind=2 most_ns=100000"});
  alone.submit(1, 1, 0);
  alone.submit(2, 2, 0);
  EXPECT_EQ(alone.answers(), (Answers{{2, 2000}, {1, 101'000}}));
}

TEST(FaultyEngine, errors_and_short_transfers_say_how_far_they_came) {
  Engine e({"busy bay", "busy bay error=no_memory", "short_transfer bay sectors=3"});
  e.submit(1, 8, 50);
  e.submit(2, 8, 50);
  e.submit(3, 8, 50);
  const auto busy = e.engine.finished(kNever);
  EXPECT_EQ(busy->error, EAGAIN);
  EXPECT_EQ(busy->time_ns, 50);
  const auto second = e.engine.finished(kNever);
  EXPECT_EQ(second->error, ENOMEM);
  const auto part = e.engine.finished(kNever);
  EXPECT_EQ(part->tag, 3U);
  EXPECT_EQ(part->error, EIO);
  EXPECT_EQ(part->sectors, 3);
  EXPECT_EQ(part->time_ns, 3050);
}

TEST(FaultyEngine, an_answer_given_twice_says_so_the_second_time) {
  Engine e({"double_completion bay"});
  e.submit(9, 1, 0);
  EXPECT_FALSE(e.engine.finished(kNever)->again);
  const auto second = e.engine.finished(kNever);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->tag, 9U);
  EXPECT_TRUE(second->again);
  EXPECT_FALSE(e.engine.finished(kNever));
}

TEST(FaultyEngine, faults_are_about_the_requests_they_name) {
  Engine e({"slow bay command=write first=10 last=20 nth=2 times=2 from_ns=50 until_ns=1000"});
  const auto slow = [&](Command command, std::int64_t first, std::int64_t count,
                        std::int64_t now_ns) {
    return e.faults.meet({command, first, count, now_ns}).percent == 200;
  };
  EXPECT_FALSE(slow(Command::write, 10, 1, 49)) << "too early";
  EXPECT_FALSE(slow(Command::write, 9, 1, 50)) << "beside";
  EXPECT_FALSE(slow(Command::read, 10, 1, 50)) << "a read";
  EXPECT_FALSE(slow(Command::write, 9, 2, 50)) << "the first";
  EXPECT_TRUE(slow(Command::write, 20, 5, 60));
  EXPECT_FALSE(slow(Command::write, 21, 1, 60)) << "beside";
  EXPECT_TRUE(slow(Command::write, 0, 100, 999));
  EXPECT_FALSE(slow(Command::write, 10, 1, 999)) << "often enough";
}

RC_GTEST_PROP(FaultyEngine, every_request_that_does_not_hang_is_answered_once_in_time_order, ()) {
  Engine e({"slow bay times=0 per_million=200000", "stall bay times=0 per_million=50000",
            "late_completion bay times=0 per_million=100000 after_ns=5000",
            "inversion bay times=0 per_million=200000 behind=3 most_ns=9000",
            "busy bay times=0 per_million=100000", "hang bay times=0 per_million=20000",
            "short_transfer bay times=0 per_million=100000 sectors=1"});
  std::map<std::uint64_t, int> answers;
  std::int64_t now_ns = 0;
  const auto take_out = [&](std::int64_t until_ns) {
    while (const auto done = e.engine.finished(until_ns)) {
      RC_ASSERT(done->time_ns >= now_ns);
      RC_ASSERT(done->time_ns <= until_ns);
      now_ns = done->time_ns;
      ++answers[done->tag];
    }
  };
  const auto count = *rc::gen::inRange<std::uint64_t>(1, 200);
  for (std::uint64_t tag = 0; tag < count; ++tag) {
    const std::int64_t at_ns = now_ns + *rc::gen::inRange<std::int64_t>(0, 3000);
    take_out(at_ns);
    now_ns = at_ns;
    e.submit(tag, *rc::gen::inRange<std::int64_t>(1, 9), now_ns);
  }
  take_out(kNever);
  const auto hanging = static_cast<std::uint64_t>(e.engine.outstanding());
  RC_ASSERT(hanging == e.faults.struck(5));
  RC_ASSERT(answers.size() + hanging == count);
  for (const auto& [tag, times] : answers) RC_ASSERT(times == 1);
}

}  // namespace
}  // namespace biotope::sim
