#include "classes/array/array.h"

namespace biotope::array {

Verdict MappedArray::start(Bio& bio, Provider&) {
  if (!has_range(bio.command) || !passes(bio)) [[unlikely]] {
    return start_slowly(bio);
  }
  const Piece first = piece(bio.position_bytes, bio.length_bytes);
  if (first.length_bytes != bio.length_bytes) return split(bio, first);
  bio.position_bytes = first.position_bytes;
  return Verdict::remapped(*first.to);
}

Verdict MappedArray::split(Bio& bio, Piece next) {
  Children parts(mesh().path(), bio);
  for (std::int64_t done = 0;;) {
    if (!parts.add(*next.to, next.position_bytes, done, next.length_bytes)) {
      return Verdict::done(ENOMEM);
    }
    done += next.length_bytes;
    if (done == bio.length_bytes) break;
    next = piece(bio.position_bytes + done, bio.length_bytes - done);
  }
  return parts.issue(passes(bio) ? &Children::part_done : &OrderGate::part_done);
}

Verdict MappedArray::start_slowly(Bio& bio) {
  if (bio.command == Command::getattr) return Verdict::done(EOPNOTSUPP);
  return passes(bio) ? issue(bio) : wait(bio);
}

// One that waited can not be remapped any more.
Verdict MappedArray::issue(Bio& bio) {
  if (!complete()) return Verdict::done(ENXIO);
  if (bio.command == Command::flush) return to_all(bio);
  return split(bio, piece(bio.position_bytes, bio.length_bytes));
}

}  // namespace biotope::array
