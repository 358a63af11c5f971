#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace biotope::runtime {

// The most steps that matching a text of that length against a Lua pattern can take, roughly: Lua
// tries every way to share the text out among the repetitions. INT64_MAX where that is no number.
std::int64_t most_steps(std::string_view pattern, std::size_t text_length);

}  // namespace biotope::runtime
