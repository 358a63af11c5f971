#include "sim/media/stamp.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>

namespace biotope::sim {
namespace {

constexpr std::int64_t kCellBytes = Stamp::kCellBytes;
using Cell = std::array<std::uint64_t, 2>;
static_assert(sizeof(Cell) == kCellBytes);

constexpr int kGenerationBits = std::countr_zero(Stamp::kGenerations);
constexpr int kWriterBits = std::countr_zero(Stamp::kWriters);
constexpr int kMarkBits = 64 - kGenerationBits - kWriterBits;
constexpr std::uint64_t kMark = 0x5b10709 & ((std::uint64_t{1} << kMarkBits) - 1);

// Spreads the number of a cell over all bits of its second word, and gathers it again.
constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;
constexpr std::uint64_t inverse_of(std::uint64_t odd) {
  std::uint64_t inverse = odd;
  for (int i = 0; i < 5; ++i) inverse *= 2 - odd * inverse;
  return inverse;
}
static_assert(kSpread * inverse_of(kSpread) == 1);

std::uint64_t first_word(const Stamp& stamp) {
  return (kMark << kWriterBits | stamp.writer) << kGenerationBits | stamp.generation;
}

std::uint64_t second_word(std::uint64_t first, std::uint64_t number) {
  return ((number + 1) * kSpread) ^ std::rotl(first, 32);
}

std::uint64_t number_in(const Cell& cell) {
  return (cell[1] ^ std::rotl(cell[0], 32)) * inverse_of(kSpread) - 1;
}

}  // namespace

void Stamp::fill(std::span<std::byte> to) const {
  if (zeros()) {
    std::fill(to.begin(), to.end(), std::byte{0});
    return;
  }
  const std::uint64_t first = first_word(*this);
  std::int64_t at_bytes = origin_bytes;
  while (!to.empty()) {
    const Cell cell{first, second_word(first, static_cast<std::uint64_t>(at_bytes / kCellBytes))};
    const auto skip = static_cast<std::size_t>(at_bytes % kCellBytes);
    const std::size_t take = std::min(to.size(), kCellBytes - skip);
    if (take == kCellBytes) {
      std::memcpy(to.data(), cell.data(), kCellBytes);
    } else {
      std::memcpy(to.data(), reinterpret_cast<const std::byte*>(cell.data()) + skip, take);
    }
    at_bytes += static_cast<std::int64_t>(take);
    to = to.subspan(take);
  }
}

std::size_t Stamp::first_difference(std::span<const std::byte> bytes) const {
  std::array<std::byte, 512> wanted;
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::span<std::byte> part(wanted.data(), std::min(wanted.size(), bytes.size() - at));
    shifted(static_cast<std::int64_t>(at)).fill(part);
    if (std::memcmp(part.data(), bytes.data() + at, part.size()) != 0) {
      const auto differs = std::mismatch(part.begin(), part.end(), bytes.begin() + at);
      return at + static_cast<std::size_t>(differs.first - part.begin());
    }
    at += part.size();
  }
  return at;
}

std::optional<Stamp> stamp_of(std::int64_t offset_bytes, std::span<const std::byte> bytes) {
  const auto skip = static_cast<std::size_t>((kCellBytes - offset_bytes % kCellBytes) % kCellBytes);
  if (bytes.size() < skip + kCellBytes) return std::nullopt;
  Cell cell;
  std::memcpy(cell.data(), bytes.data() + skip, kCellBytes);
  Stamp stamp;
  stamp.generation = static_cast<std::uint32_t>(cell[0] % Stamp::kGenerations);
  stamp.writer = static_cast<std::uint32_t>((cell[0] >> kGenerationBits) % Stamp::kWriters);
  const std::uint64_t number = number_in(cell);
  if (stamp.zeros() || first_word(stamp) != cell[0]) return std::nullopt;
  if (number >= std::uint64_t{Stamp::kMostBytes} / kCellBytes) return std::nullopt;
  stamp.origin_bytes =
      static_cast<std::int64_t>(number) * kCellBytes - static_cast<std::int64_t>(skip);
  return stamp;
}

std::optional<Stamp> StampedMemory::of(std::span<const std::byte> piece) const {
  const std::less_equal<> not_behind;
  if (begin == nullptr || !not_behind(begin, piece.data()) ||
      !not_behind(piece.data() + piece.size(), begin + length_bytes)) {
    return std::nullopt;
  }
  return stamp.shifted(piece.data() - begin);
}

}  // namespace biotope::sim
