#pragma once

#include <string>

namespace biotope {
class Mesh;
}

namespace biotope::viz {

enum class DotStyle { paper, confdot };

// The mesh as it is now, as Graphviz text. Deterministic: named by numbers of creation, in the
// order of creation, no addresses. What is gone or withering is dashed, what is open for one user
// alone is bold, and both are said in words too.
std::string to_dot(const Mesh& mesh, DotStyle style);

}  // namespace biotope::viz
