#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "classes/fs/mount.h"

namespace biotope::fs {

struct WorkOptions {
  // What even an operation that needs no disk takes its user: if all took no time, the clock would
  // stand still for everybody.
  static constexpr std::int64_t kLeastPause_ns = 10'000;

  std::string path;
  std::uint64_t seed = 1;
  std::int64_t write_percent = 50;
  std::int64_t most_bytes = 16384;         // of one read or write
  std::int64_t pause_ns = kLeastPause_ns;  // between two; what is less counts as this
  std::int64_t sync_every = 0;             // syncs after that many writes; 0: never by itself
};

// A user at work on one file: reads and writes at random places, and knows at any time what the
// file has to hold. What it does follows from the options alone.
class Work {
 public:
  using Pointer = std::shared_ptr<Work>;

  Work(Mount::Pointer mount, WorkOptions options)
      : mount_(std::move(mount)), options_(std::move(options)) {}

  // Works until stop() or unmount, which is success; or until an operation fails, with its error.
  // EILSEQ: a read has returned other bytes than were written.
  static Task<Status> run(Pointer self);
  void stop() { stopped_ = true; }

  // What the file holds as its user sees it; empty before the first read.
  const Bytes& contents() const { return contents_; }
  std::uint64_t reads() const { return reads_; }
  std::uint64_t writes() const { return writes_; }
  const WorkOptions& options() const { return options_; }

 private:
  struct Place {
    std::int64_t offset_bytes;
    std::int64_t length_bytes;
    bool write;
  };
  Place choose(std::uint64_t turn) const;
  Bytes pattern(std::uint64_t turn, std::int64_t length_bytes) const;
  Task<Status> turn(std::uint64_t number);

  Mount::Pointer mount_;
  WorkOptions options_;
  bool stopped_ = false;
  Bytes contents_;
  std::uint64_t reads_ = 0;
  std::uint64_t writes_ = 0;
};

}  // namespace biotope::fs
