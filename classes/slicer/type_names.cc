#include "classes/slicer/type_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "model/parameter.h"
#include "model/text.h"

namespace biotope {

namespace {

std::optional<unsigned> number_in(std::string_view text) {
  if (text.starts_with('!')) return whole_number<unsigned>(text.substr(1));
  if (text.starts_with("0x")) return whole_number<unsigned>(text.substr(2), 16);
  return whole_number<unsigned>(text, 16);
}

Result<std::string> number_type_called(std::span<const TypeName> names, std::string_view text,
                                       unsigned most) {
  const std::string_view known = type_called(names, text);
  if (!known.empty()) return std::string(known);
  const auto value = number_in(text);
  if (value && *value <= most) return byte_type(*value);
  return no_such_type(names, text);
}

}  // namespace

std::string byte_type(unsigned value) { return fmt::format("{:#04x}", value); }

std::uint8_t byte_of_type(std::string_view type) {
  return static_cast<std::uint8_t>(number_in(type).value_or(0));
}

std::uint16_t word_of_type(std::string_view type) {
  return static_cast<std::uint16_t>(number_in(type).value_or(0));
}

std::string_view type_called(std::span<const TypeName> names, std::string_view name) {
  const auto found = std::ranges::find(names, name, &TypeName::name);
  return found == names.end() ? std::string_view() : found->type;
}

std::string_view name_of_type(std::span<const TypeName> names, std::string_view type) {
  const auto found = std::ranges::find(names, type, &TypeName::type);
  return found == names.end() ? std::string_view() : found->name;
}

tl::unexpected<Error> no_such_type(std::span<const TypeName> names, std::string_view text) {
  std::vector<std::string_view> all;
  for (const TypeName& known : names) all.push_back(known.name);
  const std::string_view near = nearest(text, all);
  return fail(EINVAL, "there is no type '", text, "' in this table",
              near.empty() ? "" : sentence("; did you mean '", near, "'?"));
}

Result<std::string> byte_type_called(std::span<const TypeName> names, std::string_view text) {
  return number_type_called(names, text, 0xFF);
}

Result<std::string> word_type_called(std::span<const TypeName> names, std::string_view text) {
  return number_type_called(names, text, 0xFFFF);
}

}  // namespace biotope
