#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "classes/vinum/config.h"
#include "model/control_io.h"

// What a drive says of itself and of all there is: gvinum's layout (geom.md B3). A header of 512
// bytes at 4096, big-endian; behind it two copies of the configuration, each of 64 KiB of text
// filled up with NULs.
namespace biotope::vinum {

inline constexpr std::int64_t kHeaderAt_bytes = 4096;
inline constexpr std::int64_t kHeaderLength_bytes = 512;
inline constexpr std::int64_t kCopyLength_bytes = 65536;
// Copy 0 or 1.
constexpr std::int64_t copy_at_bytes(int copy) {
  return kHeaderAt_bytes + kHeaderLength_bytes + copy * kCopyLength_bytes;
}

// When a configuration was written. gvinum has the time there; here it is counted up, a microsecond
// at a time, so that the greater one is newer whoever wrote it.
struct Stamp {
  std::uint64_t seconds = 0;
  std::uint64_t microseconds = 0;
  Stamp next() const;
  friend auto operator<=>(const Stamp&, const Stamp&) = default;
};

struct Header {
  std::string set;   // gvinum's name of the host; here that of the geom
  std::string name;  // of the drive
  Stamp born;
  Stamp updated;
  std::int64_t size_bytes = 0;
  friend bool operator==(const Header&, const Header&) = default;
};

Bytes encode(const Header& header);
// ENOENT for anything else, EOPNOTSUPP for one of before gvinum's present layout, EINVAL for one
// that can not be.
Result<Header> decode(std::span<const std::byte> sector);

// A configuration as it is on all drives of a set.
struct Kept {
  Config config;
  std::map<std::string, Stamp> seen;  // the last stamp that each drive is known to have
};
// The text, without what says when it was written.
std::string text_of(const Kept& kept);
// Also as gvinum writes it. EINVAL, beginning with `title`.
Result<Kept> parse_kept(const std::string& title, std::string_view text);

// One copy. A first line that is a comment to others has the stamp and a CRC of it and the text.
Bytes encode_copy(const Stamp& stamp, std::string_view text);
struct Copy {
  Stamp stamp;
  std::string text;
};
// Nothing for a copy that was not written to its end. One without that first line counts as written
// when the header was.
std::optional<Copy> decode_copy(std::span<const std::byte> bytes, const Header& header);

// Makes all of that zeros below `edge`, the header first.
Task<Status> wipe(Consumer& edge);

}  // namespace biotope::vinum
