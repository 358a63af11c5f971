#include "classes/vinum/vinum.h"

#include <algorithm>

#include "model/check.h"

namespace biotope {

namespace {

const Parameter kParameters[] = {
    {.name = "config",
     .kind = Parameter::Kind::text,
     .fallback = std::string(),
     .help = "drives, volumes, plexes and subdisks as vinum's users write them, a line each"},
};

}  // namespace

Vinum::Vinum(Mesh& mesh, const Class& cls, const std::string& name, vinum::Config config, Made made)
    : Geom(mesh, cls, name),
      OrderGate(static_cast<Geom&>(*this)),
      config_(std::move(config)),
      made_(made),
      under_repair_(labelled() ? 1 : 0),
      running_(!labelled()),
      later_(mesh.executor()),
      records_(mesh.executor()),
      jobs_(mesh.executor()) {
  for (std::size_t i = 0; i < config_.volumes.size(); ++i) {
    volumes_.push_back(std::make_unique<vinum::LiveVolume>(*this, i, config_.volumes[i]));
  }
}

Vinum::~Vinum() {
  jobs_.clear();
  records_.clear();
}

Status Vinum::stand_on(const std::vector<Provider*>& disks) {
  for (Provider* disk : disks) {
    const Result<Consumer*> edge = mesh().new_consumer(*this, *disk);
    if (!edge) return pass_on(edge);
    drives_.push_back(*edge);
  }
  for (std::size_t i = 0; i < volumes_.size(); ++i) {
    const Result<Provider*> volume =
        mesh().new_provider(*this, sentence("vinum/", config_.volumes[i].name), properties_of(i));
    if (!volume) return pass_on(volume);
    (*volume)->index = i;
    mesh().publish(**volume);
    revive_stale(i);
  }
  return {};
}

Properties Vinum::properties_of(std::size_t volume) const {
  std::vector<vinum::Room> rooms;
  Properties all;
  all.deletable = true;
  for (const Consumer* drive : drives_) {
    if (drive == nullptr || drive->provider() == nullptr) continue;
    const Properties& disk = drive->provider()->properties();
    rooms.push_back({disk.media_size_bytes, disk.sector_size_bytes});
    all.writable = all.writable && disk.writable;
    all.deletable = all.deletable && disk.deletable;
  }
  all.sector_size_bytes = vinum::unit_of(rooms);
  all.deletable = all.deletable && !volumes_[volume]->has_raid5();
  all.media_size_bytes = config_.volumes[volume].size_bytes();
  all.stripe_size_bytes = config_.volumes[volume].plexes.front().stripe_bytes;
  return all;
}

Properties Vinum::derive(const Provider& own) const {
  Properties now = properties_of(own.index);
  now.sector_size_bytes = own.sector_size_bytes();
  return now;
}

// Requests ---------------------------------------------------------------------------------------

Verdict Vinum::start(Bio& bio, Provider& provider) {
  vinum::LiveVolume& volume = *volumes_[provider.index];
  if (volume.has_raid5() && bio.command != Command::read && bio.command != Command::write &&
      bio.command != Command::flush) {
    return Verdict::done(EOPNOTSUPP);
  }
  if (has_range(bio.command) && passes(bio)) [[likely]] {
    return volume.run_or_pass_on(bio);
  }
  if (bio.command == Command::getattr) return Verdict::done(EOPNOTSUPP);
  bio.driver2 = &volume;
  return passes(bio) ? issue(bio) : wait(bio);
}

bool Vinum::idle() const {
  return OrderGate::idle() &&
         std::ranges::all_of(volumes_, [](const auto& volume) { return volume->idle(); });
}

Verdict Vinum::issue(Bio& bio) {
  if (bio.command == Command::flush) return flush(bio);
  return static_cast<vinum::LiveVolume*>(bio.driver2)->run(bio);
}

Verdict Vinum::flush(Bio& bio) {
  Children parts(mesh().path(), bio);
  for (Consumer* drive : drives_) {
    if (drive != nullptr && !parts.add(*drive, 0, 0, 0)) return Verdict::done(ENOMEM);
  }
  return parts.issue(&Vinum::flush_done);
}

void Vinum::flush_done(Bio& part) {
  auto& self = static_cast<Vinum&>(part.edge->geom());
  const std::size_t drive = self.index_of(*part.edge);
  auto& asked = *static_cast<vinum::LiveVolume*>(part.parent->driver2);
  if (part.error != 0 && self.survives_without(drive, asked)) part.error = 0;
  if (!self.recorded()) return self.hold(part, nullptr);
  Children::part_done(part);
}

// What was written to a drive may be lost: its plexes are down wherever another one has it all.
// False when the volume that was flushed has none.
bool Vinum::survives_without(std::size_t drive, vinum::LiveVolume& asked) {
  bool survives = true;
  for (const auto& volume : volumes_) {
    for (std::size_t plex = 0; plex < volume->count(); ++plex) {
      if (!volume->up(plex) || drive == drives_.size() || !volume->uses(plex, drive)) continue;
      constexpr const char* kWhy = "a drive of it can not be flushed";
      const bool down = do_without(*volume, plex, drive, kWhy) || take_down(*volume, plex, kWhy);
      if (volume.get() == &asked && !down) survives = false;
    }
  }
  return survives && provider_of(asked.index()) != nullptr;
}

bool Vinum::take_down(vinum::LiveVolume& volume, std::size_t plex, const std::string& why) {
  if (volume.is_last(plex)) return false;
  if (volume.up(plex)) {
    volume.set_up(plex, false);
    mesh().note(*this, sentence("plex ", config_.volumes[volume.index()].plexes[plex].name,
                                " is down: ", why));
    want_record();
  }
  return true;
}

bool Vinum::do_without(vinum::LiveVolume& volume, std::size_t plex, std::size_t drive,
                       const std::string& why) {
  if (volume.raid5(plex) == nullptr || !volume.raid5(plex)->spare(drive)) return false;
  const Address at{volume.index(), plex};
  mesh().note(*this, sentence("plex ", config_.volumes[at.volume].plexes[plex].name,
                              " goes on without subdisk ",
                              subdisk_name(at, volume.raid5(plex)->not_up()), ": ", why));
  want_record();
  return true;
}

void Vinum::end(vinum::LiveVolume& volume, const std::string& why) {
  config_.volumes[volume.index()] = config().volumes[volume.index()];
  for (std::size_t plex = 0; plex < volume.count(); ++plex) volume.set_up(plex, false);
  mesh().note(*this, sentence(why, "; without it there is no volume ",
                              config_.volumes[volume.index()].name));
  if (Provider* gone = provider_of(volume.index())) mesh().orphan(*gone);
}

// Loss -------------------------------------------------------------------------------------------

std::size_t Vinum::index_of(const Consumer& consumer) const {
  return static_cast<std::size_t>(std::ranges::find(drives_, &consumer) - drives_.begin());
}

Provider* Vinum::provider_of(std::size_t volume) const {
  for (const Provider& provider : providers()) {
    if (provider.index == volume && !provider.orphaned()) return const_cast<Provider*>(&provider);
  }
  return nullptr;
}

void Vinum::orphaned(Consumer& consumer) {
  if (!running_) return forget_arrival(consumer);
  const std::size_t drive = index_of(consumer);
  if (drive < drives_.size()) lose_drive(drive);
  const bool none = std::ranges::all_of(
      volumes_, [&](const auto& volume) { return provider_of(volume->index()) == nullptr; });
  const bool over = labelled() ? std::ranges::count(drives_, nullptr) == std::ssize(drives_) : none;
  if (over) return mesh().wither(*this);
  mesh().drop(consumer);
}

void Vinum::lose_drive(std::size_t drive) {
  drives_[drive] = nullptr;
  for (const auto& volume : volumes_) without(drive, *volume);
}

void Vinum::without(std::size_t drive, vinum::LiveVolume& volume) {
  const std::string why = sentence("drive ", config_.drives[drive].name, " is lost");
  for (std::size_t plex = 0; plex < volume.count(); ++plex) {
    if (!volume.uses(plex, drive) || !volume.up(plex)) continue;
    if (do_without(volume, plex, drive, why) || take_down(volume, plex, why)) continue;
    end(volume, why);
  }
}

// What it is like --------------------------------------------------------------------------------

vinum::Config Vinum::config() const {
  vinum::Config now = config_;
  for (const auto& volume : volumes_) {
    // One that is lost has missed nothing since.
    if (labelled() && provider_of(volume->index()) == nullptr) continue;
    std::vector<vinum::Plex>& plexes = now.volumes[volume->index()].plexes;
    for (std::size_t plex = 0; plex < plexes.size(); ++plex) {
      plexes[plex].up = volume->up(plex);
      const vinum::ParityPlex* raid5 = volume->raid5(plex);
      for (std::size_t i = 0; raid5 != nullptr && i < raid5->count(); ++i) {
        plexes[plex].subdisks[i].up = raid5->state(i) == vinum::ParityPlex::State::up;
      }
    }
  }
  return now;
}

std::string Vinum::status() const {
  if (!running_) return sentence("starting, waits for drives:", missing());
  std::string text;
  const vinum::Config now = config();
  for (std::size_t i = 0; i < now.volumes.size(); ++i) {
    const vinum::Volume& volume = now.volumes[i];
    const bool lost = labelled() && provider_of(i) == nullptr;
    const auto up = lost ? 0 : std::ranges::count_if(volume.plexes, &vinum::Plex::up);
    if (!text.empty()) text += "; ";
    text += sentence(volume.name, ' ', up > 0 ? "up" : "down", ", ", up, " of ",
                     volume.plexes.size(), " plexes:");
    for (const vinum::Plex& plex : volume.plexes) {
      const auto lacking = std::ranges::find(plex.subdisks, false, &vinum::Subdisk::up);
      text += sentence(' ', plex.name, plex.up ? "" : " (down)");
      if (!plex.up || lacking == plex.subdisks.end()) continue;
      text += sentence(" (degraded, without ", lacking->name, ')');
    }
  }
  return text;
}

std::string Vinum::recipe() const {
  Values values;
  values.set("config", text_of(config()));
  std::vector<std::string> names;
  for (const Consumer* drive : drives_) {
    if (drive == nullptr || drive->provider() == nullptr) return {};
    names.push_back(drive->provider()->name());
  }
  return recipe_of(*this, values, labelled() ? "label" : "create", names);
}

std::string Vinum::about(const Provider& own) const {
  return sentence("volume of ", config_.volumes[own.index].plexes.size(), " plexes");
}

// Making -----------------------------------------------------------------------------------------

namespace vinum {

Result<Plan> plan(const std::string& title, std::string_view text,
                  const std::vector<Provider*>& disks) {
  Result<Config> config = parse(title, text);
  if (!config) return pass_on(config);
  Plan all{.config = std::move(*config), .disks = {}};
  std::vector<Room> rooms;
  for (const Drive& drive : all.config.drives) {
    const auto disk = std::ranges::find(disks, drive.device, &Provider::name);
    if (disk == disks.end()) {
      return fail(EINVAL, title, ": line ", drive.line, ": drive ", drive.name, " is on ",
                  drive.device, ", which is not among the disks given");
    }
    all.disks.push_back(*disk);
    rooms.push_back({(*disk)->media_size_bytes(), (*disk)->sector_size_bytes()});
  }
  for (const Provider* disk : disks) {
    if (std::ranges::count(all.disks, disk) == 1) continue;
    return fail(EINVAL, title, " has no drive on ", disk->name(), "; leave it out");
  }
  if (const Status placed = place(title, all.config, rooms); !placed) return pass_on(placed);
  return all;
}

}  // namespace vinum

std::span<const Parameter> VinumClass::parameters() const { return kParameters; }

Result<Geom*> VinumClass::create(Mesh& mesh, const Creation& creation) {
  Result<vinum::Plan> plan = vinum::plan(sentence("vinum ", creation.name),
                                         creation.values.text("config"), creation.below);
  if (!plan) return pass_on(plan);
  vinum::with_parity_to_build(plan->config);
  auto& vinum = static_cast<Vinum&>(
      mesh.add(std::make_unique<Vinum>(mesh, *this, creation.name, std::move(plan->config))));
  const Status done = vinum.stand_on(plan->disks);
  if (done) return &vinum;
  mesh.wither(vinum);
  return pass_on(done);
}

}  // namespace biotope
