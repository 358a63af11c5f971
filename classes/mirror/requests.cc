// The way of requests through a mirror.
#include <algorithm>
#include <bit>
#include <utility>

#include "classes/mirror/mirror.h"
#include "model/control_io.h"

namespace biotope::mirror {

namespace {

// In a read's caller1, beside the members it was tried on: it has been cut into sectors, and each
// of those has found its own way.
constexpr std::uint64_t kInPieces = std::uint64_t{1} << 63;

std::uint64_t tried_by(const Bio& part) { return reinterpret_cast<std::uintptr_t>(part.caller1); }

void set_tried(Bio& part, std::uint64_t tried) { part.caller1 = reinterpret_cast<void*>(tried); }

// A part whose parent is a part itself: one sector of a read that no single disk could serve.
bool is_piece(const Bio& part) { return &part.parent->edge->geom() == &part.edge->geom(); }

}  // namespace

Verdict Mirror::start(Bio& bio, Provider&) {
  ++requests_;
  if (bio.command == Command::write && smooth_ && waiting_.empty() &&
      traffic_.free_for_write(bio.position_bytes, bio.length_bytes) &&
      marks_.pass(bio.position_bytes, bio.length_bytes)) [[likely]] {
    return write(bio);
  }
  return start_slowly(bio);
}

Verdict Mirror::start_slowly(Bio& bio) {
  if (state_ != State::running) return Verdict::done(ENXIO);
  switch (bio.command) {
    case Command::getattr:
      return answer(bio);
    case Command::remove:
      if (!providers().front().properties().deletable) return Verdict::done(EOPNOTSUPP);
      break;
    case Command::format:
      return Verdict::done(EOPNOTSUPP);
    default:
      break;
  }
  const bool barrier = is_barrier(bio);
  const bool behind =
      !waiting_.empty() && (needs_write(bio.command) || barrier || waiting_barriers_ > 0);
  if (!behind && !must_wait(bio)) return dispatch(bio);
  waiting_.push(bio);
  if (barrier) ++waiting_barriers_;
  // What waits behind others may need something on disk that they do not.
  const bool changes = bio.command == Command::write || bio.command == Command::remove;
  if (changes && !marks_.pass(bio.position_bytes, bio.length_bytes)) want_catch_up();
  return Verdict::held();
}

// Why a request can not go to the disks at this moment. Whatever the reason is, when it goes away
// drain() is called.
bool Mirror::must_wait(const Bio& bio) {
  const std::int64_t offset = bio.position_bytes;
  const std::int64_t length = bio.length_bytes;
  if (bio.command == Command::read) return traffic_.writes.in(offset, length);
  const bool unrecorded = raise_genid_ == Raise::now || raise_syncid_ == Raise::now;
  if (busy_ || catch_up_wanted_ || unrecorded) {
    want_catch_up();
    return true;
  }
  if (bio.command == Command::flush) return false;
  if (!ready_to_write()) {
    want_catch_up();
    return true;
  }
  if (!traffic_.free_for_write(offset, length)) return true;
  if (marks_.pass(offset, length)) return false;
  want_catch_up();
  return true;
}

Verdict Mirror::dispatch(Bio& bio) {
  switch (bio.command) {
    case Command::read:
      return read(bio);
    case Command::flush:
      return flush(bio);
    default:
      return write(bio);
  }
}

void Mirror::drain() {
  if (draining_) return;
  draining_ = true;
  while (Bio* bio = waiting_.front()) {
    if (must_wait(*bio)) break;
    waiting_.pop();
    if (is_barrier(*bio)) --waiting_barriers_;
    const Verdict verdict = dispatch(*bio);
    if (!verdict.is_held()) mesh().deliver(*bio, verdict.error());
  }
  draining_ = false;
}

void Mirror::fail_waiting(int error) {
  BioQueue failed = std::exchange(waiting_, BioQueue());
  waiting_barriers_ = 0;
  while (Bio* bio = failed.pop()) mesh().deliver(*bio, error);
}

Verdict Mirror::answer(Bio& bio) const {
  const std::string_view name = bio.attribute;
  if (name != "GEOM::candelete") return Verdict::done(EOPNOTSUPP);
  const std::int64_t can = providers().front().properties().deletable ? 1 : 0;
  return answer_attribute(bio, std::as_bytes(std::span(&can, 1)));
}

// Reads ------------------------------------------------------------------------------------------

Verdict Mirror::read(Bio& bio) {
  if (active_.empty()) return Verdict::done(ENXIO);
  if (self_.balance == Balance::split && bio.length_bytes > self_.slice_bytes &&
      active_.size() > 1) {
    return split_read(bio);
  }
  Member& member = reads_.choose(self_.balance, active_, bio.position_bytes, bio.length_bytes);
  Children parts(mesh().path(), bio);
  if (!parts.add_copy(*member.edge, bio.position_bytes)) return Verdict::done(ENOMEM);
  traffic_.reads.enter(bio);
  return parts.issue(&Mirror::read_part_done);
}

// In as many equal pieces as there are good disks, in whole sectors.
Verdict Mirror::split_read(Bio& bio) {
  const std::int64_t sector = self_.sector_size_bytes;
  const auto count = static_cast<std::int64_t>(active_.size());
  const std::int64_t even = (bio.length_bytes + count - 1) / count;
  const std::int64_t piece = (even + sector - 1) / sector * sector;
  Children parts(mesh().path(), bio);
  for (std::int64_t done = 0; done < bio.length_bytes; done += piece) {
    const std::int64_t length = std::min(piece, bio.length_bytes - done);
    Member& member = reads_.choose(self_.balance, active_, bio.position_bytes + done, length);
    if (!parts.add(*member.edge, bio.position_bytes + done, done, length)) {
      return Verdict::done(ENOMEM);
    }
  }
  traffic_.reads.enter(bio);
  return parts.issue(&Mirror::read_part_done);
}

void Mirror::read_part_done(Bio& part) {
  auto& self = static_cast<Mirror&>(part.edge->geom());
  if (part.error != 0) {
    if (self.read_again(part)) return;
  } else if (tried_by(part) != 0) {
    self.read_elsewhere(part);
  }
  const bool last = part.parent->inbed + 1 == part.parent->children && !is_piece(part);
  if (last) self.traffic_.reads.leave(*part.parent);
  Children::part_done(part);
  if (last && !self.waiting_.empty()) [[unlikely]]
    self.drain();
}

// Each part of a read finds its own way, whatever becomes of the others and in whatever order they
// come back: to each good disk once, and then sector by sector to each. It fails when a sector of
// it is on none.
bool Mirror::read_again(Bio& part) {
  std::uint64_t tried = tried_by(part);
  if ((tried & kInPieces) != 0 || state_ != State::running) return false;
  if (Member* failed = find(*part.edge)) {
    tried |= failed->bit();
    if (part.error == ENXIO) lose(*failed, Loss::gone, "it does not answer a read");
  }
  set_tried(part, tried);
  Member* next = pick(tried, part.offset_bytes, part.length_bytes);
  if (next == nullptr) return read_in_pieces(part);
  part.edge = next->edge;
  mesh().submit(part, *next->edge);
  return true;
}

bool Mirror::read_in_pieces(Bio& part) {
  const std::int64_t sector = self_.sector_size_bytes;
  if (is_piece(part) || active_.size() < 2 || part.length_bytes <= sector) return false;
  const int error = part.error;
  set_tried(part, tried_by(part) | kInPieces);
  Children pieces(mesh().path(), part);
  for (std::int64_t done = 0; done < part.length_bytes; done += sector) {
    if (!pieces.add(*active_.front()->edge, part.offset_bytes + done, done, sector)) {
      part.error = error;
      return false;
    }
  }
  return pieces.issue(&Mirror::read_part_done).is_held();
}

// It has been read in the end: those that could not are no longer needed for it. Where a disk is
// the only one with some other sector of the same read it is kept.
void Mirror::read_elsewhere(const Bio& part) {
  const std::uint64_t tried = tried_by(part);
  if ((tried & kInPieces) != 0) return;
  std::vector<std::uint32_t> failed;
  for (const Member* member : active_) {
    if ((tried & member->bit()) != 0) failed.push_back(member->number);
  }
  for (const std::uint32_t number : failed) {
    if (tuning_.repair) {
      want_repair(number, part.offset_bytes, part.length_bytes);
    } else if (!is_piece(part)) {
      lose(*find(number), Loss::broken, "it can not be read");
    }
  }
}

Member* Mirror::pick(std::uint64_t tried, std::int64_t offset_bytes, std::int64_t length_bytes) {
  std::vector<Member*> left;
  std::ranges::copy_if(active_, std::back_inserter(left),
                       [&](const Member* m) { return (tried & m->bit()) == 0; });
  if (left.empty()) return nullptr;
  return &reads_.choose(self_.balance, left, offset_bytes, length_bytes);
}

// Writes -----------------------------------------------------------------------------------------

Verdict Mirror::write(Bio& bio) {
  Children parts(mesh().path(), bio);
  for (Consumer* target : targets_) {
    if (!parts.add_copy(*target, bio.position_bytes)) return Verdict::done(ENOMEM);
  }
  ++writes_;
  traffic_.writes.enter(bio);
  return parts.issue(&Mirror::write_part_done);
}

void Mirror::write_part_done(Bio& part) {
  auto& self = static_cast<Mirror&>(part.edge->geom());
  if (part.error != 0 || !self.troubles_.empty()) [[unlikely]] {
    return self.part_done_in_trouble(part);
  }
  const Bio& parent = *part.parent;
  const bool last = parent.inbed + 1 == parent.children;
  if (last) self.leave(*part.parent);
  Children::part_done(part);
  if (last && !self.waiting_.empty()) [[unlikely]]
    self.drain();
}

Verdict Mirror::flush(Bio& bio) {
  Children parts(mesh().path(), bio);
  for (Consumer* target : targets_) {
    if (!parts.add_copy(*target, bio.position_bytes)) return Verdict::done(ENOMEM);
  }
  return parts.issue(&Mirror::flush_part_done);
}

void Mirror::flush_part_done(Bio& part) {
  auto& self = static_cast<Mirror&>(part.edge->geom());
  if (part.error != 0 || !self.troubles_.empty()) return self.part_done_in_trouble(part);
  Children::part_done(part);
}

void Mirror::leave(Bio& write) {
  traffic_.writes.leave(write);
  traffic_.write_left();
}

// Trouble ----------------------------------------------------------------------------------------

Mirror::Trouble* Mirror::trouble_of(const Bio& parent) {
  const auto found = std::ranges::find(troubles_, &parent, &Trouble::parent);
  return found == troubles_.end() ? nullptr : &*found;
}

// One more child than there are parts keeps the parent here until its trouble is over.
void Mirror::part_done_in_trouble(Bio& part) {
  Bio& parent = *part.parent;
  const int error = std::exchange(part.error, 0);
  if (error != 0) {
    if (trouble_of(parent) == nullptr) {
      ++parent.children;
      troubles_.push_back({&parent, 0, 0, 0, false});
    }
    Trouble& trouble = *trouble_of(parent);
    ++trouble.failed;
    Member* member = find(*part.edge);
    if (error == EOPNOTSUPP) {
      if (member != nullptr) trouble.unsupported |= member->bit();
      if (trouble.error == 0) trouble.error = error;
    } else {
      if (trouble.error == 0 || trouble.error == EOPNOTSUPP) trouble.error = error;
      if (member != nullptr) {
        lose(*member, error == ENXIO ? Loss::gone : Loss::broken,
             sentence("it failed a ", command_name(parent.command), " with errno ", error));
      }
    }
  }
  const bool troubled = trouble_of(parent) != nullptr;
  const bool last = parent.inbed + 1 + (troubled ? 1 : 0) == parent.children;
  // In trouble it is under way until it comes back: nobody is to read what may not last.
  if (last && !troubled && has_range(parent.command)) leave(parent);
  Children::part_done(part);
  if (!last) return;
  if (troubled) decide(*trouble_of(parent));
  drain();
}

// All parts are back. Disks that did not do what others did differ from them now.
void Mirror::decide(Trouble& trouble) {
  const Bio& parent = *trouble.parent;
  const bool all_failed = trouble.failed + 1 == parent.children;
  trouble.ready = true;
  if (!all_failed) {
    // Weaker than asked for is not done.
    if (parent.command != Command::flush) {
      std::vector<std::uint32_t> differing;
      for (const auto& member : members_) {
        if ((trouble.unsupported & member->bit()) != 0) differing.push_back(member->number);
      }
      for (const std::uint32_t number : differing) {
        lose(*find(number), Loss::broken, "it can not do what the others have done");
      }
      trouble.error = 0;
    } else if (trouble.unsupported == 0) {
      trouble.error = 0;
    }
  }
  const bool unrecorded = raise_genid_ == Raise::now || raise_syncid_ == Raise::now;
  if (state_ != State::running || !(busy_ || catch_up_wanted_ || unrecorded)) {
    release_troubles(state_ == State::running);
  }
}

void Mirror::release_troubles(bool recorded) {
  std::vector<Trouble> over;
  for (const Trouble& t : troubles_) {
    if (t.ready) over.push_back(t);
  }
  std::erase_if(troubles_, [](const Trouble& t) { return t.ready; });
  for (const Trouble& t : over) {
    Bio& parent = *t.parent;
    const int error = t.error != 0 || recorded ? t.error : EIO;
    if (error != 0) parent.completed_bytes = 0;
    if (has_range(parent.command)) leave(parent);
    ++parent.inbed;
    mesh().deliver(parent, error);
  }
}

}  // namespace biotope::mirror
