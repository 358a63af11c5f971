#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/data.h"

namespace biotope::parity {

// `to` ^= `from`, byte by byte, at whatever addresses.
void xor_into(std::byte* to, const std::byte* from, std::size_t length_bytes);

// `last` of `vectors` becomes the XOR of those before it: at least two of them.
void xor_all(std::span<std::byte* const> vectors, std::size_t length_bytes);

// True when every byte is zero.
bool all_zero(const std::byte* bytes, std::size_t length_bytes);

// `to` ^= the first `length_bytes` of `data`.
void xor_data(std::byte* to, const Data& data, std::int64_t length_bytes);

// Goes on from `crc`, which begins as 0.
std::uint32_t checksum(std::uint32_t crc, const Data& data, std::int64_t length_bytes);

}  // namespace biotope::parity
