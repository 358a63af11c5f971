#pragma once

#include <string>
#include <vector>

#include "model/error.h"

namespace biotope::viz {

// Error code where a program that we call is not on this machine.
inline constexpr int kMissingProgram = ENOPKG;

// Lays out each DOT text and gives it back as an SVG document, in the same order, by one call of
// Graphviz' `dot`. The same text gives the same document wherever it stands in the list, as long as
// its graph has a name: no times, no addresses. The fonts of the machine have a say in the layout.
// Errors: kMissingProgram; EINVAL when `dot` does not like a text (its own words are handed on).
Result<std::vector<std::string>> render_svg(const std::vector<std::string>& dots,
                                            const std::string& program = "dot");

}  // namespace biotope::viz
