#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "scenarios/runtime/image/tasted_disk.h"

namespace biotope::runtime {

// What is on a disk, as `biotope taste --json` tells it (DESIGN section 9).
struct FoundPartition {
  std::string name;              // of the provider
  int index = 0;                 // as the convention counts
  std::int64_t start_bytes = 0;  // from the start of the disk
  std::int64_t length_bytes = 0;
  std::string type;
  std::string label;  // empty where the table gives none
};

// A partition table, or what a class took for one and refused.
struct FoundTable {
  std::string cls;       // "MBR"
  std::string scheme;    // "mbr"
  std::string provider;  // what it lies on
  std::string status;    // "ok", "corrupt" (usable from one copy) or "refused"
  std::vector<std::string> notes;
  std::vector<FoundPartition> partitions;
};

// All tables, those of a provider before those of its partitions, partitions in their table's
// order.
std::vector<FoundTable> found_tables(const TastedDisk& tasted);

// The document of schema biotope/taste/1; `image` is what the user calls it.
nlohmann::json taste_json(const TastedDisk& tasted, const std::string& image);

// The same for people: a line for each thing found, indented below what it stands on.
std::string taste_tree(const TastedDisk& tasted, const std::string& image);

}  // namespace biotope::runtime
