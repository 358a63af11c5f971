#pragma once

#include <cstdint>
#include <limits>

namespace biotope::sim {

// The time of what will not happen.
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

}  // namespace biotope::sim
