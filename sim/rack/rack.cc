#include "sim/rack/rack.h"

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <utility>

#include "sim/rack/controller.h"

namespace biotope::sim {
namespace {

bool good_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), good);
}

}  // namespace

Rack::Rack(std::uint64_t tie_seed) : executor_(tie_seed) {}

Rack::~Rack() = default;

Result<std::unique_ptr<Rack>> Rack::create(std::uint64_t tie_seed) {
  if (FreshContext::alive()) {
    return fail(EBUSY, "there is a rack already; a process can have one at a time");
  }
  return std::unique_ptr<Rack>(new Rack(tie_seed));
}

Result<int> Rack::add_controller(const std::string& name, int bays, std::string_view profile,
                                 const LinkTraits& link) {
  const auto found = find_drive_kind(profile);
  if (!found) return pass_on(found);
  return add_controller(name, bays, *found, link);
}

Result<int> Rack::add_controller(const std::string& name, int bays,
                                 std::shared_ptr<const DriveKind> kind, const LinkTraits& link) {
  if (kind == nullptr) return fail(EINVAL, "controller '", name, "' is given no drives");
  if (executor_.started()) {
    return fail(EBUSY, "controller '", name,
                "' comes too late; declare all hardware before the simulation starts");
  }
  if (!good_name(name)) {
    return fail(EINVAL, "controller '", name, "' has no possible name; use letters, digits and _");
  }
  const auto same = [&](const auto& other) { return name == other->name(); };
  if (name == "alarm" || std::any_of(controllers_.begin(), controllers_.end(), same)) {
    return fail(EEXIST, "there is a '", name, "' already; choose another name");
  }
  if (bays < 1 || bays > link.most_bays) {
    return fail(EINVAL, "controller '", name, "' can not have ", bays, " bays; give 1 to ",
                link.most_bays);
  }
  if (link.bytes_per_second < 0 || link.command_ns < 0 || link.timeout_ns < 0) {
    return fail(EINVAL, "controller '", name, "' can not have a rate or a time below zero");
  }
  const int first = this->bays();
  controllers_.push_back(std::make_unique<Controller>(name.c_str(), executor_, bays, kind, link));
  for (int i = 0; i < bays; ++i) places_.push_back({controllers_.back().get(), i});
  return first;
}

Status Rack::power_on() {
  executor_.start();
  if (!context_.first_error().empty()) return fail(EIO, context_.first_error());
  return {};
}

// --- bays ---------------------------------------------------------------------------------------

Result<Rack::Place> Rack::find(int bay) const {
  if (bay < 0 || bay >= bays()) {
    return fail(ENOENT, "there is no bay ", bay, "; the rack has ", bays());
  }
  return place(bay);
}

Result<Rack::Place> Rack::switched_on(int bay) {
  Result<Place> place = find(bay);
  if (!place) return place;
  if (Status on = power_on(); !on) return pass_on(on);
  return place;
}

Result<std::string> Rack::bay_name(int bay) const {
  return find(bay).map(
      [](const Place& p) { return std::string(p.controller->drive(p.bay).name()); });
}

Result<const DriveKind*> Rack::kind(int bay) const {
  return find(bay).map([](const Place& p) { return &p.controller->drive(p.bay).drive_kind(); });
}

Result<MediumShape> Rack::medium_shape(int bay) const {
  return kind(bay).map([](const DriveKind* k) {
    return MediumShape{.size_bytes = k->capacity_bytes(), .sector_size = k->sector_bytes};
  });
}

Status Rack::insert(int bay, std::shared_ptr<Medium> medium) {
  if (medium == nullptr) return fail(EINVAL, "there is no medium to insert into bay ", bay);
  return switched_on(bay).and_then(
      [&](const Place& p) { return p.controller->drive(p.bay).insert(std::move(medium)); });
}

Status Rack::tear_out(int bay) {
  return switched_on(bay).and_then(
      [](const Place& p) { return p.controller->drive(p.bay).tear_out(); });
}

Status Rack::control(int bay, DriveCommand command) {
  return switched_on(bay).and_then(
      [&](const Place& p) { return p.controller->control(p.bay, command); });
}

Status Rack::lock(int bay) { return control(bay, DriveCommand::lock); }
Status Rack::unlock(int bay) { return control(bay, DriveCommand::unlock); }
Status Rack::eject(int bay) { return control(bay, DriveCommand::eject); }

Status Rack::press_button(int bay) {
  return switched_on(bay).and_then(
      [](const Place& p) { return p.controller->drive(p.bay).press_button(); });
}

Status Rack::look(int bay) {
  return switched_on(bay).map([](const Place& p) { p.controller->drive(p.bay).look(); });
}

Status Rack::switched_on(std::span<const int> bays) {
  for (const int bay : bays) {
    if (Result<Place> place = switched_on(bay); !place) return pass_on(place);
  }
  return {};
}

Status Rack::cut_power(std::span<const int> bays, const PowerCut& cut) {
  if (Status all = switched_on(bays); !all) return all;
  for (const int bay : bays) {
    Drive& drive = place(bay).controller->drive(place(bay).bay);
    if (drive.has_power()) static_cast<void>(drive.cut_power(cut));
  }
  return {};
}

Status Rack::restore_power(std::span<const int> bays) {
  if (Status all = switched_on(bays); !all) return all;
  for (const int bay : bays) {
    Drive& drive = place(bay).controller->drive(place(bay).bay);
    if (!drive.has_power()) static_cast<void>(drive.restore_power());
  }
  return {};
}

Status Rack::kill_controller(int bay) {
  return switched_on(bay).map([](const Place& p) { p.controller->die(); });
}

Status Rack::revive_controller(int bay) {
  return switched_on(bay).map([](const Place& p) { p.controller->revive(); });
}

Status Rack::reset_bus(int bay) {
  return switched_on(bay).map([](const Place& p) { p.controller->reset_bus(p.bay); });
}

Result<LinkStatistics> Rack::link_statistics(int bay) const {
  return find(bay).map([](const Place& p) { return p.controller->link_statistics(); });
}

Status Rack::hang(int bay, Rung cure) {
  return switched_on(bay).map([&](const Place& p) { p.controller->hang(p.bay, cure); });
}

std::vector<int> Rack::all_bays() const {
  std::vector<int> all(places_.size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

Status Rack::set_flush_lies(int bay, bool on) {
  return find(bay).map([&](const Place& p) { p.controller->drive(p.bay).set_flush_lies(on); });
}

Result<std::shared_ptr<Medium>> Rack::medium(int bay) const {
  return find(bay).map([](const Place& p) { return p.controller->drive(p.bay).medium(); });
}

Result<bool> Rack::locked(int bay) const {
  return find(bay).map([](const Place& p) { return p.controller->drive(p.bay).locked(); });
}

Result<DriveStatistics> Rack::statistics(int bay) const {
  return find(bay).map([](const Place& p) { return p.controller->drive(p.bay).statistics(); });
}

Status Rack::write_image(int bay, const std::string& path) {
  return find(bay).and_then([&](const Place& p) -> Status {
    Drive& drive = p.controller->drive(p.bay);
    if (drive.medium() == nullptr) return fail(ENXIO, drive.name(), " holds no medium");
    if (drive.ready()) drive.catch_up();
    return drive.medium()->write_image(path);
  });
}

// --- time ---------------------------------------------------------------------------------------

void Rack::run_until(std::int64_t time_ns) {
  if (time_ns < executor_.now_ns()) return;
  while (executor_.next_due_ns() >= 0 && executor_.next_due_ns() <= time_ns) executor_.step();
  if (executor_.now_ns() < time_ns) {
    executor_.after(time_ns - executor_.now_ns(), [] {});
    executor_.step();
  }
}

bool Rack::run_until_idle(std::uint64_t most_steps) {
  for (std::uint64_t i = 0; i < most_steps; ++i) {
    if (!executor_.step()) return true;
  }
  return executor_.pending() == 0;
}

}  // namespace biotope::sim
