#pragma once

#include "scenarios/runtime/call.h"

namespace biotope::runtime {

// Lua's own pairs and next give keys in an order that changes from run to run. These go through
// numbers first, rising, then texts by their bytes, false, true, and handles by kind and number.
// Tables and functions as keys have no such order and are refused.
Answer ordered_next(Call& call);
Answer ordered_pairs(Call& call);

}  // namespace biotope::runtime
