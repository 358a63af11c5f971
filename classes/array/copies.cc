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
  Bio* part = parts.add_own(place.to == nullptr ? *bio.edge : *place.to, bio.command,
                            place.position_bytes, place.length_bytes, bio.data.shifted(done_bytes));
  if (part == nullptr) return false;
  part->caller1 = &attempt(copy, copy);
  set_position(*part, bio.position_bytes + done_bytes);
  return true;
}

// A part on no disk has its parent's edge.
Verdict Copies::send(Children& parts, bool all_on_disks, BioDone each_done) {
  if (all_on_disks) return parts.issue(each_done);
  return parts.hand_to([&](Bio& part) {
    part.done = each_done;
    if (part.edge != part.parent->edge) return mesh_.submit(part, *part.edge);
    work_out(part, static_cast<const Attempt*>(part.caller1)->now);
  });
}

void Copies::work_out(Bio& part, std::size_t) { mesh_.deliver(part, EOPNOTSUPP); }

void Copies::part_back(Bio& part) { OrderGate::part_done(part); }

// In pieces that lie together on every copy, so that each can be read from each.
Verdict Copies::read(Bio& bio) {
  if (!any_good()) return Verdict::done(ENXIO);
  Children parts(mesh_.path(), bio);
  bool all_on_disks = true;
  for (std::int64_t done = 0; done < bio.length_bytes;) {
    const std::int64_t at = bio.position_bytes + done;
    std::int64_t length = bio.length_bytes - done;
    for (std::size_t copy = 0; copy < count_; ++copy) {
      length = piece_of(copy, at, length).length_bytes;
    }
    const std::size_t copy = choose(at, length);
    const Piece place = piece_of(copy, at, length);
    if (!add(parts, bio, copy, done, place)) return Verdict::done(ENOMEM);
    all_on_disks = all_on_disks && place.to != nullptr;
    done += length;
  }
  return send(parts, all_on_disks, &Copies::read_done);
}

void Copies::read_done(Bio& part) {
  const Attempt& tried = *static_cast<const Attempt*>(part.caller1);
  if (part.error != 0 && tried.copies->read_again(part, tried)) return;
  tried.copies->part_back(part);
}

// What was asked of a disk is now to be worked out.
void Copies::hand_over(Bio& part, std::size_t copy) {
  part.id = 0;
  part.flags &= kBioInheritedFlags;
  part.edge = part.parent->edge;
  part.offset_bytes = part.position_bytes = position_of(part);
  part.completed_bytes = 0;
  work_out(part, copy);
}

bool Copies::read_again(Bio& part, const Attempt& tried) {
  if (part.edge != part.parent->edge && good(tried.now) && works_out(tried.now)) {
    hand_over(part, tried.now);
    return true;
  }
  for (std::size_t next = (tried.now + 1) % count_; next != tried.first;
       next = (next + 1) % count_) {
    if (!good(next)) continue;
    const Piece place = piece_of(next, position_of(part), part.length_bytes);
    part.caller1 = &attempt(tried.first, next);
    if (place.to == nullptr) {
      hand_over(part, next);
      return true;
    }
    part.offset_bytes = place.position_bytes;
    mesh_.submit(part, *place.to);
    return true;
  }
  return false;
}

Verdict Copies::write(Bio& bio) {
  if (!any_good()) return Verdict::done(ENXIO);
  Children parts(mesh_.path(), bio);
  bool all_on_disks = true;
  for (std::size_t copy = 0; copy < count_; ++copy) {
    if (!good(copy)) continue;
    for (std::int64_t done = 0; done < bio.length_bytes;) {
      const Piece place = written_piece(copy, bio.position_bytes + done, bio.length_bytes - done);
      if (!add(parts, bio, copy, done, place)) return Verdict::done(ENOMEM);
      all_on_disks = all_on_disks && place.to != nullptr;
      done += place.length_bytes;
    }
  }
  return send(parts, all_on_disks, &Copies::write_done);
}

void Copies::write_done(Bio& part) {
  const Attempt& attempt = *static_cast<const Attempt*>(part.caller1);
  attempt.copies->written(part, attempt.now);
}

void Copies::written(Bio& part, std::size_t) { part_back(part); }

}  // namespace biotope::array
