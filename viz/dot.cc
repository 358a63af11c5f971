#include "viz/dot.h"

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "model/mesh.h"
#include "viz/picture.h"
#include "viz/words.h"

namespace biotope::viz {
namespace {

// Black on white prints well; in the report a style sheet takes the colours over by class.
constexpr const char* kLine = "\"#33373d\"";
constexpr const char* kWithered = "\"#80858c\"";
constexpr const char* kGone = "\"#b3341f\"";
constexpr const char* kModule = "\"#fbf3dd\"";
constexpr const char* kDisk = "\"#e6eef7\"";
constexpr const char* kFont = "\"Helvetica,Arial,sans-serif\"";

using Lines = std::vector<std::string>;
using Vertex = Picture::vertex_descriptor;

Defaults defaults() {
  return {{{"id", "mesh"},
           {"rankdir", "TB"},
           {"ordering", "in"},
           {"nodesep", "0.35"},
           {"ranksep", "0.3"},
           {"bgcolor", "white"}},
          {{"fontname", kFont}, {"fontsize", "12"}, {"style", "filled"}, {"color", kLine}},
          {{"fontname", kFont}, {"fontsize", "10"}, {"color", kLine}, {"arrowsize", "0.6"}}};
}

// How an object stands, in the words of its class attribute and in what is drawn.
struct Standing {
  std::string classes;
  std::string word;  // for those who see no colour; empty when all is well
  const char* color = nullptr;
  bool dashed = false;
  bool bold = false;
};

Standing standing(const Geom& geom) {
  if (geom.withering()) return {"geom withering", "withers", kWithered, true, false};
  return {"geom", "", nullptr, false, false};
}

Standing standing(const Provider& provider) {
  if (provider.orphaned()) return {"disk gone", "gone", kGone, true, false};
  if (provider.error() != 0) return {"disk closed", "not ready", kWithered, true, false};
  if (provider.access().e > 0) return {"disk exclusive", "", nullptr, false, true};
  return {"disk", "", nullptr, false, false};
}

Standing standing(const Consumer& consumer) {
  if (consumer.orphaned()) return {"holds gone", "gone", kGone, true, false};
  if (consumer.spoiled()) return {"holds spoiled", "spoiled", kWithered, true, false};
  if (consumer.suspended()) return {"holds suspended", "held still", kWithered, true, false};
  if (consumer.access().e > 0) return {"holds open exclusive", "", nullptr, false, true};
  if (!consumer.access().closed()) return {"holds open", "", nullptr, false, false};
  return {"holds", "", nullptr, false, false};
}

void append(Attributes& attributes, const Standing& standing, bool filled) {
  attributes.emplace_back("class", quoted(standing.classes));
  if (standing.color != nullptr) {
    attributes.emplace_back("color", standing.color);
    attributes.emplace_back("fontcolor", standing.color);
  }
  if (standing.dashed) attributes.emplace_back("style", filled ? "\"filled,dashed\"" : "dashed");
  if (standing.bold) attributes.emplace_back("penwidth", "2.5");
}

Vertex add_node(Picture& picture, std::string id, const char* shape, const char* fill,
                const Lines& lines, const std::string& tooltip, const Standing& standing) {
  Node node{std::move(id), {{"shape", shape}, {"fillcolor", fill}}};
  node.attributes.emplace_back("label", quoted_lines(lines));
  node.attributes.emplace_back("tooltip", quoted(tooltip));
  append(node.attributes, standing, true);
  return boost::add_vertex(node, picture);
}

void add_arrow(Picture& picture, Vertex from, Vertex to, Attributes attributes) {
  boost::add_edge(from, to, Arrow{std::move(attributes)}, picture);
}

Lines with_word(Lines lines, const Standing& standing) {
  if (!standing.word.empty()) lines.push_back(standing.word);
  return lines;
}

std::string tooltip(const Geom& geom) {
  const std::string status = geom.status();
  return fmt::format("{}, rank {}{}{}", geom.title(), geom.rank(), status.empty() ? "" : ": ",
                     status);
}

std::string tooltip(const Provider& provider) {
  const std::string about = provider.geom().about(provider);
  return fmt::format("{}{}: {}, sectors of {}, open as {}{}", provider.name(),
                     about.empty() ? "" : fmt::format(" ({})", about),
                     size_text(provider.media_size_bytes()),
                     size_text(provider.sector_size_bytes()), provider.access().text(),
                     provider.error() == 0 ? "" : ", error " + error_name(provider.error()));
}

std::string node_id(char kind, std::uint64_t number) { return fmt::format("{}{}", kind, number); }

// The geom's name only where it tells more than the names of the disks around it.
Lines short_title(const Geom& geom) {
  bool told = geom.name().empty();
  for (const Provider& provider : geom.providers()) told |= provider.name() == geom.name();
  for (const Consumer& consumer : geom.consumers()) {
    told |= consumer.provider() != nullptr && consumer.provider()->name() == geom.name();
  }
  return told ? Lines{geom.cls().name()} : Lines{geom.cls().name(), geom.name()};
}

// One that makes disks of disks, in contrast to those at the top that use them.
bool is_module(const Geom& geom) { return geom.cls().tastes() || !geom.providers().empty(); }

bool can_be_opened(const Provider& provider) {
  if (provider.orphaned() || provider.error() != 0 || provider.access().e > 0) return false;
  for (const Consumer& consumer : provider.consumers()) {
    if (is_module(consumer.geom())) return false;
  }
  return true;
}

Vertex add_disk(Picture& picture, const Provider& provider) {
  Standing stands = standing(provider);
  const bool openable = can_be_opened(provider);
  if (openable) stands.classes += " openable";
  // The first line lies on the lid of the cylinder, and is there even if empty: the name stays
  // below.
  const Lines lines = {openable ? "O" : "", provider.name(),
                       size_text(provider.media_size_bytes())};
  return add_node(picture, node_id('p', provider.id()), "cylinder", kDisk, with_word(lines, stands),
                  tooltip(provider), stands);
}

Attributes paper_arrow(const Consumer& consumer) {
  const Standing stands = standing(consumer);
  Lines lines;
  if (!consumer.access().closed()) lines.push_back("\u00a0\u00a0" + consumer.access().text());
  Attributes attributes = {{"label", quoted_lines(with_word(lines, stands))},
                           {"edgetooltip", quoted(consumer.name())},
                           {"labeltooltip", quoted(consumer.name())}};
  append(attributes, stands, false);
  return attributes;
}

// That a disk is a module's own is a line without a head.
Attributes ownership() {
  return {{"class", "owns"}, {"dir", "none"}, {"weight", "4"}, {"tooltip", "\" \""}};
}

}  // namespace

Picture draw_as_paper(const Mesh& mesh) {
  Picture picture;
  picture[boost::graph_bundle] = defaults();
  std::map<std::uint64_t, Vertex> disks;
  std::map<std::uint64_t, Vertex> modules;
  for (const Geom& geom : mesh.geoms()) {
    const Standing stands = standing(geom);
    modules[geom.id()] = add_node(picture, node_id('g', geom.id()), "box", kModule,
                                  with_word(short_title(geom), stands), tooltip(geom), stands);
    for (const Provider& provider : geom.providers()) {
      disks[provider.id()] = add_disk(picture, provider);
      add_arrow(picture, disks[provider.id()], modules[geom.id()], ownership());
    }
  }
  for (const Geom& geom : mesh.geoms()) {
    for (const Consumer& consumer : geom.consumers()) {
      if (consumer.provider() == nullptr) continue;
      add_arrow(picture, modules[geom.id()], disks[consumer.provider()->id()],
                paper_arrow(consumer));
    }
  }
  return picture;
}

Picture draw_as_confdot(const Mesh& mesh) {
  Picture picture;
  picture[boost::graph_bundle] = defaults();
  std::map<std::uint64_t, Vertex> disks;
  for (const Geom& geom : mesh.geoms()) {
    for (const Provider& provider : geom.providers()) {
      const Standing stands = standing(provider);
      disks[provider.id()] = add_node(picture, node_id('p', provider.id()), "hexagon", kDisk,
                                      with_word({provider.name(), provider.access().text(),
                                                 fmt::format("err#{}", provider.error())},
                                                stands),
                                      tooltip(provider), stands);
    }
  }
  for (const Geom& geom : mesh.geoms()) {
    const Standing stands = standing(geom);
    const Vertex box = add_node(
        picture, node_id('g', geom.id()), "box", kModule,
        with_word({geom.cls().name(), geom.name(), fmt::format("r#{}", geom.rank())}, stands),
        tooltip(geom), stands);
    for (const Provider& provider : geom.providers()) {
      add_arrow(picture, disks[provider.id()], box, {{"class", "owns"}});
    }
    for (const Consumer& consumer : geom.consumers()) {
      const Standing edge = standing(consumer);
      const Vertex ellipse =
          add_node(picture, node_id('c', consumer.id()), "ellipse", "white",
                   with_word({consumer.access().text()}, edge), consumer.name(), edge);
      add_arrow(picture, box, ellipse, {{"class", "owns"}});
      if (consumer.provider() == nullptr) continue;
      Attributes attributes;
      append(attributes, edge, false);
      add_arrow(picture, ellipse, disks[consumer.provider()->id()], attributes);
    }
  }
  return picture;
}

std::string to_dot(const Mesh& mesh, DotStyle style) {
  return to_dot(style == DotStyle::paper ? draw_as_paper(mesh) : draw_as_confdot(mesh));
}

}  // namespace biotope::viz
