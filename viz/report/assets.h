#pragma once

namespace biotope::viz::report {

// The files of this folder, put into the program at build time (see ../CMakeLists.txt).
extern const char* const kPageHtml;
extern const char* const kPageCss;
extern const char* const kDiagramCss;
extern const char* const kPageJs;

}  // namespace biotope::viz::report
