#include "viz/level.h"

#include <charconv>

namespace biotope::viz {

std::optional<Level> level_of(const Fact& fact) {
  if (fact.kind != FactKind::machine || fact.bio != nullptr) return std::nullopt;
  const std::size_t equals = fact.text.find('=');
  if (equals == 0 || equals == std::string_view::npos) return std::nullopt;
  Level level{fact.text.substr(0, equals)};
  if (level.name.find(' ') != std::string_view::npos) return std::nullopt;
  const std::string_view value = fact.text.substr(equals + 1);
  level.is_switch = value == "on" || value == "off";
  if (level.is_switch) {
    level.value = value == "on" ? 1 : 0;
    return level;
  }
  const char* end = value.data() + value.size();
  const auto [at, error] = std::from_chars(value.data(), end, level.value);
  if (error != std::errc() || at != end || level.value < 0) return std::nullopt;
  return level;
}

bool is_measurement(const Fact& fact) {
  return fact.kind == FactKind::machine && (fact.bio != nullptr || level_of(fact));
}

}  // namespace biotope::viz
