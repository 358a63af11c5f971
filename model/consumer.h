#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <string>

#include "model/access.h"
#include "model/bio.h"
#include "model/links.h"
#include "model/provider.h"
#include "model/sector_guard.h"

namespace biotope {

// What has passed an edge upwards, by command.
struct EdgeStatistics {
  struct Line {
    std::uint64_t operations = 0;
    std::int64_t completed_bytes = 0;
    std::uint64_t errors = 0;
    std::int64_t duration_ns = 0;  // sum over the operations, from entering the edge to leaving it
  };
  std::array<Line, kCommandCount> by_command{};

  const Line& operator[](Command c) const { return by_command[static_cast<std::size_t>(c)]; }
  std::uint64_t operations() const;
};

// A geom's attachment to a provider below: an edge of the mesh, and the hot half of the request
// path. Belongs to exactly one geom; attached to no provider or to one.
class Consumer : public Link<ByGeom>, public Link<ByProvider> {
 public:
  Consumer(Geom& geom, std::uint64_t id) : geom_(&geom), id_(id) {}
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  Geom& geom() const { return *geom_; }
  Provider* provider() const { return provider_; }  // null when not attached
  std::uint64_t id() const { return id_; }
  Access access() const { return access_; }
  // The provider is lost or the geom is no longer to be trusted: no new requests, no new opens.
  bool orphaned() const { return orphaned_; }
  bool spoiled() const { return spoiled_; }
  // Dropped by its geom: closed, detached and freed as soon as it is idle.
  bool leaving() const { return leaving_; }
  // Surgery holds new requests back.
  bool suspended() const { return suspended_; }

  std::uint64_t in_flight() const { return in_flight_; }
  // Requests that are in flight below or wait here for a suspension to end.
  bool idle() const { return in_flight_ == 0 && parked_.empty(); }
  const EdgeStatistics& statistics() const { return statistics_; }
  // "fs /usr -> da0s1a", for sentences.
  std::string name() const;

  // True when every entry check passes at a glance; false asks for a second look, which knows the
  // reason. The mask leaves only numbers whose sum can not overflow.
  bool admits(const Bio& bio) const {
    const auto position = static_cast<std::uint64_t>(bio.position_bytes);
    const auto length = static_cast<std::uint64_t>(bio.length_bytes);
    const auto beyond_first = static_cast<std::uint8_t>(static_cast<int>(bio.command) - first_);
    if (beyond_first >= allowed_) return false;
    const Provider::Extent& extent = provider_->extent_;
    return ((position | length) & extent.forbidden_bits) == 0 && length != 0 &&
           position + length <= extent.size_bytes;
  }

 private:
  friend class Mesh;
  friend class AccessPlan;
  friend class RequestPath;
  friend class Surgery;

  // Recomputes which commands may pass without a second look. To be called whenever one of its
  // reasons changes: access, provider, the provider's error and guards, orphaned, suspended,
  // starved, caught.
  void refresh_gate();
  // Calls visit(guard) for each that guards the provider against this edge, in order, until it
  // returns true; gives that one, or null.
  template <class Visit>
  SectorGuard* find_guard(Visit visit) const;

  Provider* provider_ = nullptr;
  // Commands first_ to first_ + allowed_ - 1 pass at a glance: ranges of read, write, remove,
  // format.
  std::uint8_t first_ = 0;
  std::uint8_t allowed_ = 0;
  bool suspended_ = false;
  bool orphaned_ = false;
  bool spoiled_ = false;
  bool leaving_ = false;
  bool wants_idle_ = false;  // somebody waits for idle()
  bool planned_ = false;     // part of the access plan being made
  std::uint64_t in_flight_ = 0;
  EdgeStatistics statistics_;

  Geom* geom_;
  std::uint64_t id_;
  Access access_;
  Access would_be_;  // meaningful while planned_
  BioQueue parked_;
  BioQueue starved_;  // issued here, found memory exhausted, will go again; or may not pass those
  std::uint32_t starved_barriers_ = 0;
  std::coroutine_handle<> drained_;  // resumed when idle, where surgery waits for that
  SectorGuard* guard_ = nullptr;     // guards the provider against all other edges
  bool guarded_ = false;             // somebody guards the provider against this one
  bool past_guards_ = false;         // nobody ever does
  std::uint32_t caught_ = 0;         // requests that guards hold here
  std::uint32_t caught_barriers_ = 0;
};

template <class Visit>
SectorGuard* Consumer::find_guard(Visit visit) const {
  if (provider_ == nullptr) return nullptr;
  if (provider_->guard_ != nullptr && visit(*provider_->guard_)) return provider_->guard_;
  for (const Consumer& other : provider_->consumers_) {
    if (&other == this || other.guard_ == nullptr) continue;
    if (visit(*other.guard_)) return other.guard_;
  }
  return nullptr;
}

}  // namespace biotope
