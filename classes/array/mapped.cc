#include <algorithm>
#include <utility>

#include "classes/array/array.h"

namespace biotope::array {

Verdict MappedArray::start(Bio& bio, Provider&) {
  if (!has_range(bio.command) || ordered_ != nullptr || (bio.flags & kBioOrdered) != 0)
      [[unlikely]] {
    return start_slowly(bio);
  }
  const Piece first = piece(bio.position_bytes, bio.length_bytes);
  if (first.length_bytes != bio.length_bytes) return split(bio, first, &Children::part_done);
  bio.position_bytes = first.position_bytes;
  return Verdict::remapped(*first.to);
}

Verdict MappedArray::split(Bio& bio, Piece next, BioDone each_done) {
  Children parts(mesh().path(), bio);
  for (std::int64_t done = 0;;) {
    if (!parts.add(*next.to, next.position_bytes, done, next.length_bytes)) {
      return Verdict::done(ENOMEM);
    }
    done += next.length_bytes;
    if (done == bio.length_bytes) return parts.issue(each_done);
    next = piece(bio.position_bytes + done, bio.length_bytes - done);
  }
}

Verdict MappedArray::start_slowly(Bio& bio) {
  if (bio.command == Command::getattr) return Verdict::done(EOPNOTSUPP);
  if (ordered_ != nullptr) {
    waiting_.push(bio);
    return Verdict::held();
  }
  if (bio.command == Command::flush) return to_all(bio);
  ordered_ = &bio;
  run_ordered_when_idle();
  return Verdict::held();
}

// Completions of what was remapped are not heard here; the edges count them.
void MappedArray::run_ordered_when_idle() {
  const bool idle = std::ranges::all_of(
      members(), [](const Consumer* m) { return m == nullptr || m->in_flight() == 0; });
  if (idle) return run_ordered();
  later_.after(RequestPath::kReplayDelay_ns, [this] { run_ordered_when_idle(); });
}

void MappedArray::run_ordered() {
  Bio& bio = *ordered_;
  bio.driver1 = this;
  Verdict verdict = Verdict::done(ENXIO);
  if (complete()) {
    verdict = split(bio, piece(bio.position_bytes, bio.length_bytes), &MappedArray::ordered_done);
  }
  if (verdict.is_held()) return;
  mesh().deliver(bio, verdict.error());
  open_gate();
}

void MappedArray::ordered_done(Bio& part) {
  Bio& bio = *part.parent;
  auto& self = *static_cast<MappedArray*>(bio.driver1);
  const bool last = bio.inbed + 1 == bio.children;
  Children::part_done(part);
  if (last) self.open_gate();
}

void MappedArray::open_gate() {
  ordered_ = nullptr;
  BioQueue again = std::exchange(waiting_, BioQueue());
  while (Bio* bio = again.pop()) {
    const Verdict verdict = go_on(*bio);
    if (!verdict.is_held()) mesh().deliver(*bio, verdict.error());
  }
}

// One that waited can not be remapped any more.
Verdict MappedArray::go_on(Bio& bio) {
  if (!complete()) return Verdict::done(ENXIO);
  if (!has_range(bio.command) || ordered_ != nullptr || (bio.flags & kBioOrdered) != 0) {
    return start_slowly(bio);
  }
  return split(bio, piece(bio.position_bytes, bio.length_bytes), &Children::part_done);
}

}  // namespace biotope::array
