#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace biotope::sim {

class Medium;

// What stands between a medium's true bytes and what a drive gets to see of them. It goes with the
// medium from drive to drive; whoever asks the medium itself is told the truth.
class MediumOverlay {
 public:
  virtual ~MediumOverlay() = default;

  // A drive is about to write or erase, in the medium's own bytes.
  virtual void writing(const Medium& medium, std::int64_t offset_bytes,
                       std::span<const std::byte> from) = 0;
  virtual void erasing(const Medium& medium, std::int64_t offset_bytes,
                       std::int64_t length_bytes) = 0;
  // A drive has read the true bytes into `to`: makes of them what it sees. Gives 0, or an errno.
  virtual int reading(const Medium& medium, std::int64_t offset_bytes, std::span<std::byte> to) = 0;
};

}  // namespace biotope::sim
