// The way of a write into a row: what it needs of the old data is read, the new parity worked out,
// all of it logged, and then put in its place.
#include <bit>
#include <cstring>
#include <utility>

#include "classes/parity/xor.h"
#include "classes/raid5/row.h"

namespace biotope {

// How the new parity is to be found, and so what has to be read: nothing, what will be overwritten
// and the parity, or what will not be overwritten. Without one member only some of that can be.
Raid5::Method Raid5::method(const Row& op) const {
  std::size_t touched = 0;
  std::size_t covered = 0;
  bool touches_missing = false;
  for (std::size_t chunk = 0; chunk < data_chunks(); ++chunk) {
    const Part part = part_of(op, chunk);
    if (part.length_bytes() <= 0) continue;
    ++touched;
    if (part.length_bytes() == op.hull.length_bytes()) ++covered;
    touches_missing = touches_missing || !readable(op, member_of(op, chunk));
  }
  const std::size_t parity = parity_member(op);
  if (!members()[parity].written()) return Method::no_parity;
  if (covered == data_chunks()) return Method::all;
  if (!good(parity)) return Method::anew;
  if (touches_missing || op.missing == parity) return Method::restore;
  if (!complete() || op.missing < count()) return Method::change;
  return data_chunks() - covered < touched + 1 ? Method::anew : Method::change;
}

void Raid5::choose(Row& op) {
  if (op.missing == count()) op.missing = absent();
  op.method = method(op);
  if (op.method == Method::no_parity) return log(op);
  if (op.method == Method::all) return merge(op);
  ask_old(op);
}

void Raid5::ask_old(Row& op) {
  const std::size_t parity = parity_member(op);
  Children parts(mesh().path(), *op.task);
  bool fine = true;
  if (op.method != Method::anew && readable(op, parity)) fine = ask_row(op, parts, parity, op.hull);
  for (std::size_t chunk = 0; fine && chunk < data_chunks(); ++chunk) {
    const Part part = part_of(op, chunk);
    const std::size_t member = member_of(op, chunk);
    const bool touched = part.length_bytes() > 0;
    const bool covered = part.length_bytes() == op.hull.length_bytes();
    bool wanted = op.method == Method::restore && readable(op, member);
    wanted = wanted || (op.method == Method::change && touched);
    wanted = wanted || (op.method == Method::anew && !covered);
    if (!wanted) continue;
    if (!good(member)) {
      op.error = EIO;
      return finish(op);
    }
    fine = ask_row(op, parts, member, op.method == Method::change ? part : op.hull);
  }
  if (fine) return send(op, parts, &Raid5::got_old);
  op.step = &Raid5::choose;
  try_again(op);
}

void Raid5::got_old(Row& op) {
  if (op.failed == 0) return merge(op);
  // From the others, where one could not be read.
  if (op.missing < count() || !std::has_single_bit(op.failed)) {
    op.error = EIO;
    return finish(op);
  }
  op.missing = static_cast<std::size_t>(std::countr_zero(op.failed));
  op.method = Method::restore;
  ask_old(op);
}

// The new parity, in the parity member's memory.
void Raid5::merge(Row& op) {
  switch (op.method) {
    case Method::all:
      work_out_all(op);
      break;
    case Method::anew:
      work_out_anew(op);
      break;
    case Method::restore:
      restore(op, op.missing, op.hull);
      [[fallthrough]];
    default:
      work_out_by_change(op);
      break;
  }
  log(op);
}

void Raid5::work_out_all(const Row& op) const {
  const std::size_t parity = parity_member(op);
  std::byte* to = place(op, parity, op.hull);
  const std::int64_t length = op.hull.length_bytes();
  if (op.task->data.contiguous(op.task->length_bytes)) {
    std::byte* all[parity::kMostMembers];
    for (std::size_t chunk = 0; chunk < data_chunks(); ++chunk) {
      data_of(op, chunk).for_each_piece(
          length, [&](std::span<std::byte> piece) { all[chunk] = piece.data(); });
    }
    all[data_chunks()] = to;
    return parity::xor_all(std::span(all, count()), static_cast<std::size_t>(length));
  }
  std::memset(to, 0, static_cast<std::size_t>(length));
  for (std::size_t chunk = 0; chunk < data_chunks(); ++chunk) {
    parity::xor_data(to, data_of(op, chunk), length);
  }
}

void Raid5::work_out_by_change(const Row& op) const {
  const std::size_t parity = parity_member(op);
  for (std::size_t chunk = 0; chunk < data_chunks(); ++chunk) {
    const Part part = part_of(op, chunk);
    if (part.length_bytes() <= 0) continue;
    std::byte* to = place(op, parity, part);
    parity::xor_into(to, place(op, member_of(op, chunk), part),
                     static_cast<std::size_t>(part.length_bytes()));
    parity::xor_data(to, data_of(op, chunk), part.length_bytes());
  }
}

void Raid5::work_out_anew(const Row& op) const {
  const std::size_t parity = parity_member(op);
  const auto length = static_cast<std::size_t>(op.hull.length_bytes());
  std::memset(place(op, parity, op.hull), 0, length);
  for (std::size_t chunk = 0; chunk < data_chunks(); ++chunk) {
    const Part part = part_of(op, chunk);
    const std::size_t member = member_of(op, chunk);
    const bool covered = part.length_bytes() == op.hull.length_bytes();
    if (!covered) parity::xor_into(place(op, parity, op.hull), place(op, member, op.hull), length);
    if (part.length_bytes() <= 0) continue;
    std::byte* to = place(op, parity, part);
    const auto part_length = static_cast<std::size_t>(part.length_bytes());
    if (!covered) parity::xor_into(to, place(op, member, part), part_length);
    parity::xor_data(to, data_of(op, chunk), part.length_bytes());
  }
}

// What is to be on each member goes to its log, and then to its place ----------------------------

// Calls visit(member, part, data) for each that takes part, until one says false.
template <class Visit>
bool Raid5::for_each_change(const Row& op, Visit visit) const {
  for (std::size_t chunk = 0; chunk < data_chunks(); ++chunk) {
    const Part part = part_of(op, chunk);
    const std::size_t member = member_of(op, chunk);
    if (part.length_bytes() <= 0 || (op.members & bit(member)) == 0) continue;
    if (!visit(member, part, data_of(op, chunk))) return false;
  }
  const std::size_t parity = parity_member(op);
  if ((op.members & bit(parity)) == 0) return true;
  return visit(parity, op.hull, Data(place(op, parity, op.hull)));
}

// Who takes part.
std::uint64_t Raid5::changing(const Row& op) const {
  std::uint64_t members = written_set();
  if (op.method == Method::no_parity) members &= ~bit(parity_member(op));
  for (std::size_t chunk = 0; chunk < data_chunks(); ++chunk) {
    if (part_of(op, chunk).length_bytes() <= 0) members &= ~bit(member_of(op, chunk));
  }
  return members;
}

void Raid5::log(Row& op) {
  if (self().by_hand) {
    op.members = changing(op);
    op.step = &Raid5::apply;
    return apply(op);
  }
  op.step = &Raid5::log;
  // Who does not take part must not be taken for good after a power cut: its row would not fit.
  if (wait_until_recorded(op)) return;
  if (op.logged == 0) {
    if (window_.full()) return wait_for_log(op);
    op.logged = window_.take();
  }
  op.members = changing(op);
  op.task->flags |= kBioForceUnitAccess;
  Children parts(mesh().path(), *op.task);
  const bool fine = for_each_change(op, [&](std::size_t member, Part part, const Data& data) {
    return add_log(op, parts, member, part, data);
  });
  if (!fine) return try_again(op);
  send(op, parts, &Raid5::apply);
}

void Raid5::wait_for_log(Row& op) {
  op.next = nullptr;
  if (last_waiting_ == nullptr) {
    waiting_for_log_ = &op;
  } else {
    last_waiting_->next = &op;
  }
  last_waiting_ = &op;
}

bool Raid5::add_log(Row& op, Children& parts, std::size_t member, Part part, const Data& data) {
  const std::int64_t sector = self().sector_size_bytes;
  std::byte* bytes = nullptr;
  if (data.contiguous(part.length_bytes())) {
    data.for_each_piece(part.length_bytes(),
                        [&](std::span<std::byte> piece) { bytes = piece.data(); });
  } else {
    bytes = place(op, member, part);
    data.copy_out(std::span(bytes, static_cast<std::size_t>(part.length_bytes())));
  }
  std::byte* header = op.memory + op.stride_bytes * static_cast<std::int64_t>(count()) +
                      sector * static_cast<std::int64_t>(member);
  const raid5::LogHeader said{.array_id = self().id,
                              .member = static_cast<std::uint16_t>(member),
                              .number = op.logged,
                              .row = static_cast<std::uint64_t>(op.number),
                              .members = op.members,
                              .at_bytes = static_cast<std::uint32_t>(part.from_bytes),
                              .length_bytes = static_cast<std::uint32_t>(part.length_bytes()),
                              .checksum = parity::checksum(0, Data(bytes), part.length_bytes())};
  raid5::encode(said, std::span(header, static_cast<std::size_t>(sector)));
  Segment* both = &op.segments[2 * member];
  both[0] = {header, static_cast<std::size_t>(sector)};
  both[1] = {bytes, static_cast<std::size_t>(part.length_bytes())};
  const auto slot = static_cast<std::int64_t>(op.logged % window_.slots());
  return ask(parts, member, Command::write,
             self().member_bytes() + slot * (sector + stripe_bytes()), sector + part.length_bytes(),
             Data(both));
}

// A member that was lost meanwhile may lack its log, and who finds that takes nothing for changed.
void Raid5::apply(Row& op) {
  if (wait_until_recorded(op)) return;
  op.members &= written_set();
  Children parts(mesh().path(), *op.task);
  const std::int64_t row = op.number * stripe_bytes();
  const bool fine = for_each_change(op, [&](std::size_t member, Part part, const Data& data) {
    return ask(parts, member, Command::write, row + part.from_bytes, part.length_bytes(), data);
  });
  if (!fine) return try_again(op);
  send(op, parts, &Raid5::applied);
}

void Raid5::applied(Row& op) { finish(op); }

}  // namespace biotope
