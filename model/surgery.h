#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "model/mesh.h"

namespace biotope {

// Changes to a mesh that is in use. Each suspends the edges it touches, waits until nothing is in
// flight on them, splices in one step, and lets the requests that came meanwhile go on. An observer
// sees the old mesh or the new one; a refusal leaves the old. What happens while it waits (losses,
// other media, users who come and go) makes it fail where it would be hidden by the change.
class Surgery {
 public:
  explicit Surgery(Mesh& mesh) : mesh_(mesh) {}

  // As Mesh::interpose, but between `below` and all who stand on it, whatever they have open; those
  // who come while it waits are among them.
  static void interpose_above(Mesh& mesh, Provider& below, Provider& upper, Consumer& lower,
                              std::function<void(Status)> then);

  // Where something is put in: into one edge, or all edges of a provider.
  struct Place {
    std::uint64_t edge_id = 0;   // 0: all
    std::uint64_t below_id = 0;  // 0: what the edge stands on when it is time
  };
  // See Mesh::interpose, remove and exchange; objects by number, since they may be gone when it is
  // time.
  Task<Status> interpose(Place place, std::uint64_t upper_id, std::uint64_t lower_id);
  Task<Status> remove(std::uint64_t geom_id);
  Task<Status> exchange(std::uint64_t geom_id, std::uint64_t with_id);

 private:
  // One end of an edge on its way from one provider to another.
  struct Move {
    Consumer* consumer;
    Provider* from;
    Provider* to;
    Access open;
    bool spoiled;
  };

  using Moves = std::vector<Move>;
  using Edges = std::vector<Consumer*>;
  // What is done when all is quiet.
  struct Operation {
    std::function<Status()> may;    // asked again after every wait
    std::function<Edges()> users;   // whose requests wait meanwhile
    std::function<Edges()> lowers;  // on these nothing may be in flight either
    std::function<Status()> splice;
  };
  struct Pause {
    std::uint64_t edge_id;
    std::int64_t since_ns;
  };

  Edges users_at(const Place& place) const;
  Status may_interpose(const Place& place, std::uint64_t upper_id, std::uint64_t lower_id) const;
  Result<Consumer*> may_remove(std::uint64_t geom_id) const;
  Status may_exchange(std::uint64_t geom_id, std::uint64_t with_id) const;
  // Whether all users of a geom that goes can be moved.
  Status may_leave(const Provider& upper) const;
  Status splice_in(const Place& place, Provider& upper, Consumer& lower);
  Status splice_out(Geom& geom, Consumer& lower);
  Status swap(Geom& geom, Geom& with);
  static void add_users(Provider& from, Provider& to, Moves& moves);
  // Moves a consumer from one provider to another with `access` there, no questions asked, nobody
  // told.
  void move(Consumer& consumer, Provider* to, Access access);
  void tell(const Move& move);
  void move_all(const Moves& users, std::vector<AccessPlan::Wish>& wishes);
  void move_back(const Moves& users);
  void after_moving(const Moves& users, const Mesh::Granted& granted);

  // Suspends the users' edges, waits until all is quiet, splices if that may be at that moment, and
  // lets the requests go on.
  Task<Status> when_quiet(Operation operation);
  // The same for a geom that goes: it withers in the end.
  Task<Status> take_out(std::uint64_t geom_id, std::function<Status()> may,
                        std::function<Status()> splice);
  Task<void> drain(std::vector<std::uint64_t> edge_ids);
  void resume(const Pause& pause);

  Mesh& mesh_;
};

}  // namespace biotope
