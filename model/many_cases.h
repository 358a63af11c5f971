#pragma once

#include <cstdint>

namespace biotope {

// Whether a sanitizer looks at every access of this library: a case takes ten times as long then,
// and memory is held back.
bool sanitized();
// How often what is tried often is tried: where there is a sanitizer a tenth of the cases.
inline int each_nth() { return sanitized() ? 10 : 1; }
inline std::uint64_t many_cases() { return 10'000 / static_cast<std::uint64_t>(each_nth()); }

}  // namespace biotope
