// What an operator can ask of a mirror (geom.md C8).
#include <algorithm>
#include <utility>

#include "classes/array/verb.h"
#include "classes/mirror/mirror.h"
#include "classes/mirror/sync.h"
#include "model/control_io.h"

namespace biotope::mirror {

void Mirror::verb(Then then, std::function<Task<Status>()> work) {
  array::carry_out(jobs_, *this, std::move(work), std::move(then));
}

void Mirror::insert(const std::string& disk, InsertOptions options, Then then) {
  verb(std::move(then), [this, disk, options] { return insert_job(disk, options); });
}
void Mirror::remove(const std::string& disk, Then then) {
  verb(std::move(then), [this, disk] { return remove_job(disk); });
}
void Mirror::forget(Then then) {
  verb(std::move(then), [this] { return forget_job(); });
}
void Mirror::activate(const std::string& disk, Then then) {
  verb(std::move(then), [this, disk] { return activate_job(disk); });
}
void Mirror::deactivate(const std::string& disk, Then then) {
  verb(std::move(then), [this, disk] { return deactivate_job(disk); });
}
void Mirror::rebuild(const std::string& disk, Then then) {
  verb(std::move(then), [this, disk] { return rebuild_job(disk); });
}
void Mirror::configure(Changes changes, Then then) {
  verb(std::move(then), [this, changes] { return configure_job(changes); });
}
void Mirror::resize(std::int64_t media_size_bytes, Then then) {
  verb(std::move(then), [this, media_size_bytes] { return resize_job(media_size_bytes); });
}
void Mirror::stop(WhenOpen when_open, Then then) {
  verb(std::move(then), [this, when_open] { return stop_job(when_open, false); });
}
void Mirror::destroy(WhenOpen when_open, Then then) {
  verb(std::move(then), [this, when_open] { return stop_job(when_open, true); });
}

// What verbs have in common ----------------------------------------------------------------------

Status Mirror::in_service(const char* what) const {
  if (state_ == State::running) return {};
  return fail(state_ == State::over ? ENXIO : EAGAIN, "mirror ", name(), " can not ", what, ": it ",
              state_ == State::over ? "is ending" : "has not started; it waits for its disks");
}

Result<Member*> Mirror::named(const std::string& disk) const {
  if (Member* member = find(disk)) return member;
  return fail(ENOENT, disk, " is no disk of mirror ", name());
}

Status Mirror::not_the_last(const Member& member, const char* what) const {
  if (member.state != Member::State::active || active_.size() > 1) return {};
  return fail(EBUSY, member.provider, " can not be ", what, ": no other disk of mirror ", name(),
              " has all of the data; let another get a copy first");
}

Status Mirror::all_there(const char* what) const {
  if (disks_there() == self_.disks) return {};
  return fail(EBUSY, "mirror ", name(), " can not ", what, ": ",
              static_cast<std::int64_t>(self_.disks) - static_cast<std::int64_t>(disks_there()),
              " of its disks are missing; bring them back, or forget them first");
}

// A disk that is not the mirror's, or not at present, open for it alone.
Result<Consumer*> Mirror::open_disk(const std::string& disk) {
  Provider* provider = mesh().provider(disk);
  if (provider == nullptr) return fail(ENOENT, "there is no ", disk);
  Result<Consumer*> edge = mesh().new_consumer(*this, *provider);
  if (!edge) return edge;
  if (const Status opened = mesh().access(**edge, kReadWriteExclusive); !opened) {
    mesh().drop(**edge);
    return pass_on(opened);
  }
  return edge;
}

// What open_disk() opened is not wanted after all: others may have it at once.
void Mirror::give_back(Consumer& edge) {
  if (edge.idle()) {
    const Status closed = mesh().close(edge);
    if (!closed) note(closed.error().text);
  }
  mesh().drop(edge);
}

// Its record says what becomes of it, and then it goes.
Task<Status> Mirror::dismiss(std::uint32_t number, Bytes last_words) {
  Member* member = find(number);
  if (member == nullptr) co_return fail(ENXIO, "the disk has left mirror ", name());
  if (member->sync) std::exchange(member->sync, nullptr)->cancel();
  member->state = Member::State::stale;
  refresh();
  Status told;
  if (has_metadata_) told = co_await metadata::store(*member->edge, std::move(last_words));
  member = find(number);
  if (member == nullptr) co_return told;
  Consumer& edge = *member->edge;
  forget_member(*member);
  give_back(edge);
  co_return told;
}

Bytes Mirror::sector_of(const Member& member, const Record& record) const {
  return encode(record, member.edge->provider()->sector_size_bytes());
}

Bytes Mirror::empty_sector(const Member& member) const {
  return Bytes(static_cast<std::size_t>(member.edge->provider()->sector_size_bytes()));
}

// Disks ------------------------------------------------------------------------------------------

Status Mirror::fits(const Provider& disk) const {
  const Properties& p = disk.properties();
  const std::int64_t usable = has_metadata_ ? metadata::place_bytes(p) : p.media_size_bytes;
  if (self_.sector_size_bytes % p.sector_size_bytes != 0) {
    return fail(EINVAL, disk.name(), " can not be inserted into mirror ", name(),
                ": its sectors of ", p.sector_size_bytes, " bytes do not divide those of ",
                self_.sector_size_bytes);
  }
  if (usable < static_cast<std::int64_t>(self_.media_size_bytes)) {
    return fail(EINVAL, disk.name(), " can not be inserted into mirror ", name(), ": it has ",
                usable, " usable bytes, and ", self_.media_size_bytes, " are needed");
  }
  return {};
}

Task<Status> Mirror::insert_job(std::string disk, InsertOptions options) {
  Status fine = in_service("take another disk");
  if (fine && !options.spare) fine = all_there("take another disk");
  if (!fine) co_return fine;
  if (find(disk) != nullptr) {
    co_return fail(EEXIST, disk, " is a disk of mirror ", name(), " already");
  }
  if (self_.disks == 255) co_return fail(E2BIG, "mirror ", name(), " has 255 disks already");
  const Provider* provider = mesh().provider(disk);
  if (provider == nullptr) co_return fail(ENOENT, "there is no ", disk);
  if (fine = fits(*provider); !fine) co_return fine;
  const Result<Consumer*> edge = open_disk(disk);
  if (!edge) co_return pass_on(edge);
  if (fine = hold_alone(); !fine) {
    give_back(**edge);
    co_return fine;
  }
  Record record;
  record.disk_id = new_disk_id();
  record.priority = options.priority;
  record.set(kHardcoded, options.hardcode);
  record.spare = options.spare;
  Member& member = add_member(**edge, std::move(record));
  const std::uint32_t number = member.number;
  member.state = options.spare ? Member::State::spare : Member::State::stale;
  Record first = record_of(member);
  first.syncid = 0;
  first.lineage = {};
  first.disks = static_cast<std::uint8_t>(self_.disks + (options.spare ? 0 : 1));
  Status stored = co_await store(number, std::move(first));
  Member* there = find(number);
  if (there == nullptr || !stored) {
    if (there != nullptr) forget_member(*there);
    co_return stored ? fail(ENXIO, disk, " has gone while it was being inserted") : stored;
  }
  if (options.spare) {
    if (!complete()) call_spare();
    co_return Status{};
  }
  ++self_.disks;
  busy_ = true;
  refresh();
  stored = co_await record_all();
  there = find(number);
  if (there != nullptr) settle_in(*there, Role::needs_all);
  settled();
  co_return stored;
}

Task<Status> Mirror::remove_job(std::string disk) {
  Status fine = in_service("give up a disk");
  const Result<Member*> found = named(disk);
  if (fine && !found) fine = pass_on(found);
  if (fine && (*found)->state != Member::State::spare) fine = all_there("give up a disk");
  if (fine) fine = not_the_last(**found, "removed");
  if (!fine) co_return fine;
  const bool counts = (*found)->state != Member::State::spare;
  Bytes empty = empty_sector(**found);
  busy_ = true;
  Status cleared = co_await dismiss((*found)->number, std::move(empty));
  if (counts) {
    --self_.disks;
    const Status recorded = co_await record_all();
    if (cleared) cleared = recorded;
  }
  settled();
  co_return cleared;
}

Task<Status> Mirror::forget_job() {
  if (const Status fine = in_service("forget disks"); !fine) co_return fine;
  if (disks_there() == self_.disks) co_return Status{};
  self_.disks = static_cast<std::uint8_t>(disks_there());
  // Those that are forgotten must not come back as equals.
  if (has_metadata_) raise_syncid_ = Raise::now;
  busy_ = true;
  refresh();
  while (raise_syncid_ == Raise::now) raise();
  const Status recorded = co_await record_all();
  settled();
  co_return recorded;
}

Task<Status> Mirror::deactivate_job(std::string disk) {
  Status fine = in_service("put a disk out of use");
  if (fine && !has_metadata_) {
    fine = fail(EOPNOTSUPP, "mirror ", name(), " has no metadata to note that in; remove the disk");
  }
  const Result<Member*> found = named(disk);
  if (fine && !found) fine = pass_on(found);
  if (fine) fine = not_the_last(**found, "put out of use");
  if (!fine) co_return fine;
  Record last = record_of(**found);
  last.set(kInactive, true);
  Bytes sector = sector_of(**found, last);
  busy_ = true;
  const Status told = co_await dismiss((*found)->number, std::move(sector));
  raise_syncid_ = Raise::now;
  settled();
  co_return told;
}

Task<Status> Mirror::activate_job(std::string disk) { return take_back(std::move(disk), false); }

Task<Status> Mirror::rebuild_job(std::string disk) {
  if (const Status fine = in_service("rebuild a disk"); !fine) co_return fine;
  Member* member = find(disk);
  if (member == nullptr) co_return co_await take_back(disk, true);
  if (const Status fine = not_the_last(*member, "rebuilt"); !fine) co_return fine;
  if (member->sync) std::exchange(member->sync, nullptr)->cancel();
  const std::uint32_t number = member->number;
  const bool was_good = member->state == Member::State::active;
  member->state = Member::State::synchronizing;
  member->only_marked = false;
  member->record.sync_offset_bytes = 0;
  busy_ = true;
  if (was_good && has_metadata_) raise_syncid_ = Raise::now;
  refresh();
  while (raise_syncid_ == Raise::now) raise();
  const Status recorded = co_await record_all();
  member = find(number);
  if (member != nullptr) settle_in(*member, Role::needs_all);
  settled();
  co_return recorded;
}

// A disk that bears this mirror's metadata and is not with it: put out of use, or found broken.
Task<Status> Mirror::take_back(std::string disk, bool with_a_copy) {
  if (const Status fine = in_service("take a disk back"); !fine) co_return fine;
  if (find(disk) != nullptr && !with_a_copy) co_return Status{};
  const Result<Consumer*> edge = open_disk(disk);
  if (!edge) co_return pass_on(edge);
  const std::uint64_t edge_id = (*edge)->id();
  const std::uint64_t provider_id = (*edge)->provider()->id();
  Result<metadata::Found> found = co_await metadata::look(**edge, kKind);
  Result<Record> record = found ? decode(*found) : pass_on(found);
  Status fine = record ? Status{} : pass_on(record);
  if (fine && record->mirror_id != self_.mirror_id) {
    fine = fail(EINVAL, disk, " is no disk of mirror ", name(), " but of ", record->name);
  }
  Consumer* there = mesh().consumer_by_id(edge_id);
  if (fine && there->orphaned()) fine = fail(ENXIO, disk, " is gone");
  Role role = Role::needs_all;
  if (fine) {
    record->set(kInactive, false);
    std::erase_if(comebacks_, [&](const auto& entry) { return entry.first == provider_id; });
    if (with_a_copy) {
      record->syncid = 0;
      record->set(kForceSync, true);
      record->set(kBroken, false);
    }
    const Result<Role> considered = consider(*there->provider(), *record);
    if (considered) {
      role = *considered;
    } else {
      fine = pass_on(considered);
    }
  }
  if (fine) {
    Bytes sector = encode(*record, there->provider()->sector_size_bytes());
    fine = co_await metadata::store(*there, std::move(sector));
  }
  if (!fine || there->orphaned()) {
    give_back(*there);
    co_return fine ? fail(ENXIO, disk, " is gone") : fine;
  }
  arrive(*there, std::move(*record), role);
  co_return Status{};
}

}  // namespace biotope::mirror
