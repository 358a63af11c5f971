#include "model/graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/graph/breadth_first_search.hpp>
#include <boost/graph/graph_concepts.hpp>
#include <boost/graph/isomorphism.hpp>
#include <boost/graph/reverse_graph.hpp>
#include <boost/graph/topological_sort.hpp>
#include <boost/property_map/property_map.hpp>
#include <set>

#include "model/rank.h"
#include "model/testing.h"

namespace biotope {
namespace {

using testing::Names;
using testing::Pass;
using testing::Source;
using testing::TestMesh;
using testing::User;
using testing::what_is_wrong;

BOOST_CONCEPT_ASSERT((boost::BidirectionalGraphConcept<Mesh>));
BOOST_CONCEPT_ASSERT((boost::VertexListGraphConcept<Mesh>));
BOOST_CONCEPT_ASSERT((boost::EdgeListGraphConcept<Mesh>));
BOOST_CONCEPT_ASSERT((boost::AdjacencyGraphConcept<Mesh>));

// da0 under left and right under top, with a user; and one geom that stands alone.
struct Diamond {
  Diamond() {
    t.pass("left", t.provider("da0"));
    t.pass("right", t.provider("da0"));
    t.fork("top", {&t.provider("left"), &t.provider("right")});
    t.user("u", t.provider("top"));
    t.add<User>("alone");
    t.mesh.settle();
  }
  Geom* geom(const std::string& name) { return t.mesh.geom("test", name); }
  TestMesh t;
  Source& disk{t.source("da0")};
};

template <class Range, class Name>
std::multiset<std::string> names(const Range& range, Name name) {
  std::multiset<std::string> all;
  for (auto i = range.first; i != range.second; ++i) all.insert(name(*i));
  return all;
}

TEST(Graph, vertices_are_geoms_and_edges_point_down) {
  Diamond d;
  const Mesh& mesh = d.t.mesh;
  const auto of_geom = [](Geom* g) { return g->name(); };
  const auto of_edge = [&](Consumer* e) {
    return source(e, mesh)->name() + ">" + target(e, mesh)->name();
  };
  using Set = std::multiset<std::string>;
  EXPECT_EQ(num_vertices(mesh), 6U);
  EXPECT_EQ(num_edges(mesh), 5U);
  EXPECT_EQ(names(edges(mesh), of_edge),
            (Set{"left>da0", "right>da0", "top>left", "top>right", "u>top"}));
  EXPECT_EQ(names(vertices(mesh), of_geom), (Set{"da0", "left", "right", "top", "u", "alone"}));
  EXPECT_EQ(names(out_edges(d.geom("top"), mesh), of_edge), (Set{"top>left", "top>right"}));
  EXPECT_EQ(names(in_edges(d.geom("da0"), mesh), of_edge), (Set{"left>da0", "right>da0"}));
  EXPECT_EQ(names(adjacent_vertices(d.geom("u"), mesh), of_geom), Set{"top"});
  EXPECT_EQ(out_degree(d.geom("da0"), mesh), 0U);
  EXPECT_EQ(in_degree(d.geom("da0"), mesh), 2U);
  EXPECT_EQ(degree(d.geom("top"), mesh), 3U);
  EXPECT_EQ(degree(d.geom("alone"), mesh), 0U);
}

TEST(Graph, a_consumer_that_stands_on_nothing_is_no_edge) {
  Diamond d;
  d.t.mesh.new_consumer(*d.geom("top")).value();
  EXPECT_EQ(out_degree(d.geom("top"), d.t.mesh), 2U);
  EXPECT_EQ(num_edges(d.t.mesh), 5U);
  EXPECT_EQ(num_edges(TestMesh().mesh), 0U);
}

TEST(Graph, several_providers_of_one_geom_bring_their_edges_together) {
  TestMesh t;
  t.source("da0");
  auto& slices = t.slices("mbr", t.provider("da0"));
  for (const char* name : {"s1", "s2", "s3"}) slices.add_piece(name, 0, 512);
  t.user("u1", t.provider("s1"));
  t.user("u3", t.provider("s3"));
  t.user("u3b", t.provider("s3"));
  EXPECT_EQ(in_degree(&slices, t.mesh), 3U);
}

TEST(Graph, topological_order_and_reachability_are_boosts) {
  Diamond d;
  const Mesh& mesh = d.t.mesh;
  std::map<Geom*, boost::default_color_type> colours;
  std::vector<Geom*> order;
  boost::topological_sort(mesh, std::back_inserter(order),
                          boost::color_map(boost::make_assoc_property_map(colours)));
  const auto place = [&](const char* name) {
    return std::find(order.begin(), order.end(), d.geom(name)) - order.begin();
  };
  EXPECT_LT(place("da0"), place("left"));
  EXPECT_LT(place("da0"), place("right"));
  EXPECT_LT(place("right"), place("top"));
  EXPECT_LT(place("top"), place("u"));

  // Whoever stands on da0, by a search upwards.
  std::map<Geom*, boost::default_color_type> seen;
  for (const Geom& geom : mesh.geoms()) seen[const_cast<Geom*>(&geom)] = boost::white_color;
  boost::breadth_first_search(boost::reverse_graph<Mesh, const Mesh&>(mesh), d.geom("da0"),
                              boost::color_map(boost::make_assoc_property_map(seen)));
  EXPECT_EQ(seen[d.geom("u")], boost::black_color);
  EXPECT_EQ(seen[d.geom("alone")], boost::white_color);
}

// Ranks ------------------------------------------------------------------------------------------

TEST(Rank, Inv_E23_one_more_than_the_highest_below) {
  Diamond d;
  EXPECT_EQ(d.geom("da0")->rank(), 1);
  EXPECT_EQ(d.geom("alone")->rank(), 1);
  EXPECT_EQ(d.geom("left")->rank(), 2);
  EXPECT_EQ(d.geom("top")->rank(), 3);
  EXPECT_EQ(d.geom("u")->rank(), 4);
  // A longer way to one leg lifts all above, and falls back.
  auto& extra = d.t.add<Pass>("extra");
  Provider& provider = **d.t.mesh.new_provider(extra, "extra", d.t.provider("da0").properties());
  d.t.mesh.publish(provider);
  d.t.mesh.new_consumer(extra, d.t.provider("right")).value();
  Consumer& leg = **d.t.mesh.new_consumer(*d.geom("top"), provider);
  EXPECT_EQ(d.geom("u")->rank(), 5);
  ASSERT_TRUE(d.t.mesh.detach(leg));
  EXPECT_EQ(d.geom("u")->rank(), 4);
  EXPECT_EQ(what_is_wrong(d.t.mesh), "");
}

TEST(Rank, Inv_E23_a_stack_built_from_the_top_gets_the_same_ranks) {
  TestMesh t;
  t.source("da0");
  std::vector<Pass*> layers;
  for (int i = 0; i < 20; ++i) {
    layers.push_back(&t.add<Pass>(sentence("p", i)));
    t.mesh.new_provider(*layers.back(), sentence("p", i), t.provider("da0").properties()).value();
    if (i == 0) continue;
    // Each new one goes below those there are.
    t.mesh.new_consumer(*layers[static_cast<std::size_t>(i - 1)], t.provider(sentence("p", i)))
        .value();
  }
  t.mesh.new_consumer(*layers.back(), t.provider("da0")).value();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(layers[static_cast<std::size_t>(i)]->rank(), 21 - i);
  EXPECT_EQ(what_is_wrong(t.mesh), "");
}

TEST(Rank, Inv_S1_no_geom_comes_to_stand_on_itself) {
  TestMesh t;
  t.source("da0");
  Pass& low = t.pass("low", t.provider("da0"));
  t.pass("middle", t.provider("low"));
  t.pass("high", t.provider("middle"));
  for (const char* above : {"low", "middle", "high"}) {
    const Result<Consumer*> loop = t.mesh.new_consumer(low, t.provider(above));
    ASSERT_FALSE(loop) << above;
    EXPECT_EQ(loop.error().code, ELOOP);
    EXPECT_NE(loop.error().text.find("test low"), std::string::npos) << loop.error().text;
  }
  EXPECT_EQ(low.consumers().size(), 1U) << "a refusal leaves nothing";
  EXPECT_EQ(low.rank(), 2);
  EXPECT_TRUE(t.mesh.new_consumer(low, t.provider("da0"))) << "twice on one disk is no loop";
  EXPECT_EQ(what_is_wrong(t.mesh), "");
}

TEST(Rank, what_can_be_reached) {
  Diamond d;
  const Rank rank(d.t.mesh);
  EXPECT_TRUE(rank.reaches(*d.geom("u"), *d.geom("da0")));
  EXPECT_TRUE(rank.reaches(*d.geom("left"), *d.geom("left")));
  EXPECT_FALSE(rank.reaches(*d.geom("da0"), *d.geom("u")));
  EXPECT_FALSE(rank.reaches(*d.geom("left"), *d.geom("right")));
  EXPECT_FALSE(rank.reaches(*d.geom("alone"), *d.geom("da0")));
}

// Attach and detach ------------------------------------------------------------------------------

TEST(Attach, a_consumer_stands_on_one_provider_at_a_time) {
  TestMesh t;
  t.source("da0");
  t.source("da1");
  User& user = t.user("u", t.provider("da0"));
  const Status again = t.mesh.attach(user.edge(), t.provider("da1"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, EBUSY);
  EXPECT_EQ(user.edge().provider(), &t.provider("da0"));
  EXPECT_EQ(user.edge().access(), Access{}) << "attaching opens nothing";
}

TEST(Attach, Inv_E08_what_is_open_or_in_flight_is_not_detached) {
  TestMesh t;
  Source& disk = t.source("da0");
  User& user = t.user("u", t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  EXPECT_EQ(t.mesh.detach(user.edge()).error().code, EBUSY);
  testing::Issuer issuer(t.mesh);
  disk.hold = true;
  issuer.issue(user.edge(), Command::read, 0, 512);
  EXPECT_EQ(t.mesh.detach(user.edge()).error().code, EBUSY);
  disk.finish_all();
  ASSERT_TRUE(t.mesh.close(user.edge()));
  EXPECT_TRUE(t.mesh.detach(user.edge()));
  EXPECT_EQ(user.edge().provider(), nullptr);
  EXPECT_TRUE(t.provider("da0").consumers().empty());
  EXPECT_TRUE(t.mesh.detach(user.edge())) << "from nothing, nothing";
}

TEST(Graph, numbers_count_the_geoms_in_the_order_of_creation) {
  Diamond d;
  const GeomNumbers numbers(d.t.mesh);
  EXPECT_EQ(get(numbers.map(), d.geom("da0")), 0U);
  EXPECT_EQ(get(numbers.map(), d.geom("alone")), 5U);
}

TEST(Graph, Inv_S3_isomorphism_tells_meshes_apart) {
  Diamond one;
  Diamond two;
  const auto alike = [](const Mesh& a, const Mesh& b) {
    const GeomNumbers of_a(a);
    const GeomNumbers of_b(b);
    return boost::isomorphism(a, b,
                              boost::vertex_index1_map(of_a.map()).vertex_index2_map(of_b.map()));
  };
  EXPECT_TRUE(alike(one.t.mesh, two.t.mesh));
  two.t.user("more", two.t.provider("left"));
  EXPECT_FALSE(alike(one.t.mesh, two.t.mesh));
}

}  // namespace
}  // namespace biotope
