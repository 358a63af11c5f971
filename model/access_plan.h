#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/access.h"
#include "model/error.h"
#include "model/links.h"

namespace biotope {

// One open or close, worked out before anything changes: from the edge where it was asked,
// downwards, each geom says what it would need below; then every edge is checked; then all is
// committed or nothing. Geoms are asked from the top rank down, so each is asked once and knows all
// that would be open above it, whatever the order in which siblings were opened.
class AccessPlan {
 public:
  explicit AccessPlan(Mesh& mesh) : mesh_(&mesh) {}
  ~AccessPlan();
  AccessPlan(const AccessPlan&) = delete;
  AccessPlan& operator=(const AccessPlan&) = delete;

  // For Geom::demand ---------------------------------------------------------------------------
  // How `provider` would be open, all consumers together.
  Access would_be(const Provider& provider) const;
  // True when the plan opens `provider` further than it is.
  bool opens(const Provider& provider) const;
  // Consumer `below` of the geom being asked has to be open so; what is so already asks nobody. In
  // a plan that only closes, this can open nothing: whoever closes must not be refused for others.
  void need(Consumer& below, Access access);

  // For the mesh -------------------------------------------------------------------------------
  struct Wish {
    Consumer* consumer;
    Access access;
  };
  // Works out the plan that begins with these edges being open so. On refusal the error is that of
  // whoever refused, with a sentence that says who and why.
  Status work_out(const std::vector<Wish>& wishes);
  // The edges that change, in the order they were reached.
  const std::vector<Consumer*>& edges() const { return edges_; }
  Access would_be(const Consumer& consumer) const;

 private:
  void change(Consumer& consumer, Access access);
  Geom* take_highest();
  Status ask(Geom& geom);
  Status refused(const Geom& by, const Provider& provider, const Status& why);
  // The rules for an edge, in the order of geom.md A4: may it ask, do the others let it, can the
  // disk do it.
  Status check_edge(const Consumer& consumer) const;
  Status check_sharing(const Consumer& consumer) const;
  Status check_disk(const Consumer& consumer) const;
  Status denied(const Consumer& consumer, int code, const std::string& why) const;

  Mesh* mesh_;
  bool only_closes_ = true;
  std::vector<Consumer*> edges_;
  std::vector<Geom*> to_ask_;
};

}  // namespace biotope
