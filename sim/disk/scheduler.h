#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/set.hpp>
#include <cstdint>
#include <vector>

#include "sim/disk/disk_request.h"
#include "sim/disk/mechanism.h"

namespace biotope::sim {

// The requests that wait for the arm, and which of them is next. Of equals the oldest is. Allocates
// nothing: requests carry the links.
//
//   fcfs   the oldest
//   sstf   the one whose cylinder is nearest
//   scan   the nearest in the direction of travel, which turns where nothing is left ahead
//   clook  the nearest ahead, upwards; from the highest back to the lowest
//   sptf   the one whose first sector can be reached soonest, with movement and rotation
class Scheduler {
 public:
  // `least_seek_ns` is asked by sptf alone: the least that moving so many cylinders or more can
  // take. Both must outlive the scheduler.
  Scheduler(SchedulerKind kind, const Mechanism& mechanism,
            const std::vector<std::int64_t>& least_seek_ns);

  bool empty() const { return by_age_.empty(); }
  std::size_t size() const { return by_age_.size(); }
  void add(DiskRequest& request);
  void remove(DiskRequest& request);
  // Must not be empty. `now_ns` is when the arm could start.
  DiskRequest& next(std::int64_t now_ns);

  // Oldest first.
  template <class Visit>
  void for_each(Visit visit) {
    for (auto at = by_age_.begin(); at != by_age_.end();) visit(*at++);
  }

 private:
  // By cylinder, then by age.
  struct Before {
    bool operator()(const DiskRequest& a, const DiskRequest& b) const {
      if (a.place.cylinder != b.place.cylinder) return a.place.cylinder < b.place.cylinder;
      return a.number < b.number;
    }
    bool operator()(const DiskRequest& a, std::int64_t cylinder) const {
      return a.place.cylinder < cylinder;
    }
    bool operator()(std::int64_t cylinder, const DiskRequest& a) const {
      return cylinder < a.place.cylinder;
    }
  };
  using ByAge = boost::intrusive::list<
      DiskRequest, boost::intrusive::member_hook<DiskRequest, boost::intrusive::list_member_hook<>,
                                                 &DiskRequest::by_age>>;
  using ByPlace = boost::intrusive::set<
      DiskRequest,
      boost::intrusive::member_hook<DiskRequest, boost::intrusive::set_member_hook<>,
                                    &DiskRequest::by_place>,
      boost::intrusive::compare<Before>>;

  // The first request on the cylinder or above; the first one on the highest cylinder below it.
  ByPlace::iterator from(std::int64_t cylinder);
  ByPlace::iterator below(std::int64_t cylinder);
  DiskRequest& nearest();
  DiskRequest& sweep();
  DiskRequest& circle();
  DiskRequest& soonest(std::int64_t now_ns);

  SchedulerKind kind_;
  const Mechanism& mechanism_;
  const std::vector<std::int64_t>& least_seek_ns_;
  bool upwards_ = true;
  ByAge by_age_;
  ByPlace by_place_;
};

}  // namespace biotope::sim
