#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/error.h"

// What types of partitions are called. Tables hold a byte or a GUID; people have names.
namespace biotope {

struct TypeName {
  std::string_view name;  // gpart's: "freebsd-ufs"
  std::string_view type;  // as parse() gives it: "0x07", a GUID in small letters
};

// "0x07" for 7: how parse() gives the type of a convention that has a byte for it, or two.
std::string byte_type(unsigned value);
// The number in a text that byte_type() made.
std::uint8_t byte_of_type(std::string_view type);
std::uint16_t word_of_type(std::string_view type);

// The type of the convention that has these names: `text` may be one of the names, a byte ("0xa5",
// "a5") or gpart's "!165". EINVAL with the nearest name when it is none of them.
Result<std::string> byte_type_called(std::span<const TypeName> names, std::string_view text);
// The same for conventions that have two bytes.
Result<std::string> word_type_called(std::span<const TypeName> names, std::string_view text);

// The type with that name; empty when there is none.
std::string_view type_called(std::span<const TypeName> names, std::string_view name);
// What people call a type as parse() gives it; empty when it has no name.
std::string_view name_of_type(std::span<const TypeName> names, std::string_view type);
// EINVAL for a type that nobody has heard of, with the name that is most like it.
tl::unexpected<Error> no_such_type(std::span<const TypeName> names, std::string_view text);

}  // namespace biotope
