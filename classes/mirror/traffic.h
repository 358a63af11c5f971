#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <vector>

#include "model/bio.h"
#include "model/executor.h"

namespace biotope::mirror {

// The writes that are under way, and the ranges that are being copied from disk to disk. The two
// never overlap, nor do two writes: disks may finish what they were given in any order, and then
// would differ for good. A write costs a few dozen instructions here, however many there are, and
// no memory: it is linked through its driver fields.
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
    bool free() const { return !traffic_.writing(offset_bytes_, length_bytes_); }

    Traffic& traffic_;
    std::int64_t offset_bytes_;
    std::int64_t length_bytes_;
    std::coroutine_handle<> waiting_;
  };

  explicit Traffic(Executor& executor) : later_(executor) {}

  bool quiet() const { return head_ == nullptr; }
  bool claimed() const { return !claims_.empty(); }
  bool claimed(std::int64_t offset_bytes, std::int64_t length_bytes) const;
  // True while a write is under way that shares a byte with this range.
  bool writing(std::int64_t offset_bytes, std::int64_t length_bytes) const {
    return head_ != nullptr && find(offset_bytes, length_bytes);
  }

  void enter(Bio& write) {
    write.driver1 = nullptr;
    write.driver2 = head_;
    if (head_ != nullptr) head_->driver1 = &write;
    head_ = &write;
    count(write, 1);
  }
  void leave(Bio& write) {
    Bio* before = static_cast<Bio*>(write.driver1);
    Bio* after = static_cast<Bio*>(write.driver2);
    if (before != nullptr) {
      before->driver2 = after;
    } else {
      head_ = after;
    }
    if (after != nullptr) after->driver1 = before;
    count(write, -1);
    if (!claims_.empty()) [[unlikely]]
      wake();
  }

 private:
  // Writes are counted by where they lie, in as many pots as there are: an empty pot says at once
  // that there is none. Long ones are counted apart.
  static constexpr int kGranuleShift = 14;
  static constexpr std::size_t kPots = 1024;
  static constexpr std::int64_t kMostGranules = 16;

  void count(const Bio& write, int by) {
    const std::int64_t first = write.position_bytes >> kGranuleShift;
    const std::int64_t last = (write.position_bytes + write.length_bytes - 1) >> kGranuleShift;
    if (last - first >= kMostGranules) [[unlikely]] {
      long_ones_ += by;
      return;
    }
    for (std::int64_t g = first; g <= last; ++g) pots_[static_cast<std::size_t>(g) % kPots] += by;
  }
  bool find(std::int64_t offset_bytes, std::int64_t length_bytes) const;
  void wake();

  Bio* head_ = nullptr;
  std::int32_t long_ones_ = 0;
  std::array<std::int32_t, kPots> pots_{};
  std::vector<Claim*> claims_;
  Lifeline later_;
};

}  // namespace biotope::mirror
