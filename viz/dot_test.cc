#include "viz/dot.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <boost/graph/graphviz.hpp>
#include <boost/graph/isomorphism.hpp>
#include <boost/range/iterator_range.hpp>

#include "model/graph.h"
#include "viz/picture.h"
#include "viz/svg.h"
#include "viz/testing.h"

namespace biotope::viz {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

struct ReadNode {
  std::string id;
  std::string label;
  std::string classes;
  std::string style;
  std::string penwidth;
};
struct ReadArrow {
  std::string label;
  std::string classes;
};
using ReadGraph =
    boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS, ReadNode, ReadArrow>;

ReadGraph read(const std::string& dot) {
  ReadGraph graph;
  boost::dynamic_properties properties(boost::ignore_other_properties);
  properties.property("node_id", boost::get(&ReadNode::id, graph));
  properties.property("label", boost::get(&ReadNode::label, graph));
  properties.property("class", boost::get(&ReadNode::classes, graph));
  properties.property("style", boost::get(&ReadNode::style, graph));
  properties.property("penwidth", boost::get(&ReadNode::penwidth, graph));
  properties.property("label", boost::get(&ReadArrow::label, graph));
  properties.property("class", boost::get(&ReadArrow::classes, graph));
  std::istringstream in(dot);
  EXPECT_TRUE(boost::read_graphviz(in, graph, properties, "node_id"));
  return graph;
}

std::map<std::string, ReadNode> nodes(const ReadGraph& graph) {
  std::map<std::string, ReadNode> by_id;
  for (const auto v : boost::make_iterator_range(vertices(graph))) by_id[graph[v].id] = graph[v];
  return by_id;
}

using Arrows = std::multiset<std::pair<std::string, std::string>>;

Arrows arrows(const ReadGraph& graph) {
  Arrows result;
  for (const auto e : boost::make_iterator_range(edges(graph))) {
    result.emplace(graph[source(e, graph)].id, graph[target(e, graph)].id);
  }
  return result;
}

std::string id(char kind, std::uint64_t number) { return kind + std::to_string(number); }

// What the drawn graph has to be, told by the mesh alone.
struct Expected {
  std::set<std::string> nodes;
  Arrows arrows;
};

Expected expected(const Mesh& mesh, DotStyle style) {
  Expected result;
  for (const Geom& geom : mesh.geoms()) {
    const std::string g = id('g', geom.id());
    result.nodes.insert(g);
    for (const Provider& provider : geom.providers()) {
      result.nodes.insert(id('p', provider.id()));
      result.arrows.emplace(id('p', provider.id()), g);
    }
    for (const Consumer& consumer : geom.consumers()) {
      const std::string c = id('c', consumer.id());
      const Provider* below = consumer.provider();
      if (style == DotStyle::confdot) {
        result.nodes.insert(c);
        result.arrows.emplace(g, c);
        if (below != nullptr) result.arrows.emplace(c, id('p', below->id()));
      } else if (below != nullptr) {
        result.arrows.emplace(g, id('p', below->id()));
      }
    }
  }
  return result;
}

// Grows a mesh by a random story; some of its disks are lost at the end.
void grow(TestMesh& test) {
  std::vector<Provider*> disks = {&test.disk("da0")};
  const auto steps = *rc::gen::inRange(0, 12);
  for (int i = 0; i < steps; ++i) {
    Provider& on = *disks[static_cast<size_t>(*rc::gen::inRange<int>(0, 1000)) % disks.size()];
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        disks.push_back(&test.disk("da" + std::to_string(i + 1)));
        break;
      case 1:
        for (Provider* part :
             test.parts(on, *rc::gen::inRange(1, 4), "p" + std::to_string(i) + "n")) {
          disks.push_back(part);
        }
        break;
      case 2:
        test.middle("mirror" + std::to_string(i), {&on, disks.front()});
        break;
      default:
        test.user("user" + std::to_string(i), on, kReadOnly);
        break;
    }
  }
  if (*rc::gen::arbitrary<bool>()) test.lose(*disks.front());
}

RC_GTEST_PROP(Dot, Inv_S7_printed_graph_parses_back_to_the_same_graph, ()) {
  TestMesh test;
  grow(test);
  for (const DotStyle style : {DotStyle::paper, DotStyle::confdot}) {
    const ReadGraph graph = read(to_dot(test.mesh(), style));
    const Expected wanted = expected(test.mesh(), style);
    std::set<std::string> ids;
    for (const auto& [name, node] : nodes(graph)) ids.insert(name);
    RC_ASSERT(ids == wanted.nodes);
    RC_ASSERT(num_vertices(graph) == wanted.nodes.size());
    RC_ASSERT(arrows(graph) == wanted.arrows);
  }
}

// The same without trust in our numbers: disks left out, the drawn modules form the mesh's graph.
RC_GTEST_PROP(Dot, Inv_S7_modules_of_the_drawing_are_isomorphic_to_the_mesh, ()) {
  TestMesh test;
  grow(test);
  const ReadGraph graph = read(to_dot(test.mesh(), DotStyle::paper));
  using Plain = boost::adjacency_list<boost::vecS, boost::vecS, boost::bidirectionalS>;

  std::map<ReadGraph::vertex_descriptor, size_t> number;
  for (const auto v : boost::make_iterator_range(vertices(graph))) {
    if (graph[v].classes.starts_with("geom")) number.emplace(v, number.size());
  }
  Plain drawn(number.size());
  for (const auto e : boost::make_iterator_range(edges(graph))) {
    const auto below = target(e, graph);
    if (number.count(below) != 0) continue;
    const auto owner = target(*out_edges(below, graph).first, graph);
    add_edge(number.at(source(e, graph)), number.at(owner), drawn);
  }

  const GeomNumbers numbers(test.mesh());
  Plain live(num_vertices(test.mesh()));
  for (Geom* geom : boost::make_iterator_range(vertices(test.mesh()))) {
    for (Geom* below : boost::make_iterator_range(adjacent_vertices(geom, test.mesh()))) {
      add_edge(get(numbers.map(), geom), get(numbers.map(), below), live);
    }
  }
  RC_ASSERT(boost::isomorphism(drawn, live));
}

RC_GTEST_PROP(Dot, same_story_gives_the_same_bytes, ()) {
  const auto losing = *rc::gen::arbitrary<bool>();
  const auto count = *rc::gen::inRange(1, 6);
  std::vector<std::string> texts;
  for (int run = 0; run < 2; ++run) {
    TestMesh test;
    // Shifts the addresses of the second run.
    const std::vector<char> ballast(static_cast<size_t>(run) * 4096);
    Provider& disk = test.disk("da0");
    test.user("fs", *test.parts(disk, count).back(), kReadWriteExclusive);
    if (losing) test.lose(disk);
    texts.push_back(to_dot(test.mesh(), DotStyle::paper) + to_dot(test.mesh(), DotStyle::confdot));
  }
  RC_ASSERT(texts[0] == texts[1]);
  RC_ASSERT(texts[0].find("0x") == std::string::npos);
}

// Undoes the XML of a text that dot has drawn.
std::string unescape_xml(std::string text) {
  for (const auto& [entity, character] :
       std::vector<std::pair<std::string, std::string>>{{"&#160;", " "},
                                                        {"&#45;", "-"},
                                                        {"&quot;", "\""},
                                                        {"&#39;", "'"},
                                                        {"&lt;", "<"},
                                                        {"&gt;", ">"},
                                                        {"&amp;", "&"}}) {
    for (size_t at = text.find(entity); at != std::string::npos;
         at = text.find(entity, at + character.size())) {
      text.replace(at, entity.size(), character);
    }
  }
  return text;
}

// The oracle is dot itself: what it draws is what the name says.
RC_GTEST_PROP(Dot, every_name_is_drawn_as_it_is, ()) {
  const auto hard = rc::gen::element<std::string>("\\", "\"", "&", "<", ">", ";", "{", "}", "|",
                                                  "n", "N", "G", "amp;", "#", "38", "--", "->", " ",
                                                  "\xc3\xa9", "\xe2\x82\xac", "/*", "//", "]]>");
  const auto names = *rc::gen::container<std::vector<std::string>>(
      rc::gen::map(rc::gen::nonEmpty(rc::gen::container<std::vector<std::string>>(hard)),
                   [](const std::vector<std::string>& pieces) {
                     std::string name = "x";
                     for (const std::string& piece : pieces) name += piece;
                     return name + "x";
                   }));
  Picture picture;
  for (size_t i = 0; i < names.size(); ++i) {
    add_vertex(Node{"n" + std::to_string(i), {{"label", quoted(names[i])}}}, picture);
  }
  const auto drawn = render_svg({to_dot(picture)});
  RC_ASSERT(drawn.has_value());
  std::vector<std::string> texts;
  for (size_t at = drawn->front().find("<text"); at != std::string::npos;
       at = drawn->front().find("<text", at + 1)) {
    const size_t begin = drawn->front().find('>', at) + 1;
    texts.push_back(
        unescape_xml(drawn->front().substr(begin, drawn->front().find("</text>", at) - begin)));
  }
  RC_ASSERT(texts == names);
}

RC_GTEST_PROP(Dot, any_bytes_make_a_graph_that_can_be_read, (const std::string& name)) {
  Picture picture;
  add_vertex(Node{"n", {{"label", quoted_lines({name, name})}}}, picture);
  const ReadGraph graph = read(to_dot(picture));
  RC_ASSERT(num_vertices(graph) == 1u);
  RC_ASSERT(render_svg({to_dot(picture)}).has_value());
}

TEST(Dot, bytes_that_can_not_be_shown_are_told_in_hex) {
  EXPECT_EQ(quoted("a\nb\xff\x7f"), R"("a\\x0ab\\xff\\x7f")");
  EXPECT_EQ(quoted("\xc3\xa9\xc3"), "\"\xc3\xa9\\\\xc3\"");
}

class DotStanding : public testing::Test {
 protected:
  ReadNode paper_node(const Provider& provider) {
    return nodes(read(to_dot(test_.mesh(), DotStyle::paper))).at(id('p', provider.id()));
  }
  bool marked(const Provider& provider) { return paper_node(provider).label.starts_with("O\\n"); }

  TestMesh test_;
};

TEST_F(DotStanding, O_marks_what_can_be_opened) {
  Provider& disk = test_.disk("da0");
  EXPECT_TRUE(marked(disk));
  const auto slices = test_.parts(disk, 2);
  EXPECT_FALSE(marked(disk)) << "a module stands on it";
  EXPECT_TRUE(marked(*slices[0]));
  Consumer& user = test_.user("fs", *slices[0], kReadOnly);
  EXPECT_TRUE(marked(*slices[0])) << "readers share";
  ASSERT_TRUE(test_.mesh().access(user, {0, 1, 1}));
  EXPECT_FALSE(marked(*slices[0])) << "somebody has it for himself";
  EXPECT_TRUE(marked(*slices[1]));
}

TEST_F(DotStanding, gone_is_said_by_word_colour_and_dashes) {
  Provider& disk = test_.disk("da0");
  test_.user("fs", *test_.parts(disk, 1)[0], kReadOnly);
  test_.mesh().orphan(disk);
  const std::string paper = to_dot(test_.mesh(), DotStyle::paper);
  EXPECT_THAT(paper, HasSubstr("class=\"disk gone\""));
  const ReadNode node = paper_node(disk);
  EXPECT_THAT(node.label, testing::EndsWith("\\ngone"));
  EXPECT_EQ(node.style, "filled,dashed");
}

TEST_F(DotStanding, exclusive_is_bold_and_told_by_its_counts) {
  Provider& disk = test_.disk("da0");
  test_.user("fs", disk, kReadWriteExclusive);
  const ReadNode node = paper_node(disk);
  EXPECT_EQ(node.classes, "disk exclusive");
  EXPECT_EQ(node.penwidth, "2.5");
  EXPECT_THAT(to_dot(test_.mesh(), DotStyle::paper), HasSubstr("label=\"\u00a0\u00a0r1w1e1\""));
}

TEST_F(DotStanding, confdot_shows_names_counts_rank_and_error) {
  Provider& disk = test_.disk("da0");
  const auto slices = test_.parts(disk, 1);
  test_.user("fs", *slices[0], kReadOnly);
  const std::string dot = to_dot(test_.mesh(), DotStyle::confdot);
  EXPECT_THAT(dot, HasSubstr("label=\"middle\\nda0\\nr#2\""));
  EXPECT_THAT(dot, HasSubstr("label=\"da0s1\\nr1w0e0\\nerr#0\""));
  EXPECT_THAT(dot, HasSubstr("shape=hexagon"));
  EXPECT_THAT(dot, HasSubstr("shape=ellipse"));
}

TEST_F(DotStanding, name_of_a_geom_is_left_out_where_its_disk_tells_it) {
  test_.parts(test_.disk("da0"), 1);
  EXPECT_THAT(to_dot(test_.mesh(), DotStyle::paper), HasSubstr("label=\"middle\""));
  test_.middle("home", {});
  EXPECT_THAT(to_dot(test_.mesh(), DotStyle::paper), HasSubstr("label=\"middle\\nhome\""));
}

}  // namespace
}  // namespace biotope::viz
