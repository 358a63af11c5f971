// Copies from good disks to others: of what a disk has missed, and of what it can not read.
#include <algorithm>

#include "classes/mirror/mirror.h"
#include "classes/mirror/sync.h"
#include "model/control_io.h"

namespace biotope::mirror {

namespace {

constexpr std::uint64_t kMostRepairs = 1024;
// For how long after a request the mirror counts as used.
constexpr std::int64_t kInUse_ns = 100'000'000;

}  // namespace

void Mirror::begin_copy(Member& member, std::int64_t from_bytes) {
  const auto size = static_cast<std::int64_t>(self_.media_size_bytes);
  const std::int64_t sector = self_.sector_size_bytes;
  std::vector<Extent> todo;
  if (member.only_marked) {
    // Regions need not begin where sectors do.
    marks_.for_each_run(size, [&](std::int64_t offset, std::int64_t length) {
      const std::int64_t first = offset / sector * sector;
      const std::int64_t end = std::min((offset + length + sector - 1) / sector * sector, size);
      todo.push_back({first, end - first});
    });
  } else {
    todo.push_back({from_bytes / sector * sector, size - from_bytes / sector * sector});
    member.record.sync_offset_bytes = static_cast<std::uint64_t>(todo.front().offset_bytes);
  }
  auto sync = std::make_shared<Sync>(*this, member.number, std::move(todo));
  member.sync = sync;
  syncs_.push_back(sync);
  note(sentence(member.provider, " gets a copy of ", sync->left_bytes(), " of ", size,
                " bytes of mirror ", name()));
  refresh();
  sync->start();
}

// All lanes have ended; nobody else has the copy in hand.
void Mirror::copy_over(const Sync& sync, Status how) {
  const std::uint32_t number = sync.member();
  Member* member = find(number);
  const bool current = member != nullptr && member->sync.get() == &sync;
  if (current) member->sync = nullptr;
  std::erase_if(syncs_, [&](const auto& s) { return s.get() == &sync; });
  if (!current || state_ != State::running) return;
  if (how) return post([this, number] { return finish_copy(number); });
  lose(*member, how.error().code == ENXIO ? Loss::gone : Loss::broken,
       sentence("its copy failed: ", how.error().text));
}

// The disk has everything; when that is stable it may say so, and when it has said so it is good.
Task<void> Mirror::finish_copy(std::uint32_t number) {
  const Member* copied = find(number);
  if (copied == nullptr || copied->state != Member::State::synchronizing || copied->sync ||
      state_ != State::running) {
    co_return;
  }
  busy_ = true;
  refresh();
  Status done = co_await biotope::flush(*copied->edge);
  if (!done && done.error().code == EOPNOTSUPP) done = Status{};
  Member* there = find(number);
  if (done && there != nullptr) {
    // From here on the disk may say that it is good, even if that fails in the end: to lose it is
    // to lose one that counts.
    there->only_marked = false;
    Record good = record_of(*there);
    good.set(kSynchronizing, false);
    good.set(kDirty, dirty_ && marks_dirty());
    good.sync_offset_bytes = 0;
    done = co_await store(number, std::move(good));
  }
  Member* member = find(number);
  if (member != nullptr && state_ == State::running) {
    if (done) {
      member->state = Member::State::active;
      done = co_await welcome(member->provider);
      if (!done) note(done.error().text);
    } else {
      lose(*member, done.error().code == ENXIO ? Loss::gone : Loss::broken,
           sentence("its copy can not be finished: ", done.error().text));
    }
  }
  settled();
}

// One more disk is good.
Task<Status> Mirror::welcome(std::string disk) {
  refresh();
  note(sentence(disk, " has everything that mirror ", name(), " has"));
  if (!complete()) co_return Status{};
  if (raise_syncid_ == Raise::on_write) raise_syncid_ = Raise::no;
  if (!dirty_ && marks_dirty()) marks_.clear();
  marks_.set_base(self_.syncid);
  co_return co_await record_all();
}

// So that a copy which is interrupted in good order goes on from there.
Task<void> Mirror::note_progress(std::uint32_t number) {
  Member* member = find(number);
  if (member == nullptr || !member->sync || member->only_marked) co_return;
  const std::int64_t position = member->sync->position_bytes();
  const Status flushed = co_await biotope::flush(*member->edge);
  member = find(number);
  if (!flushed || member == nullptr || !member->sync) co_return;
  member->record.sync_offset_bytes = static_cast<std::uint64_t>(position);
  const Status stored = co_await store(number, record_of(*member));
  member = find(number);
  if (!stored && member != nullptr) {
    lose(*member, stored.error().code == ENXIO ? Loss::gone : Loss::broken,
         sentence("its metadata can not be written: ", stored.error().text));
    settled();
  }
}

std::int64_t Mirror::synced_bytes(std::string_view provider) const {
  const Member* member = find(provider);
  const auto size = static_cast<std::int64_t>(self_.media_size_bytes);
  return member == nullptr ? 0 : member->sync ? size - member->sync->left_bytes() : size;
}

// Whoever uses the mirror goes first: as long as requests come, copies keep to their rate.
std::int64_t Mirror::pause_before_copying(std::int64_t length_bytes) {
  const std::int64_t now_ns = mesh().executor().now_ns();
  if (requests_ != requests_at_block_) in_use_until_ns_ = now_ns + kInUse_ns;
  requests_at_block_ = requests_;
  copy_free_at_ns_ = std::max(copy_free_at_ns_, now_ns);
  if (now_ns >= in_use_until_ns_) return copy_free_at_ns_ - now_ns;
  const std::int64_t start_ns = copy_free_at_ns_;
  const std::int64_t rate = std::max<std::int64_t>(tuning_.sync_busy_bytes_per_s, 1);
  copy_free_at_ns_ += length_bytes * 1'000'000 / rate * 1'000;
  return start_ns - now_ns;
}

// Blocks -----------------------------------------------------------------------------------------

// From whichever good disk can; those that could not are dealt with once one could.
Task<Result<Mirror::Copy>> Mirror::read_good(std::int64_t offset_bytes, std::int64_t length_bytes,
                                             std::uint64_t except) {
  std::uint64_t tried = except;
  std::vector<std::uint32_t> failed;
  Status why = fail(EIO, "no other disk of mirror ", name(), " has it");
  while (Member* from = pick(tried, offset_bytes, length_bytes)) {
    const std::uint32_t number = from->number;
    tried |= from->bit();
    Result<Bytes> bytes = co_await biotope::read(*from->edge, offset_bytes, length_bytes);
    if (bytes) {
      for (const std::uint32_t other : failed) {
        if (tuning_.repair) {
          want_repair(other, offset_bytes, length_bytes);
        } else if (Member* bad = find(other)) {
          lose(*bad, Loss::broken, "it can not be read");
        }
      }
      co_return Copy{number, std::move(*bytes)};
    }
    why = pass_on(bytes);
    failed.push_back(number);
    Member* bad = find(number);
    if (bytes.error().code == ENXIO && bad != nullptr) lose(*bad, Loss::gone, "it does not answer");
  }
  co_return fail(EIO, why.error().text);
}

Task<Status> Mirror::write_to(std::uint32_t number, std::int64_t offset_bytes, Bytes bytes) {
  const Member* to = find(number);
  if (to == nullptr) co_return fail(ENXIO, "a disk has left mirror ", name());
  co_return co_await biotope::write(*to->edge, offset_bytes, bytes);
}

// Repair -----------------------------------------------------------------------------------------

void Mirror::want_repair(std::uint32_t number, std::int64_t offset_bytes,
                         std::int64_t length_bytes) {
  if (mending_.queued() >= kMostRepairs) return;  // the next read of it will ask again
  mending_.post([this, number, offset_bytes, length_bytes] {
    return repair(number, offset_bytes, length_bytes);
  });
}

// What is on the good disks when nobody is writing there any more: never older than what the bad
// one has.
Task<void> Mirror::repair(std::uint32_t number, std::int64_t offset_bytes,
                          std::int64_t length_bytes) {
  Traffic::Claim claim(traffic_, offset_bytes, length_bytes);
  co_await claim.granted();
  const std::int64_t sector = self_.sector_size_bytes;
  Status mended;
  std::int64_t done = 0;
  for (std::int64_t at = 0; mended && at < length_bytes; at += sector) {
    const Member* member = find(number);
    if (member == nullptr || member->state != Member::State::active) break;
    if (co_await biotope::read(*member->edge, offset_bytes + at, sector)) continue;
    member = find(number);
    if (member == nullptr) break;
    Result<Copy> good = co_await read_good(offset_bytes + at, sector, member->bit());
    if (!good) continue;
    mended = co_await write_to(number, offset_bytes + at, std::move(good->bytes));
    done += sector;
  }
  Member* member = find(number);
  if (member == nullptr) co_return;
  if (mended) {
    if (done > 0) {
      note(sentence(member->provider, " of mirror ", name(), ": ", done, " bytes from ",
                    offset_bytes, " on have been written anew"));
    }
  } else {
    lose(*member, mended.error().code == ENXIO ? Loss::gone : Loss::broken,
         sentence("it can not be repaired: ", mended.error().text));
  }
}

}  // namespace biotope::mirror
