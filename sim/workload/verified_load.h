#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/workload/job_options.h"
#include "sim/workload/load.h"
#include "sim/workload/written_places.h"

namespace biotope::sim {

// What came of looking at what was read.
struct Verification {
  std::int64_t checked_bytes = 0;
  std::int64_t wrong = 0;  // places, each time one was read
  std::string first;       // the first of them, in a sentence
};

// A job that writes what can be told again, and looks whether its reads bring it. In the end, where
// the job's options say so, it reads all that it has written. Nothing that the job asks for
// changes.
class VerifiedLoad final : public Load {
 public:
  // `options` are those of `job`; `writer` is the number that it is known by in what it writes.
  VerifiedLoad(const JobOptions& options, std::unique_ptr<Load> job, std::uint32_t writer);

  std::int64_t due_ns() const override;
  LoadRequest issue(std::int64_t now_ns) override;
  void brought(std::uint64_t slot, std::span<const std::byte> bytes) override;
  void finished(std::uint64_t slot, std::int64_t now_ns) override;
  void stop() override;
  bool over() const override;
  const Verification* verification() const override { return &verification_; }

 private:
  struct Out {
    LoadRequest request;
    std::vector<std::uint32_t> oldest;  // by unit: what a read could bring when it was issued
  };

  bool rereads() const { return reread_next_ >= 0 && !stopped_ && job_->over(); }
  LoadRequest reread();
  std::int64_t end_unit(const LoadRequest& request) const;
  bool right(std::uint32_t oldest, std::uint32_t newest, std::int64_t at_bytes,
             std::span<const std::byte> bytes) const;
  std::string tell(std::uint32_t newest, std::int64_t at_bytes,
                   std::span<const std::byte> bytes) const;
  std::string origin(std::int64_t at_bytes, std::int64_t differs_bytes,
                     std::span<const std::byte> bytes) const;

  std::unique_ptr<Load> job_;
  std::uint32_t writer_;
  bool fatal_;
  std::int64_t depth_;
  std::int64_t reread_units_;  // at a time
  WrittenPlaces places_;
  std::vector<Out> out_;  // by slot
  std::int64_t rereading_ = 0;
  std::int64_t reread_next_;  // the unit from which on is still to be read; -1: none
  std::vector<std::uint64_t> free_slots_;
  bool stopped_ = false;
  std::int64_t now_ns_ = 0;
  Verification verification_;
};

}  // namespace biotope::sim
