#include "classes/raid5/raid5.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "classes/parity/xor.h"
#include "classes/raid5/row.h"
#include "model/control_io.h"

namespace biotope {

using parity::Op;

Raid5::~Raid5() = default;

// Where things are -------------------------------------------------------------------------------

bool Raid5::add_tasks(Children& tasks, Bio& bio) {
  const std::int64_t row = row_bytes();
  for (std::int64_t done = 0; done < bio.length_bytes;) {
    const std::int64_t at = bio.position_bytes + done;
    const std::int64_t length = std::min(row - at % row, bio.length_bytes - done);
    if (!tasks.add(*bio.edge, at, done, length)) return false;
    done += length;
  }
  return true;
}

std::size_t Raid5::parity_at(std::int64_t member_offset_bytes) const {
  const auto row = static_cast<std::size_t>(member_offset_bytes / stripe_bytes());
  return count() - 1 - row % count();
}

std::size_t Raid5::parity_member(const Row& op) const {
  return parity_at(op.number * stripe_bytes());
}

// Left-symmetric: data begin behind the parity and go round. Vinum's: they begin on the first
// member, and leave out the parity's.
std::size_t Raid5::member_of(const Row& op, std::size_t chunk) const {
  if (self().by_hand) return chunk < parity_member(op) ? chunk : chunk + 1;
  return (parity_member(op) + 1 + chunk) % count();
}

// What the request has in that chunk; nothing where it ends before it begins.
Raid5::Part Raid5::part_of(const Row& op, std::size_t chunk) const {
  const std::int64_t start = static_cast<std::int64_t>(chunk) * stripe_bytes();
  return {std::max(op.from_bytes - start, std::int64_t{0}),
          std::min(op.to_bytes - start, stripe_bytes())};
}

Data Raid5::data_of(const Row& op, std::size_t chunk) const {
  const std::int64_t start = static_cast<std::int64_t>(chunk) * stripe_bytes();
  return op.task->data.shifted(std::max(start - op.from_bytes, std::int64_t{0}));
}

std::byte* Raid5::place(const Row& op, std::size_t member, Part part) const {
  return op.memory + static_cast<std::int64_t>(member) * op.stride_bytes + part.from_bytes -
         op.hull.from_bytes;
}

std::int64_t Raid5::memory_bytes(const Row& op) const {
  return (op.stride_bytes + self().sector_size_bytes) * static_cast<std::int64_t>(count());
}

bool Raid5::readable(const Row& op, std::size_t member) const {
  return member != op.missing && good(member);
}

void Raid5::take(Bio& task, Op::Kind kind) {
  if (free_ == nullptr) {
    all_.push_back(std::make_unique<Row>());
    free_ = all_.back().get();
    free_->segments.resize(2 * count());
  }
  Row& op = *free_;
  free_ = static_cast<Row*>(op.next);
  op.next = nullptr;
  op.task = &task;
  op.group = this;
  op.kind = kind;
  op.error = 0;
  op.failed = 0;
  op.number = task.position_bytes / row_bytes();
  op.from_bytes = task.position_bytes % row_bytes();
  op.to_bytes = op.from_bytes + task.length_bytes;
  const std::int64_t first = op.from_bytes / stripe_bytes();
  const bool one = (op.to_bytes - 1) / stripe_bytes() == first;
  op.hull = one ? part_of(op, static_cast<std::size_t>(first)) : Part{0, stripe_bytes()};
  op.missing = absent();
  op.logged = 0;
  constexpr std::int64_t kAlign = 64;
  op.stride_bytes = (op.hull.length_bytes() + kAlign - 1) / kAlign * kAlign;
  op.memory = scratch_.take(memory_bytes(op));
  task.driver1 = &op;
  op.step = kind == Op::Kind::read ? &Raid5::ask_read : &Raid5::choose;
  next(op);
}

void Raid5::release(Op& base) {
  auto& op = static_cast<Row&>(base);
  scratch_.put(op.memory, memory_bytes(op));
  if (op.logged != 0) window_.done(op.logged);
  op.next = std::exchange(free_, &op);
  if (!waking_) wake();
}

void Raid5::wake() {
  waking_ = true;
  while (waiting_for_log_ != nullptr && !window_.full()) {
    Row& first = *waiting_for_log_;
    waiting_for_log_ = static_cast<Row*>(first.next);
    if (waiting_for_log_ == nullptr) last_waiting_ = nullptr;
    log(first);
  }
  waking_ = false;
}

void Raid5::next(Op& base) {
  auto& op = static_cast<Row&>(base);
  (this->*op.step)(op);
}

void Raid5::send(Row& op, Children& parts, void (Raid5::*then)(Row&)) {
  op.step = then;
  issue(op, parts);
}

// Asks a member for those bytes of its part of the row, into its memory.
bool Raid5::ask_row(Row& op, Children& parts, std::size_t member, Part part) {
  return ask(parts, member, Command::read, op.number * stripe_bytes() + part.from_bytes,
             part.length_bytes(), Data(place(op, member, part)));
}

// Reads ------------------------------------------------------------------------------------------

void Raid5::ask_read(Row& op) {
  Children parts(mesh().path(), *op.task);
  bool fine = true;
  op.restored = count();
  for (std::size_t chunk = 0; fine && chunk < data_chunks(); ++chunk) {
    const Part part = part_of(op, chunk);
    const std::size_t member = member_of(op, chunk);
    if (part.length_bytes() <= 0) continue;
    if (readable(op, member)) {
      fine = ask(parts, member, Command::read, op.number * stripe_bytes() + part.from_bytes,
                 part.length_bytes(), data_of(op, chunk));
      continue;
    }
    op.restored = member;
    for (std::size_t other = 0; fine && other < count(); ++other) {
      if (other == member) continue;
      if (!readable(op, other)) {
        op.error = EIO;
        return finish(op);
      }
      fine = ask_row(op, parts, other, part);
    }
  }
  if (!fine) return try_again(op);
  send(op, parts, &Raid5::got_read);
}

void Raid5::got_read(Row& op) {
  if (op.failed != 0) {
    // From the others, where one could not be read.
    if (op.missing < count() || !std::has_single_bit(op.failed)) {
      op.error = EIO;
      return finish(op);
    }
    op.missing = static_cast<std::size_t>(std::countr_zero(op.failed));
    return ask_read(op);
  }
  if (op.restored == count()) return finish(op);
  for (std::size_t chunk = 0; chunk < data_chunks(); ++chunk) {
    if (member_of(op, chunk) != op.restored) continue;
    const Part part = part_of(op, chunk);
    restore(op, op.restored, part);
    const std::byte* bytes = place(op, op.restored, part);
    data_of(op, chunk).copy_in(std::span(bytes, static_cast<std::size_t>(part.length_bytes())));
  }
  finish(op);
}

// What is on `member` there, from what is on all others.
void Raid5::restore(const Row& op, std::size_t member, Part part) const {
  std::byte* all[parity::kMostMembers];
  std::size_t n = 0;
  for (std::size_t i = 0; i < count(); ++i) {
    if (i != member) all[n++] = place(op, i, part);
  }
  all[n++] = place(op, member, part);
  parity::xor_all(std::span(all, n), static_cast<std::size_t>(part.length_bytes()));
}

// After a power cut ------------------------------------------------------------------------------

Task<Status> Raid5::recover() {
  const std::int64_t sector = self().sector_size_bytes;
  const std::int64_t log_bytes = std::int64_t{self().log_slots} * (sector + stripe_bytes());
  raid5::Recovery recovery(
      {self().id, self().log_slots, sector, stripe_bytes(), self().member_bytes()});
  std::uint64_t floor = 1;
  for (std::size_t i = 0; i < count(); ++i) {
    if (!good(i)) continue;
    floor = std::max(floor, members()[i].record.log_floor);
    Result<Bytes> log =
        co_await biotope::read(*members()[i].edge, self().member_bytes(), log_bytes);
    if (log) {
      recovery.add(i, std::move(*log));
    } else if (good(i) && !lose(i, Loss::broken, "its log can not be read")) {
      co_return pass_on(log);
    }
  }
  for (const raid5::Recovery::Piece& piece : recovery.pieces(floor)) {
    if (!good(piece.member)) continue;
    const Status written =
        co_await biotope::write(*members()[piece.member].edge, piece.offset_bytes, piece.bytes);
    if (written || !good(piece.member)) continue;
    if (!lose(piece.member, Loss::broken, "its log can not be played back")) co_return written;
  }
  window_.begin(std::max(recovery.newest() + 1, floor), self().log_slots);
  co_return co_await flush_all();
}

}  // namespace biotope
