// Changing a table in use: the verbs of a slicer, and how its providers follow.
#include <algorithm>
#include <utility>

#include "classes/slicer/slicer.h"
#include "model/control_io.h"

namespace biotope {

// Checks -----------------------------------------------------------------------------------------

Status Slicer::may_edit() const {
  if (!document_)
    return fail(EOPNOTSUPP, title(), " can not be changed: it was not read from a disk");
  if (withering() || below() == nullptr || below()->error() != 0) {
    return fail(ENXIO, title(), " can not be changed: it is gone");
  }
  if (writing_) return fail(EBUSY, title(), " can not be changed: it is being written");
  if (below()->media_size_bytes() != document_->medium().media_size_bytes) {
    return fail(EAGAIN, title(), " can not be changed: ", below()->name(),
                " has another size than when it was read; let it be tasted again");
  }
  return {};
}

Status Slicer::open_partitions_stay(const Table& after, bool as_they_are) const {
  for (const Provider& own : providers()) {
    if (own.orphaned() || own.access().closed()) continue;
    const Slice& slice = slice_of(own);
    const auto stays = std::ranges::any_of(after.slices, [&](const Slice& s) {
      return s.suffix == slice.suffix && s.start_bytes == slice.start_bytes &&
             s.length_bytes >= slice.length_bytes && (!as_they_are || s.type == slice.type);
    });
    if (stays) continue;
    for (const Consumer& user : own.consumers()) {
      if (user.access().closed()) continue;
      return fail(EBUSY, own.name(), " has to stay as it is: ", user.geom().title(),
                  " has it open (", user.access().text(), "); close that first");
    }
  }
  return {};
}

// What is held -----------------------------------------------------------------------------------

Status Slicer::hold() {
  if (holds_) return {};
  Consumer& consumer = consumers().front();
  const Status opened = mesh().access(consumer, kReadWriteExclusive - consumer.access());
  holds_ = opened.has_value();
  return opened;
}

void Slicer::let_go_of_hold() {
  if (!std::exchange(holds_, false)) return;
  Access needed;
  for (const Provider& own : providers()) {
    const Access open = own.access();
    needed.r = std::max(needed.r, std::min(open.r, 1));
    needed.w = std::max(needed.w, std::min(open.w, 1));
    needed.e = std::max(needed.e, std::min(open.e + open.w, 1));
  }
  Consumer& consumer = consumers().front();
  const Status closed = mesh().access(consumer, needed - consumer.access());
  BIOTOPE_CHECK(closed.has_value(), "closing is never refused");
}

// Works on a copy, so that what is refused here or below has changed nothing.
template <class Edit>
auto Slicer::edit(Edit change) -> decltype(change(std::declval<Document&>())) {
  if (const Status fine = may_edit(); !fine) return pass_on(fine);
  Document changed = *document_;
  auto result = change(changed);
  if (!result) return result;
  if (const Status fine = open_partitions_stay(changed.table()); !fine) return pass_on(fine);
  if (changed.changed()) {
    if (const Status held = hold(); !held) return pass_on(held);
  }
  document_ = std::move(changed);
  return result;
}

// Verbs ------------------------------------------------------------------------------------------

Result<int> Slicer::add(const NewPartition& wanted) {
  return edit([&](Document& document) { return document.add(wanted); });
}
Status Slicer::remove(int index) {
  return edit([&](Document& document) { return document.remove(index); });
}
Status Slicer::resize(int index, std::int64_t length_bytes) {
  return edit([&](Document& document) { return document.resize(index, length_bytes); });
}
Status Slicer::modify(int index, const Modification& modification) {
  return edit([&](Document& document) { return document.modify(index, modification); });
}
Status Slicer::boot(std::span<const std::byte> program) {
  return edit([&](Document& document) { return document.boot(program); });
}
Status Slicer::recover() {
  return edit([](Document& document) { return document.recover(); });
}
Status Slicer::erase(bool with_partitions) {
  return edit([&](Document& document) { return document.erase(with_partitions); });
}

Task<Status> Slicer::write_out(std::vector<Step> steps) {
  Consumer& consumer = consumers().front();
  const std::int64_t sector = document_->medium().sector_size_bytes;
  for (const Step& step : steps) {
    Status done;
    if (step.flush()) {
      done = co_await flush(consumer);
    } else {
      done = co_await write(consumer, step.sector * sector, step.bytes);
    }
    if (!done) co_return done;
  }
  co_return Status{};
}

Task<Status> Slicer::commit() {
  const Stay stay(*this);
  if (Status fine = may_edit(); !fine) co_return fine;
  if (!document_->changed()) co_return Status{};
  if (Status fine = open_partitions_stay(document_->table()); !fine) co_return fine;
  writing_ = true;
  Status written = co_await write_out(document_->steps());
  writing_ = false;
  torn_ = !written;
  if (!written) co_return written;
  document_->committed();
  const Status followed = follow();
  let_go_of_hold();
  if (document_->erased()) mesh().wither(*this);
  co_return followed;
}

Task<Status> Slicer::undo() {
  const Stay stay(*this);
  if (Status fine = may_edit(); !fine) co_return fine;
  if (torn_) {
    writing_ = true;
    Status written = co_await write_out(document_->steps_back());
    writing_ = false;
    if (!written) co_return written;
    torn_ = false;
  }
  document_->undo();
  let_go_of_hold();
  if (document_->created()) mesh().wither(*this);
  co_return Status{};
}

// The providers ----------------------------------------------------------------------------------

// Those that are not what the table says go before others come that may have their names.
Status Slicer::follow() {
  table_ = document_->table();
  std::vector<Slice> wanted = table_.slices;
  for (Provider& own : providers()) {
    if (own.orphaned()) continue;
    Slice& slice = slice_by_provider_.at(own.id());
    const auto now = std::ranges::find_if(wanted, [&](const Slice& s) {
      return s.suffix == slice.suffix && s.start_bytes == slice.start_bytes;
    });
    if (now == wanted.end()) {
      mesh().orphan(own);
      continue;
    }
    if (now->length_bytes != own.media_size_bytes()) {
      if (Status sized = mesh().resize(own, now->length_bytes); !sized) return sized;
    }
    slice = *now;
    wanted.erase(now);
  }
  for (const Slice& slice : wanted) {
    if (Status offered = offer(slice, *consumers().front().provider()); !offered) return offered;
  }
  find_overlaps();
  if (guard_) guard_->set();
  for (Provider& own : providers()) {
    if (!own.orphaned() && std::ranges::find(wanted, slice_of(own)) != wanted.end())
      mesh().publish(own);
  }
  return {};
}

}  // namespace biotope
