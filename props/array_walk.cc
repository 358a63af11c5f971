#include "props/array_walk.h"

#include <algorithm>
#include <optional>

#include "classes/concat/concat.h"
#include "classes/mirror/mirror_class.h"
#include "classes/multipath/multipath.h"
#include "classes/nop/nop.h"
#include "classes/shsec/shsec.h"
#include "classes/stripe/stripe.h"

namespace biotope::props {

using mirror::Member;
using mirror::Mirror;
using testing::Drive;
using testing::DriveMesh;
using testing::Medium;

namespace {

constexpr std::int64_t kDiskSectors = 20;
constexpr std::int64_t kSecond_ns = 1'000'000'000;

}  // namespace

ArrayWalk::ArrayWalk(Chooser& chooser) : DiskWalk(chooser) {
  constexpr std::int64_t kSectors[] = {512, 2352, 4096};
  labelled_ = chance(2);
  // Without metadata the power is not cut.
  cached_ = labelled_ && chance(3);
  disk_sector_ = kSectors[chooser_.pick(3)];
  power_on();
  root_ = grow(2, false);
  tears_ = has(root_, Kind::shsec);
  tell(text_of(root_) + (labelled_ ? " with metadata" : " by hand"));
  make(root_);
  if (complaint().empty()) wait(10 * kSecond_ns);
  if (complaint().empty()) open_root();
  for (const auto& medium : media_) medium->flush();
  if (edge_ == nullptr) return;
  const std::int64_t sectors = edge_->provider()->properties().sector_count();
  for (std::int64_t place = 0; place < sectors; ++place) cell(place);
}

std::unique_ptr<DriveMesh> ArrayWalk::new_mesh() {
  auto made =
      std::make_unique<DriveMesh>([this](std::size_t count) { return chooser_.pick(count); });
  auto mirrors = std::make_unique<MirrorClass>();
  mirror::Tuning tuning;
  tuning.sync_block_bytes = 16 << 10;
  tuning.sync_busy_bytes_per_s = 1 << 30;
  mirrors->tune(tuning);
  Mesh& mesh = made->t.mesh;
  bool loaded =
      mesh.load(std::move(mirrors)) && mesh.load(std::make_unique<StripeClass>()) &&
      mesh.load(std::make_unique<ConcatClass>()) && mesh.load(std::make_unique<ShsecClass>()) &&
      mesh.load(std::make_unique<MultipathClass>()) && mesh.load(std::make_unique<NopClass>());
  BIOTOPE_CHECK(loaded, "each class is loaded once");
  mesh.set_tasting(labelled_);
  return made;
}

// What it is made of -----------------------------------------------------------------------------

const char* ArrayWalk::class_of(Kind kind) {
  constexpr const char* kNames[] = {"disk", "stripe", "concat", "shsec", "mirror", "multipath"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string ArrayWalk::provider_of(const Node& node) const {
  if (node.kind == Kind::disk) return names_[node.medium];
  return sentence(class_of(node.kind), '/', node.name);
}

std::string ArrayWalk::text_of(const Node& node) const {
  if (node.kind == Kind::disk) return sentence(node.medium);
  std::string text = sentence(class_of(node.kind), '(');
  for (const Node& one : node.below) text += text_of(one) + ' ';
  text.back() = ')';
  return text;
}

bool ArrayWalk::has(const Node& node, Kind kind) const {
  return node.kind == kind ||
         std::ranges::any_of(node.below, [&](const Node& one) { return has(one, kind); });
}

ArrayWalk::Node ArrayWalk::new_disk() {
  const std::size_t medium = media_.size();
  media_.push_back(
      std::make_unique<Medium>((kDiskSectors + number(5)) * disk_sector_, disk_sector_));
  names_.emplace_back();
  return {.kind = Kind::disk, .name = {}, .below = {}, .medium = medium};
}

ArrayWalk::Node ArrayWalk::grow(int levels, bool mirrored) {
  if (levels == 0 || (levels == 1 && chance(2))) return new_disk();
  Node node;
  node.kind = static_cast<Kind>(1 + chooser_.pick(5));
  // Metadata of stripes want a power of two, and paths with metadata are tested elsewhere.
  if (labelled_ &&
      (node.kind == Kind::multipath || (node.kind == Kind::stripe && disk_sector_ == 2352))) {
    node.kind = Kind::mirror;
  }
  // A write that is cut short leaves nothing of a sector of shared secrets, be it metadata.
  if (labelled_ && mirrored && node.kind == Kind::shsec) node.kind = Kind::concat;
  node.name = "a" + std::to_string(arrays_++);
  if (node.kind == Kind::multipath) {
    node.below.push_back(new_disk());
    return node;
  }
  const std::size_t count = 2 + chooser_.pick(2);
  for (std::size_t i = 0; i < count; ++i)
    node.below.push_back(grow(levels - 1, node.kind == Kind::mirror));
  return node;
}

void ArrayWalk::make(const Node& node) {
  if (node.kind == Kind::disk) {
    plug(node.medium);
    m_->t.mesh.settle();
    return;
  }
  std::vector<Provider*> below;
  for (const Node& one : node.below) make(one);
  for (const Node& one : node.below) below.push_back(m_->t.mesh.provider(provider_of(one)));
  if (std::ranges::find(below, nullptr) != below.end()) return complain("a part is not there");
  if (labelled_) return label(node, below);
  if (node.kind == Kind::multipath) return make_paths(node, *below.front());
  Values values;
  if (node.kind == Kind::stripe) values.set("stripe_size", 2 * disk_sector_);
  const auto made = m_->t.mesh.create(class_of(node.kind), node.name, below, values);
  if (!made) complain(made.error().text);
  m_->t.mesh.settle();
}

// One disk, plugged in twice.
void ArrayWalk::make_paths(const Node& node, Provider& disk) {
  const std::size_t medium = node.below.front().medium;
  const std::string other = disk.name() + "q";
  other_path_[medium] = &plug_as(other, medium);
  m_->t.mesh.settle();
  const auto made = m_->t.mesh.create("multipath", node.name, {&disk, m_->t.mesh.provider(other)});
  if (!made) complain(made.error().text);
  m_->t.mesh.settle();
}

void ArrayWalk::label(const Node& node, const std::vector<Provider*>& below) {
  if (node.kind == Kind::mirror) {
    mirror::Label what;
    what.name = node.name;
    what.balance = static_cast<mirror::Balance>(chooser_.pick(mirror::kBalances));
    what.slice_bytes = static_cast<std::uint32_t>(2 * disk_sector_);
    std::vector<std::string> names;
    for (const Provider* one : below) names.push_back(one->name());
    if (m_->ask([&](auto then) { mirror::label(m_->t.mesh, what, names, then); }) != 0) {
      return complain(m_->said);
    }
    return wait(kSecond_ns);
  }
  Values values;
  if (node.kind == Kind::stripe) values.set("stripe_size", 2 * disk_sector_);
  const auto* cls = array::ArrayClass::of(m_->t.mesh, class_of(node.kind));
  const Status done = m_->run(cls->label(m_->t.mesh, node.name, below, values));
  if (!done) return complain(done.error().text);
  wait(kSecond_ns);
}

void ArrayWalk::open_root() {
  open(provider_of(root_));
  lost_ = false;
}

Mirror* ArrayWalk::mirror_of(const Node& node) const {
  Geom* geom = m_->t.mesh.geom("mirror", node.name);
  return geom == nullptr ? nullptr : Mirror::of(*geom);
}

bool ArrayWalk::serves(const Node& node, bool well) const {
  const auto serve = [&](const Node& one) { return serves(one, well); };
  if (node.kind == Kind::disk) {
    return plugged(node.medium) && (!well || media_[node.medium]->bad.empty());
  }
  if (node.kind != Kind::mirror) return std::ranges::all_of(node.below, serve);
  const Mirror* mirror = mirror_of(node);
  if (mirror == nullptr) return false;
  return std::ranges::any_of(node.below, [&](const Node& one) {
    if (!serve(one)) return false;
    const Member* member = mirror->member(provider_of(one));
    return member != nullptr && member->state == Member::State::active;
  });
}

void ArrayWalk::lost(Consumer& edge) {
  m_->t.mesh.wither(edge.geom());
  if (&edge != edge_) return;
  lost_ = true;
  edge_ = nullptr;
  ++reached["lost"];
  loosen();  // the disk took its cache along
  tell("its user is told that it is gone");
  if (serves(root_)) complain("its user is told that it is gone, and it is not");
}

}  // namespace biotope::props
