#include "sim/workload/trace_load.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "sim/disk/profiles.h"
#include "sim/disk/validation/validate.h"
#include "sim/rack/disk_engine.h"
#include "sim/workload/testing.h"

namespace biotope::sim {
namespace {

constexpr const char* kSamples = "sim/trace/samples/";

Result<std::unique_ptr<TraceLoad>> load_of(std::string_view text, TraceLoad::Options options) {
  auto reader = TraceReader::read(TraceLines(text), "x.trace", {.format = "spc"});
  if (!reader) return pass_on(reader);
  return TraceLoad::begin(std::move(*reader), std::move(options));
}

TEST(TraceLoad, timed_requests_are_wanted_when_the_trace_says) {
  auto load = load_of("0,0,512,R,1.0\n0,8,512,W,1.5\n0,4,512,R,1.25\n", {.space = kGibibyte});
  ASSERT_TRUE(load) << load.error().text;
  QueueEngine server([] { return 2'000'000'000; });
  const LoadRun run = run_load(server, 512, **load, {});
  EXPECT_EQ(run.requests, 3);
  EXPECT_EQ(server.submitted_ns, (std::vector<std::int64_t>{0, 500'000'000, 500'000'000}));
  EXPECT_EQ(server.firsts, (std::vector<std::int64_t>{0, 8, 4}));
}

// The same loop as the one that drives are validated by.
TEST(TraceLoad, measured_requests_follow_one_another_after_their_think_times) {
  const std::string path = std::string(kSamples) + "validate.trace";
  const auto model = *find_profile("cheetah-9lp");
  auto load = TraceLoad::begin(std::move(*TraceReader::open(path, {})),
                               {.space = {model->capacity_bytes(), 512}});
  ASSERT_TRUE(load) << load.error().text;
  DiskEngine engine(model);
  std::vector<std::int64_t> times_ns;
  run_load(engine, 512, **load,
           [&](const LoadDone& done) { times_ns.push_back(done.complete_ns); });
  HardDisk disk(model);
  const auto measured = read_measured_trace(path, model->layout.sectors(), BadLines::stop);
  EXPECT_EQ(times_ns, replay(disk, measured->requests));
}

TEST(TraceLoad, of_several_devices_one_must_be_chosen) {
  constexpr std::string_view kText = "0,0,512,R,0\n1,8,512,R,1\n0,16,512,R,2\n";
  auto undecided = load_of(kText, {.space = kGibibyte});
  ASSERT_TRUE(undecided);
  QueueEngine server([] { return 1; });
  run_load(server, 512, **undecided, {});
  EXPECT_EQ((*undecided)->status().error().code, EINVAL);
  EXPECT_NE((*undecided)->status().error().text.find("--device"), std::string::npos);
  auto chosen = load_of(kText, {.space = kGibibyte, .device = "0"});
  QueueEngine other([] { return 1; });
  EXPECT_EQ(run_load(other, 512, **chosen, {}).requests, 2);
  EXPECT_TRUE((*chosen)->status());
}

TEST(TraceLoad, what_does_not_fit_the_disk_is_a_bad_line) {
  const auto refused = load_of("0,3000000,512,R,0\n", {.space = kGibibyte});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("x.trace:1"), std::string::npos) << refused.error().text;
  EXPECT_FALSE(load_of("0,0,100,R,0\n", {.space = kGibibyte}));
  auto skipping = load_of("0,3000000,512,R,0\n0,0,512,R,1\n",
                          {.space = kGibibyte, .bad_lines = BadLines::skip});
  ASSERT_TRUE(skipping);
  EXPECT_EQ((*skipping)->skipped(), 1);
}

}  // namespace
}  // namespace biotope::sim
