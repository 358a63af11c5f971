// Random histories of a mirror: loads, losses, disks that come back out of date, power cuts. What
// was acknowledged stays readable while one good disk lives, and nothing wrong is ever read.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "classes/mirror/testing.h"
#include "model/many_cases.h"
#include "props/disk_walk.h"

namespace biotope::props {
namespace {

using mirror::Member;
using mirror::Mirror;
using testing::Drive;
using testing::Medium;
using testing::MirrorMesh;

constexpr std::int64_t kSector = 512;
constexpr std::int64_t kRegion = 64 << 10;
constexpr std::int64_t kSize = 3 * kRegion;
constexpr std::size_t kMedia = 3;
// Where requests go: few places, so that they meet, on both sides of the borders of regions.
constexpr std::int64_t kPlaces[] = {0, 1, 2, 126, 127, 128, 129, 255, 256, 257, 382, 383};

class MirrorWalk final : public DiskWalk {
 public:
  explicit MirrorWalk(Chooser& chooser) : DiskWalk(chooser) {
    tuning_.sync_block_bytes = 16 << 10;
    tuning_.sync_lanes = 2;
    tuning_.sync_busy_bytes_per_s = 100 << 20;
    tuning_.repair = chance(4);
    cached_ = chance(3);
    for (std::size_t i = 0; i < kMedia; ++i) {
      media_.push_back(std::make_unique<Medium>(kSize + kSector));
    }
    power_on();
    sick_.assign(kMedia, false);
    for (std::size_t i = 0; i < kMedia; ++i) plug(i);
    mirror::Label label;
    label.name = "home";
    label.balance = static_cast<mirror::Balance>(chooser_.pick(5));
    label.intent = !chance(4);
    const std::vector<std::string> disks = names_;
    const int labelled = m_->ask([&](auto then) { mirror::label(m_->t.mesh, label, disks, then); });
    if (labelled != 0) complain("label: " + m_->said);
    wait(5'000'000'000);
    open("mirror/home");
  }

  void step() {
    switch (chooser_.pick(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return pending_ > 6 ? wait(100'000) : somewhere(Command::write);
      case 5:
      case 6:
      case 7:
        return somewhere(Command::read);
      case 8:
        return flush();
      case 9:
      case 10:
        return wait(number(2000) * 1000);
      case 11:
        return wait(12'000'000'000);
      case 12:
        return lose();
      case 13:
        return come_back();
      case 14:
        return sicken();
      default:
        return chance(2) ? cut_power() : scrub_or_rebuild();
    }
  }

  // In the end everything is there and well: then all disks are equal.
  void end() {
    if (!complaint().empty()) return;
    for (int turn = 0; turn < 4 && complaint().empty() && !well(); ++turn) {
      cure();
      for (std::size_t i = 0; i < kMedia; ++i) {
        if (!plugged(i)) plug(i);
      }
      wait(20'000'000'000);
      if (!well()) rebuild_missing();
      wait(20'000'000'000);
    }
    if (!complaint().empty()) return;
    const Mirror* mirror = here();
    if (mirror == nullptr || !mirror->complete()) {
      return complain("it is not complete in the end" +
                      (mirror == nullptr ? std::string() : ": " + mirror->status()));
    }
    if (mirror->dirty()) complain("it is not clean in the end");
    for (const auto& medium : media_) {
      if (!testing::same(*media_.front(), *medium, kSize)) complain("disks differ in the end");
    }
    for (const std::int64_t place : kPlaces) {
      const std::byte* sector = &media_.front()->bytes[static_cast<std::size_t>(place * kSector)];
      const std::uint64_t version = version_of(sector, place);
      if (cell(place).allows(version)) continue;
      complain(sentence("version ", version, " is on disk at ", place, " instead of ",
                        cell(place).acknowledged));
    }
  }

 private:
  std::unique_ptr<testing::DriveMesh> new_mesh() override {
    return std::make_unique<MirrorMesh>([this](std::size_t count) { return chooser_.pick(count); },
                                        tuning_);
  }
  Mirror* here() {
    Mirror* mirror = static_cast<MirrorMesh&>(*m_).find("home");
    return mirror != nullptr && mirror->state() == Mirror::State::running ? mirror : nullptr;
  }
  bool well() {
    const Mirror* mirror = here();
    return mirror != nullptr && mirror->complete() && !mirror->dirty() && pending_ == 0;
  }
  bool good(std::size_t medium) {
    Mirror* mirror = here();
    const Member* m =
        mirror == nullptr || !plugged(medium) ? nullptr : mirror->member(names_[medium]);
    return m != nullptr && m->state == Member::State::active && !sick_[medium];
  }
  bool may_go(std::size_t medium) {
    bool others = false;
    for (std::size_t i = 0; i < kMedia; ++i) others = others || (i != medium && good(i));
    return plugged(medium) && others;
  }

  void somewhere(Command command) {
    const std::size_t at = chooser_.pick(std::size(kPlaces));
    std::int64_t sectors = 1;
    while (at + sectors < std::size(kPlaces) && kPlaces[at + sectors] == kPlaces[at] + sectors &&
           sectors < 3 && chance(2)) {
      ++sectors;
    }
    if (command == Command::write) return write_at(kPlaces[at], sectors);
    read_at(kPlaces[at], sectors);
  }

  void lose() {
    const std::size_t medium = chooser_.pick(kMedia);
    if (!may_go(medium)) return;
    pull(medium);
    sick_[medium] = false;
  }
  void come_back() {
    for (std::size_t medium = 0; medium < kMedia; ++medium) {
      if (plugged(medium)) continue;
      ++reached["came back"];
      return plug(medium);
    }
  }

  void sicken() {
    const std::size_t medium = chooser_.pick(kMedia);
    if (!may_go(medium)) return;
    sick_[medium] = true;
    ++reached["sick"];
    const int error = chance(2) ? EIO : ENXIO;
    tell(sentence("sick ", names_[medium], " errno ", error));
    Drive& d = drive(medium);
    switch (chooser_.pick(4)) {
      case 0:
        d.read_error = error;
        break;
      case 1:
        d.write_error = error;
        break;
      case 2:
        d.flush_error = EIO;
        break;
      default:
        media_[medium]->bad.insert(kPlaces[chooser_.pick(std::size(kPlaces))]);
        break;
    }
    d.spare_metadata = chance(2);
  }
  void cure() {
    sick_.assign(kMedia, false);
    for (std::size_t i = 0; i < kMedia; ++i) {
      media_[i]->bad.clear();
      if (!plugged(i)) continue;
      Drive& d = drive(i);
      d.read_error = d.write_error = d.flush_error = 0;
    }
  }

  void rebuild_missing() {
    Mirror* mirror = here();
    if (mirror == nullptr) return complain("it does not run any more");
    for (std::size_t i = 0; i < kMedia && mirror->members().size() < kMedia; ++i) {
      if (!plugged(i) || mirror->member(names_[i]) != nullptr || sick_[i]) continue;
      const std::string name = names_[i];
      tell("rebuild " + name);
      ++reached["rebuilt"];
      const int done = m_->ask([&](auto then) { mirror->rebuild(name, then); });
      if (done != 0) tell("refused: " + m_->said);
      mirror = here();
      if (mirror == nullptr) return complain("it does not run any more");
    }
  }
  void scrub_or_rebuild() {
    if (here() == nullptr) return complain("it does not run any more");
    if (chooser_.pick(2) == 0) return rebuild_missing();
    here()->scrub(true, "", [this](const Result<mirror::ScrubReport>& report) {
      // Where a disk is out of order its copy may be unreadable; none may ever be different.
      if (report && report->differing_bytes > 0) complain("good disks differ");
    });
  }

  // The power goes; then some disks are there, a good one among them.
  void cut_power() {
    std::vector<std::size_t> good_ones;
    for (std::size_t i = 0; i < kMedia; ++i) {
      if (good(i)) good_ones.push_back(i);
    }
    if (good_ones.empty()) return complain("no good disk is left");
    const std::size_t sure = good_ones[chooser_.pick(good_ones.size())];
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < kMedia; ++i) {
      if (i != sure && chance(3)) continue;
      order.insert(order.begin() + static_cast<int>(chooser_.pick(order.size() + 1)), i);
    }
    if (order.size() < kMedia) ++reached["degraded start"];
    cure();
    DiskWalk::cut_power(order);
    wait(5'000'000'000);
    open("mirror/home");
  }

  mirror::Tuning tuning_;
  std::vector<bool> sick_;
};

RC_GTEST_PROP(MirrorWalks, Inv_M1_any_history_keeps_what_was_acknowledged,
              (std::vector<std::uint32_t> choices)) {
  ListChooser chooser(std::move(choices));
  MirrorWalk walk(chooser);
  while (!chooser.used_up() && walk.complaint().empty()) walk.step();
  walk.end();
  RC_LOG() << walk.told();
  RC_ASSERT(walk.complaint().empty());
}

// Many, and the proof that they get somewhere.
TEST(MirrorWalks, Inv_M7_long_histories_of_loss_return_and_power_cuts) {
  std::map<std::string, std::uint64_t> reached;
  for (std::uint64_t seed = 0; seed < many_cases(); ++seed) {
    RandomChooser chooser(seed, "mirror walk");
    MirrorWalk walk(chooser);
    for (int i = 0; i < 30 && walk.complaint().empty(); ++i) walk.step();
    walk.end();
    ASSERT_EQ(walk.complaint(), "") << "seed " << seed << "\n" << walk.told();
    for (const auto& [what, times] : walk.reached) reached[what] += times;
  }
  for (const char* what :
       {"came back", "degraded start", "power cut", "pulled", "rebuilt", "sick"}) {
    EXPECT_GT(reached[what], many_cases() / 5) << what;
  }
}

}  // namespace
}  // namespace biotope::props
