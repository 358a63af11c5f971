#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "classes/layout.h"
#include "classes/metadata/metadata.h"

namespace biotope::array {

// What a disk's last sector says of the array it is a member of: the same for stripe, concat and
// shsec but for where it lies (geom.md B3).
struct Record {
  std::string name;              // of the array
  std::uint32_t id = 0;          // of the array
  std::uint16_t index = 0;       // which member this is
  std::uint16_t count = 0;       // how many there are
  std::uint32_t unit_bytes = 0;  // the stripe, where there is one
  metadata::Owner owner;
};

// Where it lies. Versions before `named_since` do not name the provider, those before `sized_since`
// do not say its size.
struct Format {
  metadata::Kind kind;
  std::optional<layout::Number<std::uint32_t>> unit;
  layout::Text provider;
  layout::Number<std::uint64_t> provsize;
  std::uint32_t named_since;
  std::uint32_t sized_since;
};

// EINVAL, naming `provider`, for numbers that no array has.
Result<Record> decode(const Format& format, const metadata::Found& found,
                      std::string_view provider);
// In the newest version. The owner's size must be said.
Bytes encode(const Format& format, const Record& record, std::int64_t sector_size_bytes);

}  // namespace biotope::array
