#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/error.h"

namespace biotope::app {

// One line on stderr that names the program; in colour where a person looks at it and NO_COLOR does
// not say otherwise.
void complain(std::string_view sentence);
void tell(std::string_view line);

// The exit status for what was asked wrongly, or could not be done.
inline constexpr int kRefused = 2;
// Complains; gives kRefused.
int refuse(const Error& error);
// The exit status for what came of a verb; complains where it was refused.
int exit_status(const Status& done);

// The words as a line that a shell reads back as the same words.
std::string command_line(const std::vector<std::string>& words);

}  // namespace biotope::app
