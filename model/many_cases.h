#pragma once

#include <cstdint>

namespace biotope {

// How often what is tried often is tried. Where a sanitizer looks at every access, a case takes ten
// times as long, and a tenth of them is tried; all of them are without one.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int kEachNth = 10;
#else
inline constexpr int kEachNth = 1;
#endif
inline constexpr std::uint64_t kManyCases = 10'000 / kEachNth;

}  // namespace biotope
