#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "model/data.h"
#include "model/error.h"
#include "sim/media/medium.h"
#include "sim/rack/engine.h"
#include "sim/rack/older_sectors.h"

namespace biotope::sim {

// The bytes of writes that a drive has answered and not yet brought onto the medium, in the order
// they were answered. Lies over the medium: later writes over earlier ones.
class VolatileWrites {
 public:
  struct Write {
    std::int64_t first = 0;  // sector
    std::vector<std::byte> bytes;
    std::optional<Stamp> stamp;  // what follows from it, in place of `bytes`
    std::vector<bool> landed;    // by sector: on the medium

    std::int64_t sectors() const { return static_cast<std::int64_t>(landed.size()); }
    bool all_landed() const;
    // Brings `length_bytes` from the beginning of its sector number `i` on, counted from its first,
    // onto the medium.
    Status put(std::int64_t i, std::int64_t length_bytes, Medium& medium) const;
  };

  explicit VolatileWrites(std::int64_t sector_bytes) : sector_bytes_(sector_bytes) {}

  bool empty() const { return writes_.empty(); }
  std::int64_t bytes() const { return bytes_; }

  // Sectors first..first + sectors - 1, with the bytes at the beginning of `from`: those that lie
  // in `stamped` are not copied.
  void add(std::int64_t first, std::int64_t sectors, const Data& from,
           const StampedMemory& stamped = {});
  // Brings what is not in `unwritten` onto the medium. The first error of the medium; the rest goes
  // on all the same. `older` keeps what was there; null: nobody does.
  Status land(const std::vector<DriveEngine::Extent>& unwritten, Medium& medium,
              OlderSectors* older = nullptr);
  // Puts what lies over a range that was read from the medium into place.
  void cover(std::int64_t offset_bytes, std::span<std::byte> read) const;
  // Gives all away.
  std::vector<Write> take();

 private:
  std::int64_t sector_bytes_;
  std::int64_t bytes_ = 0;
  std::deque<Write> writes_;
};

}  // namespace biotope::sim
