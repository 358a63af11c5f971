#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "model/access.h"
#include "model/error.h"
#include "model/links.h"
#include "model/task.h"

namespace biotope {

// Changes to a mesh that is in use. Each suspends the edges it touches, waits until nothing is in
// flight on them, splices in one step, and lets the requests that came meanwhile go on. An observer
// sees the old mesh or the new one; a refusal leaves the old. What happens while it waits (losses,
// other media, users who come and go) makes it fail where it would be hidden by the change.
class Surgery {
 public:
  explicit Surgery(Mesh& mesh) : mesh_(mesh) {}

  // See Mesh::interpose, remove and exchange; objects by number, since they may be gone when it is
  // time.
  Task<Status> interpose(std::uint64_t edge_id, std::uint64_t upper_id, std::uint64_t lower_id);
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

  Status may_interpose(std::uint64_t edge_id, std::uint64_t upper_id, std::uint64_t lower_id) const;
  Result<Consumer*> may_remove(std::uint64_t geom_id) const;
  Status may_exchange(std::uint64_t geom_id, std::uint64_t with_id) const;
  // Whether all users of a geom that goes can be moved.
  Status may_leave(const Provider& upper) const;
  Status splice_in(Consumer& edge, Provider& upper, Consumer& lower);
  Status splice_out(Geom& geom, Consumer& lower);
  Status swap(Geom& geom, Geom& with);
  static void add_users(Provider& from, Provider& to, std::vector<Move>& moves);
  // Moves a consumer from one provider to another with `access` there, no questions asked, nobody
  // told.
  void move(Consumer& consumer, Provider* to, Access access);
  void tell(const Move& move);

  // Suspends all edges to a geom, waits until nothing is in flight there or below it, splices if
  // that may be at that moment, and lets the geom wither. `may` is asked again after every wait.
  Task<Status> when_quiet(std::uint64_t geom_id, std::function<Status()> may,
                          std::function<Status()> splice);
  Task<void> drain(std::vector<std::uint64_t> edge_ids);
  void suspend(const std::vector<std::uint64_t>& edge_ids);
  void resume(const std::vector<std::uint64_t>& edge_ids, std::int64_t since_ns);

  Mesh& mesh_;
};

}  // namespace biotope
