#include "scenarios/runtime/units.h"

#include <limits>
#include <span>

namespace biotope::runtime {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr Unit kTimes[] = {
    {"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000}, {"min", 60'000'000'000},
};
constexpr Unit kSizes[] = {
    {"bytes", 1},
    {"byte", 1},
    {"B", 1},
    {"KiB", 1LL << 10},
    {"MiB", 1LL << 20},
    {"GiB", 1LL << 30},
    {"TiB", 1LL << 40},
    {"kB", 1'000},
    {"MB", 1'000'000},
    {"GB", 1'000'000'000},
    {"TB", 1'000'000'000'000},
};

// Digits with at most one point among them, as an exact fraction.
struct Number {
  __int128 numerator = 0;
  __int128 denominator = 1;
};

constexpr std::size_t kMostDigits = 19;  // times the largest factor still fits 128 bits

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes the number off the front of `text`; false when there is none.
bool take_number(std::string_view& text, Number& number) {
  std::size_t digits = 0;
  bool fraction = false;
  while (!text.empty() && (is_digit(text.front()) || (text.front() == '.' && !fraction))) {
    if (text.front() == '.') {
      fraction = true;
    } else if (++digits <= kMostDigits) {
      number.numerator = number.numerator * 10 + (text.front() - '0');
      if (fraction) number.denominator *= 10;
    }
    text.remove_prefix(1);
  }
  return digits > 0 && digits <= kMostDigits;
}

std::string names_of(std::span<const Unit> units) {
  std::string names;
  for (const Unit& unit : units) names += sentence(names.empty() ? "" : ", ", unit.name);
  return names;
}

Result<std::int64_t> parse(std::string_view text, std::span<const Unit> units,
                           std::string_view example, std::string_view what) {
  std::string_view rest = text;
  Number number;
  const bool counted = take_number(rest, number);
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  for (const Unit& unit : units) {
    if (!counted || rest != unit.name) continue;
    const __int128 scaled = number.numerator * unit.factor;
    if (scaled % number.denominator != 0) {
      return fail(EINVAL, what, ": '", text, "' is no whole number of ", units.front().name);
    }
    if (scaled / number.denominator > std::numeric_limits<std::int64_t>::max()) {
      return fail(EINVAL, what, ": '", text, "' is more than can be counted");
    }
    return static_cast<std::int64_t>(scaled / number.denominator);
  }
  return fail(EINVAL, what, ": '", text, "' is no number with a unit, as in '", example,
              "'; units are ", names_of(units));
}

}  // namespace

Result<std::int64_t> parse_time_ns(std::string_view text, std::string_view what) {
  return parse(text, kTimes, "10 ms", what);
}

Result<std::int64_t> parse_size_bytes(std::string_view text, std::string_view what) {
  return parse(text, kSizes, "96 MiB", what);
}

}  // namespace biotope::runtime
