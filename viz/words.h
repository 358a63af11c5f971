#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/facts.h"

namespace biotope::viz {

// "fs /usr -> da0s1a": who stands on what, the same for objects that come again under their names.
std::string edge_label(const Consumer& consumer, const Provider* provider);

// "ENXIO"; the number where it has no name; "-" for 0.
std::string error_name(int error);

// "1.25 ms": at most three digits that count, the unit that suits.
std::string time_text(int64_t time_ns);

// "96 MiB", "1.5 KiB", "100 bytes".
std::string size_text(int64_t size_bytes);

// True for the facts about single requests, which are many; all others tell of changes of the mesh.
bool is_request(FactKind kind);

// What happened, as an English sentence without its full stop.
std::string sentence_of(const Fact& fact);

// The same text as one printable line: control characters become spaces.
std::string one_line(std::string_view text);

}  // namespace biotope::viz
