#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "model/error.h"

// GUIDs as GPTs hold them: the first three groups little-endian, the rest as it is read. As texts
// they have small letters.
namespace biotope::guid {

inline constexpr std::size_t kBytes = 16;

// "c12a7328-f81f-11d2-ba4b-00a0c93ec93b" for 16 bytes.
std::string text(std::span<const std::byte> bytes);
// EINVAL for what is no GUID. Letters may be large or small.
Result<std::array<std::byte, kBytes>> bytes(std::string_view text);

bool is_nil(std::span<const std::byte> bytes);

}  // namespace biotope::guid
