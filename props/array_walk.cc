#include "props/array_walk.h"

#include <algorithm>
#include <optional>

#include "classes/concat/concat.h"
#include "classes/multipath/multipath.h"
#include "classes/nop/nop.h"
#include "classes/shsec/shsec.h"
#include "classes/stripe/stripe.h"

namespace biotope::props {

using mirror::Member;
using mirror::Mirror;
using testing::Drive;
using testing::Medium;

namespace {

constexpr std::int64_t kDiskSectors = 20;
constexpr std::int64_t kSecond_ns = 1'000'000'000;

template <class T>
T run(testing::TestMesh& t, Task<T> task) {
  task.start();
  while (!task.done() && t.executor.step()) {
  }
  return task.result();
}

void load_classes(Mesh& mesh) {
  auto mirrors = std::make_unique<MirrorClass>();
  mirror::Tuning tuning;
  tuning.sync_block_bytes = 16 << 10;
  tuning.sync_busy_bytes_per_s = 1 << 30;
  mirrors->tune(tuning);
  bool loaded =
      mesh.load(std::make_unique<DiskClass>()) && mesh.load(std::move(mirrors)) &&
      mesh.load(std::make_unique<StripeClass>()) && mesh.load(std::make_unique<ConcatClass>()) &&
      mesh.load(std::make_unique<ShsecClass>()) && mesh.load(std::make_unique<MultipathClass>()) &&
      mesh.load(std::make_unique<NopClass>());
  BIOTOPE_CHECK(loaded, "each class is loaded once");
}

}  // namespace

ArrayWalk::ArrayWalk(Chooser& chooser) : chooser_(chooser) {
  constexpr std::int64_t kSectors[] = {512, 2352, 4096};
  labelled_ = chance(2);
  sector_bytes_ = kSectors[chooser_.pick(3)];
  t_ = std::make_unique<testing::TestMesh>(
      [this](std::size_t count) { return chooser_.pick(count); });
  load_classes(t_->mesh);
  t_->mesh.set_tasting(labelled_);
  root_ = grow(2, false);
  tell(text_of(root_) + (labelled_ ? " with metadata" : " by hand"));
  make(root_);
  if (complaint_.empty()) wait(10 * kSecond_ns);
  if (complaint_.empty()) open();
  if (edge_ == nullptr) return;
  cells_.resize(static_cast<std::size_t>(edge_->provider()->properties().sector_count()));
  for (const auto& medium : media_) medium->flush();
}

ArrayWalk::~ArrayWalk() = default;

// What it is made of -----------------------------------------------------------------------------

const char* ArrayWalk::class_of(Kind kind) {
  constexpr const char* kNames[] = {"disk", "stripe", "concat", "shsec", "mirror", "multipath"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string ArrayWalk::provider_of(const Node& node) const {
  if (node.kind == Kind::disk) return plugged_[node.medium];
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
  const auto sectors = kDiskSectors + static_cast<std::int64_t>(chooser_.pick(5));
  media_.push_back(std::make_unique<Medium>(sectors * sector_bytes_, sector_bytes_));
  plugged_.emplace_back();
  drive_of_.push_back(nullptr);
  return {.kind = Kind::disk, .name = {}, .below = {}, .medium = medium};
}

ArrayWalk::Node ArrayWalk::grow(int levels, bool mirrored) {
  if (levels == 0 || (levels == 1 && chance(2))) return new_disk();
  Node node;
  node.kind = static_cast<Kind>(1 + chooser_.pick(5));
  // Metadata of stripes want a power of two, and paths with metadata are tested elsewhere.
  if (labelled_ &&
      (node.kind == Kind::multipath || (node.kind == Kind::stripe && sector_bytes_ == 2352))) {
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

void ArrayWalk::plug(std::size_t medium) {
  plugged_[medium] = "da" + std::to_string(plugs_++);
  drive_of_[medium] = &plug_as(plugged_[medium], medium);
}

Drive& ArrayWalk::plug_as(const std::string& name, std::size_t medium) {
  drives_.push_back(std::make_unique<Drive>(*media_[medium], t_->executor));
  Drive& drive = *drives_.back();
  drive.write_through = true;
  drive.deletable = true;
  drive.latency_ns = [this](const Bio&) {
    return static_cast<std::int64_t>(chooser_.pick(3)) * 40'000;
  };
  if (!add_disk(t_->mesh, name, drive)) complain("a disk can not be plugged in");
  return drive;
}

void ArrayWalk::make(const Node& node) {
  if (node.kind == Kind::disk) {
    plug(node.medium);
    t_->mesh.settle();
    return;
  }
  std::vector<Provider*> below;
  for (const Node& one : node.below) make(one);
  for (const Node& one : node.below) below.push_back(t_->mesh.provider(provider_of(one)));
  if (std::ranges::find(below, nullptr) != below.end()) return complain("a part is not there");
  if (labelled_) return label(node, below);
  if (node.kind == Kind::multipath) return make_paths(node, *below.front());
  Values values;
  if (node.kind == Kind::stripe) values.set("stripe_size", 2 * sector_bytes_);
  const auto made = t_->mesh.create(class_of(node.kind), node.name, below, values);
  if (!made) complain(made.error().text);
  t_->mesh.settle();
}

// One disk, plugged in twice.
void ArrayWalk::make_paths(const Node& node, Provider& disk) {
  const std::size_t medium = node.below.front().medium;
  const std::string other = disk.name() + "q";
  other_path_[medium] = &plug_as(other, medium);
  t_->mesh.settle();
  const auto made = t_->mesh.create("multipath", node.name, {&disk, t_->mesh.provider(other)});
  if (!made) complain(made.error().text);
  t_->mesh.settle();
}

void ArrayWalk::label(const Node& node, const std::vector<Provider*>& below) {
  Status done;
  if (node.kind == Kind::mirror) {
    mirror::Label what;
    what.name = node.name;
    what.balance = static_cast<mirror::Balance>(chooser_.pick(mirror::kBalances));
    what.slice_bytes = static_cast<std::uint32_t>(2 * sector_bytes_);
    std::vector<std::string> names;
    for (const Provider* one : below) names.push_back(one->name());
    std::optional<Status> answer;
    mirror::label(t_->mesh, what, names, [&](const Status& status) { answer = status; });
    while (!answer && t_->executor.step()) {
    }
    done = *answer;
  } else {
    Values values;
    if (node.kind == Kind::stripe) values.set("stripe_size", 2 * sector_bytes_);
    const auto* cls = array::ArrayClass::of(t_->mesh, class_of(node.kind));
    done = run(*t_, cls->label(t_->mesh, node.name, below, values));
  }
  if (!done) return complain(done.error().text);
  wait(kSecond_ns);
}

void ArrayWalk::open() {
  Provider* top = t_->mesh.provider(provider_of(root_));
  if (top == nullptr) return complain(provider_of(root_) + " is not there");
  auto& user = t_->user("user", *top);
  user.on_orphaned = [this, &user](Consumer& edge) {
    if (&edge == edge_) told_of_loss();
    t_->mesh.wither(user);
  };
  if (const Status opened = t_->mesh.access(user.edge(), kReadWriteExclusive); !opened) {
    return complain(opened.error().text);
  }
  edge_ = &user.edge();
  lost_ = false;
}

// Whether it can do what it is there for, as far as the disks go and what mirrors say of theirs.
bool ArrayWalk::serves(const Node& node) const {
  const auto serve = [this](const Node& one) { return serves(one); };
  if (node.kind == Kind::disk) return !plugged_[node.medium].empty();
  if (node.kind != Kind::mirror) return std::ranges::all_of(node.below, serve);
  Geom* geom = t_->mesh.geom("mirror", node.name);
  const Mirror* mirror = geom == nullptr ? nullptr : Mirror::of(*geom);
  if (mirror == nullptr) return false;
  return std::ranges::any_of(node.below, [&](const Node& one) {
    if (!serves(one)) return false;
    const Member* member = mirror->member(provider_of(one));
    return member != nullptr && member->state == Member::State::active;
  });
}

void ArrayWalk::told_of_loss() {
  lost_ = true;
  edge_ = nullptr;
  ++reached["lost"];
  tell("its user is told that it is gone");
  if (serves(root_)) complain("its user is told that it is gone, and it is not");
}

void ArrayWalk::tell(const std::string& line) {
  if (story_.size() < 300) {
    story_.push_back(sentence(t_->executor.now_ns(), ' ', line));
  }
}

void ArrayWalk::complain(const std::string& what) {
  if (complaint_.empty()) complaint_ = what;
  tell("COMPLAINT: " + what);
}

void ArrayWalk::wait(std::int64_t ns) {
  bool over = false;
  t_->executor.after(ns, [&] { over = true; });
  while (!over && t_->executor.step()) {
  }
}

}  // namespace biotope::props
