#include "classes/label/name.h"

#include <fmt/format.h>

#include <algorithm>

namespace biotope::label {

namespace {

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// How many bytes the character at the start of `text` has in UTF-8; 0 when it is none, or one that
// nobody sees.
std::size_t visible_character(std::string_view text) {
  const unsigned first = byte_at(text, 0);
  if (first < 0x80) return first > 0x20 && first < 0x7F ? 1 : 0;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || length > text.size()) return 0;
  unsigned code = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned next = byte_at(text, i);
    if ((next & 0xC0U) != 0x80) return 0;
    code = code << 6 | (next & 0x3FU);
  }
  constexpr unsigned kLeast[] = {0, 0, 0xA0, 0x800, 0x10000};  // below 0xA0 are controls
  const bool half_of_a_pair = code >= 0xD800 && code < 0xE000;
  return code < kLeast[length] || code > 0x10FFFF || half_of_a_pair ? 0 : length;
}

}  // namespace

std::string encoded(std::string_view name) {
  constexpr std::string_view kSpecial = "/\"%";
  const bool a_way = name == "." || name == "..";
  std::string out;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t length = visible_character(name.substr(at));
    const bool special = kSpecial.find(name[at]) != kSpecial.npos || (a_way && at == 0);
    if (length == 0 || special) {
      out += fmt::format("%{:02X}", byte_at(name, at));
    } else {
      out += name.substr(at, length);
    }
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

}  // namespace biotope::label
