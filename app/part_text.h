#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "classes/slicer/slicer.h"
#include "model/error.h"

// How `biotope part` reads sizes and shows tables: as gpart does.
namespace biotope::app {

// "2048" are sectors; "512K", "1M", "1.5" is none. EINVAL, with `what` as the subject, for anything
// that is no size or does not fit 63 bits.
Result<std::int64_t> bytes_of(std::string_view text, std::int64_t sector_size_bytes,
                              std::string_view what);

// "100M", "1.5G", "512B".
std::string size_text(std::int64_t bytes);

// A table with a line for each partition and for each gap between them, in sectors:
//
//   =>     63  204737  da0  MBR  (100M)
//          63    1985       - free -  (993K)
//        2048   40960    1  0x83 linux-data  [active]  (20M)
//
// `type_names` are the convention's.
std::string table_text(const Table& table, std::span<const TypeName> type_names,
                       std::string_view name, const Properties& medium);

// What is free between partitions, in bytes from the start of what the table lies on; ascending.
std::vector<Extent> gaps_of(const Table& table, const Properties& medium);

}  // namespace biotope::app
