#pragma once

#include <cstdint>

#include "model/consumer.h"

namespace biotope::array {

// Bytes that lie together on one disk.
struct Piece {
  Consumer* to;
  std::int64_t position_bytes;
  std::int64_t length_bytes;
};

}  // namespace biotope::array
