#pragma once

#include <map>

#include "model/mesh.h"

namespace biotope::props {

// What open arbitration ought to decide, worked out the slow way: apart from the core's own code,
// over the whole mesh, again and again until nothing changes any more, in no particular order.
class Arbitration {
 public:
  // Of a mesh of disks, layers with the union rule and users; `overlap` says which providers of one
  // geom share bytes.
  using Overlap = bool (*)(const Provider&, const Provider&);
  explicit Arbitration(const Mesh& mesh, Overlap overlap) : mesh_(mesh), overlap_(overlap) {}

  // 0 when `change` would be granted to `edge`, else the errno. What everything would then be open
  // as is in would_be().
  int decide(const Consumer& edge, Access change);
  Access would_be(const Consumer& edge) const;

 private:
  Access would_be(const Provider& provider) const;
  bool spread();
  int judge() const;
  bool shares(const Consumer& edge) const;

  const Mesh& mesh_;
  Overlap overlap_;
  std::map<const Consumer*, Access> changed_;
};

}  // namespace biotope::props
