#pragma once

#include <cstdint>
#include <string>

#include "model/access_plan.h"
#include "model/bio.h"
#include "model/consumer.h"
#include "model/error.h"
#include "model/links.h"
#include "model/provider.h"
#include "model/task.h"

namespace biotope {

// One instance of a class: it takes requests at its providers and passes them on, changed or
// multiplied, through its consumers. Has any number of providers and consumers, belongs to one
// class, need not have a unique name. Made by its class, owned by the mesh (Mesh::add), freed by
// the mesh when it withers and nothing hangs on it any more. A geom with neither consumer nor
// provider is legal.
//
// A module author overrides start() and, of the rest, what differs from the stated default.
class Geom : public Link<ByMesh> {
 public:
  Geom(Mesh& mesh, const Class& cls, std::string name)
      : mesh_(&mesh), class_(&cls), name_(std::move(name)) {}
  virtual ~Geom();
  Geom(const Geom&) = delete;
  Geom& operator=(const Geom&) = delete;

  // Required. A request has passed all entry checks at `provider` and is now this geom's to answer.
  // May run at any time, also while this geom's own start() is on the stack's other requests; must
  // not wait. Requests issued from here are queued, not run on this stack.
  virtual Verdict start(Bio& bio, Provider& provider) = 0;

  // Optional. Says, through plan.need(), how each consumer must be open for the providers to be
  // open as plan.would_be() tells, or vetoes with a reason. Must not change anything: the plan may
  // still be dropped. Called once for each plan that touches this geom, with all its providers
  // known. A veto against a plan that only closes is not heard. Default: require_union().
  virtual Status demand(AccessPlan& plan);
  // Optional. `provider` is now open as `after`. For drivers that lock media or spin down.
  virtual void access_changed(Provider& provider, Access before, Access after);

  // Optional. The provider below `consumer` is lost; nothing more will come through. A class with
  // another way to serve drops the consumer (Mesh::drop) and goes on. Default: this geom withers,
  // which tells everyone above the same.
  virtual void orphaned(Consumer& consumer);
  // Optional. Somebody else has opened the provider below `consumer` for writing: what was read
  // from it may be stale. Default: like orphaned().
  virtual void spoiled(Consumer& consumer);
  // Optional. True when this geom can live with its consumer's provider shrinking to its present
  // size. Called after the size has changed, for growth as well (then the answer does not matter).
  // Default: false; a shrunken provider is then lost to this geom.
  virtual bool resized(Consumer& consumer);
  // Optional. What `own` is like, as a function of the properties of the providers below; the core
  // calls it when those change and announces the result upwards if it is new. Default: unchanged.
  virtual Properties derive(const Provider& own) const;
  // Optional, told after a change below has been derived. Default: nothing.
  virtual void properties_changed(Consumer& consumer);

  // Optional. The medium below `consumer` is about to leave with notice: EBUSY and a reason when
  // that can not be. Must not change anything. Default: asks everyone above.
  virtual Status may_let_go(Consumer& consumer);
  // Optional. Finish and close what is open through `consumer`. Default: everyone above does. The
  // geom is not freed before this has ended, so it must end once the consumer is orphaned.
  virtual Task<Status> let_go(Consumer& consumer);
  // Optional. The consumer that can take this geom's place without its users noticing: its provider
  // serves the same bytes at the same offsets. Default: EOPNOTSUPP.
  virtual Result<Consumer*> bypass();
  // Optional. One line for people: what is going on here. Default: empty.
  virtual std::string status() const;
  // Optional. The line that makes this geom again, as typed: the class, the verb, the name, what
  // differs from the fallbacks as name=value, and the providers it stands on. Default: empty.
  // See recipe_of() in class.h.
  virtual std::string recipe() const { return {}; }
  // Optional. A few words for people about one of this geom's own providers: what it is a part or a
  // copy of. Default: empty.
  virtual std::string about(const Provider&) const { return {}; }

  Mesh& mesh() const { return *mesh_; }
  const Class& cls() const { return *class_; }
  const std::string& name() const { return name_; }
  // "mbr da0": class and name, for sentences.
  std::string title() const;
  std::uint64_t id() const { return id_; }
  // 1 without an attached consumer, else one more than the highest rank below.
  int rank() const { return rank_; }
  bool withering() const { return withering_; }

  const LinkedList<Provider, ByGeom>& providers() const { return providers_; }
  const LinkedList<Consumer, ByGeom>& consumers() const { return consumers_; }
  LinkedList<Provider, ByGeom>& providers() { return providers_; }
  LinkedList<Consumer, ByGeom>& consumers() { return consumers_; }

 protected:
  // The union rule: every consumer is open for reading, writing, exclusively if any provider is
  // needed so, and exclusively as well if any is written.
  void require_union(AccessPlan& plan);

 private:
  friend class Mesh;
  friend class AccessPlan;
  friend class Rank;
  friend class Stay;

  Mesh* mesh_;
  const Class* class_;
  std::string name_;
  std::uint64_t id_ = 0;
  int rank_ = 1;
  bool withering_ = false;
  bool wash_queued_ = false;
  bool wash_put_off_ = false;
  std::uint32_t stays_ = 0;
  bool planned_ = false;
  std::uint64_t visit_ = 0;  // Rank: when a walk over the graph was here last
  int colour_ = 0;
  LinkedList<Provider, ByGeom> providers_;
  LinkedList<Consumer, ByGeom> consumers_;
};

// As long as one lives, the geom and its consumers are not freed though it withers: for coroutines
// that will look at them again.
class Stay {
 public:
  explicit Stay(Geom& geom);
  ~Stay();
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;

 private:
  Geom& geom_;
};

}  // namespace biotope
