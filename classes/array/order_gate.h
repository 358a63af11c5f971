#pragma once

#include "model/executor.h"
#include "model/geom.h"
#include "model/request_path.h"

namespace biotope::array {

// For a geom that stands on several disks, which know nothing of each other's order: a request that
// is ORDERED waits until all of them have done what was issued before, and all that come after wait
// for it.
class OrderGate {
 public:
  explicit OrderGate(Geom& geom);

  // What a part of a request does in the end, when it has come back. The way to Children::part_done
  // for parts that issue() made.
  static void part_done(Bio& part);

 protected:
  ~OrderGate() = default;

  // Nothing is under way. Default: no request is in flight below the geom.
  virtual bool idle() const;
  // Issues the parts of a request that waited; each must end in part_done().
  virtual Verdict issue(Bio& bio) = 0;

  // False for a request that must go to wait().
  bool passes(const Bio& bio) const { return ordered_ == nullptr && !is_ordered(bio); }
  // Issues it when its turn comes.
  Verdict wait(Bio& bio);

 private:
  static bool is_ordered(const Bio& bio) {
    return (bio.flags & kBioOrdered) != 0 && has_range(bio.command);
  }
  void run_when_idle();
  void run();
  void open();

  Geom& geom_;
  Bio* ordered_ = nullptr;
  BioQueue waiting_;
  Lifeline later_;
};

}  // namespace biotope::array
