#include "sim/trace/trace_fields.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <string>
#include <utility>

namespace biotope::sim {
namespace {

constexpr std::string_view kBlanks = " \t\r";

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<WideTime> by_floating_point(std::string_view text, std::int64_t unit_ns) {
  double value = 0;
  const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || at != text.data() + text.size()) return std::nullopt;
  const double ns = value * static_cast<double>(unit_ns);
  if (!(ns >= 0) || ns > 0x1p62) return std::nullopt;
  return static_cast<WideTime>(std::llround(ns));
}

}  // namespace

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

void split_at_blanks(std::string_view line, Fields& fields) {
  fields.clear();
  for (std::size_t at = 0; (at = line.find_first_not_of(kBlanks, at)) < line.size();) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end;
  }
}

void split_at(std::string_view line, char mark, Fields& fields) {
  fields.clear();
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(mark, at), line.size());
    fields.push_back(without_blanks(line.substr(at, end - at)));
    at = end + 1;
  }
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number, hexadecimal ? 16 : 10);
  if (error != std::errc() || at != end || (hexadecimal && number < 0)) return std::nullopt;
  return number;
}

std::optional<WideTime> time_in_ns(std::string_view text, std::int64_t unit_ns) {
  if (text.find_first_of("eE") != std::string_view::npos) return by_floating_point(text, unit_ns);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view part = point < text.size() ? text.substr(point + 1) : "";
  if ((whole.empty() && part.empty()) || !all_digits(whole) || !all_digits(part)) return {};
  std::uint64_t units = 0;
  const char* end = whole.data() + whole.size();
  if (!whole.empty() && std::from_chars(whole.data(), end, units).ec != std::errc()) return {};
  WideTime time_ns = static_cast<WideTime>(units) * unit_ns;
  std::int64_t digit_ns = unit_ns;
  for (const char c : part) {
    const std::int64_t digit = c - '0';
    if (digit_ns == 1) {
      if (digit >= 5) ++time_ns;
      break;
    }
    digit_ns /= 10;
    time_ns += digit * digit_ns;
  }
  return time_ns;
}

std::optional<Command> command_word(std::string_view text) {
  constexpr std::array kWords =
      std::to_array<std::pair<std::string_view, Command>>({{"r", Command::read},
                                                           {"read", Command::read},
                                                           {"diskread", Command::read},
                                                           {"w", Command::write},
                                                           {"write", Command::write},
                                                           {"diskwrite", Command::write},
                                                           {"d", Command::remove},
                                                           {"discard", Command::remove},
                                                           {"trim", Command::remove},
                                                           {"unmap", Command::remove},
                                                           {"f", Command::flush},
                                                           {"flush", Command::flush},
                                                           {"sync", Command::flush},
                                                           {"datasync", Command::flush}});
  std::string small(text);
  for (char& c : small) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const auto& [word, command] : kWords) {
    if (small == word) return command;
  }
  return std::nullopt;
}

}  // namespace biotope::sim
