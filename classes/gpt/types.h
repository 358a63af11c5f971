#pragma once

#include <span>

#include "classes/slicer/type_names.h"

namespace biotope::gpt {

// What gpart calls the types of partitions.
std::span<const TypeName> type_names();

}  // namespace biotope::gpt
