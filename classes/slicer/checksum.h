#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// The sums that tables are protected with.
namespace biotope::checksum {

// The CRC that GPT and BSD64 use (zlib's).
std::uint32_t crc32(std::span<const std::byte> bytes);
std::uint32_t of_text(std::string_view text);

// The exclusive or of all pairs of bytes, as a number of that order: BSD and Sun labels. The number
// of bytes is even.
std::uint16_t exclusive_or(std::span<const std::byte> bytes);

// A GUID that follows from a text (RFC 4122, version 5), so that the same story makes the same
// disk: "886313e1-3b8a-5372-9b90-0c9aee199e5d".
std::string guid_from(std::string_view text);

}  // namespace biotope::checksum
