#include "sim/workload/job.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <cmath>

#include "sim/workload/testing.h"

namespace biotope::sim {
namespace {

// Results of a job on one server.
struct Served {
  std::int64_t requests = 0;
  double mean_ns = 0;  // from being wanted until done
  std::int64_t simulated_ns = 0;
};

Served serve(const std::string& text, QueueEngine& server) {
  Jobs jobs(job_of(text), 1, "test");
  Served served;
  double sum_ns = 0;
  const LoadRun run = run_load(server, 512, jobs, [&](const LoadDone& done) {
    sum_ns += static_cast<double>(done.submit_ns + done.complete_ns);
  });
  served.requests = run.requests;
  served.simulated_ns = run.simulated_ns;
  served.mean_ns = sum_ns / static_cast<double>(run.requests);
  return served;
}

// --- closed forms -------------------------------------------------------------------------------

constexpr const char* kPoisson =
    "rw=randread rate_iops=500 rate_process=poisson io_submit_mode=offload number_ios=2000000 ";

// Half of the time busy: 1 / (mu - lambda), with mu = 1000 a second.
TEST(Queues, mean_response_of_mm1_is_the_closed_form_within_one_percent) {
  RandomStream stream(1, "service");
  QueueEngine server(
      [&] { return static_cast<std::int64_t>(-1e6 * std::log1p(-stream.fraction())); });
  const double law_ns = 2e6;
  EXPECT_NEAR(serve(std::string(kPoisson) + "iodepth=1000000", server).mean_ns, law_ns,
              0.01 * law_ns);
}

// Pollaczek and Khinchine: S + rho S / (2 (1 - rho)).
TEST(Queues, mean_response_of_md1_is_the_closed_form_within_one_percent) {
  QueueEngine server([] { return 1'000'000; });
  const double law_ns = 1.5e6;
  EXPECT_NEAR(serve(std::string(kPoisson) + "iodepth=1000000", server).mean_ns, law_ns,
              0.01 * law_ns);
}

// Where only some requests may be out, the others wait before they are submitted, and that counts.
TEST(Queues, response_counts_from_when_a_request_was_wanted_whoever_lets_it_wait) {
  QueueEngine deep([] { return 1'000'000; });
  QueueEngine shallow([] { return 1'000'000; });
  const std::string job =
      "rw=randread rate_iops=900 rate_process=poisson io_submit_mode=offload "
      "number_ios=20000 iodepth=";
  const Served one = serve(job + "1000000", deep);
  const Served other = serve(job + "1", shallow);
  EXPECT_EQ(one.mean_ns, other.mean_ns);
  EXPECT_EQ(shallow.deepest, 1U);
  EXPECT_GT(deep.deepest, 5U);
}

// --- loops --------------------------------------------------------------------------------------

TEST(Jobs, a_closed_loop_keeps_as_many_out_as_its_depth) {
  QueueEngine server([] { return 1'000'000; });
  const Served served = serve("rw=randread iodepth=8 number_ios=1000", server);
  EXPECT_EQ(server.deepest, 8U);
  EXPECT_EQ(served.simulated_ns, 1'000'000'000);
  EXPECT_NEAR(served.mean_ns, 8e6, 0.05e6);
}

TEST(Jobs, several_of_them_work_side_by_side_with_numbers_of_their_own) {
  QueueEngine server([] { return 1'000'000; });
  serve("rw=randread iodepth=2 numjobs=3 number_ios=100", server);
  EXPECT_EQ(server.deepest, 6U);
  EXPECT_EQ(server.firsts.size(), 300U);
  std::sort(server.firsts.begin(), server.firsts.end());
  const auto same = std::unique(server.firsts.begin(), server.firsts.end());
  EXPECT_GT(same - server.firsts.begin(), 290);
}

TEST(Jobs, an_open_loop_asks_when_it_wants_to_however_slow_the_disk) {
  QueueEngine fast([] { return 1; });
  QueueEngine slow([] { return 50'000'000; });
  const std::string job =
      "rw=randread rate_iops=1000 rate_process=poisson io_submit_mode=offload "
      "iodepth=1000 number_ios=500";
  serve(job, fast);
  serve(job, slow);
  EXPECT_EQ(fast.submitted_ns, slow.submitted_ns);
  EXPECT_EQ(fast.firsts, slow.firsts);
}

TEST(Jobs, think_between_requests) {
  QueueEngine server([] { return 1'000'000; });
  EXPECT_EQ(serve("rw=randread thinktime=3ms number_ios=100", server).simulated_ns,
            99 * 4'000'000 + 1'000'000);
  QueueEngine by_ten([] { return 1'000'000; });
  EXPECT_EQ(
      serve("rw=randread thinktime=3ms thinktime_blocks=10 number_ios=100", by_ten).simulated_ns,
      100'000'000 + 9 * 3'000'000);
}

TEST(Jobs, a_rate_holds_back_a_closed_loop_and_runtime_ends_it) {
  QueueEngine server([] { return 1'000'000; });
  EXPECT_EQ(serve("rw=randread rate_iops=100 runtime=2", server).requests, 200);
  QueueEngine slow([] { return 20'000'000; });
  EXPECT_EQ(serve("rw=randread rate_iops=100 runtime=2", slow).requests, 100);
}

TEST(Jobs, bursts_leave_the_disk_alone_in_between) {
  QueueEngine server([] { return 1'000'000; });
  serve("rw=randread burst_on=5ms burst_off=15ms number_ios=100", server);
  ASSERT_EQ(server.submitted_ns.size(), 100U);
  for (const std::int64_t at_ns : server.submitted_ns) EXPECT_LT(at_ns % 20'000'000, 5'000'000);
}

TEST(Jobs, flush_after_so_many_writes) {
  const auto requests = requests_of("rw=randwrite fsync=4 number_ios=20");
  ASSERT_EQ(requests.size(), 24U);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(requests[i].command, i % 5 == 4 ? Command::flush : Command::write) << i;
  }
}

// --- what they ask for --------------------------------------------------------------------------

TEST(Jobs, read_as_often_as_the_mix_says) {
  int reads = 0;
  constexpr int kRequests = 100'000;
  for (const LoadRequest& request : requests_of("rw=randrw rwmixread=70 number_ios=100000")) {
    reads += request.command == Command::read ? 1 : 0;
  }
  EXPECT_NEAR(reads, 0.7 * kRequests, 5 * std::sqrt(0.7 * 0.3 * kRequests));
}

TEST(Jobs, go_on_where_they_were_and_begin_again_at_the_end) {
  const auto requests = requests_of("rw=read bs=4k offset=1m size=16k number_ios=10");
  for (std::size_t i = 0; i < requests.size(); ++i) {
    EXPECT_EQ(requests[i].offset_bytes, (1 << 20) + static_cast<std::int64_t>(i % 4) * 4096);
  }
}

TEST(Jobs, percentage_random_goes_on_for_the_rest) {
  const auto requests = requests_of("rw=randread percentage_random=25 number_ios=40000");
  int sequential = 0;
  for (std::size_t i = 1; i < requests.size(); ++i) {
    const LoadRequest& before = requests[i - 1];
    sequential += requests[i].offset_bytes == before.offset_bytes + before.length_bytes ? 1 : 0;
  }
  EXPECT_NEAR(sequential, 30'000, 5 * std::sqrt(0.75 * 0.25 * 40'000));
}

TEST(Jobs, the_same_seed_and_name_ask_for_the_same) {
  const auto same = [](const auto& a, const auto& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
      return x.offset_bytes == y.offset_bytes && x.command == y.command;
    });
  };
  const std::string job = "rw=randrw number_ios=1000";
  EXPECT_TRUE(same(requests_of(job), requests_of(job)));
  EXPECT_FALSE(same(requests_of(job), requests_of(job, 2)));
  EXPECT_TRUE(same(requests_of(job, 2), requests_of(job + " randseed=2")));
}

// Whatever the options: requests are whole sectors within what the job is for.
RC_GTEST_PROP(Jobs, stay_on_the_part_of_the_disk_that_is_theirs, ()) {
  const auto word = [](const char* name, std::vector<std::string> values) {
    return std::string(name) + '=' + *rc::gen::elementOf(std::move(values)) + ' ';
  };
  const std::string text =
      word("rw", {"read", "write", "randread", "randrw", "randtrim", "rw"}) +
      word("bssplit", {"4k/100", "512/50:8k/50", "1536/30:4k/70", "64k,512"}) +
      word("random_distribution", {"random", "zipf:1.1", "pareto:0.3", "zoned:70/3:30/97"}) +
      word("percentage_random", {"0", "50", "100"}) + word("offset", {"0", "1m", "1000"}) +
      word("size", {"64k", "100k", "1m", "50%"}) + "number_ios=200";
  const auto words = split_job(text);
  const auto parsed = parse_job(*words, kGibibyte);
  if (!parsed) {
    RC_ASSERT(parsed.error().text.find("no whole number") != std::string::npos);
    return;
  }
  for (const LoadRequest& request : requests_of(text, *rc::gen::arbitrary<std::uint64_t>())) {
    RC_ASSERT(request.offset_bytes % 512 == 0);
    RC_ASSERT(request.length_bytes % 512 == 0 && request.length_bytes > 0);
    RC_ASSERT(request.offset_bytes >= parsed->offset_bytes);
    RC_ASSERT(request.offset_bytes + request.length_bytes <=
              parsed->offset_bytes + parsed->size_bytes);
  }
}

}  // namespace
}  // namespace biotope::sim
