#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

// Values of options as fio writes them. Nothing: it is none.

namespace biotope::sim {

// "4k", "1m", "4 KiB", "512": k, m, g and t count in 1024.
std::optional<std::int64_t> fio_size(std::string_view text);
// The same, or "25%" of `whole`, rounded down.
std::optional<std::int64_t> fio_size_or_percent(std::string_view text, std::int64_t whole);
// "10ms", "5 s", "20us", "1m", "2h"; a bare number counts in `unit_ns`.
std::optional<std::int64_t> fio_time_ns(std::string_view text, std::int64_t unit_ns);
// Not below 0.
std::optional<double> fio_number(std::string_view text);
std::optional<std::int64_t> fio_whole(std::string_view text);
std::optional<bool> fio_truth(std::string_view text);
// The parts between the marks; one, where there is no mark.
std::vector<std::string_view> parts_of(std::string_view text, char mark);

}  // namespace biotope::sim
