#include "viz/level.h"

#include "model/text.h"

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
  const auto number = whole_number<std::int64_t>(value);
  if (!number || *number < 0) return std::nullopt;
  level.value = *number;
  return level;
}

bool is_measurement(const Fact& fact) {
  return fact.kind == FactKind::machine && (fact.bio != nullptr || level_of(fact));
}

}  // namespace biotope::viz
