#include "model/mesh.h"
#include "model/rank.h"
#include "model/surgery.h"

namespace biotope {

namespace {

// What a geom stands on, but for what it is about to drop.
std::vector<Consumer*> legs_of(Geom& geom) {
  std::vector<Consumer*> legs;
  for (Consumer& leg : geom.consumers()) {
    if (!leg.leaving()) legs.push_back(&leg);
  }
  return legs;
}

std::vector<Provider*> disks_of(Geom& geom) {
  std::vector<Provider*> disks;
  for (Provider& disk : geom.providers()) disks.push_back(&disk);
  return disks;
}

bool in_use(const Geom& geom) {
  for (const Consumer& leg : geom.consumers()) {
    if (leg.provider() != nullptr) return true;
  }
  for (const Provider& disk : geom.providers()) {
    if (!disk.consumers().empty() || disk.error() != 0) return true;
  }
  return false;
}

}  // namespace

Status Surgery::may_exchange(std::uint64_t geom_id, std::uint64_t with_id) const {
  Geom* geom = mesh_.geom_by_id(geom_id);
  Geom* with = mesh_.geom_by_id(with_id);
  if (geom == nullptr || geom->withering()) {
    return fail(ENXIO, "a geom that is not there any more can not be exchanged");
  }
  if (with == nullptr || with->withering()) {
    return fail(ENXIO, geom->title(),
                " can not be exchanged for a geom that is not there any more");
  }
  const auto denied = [&](int code, const auto&... why) {
    return fail(code, geom->title(), " can not be exchanged for ", with->title(), ": ", why...);
  };
  if (in_use(*with)) return denied(EBUSY, with->title(), " is in use elsewhere");
  const auto disks = disks_of(*geom);
  const auto others = disks_of(*with);
  const auto legs = legs_of(*geom);
  if (disks.size() != others.size() || legs.size() != legs_of(*with).size()) {
    return denied(EINVAL, "it offers ", disks.size(), " disks over ", legs.size(),
                  " and the other does not");
  }
  for (const Consumer* leg : legs) {
    if (leg->provider() == nullptr || leg->provider()->error() != 0 || leg->orphaned()) {
      return denied(ENXIO, leg->name(), " is lost");
    }
    if (Rank(mesh_).reaches(leg->provider()->geom(), *with)) {
      return denied(ELOOP, with->title(), " would stand on itself");
    }
  }
  for (std::size_t i = 0; i < disks.size(); ++i) {
    if (Status fine = may_leave(*disks[i]); !fine) return fine;
    if (disks[i]->media_size_bytes() != others[i]->media_size_bytes() ||
        disks[i]->sector_size_bytes() != others[i]->sector_size_bytes()) {
      return denied(EINVAL, disks[i]->name(), " and ", others[i]->name(), " differ in size");
    }
  }
  return {};
}

// The new legs take over what the old ones have open, so that nobody below hears of a close; the
// new geom is asked when the users come.
Status Surgery::swap(Geom& geom, Geom& with) {
  const auto old_legs = legs_of(geom);
  const auto new_legs = legs_of(with);
  const auto old_disks = disks_of(geom);
  const auto new_disks = disks_of(with);
  Moves legs;
  Moves users;
  for (std::size_t i = 0; i < old_legs.size(); ++i) {
    Provider* below = old_legs[i]->provider();
    legs.push_back({new_legs[i], nullptr, below, old_legs[i]->access(), old_legs[i]->spoiled()});
  }
  for (std::size_t i = 0; i < old_disks.size(); ++i) add_users(*old_disks[i], *new_disks[i], users);
  Result<Mesh::Granted> granted;
  {
    FactStream::Silence silence(mesh_.facts_);
    for (std::size_t i = 0; i < legs.size(); ++i) {
      move(*old_legs[i], nullptr, {});
      mesh_.tell(FactKind::detached, geom, legs[i].to, old_legs[i]);
      move(*legs[i].consumer, legs[i].to, legs[i].open);
      tell(legs[i]);
    }
    std::vector<AccessPlan::Wish> wishes;
    move_all(users, wishes);
    const std::size_t told = silence.kept();
    if (!wishes.empty()) granted = mesh_.grant(wishes);
    if (!granted) {
      silence.take_back(told);
      move_back(users);
    }
    for (std::size_t i = 0; !granted && i < legs.size(); ++i) {
      move(*legs[i].consumer, nullptr, {});
      move(*old_legs[i], legs[i].to, legs[i].open);
    }
  }
  if (!granted) return pass_on(granted);
  after_moving(users, *granted);
  return {};
}

Task<Status> Surgery::exchange(std::uint64_t geom_id, std::uint64_t with_id) {
  const auto may = [this, geom_id, with_id] { return may_exchange(geom_id, with_id); };
  const auto splice = [this, geom_id, with_id] {
    return swap(*mesh_.geom_by_id(geom_id), *mesh_.geom_by_id(with_id));
  };
  return take_out(geom_id, may, splice);
}

}  // namespace biotope
