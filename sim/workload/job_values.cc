#include "sim/workload/job_values.h"

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

namespace biotope::sim {
namespace {

constexpr double kMost = 0x1p62;

struct Measured {
  double number;
  std::string unit;  // in small letters, without blanks
};

std::optional<Measured> measured(std::string_view text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || !(number >= 0)) return std::nullopt;
  std::string unit;
  for (const char* c = at; c != end; ++c) {
    if (*c == ' ') continue;
    unit += static_cast<char>(std::tolower(static_cast<unsigned char>(*c)));
  }
  return Measured{number, unit};
}

std::optional<std::int64_t> whole(double value) {
  if (value > kMost || value != std::floor(value)) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::optional<std::int64_t> fio_size(std::string_view text) {
  const auto size = measured(text);
  if (!size) return std::nullopt;
  if (size->unit.empty() || size->unit == "b" || size->unit == "bytes") return whole(size->number);
  const std::size_t power = std::string_view("kmgtp").find(size->unit.front());
  const std::string_view rest = std::string_view(size->unit).substr(1);
  if (power == std::string_view::npos || (!rest.empty() && rest != "b" && rest != "ib")) return {};
  return whole(size->number * std::pow(1024.0, static_cast<double>(power + 1)));
}

std::optional<std::int64_t> fio_size_or_percent(std::string_view text, std::int64_t whole_bytes) {
  if (!text.ends_with('%')) return fio_size(text);
  text.remove_suffix(1);
  const auto percent = fio_number(text);
  if (!percent || *percent > 100) return std::nullopt;
  return static_cast<std::int64_t>(static_cast<double>(whole_bytes) * *percent / 100);
}

std::optional<std::int64_t> fio_time_ns(std::string_view text, std::int64_t unit_ns) {
  constexpr auto kUnits = std::to_array<std::pair<std::string_view, double>>({{"ns", 1},
                                                                              {"us", 1e3},
                                                                              {"usec", 1e3},
                                                                              {"ms", 1e6},
                                                                              {"msec", 1e6},
                                                                              {"s", 1e9},
                                                                              {"sec", 1e9},
                                                                              {"m", 60e9},
                                                                              {"min", 60e9},
                                                                              {"h", 3600e9},
                                                                              {"d", 86400e9}});
  const auto time = measured(text);
  if (!time) return std::nullopt;
  if (time->unit.empty()) return whole(std::round(time->number * static_cast<double>(unit_ns)));
  for (const auto& [name, ns] : kUnits) {
    if (time->unit == name) return whole(std::round(time->number * ns));
  }
  return std::nullopt;
}

std::optional<double> fio_number(std::string_view text) {
  const auto number = measured(text);
  if (!number || !number->unit.empty() || number->number > kMost) return std::nullopt;
  return number->number;
}

std::optional<std::int64_t> fio_whole(std::string_view text) {
  const auto number = fio_number(text);
  return number ? whole(*number) : std::nullopt;
}

std::optional<bool> fio_truth(std::string_view text) {
  if (text == "1" || text == "true") return true;
  if (text == "0" || text == "false") return false;
  return std::nullopt;
}

std::vector<std::string_view> parts_of(std::string_view text, char mark) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(mark, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

}  // namespace biotope::sim
