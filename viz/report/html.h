#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace biotope::viz::report {

// The text as it stands in a page, in elements and in quoted attributes. Bytes that are no UTF-8
// become U+FFFD.
std::string escaped(std::string_view text);

// The same as paragraphs, which empty lines part; what stands between `backticks` is code.
std::string paragraphs(std::string_view text);

// JSON that can stand inside a <script> element: nothing in it can end the element.
std::string script_safe(std::string json);

// The template with each {{name}} replaced. What is put in is not looked at again.
std::string filled(std::string_view page,
                   const std::vector<std::pair<std::string_view, std::string>>& values);

// An SVG document of `dot` as an element of a page: no prologue, no comments, no ids (which would
// repeat), and its tooltips as titles.
std::string inline_svg(std::string_view document);

}  // namespace biotope::viz::report
