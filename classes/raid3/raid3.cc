#include "classes/raid3/raid3.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "classes/array/array_class.h"
#include "classes/parity/xor.h"

namespace biotope {

namespace {

using parity::Op;
using parity::Record;

constexpr Parameter kParameters[] = {
    {.name = "round_robin",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "reads spare each disk in turn, the parity included"},
    {.name = "verify",
     .kind = Parameter::Kind::boolean,
     .fallback = false,
     .help = "reads look at the parity as well and fail where it does not fit"},
    parity::kAutosync,
    array::kId,
    array::kHardcode,
};

constexpr metadata::Kind kKind{.magic = "GEOM::RAID3", .newest = 5, .bytes = 128};

constexpr std::int64_t kAlign = 64;

}  // namespace

// The members' shares lie one after the other in memory of the op's own, and room for one more.
struct Raid3::Sectors : Op {
  std::byte* memory = nullptr;
  std::int64_t share_bytes = 0;
  std::int64_t stride_bytes = 0;
  std::size_t left_out = 0;  // the member that is not read; count() for none
  bool sent = false;
  bool second_try = false;
};

Raid3::~Raid3() = default;

bool Raid3::add_tasks(Children& tasks, Bio& bio) {
  return tasks.add(*bio.edge, bio.position_bytes, 0, bio.length_bytes);
}

std::byte* Raid3::share(const Sectors& op, std::size_t member) const {
  return op.memory + static_cast<std::int64_t>(member) * op.stride_bytes;
}

void Raid3::take(Bio& task, Op::Kind kind) {
  if (free_ == nullptr) {
    all_.push_back(std::make_unique<Sectors>());
    free_ = all_.back().get();
  }
  Sectors& op = *free_;
  free_ = static_cast<Sectors*>(op.next);
  op = Sectors{};
  op.task = &task;
  op.group = this;
  op.kind = kind;
  op.share_bytes = task.length_bytes / static_cast<std::int64_t>(count() - 1);
  op.stride_bytes = (op.share_bytes + kAlign - 1) / kAlign * kAlign;
  op.memory = scratch_.take(op.stride_bytes * static_cast<std::int64_t>(count() + 1));
  task.driver1 = &op;
  if (kind == Op::Kind::write) {
    deal(op,
         [](std::byte* mine, std::byte* theirs, std::size_t n) { std::memcpy(mine, theirs, n); });
    restore(op, count() - 1);
    return send_write(op);
  }
  op.left_out = count() - 1;
  if (!complete()) {
    op.left_out = absent();
  } else if (self().has(parity::kVerify)) {
    op.left_out = count();
  } else if (self().has(parity::kRoundRobin)) {
    op.left_out = turn_++ % count();
  }
  send_read(op);
}

void Raid3::release(Op& base) {
  auto& op = static_cast<Sectors&>(base);
  scratch_.put(op.memory, op.stride_bytes * static_cast<std::int64_t>(count() + 1));
  op.next = std::exchange(free_, &op);
}

// Calls visit(in the share, in the request, length) for each run of bytes that stay together.
template <class Visit>
void Raid3::deal(const Sectors& op, Visit visit) const {
  const std::int64_t atom = atom_bytes();
  const std::int64_t sector = self().sector_size_bytes;
  std::int64_t at = 0;
  op.task->data.for_each_piece(op.task->length_bytes, [&](std::span<std::byte> piece) {
    while (!piece.empty()) {
      const auto member = static_cast<std::size_t>(at % sector / atom);
      const std::int64_t in_atom = at % atom;
      const std::size_t run = std::min(piece.size(), static_cast<std::size_t>(atom - in_atom));
      visit(share(op, member) + at / sector * atom + in_atom, piece.data(), run);
      at += static_cast<std::int64_t>(run);
      piece = piece.subspan(run);
    }
  });
}

// The share of `member` from those of all others.
void Raid3::restore(const Sectors& op, std::size_t member) const {
  std::byte* all[parity::kMostMembers];
  std::size_t n = 0;
  for (std::size_t i = 0; i < count(); ++i) {
    if (i != member) all[n++] = share(op, i);
  }
  all[n++] = share(op, member);
  parity::xor_all(std::span(all, n), static_cast<std::size_t>(op.share_bytes));
}

bool Raid3::fits_together(const Sectors& op) const {
  std::byte* all[parity::kMostMembers + 1];
  for (std::size_t i = 0; i <= count(); ++i) all[i] = share(op, i);
  parity::xor_all(std::span(all, count() + 1), static_cast<std::size_t>(op.share_bytes));
  return parity::all_zero(share(op, count()), static_cast<std::size_t>(op.share_bytes));
}

void Raid3::send_write(Sectors& op) {
  const std::int64_t at = op.task->position_bytes / static_cast<std::int64_t>(count() - 1);
  Children parts(mesh().path(), *op.task);
  for (std::size_t i = 0; i < count(); ++i) {
    if (!members()[i].written()) continue;
    if (!ask(parts, i, Command::write, at, op.share_bytes, Data(share(op, i)))) {
      return try_again(op);
    }
  }
  op.sent = true;
  issue(op, parts);
}

void Raid3::send_read(Sectors& op) {
  const std::int64_t at = op.task->position_bytes / static_cast<std::int64_t>(count() - 1);
  Children parts(mesh().path(), *op.task);
  for (std::size_t i = 0; i < count(); ++i) {
    if (i == op.left_out) continue;
    if (!good(i)) {
      op.error = EIO;
      return finish(op);
    }
    if (!ask(parts, i, Command::read, at, op.share_bytes, Data(share(op, i)))) {
      return try_again(op);
    }
  }
  op.sent = true;
  issue(op, parts);
}

void Raid3::next(Op& base) {
  auto& op = static_cast<Sectors&>(base);
  if (op.kind == Op::Kind::write) return op.sent ? finish(op) : send_write(op);
  return op.sent ? digest(op) : send_read(op);
}

// All that was asked for has been read, or could not be.
void Raid3::digest(Sectors& op) {
  if (op.failed != 0) {
    const bool one = std::has_single_bit(op.failed);
    const auto failed = static_cast<std::size_t>(std::countr_zero(op.failed));
    const bool more = one && op.left_out < count() && !op.second_try && good(op.left_out);
    if (one && op.left_out == count()) {
      op.left_out = failed;
    } else if (more) {
      op.second_try = true;
      op.left_out = failed;
      return send_read(op);
    } else {
      op.error = EIO;
      return finish(op);
    }
  }
  if (op.left_out == count() && !fits_together(op)) {
    ++mismatches_;
    note(sentence("the disks of ", title(), " do not fit together at ", op.task->position_bytes));
    op.error = EIO;
    return finish(op);
  }
  if (op.left_out + 1 < count()) restore(op, op.left_out);
  deal(op, [](std::byte* mine, std::byte* theirs, std::size_t n) { std::memcpy(theirs, mine, n); });
  finish(op);
}

std::int64_t Raid3::block_bytes() const {
  return std::max(tuning().copy_block_bytes / atom_bytes(), std::int64_t{1}) * atom_bytes();
}

std::uint64_t Raid3::flags_known() const {
  return parity::kNoAutoSync | parity::kNoFailSync | parity::kRoundRobin | parity::kVerify;
}

Values Raid3::values() const {
  Values values;
  values.set("round_robin", self().has(parity::kRoundRobin));
  values.set("verify", self().has(parity::kVerify));
  values.set("autosync", !self().has(parity::kNoAutoSync));
  values.set("id", std::int64_t{self().id});
  return values;
}

// The class --------------------------------------------------------------------------------------

std::span<const Parameter> Raid3Class::parameters() const { return kParameters; }

const metadata::Kind& Raid3Class::kind() const { return kKind; }

std::unique_ptr<parity::Group> Raid3Class::make(Mesh& mesh, Record self) const {
  return std::make_unique<Raid3>(mesh, *this, std::move(self), tuning());
}

Status Raid3Class::sane(const Record& r) const {
  const unsigned data_members = r.count - 1U;
  if (!std::has_single_bit(data_members) || r.sector_size_bytes % data_members != 0) {
    return fail(EINVAL, "the metadata of ", r.name, " say ", r.count, " disks and sectors of ",
                r.sector_size_bytes, " bytes; there are 2^n + 1, and a sector is cut evenly");
  }
  return {};
}

std::int64_t Raid3Class::member_sector_bytes(const Record& record) const {
  return record.sector_size_bytes / static_cast<std::int64_t>(record.count - 1);
}

Status Raid3Class::plan(Record& r, const Values& values, std::int64_t usable_bytes,
                        std::int64_t sector_bytes) const {
  const std::int64_t data_members = r.count - 1;
  if (!std::has_single_bit(static_cast<unsigned>(data_members))) {
    return fail(EINVAL, "it needs 3, 5, 9, 17 or 33 disks, not ", r.count);
  }
  if (values.boolean("verify") && values.boolean("round_robin")) {
    return fail(EINVAL, "it can not verify and read by turns at once; choose one");
  }
  const std::int64_t member_bytes = usable_bytes / sector_bytes * sector_bytes;
  if (member_bytes == 0) return fail(EINVAL, "its smallest disk has no room");
  r.sector_size_bytes = static_cast<std::uint32_t>(sector_bytes * data_members);
  r.media_size_bytes = static_cast<std::uint64_t>(member_bytes * data_members);
  if (values.boolean("verify")) r.array_flags |= parity::kVerify;
  if (values.boolean("round_robin")) r.array_flags |= parity::kRoundRobin;
  return {};
}

}  // namespace biotope
