// A plex that was down gets a copy of its volume.
#include <algorithm>

#include "classes/vinum/vinum.h"
#include "model/check.h"
#include "model/control_io.h"

namespace biotope {

namespace {

constexpr std::int64_t kBlock_bytes = 1 << 20;

}  // namespace

// Whatever is open; a plex that gets a copy needs all drives for that.
Status Vinum::demand(AccessPlan& plan) {
  if (under_repair_ == 0) return Geom::demand(plan);
  const Provider* volume = starting_ == nullptr ? nullptr : provider_of(starting_->index());
  if (volume != nullptr && plan.opens(*volume)) {
    return fail(EBUSY, volume->name(), " can not be opened while a plex of it gets a copy");
  }
  for (Consumer* drive : drives_) {
    if (drive != nullptr) plan.need(*drive, kReadWriteExclusive);
  }
  return {};
}

Result<Vinum::Address> Vinum::find_plex(const std::string& name) const {
  for (std::size_t volume = 0; volume < config_.volumes.size(); ++volume) {
    const std::vector<vinum::Plex>& plexes = config_.volumes[volume].plexes;
    const auto found = std::ranges::find_if(plexes, [&](const vinum::Plex& plex) {
      return plex.name == name || std::ranges::count(plex.subdisks, name, &vinum::Subdisk::name);
    });
    if (found == plexes.end()) continue;
    return Address{volume, static_cast<std::size_t>(found - plexes.begin())};
  }
  return fail(ENOENT, title(), " has no plex ", name);
}

std::string Vinum::subdisk_name(const Address& at, std::size_t subdisk) const {
  return config_.volumes[at.volume].plexes[at.plex].subdisks[subdisk].name;
}

Status Vinum::has_drives(const Address& at) const {
  for (std::size_t drive = 0; drive < drives_.size(); ++drive) {
    if (drives_[drive] != nullptr || !volumes_[at.volume]->uses(at.plex, drive)) continue;
    return fail(ENXIO, "plex ", config_.volumes[at.volume].plexes[at.plex].name,
                " can not be started: drive ", config_.drives[drive].name, " is lost");
  }
  return {};
}

Status Vinum::may_copy(const Address& at) const {
  const std::string& plex = config_.volumes[at.volume].plexes[at.plex].name;
  const Provider* provider = provider_of(at.volume);
  if (starting_ != nullptr) return fail(EBUSY, title(), " copies to a plex already");
  if (provider == nullptr) {
    return fail(ENXIO, "plex ", plex, " can not be started: no plex of volume ",
                config_.volumes[at.volume].name, " is up");
  }
  if (!provider->access().closed()) {
    return fail(EBUSY, "plex ", plex, " can not be started while ", provider->name(), " is open (",
                provider->access().text(), "); close it first");
  }
  return has_drives(at);
}

Task<Status> Vinum::start_plex(std::string name) {
  const Result<Address> at = find_plex(name);
  if (!at) co_return pass_on(at);
  const vinum::LiveVolume& volume = *volumes_[at->volume];
  const vinum::ParityPlex* raid5 = volume.raid5(at->plex);
  const std::size_t lacking = raid5 == nullptr ? 0 : raid5->not_up();
  if (volume.up(at->plex) && (raid5 == nullptr || lacking == raid5->count())) co_return Status{};
  const Stay stay(*this);
  if (volume.up(at->plex)) co_return co_await revive(*at, lacking);
  co_return co_await copy_to(*at);
}

Task<Status> Vinum::copy_to(Address at) {
  if (Status may = may_copy(at); !may) co_return may;
  if (Status opened = open_all(); !opened) co_return opened;
  vinum::LiveVolume& volume = *volumes_[at.volume];
  starting_ = &volume;
  ++under_repair_;
  std::size_t good = 0;
  while (!volume.up(good)) ++good;
  Status done = co_await copy({at.volume, good}, at.plex);
  starting_ = nullptr;
  --under_repair_;
  if (done) {
    volume.set_up(at.plex, true);
    want_record();
  }
  open_as_needed();
  co_return done;
}

Task<Status> Vinum::copy(Address from, std::size_t to) {
  const vinum::LiveVolume& volume = *volumes_[from.volume];
  if (volume.raid5(to) != nullptr) volume.raid5(to)->make_whole();
  const std::int64_t size = config_.volumes[from.volume].size_bytes();
  for (std::int64_t at = 0; at < size;) {
    array::Piece source = volume.piece_of(from.plex, at, std::min(size - at, kBlock_bytes));
    const array::Piece target = volume.piece_of(to, at, source.length_bytes);
    source.length_bytes = target.length_bytes;
    const Status done = co_await copy_piece(source, target);
    if (!done) co_return done;
    at += target.length_bytes;
  }
  if (volume.raid5(to) != nullptr) {
    const Status built = co_await build_rows({from.volume, to});
    if (!built) co_return built;
  }
  for (std::size_t i = 0; i < drives_.size(); ++i) {
    if (drives_[i] == nullptr || !volume.uses(to, i)) continue;
    const Status flushed = co_await flush_drive(i);
    if (!flushed) co_return flushed;
  }
  co_return Status{};
}

Task<Status> Vinum::copy_piece(array::Piece from, array::Piece to) {
  if (from.to == nullptr || to.to == nullptr) co_return fail(ENXIO, title(), " has lost a drive");
  const Result<Bytes> bytes = co_await read(*from.to, from.position_bytes, from.length_bytes);
  if (!bytes) co_return pass_on(bytes);
  // A drive may have been lost meanwhile.
  if (std::ranges::find(drives_, to.to) == drives_.end()) {
    co_return fail(ENXIO, title(), " has lost a drive");
  }
  co_return co_await write(*to.to, to.position_bytes, *bytes);
}

// The data are there; each row gets its parity.
Task<Status> Vinum::build_rows(Address at) {
  vinum::ParityPlex& plex = *volumes_[at.volume]->raid5(at.plex);
  for (std::int64_t row = 0; row < plex.rows(); ++row) {
    const Status built = co_await revive_row(plex, plex.parity_of(row), row);
    if (!built) co_return built;
  }
  co_return Status{};
}

Task<Status> Vinum::flush_drive(std::size_t index) {
  co_return co_await biotope::flush(*drives_[index]);
}

Status Vinum::open_all() {
  if (withering()) return fail(ENXIO, title(), " is ending");
  for (Consumer* drive : drives_) {
    if (drive == nullptr) continue;
    Status opened = mesh().access(*drive, kReadWriteExclusive - drive->access());
    if (opened) continue;
    open_as_needed();
    return opened;
  }
  return {};
}

// As the users of its volumes have them.
void Vinum::open_as_needed() {
  if (under_repair_ > 0 || withering()) return;
  Access needed;
  for (const Provider& provider : providers()) {
    const Access open = provider.access();
    needed.r |= open.r > 0 ? 1 : 0;
    needed.w |= open.w > 0 ? 1 : 0;
    needed.e |= open.e > 0 || open.w > 0 ? 1 : 0;
  }
  for (Consumer* drive : drives_) {
    if (drive == nullptr || needed == drive->access()) continue;
    const Status closed = mesh().access(*drive, needed - drive->access());
    BIOTOPE_CHECK(closed.has_value(), "closing is never refused");
  }
}

}  // namespace biotope
