#include "model/rank.h"

#include <algorithm>
#include <boost/graph/depth_first_search.hpp>
#include <boost/graph/reverse_graph.hpp>
#include <vector>

#include "model/graph.h"

namespace biotope {

// Colours for one walk, kept in the geoms: whoever was not visited in this walk is white, so that a
// walk costs what it touches and not what there is.
class Rank::Colours {
 public:
  using key_type = Geom*;
  using value_type = boost::default_color_type;
  using reference = value_type;
  using category = boost::read_write_property_map_tag;

  explicit Colours(std::uint64_t walk) : walk_(walk) {}

  value_type of(const Geom* geom) const {
    return geom->visit_ == walk_ ? static_cast<value_type>(geom->colour_) : boost::white_color;
  }
  void set(Geom* geom, value_type colour) const {
    geom->visit_ = walk_;
    geom->colour_ = colour;
  }
  friend value_type get(const Colours& colours, Geom* geom) { return colours.of(geom); }
  friend void put(const Colours& colours, Geom* geom, value_type colour) {
    colours.set(geom, colour);
  }

 private:
  std::uint64_t walk_;
};

std::uint64_t Rank::next_walk() const { return ++mesh_.last_walk_; }

bool Rank::reaches(Geom& from, Geom& to) const {
  if (&from == &to) return true;
  bool found = false;
  // Ranks fall on the way down, so nothing at or below the rank of `to` can still lead to it.
  const auto no_further = [&](Geom* geom, const Mesh&) {
    found = found || geom == &to;
    return found || geom->rank() <= to.rank();
  };
  boost::depth_first_visit(mesh_, &from, boost::default_dfs_visitor(), Colours(next_walk()),
                           no_further);
  return found;
}

void Rank::attached(Geom& geom, const Geom& below) const {
  if (below.rank() >= geom.rank()) update(geom);
}

void Rank::detached(Geom& geom, const Geom& below) const {
  if (below.rank() + 1 == geom.rank()) update(geom);
}

int Rank::from_below(const Geom& geom) {
  int rank = 1;
  for (const Consumer& consumer : geom.consumers()) {
    if (consumer.provider() == nullptr) continue;
    rank = std::max(rank, 1 + consumer.provider()->geom().rank());
  }
  return rank;
}

void Rank::update(Geom& geom) const {
  if (geom.rank_ == from_below(geom)) return;
  std::vector<Geom*> affected;
  struct Collect : boost::default_dfs_visitor {
    std::vector<Geom*>* into;
    explicit Collect(std::vector<Geom*>& all) : into(&all) {}
    void finish_vertex(Geom* done, const boost::reverse_graph<Mesh>&) { into->push_back(done); }
  };
  const boost::reverse_graph<Mesh> upwards(mesh_);
  boost::depth_first_visit(upwards, &geom, Collect(affected), Colours(next_walk()));
  // A geom is finished after all above it: backwards, everyone comes after all below.
  for (auto g = affected.rbegin(); g != affected.rend(); ++g) (*g)->rank_ = from_below(**g);
}

}  // namespace biotope
