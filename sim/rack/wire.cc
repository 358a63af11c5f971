#include "sim/rack/wire.h"

#include <algorithm>

namespace biotope::sim {

void Wire::pass(int bay, tlm::tlm_generic_payload& payload, bool out, std::int64_t duration_ns,
                int rank) {
  waiting_.push_back({bay, &payload, out, duration_ns, rank});
  if (!held_) arbitrate();
}

// Answers are posted by what was due: behind them is behind all of the instant.
void Wire::arbitrate() {
  held_ = true;
  executor_.post([this] { executor_.post([this] { hold_next(); }); });
}

void Wire::hold_next() {
  held_ = !waiting_.empty();
  if (!held_) return;
  const auto next =
      std::max_element(waiting_.begin(), waiting_.end(),
                       [](const Passage& a, const Passage& b) { return a.rank < b.rank; });
  now_ = *next;
  waiting_.erase(next);
  held_ns_ += now_.duration_ns;
  executor_.after(now_.duration_ns, [this] {
    const Passage passed = now_;
    arbitrate();
    passed_(passed.bay, *passed.payload, passed.out);
  });
}

}  // namespace biotope::sim
