// What happens to arrays, and what is read from them.
#include <algorithm>
#include <cstring>

#include "classes/metadata/metadata.h"
#include "props/array_walk.h"

namespace biotope::props {

using testing::Drive;
using testing::Medium;

namespace {

constexpr std::int64_t kSecond_ns = 1'000'000'000;

// A sector says which version of which place it is, at both ends.
void mark(std::byte* sector, std::int64_t length, std::uint64_t version, std::uint64_t place) {
  std::memcpy(sector, &version, 8);
  std::memcpy(sector + 8, &place, 8);
  std::memcpy(sector + length - 8, &version, 8);
}

}  // namespace

void ArrayWalk::step() {
  if (edge_ == nullptr) return chance(3) ? plug_foreign() : bring_back();
  switch (chooser_.pick(12)) {
    case 0:
      return lose_disk();
    case 1:
      return bring_back();
    case 2:
      return plug_foreign();
    case 3:
      return cut_in();
    case 4:
      return take_out();
    case 5:
      return flush();
    case 6:
      return wait(static_cast<std::int64_t>(chooser_.pick(3)) * kSecond_ns);
    default:
      return load();
  }
}

// Loads -----------------------------------------------------------------------------------------

// One to four requests at a time that do not meet; a disk may be lost among them.
void ArrayWalk::load() {
  requests_.clear();
  const std::size_t count = 1 + chooser_.pick(4);
  for (std::size_t i = 0; i < count; ++i) {
    Request* request = add_request(chance(2) ? Command::write : Command::read);
    if (request != nullptr) t_->mesh.submit(request->bio, *edge_);
  }
  if (chance(6)) lose_disk();
  wait(3 * kSecond_ns);
  for (const Request& request : requests_) take_note(request);
}

ArrayWalk::Request* ArrayWalk::add_request(Command command) {
  const std::size_t first = chooser_.pick(cells_.size());
  const std::size_t count = 1 + chooser_.pick(std::min<std::size_t>(cells_.size() - first, 9));
  const auto offset = static_cast<std::int64_t>(first) * sector_bytes_;
  const auto length = static_cast<std::int64_t>(count) * sector_bytes_;
  for (const Request& other : requests_) {
    if (offset < other.bio.offset_bytes + other.bio.length_bytes &&
        other.bio.offset_bytes < offset + length) {
      return nullptr;
    }
  }
  Request& r = requests_.emplace_back();
  r.bytes.resize(static_cast<std::size_t>(length));
  r.version = ++versions_;
  if (command == Command::write) {
    for (std::size_t i = 0; i < count; ++i) {
      mark(&r.bytes[i * static_cast<std::size_t>(sector_bytes_)], sector_bytes_, r.version,
           first + i);
    }
  }
  r.bio.command = command;
  r.bio.flags = chance(5) ? kBioOrdered : 0;
  r.bio.offset_bytes = offset;
  r.bio.length_bytes = length;
  r.bio.data = Data(r.bytes.data());
  r.bio.caller1 = &r;
  r.bio.done = [](Bio& bio) { static_cast<Request*>(bio.caller1)->error = bio.error; };
  tell(sentence(command_name(command), ' ', r.version, " at ", first, '+', count));
  return &r;
}

void ArrayWalk::take_note(const Request& r) {
  if (r.error == -1) return complain(sentence("request ", r.version, " did not come back"));
  if (r.error != 0 && serves(root_) && !lost_) {
    return complain(sentence("request ", r.version, " failed with errno ", r.error,
                             ", and all that it needs is there"));
  }
  const std::int64_t end = r.bio.offset_bytes + r.bio.length_bytes;
  for (std::int64_t at = r.bio.offset_bytes; at < end; at += sector_bytes_) {
    Cell& cell = cells_[static_cast<std::size_t>(at / sector_bytes_)];
    if (r.bio.command == Command::read) {
      if (r.error == 0) check_sector(r, at / sector_bytes_);
    } else if (r.error == 0) {
      cell = {.is = r.version, .maybe = {}, .torn = false};
    } else {
      cell.maybe.insert(r.version);
      cell.torn = cell.torn || has(root_, Kind::shsec);
    }
  }
}

void ArrayWalk::check_sector(const Request& r, std::int64_t sector) {
  Cell& cell = cells_[static_cast<std::size_t>(sector)];
  if (cell.torn) return;
  const auto at = static_cast<std::size_t>(sector * sector_bytes_ - r.bio.offset_bytes);
  std::uint64_t version = 0;
  std::uint64_t place = 0;
  std::memcpy(&version, &r.bytes[at], 8);
  std::memcpy(&place, &r.bytes[at + 8], 8);
  std::uint64_t tail = 0;
  std::memcpy(&tail, &r.bytes[at + static_cast<std::size_t>(sector_bytes_) - 8], 8);
  const bool right_place = place == (version == 0 ? 0 : static_cast<std::uint64_t>(sector));
  if (!right_place || tail != version || (version != cell.is && !cell.maybe.contains(version))) {
    return complain(sentence("sector ", sector, " reads as version ", version, " of ", place,
                             " instead of ", cell.is));
  }
  cell.is = version;
  cell.maybe.erase(cell.maybe.begin(), cell.maybe.upper_bound(version));
}

void ArrayWalk::flush() {
  requests_.clear();
  Request& r = requests_.emplace_back();
  r.bio.command = Command::flush;
  r.bio.caller1 = &r;
  r.bio.done = [](Bio& bio) { static_cast<Request*>(bio.caller1)->error = bio.error; };
  t_->mesh.submit(r.bio, *edge_);
  wait(kSecond_ns);
  take_note(r);
}

// Losses and returns ----------------------------------------------------------------------------

void ArrayWalk::lose_disk() {
  const std::size_t medium = chooser_.pick(media_.size());
  if (plugged_[medium].empty()) return;
  if (const auto path = other_path_.extract(medium)) {
    tell(sentence("medium ", medium, " loses a path"));
    ++reached["path lost"];
    return path.mapped()->pull();
  }
  tell(sentence("medium ", medium, ", ", plugged_[medium], ", is torn out"));
  ++reached["torn out"];
  plugged_[medium].clear();
  away_.push_back(medium);
  drive_of_[medium]->pull();
  if (chance(2)) return;
  wait(kSecond_ns);
  if (edge_ != nullptr && !serves(root_)) complain("a loss is told to nobody");
}

// The last one to go comes back first: a mirror can not know that its last good disk is missing.
void ArrayWalk::bring_back() {
  if (!labelled_) return;
  if (!away_.empty()) {
    const std::size_t medium = away_.back();
    away_.pop_back();
    wait(kSecond_ns);
    plug(medium);
    tell(sentence("medium ", medium, " is back as ", plugged_[medium]));
    ++reached["back"];
  }
  wait(6 * kSecond_ns);
  if (edge_ == nullptr && t_->mesh.provider(provider_of(root_)) != nullptr) {
    open();
    compare_all();
  }
}

// A disk of another array that has the same name: a copy of one, but for the number of the array.
void ArrayWalk::plug_foreign() {
  const std::size_t like = chooser_.pick(media_.size());
  if (!labelled_) return;
  // Where a mirror has gone the other one is as good an owner of the name.
  wait(kSecond_ns);
  if (edge_ == nullptr && has(root_, Kind::mirror)) return;
  const Medium& original = *media_[like];
  Medium& copy = *foreign_.emplace_back(
      std::make_unique<Medium>(static_cast<std::int64_t>(original.bytes.size()), sector_bytes_));
  copy.bytes = original.bytes;
  const auto last = std::span(copy.bytes).last(static_cast<std::size_t>(sector_bytes_));
  constexpr std::size_t kArrayId = 36;  // geom.md B3, the same for all of these
  constexpr std::size_t kMirrorSum = 119;
  last[kArrayId] ^= std::byte{0x5a};
  if (std::memcmp(last.data(), "GEOM::MIRROR", 12) == 0) metadata::seal(last, kMirrorSum);
  drives_.push_back(std::make_unique<Drive>(copy, t_->executor));
  tell(sentence("a foreign disk like medium ", like, " comes"));
  ++reached["foreign"];
  const auto added = add_disk(t_->mesh, "alien" + std::to_string(plugs_++), *drives_.back());
  if (!added) complain("a foreign disk can not be plugged in");
  wait(kSecond_ns);
  compare_all();
  const bool is_there = t_->mesh.provider(provider_of(root_)) != nullptr;
  if (edge_ == nullptr && is_there) complain("a foreign disk is taken for one of its own");
  drives_.back()->pull();
  wait(kSecond_ns);
}

// Surgery ---------------------------------------------------------------------------------------

// A nop between the user and what it uses, or between an array and one of its parts.
void ArrayWalk::cut_in() {
  if (between_.size() > 3) return;
  std::vector<Consumer*> edges{edge_};
  for (Geom& geom : t_->mesh.geoms()) {
    const std::string& cls = geom.cls().name();
    if (cls != "stripe" && cls != "concat" && cls != "shsec") continue;
    for (Consumer& edge : geom.consumers()) {
      if (edge.provider() != nullptr && !edge.orphaned() && !geom.withering())
        edges.push_back(&edge);
    }
  }
  Consumer& edge = *edges[chooser_.pick(edges.size())];
  if (edge.provider()->error() != 0) return;
  const std::uint64_t edge_id = edge.id();
  const std::string name = "n" + std::to_string(plugs_++);
  t_->mesh.set_tasting(false);
  const auto made = t_->mesh.create("nop", name, {edge.provider()});
  t_->mesh.set_tasting(labelled_);
  if (!made) return complain(made.error().text);
  Geom& nop = **made;
  if (!t_->mesh.detach(nop.consumers().front())) return complain("a loose geom can not be made");
  tell(sentence(name, " is put into ", edge.name()));
  std::optional<Status> answer;
  t_->mesh.interpose(edge, nop.providers().front(), nop.consumers().front(),
                     [&](const Status& status) { answer = status; });
  wait(kSecond_ns);
  if (!answer) return complain("surgery does not end");
  if (!*answer) {
    // Unless a loss came first.
    const Consumer* still = t_->mesh.consumer_by_id(edge_id);
    if (still != nullptr && !still->orphaned()) complain((*answer).error().text);
    t_->mesh.wither(nop);
    return;
  }
  ++reached["cut in"];
  between_.push_back(name);
}

void ArrayWalk::take_out() {
  if (between_.empty()) return;
  const std::size_t which = chooser_.pick(between_.size());
  const std::string name = between_[which];
  between_.erase(between_.begin() + static_cast<std::ptrdiff_t>(which));
  Geom* nop = t_->mesh.geom("nop", name);
  if (nop == nullptr || nop->withering()) return;
  tell(name + " is taken out");
  std::optional<Status> answer;
  t_->mesh.remove(*nop, [&](const Status& status) { answer = status; });
  wait(kSecond_ns);
  if (!answer) return complain("surgery does not end");
  if (!*answer) {
    nop = t_->mesh.geom("nop", name);
    if (nop != nullptr && !nop->withering()) complain((*answer).error().text);
    return;
  }
  ++reached["taken out"];
}

// The end ---------------------------------------------------------------------------------------

void ArrayWalk::compare_all() {
  if (edge_ == nullptr) return;
  requests_.clear();
  Request& r = requests_.emplace_back();
  r.version = ++versions_;
  r.bytes.resize(cells_.size() * static_cast<std::size_t>(sector_bytes_));
  r.bio.command = Command::read;
  r.bio.length_bytes = static_cast<std::int64_t>(r.bytes.size());
  r.bio.data = Data(r.bytes.data());
  r.bio.caller1 = &r;
  r.bio.done = [](Bio& bio) { static_cast<Request*>(bio.caller1)->error = bio.error; };
  t_->mesh.submit(r.bio, *edge_);
  wait(3 * kSecond_ns);
  take_note(r);
}

void ArrayWalk::end() {
  for (std::size_t turn = 0; labelled_ && turn < 2 * media_.size() && complaint_.empty(); ++turn) {
    bring_back();
  }
  if (!complaint_.empty()) return;
  wait(20 * kSecond_ns);
  if (labelled_ && edge_ == nullptr) complain("all disks are back, and it is not");
  if (edge_ == nullptr && serves(root_) && !lost_) complain("it has gone without a word");
  if (edge_ != nullptr && !serves(root_)) complain("it is there without its disks");
  compare_all();
  if (edge_ != nullptr) ++reached["lived"];
  const std::string wrong = testing::what_is_wrong(t_->mesh);
  if (!wrong.empty()) complain(wrong);
}

}  // namespace biotope::props
