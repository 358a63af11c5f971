#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace biotope::viz {

// A value as JSON text, keys sorted; on one line unless an indentation is asked for. Names come
// from disks and scripts: bytes that are no UTF-8 become U+FFFD.
inline std::string json_text(const nlohmann::json& value, int indent = -1) {
  return value.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace biotope::viz
