#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "model/error.h"

namespace biotope {

// How often something is open for reading, for writing and exclusively: the r, w and e of "r1w1e0".
// Counts are never negative on an edge; a difference of two may be.
struct Access {
  std::int32_t r = 0;
  std::int32_t w = 0;
  std::int32_t e = 0;

  friend bool operator==(const Access&, const Access&) = default;
  friend Access operator+(Access a, Access b) { return {a.r + b.r, a.w + b.w, a.e + b.e}; }
  friend Access operator-(Access a, Access b) { return {a.r - b.r, a.w - b.w, a.e - b.e}; }

  bool closed() const { return r == 0 && w == 0 && e == 0; }
  bool negative() const { return r < 0 || w < 0 || e < 0; }
  // True when any count grows from `before` to this.
  bool opens_beyond(Access before) const { return r > before.r || w > before.w || e > before.e; }
  // Each count, but none beyond that of `limit`.
  Access at_most(Access limit) const {
    return {std::min(r, limit.r), std::min(w, limit.w), std::min(e, limit.e)};
  }
  std::string text() const { return sentence('r', r, 'w', w, 'e', e); }
};

inline constexpr Access kReadOnly{1, 0, 0};
inline constexpr Access kReadWriteExclusive{1, 1, 1};

}  // namespace biotope
