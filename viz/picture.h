#pragma once

#include <string>
#include <utility>
#include <vector>

#include <boost/graph/adjacency_list.hpp>

namespace biotope {
class Mesh;
}

namespace biotope::viz {

// Names and values as DOT wants them: a value that is no plain word is quoted (see quoted()).
using Attributes = std::vector<std::pair<std::string, std::string>>;

// One frame: what the mesh looked like at a moment, ready to be written as DOT. Nodes stand in the
// order of creation and are named by the numbers of their objects ("g3", "p7", "c9"), so that an
// object has one name in all frames.
struct Node {
  std::string id;
  Attributes attributes;
};
struct Arrow {
  Attributes attributes;
};
struct Defaults {
  Attributes graph;
  Attributes node;
  Attributes edge;
};
using Picture =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, Node, Arrow, Defaults>;

// Modules as boxes and disks as cylinders between them, as the paper draws it. "O" on a disk says
// that it can be opened: it works, no module stands on it, and nobody has it for himself.
Picture draw_as_paper(const Mesh& mesh);

// All objects with their counts, as FreeBSD's kern.geom.confdot shows them.
Picture draw_as_confdot(const Mesh& mesh);

// DOT text of the picture, the same for equal pictures.
std::string to_dot(const Picture& picture);

// A DOT string that says exactly this text wherever Graphviz shows it. What can not be shown, as
// bytes that are no UTF-8 and control characters, is told as \xNN.
std::string quoted(const std::string& text);

// The same with a line break between the lines.
std::string quoted_lines(const std::vector<std::string>& lines);

}  // namespace biotope::viz
