#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/trace/trace_reader.h"
#include "sim/workload/job_options.h"
#include "sim/workload/load.h"

namespace biotope::sim {

// A recorded trace as a load. Timed traces are an open loop: requests are wanted when the trace
// says so, or with the one before where that is later. Traces that tell think times are a closed
// loop of one request, each wanted its think time after the one before was done.
class TraceLoad final : public Load {
 public:
  struct Options {
    JobSpace space;           // requests that do not fit it are bad lines
    std::string device = "";  // whose requests are meant, as the trace calls it; empty: of the one
    BadLines bad_lines = BadLines::stop;
  };
  // Errors: those of the first request, see status().
  static Result<std::unique_ptr<TraceLoad>> begin(TraceReader reader, Options options);

  std::int64_t due_ns() const override;
  LoadRequest issue(std::int64_t now_ns) override;
  void finished(std::uint64_t slot, std::int64_t now_ns) override;
  void stop() override { next_.reset(); }
  bool over() const override { return outstanding_ == 0 && !next_; }

  // Why it ended before the trace did: a bad line, or what the system said.
  const Status& status() const { return status_; }
  // Lines that were passed over because they do not fit the disk.
  std::int64_t skipped() const { return skipped_; }
  const TraceReader& reader() const { return reader_; }

 private:
  TraceLoad(TraceReader reader, Options options)
      : reader_(std::move(reader)),
        options_(std::move(options)),
        chosen_(!options_.device.empty()) {}

  void read_next();
  // Empty: it fits.
  std::string misfit(const TraceRequest& request);

  TraceReader reader_;
  Options options_;
  bool chosen_;  // the device, by who asked
  Status status_;
  std::int64_t skipped_ = 0;
  std::optional<LoadRequest> next_;  // its slot is open
  bool closed_ = false;              // the next one waits for the one before
  std::int64_t think_ns_ = 0;        // behind the one that is out
  std::int64_t next_think_ns_ = 0;
  std::int64_t ready_ns_ = 0;
  std::int64_t outstanding_ = 0;
  std::vector<std::uint64_t> free_slots_;
};

}  // namespace biotope::sim
