#include "classes/vinum/parity_plex.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "classes/parity/xor.h"
#include "classes/vinum/vinum.h"

namespace biotope::vinum {

// What a request has in one row. Memory of its own has what is on each subdisk in the bytes that it
// touches, all of them together: the hull.
struct ParityPlex::Row {
  ParityPlex* plex = nullptr;
  Bio* task = nullptr;
  Row* next = nullptr;  // in the pool
  std::int64_t number = 0;
  std::int64_t from_bytes = 0;  // of the row's data
  std::int64_t to_bytes = 0;
  Part hull{0, 0};
  std::int64_t stride_bytes = 0;
  std::byte* memory = nullptr;
  std::size_t missing = 0;   // the subdisk that is not read; count() for none
  bool all = false;          // all others are read, to work out what is missing
  std::uint64_t failed = 0;  // subdisks, by bits, in this phase
  void (ParityPlex::*step)(Row&) = nullptr;

  bool writes() const { return task->command == Command::write; }
  std::int64_t memory_bytes() const {
    return stride_bytes * static_cast<std::int64_t>(plex->count());
  }
};

ParityPlex::ParityPlex(Vinum& vinum, LiveVolume& volume, std::size_t index, const Plex& config)
    : vinum_(vinum),
      volume_(volume),
      index_(index),
      stripe_bytes_(config.stripe_bytes),
      rows_(config.used_of(config.subdisks.front()) / config.stripe_bytes),
      later_(vinum.mesh().executor()) {
  for (const vinum::Subdisk& one : config.subdisks) {
    subdisks_.push_back({one.drive, *one.start_bytes, one.up ? State::up : State::stale});
  }
}

ParityPlex::~ParityPlex() = default;

// Subdisks ---------------------------------------------------------------------------------------

Consumer* ParityPlex::edge(std::size_t subdisk) const {
  return vinum_.drive(subdisks_[subdisk].drive);
}

bool ParityPlex::readable(std::size_t subdisk) const {
  return subdisks_[subdisk].state == State::up && edge(subdisk) != nullptr;
}

bool ParityPlex::written(std::size_t subdisk) const {
  return subdisks_[subdisk].state != State::stale && edge(subdisk) != nullptr;
}

std::size_t ParityPlex::not_up() const {
  const auto found = std::ranges::find_if_not(
      subdisks_, [](const Subdisk& one) { return one.state == State::up; });
  return static_cast<std::size_t>(found - subdisks_.begin());
}

bool ParityPlex::spare(std::size_t drive) {
  const auto lacking = std::ranges::count_if(
      subdisks_, [&](const Subdisk& one) { return one.state != State::up || one.drive == drive; });
  if (lacking > 1) return false;
  for (Subdisk& one : subdisks_) {
    if (one.drive == drive) one.state = State::stale;
  }
  return true;
}

void ParityPlex::make_whole() {
  for (Subdisk& one : subdisks_) one.state = State::up;
  in_doubt_ = false;
}

// Where things are -------------------------------------------------------------------------------

std::size_t ParityPlex::parity_of(std::int64_t row) const {
  return count() - 1 - static_cast<std::size_t>(row) % count();
}

std::size_t ParityPlex::subdisk_of(std::int64_t row, std::size_t chunk) const {
  return chunk < parity_of(row) ? chunk : chunk + 1;
}

array::Piece ParityPlex::read_piece(std::int64_t position_bytes, std::int64_t length_bytes) const {
  const std::int64_t row = position_bytes / row_bytes();
  const std::int64_t within = position_bytes % stripe_bytes_;
  const auto chunk = static_cast<std::size_t>(position_bytes % row_bytes() / stripe_bytes_);
  const std::size_t subdisk = subdisk_of(row, chunk);
  const std::int64_t length = std::min(length_bytes, stripe_bytes_ - within);
  if (!readable(subdisk)) return {nullptr, position_bytes, length};
  return {edge(subdisk), place_of(subdisk, row) + within, length};
}

array::Piece ParityPlex::write_piece(std::int64_t position_bytes, std::int64_t length_bytes) const {
  const std::int64_t left = row_bytes() - position_bytes % row_bytes();
  return {nullptr, position_bytes, std::min(length_bytes, left)};
}

// What the request has in that chunk; nothing where it ends before it begins.
ParityPlex::Part ParityPlex::part_of(const Row& op, std::size_t chunk) const {
  const std::int64_t start = static_cast<std::int64_t>(chunk) * stripe_bytes_;
  return {std::max(op.from_bytes - start, std::int64_t{0}),
          std::min(op.to_bytes - start, stripe_bytes_)};
}

std::byte* ParityPlex::memory_of(const Row& op, std::size_t subdisk, Part part) const {
  return op.memory + static_cast<std::int64_t>(subdisk) * op.stride_bytes + part.from_bytes -
         op.hull.from_bytes;
}

// Calls visit(subdisk, part, data) for each chunk of the request, until one says false.
template <class Visit>
bool ParityPlex::each_touched(const Row& op, Visit visit) const {
  for (std::size_t chunk = 0; chunk + 1 < count(); ++chunk) {
    const Part part = part_of(op, chunk);
    if (part.length_bytes() <= 0) continue;
    const std::int64_t skip =
        static_cast<std::int64_t>(chunk) * stripe_bytes_ + part.from_bytes - op.from_bytes;
    if (!visit(subdisk_of(op.number, chunk), part, op.task->data.shifted(skip))) return false;
  }
  return true;
}

// Who is where -----------------------------------------------------------------------------------

void ParityPlex::count(const Bio& bio, int by) {
  const std::int64_t first = bio.position_bytes / row_bytes();
  const std::int64_t end = (bio.position_bytes + bio.length_bytes - 1) / row_bytes() + 1;
  const std::int64_t last = std::min(end, first + static_cast<std::int64_t>(kPots));
  for (std::int64_t row = first; row < last; ++row) {
    Pot& one = pots_[static_cast<std::size_t>(row) % kPots];
    (bio.command == Command::read ? one.reads : one.writes) += by;
  }
}

bool ParityPlex::free_for(const Bio& bio) const {
  const std::int64_t first = bio.position_bytes / row_bytes();
  const std::int64_t end = (bio.position_bytes + bio.length_bytes - 1) / row_bytes() + 1;
  const bool read = bio.command == Command::read;
  if (!read && claimed_ >= first && claimed_ < end) return false;
  const std::int64_t last = std::min(end, first + static_cast<std::int64_t>(kPots));
  for (std::int64_t row = first; row < last; ++row) {
    if (pot(row).writes > 0 || (!read && pot(row).reads > 0)) return false;
  }
  return true;
}

// Requests, step by step -------------------------------------------------------------------------

void ParityPlex::take(Bio& task) {
  if (free_ == nullptr) {
    all_.push_back(std::make_unique<Row>());
    free_ = all_.back().get();
  }
  Row& op = *std::exchange(free_, free_->next);
  op = Row{.plex = this, .task = &task};
  op.number = task.position_bytes / row_bytes();
  op.from_bytes = task.position_bytes % row_bytes();
  op.to_bytes = op.from_bytes + task.length_bytes;
  const std::int64_t chunk = op.from_bytes / stripe_bytes_;
  const bool one = (op.to_bytes - 1) / stripe_bytes_ == chunk;
  op.hull = one ? part_of(op, static_cast<std::size_t>(chunk)) : Part{0, stripe_bytes_};
  constexpr std::int64_t kAlign = 64;
  op.stride_bytes = (op.hull.length_bytes() + kAlign - 1) / kAlign * kAlign;
  op.memory = scratch_.take(op.memory_bytes());
  task.driver1 = &op;
  begin(op);
}

void ParityPlex::begin(Row& op) {
  op.step = &ParityPlex::begin;
  op.missing = count();
  for (std::size_t i = 0; i < count(); ++i) {
    if (readable(i)) continue;
    if (op.missing < count()) return finish(op, EIO);
    op.missing = i;
  }
  const std::size_t parity = parity_of(op.number);
  bool all_covered = true;
  bool touches_missing = op.missing == parity;
  for (std::size_t chunk = 0; chunk + 1 < count(); ++chunk) {
    const bool touched = part_of(op, chunk).length_bytes() > 0;
    all_covered = all_covered && part_of(op, chunk).length_bytes() == stripe_bytes_;
    touches_missing = touches_missing || (touched && subdisk_of(op.number, chunk) == op.missing);
  }
  op.all = !op.writes() || touches_missing;
  if (!op.writes()) return ask(op);
  if (!written(parity)) return put(op);
  if (!all_covered) return ask(op);
  work_out_parity(op);
  put(op);
}

// What is on the subdisks now: on those that change, or on all to work out what can not be read.
void ParityPlex::ask(Row& op) {
  op.step = &ParityPlex::ask;
  Children parts(vinum_.mesh().path(), *op.task);
  std::uint64_t wanted = std::uint64_t{1} << parity_of(op.number);
  each_touched(op, [&](std::size_t subdisk, Part, const Data&) {
    wanted |= std::uint64_t{1} << subdisk;
    return true;
  });
  for (std::size_t i = 0; i < count(); ++i) {
    const bool read = op.all ? i != op.missing : (wanted >> i & 1) != 0;
    if (!read) continue;
    if (!readable(i)) return begin(op);
    if (add(parts, i, Command::read, op.number, op.hull, Data(memory_of(op, i, op.hull)))) continue;
    return later_.after(RequestPath::kReplayDelay_ns, [this, op = &op] { ask(*op); });
  }
  send(op, parts, &ParityPlex::answered);
}

void ParityPlex::answered(Row& op) {
  if (op.failed != 0) {
    // From the others, where one could not be read.
    if (op.missing < count() || !std::has_single_bit(op.failed)) return finish(op, EIO);
    op.missing = static_cast<std::size_t>(std::countr_zero(op.failed));
    op.all = true;
    return ask(op);
  }
  if (op.all && op.missing < count()) restore(op, op.missing);
  if (op.writes()) {
    change_parity(op);
    return put(op);
  }
  give(op);
  finish(op, 0);
}

void ParityPlex::restore(const Row& op, std::size_t subdisk) const {
  std::byte* all[kMostSubdisks];
  std::size_t n = 0;
  for (std::size_t i = 0; i < count(); ++i) {
    if (i != subdisk) all[n++] = memory_of(op, i, op.hull);
  }
  all[n++] = memory_of(op, subdisk, op.hull);
  parity::xor_all(std::span(all, n), static_cast<std::size_t>(op.hull.length_bytes()));
}

void ParityPlex::change_parity(const Row& op) const {
  const std::size_t parity = parity_of(op.number);
  each_touched(op, [&](std::size_t subdisk, Part part, const Data& data) {
    std::byte* to = memory_of(op, parity, part);
    parity::xor_into(to, memory_of(op, subdisk, part),
                     static_cast<std::size_t>(part.length_bytes()));
    parity::xor_data(to, data, part.length_bytes());
    return true;
  });
}

// From the new data alone, which are the whole row.
void ParityPlex::work_out_parity(const Row& op) const {
  std::byte* to = memory_of(op, parity_of(op.number), op.hull);
  std::memset(to, 0, static_cast<std::size_t>(op.hull.length_bytes()));
  each_touched(op, [&](std::size_t, Part part, const Data& data) {
    parity::xor_data(to, data, part.length_bytes());
    return true;
  });
}

void ParityPlex::give(const Row& op) const {
  each_touched(op, [&](std::size_t subdisk, Part part, const Data& data) {
    const std::byte* bytes = memory_of(op, subdisk, part);
    data.copy_in(std::span(bytes, static_cast<std::size_t>(part.length_bytes())));
    return true;
  });
}

void ParityPlex::put(Row& op) {
  op.step = &ParityPlex::put;
  Children parts(vinum_.mesh().path(), *op.task);
  bool any = false;
  const auto add_write = [&](std::size_t subdisk, Part part, const Data& data) {
    if (!written(subdisk)) return true;
    any = true;
    return add(parts, subdisk, Command::write, op.number, part, data);
  };
  const std::size_t parity = parity_of(op.number);
  const bool fine = each_touched(op, add_write) &&
                    add_write(parity, op.hull, Data(memory_of(op, parity, op.hull)));
  if (!fine) return later_.after(RequestPath::kReplayDelay_ns, [this, op = &op] { put(*op); });
  if (!any) return finish(op, EIO);
  send(op, parts, &ParityPlex::stored);
}

// Those that could not be written are stale from now on, if the others have it all.
void ParityPlex::stored(Row& op) {
  int error = 0;
  for (std::size_t i = 0; i < count(); ++i) {
    if ((op.failed >> i & 1) == 0 || subdisks_[i].state == State::stale) continue;
    if (vinum_.do_without(volume_, index_, subdisks_[i].drive, "it can not be written")) continue;
    in_doubt_ = true;
    error = EIO;
  }
  finish(op, error);
}

bool ParityPlex::add(Children& parts, std::size_t subdisk, Command command, std::int64_t row,
                     Part part, Data data) const {
  Bio* one = parts.add_own(*edge(subdisk), command, place_of(subdisk, row) + part.from_bytes,
                           part.length_bytes(), data);
  if (one == nullptr) return false;
  one->caller1 = reinterpret_cast<void*>(static_cast<std::uintptr_t>(subdisk));
  return true;
}

// One more child than there are parts keeps the task here from phase to phase.
void ParityPlex::send(Row& op, Children& parts, void (ParityPlex::*then)(Row&)) {
  op.step = then;
  op.failed = 0;
  ++op.task->children;
  static_cast<void>(parts.issue(&ParityPlex::part_done));
}

void ParityPlex::part_done(Bio& part) {
  Bio& task = *part.parent;
  Row& op = *static_cast<Row*>(task.driver1);
  if (part.error != 0) {
    op.failed |= std::uint64_t{1} << reinterpret_cast<std::uintptr_t>(part.caller1);
    part.error = 0;
  }
  const bool last = task.inbed + 2 == task.children;
  Children::part_done(part);
  if (last) (op.plex->*op.step)(op);
}

void ParityPlex::finish(Row& op, int error) {
  Bio& task = *op.task;
  scratch_.put(op.memory, op.memory_bytes());
  op.next = std::exchange(free_, &op);
  if (error != 0) task.completed_bytes = 0;
  vinum_.mesh().deliver(task, error);
}

}  // namespace biotope::vinum
