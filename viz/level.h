#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/facts.h"

namespace biotope::viz {

// A quantity of the machine that has changed, as told by a fact of kind `machine` without a request
// whose text is NAME=VALUE: a whole number from 0 on, or on or off.
struct Level {
  std::string_view name;
  std::int64_t value = 0;  // on is 1
  bool is_switch = false;  // told as on or off
};

// Nothing: the fact tells something else.
std::optional<Level> level_of(const Fact& fact);

// True for levels, and for what the machine tells of single requests: there are so many of these
// that they are measured and not read one by one.
bool is_measurement(const Fact& fact);

// A request was handed from the queue of its disk to the drive: told by the machine with the
// request and this text.
inline constexpr std::string_view kDispatched = "dispatched";

}  // namespace biotope::viz
