#include "props/arbitration.h"

namespace biotope::props {

Access Arbitration::would_be(const Consumer& edge) const {
  const auto found = changed_.find(&edge);
  return found == changed_.end() ? edge.access() : found->second;
}

Access Arbitration::would_be(const Provider& provider) const {
  Access sum;
  for (const Consumer& edge : provider.consumers()) sum = sum + would_be(edge);
  return sum;
}

// Brings the edges below every provider that changes to what the union rule asks for; false when
// all were so already.
bool Arbitration::spread() {
  bool again = false;
  for (const Geom& geom : mesh_.geoms()) {
    bool touched = false;
    Access needed;
    for (const Provider& provider : geom.providers()) {
      const Access open = would_be(provider);
      touched = touched || open != provider.access();
      if (open.r > 0) needed.r = 1;
      if (open.w > 0) needed.w = needed.e = 1;
      if (open.e > 0) needed.e = 1;
    }
    if (!touched) continue;
    for (const Consumer& edge : geom.consumers()) {
      if (edge.provider() == nullptr || edge.leaving() || would_be(edge) == needed) continue;
      changed_[&edge] = needed;
      again = true;
    }
  }
  return again;
}

bool Arbitration::shares(const Consumer& edge) const {
  const Access more = would_be(edge);
  for (const Consumer& other : edge.provider()->consumers()) {
    if (&other == &edge) continue;
    const Access held = would_be(other);
    if (more.e > edge.access().e && held.w > 0) return false;
    if (more.w > edge.access().w && held.e > 0) return false;
  }
  return true;
}

int Arbitration::judge() const {
  for (const Geom& geom : mesh_.geoms()) {
    for (const Provider& one : geom.providers()) {
      const Access a = would_be(one);
      if (!a.opens_beyond(one.access())) continue;
      for (const Provider& other : geom.providers()) {
        if (&one == &other || !overlap_(one, other)) continue;
        const Access b = would_be(other);
        if ((a.w > 0 && b.e > 0) || (a.e > 0 && b.w > 0)) return EPERM;
      }
    }
  }
  bool lost = false;
  bool shared = true;
  int error = 0;
  bool writable = true;
  for (const auto& [edge, access] : changed_) {
    if (!access.opens_beyond(edge->access())) continue;
    const Provider& below = *edge->provider();
    lost = lost || edge->orphaned() || edge->leaving() || edge->spoiled();
    shared = shared && shares(*edge);
    if (below.error() != 0) error = below.error();
    if (access.w > edge->access().w && !below.properties().writable) writable = false;
  }
  if (lost) return ENXIO;
  if (!shared) return EPERM;
  if (error != 0) return error;
  return writable ? 0 : EROFS;
}

int Arbitration::decide(const Consumer& edge, Access change) {
  changed_.clear();
  changed_[&edge] = edge.access() + change;
  while (spread()) {
  }
  return judge();
}

}  // namespace biotope::props
