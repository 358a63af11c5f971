#include "classes/mirror/marks.h"

#include <algorithm>

namespace biotope::mirror {

void Marks::cover(std::optional<Intent> intent) {
  covers_ = intent.has_value();
  touched_.fill(false);
  marked_.fill(!covers_);
  shift_ = 62;
  if (!covers_) return;
  shift_ = intent->shift;
  base_syncid_ = intent->base_syncid;
  for (std::size_t r = 0; r < marked_.size(); ++r) marked_[r] = intent->regions[r];
}

std::optional<Intent> Marks::intent() const {
  if (!covers_) return std::nullopt;
  Intent intent;
  intent.shift = shift_;
  intent.base_syncid = base_syncid_;
  for (std::size_t r = 0; r < marked_.size(); ++r) intent.regions[r] = marked_[r];
  return intent;
}

void Marks::resize(std::int64_t size_bytes) {
  if (!covers_) return;
  Intent larger;
  larger.shift = Intent::shift_for(size_bytes);
  larger.base_syncid = base_syncid_;
  for (std::size_t r = 0; r < marked_.size(); ++r) {
    const auto start = static_cast<std::int64_t>(r) << shift_;
    const auto end = std::min(start + (std::int64_t{1} << shift_), size_bytes);
    if (!marked_[r] || start >= size_bytes) continue;
    for (auto at = start; at < end; at += std::int64_t{1} << larger.shift) {
      larger.regions.set(larger.region_of(at));
    }
  }
  cover(larger);
}

bool Marks::mark(std::int64_t offset_bytes, std::int64_t length_bytes) {
  bool changed = false;
  const auto last = static_cast<std::size_t>((offset_bytes + length_bytes - 1) >> shift_);
  for (auto r = static_cast<std::size_t>(offset_bytes >> shift_); r <= last; ++r) {
    changed |= !marked_[r];
    marked_[r] = true;
  }
  return changed;
}

bool Marks::anything_to_sweep() const {
  for (std::size_t r = 0; covers_ && r < marked_.size(); ++r) {
    if (marked_[r] && !touched_[r]) return true;
  }
  return false;
}

void Marks::sweep(bool unmark) {
  if (!covers_) return;
  for (std::size_t r = 0; unmark && r < marked_.size(); ++r) {
    marked_[r] = marked_[r] && touched_[r];
  }
  touched_.fill(false);
}

void Marks::clear() {
  if (covers_) marked_.fill(false);
}

}  // namespace biotope::mirror
