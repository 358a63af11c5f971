#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/bio.h"

// The pieces that lines of traces are made of.

namespace biotope::sim {

using Fields = std::vector<std::string_view>;

// At every mark; blanks around a field are not part of it.
void split_at(std::string_view line, char mark, Fields& fields);
// At blanks, any number of which count as one.
void split_at_blanks(std::string_view line, Fields& fields);
std::string_view without_blanks(std::string_view text);

// A whole number, also as 0x1f.
std::optional<std::int64_t> whole_number(std::string_view text);

// A time of at most 2^63 units, told in decimals, in whole ns. `unit_ns` is a power of ten. Exact
// to half a ns, unless it is told with an exponent. Nothing for what is negative or no number.
using WideTime = __int128;
std::optional<WideTime> time_in_ns(std::string_view text, std::int64_t unit_ns);

// "R", "read", "W", "D", "flush", ...; capitals or not.
std::optional<Command> command_word(std::string_view text);

}  // namespace biotope::sim
