#include "sim/rack/wire.h"

#include <algorithm>

namespace biotope::sim {

void Wire::pass(int bay, tlm::tlm_generic_payload& payload, bool out, std::int64_t duration_ns,
                int rank) {
  waiting_.push_back({bay, &payload, out, duration_ns, rank});
  if (!held_) hold_next();
}

void Wire::hold_next() {
  if (waiting_.empty()) return;
  const auto next =
      std::max_element(waiting_.begin(), waiting_.end(),
                       [](const Passage& a, const Passage& b) { return a.rank < b.rank; });
  now_ = *next;
  waiting_.erase(next);
  held_ = true;
  held_ns_ += now_.duration_ns;
  executor_.after(now_.duration_ns, [this] {
    const Passage passed = now_;
    held_ = false;
    hold_next();
    passed_(passed.bay, *passed.payload, passed.out);
  });
}

}  // namespace biotope::sim
