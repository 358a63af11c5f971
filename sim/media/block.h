#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "sim/media/stamp.h"

namespace biotope::sim {

// A block of a medium: what loads wrote is kept as stamps, in no more than the 16 bytes of this;
// everything else as real bytes. New, it is zeros.
class Block {
 public:
  static constexpr std::int64_t kBytes = 4096;
  using Bytes = std::array<std::byte, kBytes>;

  Block() = default;
  ~Block() { forget(); }
  Block(Block&& other) noexcept;
  Block& operator=(Block&& other) noexcept;

  bool has_bytes() const { return (who_ & kReal) != 0; }
  // Neither bytes nor stamps: all zeros.
  bool blank() const { return who_ == 0; }

  // All three: within the block.
  void read(std::int64_t from, std::span<std::byte> to) const;
  void write(std::int64_t from, std::span<const std::byte> bytes);
  // What the stamp's bytes would make of it. It stays, or becomes again, short where it can be: of
  // one writer, as it lay there, and of two generations at most.
  void stamp(std::int64_t from, std::int64_t length, const Stamp& stamp);

 private:
  // Up to `cut` of one generation, from there on of another; 0 is zeros.
  struct Halves {
    std::uint32_t writer = 0;
    std::int64_t origin_bytes = 0;  // of the block's first byte
    std::int64_t cut = kBytes;
    std::uint32_t before = 0;
    std::uint32_t behind = 0;

    Stamp stamp(std::uint32_t generation) const { return {writer, generation, origin_bytes}; }
  };
  static Halves halves_of(const Stamp& stamp);
  static std::optional<Halves> stamped(const Halves& old, std::int64_t from, std::int64_t to,
                                       const Stamp& stamp);

  std::optional<std::uint32_t> generation_of(std::int64_t begin, std::int64_t end,
                                             const Stamp& whole) const;
  std::optional<Halves> shortened(std::int64_t from, std::int64_t to, const Stamp& whole) const;

  static constexpr std::uint64_t kReal = std::uint64_t{1} << 63;

  Bytes& bytes() const { return *reinterpret_cast<Bytes*>(place_); }
  Halves halves() const;
  void set(const Halves& halves);
  void set(std::unique_ptr<Bytes> bytes);
  void make_real();
  void forget();

  std::uint64_t place_ = 0;  // where its bytes are; or origin and cut
  std::uint64_t who_ = 0;    // kReal; or writer and generations
};
static_assert(sizeof(Block) == 16);

}  // namespace biotope::sim
