#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "sim/workload/engine_load.h"
#include "sim/workload/job.h"

// For tests: servers whose queues are known in closed form.
namespace biotope::sim {

// One server, first come first served; each request takes what `service_ns` says.
class QueueEngine final : public DriveEngine {
 public:
  explicit QueueEngine(std::function<std::int64_t()> service_ns)
      : service_ns_(std::move(service_ns)) {}

  void submit(std::uint64_t tag, Command, std::int64_t first, std::int64_t count,
              std::int64_t now_ns) override {
    free_ns_ = std::max(free_ns_, now_ns) + service_ns_();
    queue_.push_back({tag, free_ns_});
    submitted_ns.push_back(now_ns);
    firsts.push_back(first);
    counts.push_back(count);
    deepest = std::max(deepest, queue_.size());
  }
  std::int64_t event_ns() const override { return queue_.empty() ? kNever : queue_[0].time_ns; }
  std::optional<Finished> finished(std::int64_t until_ns) override {
    if (queue_.empty() || queue_[0].time_ns > until_ns) return std::nullopt;
    const Finished done = queue_.front();
    queue_.pop_front();
    return done;
  }
  std::int64_t outstanding() const override { return static_cast<std::int64_t>(queue_.size()); }
  std::int64_t progress(std::uint64_t, std::int64_t) override { return 0; }
  bool writes_back() const override { return false; }
  void add_unwritten(std::vector<Extent>&, std::int64_t) override {}
  void flush(std::int64_t) override {}
  void restart() override {}
  void add_to(DriveStatistics&) const override {}

  std::size_t deepest = 0;
  std::vector<std::int64_t> submitted_ns;
  std::vector<std::int64_t> firsts;
  std::vector<std::int64_t> counts;

 private:
  std::function<std::int64_t()> service_ns_;
  std::int64_t free_ns_ = 0;
  std::deque<Finished> queue_;
};

inline constexpr JobSpace kGibibyte{std::int64_t{1} << 30, 512};

inline JobOptions job_of(const std::string& text, JobSpace space = kGibibyte) {
  const auto words = split_job(text);
  EXPECT_TRUE(words);
  const auto job = parse_job(*words, space);
  EXPECT_TRUE(job) << (job ? "" : job.error().text);
  return job ? *job : JobOptions();
}

// The requests of a job, each done at once.
inline std::vector<LoadRequest> requests_of(const std::string& text, std::uint64_t seed = 1) {
  Jobs jobs(job_of(text), seed, "test");
  std::vector<LoadRequest> all;
  while (!jobs.over()) {
    const LoadRequest request = jobs.issue(jobs.due_ns());
    all.push_back(request);
    jobs.finished(request.slot, jobs.due_ns() == kNever ? 0 : request.wanted_ns);
  }
  return all;
}

}  // namespace biotope::sim
