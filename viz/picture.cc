#include "viz/picture.h"

#include <cctype>
#include <sstream>
#include <string_view>

#include <fmt/format.h>
#include <boost/graph/graphviz.hpp>

namespace biotope::viz {
namespace {

void write_list(std::ostream& out, const Attributes& attributes, const char* separator) {
  const char* before = "";
  for (const auto& [name, value] : attributes) {
    out << before << name << '=' << value;
    before = separator;
  }
}

void write_attributes(std::ostream& out, const Attributes& attributes) {
  if (attributes.empty()) return;
  out << " [";
  write_list(out, attributes, ", ");
  out << ']';
}

// Length of the UTF-8 sequence that begins the text, 0 where there is none. Graphviz knows at most
// four bytes; overlong forms and surrogates are let through, as it lets them.
size_t sequence_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const size_t length = lead < 0x80   ? 1
                        : lead < 0xc2 ? 0
                        : lead < 0xe0 ? 2
                        : lead < 0xf0 ? 3
                        : lead < 0xf5 ? 4
                                      : 0;
  if (length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  return length;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Without the quotes around it.
std::string escaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const char c = text.front();
    const size_t length = sequence_length(text);
    if (length == 0 || is_control(c)) {
      // The backslash is doubled, as it is one to be shown.
      result += fmt::format("\\\\x{:02x}", static_cast<unsigned char>(c));
    } else if (c == '\\' || c == '"') {
      result += '\\';
      result += c;
    } else if (c == '&') {
      result += "&amp;";
    } else {
      result += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return result;
}

}  // namespace

std::string quoted(const std::string& text) { return quoted_lines({text}); }

std::string quoted_lines(const std::vector<std::string>& lines) {
  std::vector<std::string> shown;
  shown.reserve(lines.size());
  for (const std::string& line : lines) shown.push_back(escaped(line));
  return fmt::format("\"{}\"", fmt::join(shown, "\\n"));
}

std::string to_dot(const Picture& picture) {
  const auto write_defaults = [&](std::ostream& out) {
    for (const auto& [what, attributes] : {std::pair{"graph", &picture[boost::graph_bundle].graph},
                                           std::pair{"node", &picture[boost::graph_bundle].node},
                                           std::pair{"edge", &picture[boost::graph_bundle].edge}}) {
      if (attributes->empty()) continue;
      out << what;
      write_attributes(out, *attributes);
      out << ";\n";
    }
  };
  const auto write_node = [&](std::ostream& out, Picture::vertex_descriptor v) {
    write_attributes(out, picture[v].attributes);
  };
  const auto write_arrow = [&](std::ostream& out, const Picture::edge_descriptor& e) {
    write_attributes(out, picture[e].attributes);
  };
  std::ostringstream out;
  boost::write_graphviz(out, picture, write_node, write_arrow, write_defaults,
                        boost::get(&Node::id, picture));
  return out.str();
}

}  // namespace biotope::viz
