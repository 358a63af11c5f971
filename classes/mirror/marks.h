#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "classes/mirror/intent.h"

namespace biotope::mirror {

// The write-intent map at work: a write may go to the disks when the regions it lies in are marked
// on all of them. Without a map there is one region, marked for ever.
class Marks {
 public:
  Marks() { cover(std::nullopt); }

  void cover(std::optional<Intent> intent);
  // As it goes to disk; nothing without a map.
  std::optional<Intent> intent() const;
  // For a mirror of another size. Regions may become larger: one that covers a marked one is
  // marked.
  void resize(std::int64_t size_bytes);
  void set_base(std::uint32_t syncid) { base_syncid_ = syncid; }
  std::uint32_t base_syncid() const { return base_syncid_; }

  // True when a write there may go; then the regions count as touched.
  bool pass(std::int64_t offset_bytes, std::int64_t length_bytes) {
    const auto last = static_cast<std::size_t>((offset_bytes + length_bytes - 1) >> shift_);
    for (auto r = static_cast<std::size_t>(offset_bytes >> shift_); r <= last; ++r) {
      if (!marked_[r]) return false;
      touched_[r] = true;
    }
    return true;
  }
  // True when that changed anything.
  bool mark(std::int64_t offset_bytes, std::int64_t length_bytes);
  // Regions for which `busy(offset_bytes, length_bytes)` is true count as touched.
  template <class Busy>
  void touch(Busy busy) {
    for (std::size_t r = 0; covers_ && r < marked_.size(); ++r) {
      const auto start = static_cast<std::int64_t>(r) << shift_;
      if (marked_[r] && !touched_[r]) touched_[r] = busy(start, std::int64_t{1} << shift_);
    }
  }
  // What sweep() would find.
  bool anything_to_sweep() const;
  // A new period begins, in which nothing has been touched. With `unmark`, the regions that were
  // not touched in the last one lose their marks.
  void sweep(bool unmark);
  void clear();
  // Calls visit(offset_bytes, length_bytes) for each run of marked regions below `size_bytes`.
  template <class Visit>
  void for_each_run(std::int64_t size_bytes, Visit visit) const {
    std::int64_t from = -1;
    for (std::size_t r = 0; r <= marked_.size(); ++r) {
      const auto start = static_cast<std::int64_t>(r) << shift_;
      const bool in = covers_ && r < marked_.size() && marked_[r] && start < size_bytes;
      if (in && from < 0) from = start;
      if (!in && from >= 0) {
        visit(from, (start < size_bytes ? start : size_bytes) - from);
        from = -1;
      }
    }
  }

 private:
  bool covers_ = false;
  std::uint8_t shift_ = 62;
  std::uint32_t base_syncid_ = 0;
  std::array<bool, Intent::kRegions> marked_{};
  std::array<bool, Intent::kRegions> touched_{};
};

}  // namespace biotope::mirror
