#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "classes/mbr/record.h"
#include "classes/slicer/sectors.h"

// The chain of records in an extended partition.
namespace biotope::ebr {

// More logical partitions than any system shows.
inline constexpr std::size_t kMostLinks = 252;

// One record: where it is and what it says of its partition.
struct Link {
  std::int64_t at = 0;  // its sector, from the start of the extended partition
  mbr::Entry data;      // start counted from `at`

  bool used() const { return data.type != mbr::kUnused && data.length > 0; }
  std::int64_t start() const { return at + data.start; }  // of its partition, in sectors
};

struct Chain {
  std::vector<Link> links;
  std::string broken;  // why it ends where it does; empty when it just ends
  bool odd = false;    // a record says more than it may
};

// kNoTable when there is not even a first record; its error when that can not be read.
Result<Chain> read_chain(Sectors& sectors);

}  // namespace biotope::ebr
