#pragma once

#include <cstdint>

#include "model/links.h"

namespace biotope {

// Ranks and loops, as walks of Boost.Graph over the live mesh that touch only what a change can
// reach.
class Rank {
 public:
  explicit Rank(Mesh& mesh) : mesh_(mesh) {}

  // True when `to` is `from` or lies below it.
  bool reaches(Geom& from, Geom& to) const;
  // `geom` has got, or lost, an edge to `below`: it and those above it get the rank they should
  // have.
  void attached(Geom& geom, const Geom& below) const;
  void detached(Geom& geom, const Geom& below) const;

 private:
  class Colours;

  static int from_below(const Geom& geom);
  void update(Geom& geom) const;
  std::uint64_t next_walk() const;

  Mesh& mesh_;
};

}  // namespace biotope
