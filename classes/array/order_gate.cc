#include "classes/array/order_gate.h"

#include <algorithm>
#include <utility>

#include "model/mesh.h"

namespace biotope::array {

OrderGate::OrderGate(Geom& geom) : geom_(geom), later_(geom.mesh().executor()) {}

Verdict OrderGate::wait(Bio& bio) {
  if (ordered_ != nullptr) {
    waiting_.push(bio);
  } else {
    ordered_ = &bio;
    run_when_idle();
  }
  return Verdict::held();
}

// Completions of what was remapped are not heard here; the edges count them.
bool OrderGate::idle() const {
  return std::ranges::all_of(geom_.consumers(),
                             [](const Consumer& c) { return c.in_flight() == 0; });
}

void OrderGate::run_when_idle() {
  if (idle()) return run();
  later_.after(RequestPath::kReplayDelay_ns, [this] { run_when_idle(); });
}

void OrderGate::run() {
  Bio& bio = *ordered_;
  bio.driver1 = this;
  const Verdict verdict = issue(bio);
  if (verdict.is_held()) return;
  geom_.mesh().deliver(bio, verdict.error());
  open();
}

void OrderGate::part_done(Bio& part) {
  const Bio& bio = *part.parent;
  const bool last = is_ordered(bio) && bio.inbed + 1 == bio.children;
  auto* self = last ? static_cast<OrderGate*>(bio.driver1) : nullptr;
  Children::part_done(part);
  if (self != nullptr) self->open();
}

void OrderGate::open() {
  ordered_ = nullptr;
  BioQueue again = std::exchange(waiting_, BioQueue());
  while (Bio* bio = again.pop()) {
    const Verdict verdict = passes(*bio) ? issue(*bio) : wait(*bio);
    if (!verdict.is_held()) geom_.mesh().deliver(*bio, verdict.error());
  }
}

}  // namespace biotope::array
