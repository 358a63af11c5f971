#include "classes/gpt/guid.h"

#include <algorithm>
#include <charconv>

namespace biotope::guid {

namespace {

// Where the digits of a text go: byte 3 is the first pair of it. -1 is a hyphen.
constexpr std::array kOrder = {3,  2, 1, 0,  -1, 5,  4,  -1, 7,  6,
                               -1, 8, 9, -1, 10, 11, 12, 13, 14, 15};
constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string text(std::span<const std::byte> bytes) {
  std::string text;
  for (const int at : kOrder) {
    if (at < 0) {
      text += '-';
      continue;
    }
    const auto value = std::to_integer<unsigned>(bytes[static_cast<std::size_t>(at)]);
    text += kDigits[value >> 4];
    text += kDigits[value & 0xF];
  }
  return text;
}

Result<std::array<std::byte, kBytes>> bytes(std::string_view text) {
  std::array<std::byte, kBytes> bytes{};
  std::string_view rest = text;
  bool fine = true;
  for (const int at : kOrder) {
    if (at < 0) {
      fine = fine && rest.starts_with('-');
      rest.remove_prefix(std::min<std::size_t>(rest.size(), 1));
      continue;
    }
    const std::string_view digits = rest.substr(0, 2);
    unsigned value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    fine = fine && digits.size() == 2 && error == std::errc() && end == digits.data() + 2;
    bytes[static_cast<std::size_t>(at)] = static_cast<std::byte>(value);
    rest.remove_prefix(digits.size());
  }
  if (fine && rest.empty()) return bytes;
  return fail(EINVAL, "'", text,
              "' is no GUID; one looks like c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
}

bool is_nil(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace biotope::guid
