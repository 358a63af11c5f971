#pragma once

#include <string>
#include <string_view>

namespace biotope::label {

// A name that somebody gave to a volume as a part of a provider's name: bytes that would make that
// a strange one (controls, blanks, '/', '"', '%' and what is no UTF-8) become '%' and two
// hexadecimal digits, and so does the first dot of "." and "..". Different names stay different.
std::string encoded(std::string_view name);

}  // namespace biotope::label
