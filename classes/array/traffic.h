#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "model/bio.h"
#include "model/executor.h"

namespace biotope::array {

// Requests that are under way, each linked through its driver fields: entering and leaving cost a
// few dozen instructions, however many there are, and no memory.
class UnderWay {
 public:
  bool none() const { return head_ == nullptr; }
  // True while one of them shares a byte with this range.
  bool in(std::int64_t offset_bytes, std::int64_t length_bytes) const {
    return head_ != nullptr && find(offset_bytes, length_bytes);
  }

  void enter(Bio& bio) {
    bio.driver1 = nullptr;
    bio.driver2 = head_;
    if (head_ != nullptr) head_->driver1 = &bio;
    head_ = &bio;
    count(bio, 1);
  }
  void leave(Bio& bio) {
    Bio* before = static_cast<Bio*>(bio.driver1);
    Bio* after = static_cast<Bio*>(bio.driver2);
    if (before != nullptr) {
      before->driver2 = after;
    } else {
      head_ = after;
    }
    if (after != nullptr) after->driver1 = before;
    count(bio, -1);
  }

 private:
  // They are counted by where they lie, in as many pots as there are: an empty pot says at once
  // that there is none. Long ones are counted apart.
  static constexpr int kGranuleShift = 14;
  static constexpr std::size_t kPots = 1024;
  static constexpr std::int64_t kMostGranules = 16;

  void count(const Bio& bio, int by) {
    const std::int64_t first = bio.position_bytes >> kGranuleShift;
    const std::int64_t last = (bio.position_bytes + bio.length_bytes - 1) >> kGranuleShift;
    if (last - first >= kMostGranules) [[unlikely]] {
      long_ones_ += by;
      return;
    }
    for (std::int64_t g = first; g <= last; ++g) pots_[static_cast<std::size_t>(g) % kPots] += by;
  }
  bool find(std::int64_t offset_bytes, std::int64_t length_bytes) const;

  Bio* head_ = nullptr;
  std::int32_t long_ones_ = 0;
  std::array<std::int32_t, kPots> pots_{};
};

// What is under way in an array with redundancy, and the ranges that are being copied from disk to
// disk. A write meets nothing else: not another write, since disks may finish in any order and
// would then differ for good; not a read, which could see what a power cut takes back; not a copy.
class Traffic {
 public:
  // A range that is being copied, or waits for the writes in it to come back. No write enters it
  // from the moment it is claimed, so it never waits for long.
  class Claim {
   public:
    Claim(Traffic& traffic, std::int64_t offset_bytes, std::int64_t length_bytes);
    ~Claim();
    Claim(const Claim&) = delete;
    Claim& operator=(const Claim&) = delete;
    // Ready when no write is under way in it.
    auto granted() {
      struct Wait {
        Claim* claim;
        bool await_ready() const { return claim->free(); }
        void await_suspend(std::coroutine_handle<> waiting) const { claim->waiting_ = waiting; }
        void await_resume() const {}
      };
      return Wait{this};
    }

   private:
    friend class Traffic;
    bool free() const { return !traffic_.writes.in(offset_bytes_, length_bytes_); }

    Traffic& traffic_;
    std::int64_t offset_bytes_;
    std::int64_t length_bytes_;
    std::coroutine_handle<> waiting_;
  };

  explicit Traffic(Executor& executor) : later_(executor) {}

  // True when a write there meets nothing.
  bool free_for_write(std::int64_t offset_bytes, std::int64_t length_bytes) const {
    return !writes.in(offset_bytes, length_bytes) && !reads.in(offset_bytes, length_bytes) &&
           (claims_.empty() || !claimed(offset_bytes, length_bytes));
  }
  // When a write has left.
  void write_left() {
    if (!claims_.empty()) [[unlikely]]
      wake();
  }
  // Called when a claim is given back, for those who wait for it.
  void on_released(std::function<void()> then) { on_released_ = std::move(then); }

  UnderWay writes;
  UnderWay reads;

 private:
  bool claimed(std::int64_t offset_bytes, std::int64_t length_bytes) const;
  void wake();

  std::vector<Claim*> claims_;
  std::function<void()> on_released_;
  Lifeline later_;
};

}  // namespace biotope::array
