#include "scenarios/runtime/patterns.h"

#include <limits>

namespace biotope::runtime {

namespace {

// Where the single-character class that begins at `at` ends.
std::size_t end_of_class(std::string_view pattern, std::size_t at) {
  if (pattern[at] == '%') return at + 2;
  if (pattern[at] != '[') return at + 1;
  at += at + 1 < pattern.size() && pattern[at + 1] == '^' ? 2 : 1;
  // A bracket that comes first is one of the set.
  for (bool first = true; at < pattern.size(); first = false) {
    if (pattern[at] == ']' && !first) return at + 1;
    at += pattern[at] == '%' ? 2 : 1;
  }
  return at;
}

std::int64_t times(std::int64_t a, std::int64_t b) {
  const __int128 product = static_cast<__int128>(a) * b;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return product > kMost ? kMost : static_cast<std::int64_t>(product);
}

}  // namespace

std::int64_t most_steps(std::string_view pattern, std::size_t text_length) {
  const auto length = static_cast<std::int64_t>(text_length) + 1;
  std::int64_t steps = pattern.empty() || pattern.front() != '^' ? length : 1;
  for (std::size_t at = 0; at < pattern.size();) {
    at = end_of_class(pattern, at);
    if (at >= pattern.size()) break;
    switch (pattern[at]) {
      case '*':
      case '+':
      case '-':
        steps = times(steps, length);
        ++at;
        break;
      case '?':
        steps = times(steps, 2);
        ++at;
        break;
      default:
        break;
    }
  }
  return steps;
}

}  // namespace biotope::runtime
