#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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
//        2048   40960    1  0x83  [active]  (20M)
std::string table_text(const Table& table, std::string_view name, const Properties& medium);

}  // namespace biotope::app
