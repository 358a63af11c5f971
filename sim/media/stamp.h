#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace biotope::sim {

// What a work load wrote, without its bytes: they follow from this alone. Each 16 of them, counted
// from the beginning of the disk as the load sees it, say who wrote them, for the how manieth time,
// and where to; so whatever is read back can be told where it is from.
struct Stamp {
  static constexpr std::int64_t kCellBytes = 16;
  static constexpr std::uint32_t kWriters = 1 << 12;
  static constexpr std::uint32_t kGenerations = 1 << 25;
  static constexpr std::int64_t kMostBytes = std::int64_t{1} << 50;

  std::uint32_t writer = 0;       // below kWriters: which load
  std::uint32_t generation = 0;   // below kGenerations: which of its writes there; 0: zeros
  std::int64_t origin_bytes = 0;  // below kMostBytes: where the first byte was meant to go

  bool zeros() const { return generation == 0; }
  // Of what lies `bytes` further on.
  Stamp shifted(std::int64_t bytes) const { return {writer, generation, origin_bytes + bytes}; }
  void fill(std::span<std::byte> to) const;
  // The first byte that fill() would make another; the size where there is none.
  std::size_t first_difference(std::span<const std::byte> bytes) const;

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

// The stamp of bytes that were read at `offset_bytes` of a load's disk: that of the first 16 that
// are whole. Nothing: no load wrote them, or they are too few.
std::optional<Stamp> stamp_of(std::int64_t offset_bytes, std::span<const std::byte> bytes);

// Memory whose contents follow from a stamp.
struct StampedMemory {
  const std::byte* begin = nullptr;  // null: there is none
  std::int64_t length_bytes = 0;
  Stamp stamp;

  // Of a piece of memory; nothing where it is no part of this.
  std::optional<Stamp> of(std::span<const std::byte> piece) const;
};

}  // namespace biotope::sim
