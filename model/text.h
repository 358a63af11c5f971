#pragma once

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace biotope {

// The number that `text` is, all of it; nothing for anything else, or one that T can not hold.
template <class T>
std::optional<T> whole_number(std::string_view text, int base = 10) {
  T number = 0;
  const char* all = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), all, number, base);
  if (error != std::errc() || end != all) return std::nullopt;
  return number;
}

// What stands between blanks, and nothing empty.
inline std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find_first_of(" \t"));
    if (!word.empty()) words.push_back(word);
    line.remove_prefix(std::min(word.size() + 1, line.size()));
  }
  return words;
}

}  // namespace biotope
