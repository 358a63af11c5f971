// What an operator can ask of a mirror as a whole, and what it shows of itself.
#include <algorithm>
#include <boost/crc.hpp>

#include "classes/mirror/mirror.h"
#include "classes/mirror/sync.h"
#include "model/control_io.h"

namespace biotope::mirror {

// Configure --------------------------------------------------------------------------------------

Task<Status> Mirror::configure_job(Changes changes) {
  if (const Status fine = in_service("be configured"); !fine) co_return fine;
  Member* member = nullptr;
  if (changes.priority || changes.hardcode) {
    if (changes.disk.empty()) {
      co_return fail(EINVAL, "mirror ", name(),
                     ": a priority or a name in the metadata is that of one disk; say which");
    }
    const Result<Member*> found = named(changes.disk);
    if (!found) co_return pass_on(found);
    member = *found;
  }
  const std::int64_t slice = changes.slice_bytes.value_or(self_.slice_bytes);
  if (slice == 0 || slice % self_.sector_size_bytes != 0) {
    co_return fail(EINVAL, "mirror ", name(), " can not split reads at ", slice,
                   " bytes: that is no multiple of its sectors of ", self_.sector_size_bytes);
  }
  self_.balance = changes.balance.value_or(self_.balance);
  self_.slice_bytes = static_cast<std::uint32_t>(slice);
  const auto flag = [this](MirrorFlag bit, std::optional<bool> off) {
    if (off)
      self_.mirror_flags =
          *off ? self_.mirror_flags & ~std::uint64_t{bit} : self_.mirror_flags | bit;
  };
  flag(kNoAutoSync, changes.autosync);
  flag(kNoFailSync, changes.failsync);
  if (member != nullptr) {
    if (changes.priority) member->record.priority = *changes.priority;
    if (changes.hardcode) member->record.set(kHardcoded, *changes.hardcode);
    sort_members();
  }
  // A disk that is not there does not hear of it and must not come back with an equal say.
  if (!complete() && has_metadata_) raise_syncid_ = Raise::now;
  busy_ = true;
  refresh();
  while (raise_syncid_ == Raise::now) raise();
  const Status recorded = co_await record_all();
  settled();
  co_return recorded;
}

// Resize -----------------------------------------------------------------------------------------

Task<Status> Mirror::resize_job(std::int64_t media_size_bytes) {
  Status fine = in_service("be resized");
  if (fine) fine = all_there("be resized");
  if (!fine) co_return fine;
  const std::int64_t sector = self_.sector_size_bytes;
  const auto before = static_cast<std::int64_t>(self_.media_size_bytes);
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (const auto& m : members_) {
    const Properties& p = m->edge->provider()->properties();
    most = std::min(most, has_metadata_ ? metadata::place_bytes(p) : p.media_size_bytes);
  }
  most = most / sector * sector;
  const std::int64_t size = media_size_bytes == 0 ? most : media_size_bytes;
  if (size <= 0 || size > most || size % sector != 0) {
    co_return fail(EINVAL, "mirror ", name(), " can not have ", size, " bytes: its disks allow ",
                   most, ", in sectors of ", sector);
  }
  if (size < before && !providers().front().access().closed()) {
    co_return fail(EBUSY, "mirror ", name(), " can not shrink from ", before, " to ", size,
                   " bytes while it is open; close it first");
  }
  if (!complete()) {
    co_return fail(EBUSY, "mirror ", name(), " can not be resized while a disk gets a copy; wait");
  }
  if (fine = co_await make_equal(before, size); !fine) co_return fine;
  busy_ = true;
  refresh();
  self_.media_size_bytes = static_cast<std::uint64_t>(size);
  marks_.resize(size);
  const Status recorded = co_await record_all();
  if (recorded) fine = mesh().resize(providers().front(), size);
  settled();
  co_return recorded ? fine : recorded;
}

// What was beyond the end is not the same on all disks.
Task<Status> Mirror::make_equal(std::int64_t from_bytes, std::int64_t to_bytes) {
  const std::int64_t sector = self_.sector_size_bytes;
  const std::int64_t block = std::max(tuning_.sync_block_bytes / sector, std::int64_t{1}) * sector;
  for (std::int64_t at = from_bytes; at < to_bytes; at += block) {
    const std::int64_t length = std::min(block, to_bytes - at);
    const Result<Copy> good = co_await read_good(at, length, 0);
    if (!good) co_return pass_on(good);
    std::vector<std::uint32_t> others;
    for (const Member* m : active_) {
      if (m->number != good->source) others.push_back(m->number);
    }
    for (const std::uint32_t number : others) {
      const Status written = co_await write_to(number, at, good->bytes);
      if (!written) co_return written;
    }
  }
  co_return co_await flush_all();
}

// A disk of ours has another size: its metadata move to where its last sector is now.
bool Mirror::resized(Consumer& consumer) {
  const Member* member = find(consumer);
  if (member == nullptr) return false;
  const Properties& p = consumer.provider()->properties();
  const std::int64_t usable = has_metadata_ ? metadata::place_bytes(p) : p.media_size_bytes;
  if (usable < static_cast<std::int64_t>(self_.media_size_bytes)) return false;
  post([this]() { return record_again(); });
  return true;
}

Task<void> Mirror::record_again() {
  if (state_ == State::running) {
    busy_ = true;
    refresh();
    const Status recorded = co_await record_all();
    if (!recorded) note(recorded.error().text);
  }
  settled();
}

// Stop -------------------------------------------------------------------------------------------

Task<Status> Mirror::stop_job(WhenOpen when_open, bool wipe) {
  if (state_ == State::over) co_return fail(ENXIO, "mirror ", name(), " is ending already");
  const bool open = !providers().empty() && !providers().front().access().closed();
  if (open && when_open == WhenOpen::refuse) {
    co_return fail(EBUSY, "mirror ", name(), " can not stop: ", providers().front().name(),
                   " is open (", providers().front().access().text(),
                   "); close it, or stop it on the last close");
  }
  if (open) {
    stop_on_close_ = true;
    wipe_on_close_ = wipe;
    if (when_open == WhenOpen::tear) mesh().orphan(providers().front());
    co_return Status{};
  }
  co_return co_await wind_up(wipe);
}

Task<Status> Mirror::wind_up(bool wipe) {
  Status done;
  if (state_ == State::running) {
    if (dirty_ && can_be_cleaned()) co_await clean();
    busy_ = true;
    refresh();
  }
  for (const auto& member : members_) {
    if (member->sync) std::exchange(member->sync, nullptr)->cancel();
  }
  std::vector<std::uint32_t> numbers;
  for (const auto& member : members_) numbers.push_back(member->number);
  for (const std::uint32_t number : numbers) {
    const Member* member = find(number);
    if (!wipe || !has_metadata_ || member == nullptr) continue;
    const Status cleared = co_await metadata::store(*member->edge, empty_sector(*member));
    if (!cleared) done = cleared;
  }
  end_quietly(wipe ? "it is destroyed" : "it is stopped");
  co_return done;
}

void Mirror::access_changed(Provider&, Access before, Access after) {
  if (state_ == State::over) return;
  // It has been put into its place: what it stands on has a name now.
  if (!members_.empty() && members_.front()->provider.empty()) refresh();
  if (before.w > 0 && after.w == 0) post([this] { return clean(); });
  if (!after.closed() || !stop_on_close_) return;
  stop_on_close_ = false;
  verb(
      [this](const Status& done) {
        if (!done) note(done.error().text);
      },
      [this, wipe = wipe_on_close_] { return wind_up(wipe); });
}

// Leaving with notice ----------------------------------------------------------------------------

Status Mirror::may_let_go(Consumer& consumer) {
  const Member* member = find(consumer);
  const bool others =
      member == nullptr || member->state != Member::State::active || active_.size() > 1;
  return others ? Status{} : Geom::may_let_go(consumer);
}

// With another good copy nobody above needs to know.
Task<Status> Mirror::let_go(Consumer& consumer) {
  const std::uint64_t edge_id = consumer.id();
  const std::string disk = consumer.provider() == nullptr ? "" : consumer.provider()->name();
  Member* member = find(consumer);
  if (member != nullptr && member->state == Member::State::active && active_.size() == 1) {
    if (Status gone = co_await Geom::let_go(consumer); !gone) co_return gone;
    if (Consumer* edge = mesh().consumer_by_id(edge_id)) co_return co_await empty(*edge);
    co_return Status{};
  }
  if (member != nullptr) {
    member->state = Member::State::stale;
    if (member->sync) std::exchange(member->sync, nullptr)->cancel();
    if (has_metadata_ && state_ == State::running) {
      if (raise_syncid_ != Raise::now) raise_syncid_ = dirty_ ? Raise::now : Raise::on_write;
      if (dirty_) want_catch_up();
    }
    refresh();
  }
  Status emptied = co_await empty(consumer);
  Member* left = find(disk);
  if (left != nullptr && left->edge->id() == edge_id) forget_member(*left);
  co_return emptied;
}

// Waits until nothing is under way on `edge` and closes it.
Task<Status> Mirror::empty(Consumer& edge) {
  const std::uint64_t id = edge.id();
  while (Consumer* there = mesh().consumer_by_id(id)) {
    if (there->idle()) co_return mesh().close(*there);
    co_await sleep(mesh().executor(), RequestPath::kReplayDelay_ns);
  }
  co_return Status{};
}

// Spares -----------------------------------------------------------------------------------------

void Mirror::call_spare() {
  post([this] { return use_spare(); });
}

// It takes the place of a disk that is missing; that one is forgotten.
Task<void> Mirror::use_spare() {
  if (state_ != State::running || disks_there() >= self_.disks) co_return;
  const auto spare =
      std::ranges::find(members_, Member::State::spare, [](const auto& m) { return m->state; });
  if (spare == members_.end()) co_return;
  Member& member = **spare;
  note(sentence("the spare ", member.provider, " takes a place in mirror ", name()));
  settle_in(member, Role::needs_all);
  busy_ = true;
  refresh();
  const Status recorded = co_await record_all();
  if (!recorded) note(recorded.error().text);
  settled();
}

// Shown ------------------------------------------------------------------------------------------

Result<Consumer*> Mirror::bypass() {
  if (has_metadata_) {
    return fail(EOPNOTSUPP, title(),
                " can not be taken out: its metadata lie at the end of its "
                "disk; stop it instead");
  }
  if (members_.size() != 1 || active_.size() != 1) {
    return fail(EBUSY, title(), " can not be taken out: it has ", members_.size(),
                " disks; remove all but one first");
  }
  return active_.front()->edge;
}

const char* state_name(Member::State state) {
  static constexpr const char* kNames[] = {"NEW", "ACTIVE", "SYNCHRONIZING", "STALE", "SPARE"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string Mirror::status() const {
  std::string text = state_ == State::starting ? "STARTING"
                     : state_ == State::over   ? "ENDING"
                     : complete()              ? "COMPLETE"
                                               : "DEGRADED";
  text += sentence(", ", active_.size(), " of ", static_cast<int>(self_.disks), " disks, balance ",
                   balance_name(self_.balance), ", genid ", self_.genid, ", syncid ", self_.syncid,
                   dirty_ ? ", dirty" : ", clean");
  for (const auto& m : members_) {
    text += sentence("; ", m->provider, ' ', state_name(m->state));
    if (!m->sync) continue;
    const auto size = static_cast<std::int64_t>(self_.media_size_bytes);
    text += sentence(" ", (size - m->sync->left_bytes()) * 100 / size, "%");
  }
  return text;
}

std::string Mirror::recipe() const {
  Values values;
  values.set("balance", std::string(balance_name(self_.balance)));
  values.set("slice", std::int64_t{self_.slice_bytes});
  std::vector<std::string> disks;
  for (const auto& m : members_) disks.push_back(m->provider);
  return recipe_of(*this, values, has_metadata_ ? "label" : "create", disks);
}

std::string Mirror::about(const Provider&) const {
  return sentence("one of ", static_cast<int>(self_.disks), " equal copies");
}

std::uint32_t Mirror::new_disk_id() {
  for (std::uint32_t salt = 0;; ++salt) {
    boost::crc_32_type crc;
    const std::string seed = sentence(name(), ' ', self_.mirror_id, ' ', last_number_ + 1, ' ',
                                      mesh().executor().now_ns(), ' ', salt);
    crc.process_bytes(seed.data(), seed.size());
    const std::uint32_t id = crc.checksum();
    const bool taken =
        std::ranges::any_of(members_, [id](const auto& m) { return m->record.disk_id == id; });
    if (!taken) return id;
  }
}

}  // namespace biotope::mirror
