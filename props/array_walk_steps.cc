// What happens to arrays, and what is read from them.
#include <algorithm>
#include <cstring>

#include "classes/metadata/metadata.h"
#include "model/surgery.h"
#include "props/array_walk.h"

namespace biotope::props {

using mirror::Mirror;
using testing::Medium;

namespace {

constexpr std::int64_t kSecond_ns = 1'000'000'000;
// The metadata of all levels lie behind them.
constexpr std::int64_t kDataSectors = 14;
// A mirror waits four seconds for disks that are missing, and one on top of it then waits as well.
constexpr std::int64_t kToStart_ns = 10 * kSecond_ns;

}  // namespace

void ArrayWalk::step() {
  if (edge_ == nullptr) return chance(3) ? plug_foreign() : bring_back();
  switch (chooser_.pick(14)) {
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
      return wait(number(3) * kSecond_ns);
    case 7:
      return spoil_sector();
    case 8:
      return cut_power();
    default:
      return load();
  }
}

// One to four requests at a time that do not meet; a disk may be lost among them, or the power.
void ArrayWalk::load() {
  const auto all = static_cast<std::int64_t>(cells_.size());
  for (std::int64_t i = number(4); i >= 0; --i) {
    const std::int64_t place = number(all);
    const std::int64_t sectors = 1 + number(std::min<std::int64_t>(all - place, 9));
    const std::uint16_t flags = chance(5) ? kBioOrdered : 0;
    if (meets_another(place, sectors)) continue;
    chance(2) ? write_at(place, sectors, flags) : read_at(place, sectors, flags);
  }
  if (chance(6)) lose_disk();
  if (chance(8)) {
    wait(number(10) * 20'000);
    return cut_power();
  }
  wait(3 * kSecond_ns);
  if (pending_ > 0) complain("a request did not come back");
}

// Losses and returns ----------------------------------------------------------------------------

// Whether all mirrors on the way to a disk of `node` use what it is part of.
bool ArrayWalk::counts(const Node& node, std::size_t medium) const {
  if (node.kind == Kind::disk) return node.medium == medium;
  const Mirror* mirror = node.kind == Kind::mirror ? mirror_of(node) : nullptr;
  if (node.kind == Kind::mirror && mirror == nullptr) return false;
  return std::ranges::any_of(node.below, [&](const Node& one) {
    if (!counts(one, medium)) return false;
    const mirror::Member* member = mirror == nullptr ? nullptr : mirror->member(provider_of(one));
    return mirror == nullptr ||
           (member != nullptr && member->state == mirror::Member::State::active);
  });
}

void ArrayWalk::lose_disk() {
  const std::size_t medium = chooser_.pick(media_.size());
  if (!plugged(medium)) return;
  if (const auto path = other_path_.extract(medium)) {
    tell(sentence("medium ", medium, " loses a path"));
    ++reached["path lost"];
    return path.mapped()->pull();
  }
  // The last that counted is the first to come back: a mirror can not know that its last good disk
  // is missing.
  away_.insert(counts(root_, medium) ? away_.end() : away_.begin(), medium);
  pull(medium);
  if (chance(2)) return;
  wait(kSecond_ns);
  if (edge_ != nullptr && !serves(root_)) complain("a loss is told to nobody");
}

// Only where a copy can be had is it worth to see that it is.
void ArrayWalk::spoil_sector() {
  const std::size_t medium = chooser_.pick(media_.size());
  const std::int64_t sector = number(kDataSectors);
  tell(sentence("sector ", sector, " of medium ", medium, " can not be read"));
  media_[medium]->bad.insert(sector);
  ++reached["bad sector"];
}

void ArrayWalk::cure() {
  for (const auto& medium : media_) medium->bad.clear();
}

// A mirror that waits for a disk comes late; one on top of it that has waited as long may begin
// without it, with a disk that was put out.
bool ArrayWalk::comes_late(const Node& node, bool below_mirror) const {
  const Mirror* mirror = node.kind == Kind::mirror ? mirror_of(node) : nullptr;
  if (mirror != nullptr && below_mirror && !mirror->complete()) return true;
  return std::ranges::any_of(node.below, [&](const Node& one) {
    return comes_late(one, below_mirror || node.kind == Kind::mirror);
  });
}

// All disks that were there come again.
void ArrayWalk::cut_power() {
  if (!labelled_ || edge_ == nullptr || !serves(root_) || comes_late(root_, false)) return;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < media_.size(); ++i) {
    if (!plugged(i)) continue;
    order.insert(order.begin() + static_cast<int>(chooser_.pick(order.size() + 1)), i);
  }
  cure();
  between_.clear();
  DiskWalk::cut_power(order);
  wait(kToStart_ns);
  open_root();
}

void ArrayWalk::bring_back() {
  if (!labelled_) return;
  if (!away_.empty()) {
    const std::size_t medium = away_.back();
    away_.pop_back();
    wait(kSecond_ns);
    plug(medium);
    ++reached["back"];
  }
  wait(kToStart_ns);
  if (edge_ == nullptr && m_->t.mesh.provider(provider_of(root_)) != nullptr) {
    open_root();
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
      std::make_unique<Medium>(static_cast<std::int64_t>(original.bytes.size()), disk_sector_));
  copy.bytes = original.bytes;
  const auto last = std::span(copy.bytes).last(static_cast<std::size_t>(disk_sector_));
  constexpr std::size_t kArrayId = 36;  // geom.md B3, the same for all of these
  constexpr std::size_t kMirrorSum = 119;
  last[kArrayId] ^= std::byte{0x5a};
  if (std::memcmp(last.data(), "GEOM::MIRROR", 12) == 0) metadata::seal(last, kMirrorSum);
  tell(sentence("a foreign disk like medium ", like, " comes"));
  ++reached["foreign"];
  testing::Drive& foreign = m_->plug(sentence("alien", ++plugs_), copy);
  wait(kSecond_ns);
  compare_all();
  const bool is_there = m_->t.mesh.provider(provider_of(root_)) != nullptr;
  if (edge_ == nullptr && is_there) complain("a foreign disk is taken for one of its own");
  foreign.pull();
  wait(kSecond_ns);
}

// Surgery ---------------------------------------------------------------------------------------

// A nop between the user and what it uses, or between an array and one of its parts.
void ArrayWalk::cut_in() {
  if (between_.size() > 3) return;
  std::vector<Consumer*> edges{edge_};
  for (Geom& geom : m_->t.mesh.geoms()) {
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
  const std::string name = sentence("n", ++plugs_);
  m_->t.mesh.set_tasting(false);
  const auto made = m_->t.mesh.create("nop", name, {edge.provider()});
  m_->t.mesh.set_tasting(labelled_);
  if (!made) return complain(made.error().text);
  Geom& nop = **made;
  if (!m_->t.mesh.detach(nop.consumers().front())) return complain("a loose geom can not be made");
  tell(sentence(name, " is put into ", edge.name()));
  std::optional<Status> answer;
  const auto then = [&](const Status& status) { answer = status; };
  Provider& upper = nop.providers().front();
  Consumer& lower = nop.consumers().front();
  if (chance(2)) {
    m_->t.mesh.interpose(edge, upper, lower, then);
  } else {
    Surgery::interpose_above(m_->t.mesh, *edge.provider(), upper, lower, then);
  }
  wait(kSecond_ns);
  if (!answer) return complain("surgery does not end");
  if (!*answer) {
    // Unless a loss came first.
    const Consumer* still = m_->t.mesh.consumer_by_id(edge_id);
    if (still != nullptr && !still->orphaned()) complain((*answer).error().text);
    m_->t.mesh.wither(nop);
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
  Geom* nop = m_->t.mesh.geom("nop", name);
  if (nop == nullptr || nop->withering()) return;
  tell(name + " is taken out");
  std::optional<Status> answer;
  m_->t.mesh.remove(*nop, [&](const Status& status) { answer = status; });
  wait(kSecond_ns);
  if (!answer) return complain("surgery does not end");
  if (!*answer) {
    nop = m_->t.mesh.geom("nop", name);
    if (nop != nullptr && !nop->withering()) complain((*answer).error().text);
    return;
  }
  ++reached["taken out"];
}

// The end ---------------------------------------------------------------------------------------

void ArrayWalk::compare_all() {
  if (edge_ == nullptr) return;
  read_at(0, static_cast<std::int64_t>(cells_.size()));
  wait(3 * kSecond_ns);
  if (pending_ > 0) complain("a request did not come back");
}

// A disk that was found broken comes back only when that is asked for.
void ArrayWalk::mend_mirrors(const Node& node) {
  for (const Node& one : node.below) mend_mirrors(one);
  if (node.kind != Kind::mirror) return;
  for (const Node& one : node.below) {
    Mirror* mirror = mirror_of(node);
    if (mirror == nullptr) return complain(sentence("mirror ", node.name, " is not there"));
    const std::string disk = provider_of(one);
    if (mirror->member(disk) != nullptr) continue;
    tell("rebuild " + disk);
    ++reached["rebuilt"];
    if (m_->ask([&](auto then) { mirror->rebuild(disk, then); }) != 0) complain(m_->said);
  }
  wait(20 * kSecond_ns);
}

void ArrayWalk::compare_members(const Node& node) {
  for (const Node& one : node.below) compare_members(one);
  const Mirror* mirror = node.kind == Kind::mirror ? mirror_of(node) : nullptr;
  if (mirror == nullptr) return;
  if (labelled_ && (!mirror->complete() || mirror->dirty())) {
    return complain(sentence("mirror ", node.name, " is not well in the end: ", mirror->status()));
  }
  std::optional<Bytes> first;
  for (const auto& member : mirror->members()) {
    if (member->state != mirror::Member::State::active) continue;
    const Result<Consumer*> look = m_->t.mesh.look(*member->edge->provider());
    if (!look) return complain(look.error().text);
    const auto size = static_cast<std::int64_t>(mirror->self().media_size_bytes);
    const Result<Bytes> bytes = m_->run(read(**look, 0, size));
    m_->t.mesh.look_away(**look);
    if (!bytes) return complain(bytes.error().text);
    if (first && *first != *bytes) return complain("members of mirror " + node.name + " differ");
    first = *bytes;
  }
}

void ArrayWalk::end() {
  cure();
  for (std::size_t turn = 0; labelled_ && turn < 2 * media_.size() && complaint().empty(); ++turn) {
    bring_back();
  }
  if (!complaint().empty()) return;
  wait(20 * kSecond_ns);
  if (labelled_ && edge_ == nullptr) complain("all disks are back, and it is not");
  if (edge_ == nullptr && serves(root_) && !lost_) complain("it has gone without a word");
  if (edge_ != nullptr && !serves(root_)) complain("it is there without its disks");
  if (labelled_ && complaint().empty()) mend_mirrors(root_);
  compare_all();
  if (edge_ != nullptr) ++reached["lived"];
  if (edge_ != nullptr && complaint().empty()) compare_members(root_);
  const std::string wrong = testing::what_is_wrong(m_->t.mesh);
  if (!wrong.empty()) complain(wrong);
}

}  // namespace biotope::props
