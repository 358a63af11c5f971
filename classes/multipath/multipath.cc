#include "classes/multipath/multipath.h"

#include <algorithm>
#include <utility>

#include "classes/metadata/metadata.h"
#include "model/check.h"

namespace biotope {

namespace {

Multipath::Mode mode_of(const std::string& word) {
  if (word == "active-active") return Multipath::Mode::active_active;
  return word == "active-read" ? Multipath::Mode::active_read : Multipath::Mode::active_passive;
}

// Another path may do better; what a disk says of the request itself it says over every path.
bool is_the_paths(int error) { return error == EIO || error == ENXIO || error == ETIMEDOUT; }

// How often all paths may still be given a new chance for this request.
std::intptr_t chances(const Bio& bio) { return reinterpret_cast<std::intptr_t>(bio.driver2); }
void set_chances(Bio& bio, std::intptr_t count) { bio.driver2 = reinterpret_cast<void*>(count); }

}  // namespace

Multipath::Multipath(Mesh& mesh, const Class& cls, std::string name, std::string uuid,
                     Values values)
    : Geom(mesh, cls, std::move(name)),
      uuid_(std::move(uuid)),
      values_(std::move(values)),
      mode_(mode_of(values_.text("mode"))) {}

// Paths ------------------------------------------------------------------------------------------

Multipath::Path* Multipath::find(std::string_view name) {
  const auto found = std::ranges::find(paths_, name, &Path::name);
  return found == paths_.end() ? nullptr : &*found;
}

Multipath::Path* Multipath::find(const Consumer& edge) {
  const auto found = std::ranges::find(paths_, &edge, &Path::edge);
  return found == paths_.end() ? nullptr : &*found;
}

Result<Multipath::Path*> Multipath::named(std::string_view name) {
  if (Path* path = find(name)) return path;
  return fail(ENOENT, title(), " has no path ", name);
}

Status Multipath::publish(const Provider& disk) {
  Properties properties = disk.properties();
  if (!uuid_.empty()) properties.media_size_bytes = metadata::place_bytes(properties);
  const Result<Provider*> own =
      mesh().new_provider(*this, sentence("multipath/", name()), properties);
  if (!own) return pass_on(own);
  mesh().publish(**own);
  return {};
}

Status Multipath::add(Provider& disk) {
  if (find(disk.name()) != nullptr) {
    return fail(EEXIST, disk.name(), " is a path of ", title(), " already");
  }
  if (!paths_.empty()) {
    const Provider& other = *paths_.front().edge->provider();
    if (disk.media_size_bytes() != other.media_size_bytes() ||
        disk.sector_size_bytes() != other.sector_size_bytes()) {
      return fail(EINVAL, disk.name(), " with ", disk.media_size_bytes(), " bytes in sectors of ",
                  disk.sector_size_bytes(), " is no path to the disk below ", title(),
                  ", which has ", other.media_size_bytes(), " in sectors of ",
                  other.sector_size_bytes());
    }
  }
  const Result<Consumer*> edge = mesh().new_consumer(*this, disk);
  if (!edge) return pass_on(edge);
  const Access as_others = paths_.empty() ? Access{} : paths_.front().edge->access();
  Status fine;
  if (!as_others.closed()) fine = mesh().access(**edge, as_others);
  if (fine && providers().empty()) fine = publish(disk);
  if (!fine) {
    mesh().drop(**edge);
    return fine;
  }
  paths_.push_back({*edge, disk.name()});
  if (active_ == nullptr) active_ = *edge;
  return {};
}

void Multipath::drop(Path& path) {
  Consumer& edge = *path.edge;
  path.failed = true;
  if (active_ == &edge) choose_active(&path);
  if (last_ == &edge) last_ = nullptr;
  std::erase_if(paths_, [&](const Path& p) { return p.edge == &edge; });
  mesh().drop(edge);
}

Status Multipath::remove(std::string_view path) {
  const Result<Path*> found = named(path);
  if (!found) return pass_on(found);
  if (paths_.size() == 1) {
    return fail(EBUSY, path, " is the last path of ", title(), "; stop that instead");
  }
  drop(**found);
  return {};
}

Status Multipath::fail_path(std::string_view path) {
  const Result<Path*> found = named(path);
  if (!found) return pass_on(found);
  (*found)->failed = true;
  if (active_ == (*found)->edge) choose_active(*found);
  return {};
}

Status Multipath::restore(std::string_view path) {
  const Result<Path*> found = named(path);
  if (!found) return pass_on(found);
  (*found)->failed = false;
  if (active_ == nullptr) active_ = (*found)->edge;
  return {};
}

Status Multipath::prefer(std::string_view path) {
  const Result<Path*> found = named(path);
  if (!found) return pass_on(found);
  if ((*found)->failed) return fail(ENXIO, path, " has failed; restore it first");
  active_ = (*found)->edge;
  return {};
}

Status Multipath::rotate() {
  choose_active(active_ == nullptr ? nullptr : find(*active_));
  if (active_ != nullptr) return {};
  return fail(ENXIO, title(), " has no path that works");
}

// The one after `after` that works, in turn; `after` itself only when no other does.
Multipath::Path* Multipath::next_good(const Path* after) {
  const std::size_t count = paths_.size();
  std::size_t place = count - 1;
  for (std::size_t i = 0; i < count; ++i) {
    if (&paths_[i] == after) place = i;
  }
  for (std::size_t step = 1; step <= count; ++step) {
    Path& path = paths_[(place + step) % count];
    if (!path.failed) return &path;
  }
  return nullptr;
}

void Multipath::choose_active(const Path* after) {
  const Path* next = paths_.empty() ? nullptr : next_good(after);
  active_ = next == nullptr ? nullptr : next->edge;
  if (next != nullptr) mesh().note(*this, sentence(next->name, " is the active path now"));
}

// Failed paths work again, for all we know; the one that has just failed only when it is alone.
bool Multipath::give_new_chances(const Consumer* but) {
  bool any = false;
  for (Path& path : paths_) {
    if (path.edge == but && paths_.size() > 1) continue;
    path.failed = false;
    any = true;
  }
  if (any && active_ == nullptr) choose_active(nullptr);
  return any;
}

void Multipath::orphaned(Consumer& consumer) {
  Path* path = find(consumer);
  if (path == nullptr) return;
  if (paths_.size() == 1) return mesh().wither(*this);
  mesh().note(*this, sentence(path->name, " is lost"));
  drop(*path);
}

// Nobody else writes where we are exclusive; that was our own opening.
void Multipath::spoiled(Consumer& consumer) {
  if (consumer.access().e == 0) orphaned(consumer);
}

Properties Multipath::derive(const Provider& own) const {
  if (paths_.empty()) return own.properties();
  Properties now = paths_.front().edge->provider()->properties();
  now.media_size_bytes = own.media_size_bytes();
  return now;
}

// Requests ---------------------------------------------------------------------------------------

Verdict Multipath::start(Bio& bio, Provider&) {
  set_chances(bio, kRestores);
  if ((bio.flags & kBioOrdered) == 0 && !ordered_in_flight_ && waiting_.empty()) return issue(bio);
  waiting_.push(bio);
  let_waiting_go();
  return Verdict::held();
}

Multipath::Path* Multipath::choose(Command command) {
  const bool any = command == Command::read ? mode_ != Mode::active_passive
                                            : has_range(command) && mode_ == Mode::active_active;
  Path* path = nullptr;
  if (any && !paths_.empty()) {
    path = next_good(last_ == nullptr ? nullptr : find(*last_));
  } else if (active_ != nullptr) {
    path = find(*active_);
  }
  return path;
}

Verdict Multipath::issue(Bio& bio) {
  Path* path = choose(bio.command);
  if (path == nullptr && chances(bio) > 0 && give_new_chances(nullptr)) {
    set_chances(bio, chances(bio) - 1);
    path = choose(bio.command);
  }
  if (path == nullptr) return Verdict::done(ENXIO);
  Children whole(mesh().path(), bio);
  if (!whole.add_copy(*path->edge, bio.position_bytes)) return Verdict::done(ENOMEM);
  last_ = path->edge;
  bio.driver1 = this;
  ++in_flight_;
  return whole.issue(&Multipath::part_done);
}

void Multipath::part_done(Bio& part) {
  Bio& bio = *part.parent;
  auto& self = *static_cast<Multipath*>(bio.driver1);
  const bool ordered = (bio.flags & kBioOrdered) != 0;
  if (is_the_paths(part.error) && self.go_elsewhere(part)) return;
  Children::part_done(part);
  self.came_back(ordered);
}

// The path has failed. True when the request is on its way by another one.
bool Multipath::go_elsewhere(Bio& part) {
  Bio& bio = *part.parent;
  if (Path* path = find(*part.edge)) {
    path->failed = true;
    mesh().note(*this, sentence(path->name, " has failed"));
    if (active_ == part.edge) choose_active(path);
  }
  const bool any = std::ranges::any_of(paths_, [](const Path& p) { return !p.failed; });
  if (!any && (chances(bio) == 0 || !give_new_chances(part.edge))) return false;
  if (!any) set_chances(bio, chances(bio) - 1);
  mesh().path().free_bio(&part);
  --in_flight_;
  const Verdict verdict = issue(bio);
  if (!verdict.is_held()) {
    mesh().deliver(bio, verdict.error());
    ++in_flight_;
    came_back((bio.flags & kBioOrdered) != 0);
  }
  return true;
}

void Multipath::came_back(bool ordered) {
  --in_flight_;
  if (ordered) ordered_in_flight_ = false;
  if (!waiting_.empty()) let_waiting_go();
}

void Multipath::let_waiting_go() {
  while (!waiting_.empty() && !ordered_in_flight_) {
    const bool ordered = (waiting_.front()->flags & kBioOrdered) != 0;
    if (ordered && in_flight_ > 0) return;
    Bio& bio = *waiting_.pop();
    ordered_in_flight_ = ordered;
    const Verdict verdict = issue(bio);
    if (verdict.is_held()) continue;
    ordered_in_flight_ = false;
    mesh().deliver(bio, verdict.error());
  }
}

// For people -------------------------------------------------------------------------------------

std::string Multipath::active() const {
  for (const Path& path : paths_) {
    if (path.edge == active_) return path.name;
  }
  return {};
}

std::string_view Multipath::state() const {
  const auto good = std::ranges::count(paths_, false, &Path::failed);
  return good >= 2 ? "OPTIMAL" : good == 1 ? "DEGRADED" : "BROKEN";
}

std::string Multipath::status() const {
  std::string text = sentence(state(), ", ", values_.text("mode"), ":");
  for (const Path& path : paths_) {
    text += sentence(' ', path.name,
                     path.failed            ? " (FAIL)"
                     : path.edge == active_ ? " (ACTIVE)"
                                            : " (PASSIVE)");
  }
  return text;
}

std::string Multipath::recipe() const {
  std::vector<std::string> names;
  for (const Path& path : paths_) names.push_back(path.name);
  return recipe_of(*this, values_, uuid_.empty() ? "create" : "label", names);
}

}  // namespace biotope
