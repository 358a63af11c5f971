#pragma once

#include <cstdint>
#include <string_view>

#include "model/error.h"

namespace biotope::runtime {

// "10 ms", "1.5 s", "250us" in nanoseconds: a number and ns, us, ms, s or min. EINVAL for anything
// else, for times below zero and for more than 292 years; `what` starts the sentence.
Result<std::int64_t> parse_time_ns(std::string_view text, std::string_view what);

// "96 MiB", "512 bytes", "4 KiB", "100 MB" in bytes: KiB counts in 1024, kB and MB in 1000. EINVAL
// for anything else and for parts of bytes; `what` starts the sentence.
Result<std::int64_t> parse_size_bytes(std::string_view text, std::string_view what);

}  // namespace biotope::runtime
