#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/error.h"

namespace biotope::sim {

// A share of requests, or of a disk.
struct Share {
  std::int64_t value = 0;
  double percent = 100;
};

// What a job of a work load does, in fio's words where fio has them; docs/workloads.md explains
// each. Made by parse_job().
struct JobOptions {
  enum class Distribution : std::uint8_t { even, zipf, pareto, zoned };
  enum class Arrivals : std::uint8_t { constant, exponential };
  // A percentage of requests that goes to a percentage of the disk.
  struct Zone {
    double requests_percent;
    double disk_percent;
  };

  bool random = false;
  bool trims = false;  // what does not read, trims and does not write
  std::int64_t read_percent = 100;
  std::vector<Share> read_lengths{{4096, 100}};   // bytes
  std::vector<Share> write_lengths{{4096, 100}};  // and of trims
  Distribution distribution = Distribution::even;
  double theta = 0;             // of zipf; of pareto its share
  std::vector<Zone> zones;      // of zoned
  double random_percent = 100;  // the others go on where the one before ended

  std::int64_t depth = 1;
  bool open_loop = false;
  double rate = 0;  // requests a second; 0: as fast as they are served
  Arrivals arrivals = Arrivals::constant;
  std::int64_t burst_on_ns = 0;  // 0: always
  std::int64_t burst_off_ns = 0;
  std::int64_t think_ns = 0;
  std::int64_t think_every = 1;  // requests
  std::int64_t flush_every = 0;  // writes; 0: never

  std::int64_t offset_bytes = 0;
  std::int64_t size_bytes = 0;
  std::int64_t most_requests = std::numeric_limits<std::int64_t>::max();
  std::int64_t most_bytes = std::numeric_limits<std::int64_t>::max();
  std::int64_t most_ns = std::numeric_limits<std::int64_t>::max();

  std::int64_t jobs = 1;
  std::optional<std::uint64_t> seed;
  bool verify = false;        // what is read of what was written
  bool rereads = true;        // all that was written, in the end
  bool verify_fatal = false;  // nothing more after the first that is wrong

  bool writes() const { return read_percent < 100; }
  std::int64_t longest_bytes() const;  // of its requests
};

using JobWord = std::pair<std::string, std::string>;

// The disk that a job is for.
struct JobSpace {
  std::int64_t size_bytes = 0;
  std::int64_t sector_bytes = 512;
};

// Errors, EINVAL: an option that does not exist, with the nearest; a value that says nothing, or
// does not fit the disk; options that contradict one another.
Result<JobOptions> parse_job(std::span<const JobWord> words, JobSpace space);

// "rw=randread bs=4k" in words: name=value, separated by blanks. EINVAL: one without a value.
Result<std::vector<JobWord>> split_job(std::string_view text);

// Whether a job with these words writes or trims. False where they can not be read.
bool job_writes(std::span<const JobWord> words);

// All names there are.
std::span<const std::string_view> job_words();

}  // namespace biotope::sim
