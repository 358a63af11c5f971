#pragma once

#include <memory>
#include <string_view>

#include "sim/trace/line_format.h"

namespace biotope::sim {

// A table of requests, one a line, by what stands in each column from the left:
//
//   time_UNIT         when it was issued; UNIT is s, ms, us, 100ns or ns
//   service_UNIT      how long it took;  think_UNIT: how long until the next was issued
//   offset_UNIT       where; UNIT is bytes or sectors
//   length_UNIT       how much
//   op                read, write, trim or flush in words or first letters
//   is_read, is_write 1 or 0
//   flags             hexadecimal, with bit 0 for a read
//   device            of several in one trace
//   -                 nothing of interest
//   ...               last: there may be more columns, of no interest
//
// Names are separated by commas, semicolons or blanks, and the fields of a line must be by the
// same. Where it is, how much and what it is must be told, each once. Errors: EINVAL, with the
// nearest name or the unit that is missing.
Result<std::unique_ptr<LineFormat>> make_columns(std::string_view names, std::int64_t sector_bytes);

}  // namespace biotope::sim
