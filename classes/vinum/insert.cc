// A new disk in place of a drive that is lost.
#include <algorithm>

#include "classes/vinum/vinum.h"
#include "model/control_io.h"

namespace biotope {

Result<std::size_t> Vinum::lost_drive(const std::string& name) const {
  if (!labelled() || !running_) {
    return fail(EOPNOTSUPP, title(),
                labelled() ? " has not started; it waits for its drives"
                           : " is made by hand; make it anew");
  }
  const auto known = std::ranges::find(config_.drives, name, &vinum::Drive::name);
  if (known == config_.drives.end()) return fail(ENOENT, title(), " has no drive ", name);
  const auto drive = static_cast<std::size_t>(known - config_.drives.begin());
  if (drives_[drive] == nullptr) return drive;
  return fail(EEXIST, "drive ", name, " of ", title(), " is there, on ",
              drives_[drive]->provider()->name());
}

Status Vinum::fits(const Provider& disk, std::size_t drive) const {
  std::int64_t end_bytes = vinum::kHeader_bytes;
  for (const vinum::Volume& volume : config_.volumes) {
    for (const vinum::Plex& plex : volume.plexes) {
      for (const vinum::Subdisk& one : plex.subdisks) {
        if (one.drive != drive) continue;
        end_bytes = std::max(end_bytes, *one.start_bytes + one.length_bytes);
      }
    }
  }
  if (vinum::kHeaderLength_bytes % disk.sector_size_bytes() == 0 &&
      disk.media_size_bytes() >= end_bytes) {
    return {};
  }
  return fail(EINVAL, disk.name(), " can not be drive ", config_.drives[drive].name, " of ",
              title(), ": that needs ", end_bytes, " bytes in sectors that divide ",
              vinum::kHeaderLength_bytes, ", and there are ", disk.media_size_bytes(), " in ",
              disk.sector_size_bytes());
}

// Volumes that are lost have missed nothing, but what they had there is not on the new disk.
void Vinum::has_nothing(std::size_t drive) {
  for (std::size_t v = 0; v < volumes_.size(); ++v) {
    if (provider_of(v) != nullptr) continue;
    for (vinum::Plex& plex : config_.volumes[v].plexes) {
      const bool raid5 = plex.organisation == vinum::Plex::Organisation::raid5;
      const bool uses = std::ranges::count(plex.subdisks, drive, &vinum::Subdisk::drive) > 0;
      for (vinum::Subdisk& one : plex.subdisks) one.up = one.up && !(raid5 && one.drive == drive);
      const auto stale = std::ranges::count(plex.subdisks, false, &vinum::Subdisk::up);
      plex.up = plex.up && (raid5 ? stale <= 1 : !uses);
    }
  }
}

Task<Status> Vinum::insert(std::string drive, std::string disk) {
  Result<std::size_t> place = lost_drive(drive);
  if (!place) co_return pass_on(place);
  Provider* provider = mesh().provider(disk);
  if (provider == nullptr) co_return fail(ENOENT, "there is no ", disk);
  if (Status fine = fits(*provider, *place); !fine) co_return fine;
  const Stay stay(*this);
  const Result<Consumer*> edge = mesh().new_consumer(*this, *provider);
  if (!edge) co_return pass_on(edge);
  const std::uint64_t edge_id = (*edge)->id();
  Status done = mesh().access(**edge, kReadWriteExclusive);
  if (done) {
    const Result<Bytes> sector =
        co_await read(**edge, vinum::kHeaderAt_bytes, vinum::kHeaderLength_bytes);
    const Result<vinum::Header> there = sector ? vinum::decode(*sector) : pass_on(sector);
    if (!sector) {
      done = pass_on(sector);
    } else if (there || there.error().code != ENOENT) {
      done = fail(EEXIST, disk, " holds a drive of vinum already; clear it first");
    }
  }
  // Much may have happened meanwhile.
  Consumer* own = mesh().consumer_by_id(edge_id);
  if (own == nullptr || withering()) co_return fail(ENXIO, title(), " has lost ", disk);
  place = lost_drive(drive);
  if (done && !place) done = pass_on(place);
  if (done && own->orphaned()) done = fail(ENXIO, disk, " is lost");
  if (!done) {
    mesh().drop(*own);
    co_return done;
  }
  has_nothing(*place);
  const std::int64_t size_bytes = own->provider()->media_size_bytes();
  arrive_late(*own, {disk, {name(), drive, stamp_, stamp_, size_bytes}, stamp_, {}, {}});
  while (recording_) co_await sleep(mesh().executor(), RequestPath::kReplayDelay_ns);
  co_return Status{};
}

}  // namespace biotope
