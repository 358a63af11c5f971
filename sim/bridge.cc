#include "sim/bridge.h"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "classes/disk/disk.h"
#include "classes/disk/driver.h"
#include "model/check.h"
#include "sim/rack/controller.h"
#include "sim/workload/stamped_bio.h"

namespace biotope::sim {
namespace {

// The most the controller moves with one command.
constexpr std::int64_t kMostBytes = 128 * 1024;

// What SCSI hosts tell to those who count in cylinders, for media below 1 GiB.
constexpr std::int32_t kNativeHeads = 64;
constexpr std::int32_t kNativeSectorsPerTrack = 32;

DiskTraits traits_of(const Medium& medium, const DriveKind& kind, std::string ident) {
  DiskTraits traits;
  traits.properties.media_size_bytes = medium.size_bytes();
  traits.properties.sector_size_bytes = medium.sector_size();
  traits.properties.writable = !medium.write_protected() && !kind.handling.read_only;
  traits.properties.deletable = kind.can_erase;
  traits.properties.native.heads = kNativeHeads;
  traits.properties.native.sectors_per_track = kNativeSectorsPerTrack;
  traits.properties.native.cylinders = static_cast<std::int32_t>(
      traits.properties.sector_count() / (kNativeHeads * kNativeSectorsPerTrack));
  traits.properties.ident = std::move(ident);
  traits.max_transfer_bytes =
      std::max(kMostBytes / medium.sector_size(), std::int64_t{1}) * medium.sector_size();
  traits.queue_depth = kind.queue_depth;
  traits.volatile_cache = kind.volatile_cache;
  return traits;
}

const char* removal_name(Removal how) {
  switch (how) {
    case Removal::ejected:
      return "medium ejected";
    case Removal::torn_out:
      return "medium torn out";
    case Removal::power_lost:
      return "medium without power";
    case Removal::unreachable:
      return "medium out of reach";
  }
  return "";
}

}  // namespace

// Serves one medium from its insertion to its removal. Requests that it sent may be answered after
// that, when another medium is in the bay.
class Bridge::MediumDriver final : public DiskDriver {
 public:
  MediumDriver(Rack::Place place, DiskTraits traits)
      : controller_(*place.controller), bay_(place.bay), traits_(std::move(traits)) {}

  DiskTraits traits() const override { return traits_; }

  Verdict strategy(Bio& bio) override {
    if (gone_) return Verdict::done(ENXIO);
    DriveCommand command{};
    switch (bio.command) {
      case Command::read:
        command = DriveCommand::read;
        break;
      case Command::write:
        command = DriveCommand::write;
        break;
      case Command::remove:
        command = DriveCommand::erase;
        break;
      case Command::flush:
        command = DriveCommand::flush;
        break;
      default:
        return Verdict::done(EOPNOTSUPP);
    }
    send(bio, command);
    return Verdict::held();
  }

  // A drive that can not hold its medium fast has to live with what people do.
  void first_open() override { lock(DriveCommand::lock); }
  void last_close() override { lock(DriveCommand::unlock); }

  static void answered(tlm::tlm_generic_payload& payload) {
    const DriveExtension& extension = drive_extension(payload);
    Bio& bio = *static_cast<Bio*>(extension.owner);
    bio.completed_bytes = extension.transferred_bytes;
    static_cast<MediumDriver*>(bio.driver1)->done(bio, extension.error);
  }

  void gone() {
    gone_ = true;
    if (disk() != nullptr) disk()->gone();
  }
  // Whether a disk stands on this, be it withering.
  bool in_use() const { return disk() != nullptr; }
  // Null when the mesh has none, or it is lost.
  Provider* provider() const {
    if (disk() == nullptr || disk()->providers().empty()) return nullptr;
    Provider& provider = disk()->providers().front();
    return provider.orphaned() ? nullptr : &provider;
  }

 private:
  void send(Bio& bio, DriveCommand command) {
    tlm::tlm_generic_payload& payload = controller_.take();
    DriveExtension& extension = drive_extension(payload);
    extension.command = command;
    extension.length_bytes = bio.length_bytes;
    extension.forced = (bio.flags & kBioForceUnitAccess) != 0;
    extension.ordered = (bio.flags & kBioOrdered) != 0;
    extension.data = bio.data;
    if (command == DriveCommand::write) extension.stamped = StampedBio::memory_of(bio);
    extension.owner = &bio;
    payload.set_address(static_cast<std::uint64_t>(bio.position_bytes));
    payload.set_command(command == DriveCommand::read    ? tlm::TLM_READ_COMMAND
                        : command == DriveCommand::write ? tlm::TLM_WRITE_COMMAND
                                                         : tlm::TLM_IGNORE_COMMAND);
    bio.driver1 = this;
    tell_dispatched(bio);
    controller_.send(bay_, payload);
  }

  void tell_dispatched(const Bio& bio) {
    Mesh& mesh = disk()->mesh();
    if (!mesh.facts().watched()) return;
    Fact fact;
    fact.kind = FactKind::machine;
    fact.component = controller_.drive(bay_).name();
    fact.bio = &bio;
    fact.text = "dispatched";
    mesh.emit(fact);
  }

  void lock(DriveCommand command) {
    const Drive& drive = controller_.drive(bay_);
    if (gone_ || !drive.drive_kind().handling.lock || !drive.ready()) return;
    const Status done = controller_.control(bay_, command, LockHolder::system);
    BIOTOPE_CHECK(done.has_value(), "a drive with a medium in it did not let itself be locked");
  }

  Controller& controller_;
  int bay_;
  DiskTraits traits_;
  bool gone_ = false;
};

// One bay as the host sees it, and the disks that stand or stood on its media.
class Bridge::Bay final : public Host {
 public:
  Bay(Rack& rack, int bay)
      : place_(rack.place(bay)), number_(bay), drive_(place_.controller->drive(place_.bay)) {}
  ~Bay() override {
    place_.controller->set_host(place_.bay, nullptr);
    const auto in_use = [](const auto& driver) { return driver->in_use(); };
    BIOTOPE_CHECK(std::none_of(drivers_.begin(), drivers_.end(), in_use),
                  "the bridge went before the mesh");
  }

  void connect(Mesh& mesh) {
    mesh_ = &mesh;
    place_.controller->set_host(place_.bay, this);
    drive_changed();
    if (drive_.ready()) media_inserted();
  }

  void answered(tlm::tlm_generic_payload& payload) override {
    if (drive_extension(payload).owner == this) return flushed();
    MediumDriver::answered(payload);
  }

  void media_inserted() override {
    const Medium& medium = *drive_.medium();
    note(sentence("medium '", medium.name(), "' inserted",
                  medium.write_protected() ? ", write-protected" : ""));
    drive_changed();
    ++insertions_;
    appear();
  }
  void media_removed(Removal how) override {
    note(removal_name(how));
    drive_changed();
    if (current_ != nullptr) std::exchange(current_, nullptr)->gone();
  }
  void lock_changed(bool locked) override { note(locked ? "locked" : "unlocked"); }
  void busy_changed(bool busy) override { note(busy ? "busy" : "idle"); }
  void power_changed(bool on) override {
    note(on ? "power on" : "power off");
    drive_changed();
  }
  void drive_changed() override;

  // Also makes the drive look whether another medium is in, where it can not tell by itself.
  Result<Provider*> disk();
  Status eject(Mesh::EjectOptions options, std::function<void(Status)> then);

 private:
  // A quantity of the drive, as NAME=VALUE, where it is another than was told before.
  struct Level {
    const char* name;
    bool is_switch;
    std::int64_t told = -1;
  };
  void level(Level& level, std::int64_t value);

  void appear();
  void flush_then(std::function<void()> then);
  void flushed();
  Status take_out(std::uint64_t insertion, Mesh::EjectOptions options);

  void note(std::string_view text) {
    Fact fact;
    fact.kind = FactKind::machine;
    fact.component = drive_.name();
    fact.text = text;
    mesh_->emit(fact);
  }

  Rack::Place place_;
  int number_;
  Drive& drive_;
  Mesh* mesh_ = nullptr;
  std::vector<std::unique_ptr<MediumDriver>> drivers_;
  MediumDriver* current_ = nullptr;  // of the medium that is in
  std::uint64_t insertions_ = 0;
  Status appeared_;
  bool ejecting_ = false;
  std::function<void()> after_flush_;
  Level queue_{"queue", false};
  Level busy_{"busy", true};
  Level cylinder_{"cylinder", false};
  Level medium_{"medium", true};
  Level power_{"power", true};
};

void Bridge::Bay::level(Level& level, std::int64_t value) {
  if (std::exchange(level.told, value) == value || value < 0) return;
  if (!level.is_switch) return note(sentence(level.name, '=', value));
  note(sentence(level.name, value != 0 ? "=on" : "=off"));
}

void Bridge::Bay::drive_changed() {
  if (!mesh_->facts().watched()) return;
  const auto requests = static_cast<std::int64_t>(drive_.in_drive());
  level(power_, drive_.has_power() ? 1 : 0);
  level(medium_, drive_.medium() != nullptr ? 1 : 0);
  level(busy_, requests > 0 ? 1 : 0);
  level(queue_, requests);
  level(cylinder_, drive_.cylinder());
}

// Makes a disk of the medium that is in.
void Bridge::Bay::appear() {
  std::erase_if(drivers_, [](const auto& driver) { return !driver->in_use(); });
  const std::string ident = sentence(drive_.drive_kind().name, " in ", drive_.name());
  drivers_.push_back(std::make_unique<MediumDriver>(
      place_, traits_of(*drive_.medium(), drive_.drive_kind(), ident)));
  current_ = drivers_.back().get();
  const Result<Disk*> disk = add_disk(*mesh_, sentence("da", number_), *current_);
  appeared_ = Status();
  if (disk) return;
  appeared_ = pass_on(disk);
  note(disk.error().text);
}

Result<Provider*> Bridge::Bay::disk() {
  drive_.look();
  if (drive_.medium() == nullptr) return fail(ENXIO, drive_.name(), " holds no medium");
  if (!drive_.has_power()) return fail(ENXIO, drive_.name(), " has no power");
  if (!drive_.ready()) return fail(ENXIO, drive_.name(), " is not ready; wait for it");
  if (!appeared_) return pass_on(appeared_);
  Provider* provider = current_ == nullptr ? nullptr : current_->provider();
  if (provider == nullptr) return fail(ENXIO, drive_.name(), " has no disk in the mesh");
  return provider;
}

Status Bridge::Bay::eject(Mesh::EjectOptions options, std::function<void(Status)> then) {
  if (drive_.medium() == nullptr) return fail(ENXIO, drive_.name(), " holds no medium");
  if (!drive_.drive_kind().handling.eject || !drive_.has_power()) {
    return place_.controller->control(place_.bay, DriveCommand::eject);
  }
  if (ejecting_) return fail(EBUSY, drive_.name(), " is ejecting its medium already");
  if (drive_.locked_by(LockHolder::person)) {
    return fail(EBUSY, drive_.name(), " is locked; unlock it to eject medium '",
                drive_.medium()->name(), "'");
  }
  ejecting_ = true;
  const auto finish = [this, insertion = insertions_, options,
                       then = std::move(then)](const Status& let_go) {
    if (!let_go) {
      ejecting_ = false;
      return then(let_go);
    }
    flush_then([this, insertion, options, then] {
      ejecting_ = false;
      then(take_out(insertion, options));
    });
  };
  const Result<Provider*> provider = disk();
  if (provider) {
    mesh_->eject(**provider, options, finish);
  } else {
    mesh_->executor().post([finish] { finish({}); });
  }
  return {};
}

// Users who let go of a disk need not have flushed it.
void Bridge::Bay::flush_then(std::function<void()> then) {
  if (!drive_.drive_kind().volatile_cache) return then();
  after_flush_ = std::move(then);
  tlm::tlm_generic_payload& payload = place_.controller->take();
  drive_extension(payload).owner = this;
  payload.set_command(tlm::TLM_IGNORE_COMMAND);
  place_.controller->send(place_.bay, payload);
}

void Bridge::Bay::flushed() { std::exchange(after_flush_, nullptr)(); }

// The mesh has let go of the disk: the medium follows, if it is still the one.
Status Bridge::Bay::take_out(std::uint64_t insertion, Mesh::EjectOptions options) {
  if (insertions_ != insertion || drive_.medium() == nullptr) {
    return fail(ENXIO, "the medium left ", drive_.name(), " before it could be ejected");
  }
  Status out = place_.controller->control(place_.bay, DriveCommand::eject);
  if (!out && options.on_timeout == Mesh::OnTimeout::surprise) out = drive_.tear_out();
  // It was locked by hand in the meantime. The disk it was is lost, but the medium is still here.
  if (!out) appear();
  return out;
}

// --- the bridge ---------------------------------------------------------------------------------

Bridge::Bridge(Rack& rack) : rack_(rack) {
  for (int i = 0; i < rack.bays(); ++i) bays_.push_back(std::make_unique<Bay>(rack, i));
}

Bridge::~Bridge() = default;

Status Bridge::connect(Mesh& mesh) {
  if (connected_) return fail(EBUSY, "the rack is connected to a mesh already");
  if (Status on = rack_.power_on(); !on) return on;
  if (mesh.find_class("disk") == nullptr) {
    if (Status loaded = mesh.load(std::make_unique<DiskClass>()); !loaded) return loaded;
  }
  connected_ = true;
  for (const auto& bay : bays_) bay->connect(mesh);
  return {};
}

Result<Bridge::Bay*> Bridge::find(int bay) const {
  if (bay < 0 || bay >= static_cast<int>(bays_.size())) {
    return fail(ENOENT, "there is no bay ", bay, "; the rack has ", bays_.size());
  }
  if (!connected_) return fail(ENXIO, "the rack is not connected to a mesh");
  return bays_[static_cast<std::size_t>(bay)].get();
}

Result<Provider*> Bridge::disk(int bay) const {
  return find(bay).and_then([](Bay* found) { return found->disk(); });
}

Status Bridge::eject(int bay, Mesh::EjectOptions options, std::function<void(Status)> then) {
  return find(bay).and_then([&](Bay* found) { return found->eject(options, std::move(then)); });
}

}  // namespace biotope::sim
