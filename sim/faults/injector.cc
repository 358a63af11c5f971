#include "sim/faults/injector.h"

#include <algorithm>
#include <boost/algorithm/string/split.hpp>
#include <cerrno>
#include <utility>

#include "sim/faults/faulty_engine.h"
#include "sim/rack/controller.h"

namespace biotope::sim {
namespace {

using Kind = FaultKind;

bool waits_in_drive(Kind kind) {
  return kind <= Kind::phantom_write || kind == Kind::flush_error ||
         (kind >= Kind::slow && kind <= Kind::busy) || kind == Kind::metadata_damage;
}

bool takes_a_crash_rule(Kind kind) { return kind >= Kind::torn_write && kind <= Kind::lost_fill; }

// Whether it strikes at a request, rather than at a time.
bool by_request(const Fault& fault) {
  for (const Parameter& p : trigger_table()) {
    const bool of_requests = p.name == "command" || p.name == "first" || p.name == "last" ||
                             p.name == "nth" || p.name == "per_million";
    if (of_requests && fault.values.all().find(p.name)->second != p.fallback) return true;
  }
  return false;
}

// The place of a word among names.
template <class Enum, class Names>
Enum named(const Names& names, const std::string& word) {
  return static_cast<Enum>(std::find(std::begin(names), std::end(names), word) - std::begin(names));
}

CrashRule rule_of(const Fault& fault) {
  CrashRule rule;
  switch (fault.kind) {
    case Kind::torn_write:
      rule.tear = named<CrashRule::Tear>(kTearNames, fault.text("tear"));
      break;
    case Kind::shorn_write:
      rule.shorn_bytes = fault.integer("unit_bytes");
      break;
    case Kind::crash_order:
      rule.keep = named<CrashRule::Keep>(kKeepNames, fault.text("keep"));
      break;
    case Kind::unserial_write:
      rule.keep = CrashRule::Keep::any_subset;
      rule.unserial = true;
      break;
    case Kind::rollback:
      rule.keep = CrashRule::Keep::all;
      rule.rollback_bytes = fault.integer("unit_bytes");
      break;
    case Kind::lost_fill:
      rule.fill = named<CrashRule::Fill>(kFillNames, fault.text("fill"));
      break;
    default:
      break;
  }
  return rule;
}

// The same bytes in another number of sectors, with zeros where there are more.
std::shared_ptr<Medium> resized(const Medium& medium, std::int64_t sectors) {
  const std::int64_t sector_bytes = medium.sector_size();
  auto made = Medium::blank(medium.name(), {sectors * sector_bytes, sector_bytes});
  if (!made) return nullptr;
  const std::int64_t end_bytes = std::min(medium.size_bytes(), (*made)->size_bytes());
  std::vector<std::byte> piece;
  for (std::int64_t at = 0; at < end_bytes; at += std::ssize(piece)) {
    piece.resize(static_cast<std::size_t>(std::min<std::int64_t>(end_bytes - at, 1 << 20)));
    if (!medium.read(at, piece)) return nullptr;
    const bool zeros = std::all_of(piece.begin(), piece.end(),
                                   [](std::byte byte) { return byte == std::byte{0}; });
    if (!zeros && !(*made)->write(at, piece)) return nullptr;
  }
  return *made;
}

}  // namespace

Injector::~Injector() { *alive_ = false; }

void Injector::provide(std::shared_ptr<Medium> medium) {
  media_.insert_or_assign(medium->name(), medium);
}

void Injector::later(std::int64_t delay_ns, std::function<void()> then) {
  rack_.executor().after(delay_ns, [alive = alive_, then = std::move(then)] {
    if (*alive) then();
  });
}

// --- where --------------------------------------------------------------------------------------

std::optional<int> Injector::bay_named(std::string_view name) const {
  for (int bay = 0; bay < rack_.bays(); ++bay) {
    if (rack_.bay_name(bay) == std::string(name)) return bay;
  }
  return {};
}

Result<std::vector<int>> Injector::bays_named(const std::string& names) const {
  std::vector<std::string> words;
  boost::split(words, names, [](char c) { return c == ','; });
  std::vector<int> bays;
  for (const std::string& word : words) {
    const auto bay = bay_named(word);
    if (!bay) return fail(ENOENT, "there is no bay '", word, "'; they are called as 'scsi0.bay1'");
    bays.push_back(*bay);
  }
  return bays;
}

// A bay; all of a controller; all there are; or those the fault lists.
Result<std::vector<int>> Injector::bays_of(const Fault& fault) const {
  if (fault.kind == Kind::host_power) return rack_.all_bays();
  if (fault.kind == Kind::shelf_power || fault.kind == Kind::batch_death) {
    return bays_named(fault.text("bays"));
  }
  if (fault.kind != Kind::controller_death) {
    return bays_named(fault.where);
  }
  std::vector<int> bays;
  for (int bay = 0; bay < rack_.bays(); ++bay) {
    if (rack_.bay_name(bay)->starts_with(fault.where + ".")) bays.push_back(bay);
  }
  if (bays.empty()) return fail(ENOENT, "there is no controller '", fault.where, "'");
  return bays;
}

// Whom drives are exchanged with.
Status Injector::check_partner(const Fault& fault, int bay) const {
  if (fault.kind != Kind::capacity_change || fault.text("with").empty()) return {};
  const auto with = bay_named(fault.text("with"));
  if (with && *with != bay) return {};
  return fail(ENOENT, "capacity_change: there is no other bay '", fault.text("with"),
              "'; say with=BAY");
}

Injector::Bay& Injector::bay(int number) {
  Bay& bay = bays_[number];
  if (bay.faults != nullptr) return bay;
  Drive& drive = rack_.place(number).controller->drive(rack_.place(number).bay);
  bay.faults = std::make_unique<DriveFaults>(
      *rack_.bay_name(number), seed_, [&drive] { return drive.medium(); },
      [this](const std::string& name) -> std::shared_ptr<Medium> {
        const auto other = bay_named(name);
        return other ? *rack_.medium(*other) : nullptr;
      });
  rack_.place(number).controller->watch();
  drive.wrap_engine([&bay](std::unique_ptr<DriveEngine> engine) {
    auto faulty = std::make_unique<FaultyEngine>(std::move(engine), *bay.faults);
    bay.engine = faulty.get();
    return faulty;
  });
  return bay;
}

// --- when ---------------------------------------------------------------------------------------

Result<std::size_t> Injector::add(std::string_view line) {
  const auto fault = parse_fault(line);
  if (!fault) return pass_on(fault);
  return add(*fault);
}

Result<std::size_t> Injector::add(const Fault& fault) {
  const auto bays = bays_of(fault);
  if (!bays) return pass_on(bays);
  const bool puts_in = fault.kind == Kind::swap || fault.kind == Kind::media_change;
  if (puts_in && !media_.contains(fault.text("medium"))) {
    return fail(ENOENT, facts_of(fault.kind).name, ": there is no medium '", fault.text("medium"),
                "'; name one that was provided");
  }
  if (fault.kind == Kind::other_disk_write && !bay_named(fault.text("to"))) {
    return fail(ENOENT, "other_disk_write: there is no bay '", fault.text("to"), "'; say to=BAY");
  }
  if (const Status good = check_partner(fault, bays->front()); !good) return pass_on(good);
  const std::size_t number = added_.size();
  added_.push_back({.fault = fault, .bays = *bays, .in_drive = {}});
  if (waits_in_drive(fault.kind) || by_request(fault)) {
    DriveFaults& faults = *bay(bays->front()).faults;
    added_[number].in_drive = faults.add(fault, rack_.executor().now_ns(), [this, number] {
      if (tell_) tell_(added_[number].fault);
      if (waits_in_drive(added_[number].fault.kind)) return;
      later(0, [this, number] { act(added_[number].fault, added_[number].bays); });
    });
  } else {
    schedule(number);
  }
  if (fault.kind == Kind::rollback) keep_older(bays->front());
  return number;
}

void Injector::schedule(std::size_t number) {
  const Fault& fault = added_[number].fault;
  const std::vector<int>& bays = added_[number].bays;
  const std::int64_t now_ns = rack_.executor().now_ns();
  const std::int64_t from_ns = std::max<std::int64_t>(0, fault.integer("from_ns") - now_ns);
  const std::string name =
      sentence("fault ", facts_of(fault.kind).name, " of ", fault.where, ", ", number);
  RandomStream stream(seed_, name);
  if (fault.kind == Kind::batch_death) {
    const auto lives =
        batch_lives(stream, bays.size(), static_cast<double>(fault.integer("mean_ns")),
                    static_cast<double>(fault.integer("rho_percent")) / 100);
    for (std::size_t i = 0; i < bays.size(); ++i) {
      strike_after(number, from_ns + static_cast<std::int64_t>(lives[i]), {bays[i]});
    }
    return;
  }
  double life_ns = 0;
  if (fault.kind == Kind::death && fault.text("law") != "exact") {
    const auto mean_ns = static_cast<double>(fault.integer("mean_ns"));
    const bool even = fault.text("law") == "exponential";
    const double shape = even ? 1 : static_cast<double>(fault.integer("shape_percent")) / 100;
    life_ns = weibull(stream, mean_ns, shape);
  }
  strike_after(number, from_ns + static_cast<std::int64_t>(life_ns), bays);
}

void Injector::strike_after(std::size_t number, std::int64_t delay_ns, std::vector<int> bays) {
  later(delay_ns, [this, number, bays = std::move(bays)] { strike(number, bays); });
}

void Injector::enable(std::size_t number, bool on) {
  Added& added = added_[number];
  added.enabled = on;
  if (added.in_drive) bay(added.bays.front()).faults->enable(*added.in_drive, on);
  if (added.fault.kind == Kind::rollback) keep_older(added.bays.front());
}

std::uint64_t Injector::struck(std::size_t number) const {
  const Added& added = added_[number];
  if (!added.in_drive) return added.struck;
  return bays_.at(added.bays.front()).faults->struck(*added.in_drive);
}

std::size_t Injector::release(const std::string& name) {
  std::size_t released = 0;
  for (auto& [number, bay] : bays_) {
    if (bay.engine == nullptr) continue;
    released += bay.engine->release(name, rack_.executor().now_ns());
    rack_.place(number).controller->drive(rack_.place(number).bay).catch_up();
  }
  return released;
}

// --- what ---------------------------------------------------------------------------------------

void Injector::strike(std::size_t number, const std::vector<int>& bays) {
  Added& added = added_[number];
  const bool over = rack_.executor().now_ns() >= added.fault.integer("until_ns");
  if (!added.enabled || over) return;
  ++added.struck;
  if (tell_) tell_(added.fault);
  act(added.fault, bays);
}

// What can not be done, such as tearing out what is not there, does nothing.
void Injector::act(const Fault& fault, const std::vector<int>& bays) {
  switch (fault.kind) {
    case Kind::lying_flush:
      lie(fault, bays.front());
      break;
    case Kind::bus_reset:
      reset_bus(fault, bays.front());
      break;
    case Kind::controller_death:
      kill_controller(fault, bays.front());
      break;
    case Kind::swap:
    case Kind::surprise_removal:
    case Kind::eject_notice:
    case Kind::media_change:
    case Kind::write_protect:
    case Kind::capacity_change:
      act_on_medium(fault, bays.front());
      break;
    default:
      act_on_power(fault, bays);
  }
}

void Injector::lie(const Fault& fault, int bay) {
  static_cast<void>(rack_.set_flush_lies(bay, true));
  const std::int64_t until_ns = fault.integer("until_ns");
  if (until_ns == kNever) return;
  const std::int64_t left_ns = std::max<std::int64_t>(0, until_ns - rack_.executor().now_ns());
  later(left_ns, [this, bay] { static_cast<void>(rack_.set_flush_lies(bay, false)); });
}

void Injector::reset_bus(const Fault& fault, int bay) {
  if (fault.text("returned") == "all") return static_cast<void>(rack_.reset_bus(bay));
  const std::int64_t now_ns = rack_.executor().now_ns();
  RandomStream random(seed_, sentence("fault bus_reset of ", fault.where, " at ", now_ns));
  const Rack::Place& place = rack_.place(bay);
  place.controller->reset_bus(place.bay, [&random] { return random.between(0, 1) == 1; });
}

void Injector::kill_controller(const Fault& fault, int bay) {
  static_cast<void>(rack_.kill_controller(bay));
  const std::int64_t down_ns = fault.integer("down_ns");
  if (down_ns == 0) return;
  later(down_ns, [this, bay] { static_cast<void>(rack_.revive_controller(bay)); });
}

// As much as the greediest roll-back that is still to come.
void Injector::keep_older(int bay) {
  std::int64_t most = 0;
  for (std::size_t i = 0; i < added_.size(); ++i) {
    const Added& added = added_[i];
    const bool waits = added.fault.kind == Kind::rollback && added.enabled &&
                       added.bays.front() == bay && struck(i) == 0;
    if (waits) most = std::max(most, added.fault.integer("flushed_sectors"));
  }
  const Rack::Place& place = rack_.place(bay);
  place.controller->drive(place.bay).keep_older(most);
}

void Injector::act_on_power(const Fault& fault, const std::vector<int>& bays) {
  PowerCut cut;
  cut.seed = seed_;
  if (takes_a_crash_rule(fault.kind)) cut.rule = rule_of(fault);
  static_cast<void>(rack_.cut_power(bays, cut));
  if (fault.kind == Kind::rollback) keep_older(bays.front());
  const auto down = fault.values.all().find("down_ns");
  if (down == fault.values.all().end()) return;
  const std::int64_t down_ns = fault.integer("down_ns");
  if (down_ns == 0) return;
  later(down_ns, [this, bays] { static_cast<void>(rack_.restore_power(bays)); });
}

void Injector::act_on_medium(const Fault& fault, int bay) {
  const std::shared_ptr<Medium> medium = *rack_.medium(bay);
  switch (fault.kind) {
    case Kind::surprise_removal:
      static_cast<void>(rack_.tear_out(bay));
      break;
    case Kind::eject_notice:
      static_cast<void>(rack_.press_button(bay));
      later(fault.integer("notice_ns"), [this, bay] { static_cast<void>(rack_.tear_out(bay)); });
      break;
    case Kind::write_protect:
      if (medium != nullptr) medium->set_write_protected(fault.integer("on") != 0);
      break;
    case Kind::capacity_change:
      if (!fault.text("with").empty()) return exchange(fault, bay, *bay_named(fault.text("with")));
      if (medium != nullptr) change_medium(fault, bay, resized(*medium, fault.integer("sectors")));
      break;
    default:
      change_medium(fault, bay, media_.find(fault.text("medium"))->second);
  }
}

bool Injector::fits(int bay, const Medium& medium) const {
  const MediumShape most = *rack_.medium_shape(bay);
  return medium.sector_size() == most.sector_size && medium.size_bytes() <= most.size_bytes;
}

void Injector::exchange(const Fault& fault, int one, int other) {
  const std::shared_ptr<Medium> of_one = *rack_.medium(one);
  const std::shared_ptr<Medium> of_other = *rack_.medium(other);
  if (of_one == nullptr || of_other == nullptr) return;
  if (!fits(one, *of_other) || !fits(other, *of_one)) return;
  change_medium(fault, one, of_other);
  change_medium(fault, other, of_one);
}

void Injector::change_medium(const Fault& fault, int bay, std::shared_ptr<Medium> to) {
  if (to == nullptr) return;
  static_cast<void>(rack_.tear_out(bay));
  later(fault.integer("down_ns"),
        [this, bay, to = std::move(to)] { static_cast<void>(rack_.insert(bay, to)); });
}

}  // namespace biotope::sim
