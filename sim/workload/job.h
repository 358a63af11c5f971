#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "classes/random_stream.h"
#include "sim/workload/draws.h"
#include "sim/workload/job_options.h"
#include "sim/workload/load.h"

namespace biotope::sim {

// A job as its options say it. What it asks for, and when the loop is open, follows from options,
// seed and name alone; in a closed loop when also follows from the answers.
class Job final : public Load {
 public:
  Job(const JobOptions& options, std::uint64_t seed, const std::string& name);

  std::int64_t due_ns() const override;
  LoadRequest issue(std::int64_t now_ns) override;
  void finished(std::uint64_t slot, std::int64_t now_ns) override;
  void stop() override { stopped_ = true; }
  bool over() const override { return outstanding_ == 0 && !wants_more(); }

 private:
  // Reads, and what is no read, each go their own way over the disk.
  struct Direction {
    Direction(const JobOptions& job, const std::vector<Share>& lengths);
    const std::vector<Share>* lengths;
    std::int64_t step_bytes;  // the shortest length: places are multiples of it
    Places places;
    std::int64_t next_bytes = 0;  // behind the request before
  };

  bool wants_more() const;
  std::int64_t wanted_ns() const;
  Command choose_command();
  void choose_place(Direction& direction, LoadRequest& request);

  const JobOptions options_;
  RandomStream mix_;
  RandomStream lengths_;
  RandomStream places_;
  RandomStream clock_;
  Arrivals arrivals_;
  Direction reads_;
  Direction others_;

  bool stopped_ = false;
  std::int64_t now_ns_ = 0;      // as far as it was told
  std::int64_t arrival_ns_ = 0;  // of the next request, where there is a rate
  std::int64_t thinks_until_ns_ = 0;
  std::int64_t issued_ = 0;
  std::int64_t issued_bytes_ = 0;
  std::int64_t done_ = 0;
  std::int64_t writes_since_flush_ = 0;
  std::int64_t outstanding_ = 0;
  std::vector<std::uint64_t> free_slots_;
};

// As many jobs as the options say, side by side, each with random numbers of its own.
class Jobs final : public Load {
 public:
  Jobs(const JobOptions& options, std::uint64_t seed, std::string_view name);

  std::int64_t due_ns() const override;
  LoadRequest issue(std::int64_t now_ns) override;
  void finished(std::uint64_t slot, std::int64_t now_ns) override;
  void stop() override;
  bool over() const override;

 private:
  std::vector<std::unique_ptr<Job>> jobs_;
};

}  // namespace biotope::sim
