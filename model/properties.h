#pragma once

#include <cstdint>
#include <string>

#include "model/error.h"

namespace biotope {

// The geometry that foreign on-disk formats count in. 0 where nobody said one.
struct NativeGeometry {
  std::int32_t cylinders = 0;
  std::int32_t heads = 0;
  std::int32_t sectors_per_track = 0;
  friend bool operator==(const NativeGeometry&, const NativeGeometry&) = default;
};

// What a user of a disk wants to know of it (paper section 4). All of it may change while the disk
// is in use; every change is announced (Geom::properties_changed).
struct Properties {
  std::int64_t media_size_bytes = 0;     // a multiple of the sector size
  std::int64_t sector_size_bytes = 512;  // the smallest transfer; any positive number
  std::int64_t stripe_size_bytes = 0;    // natural boundary, 0 for none
  std::int64_t stripe_offset_bytes = 0;  // where byte 0 lies inside a stripe, < stripe size
  bool writable = true;
  bool deletable = false;  // DELETE is supported
  NativeGeometry native;
  std::string ident;  // a serial number; empty when there is none

  std::int64_t sector_count() const { return media_size_bytes / sector_size_bytes; }
  friend bool operator==(const Properties&, const Properties&) = default;
};

// Refuses sizes that no request could be checked against; `name` is for the sentence.
Status validate(const Properties& properties, const std::string& name);

// The properties of the part of `below` that starts at `start_bytes`: all is inherited but the size
// and the place inside a stripe (geom.md A13).
Properties part_of(const Properties& below, std::int64_t start_bytes, std::int64_t length_bytes);

}  // namespace biotope
