#pragma once

#include <cstdint>
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

  // See Mesh::interpose and Mesh::remove; objects by number, since they may be gone when it is
  // time.
  Task<Status> interpose(std::uint64_t edge_id, std::uint64_t upper_id, std::uint64_t lower_id);
  Task<Status> remove(std::uint64_t geom_id);

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
  Status splice_in(Consumer& edge, Provider& upper, Consumer& lower);
  Status splice_out(Geom& geom, Consumer& lower);
  // Moves a consumer from one provider to another with `access` there, no questions asked, nobody
  // told.
  void move(Consumer& consumer, Provider* to, Access access);
  void tell(const Move& move);

  Task<void> drain(std::vector<std::uint64_t> edge_ids);
  void suspend(const std::vector<std::uint64_t>& edge_ids);
  void resume(const std::vector<std::uint64_t>& edge_ids, std::int64_t since_ns);

  Mesh& mesh_;
};

}  // namespace biotope
