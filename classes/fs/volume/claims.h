#pragma once

#include <cstdint>
#include <iterator>
#include <map>

namespace biotope::fs {

// Who follows chains and trees of blocks on a medium claims each block he comes to: a chain that
// bites its tail, or a block with two places in a file, then shows at once, and no walk is longer
// than the volume has blocks.
class Claims {
 public:
  // False when any of [start, start + count) is claimed already.
  bool claim(std::int64_t start, std::int64_t count) {
    const auto after = ranges_.lower_bound(start);
    if (after != ranges_.end() && after->first < start + count) return false;
    std::int64_t end = start + count;
    if (after != ranges_.begin()) {
      const auto before = std::prev(after);
      if (before->second > start) return false;
      if (before->second == start) {
        before->second = end;
        return true;
      }
    }
    ranges_.emplace_hint(after, start, end);
    return true;
  }

 private:
  std::map<std::int64_t, std::int64_t> ranges_;  // start to end; none overlap
};

}  // namespace biotope::fs
