#pragma once

#include <cstdint>
#include <vector>

#include "classes/mirror/member.h"

namespace biotope::mirror {

// Which of the good disks a read goes to (geom.md C5). Keeps what it needs to know of what it has
// chosen before.
class Reads {
 public:
  // One of `active`, which are in the order of their priority and at least one.
  Member& choose(Balance balance, const std::vector<Member*>& active, std::int64_t offset_bytes,
                 std::int64_t length_bytes);

  // Where a read near the head's last place counts as short a way.
  static constexpr std::int64_t kNear_bytes = 1 << 20;

 private:
  Member& next(const std::vector<Member*>& active);
  static Member& least_loaded(const std::vector<Member*>& active, std::int64_t offset_bytes,
                              std::int64_t length_bytes);

  std::size_t turn_ = 0;
};

}  // namespace biotope::mirror
