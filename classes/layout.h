#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "model/check.h"

// On-disk formats as declarations. A format says once where each field lies, how wide it is and in
// which byte order; reading and writing both go through that.
//
//   struct Entry {                                  // 16 bytes, four of them from byte 446
//     static constexpr auto type = layout::u8(4);
//     static constexpr auto start = layout::le32(8);
//   };
//   inline constexpr layout::Records kEntries(446, 16);
//
//   const auto entry = kEntries.at(sector, 2);
//   if (Entry::type.get(entry) == 0) ...
//   Entry::start.set(entry, 63);
//
// A format that comes in both byte orders takes the order as a value: layout::Number<T>(0, order).
//
// Every access must lie within the bytes given: whoever takes bytes from a medium looks at their
// number first. Numbers that are offsets or sizes are what the medium says, not yet believed.
namespace biotope::layout {

namespace detail {
inline void require(std::size_t offset, std::size_t length, std::size_t size) {
  BIOTOPE_CHECK(offset <= size && length <= size - offset,
                "a field lies within the bytes it is read from or written to");
}

// The view of `bytes` that may change them if `bytes` may be changed.
template <class Bytes>
auto view(Bytes& bytes) {
  return std::span<std::remove_reference_t<decltype(*std::data(bytes))>>(bytes);
}
}  // namespace detail

// An integer at a fixed place.
template <class T>
class Number {
  static_assert(std::is_integral_v<T>);
  using Unsigned = std::make_unsigned_t<T>;

 public:
  constexpr Number(std::size_t offset, std::endian order) : offset_(offset), order_(order) {}

  constexpr std::size_t offset() const { return offset_; }
  constexpr std::size_t end() const { return offset_ + sizeof(T); }

  T get(std::span<const std::byte> from) const {
    detail::require(offset_, sizeof(T), from.size());
    Unsigned value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      const auto digit = std::to_integer<Unsigned>(from[offset_ + i]);
      value = static_cast<Unsigned>(value | static_cast<Unsigned>(digit << shift(i)));
    }
    return static_cast<T>(value);
  }

  void set(std::span<std::byte> to, T value) const {
    detail::require(offset_, sizeof(T), to.size());
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      to[offset_ + i] = static_cast<std::byte>(static_cast<Unsigned>(value) >> shift(i));
    }
  }

 private:
  constexpr std::size_t shift(std::size_t i) const {
    return 8 * (order_ == std::endian::little ? i : sizeof(T) - 1 - i);
  }

  std::size_t offset_;
  std::endian order_;
};

constexpr auto u8(std::size_t offset) { return Number<std::uint8_t>(offset, std::endian::little); }
constexpr auto le16(std::size_t offset) {
  return Number<std::uint16_t>(offset, std::endian::little);
}
constexpr auto le32(std::size_t offset) {
  return Number<std::uint32_t>(offset, std::endian::little);
}
constexpr auto le64(std::size_t offset) {
  return Number<std::uint64_t>(offset, std::endian::little);
}
constexpr auto be16(std::size_t offset) { return Number<std::uint16_t>(offset, std::endian::big); }
constexpr auto be32(std::size_t offset) { return Number<std::uint32_t>(offset, std::endian::big); }
constexpr auto be64(std::size_t offset) { return Number<std::uint64_t>(offset, std::endian::big); }

// Bytes at a fixed place that are nobody's number: boot code, a GUID, a name in some character set.
class Block {
 public:
  constexpr Block(std::size_t offset, std::size_t length) : offset_(offset), length_(length) {}

  constexpr std::size_t offset() const { return offset_; }
  constexpr std::size_t length() const { return length_; }
  constexpr std::size_t end() const { return offset_ + length_; }

  // A view of them, through which they can be changed if `bytes` can.
  template <class Bytes>
  auto of(Bytes&& bytes) const {
    const auto all = detail::view(bytes);
    detail::require(offset_, length_, all.size());
    return all.subspan(offset_, length_);
  }

 private:
  std::size_t offset_;
  std::size_t length_;
};

// A text of single-byte characters in a field of fixed length, filled up with `pad`: '\0' as C
// programs do, ' ' as FAT and ISO 9660 do.
class Text {
 public:
  constexpr Text(std::size_t offset, std::size_t length, char pad = '\0')
      : block_(offset, length), pad_(pad) {}

  constexpr std::size_t offset() const { return block_.offset(); }
  constexpr std::size_t length() const { return block_.length(); }
  constexpr std::size_t end() const { return block_.end(); }

  // The text without its padding; it ends at the first NUL whatever the padding is. What the medium
  // says, byte for byte: it may hold control characters.
  std::string get(std::span<const std::byte> from) const {
    const auto bytes = block_.of(from);
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    text = text.substr(0, text.find('\0'));
    return std::string(text.substr(0, text.find_last_not_of(pad_) + 1));
  }

  // What does not fit is cut off. A text of full length has no padding and no NUL.
  void set(std::span<std::byte> to, std::string_view text) const {
    const auto bytes = block_.of(to);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<std::byte>(i < text.size() ? text[i] : pad_);
    }
  }

  // True when the field holds exactly `text` and padding: for magic words.
  bool holds(std::span<const std::byte> from, std::string_view text) const {
    return get(from) == text;
  }

 private:
  Block block_;
  char pad_;
};

// Equal records one after the other.
class Records {
 public:
  constexpr Records(std::size_t offset, std::size_t stride) : offset_(offset), stride_(stride) {}

  constexpr std::size_t offset() const { return offset_; }
  constexpr std::size_t stride() const { return stride_; }
  // Where `count` of them end.
  constexpr std::size_t end(std::size_t count) const { return offset_ + stride_ * count; }

  // A view of record `index`, from 0, through which it can be changed if `bytes` can.
  template <class Bytes>
  auto at(Bytes&& bytes, std::size_t index) const {
    return Block(offset_ + index * stride_, stride_).of(bytes);
  }

 private:
  std::size_t offset_;
  std::size_t stride_;
};

}  // namespace biotope::layout
