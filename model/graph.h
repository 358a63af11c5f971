#pragma once

#include <boost/graph/graph_traits.hpp>
#include <boost/graph/properties.hpp>
#include <boost/iterator/filter_iterator.hpp>
#include <boost/iterator/iterator_facade.hpp>
#include <boost/iterator/transform_iterator.hpp>
#include <unordered_map>
#include <utility>

#include "model/mesh.h"

// The live mesh as a Boost.Graph: vertices are geoms, edges are attached consumers and point the
// way requests go, down. Models VertexListGraph, EdgeListGraph, BidirectionalGraph and
// AdjacencyGraph; there is no second copy to keep in step. Anything that needs numbers 0..n-1 takes
// them from GeomNumbers.

namespace biotope::graph {

struct IsAttached {
  bool operator()(const Consumer& c) const { return c.provider() != nullptr; }
};
struct EdgeOf {
  Consumer* operator()(const Consumer& c) const { return const_cast<Consumer*>(&c); }
};
struct VertexOf {
  Geom* operator()(const Geom& g) const { return const_cast<Geom*>(&g); }
};
struct GeomBelow {
  Geom* operator()(Consumer* c) const { return &c->provider()->geom(); }
};

using ConsumersOfGeom = LinkedList<Consumer, ByGeom>;
using OutEdges =
    boost::transform_iterator<EdgeOf,
                              boost::filter_iterator<IsAttached, ConsumersOfGeom::const_iterator>,
                              Consumer*, Consumer*>;
using Vertices =
    boost::transform_iterator<VertexOf, LinkedList<Geom, ByMesh>::const_iterator, Geom*, Geom*>;
using GeomsBelow = boost::transform_iterator<GeomBelow, OutEdges, Geom*, Geom*>;

// The edges that end at a geom: those of each of its providers in turn.
class InEdges
    : public boost::iterator_facade<InEdges, Consumer*, boost::forward_traversal_tag, Consumer*> {
 public:
  using Providers = LinkedList<Provider, ByGeom>::const_iterator;
  using Consumers = LinkedList<Consumer, ByProvider>::const_iterator;

  InEdges() = default;
  InEdges(Providers at, Providers end) : provider_(at), end_(end) { enter(); }

 private:
  friend class boost::iterator_core_access;

  void enter() {
    while (provider_ != end_ && provider_->consumers().empty()) ++provider_;
    if (provider_ != end_) consumer_ = provider_->consumers().begin();
  }
  void increment() {
    if (++consumer_ == provider_->consumers().end()) {
      ++provider_;
      enter();
    }
  }
  bool equal(const InEdges& other) const {
    return provider_ == other.provider_ && (provider_ == end_ || consumer_ == other.consumer_);
  }
  Consumer* dereference() const { return const_cast<Consumer*>(&*consumer_); }

  Providers provider_;
  Providers end_;
  Consumers consumer_;
};

// All edges: those of each geom in turn.
class Edges
    : public boost::iterator_facade<Edges, Consumer*, boost::forward_traversal_tag, Consumer*> {
 public:
  using Geoms = LinkedList<Geom, ByMesh>::const_iterator;
  using Consumers = LinkedList<Consumer, ByGeom>::const_iterator;

  Edges() = default;
  Edges(Geoms at, Geoms end) : geom_(at), end_(end) {
    if (geom_ != end_) {
      consumer_ = geom_->consumers().begin();
      skip();
    }
  }

 private:
  friend class boost::iterator_core_access;

  // To the next attached consumer, if this is none.
  void skip() {
    for (;;) {
      if (consumer_ == geom_->consumers().end()) {
        if (++geom_ == end_) return;
        consumer_ = geom_->consumers().begin();
      } else if (consumer_->provider() == nullptr) {
        ++consumer_;
      } else {
        return;
      }
    }
  }
  void increment() {
    ++consumer_;
    skip();
  }
  bool equal(const Edges& other) const {
    return geom_ == other.geom_ && (geom_ == end_ || consumer_ == other.consumer_);
  }
  Consumer* dereference() const { return const_cast<Consumer*>(&*consumer_); }

  Geoms geom_;
  Geoms end_;
  Consumers consumer_;
};

struct Category : boost::vertex_list_graph_tag,
                  boost::edge_list_graph_tag,
                  boost::bidirectional_graph_tag,
                  boost::adjacency_graph_tag {};

}  // namespace biotope::graph

namespace boost {
template <>
struct graph_traits<biotope::Mesh> {
  using vertex_descriptor = biotope::Geom*;
  using edge_descriptor = biotope::Consumer*;
  using directed_category = bidirectional_tag;
  using edge_parallel_category = allow_parallel_edge_tag;
  using traversal_category = biotope::graph::Category;
  using vertex_iterator = biotope::graph::Vertices;
  using edge_iterator = biotope::graph::Edges;
  using out_edge_iterator = biotope::graph::OutEdges;
  using in_edge_iterator = biotope::graph::InEdges;
  using adjacency_iterator = biotope::graph::GeomsBelow;
  using vertices_size_type = std::size_t;
  using edges_size_type = std::size_t;
  using degree_size_type = std::size_t;
  static vertex_descriptor null_vertex() { return nullptr; }
};
}  // namespace boost

namespace biotope {

inline Geom* source(Consumer* edge, const Mesh&) { return &edge->geom(); }
inline Geom* target(Consumer* edge, const Mesh&) { return &edge->provider()->geom(); }

inline std::pair<graph::Vertices, graph::Vertices> vertices(const Mesh& mesh) {
  return {graph::Vertices(mesh.geoms().begin()), graph::Vertices(mesh.geoms().end())};
}
inline std::size_t num_vertices(const Mesh& mesh) { return mesh.geoms().size(); }
inline std::pair<graph::Edges, graph::Edges> edges(const Mesh& mesh) {
  return {graph::Edges(mesh.geoms().begin(), mesh.geoms().end()),
          graph::Edges(mesh.geoms().end(), mesh.geoms().end())};
}
// Counts them.
inline std::size_t num_edges(const Mesh& mesh) {
  const auto [first, last] = edges(mesh);
  return static_cast<std::size_t>(std::distance(first, last));
}

inline std::pair<graph::OutEdges, graph::OutEdges> out_edges(Geom* geom, const Mesh&) {
  const auto& all = std::as_const(*geom).consumers();
  using Attached =
      boost::filter_iterator<graph::IsAttached, graph::ConsumersOfGeom::const_iterator>;
  return {graph::OutEdges(Attached(all.begin(), all.end())),
          graph::OutEdges(Attached(all.end(), all.end()))};
}
inline std::size_t out_degree(Geom* geom, const Mesh& mesh) {
  const auto [first, last] = out_edges(geom, mesh);
  return static_cast<std::size_t>(std::distance(first, last));
}
inline std::pair<graph::InEdges, graph::InEdges> in_edges(Geom* geom, const Mesh&) {
  const auto& all = std::as_const(*geom).providers();
  return {graph::InEdges(all.begin(), all.end()), graph::InEdges(all.end(), all.end())};
}
inline std::size_t in_degree(Geom* geom, const Mesh& mesh) {
  const auto [first, last] = in_edges(geom, mesh);
  return static_cast<std::size_t>(std::distance(first, last));
}
inline std::size_t degree(Geom* geom, const Mesh& mesh) {
  return in_degree(geom, mesh) + out_degree(geom, mesh);
}
inline std::pair<graph::GeomsBelow, graph::GeomsBelow> adjacent_vertices(Geom* geom,
                                                                         const Mesh& mesh) {
  const auto [first, last] = out_edges(geom, mesh);
  return {graph::GeomsBelow(first), graph::GeomsBelow(last)};
}

// Numbers 0..n-1 for the geoms there are now, in the order of their creation. A property map for
// algorithms that need a vertex_index; to be made anew when the mesh has changed.
class GeomNumbers {
 public:
  explicit GeomNumbers(const Mesh& mesh) {
    for (const Geom& geom : mesh.geoms()) numbers_.emplace(&geom, numbers_.size());
  }
  auto map() const { return boost::make_assoc_property_map(numbers_); }

 private:
  std::unordered_map<const Geom*, std::size_t> numbers_;
};

}  // namespace biotope
