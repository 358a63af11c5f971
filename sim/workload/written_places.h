#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace biotope::sim {

// How often a load has written each place of its disk: so it is known which of its writes a read
// may bring. Places are units of one length, numbered from the beginning of where it works.
class WrittenPlaces {
 public:
  WrittenPlaces(std::int64_t offset_bytes, std::int64_t unit_bytes)
      : offset_bytes_(offset_bytes), unit_bytes_(unit_bytes) {}

  std::int64_t unit_bytes() const { return unit_bytes_; }
  std::int64_t unit_at(std::int64_t offset_bytes) const {
    return (offset_bytes - offset_bytes_) / unit_bytes_;
  }
  std::int64_t begin_bytes(std::int64_t unit) const { return offset_bytes_ + unit * unit_bytes_; }

  // A write of units first..end - 1 is issued. Gives its number, one more than that of any write of
  // these units; the same for ever where numbers end.
  std::uint32_t begin(std::int64_t first, std::int64_t end);
  // It is done, in whichever order.
  void finish(std::int64_t first, std::int64_t end, std::uint32_t number);

  // The newest write of a unit that was issued; 0: none.
  std::uint32_t newest(std::int64_t unit) const;
  // The oldest that may be there: writes that were out at the same time land in any order.
  std::uint32_t oldest(std::int64_t unit) const;
  // The first unit from `unit` on that was written; -1: no other was.
  std::int64_t next(std::int64_t unit) const;

 private:
  static constexpr std::int64_t kGroup = 1024;
  using Group = std::array<std::uint32_t, kGroup>;
  // A unit of which more than one write may be there.
  struct Open {
    std::uint32_t oldest = 0;
    std::uint32_t first_out = 0;  // of those that are out, or were at the same time
    std::int64_t out = 0;
  };

  std::uint32_t& newest_of(std::int64_t unit);

  std::int64_t offset_bytes_;
  std::int64_t unit_bytes_;
  std::vector<std::unique_ptr<Group>> groups_;
  std::map<std::int64_t, Open> open_;  // by unit
};

}  // namespace biotope::sim
