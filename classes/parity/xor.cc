#include "classes/parity/xor.h"

#include <isa-l/crc.h>
#include <isa-l/mem_routines.h>
#include <isa-l/raid.h>

#include <algorithm>
#include <cstring>

namespace biotope::parity {

namespace {

constexpr std::uintptr_t kAlign = 32;  // what ISA-L asks of its vectors

bool aligned(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer) % kAlign == 0;
}

void xor_words(std::byte* to, const std::byte* from, std::size_t length_bytes) {
  std::size_t at = 0;
  for (; at + sizeof(std::uint64_t) <= length_bytes; at += sizeof(std::uint64_t)) {
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::memcpy(&a, to + at, sizeof a);
    std::memcpy(&b, from + at, sizeof b);
    a ^= b;
    std::memcpy(to + at, &a, sizeof a);
  }
  for (; at < length_bytes; ++at) to[at] ^= from[at];
}

}  // namespace

void xor_into(std::byte* to, const std::byte* from, std::size_t length_bytes) {
  if (!aligned(to) || !aligned(from)) return xor_words(to, from, length_bytes);
  void* vectors[] = {to, const_cast<std::byte*>(from), to};
  xor_gen(3, static_cast<int>(length_bytes), vectors);
}

void xor_all(std::span<std::byte* const> vectors, std::size_t length_bytes) {
  if (std::ranges::all_of(vectors, [](const std::byte* v) { return aligned(v); })) {
    void* all[64];
    std::ranges::copy(vectors, all);
    xor_gen(static_cast<int>(vectors.size()), static_cast<int>(length_bytes), all);
    return;
  }
  std::byte* to = vectors.back();
  std::memcpy(to, vectors.front(), length_bytes);
  for (std::size_t i = 1; i + 1 < vectors.size(); ++i) xor_into(to, vectors[i], length_bytes);
}

bool all_zero(const std::byte* bytes, std::size_t length_bytes) {
  return isal_zero_detect(const_cast<std::byte*>(bytes), length_bytes) == 0;
}

void xor_data(std::byte* to, const Data& data, std::int64_t length_bytes) {
  data.for_each_piece(length_bytes, [&](std::span<std::byte> piece) {
    xor_into(to, piece.data(), piece.size());
    to += piece.size();
  });
}

std::uint32_t checksum(std::uint32_t crc, const Data& data, std::int64_t length_bytes) {
  data.for_each_piece(length_bytes, [&](std::span<std::byte> piece) {
    crc = crc32_iscsi(reinterpret_cast<unsigned char*>(piece.data()),
                      static_cast<int>(piece.size()), crc);
  });
  return crc;
}

}  // namespace biotope::parity
