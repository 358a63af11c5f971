#include "classes/array/copies.h"

#include "classes/array/order_gate.h"
#include "model/mesh.h"

namespace biotope::array {

namespace {

// Where the part's bytes begin in the map. Its own offset is that on the disk.
std::int64_t position_of(const Bio& part) {
  return static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(part.caller2));
}

void set_position(Bio& part, std::int64_t position_bytes) {
  part.caller2 = reinterpret_cast<void*>(static_cast<std::intptr_t>(position_bytes));
}

}  // namespace

Copies::Copies(Mesh& mesh, std::size_t count) : mesh_(mesh), count_(count) {
  for (std::size_t first = 0; first < count; ++first) {
    for (std::size_t now = 0; now < count; ++now) attempts_.push_back({this, first, now});
  }
}

bool Copies::any_good() const {
  for (std::size_t copy = 0; copy < count_; ++copy) {
    if (good(copy)) return true;
  }
  return false;
}

bool Copies::add(Children& parts, const Bio& bio, std::size_t copy, std::int64_t done_bytes,
                 const Piece& place) {
  Bio* part = parts.add_own(*place.to, bio.command, place.position_bytes, place.length_bytes,
                            bio.data.shifted(done_bytes));
  if (part == nullptr) return false;
  part->caller1 = &attempt(copy, copy);
  set_position(*part, bio.position_bytes + done_bytes);
  return true;
}

// In pieces that lie together on every copy, so that each can be read from each.
Verdict Copies::read(Bio& bio) {
  if (!any_good()) return Verdict::done(ENXIO);
  Children parts(mesh_.path(), bio);
  for (std::int64_t done = 0; done < bio.length_bytes;) {
    const std::int64_t at = bio.position_bytes + done;
    std::int64_t length = bio.length_bytes - done;
    for (std::size_t copy = 0; copy < count_; ++copy) {
      length = piece_of(copy, at, length).length_bytes;
    }
    const std::size_t copy = choose(at, length);
    if (!add(parts, bio, copy, done, piece_of(copy, at, length))) return Verdict::done(ENOMEM);
    done += length;
  }
  return parts.issue(&Copies::read_done);
}

void Copies::read_done(Bio& part) {
  const Attempt& tried = *static_cast<const Attempt*>(part.caller1);
  if (part.error != 0 && tried.copies->read_again(part, tried)) return;
  OrderGate::part_done(part);
}

bool Copies::read_again(Bio& part, const Attempt& tried) {
  for (std::size_t next = (tried.now + 1) % count_; next != tried.first;
       next = (next + 1) % count_) {
    if (!good(next)) continue;
    const Piece place = piece_of(next, position_of(part), part.length_bytes);
    part.caller1 = &attempt(tried.first, next);
    part.offset_bytes = place.position_bytes;
    mesh_.submit(part, *place.to);
    return true;
  }
  return false;
}

Verdict Copies::write(Bio& bio) {
  if (!any_good()) return Verdict::done(ENXIO);
  Children parts(mesh_.path(), bio);
  for (std::size_t copy = 0; copy < count_; ++copy) {
    if (!good(copy)) continue;
    for (std::int64_t done = 0; done < bio.length_bytes;) {
      const Piece place = piece_of(copy, bio.position_bytes + done, bio.length_bytes - done);
      if (!add(parts, bio, copy, done, place)) return Verdict::done(ENOMEM);
      done += place.length_bytes;
    }
  }
  return parts.issue(&Copies::write_done);
}

void Copies::write_done(Bio& part) {
  const Attempt& attempt = *static_cast<const Attempt*>(part.caller1);
  attempt.copies->written(part, attempt.now);
}

void Copies::written(Bio& part, std::size_t) { OrderGate::part_done(part); }

}  // namespace biotope::array
