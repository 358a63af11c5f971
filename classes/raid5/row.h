#pragma once

#include <cstdint>
#include <vector>

#include "classes/raid5/raid5.h"

namespace biotope {

// Memory of the op's own has what is on each member in the bytes that the write touches (all of
// them together: the hull), then a sector for each member's log header.
struct Raid5::Row : parity::Op {
  std::int64_t number = 0;      // of the row
  std::int64_t from_bytes = 0;  // of the row's data
  std::int64_t to_bytes = 0;
  Part hull{0, 0};           // of each member's part of the row
  std::size_t missing = 0;   // the member that is not read; count() for none
  std::size_t restored = 0;  // the member whose bytes are worked out from the others' for a read
  Method method = Method::all;
  void (Raid5::*step)(Row&) = nullptr;
  std::byte* memory = nullptr;
  std::int64_t stride_bytes = 0;
  std::uint64_t logged = 0;   // its number in the log; 0 before
  std::uint64_t members = 0;  // who takes part, by bits
  std::vector<Segment> segments;
};

}  // namespace biotope
