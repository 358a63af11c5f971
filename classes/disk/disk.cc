#include "classes/disk/disk.h"

#include <algorithm>
#include <cstring>

#include "model/control_io.h"

namespace biotope {

void DiskDriver::done(Bio& bio, int error) { disk_->finished(bio, error); }

Disk::Disk(Mesh& mesh, const Class& cls, std::string name, DiskDriver& driver)
    : Geom(mesh, cls, std::move(name)),
      driver_(driver),
      traits_(driver.traits()),
      takes_all_(traits_.max_transfer_bytes == DiskTraits::kUnlimited &&
                 traits_.queue_depth == DiskTraits::kUnlimited && !traits_.needs_contiguous_data),
      bounce_(mesh.path()) {
  set_barrier(false);
  driver_.disk_ = this;
}

Disk::~Disk() {
  if (driver_.disk_ == this) driver_.disk_ = nullptr;
}

bool Disk::may_start(const Bio& bio) const {
  return active_ < traits_.queue_depth && !barrier_active_ &&
         (active_ == 0 || !DiskSort::is_barrier(bio));
}

Verdict Disk::hand_over(Bio& bio) {
  const bool barrier = DiskSort::is_barrier(bio);
  ++active_;
  if (barrier) set_barrier(true);
  const Verdict verdict = driver_.strategy(bio);
  if (!verdict.is_held()) {
    --active_;
    if (barrier) set_barrier(false);
  }
  return verdict;
}

void Disk::set_barrier(bool active) {
  barrier_active_ = active;
  straight_through_ = takes_all_ && !active;
}

Verdict Disk::start(Bio& bio, Provider& provider) {
  const bool plain = bio.command <= Command::write && (bio.flags & kBioOrdered) == 0;
  if (!plain || !straight_through_) [[unlikely]]
    return start_slowly(bio, provider);
  ++active_;
  const Verdict verdict = driver_.strategy(bio);
  if (!verdict.is_held()) --active_;
  return verdict;
}

Verdict Disk::start_slowly(Bio& bio, Provider& provider) {
  switch (bio.command) {
    case Command::getattr:
      return get_attribute(bio);
    case Command::flush:
      if (!traits_.volatile_cache) return Verdict::done();
      break;
    case Command::remove:
      if (!provider.properties().deletable) return Verdict::done(EOPNOTSUPP);
      break;
    default:
      break;
  }
  if (bio.length_bytes > traits_.max_transfer_bytes) return split(bio);
  return admit(bio);
}

Verdict Disk::split(Bio& bio) {
  Children parts(mesh().path(), bio);
  for (std::int64_t done = 0; done < bio.length_bytes; done += traits_.max_transfer_bytes) {
    const std::int64_t length = std::min(traits_.max_transfer_bytes, bio.length_bytes - done);
    if (!parts.add(*bio.edge, bio.position_bytes + done, done, length)) {
      return Verdict::done(ENOMEM);
    }
  }
  return parts.hand_to([this](Bio& part) {
    const Verdict verdict = admit(part);
    if (!verdict.is_held()) mesh().deliver(part, verdict.error());
  });
}

Verdict Disk::admit(Bio& bio) {
  const bool moves_data = bio.command == Command::read || bio.command == Command::write;
  if (traits_.needs_contiguous_data && moves_data && !bio.data.contiguous(bio.length_bytes)) {
    Bio* stand_in = bounce_.stand_in(bio);
    if (stand_in == nullptr) return Verdict::done(ENOMEM);
    const Verdict verdict = admit(*stand_in);
    if (!verdict.is_held()) mesh().deliver(*stand_in, verdict.error());
    return Verdict::held();
  }
  if (!waiting_.empty() || !may_start(bio)) {
    waiting_.insert(bio);
    return Verdict::held();
  }
  waiting_.passed(bio);
  return hand_over(bio);
}

void Disk::finished(Bio& bio, int error) {
  --active_;
  if (DiskSort::is_barrier(bio)) set_barrier(false);
  mesh().deliver(bio, error);
  start_waiting();
}

void Disk::start_waiting() {
  while (!waiting_.empty() && (gone_ || may_start(*waiting_.front()))) {
    Bio& bio = *waiting_.take();
    const Verdict verdict = gone_ ? Verdict::done(ENXIO) : hand_over(bio);
    if (!verdict.is_held()) mesh().deliver(bio, verdict.error());
  }
}

void Disk::gone() {
  gone_ = true;
  mesh().wither(*this);
  start_waiting();
}

void Disk::access_changed(Provider&, Access before, Access after) {
  if (before.closed() && !after.closed()) driver_.first_open();
  if (!before.closed() && after.closed()) driver_.last_close();
}

Verdict Disk::get_attribute(Bio& bio) const {
  const Properties& p = providers().front().properties();
  const auto number = [&bio](std::int64_t value) {
    return answer_attribute(bio, std::as_bytes(std::span(&value, 1)));
  };
  const std::string_view name = bio.attribute;
  if (name == "GEOM::candelete") return number(p.deletable ? 1 : 0);
  if (name == "GEOM::fwheads") return number(p.native.heads);
  if (name == "GEOM::fwsectors") return number(p.native.sectors_per_track);
  if (name == "GEOM::ident") return answer_attribute(bio, p.ident);
  return Verdict::done(ENOTTY);
}

Result<Disk*> add_disk(Mesh& mesh, const std::string& name, DiskDriver& driver) {
  const Class* cls = mesh.find_class("disk");
  if (cls == nullptr)
    return fail(ENOENT, "the class disk is not loaded, so ", name, " has no place");
  auto& disk = static_cast<Disk&>(mesh.add(std::make_unique<Disk>(mesh, *cls, name, driver)));
  const Result<Provider*> provider = mesh.new_provider(disk, name, driver.traits().properties);
  if (!provider) {
    mesh.wither(disk);
    return pass_on(provider);
  }
  mesh.publish(**provider);
  return &disk;
}

}  // namespace biotope
