#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "model/control_io.h"
#include "model/error.h"
#include "model/properties.h"

namespace biotope {

// What the reader of a table gets for sectors that nobody has fetched for it. It hands the error on
// and is called again, from its start, when they are there.
inline constexpr int kNotRead = EAGAIN;

// The sectors of a medium that somebody who reads or changes a table has to do with; the others are
// not held. Reading is a question and an answer, so the same reader serves a disk in the mesh,
// where an answer takes simulated time, an image file and a piece of memory:
//
//   const Result<Bytes> label = sectors.at(1);     // kNotRead the first time
//   if (!label) return pass_on(label);
//
// Numbers of sectors come from the medium, so any number may be asked for.
class Sectors {
 public:
  struct Range {
    std::int64_t first = 0;
    std::int64_t count = 0;
  };

  // What may be held: no table of any convention is as long as this.
  static constexpr std::int64_t kMostBytes = std::int64_t{16} << 20;

  Sectors() = default;
  explicit Sectors(Properties medium) : medium_(std::move(medium)) {}

  const Properties& medium() const { return medium_; }
  std::int64_t sector_bytes() const { return medium_.sector_size_bytes; }
  std::int64_t sector_count() const { return medium_.sector_count(); }

  // The bytes of `count` sectors from `first` on. kNotRead when they are to be fetched first, which
  // is noted; what the disk said (EIO) for one that can not be read; ENXIO for one outside the
  // medium; EFBIG beyond kMostBytes.
  Result<Bytes> at(std::int64_t first, std::int64_t count = 1);
  // A sector to be changed in place; one that is not held becomes one of zeros.
  std::span<std::byte> change(std::int64_t sector);
  // Whole sectors from `first` on become these bytes.
  void put(std::int64_t first, std::span<const std::byte> bytes);

  // For who fetches: what at() was asked for in vain since the last time. Ranges lie on the medium.
  std::vector<Range> take_wanted();
  void supply(Range range, const Result<Bytes>& answer);

  // The numbers of the sectors whose bytes here differ from those there, ascending; one that is
  // only held here is one of them.
  std::vector<std::int64_t> changed_since(const Sectors& there) const;
  // The bytes of a sector that is held and could be read; empty otherwise.
  std::span<const std::byte> held(std::int64_t sector) const;
  // True when that sector belongs to what was read or changed.
  bool touches(std::int64_t sector) const { return sectors_.contains(sector); }
  const auto& all() const { return sectors_; }

 private:
  struct Sector {
    Bytes bytes;
    int error = 0;  // the bytes could not be read
  };

  Status check_range(std::int64_t first, std::int64_t count) const;
  Status want(Range range);

  Properties medium_;
  std::map<std::int64_t, Sector> sectors_;
  std::vector<Range> wanted_;
};

}  // namespace biotope
