// How a labelled vinum comes together, in whatever order its drives come, and ends.
#include <algorithm>
#include <set>
#include <utility>

#include "classes/vinum/vinum.h"
#include "model/control_io.h"

namespace biotope {

// Drives -----------------------------------------------------------------------------------------

Status Vinum::consider(const Drive& drive) const {
  const auto refuse = [&](int code, const auto&... why) {
    return fail(code, drive.provider, " can not join ", title(), ": ", why...);
  };
  if (withering()) return refuse(ENXIO, "it is ending");
  const std::string& name = drive.header.name;
  if (!running_) {
    const auto same = arrival_of(name);
    if (same == arrivals_.end() || same->drive.stamp < drive.stamp) return {};
    return refuse(EEXIST, "it says it is drive ", name, ", and ", same->drive.provider,
                  " is that; clear the one that is not");
  }
  const auto known = std::ranges::find(config_.drives, name, &vinum::Drive::name);
  if (known == config_.drives.end()) return refuse(EINVAL, "there is no drive ", name, " in it");
  const Consumer* there = drives_[static_cast<std::size_t>(known - config_.drives.begin())];
  if (there != nullptr) {
    return refuse(EEXIST, "it says it is drive ", name, ", and ", there->provider()->name(),
                  " is that; clear the one that is not");
  }
  if (drive.stamp <= seen_.at(name)) return {};
  return refuse(EEXIST, "drive ", name, " was written without the others, and they without it; ",
                "decide which is right, then clear the other");
}

void Vinum::arrive(Consumer& edge, Drive drive) {
  if (running_) return arrive_late(edge, drive);
  const auto older = arrival_of(drive.header.name);
  if (older != arrivals_.end()) {
    mesh().note(*this, sentence(older->drive.provider, " is an older drive ", drive.header.name,
                                " than ", drive.provider));
    mesh().drop(*older->edge);
    arrivals_.erase(older);
  }
  arrivals_.push_back({&edge, std::move(drive)});
  try_start();
}

void Vinum::forget_arrival(const Consumer& consumer) {
  const auto gone = std::ranges::find(arrivals_, &consumer, &Arrival::edge);
  if (gone != arrivals_.end()) {
    mesh().drop(*gone->edge);
    arrivals_.erase(gone);
  }
  if (arrivals_.empty()) mesh().wither(*this);
}

void Vinum::wait_at_most(std::int64_t time_ns) {
  later_.after(time_ns, [this] {
    waited_enough_ = true;
    try_start();
  });
}

// Before all is known ----------------------------------------------------------------------------

const Vinum::Arrival* Vinum::leader() const {
  const auto newest = std::ranges::max_element(
      arrivals_, {}, [](const Arrival& a) -> const auto& { return a.drive.stamp; });
  return newest == arrivals_.end() ? nullptr : &*newest;
}

std::vector<Vinum::Arrival>::const_iterator Vinum::arrival_of(const std::string& drive) const {
  return std::ranges::find(
      arrivals_, drive, [](const Arrival& a) -> const auto& { return a.drive.header.name; });
}

// With those that no subdisk is on.
std::vector<std::string> Vinum::drives_of(const vinum::Kept& kept) const {
  std::set<std::string> names;
  for (const auto& [name, stamp] : kept.seen) names.insert(name);
  for (const vinum::Drive& drive : kept.config.drives) names.insert(drive.name);
  return {names.begin(), names.end()};
}

std::string Vinum::missing() const {
  std::string names;
  const Arrival* newest = leader();
  if (newest == nullptr) return names;
  for (const std::string& name : drives_of(newest->drive.kept)) {
    if (!is_there(name)) names += sentence(' ', name);
  }
  return names;
}

// What two say of the same time differs: none of them can be believed.
bool Vinum::split(const Arrival& newest) const {
  for (const Arrival& a : arrivals_) {
    if (a.drive.stamp != newest.drive.stamp || a.drive.text == newest.drive.text) continue;
    note_split(a.drive, newest.drive);
    return true;
  }
  return false;
}

void Vinum::note_split(const Drive& one, const Drive& other) const {
  mesh().note(*this, sentence("drive ", one.header.name, " on ", one.provider, " and drive ",
                              other.header.name, " on ", other.provider,
                              " were written without each other; decide which is right, then clear "
                              "the other"));
}

// Those that went on without the newest, or are none of its drives.
void Vinum::leave_out_others(const Drive& newest) {
  const std::vector<std::string> names = drives_of(newest.kept);
  std::erase_if(arrivals_, [&](const Arrival& a) {
    const std::string& name = a.drive.header.name;
    const auto seen = newest.kept.seen.find(name);
    const bool known = std::ranges::count(names, name) > 0;
    const bool in_time = seen == newest.kept.seen.end() || a.drive.stamp <= seen->second;
    if (known && in_time) return false;
    if (known) {
      note_split(a.drive, newest);
    } else {
      mesh().note(*this, sentence(a.drive.provider, " says it is drive ", name,
                                  ", and there is none in what ", newest.provider, " says"));
    }
    mesh().drop(*a.edge);
    return true;
  });
}

// Coming together --------------------------------------------------------------------------------

void Vinum::try_start() {
  const Arrival* first = leader();
  if (running_ || first == nullptr || withering() || split(*first)) return;
  const Drive newest = first->drive;
  if (!waited_enough_ && !missing().empty()) return;
  leave_out_others(newest);
  if (arrivals_.empty()) return mesh().wither(*this);
  const bool any = std::ranges::any_of(newest.kept.config.volumes, [&](const vinum::Volume& v) {
    return serves(newest.kept.config, v);
  });
  if (!any) return;
  if (const Status fine = start_with(newest); !fine) mesh().note(*this, fine.error().text);
}

// One of its plexes has everything, and the drives for it are there.
bool Vinum::serves(const vinum::Config& config, const vinum::Volume& volume) const {
  return std::ranges::any_of(volume.plexes, [&](const vinum::Plex& plex) {
    const auto lacking = std::ranges::count_if(plex.subdisks, [&](const vinum::Subdisk& one) {
      return !one.up || !is_there(config.drives[one.drive].name);
    });
    const bool raid5 = plex.organisation == vinum::Plex::Organisation::raid5;
    return plex.up && lacking <= (raid5 ? 1 : 0);
  });
}

bool Vinum::is_there(const std::string& drive) const {
  for (std::size_t i = 0; i < drives_.size(); ++i) {
    if (config_.drives[i].name == drive) return drives_[i] != nullptr;
  }
  return arrival_of(drive) != arrivals_.end();
}

Status Vinum::start_with(const Drive& newest) {
  vinum::Config config = newest.kept.config;
  for (const std::string& name : drives_of(newest.kept)) {
    if (std::ranges::count(config.drives, name, &vinum::Drive::name) == 0) {
      config.drives.push_back({name, {}, 0});
    }
  }
  constexpr vinum::Room kUnknown{std::int64_t{1} << 50, 512};
  std::vector<vinum::Room> rooms(config.drives.size(), kUnknown);
  std::vector<Consumer*> edges(config.drives.size());
  for (const Arrival& a : arrivals_) {
    const auto place = std::ranges::find(config.drives, a.drive.header.name, &vinum::Drive::name);
    const auto i = static_cast<std::size_t>(place - config.drives.begin());
    const Provider& disk = *a.edge->provider();
    edges[i] = a.edge;
    rooms[i] = {disk.media_size_bytes(), disk.sector_size_bytes()};
    place->device = disk.name();
  }
  if (Status fine = vinum::place(newest.provider, config, rooms); !fine) return fine;
  config_ = std::move(config);
  drives_ = std::move(edges);
  seen_ = newest.kept.seen;
  stamp_ = newest.stamp;
  running_ = true;
  bool differ = false;
  for (const Arrival& a : std::exchange(arrivals_, {})) {
    headers_[a.drive.header.name] = a.drive.header;
    differ = differ || a.drive.stamp != stamp_;
  }
  for (const vinum::Drive& drive : config_.drives) seen_.try_emplace(drive.name, stamp_);
  for (std::size_t v = 0; v < config_.volumes.size(); ++v) {
    volumes_.push_back(std::make_unique<vinum::LiveVolume>(*this, v, config_.volumes[v]));
    bring_in(v);
  }
  if (differ || std::ranges::count(drives_, nullptr) > 0) want_record();
  return {};
}

// Offers a volume that was not there, as far as its drives are.
void Vinum::bring_in(std::size_t v) {
  for (std::size_t drive = 0; drive < drives_.size(); ++drive) {
    if (drives_[drive] == nullptr) without(drive, *volumes_[v]);
  }
  const vinum::LiveVolume& volume = *volumes_[v];
  bool any = false;
  for (std::size_t plex = 0; plex < volume.count(); ++plex) any = any || volume.up(plex);
  if (!any) return;
  const Result<Provider*> offered =
      mesh().new_provider(*this, sentence("vinum/", config_.volumes[v].name), properties_of(v));
  if (!offered) return mesh().note(*this, offered.error().text);
  (*offered)->index = v;
  mesh().publish(**offered);
  revive_stale(v);
}

// What a raid5 lacks it gets by itself, when the drive is there.
void Vinum::revive_stale(std::size_t v) {
  const vinum::LiveVolume& volume = *volumes_[v];
  for (std::size_t plex = 0; plex < volume.count(); ++plex) {
    const vinum::ParityPlex* raid5 = volume.raid5(plex);
    if (raid5 == nullptr || !volume.up(plex)) continue;
    const std::size_t lacking = raid5->not_up();
    if (lacking == raid5->count() || drives_[raid5->drive_of(lacking)] == nullptr) continue;
    if (raid5->state(lacking) != vinum::ParityPlex::State::stale) continue;
    jobs_.post(
        [this, at = Address{v, plex}, lacking] { return stay_and_revive(this, at, lacking); });
  }
}

// A volume that is lost comes back when this makes one of its plexes whole: it has missed nothing.
// A plex that is down has; it stays so until it is started.
void Vinum::arrive_late(Consumer& edge, const Drive& drive) {
  const auto known = std::ranges::find(config_.drives, drive.header.name, &vinum::Drive::name);
  known->device = drive.provider;
  drives_[static_cast<std::size_t>(known - config_.drives.begin())] = &edge;
  headers_[drive.header.name] = drive.header;
  for (std::size_t v = 0; v < volumes_.size(); ++v) {
    if (provider_of(v) != nullptr) {
      revive_stale(v);
    } else if (serves(config_, config_.volumes[v])) {
      past_volumes_.push_back(std::exchange(
          volumes_[v], std::make_unique<vinum::LiveVolume>(*this, v, config_.volumes[v])));
      bring_in(v);
    }
  }
  want_record();
}

// The end ----------------------------------------------------------------------------------------

std::vector<Consumer*> Vinum::edges() const {
  std::vector<Consumer*> all;
  for (const Arrival& a : arrivals_) all.push_back(a.edge);
  for (Consumer* drive : drives_) {
    if (drive != nullptr) all.push_back(drive);
  }
  return all;
}

Task<Status> Vinum::stop(bool wipe) {
  for (const Provider& provider : providers()) {
    if (provider.access().closed()) continue;
    co_return fail(EBUSY, title(), " can not stop: ", provider.name(), " is open (",
                   provider.access().text(), "); close it");
  }
  const std::size_t usual = labelled() ? 1 : 0;
  if (under_repair_ > usual || recording_) {
    co_return fail(EBUSY, title(),
                   " can not stop while a plex of it gets a copy, or this is noted");
  }
  const Stay stay(*this);
  Status done;
  const std::vector<Consumer*> all = edges();
  for (Consumer* edge : all) {
    if (!wipe || !labelled() || edge->orphaned()) continue;
    const Status wiped = co_await vinum::wipe(*edge);
    if (!wiped) done = wiped;
  }
  // Closing a disk has it tasted. That comes while it still stands on it, so that it is not found
  // again at once.
  for (Consumer* edge : all) {
    if (edge->leaving() || !edge->idle()) continue;
    if (const Status closed = mesh().close(*edge); !closed) done = closed;
  }
  mesh().events().post([mesh = &mesh(), id = this->id()]() -> Task<void> {
    if (Geom* geom = mesh->geom_by_id(id)) mesh->wither(*geom);
    co_return;
  });
  co_return done;
}

}  // namespace biotope
