#include "props/walk.h"

#include <array>
#include <map>

namespace biotope::props {

using testing::Pass;
using testing::Slices;
using testing::Source;
using testing::User;

namespace {

constexpr std::int64_t kDiskBytes = 64 * 512;

bool overlap(const Provider& a, const Provider& b) {
  const auto* slices = dynamic_cast<const Slices*>(&a.geom());
  return slices != nullptr && slices->pieces[a.index].overlaps(slices->pieces[b.index]);
}

// How every edge is open, by number.
std::map<std::uint64_t, Access> all_access(const Mesh& mesh) {
  std::map<std::uint64_t, Access> all;
  for (const Geom& geom : mesh.geoms()) {
    for (const Consumer& edge : geom.consumers()) all[edge.id()] = edge.access();
  }
  return all;
}

}  // namespace

Walk::Walk(Chooser& chooser)
    : chooser_(chooser), t_([this](std::size_t count) { return chooser_.pick(count); }) {
  add_disk();
}

void Walk::complain(const std::string& what) {
  if (complaint_.empty()) complaint_ = sentence("after ", story_.size(), " steps: ", what);
}

void Walk::check(const std::string& what_happened) {
  story_.push_back(what_happened);
  if (const std::string wrong = testing::what_is_wrong(t_.mesh); !wrong.empty()) complain(wrong);
  for (const Request& request : requests_) {
    if (request.times_done > 1) complain("a request was completed twice");
  }
}

std::string Walk::new_name(const char* kind) { return sentence(kind, names_++); }

Provider* Walk::some_provider() {
  std::vector<Provider*> all;
  for (Geom& geom : t_.mesh.geoms()) {
    for (Provider& provider : geom.providers()) {
      if (!provider.orphaned()) all.push_back(&provider);
    }
  }
  return all.empty() ? nullptr : all[chooser_.pick(all.size())];
}

User* Walk::some_user() {
  std::vector<User*> all;
  for (Geom& geom : t_.mesh.geoms()) {
    auto* user = dynamic_cast<User*>(&geom);
    if (user != nullptr && !user->consumers().empty()) all.push_back(user);
  }
  return all.empty() ? nullptr : all[chooser_.pick(all.size())];
}

std::vector<Source*> Walk::disks() {
  std::vector<Source*> all;
  for (Geom& geom : t_.mesh.geoms()) {
    if (auto* disk = dynamic_cast<Source*>(&geom)) all.push_back(disk);
  }
  return all;
}

// --- What can be done ---

void Walk::add_disk() {
  Source& disk = t_.source(new_name("disk"), testing::properties_of_size(kDiskBytes));
  disk.hold = true;
  check("a disk " + disk.name());
}

void Walk::add_layer() {
  Provider* below = some_provider();
  if (below == nullptr || below->media_size_bytes() < 8 * 512) return;
  if (chooser_.pick(2) == 0) {
    check("a pass-through " + t_.pass(new_name("pass"), *below).name() + " on " + below->name());
    return;
  }
  // Two pieces that overlap and one that does not.
  const std::int64_t quarter = below->media_size_bytes() / 4 / 512 * 512;
  Slices& slices = t_.slices(new_name("slices"), *below);
  slices.add_piece(slices.name() + "a", 0, 2 * quarter);
  slices.add_piece(slices.name() + "b", quarter, 2 * quarter);
  slices.add_piece(slices.name() + "c", 3 * quarter, quarter);
  check("slices " + slices.name() + " on " + below->name());
}

void Walk::add_fork() {
  Provider* one = some_provider();
  Provider* other = some_provider();
  if (one == nullptr || one == other || one->media_size_bytes() != other->media_size_bytes()) {
    return;
  }
  const std::vector<Provider*> legs{one, other};
  check("a fork " + t_.fork(new_name("fork"), legs).name() + " on " + one->name() + " and " +
        other->name());
}

void Walk::add_user() {
  Provider* below = some_provider();
  if (below != nullptr) {
    check("a user " + t_.user(new_name("user"), *below).name() + " of " + below->name());
  }
}

void Walk::change_access() {
  User* user = some_user();
  if (user == nullptr || user->edge().provider() == nullptr) return;
  static constexpr std::array kChanges{Access{1, 0, 0},  Access{1, 1, 1},    Access{0, 1, 0},
                                       Access{0, 0, 1},  Access{-1, 0, 0},   Access{0, -1, -1},
                                       Access{0, 0, -1}, Access{-1, -1, -1}, Access{0, -1, 0}};
  const Access change = kChanges[chooser_.pick(kChanges.size())];
  Consumer& edge = user->edge();
  if ((edge.access() + change).negative()) return;
  const auto before = all_access(t_.mesh);
  Arbitration reference(t_.mesh, overlap);
  const int expected = reference.decide(edge, change);
  std::map<std::uint64_t, Access> after;
  for (const Geom& geom : t_.mesh.geoms()) {
    for (const Consumer& e : geom.consumers()) after[e.id()] = reference.would_be(e);
  }
  const bool strands = (edge.access() + change).closed() && !edge.idle();
  const Status done = t_.mesh.access(edge, change);
  if (done) {
    ++granted_;
    if (expected != 0) complain("an open was granted that the reference refuses");
    if (all_access(t_.mesh) != after) complain("a plan and the reference differ in what they open");
  } else {
    ++refused_;
    if (expected == 0 && !strands) complain("refused, unlike the reference: " + done.error().text);
    if (all_access(t_.mesh) != before) complain("a refused open has changed something");
  }
  check(user->name() + (done ? " opens " : " may not open ") + change.text());
}

void Walk::issue() {
  User* user = some_user();
  if (user == nullptr || user->edge().provider() == nullptr) return;
  Request& request = requests_.emplace_back();
  request.bio.command = chooser_.pick(2) == 0 ? Command::read : Command::write;
  const std::int64_t sectors = user->edge().provider()->media_size_bytes() / 512;
  request.bio.offset_bytes =
      512 * static_cast<std::int64_t>(chooser_.pick(static_cast<std::size_t>(sectors) + 1));
  request.bio.length_bytes = 512;
  request.bio.caller1 = &request;
  request.bio.done = [](Bio& bio) { ++static_cast<Request*>(bio.caller1)->times_done; };
  t_.mesh.submit(request.bio, user->edge());
  check(user->name() + " issues a request");
}

bool Walk::complete(Source& disk) {
  if (disk.held.empty()) return false;
  const std::size_t which = chooser_.pick(disk.held.size());
  Bio* bio = disk.held[which];
  disk.held.erase(disk.held.begin() + static_cast<std::ptrdiff_t>(which));
  t_.mesh.deliver(*bio, disk.withering() ? ENXIO : 0);
  ++completed_;
  return true;
}

void Walk::complete_one() {
  const auto all = disks();
  if (!all.empty() && complete(*all[chooser_.pick(all.size())])) check("a request comes back");
}

void Walk::lose_disk() {
  const auto all = disks();
  if (all.empty()) return;
  Source& disk = *all[chooser_.pick(all.size())];
  t_.mesh.wither(disk);
  check(disk.name() + " is lost");
}

void Walk::change_medium() {
  const auto all = disks();
  if (all.empty()) return;
  Source& disk = *all[chooser_.pick(all.size())];
  if (disk.withering()) return;
  Provider& provider = disk.providers().front();
  if (t_.mesh.media_changed(provider, provider.properties())) check("another medium");
}

void Walk::put_in() {
  User* user = some_user();
  if (user == nullptr || user->edge().provider() == nullptr) return;
  auto& pass = t_.add<Pass>(new_name("mid"));
  const auto upper = t_.mesh.new_provider(pass, pass.name(), user->edge().provider()->properties());
  const auto lower = t_.mesh.new_consumer(pass);
  if (!upper || !lower) return;
  t_.mesh.publish(**upper);
  t_.mesh.interpose(user->edge(), **upper, **lower, [this, id = pass.id()](const Status& done) {
    Geom* geom = t_.mesh.geom_by_id(id);
    if (!done && geom != nullptr) t_.mesh.wither(*geom);
  });
  check(pass.name() + " is put under " + user->name());
}

void Walk::take_out() {
  std::vector<Pass*> all;
  for (Geom& geom : t_.mesh.geoms()) {
    if (auto* pass = dynamic_cast<Pass*>(&geom); pass != nullptr && !pass->consumers().empty()) {
      all.push_back(pass);
    }
  }
  if (all.empty()) return;
  Pass& pass = *all[chooser_.pick(all.size())];
  t_.mesh.remove(pass, [](const Status&) {});
  check(pass.name() + " is taken out");
}

// A second edge from a layer to anywhere: often a loop, which has to be refused.
void Walk::close_a_loop() {
  Provider* below = some_provider();
  Provider* above = some_provider();
  if (below == nullptr || above->geom().consumers().empty()) return;
  const auto edge = t_.mesh.new_consumer(above->geom());
  if (!edge) return;
  const Status attached = t_.mesh.attach(**edge, *below);
  if (attached && below->geom().rank() >= above->geom().rank()) complain("a rank is wrong");
  if (attached && !t_.mesh.detach(**edge)) complain("a closed edge can not be detached");
  t_.mesh.drop(**edge);
  check(attached ? "an edge comes and goes" : "an edge is refused");
}

void Walk::detach() {
  User* user = some_user();
  if (user == nullptr || user->edge().provider() == nullptr) return;
  Consumer& edge = user->edge();
  const bool free = edge.access().closed() && edge.idle();
  if (t_.mesh.detach(edge).has_value() != free) complain("detached in use, or not when free");
  if (free) t_.mesh.wither(*user);
  check(user->name() + (free ? " goes" : " can not go"));
}

void Walk::run_a_little() {
  for (std::size_t i = 1 + chooser_.pick(6); i > 0; --i) t_.executor.step();
  check("time passes");
}

void Walk::step() {
  using Action = void (Walk::*)();
  static constexpr std::array<Action, 22> kActions{
      &Walk::run_a_little,  &Walk::run_a_little,  &Walk::change_access, &Walk::change_access,
      &Walk::change_access, &Walk::change_access, &Walk::issue,         &Walk::issue,
      &Walk::issue,         &Walk::complete_one,  &Walk::complete_one,  &Walk::add_user,
      &Walk::add_user,      &Walk::add_layer,     &Walk::add_layer,     &Walk::add_fork,
      &Walk::add_disk,      &Walk::put_in,        &Walk::take_out,      &Walk::close_a_loop,
      &Walk::detach,        &Walk::lose_disk};
  // Rare, since it ends so much at once.
  if (chooser_.pick(40) == 39) return change_medium();
  (this->*kActions[chooser_.pick(kActions.size())])();
}

void Walk::end() {
  for (Source* disk : disks()) t_.mesh.wither(*disk);
  // Whatever waits, waits for a completion: one more at a time until nothing moves.
  for (bool moved = true; moved;) {
    moved = t_.executor.step();
    for (Source* disk : disks()) moved = complete(*disk) || moved;
  }
  check("every disk is lost");
  for (const Request& request : requests_) {
    if (request.times_done != 1) complain("a request was not completed exactly once");
  }
  // What never stood on a disk is nobody's loss.
  std::vector<std::uint64_t> rest;
  for (const Geom& geom : t_.mesh.geoms()) rest.push_back(geom.id());
  for (const std::uint64_t id : rest) {
    Geom* geom = t_.mesh.geom_by_id(id);
    if (geom == nullptr) continue;
    const bool attached =
        !geom->consumers().empty() && geom->consumers().front().provider() != nullptr;
    if (attached || !geom->withering()) complain(geom->title() + " has outlived its disk");
  }
  if (!(t_.mesh.census() == Census{}) && rest.empty()) complain("something is left");
}

}  // namespace biotope::props
