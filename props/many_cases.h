#pragma once

#include <cstdint>

namespace biotope::props {

// How often a property is tried that is tried often. Where a sanitizer looks at every access a case
// takes ten times as long, and a tenth of them is tried.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::uint64_t kManyCases = 1'000;
#else
inline constexpr std::uint64_t kManyCases = 10'000;
#endif

}  // namespace biotope::props
