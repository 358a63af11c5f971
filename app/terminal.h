#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace biotope::app {

// One line on stderr that names the program; in colour where a person looks at it and NO_COLOR does
// not say otherwise.
void complain(std::string_view sentence);
void tell(std::string_view line);

// The words as a line that a shell reads back as the same words.
std::string command_line(const std::vector<std::string>& words);

}  // namespace biotope::app
