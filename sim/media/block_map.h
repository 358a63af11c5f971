#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sim/media/block.h"

namespace biotope::sim {

// Blocks by number, for few of them anywhere as well as for all of a large disk: where all are in,
// each costs its own size and a tenth of it more.
class BlockMap {
 public:
  // Null: it is not in.
  const Block* find(std::int64_t number) const;
  Block* find(std::int64_t number);
  // That of the number; a new one where none is in.
  Block& get(std::int64_t number);
  // Those of first..end - 1 are not in any more.
  void erase(std::int64_t first, std::int64_t end);
  // The first number from `number` on that is in; kNone: no other is.
  std::int64_t next(std::int64_t number) const;
  static constexpr std::int64_t kNone = INT64_MAX;

  // Memory that the blocks hold, without that of this.
  std::int64_t bytes() const;

 private:
  // 64 numbers: of each whether it is in, and those that are in one after the other.
  struct Group {
    std::uint64_t in = 0;
    std::vector<Block> blocks;

    std::size_t place_of(std::int64_t number) const;
    void erase(std::uint64_t those);
  };
  static constexpr std::int64_t kGroup = 64;
  static constexpr std::size_t kFew = 4;

  std::map<std::int64_t, Group> groups_;  // by number / kGroup
};

}  // namespace biotope::sim
