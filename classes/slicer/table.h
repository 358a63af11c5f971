#pragma once

#include <cerrno>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "model/error.h"
#include "model/properties.h"

namespace biotope {

// One entry of a partition table, as its class offers it upwards.
struct Slice {
  int index = 0;                 // from 1, as the convention counts; what people call it by
  std::string suffix;            // what its provider has after the disk's name: "s1", "a", "p2"
  std::int64_t start_bytes = 0;  // from the start of the provider that the table lies on
  std::int64_t length_bytes = 0;
  std::string type;     // as the convention says it: "0xa5", a GUID, "Apple_HFS"
  std::string label{};  // the name the table gives it; empty where it gives none
  bool raw = false;     // stands for all of the disk, so lying over its siblings is not odd
  std::string id{};     // its own number in the world, a GUID; empty where the convention has none
  std::set<std::string> attributes{};  // "active", "bootme": what is set, by the names gpart uses

  std::int64_t end_bytes() const { return start_bytes + length_bytes; }
  friend bool operator==(const Slice&, const Slice&) = default;
};

// Bytes [start, end) of the provider that the table lies on.
struct Extent {
  std::int64_t start_bytes = 0;
  std::int64_t end_bytes = 0;
  friend bool operator==(const Extent&, const Extent&) = default;
};

// What a convention's parser has read, judged and found usable.
struct Table {
  std::string scheme;        // "MBR", "BSD"
  bool leaf = false;         // no table is looked for inside its partitions
  bool may_overlap = false;  // the convention leaves it to opens to keep partitions apart
  // Usable, but only in part or from one of two copies: nothing may be changed before it is
  // recovered. Why, the notes say.
  bool corrupt = false;
  // Its partitions are named like those of the table it lies in, which they count on from.
  bool beside = false;
  std::string id{};  // of the disk: a GUID, a serial number; empty where the convention has none
  // Where partitions may lie; an empty one stands for the whole medium.
  Extent usable{};
  std::vector<Extent> reserved{};  // of that, what the table itself takes
  std::int64_t unit_bytes = 0;     // new partitions consist of whole ones; 0: of sectors
  int first_index = 1;             // what its partitions are counted from, and how far
  int last_index = 0;
  std::vector<Slice> slices{};       // in the order of their indices
  std::vector<std::string> notes{};  // what is odd about it, a sentence each

  // Null when there is none.
  const Slice* slice(int index) const;
  Slice* slice(int index);

  friend bool operator==(const Table&, const Table&) = default;
};

// True when they have a byte in common.
bool overlap(const Slice& a, const Slice& b);

// The integrity rule that all conventions share (geom.md B4): every entry has at least one sector,
// lies on whole sectors within the medium `below` it, within the usable part of it and apart from
// what the table itself takes; no two overlap unless one is raw; no index is used twice. EINVAL
// with a sentence about the first entry that breaks it.
Result<Table> accept(Table table, const Properties& below);

// What a parser says of bytes that hold no table of its kind: nothing to be told about. Any other
// code of its errors means there is a table and it is refused, and why.
inline constexpr int kNoTable = ENOENT;

}  // namespace biotope
