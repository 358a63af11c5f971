#pragma once

#include <cstddef>
#include <span>

#include "classes/layout.h"
#include "classes/slicer/table.h"
#include "model/properties.h"

// One entry of a GPT's array.
namespace biotope::gpt {

// False for one that is not in use.
bool is_used(std::span<const std::byte> entry);

// What it says. EINVAL for sectors that are none of the medium's.
Result<Slice> slice_in(std::span<const std::byte> entry, int index, const Properties& medium);

// Makes the entry say that. What is not a slice's to say stays. EINVAL for a label that is too long
// or no UTF-8, an id that is no GUID, an attribute that nobody knows.
Status set_slice(std::span<std::byte> entry, const Slice& slice, const Properties& medium);

}  // namespace biotope::gpt
