#pragma once

#include <cstdint>
#include <functional>
#include <tlm>
#include <vector>

#include "model/executor.h"

namespace biotope::sim {

// A wire that one passage holds at a time. Who comes while it is held waits; when it is free, the
// highest rank has it next, and of equals the one that came first. That is decided when all that is
// due at the instant has come, so that nobody has it for being the first of them.
class Wire {
 public:
  // Called at the end of a passage.
  using Passed = std::function<void(int bay, tlm::tlm_generic_payload& payload, bool out)>;

  // `executor` must outlive the wire.
  Wire(Executor& executor, Passed passed) : executor_(executor), passed_(std::move(passed)) {}

  // `out`: towards the drive.
  void pass(int bay, tlm::tlm_generic_payload& payload, bool out, std::int64_t duration_ns,
            int rank);
  std::int64_t held_ns() const { return held_ns_; }

 private:
  struct Passage {
    int bay;
    tlm::tlm_generic_payload* payload;
    bool out;
    std::int64_t duration_ns;
    int rank;
  };
  void arbitrate();
  void hold_next();

  Executor& executor_;
  Passed passed_;
  std::vector<Passage> waiting_;  // in the order they came
  Passage now_{};
  bool held_ = false;  // or about to be
  std::int64_t held_ns_ = 0;
};

}  // namespace biotope::sim
