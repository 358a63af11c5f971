// Random histories of arrays with parity: loads, losses, disks that come back out of date, power
// cuts in the midst of everything, with a disk lost as well. What was acknowledged stays readable
// while at most one disk is missing, nothing wrong is ever read, and in the end all disks fit
// together.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>

#include "classes/parity/testing.h"
#include "model/many_cases.h"
#include "props/disk_walk.h"

namespace biotope::props {
namespace {

using parity::Group;
using parity::Member;
using testing::Medium;
using testing::ParityMesh;

constexpr std::int64_t kDiskSector = 512;

class ParityWalk final : public DiskWalk {
 public:
  ParityWalk(Chooser& chooser, const char* cls) : DiskWalk(chooser), cls_(cls) {
    raid5_ = cls_ == "raid5";
    disks_ = raid5_ ? 3 + chooser_.pick(3) : 3 + 2 * chooser_.pick(2);
    const std::int64_t stripe = kDiskSector * (1 + number(3));
    const std::int64_t slots = 4 + 2 * number(3);
    if (raid5_) {
      given_.set("stripe_size", stripe);
      given_.set("log", slots);
    }
    cached_ = raid5_ && chance(2);
    durable_at_once_ = true;  // its log is
    const std::int64_t log_bytes = raid5_ ? slots * (stripe + kDiskSector) : 0;
    for (std::size_t i = 0; i < disks_; ++i) {
      media_.push_back(std::make_unique<Medium>(6 * stripe + log_bytes + kDiskSector));
    }
    tuning_.copy_block_bytes = 1024;
    tuning_.copy_busy_bytes_per_s = 10 << 20;
    power_on();
    sick_ = disks_;
    for (std::size_t i = 0; i < disks_; ++i) plug(i);
    wait(1000);
    if (mesh().label("home", names_, given_) != 0) complain("label: " + m_->said);
    wait(5'000'000'000);
    open(cls_ + "/home");
    if (!complaint().empty()) return;
    // What lay there before has no version.
    sectors_ = edge_->provider()->media_size_bytes() / sector_;
    if (m_->write(*edge_, 0, Bytes(static_cast<std::size_t>(sectors_ * sector_))) != 0) {
      complain("the first write failed");
    }
  }

  void step() {
    switch (chooser_.pick(14)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return pending_ > 6 ? wait(100'000) : somewhere(Command::write);
      case 5:
      case 6:
        return somewhere(Command::read);
      case 7:
        return wait(number(2000) * 1000);
      case 8:
        return chance(3) ? wait(12'000'000'000) : flush();
      case 9:
        return lose();
      case 10:
        return come_back();
      case 11:
        return chance(2) ? sicken() : rebuild_missing();
      default:
        return cut_power();
    }
  }

  // In the end everything is there and well, and any one disk can be taken away.
  void end() {
    for (int turn = 0; turn < 4 && complaint().empty() && !well(); ++turn) {
      cure();
      for (std::size_t i = 0; i < disks_; ++i) {
        if (!plugged(i)) plug(i);
      }
      wait(20'000'000'000);
      if (!well()) rebuild_missing();
      wait(20'000'000'000);
    }
    if (!complaint().empty()) return;
    if (!well()) {
      return complain("it is not well in the end" +
                      (here() == nullptr ? std::string() : ": " + here()->status()));
    }
    for (std::int64_t at = 0; at < here()->self().member_bytes(); at += 8) {
      std::uint64_t sum = 0;
      for (const auto& medium : media_) {
        std::uint64_t word = 0;
        std::memcpy(&word, &medium->bytes[static_cast<std::size_t>(at)], 8);
        sum ^= word;
      }
      if (sum != 0) return complain("the disks do not fit together at " + std::to_string(at));
    }
    drive(chooser_.pick(disks_)).pull();
    wait(1'000'000'000);
    for (std::int64_t place = 0; place < sectors_; ++place) read_at(place, 1);
    wait(1'000'000'000);
    if (pending_ > 0) complain("a request did not come back");
  }

 private:
  std::unique_ptr<testing::DriveMesh> new_mesh() override {
    return std::make_unique<ParityMesh>(
        cls_, [this](std::size_t count) { return chooser_.pick(count); }, tuning_);
  }
  ParityMesh& mesh() { return static_cast<ParityMesh&>(*m_); }

  Group* here() {
    Group* group = mesh().find("home");
    return group != nullptr && group->state() == Group::State::running ? group : nullptr;
  }
  // All disks are good, and all of them say so.
  bool whole() {
    for (std::size_t i = 0; i < disks_; ++i) {
      if (!good(i)) return false;
    }
    return here()->self().view == here()->self().before;
  }
  bool well() { return whole() && !here()->dirty() && pending_ == 0 && sick_ == disks_; }
  bool good(std::size_t medium) {
    const Member* m =
        here() == nullptr || !plugged(medium) ? nullptr : here()->member(names_[medium]);
    return m != nullptr && m->state == Member::State::good;
  }
  // That one may go without anybody above hearing of it.
  bool spare(std::size_t medium) {
    if (here() == nullptr || !plugged(medium)) return false;
    const bool others_are_well = sick_ == disks_ || sick_ == medium;
    return others_are_well && (whole() || !good(medium));
  }

  void somewhere(Command command) {
    const std::int64_t place = number(sectors_);
    const std::int64_t most = std::min<std::int64_t>(chance(3) ? 12 : 2, sectors_ - place);
    const std::int64_t sectors = 1 + number(most);
    if (command == Command::write) return write_at(place, sectors);
    read_at(place, sectors);
  }

  void lose() {
    const std::size_t medium = chooser_.pick(disks_);
    if (!spare(medium)) return;
    pull(medium);
    if (sick_ == medium) sick_ = disks_;
  }
  void come_back() {
    for (std::size_t medium = 0; medium < disks_; ++medium) {
      if (plugged(medium)) continue;
      ++reached["came back"];
      return plug(medium);
    }
  }
  void sicken() {
    const std::size_t medium = chooser_.pick(disks_);
    if (!spare(medium) || sick_ != disks_) return;
    tell("sick " + names_[medium]);
    sick_ = medium;
    drive(medium).write_error = chance(2) ? EIO : ENXIO;
    drive(medium).spare_metadata = chance(2);
    ++reached["sick"];
  }
  void cure() {
    for (std::size_t i = 0; i < disks_; ++i) {
      if (plugged(i)) drive(i).write_error = 0;
    }
    sick_ = disks_;
  }
  void rebuild_missing() {
    Group* group = here();
    if (group == nullptr) return complain("it does not run any more");
    for (std::size_t i = 0; i < disks_; ++i) {
      if (!plugged(i) || sick_ == i || group->member(names_[i]) != nullptr) continue;
      const std::string name = names_[i];
      tell("rebuild " + name);
      ++reached["rebuilt"];
      const int done = m_->ask([&](auto then) { group->rebuild(name, then); });
      if (done != 0) tell("refused: " + m_->said);
      group = here();
      if (group == nullptr) return complain("it does not run any more");
    }
  }

  // Of what is under way any sectors reach the platters; then all disks come back but perhaps one.
  void cut_power() {
    if (here() == nullptr) return complain("it does not run any more");
    // A sector of a raid3 is not one of a disk: what is being written may be torn. So right after.
    for (int i = 0; !raid5_ && pending_ > 0 && i < 2000; ++i) wait(25'000);
    if (!raid5_ && pending_ > 0) return complain("a request did not come back");
    std::size_t left_behind = disks_;
    if (whole()) {
      left_behind = chooser_.pick(2 * disks_);
      if (left_behind < disks_) ++reached["power cut and loss"];
    }
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < disks_; ++i) {
      const bool comes = whole() ? i != left_behind : good(i) || chance(2);
      if (comes) order.insert(order.begin() + static_cast<int>(chooser_.pick(order.size() + 1)), i);
    }
    DiskWalk::cut_power(order);
    if (chance(4)) {
      wait(number(100) * 20'000);
      ++reached["power cut while it starts"];
      DiskWalk::cut_power(order);
    }
    sick_ = disks_;
    wait(5'000'000'000);
    open(cls_ + "/home");
  }

  std::string cls_;
  Values given_;
  bool raid5_ = false;
  std::size_t disks_ = 0;
  std::int64_t sectors_ = 1;
  parity::Tuning tuning_;
  std::size_t sick_ = 0;  // the disk that fails writes; disks_ for none
};

void any_history(const char* cls, std::vector<std::uint32_t> choices) {
  ListChooser chooser(std::move(choices));
  ParityWalk walk(chooser, cls);
  while (!chooser.used_up() && walk.complaint().empty()) walk.step();
  walk.end();
  RC_LOG() << walk.told();
  RC_ASSERT(walk.complaint().empty());
}

RC_GTEST_PROP(ParityWalks, Inv_M1_any_history_of_a_raid5_keeps_what_was_acknowledged,
              (std::vector<std::uint32_t> choices)) {
  any_history("raid5", std::move(choices));
}
RC_GTEST_PROP(ParityWalks, Inv_M1_any_history_of_a_raid3_keeps_what_was_acknowledged,
              (std::vector<std::uint32_t> choices)) {
  any_history("raid3", std::move(choices));
}

std::map<std::string, std::uint64_t> long_histories(const char* cls) {
  std::map<std::string, std::uint64_t> reached;
  for (std::uint64_t seed = 0; seed < many_cases(); ++seed) {
    RandomChooser chooser(seed, "parity walk");
    ParityWalk walk(chooser, cls);
    for (int i = 0; i < 24 && walk.complaint().empty(); ++i) walk.step();
    walk.end();
    EXPECT_EQ(walk.complaint(), "") << cls << " seed " << seed << "\n" << walk.told();
    if (!walk.complaint().empty()) break;
    for (const auto& [what, times] : walk.reached) reached[what] += times;
  }
  return reached;
}

// Many, and the proof that they get somewhere.
TEST(ParityWalks, Inv_C4_no_write_hole_in_long_histories_of_a_raid5) {
  auto reached = long_histories("raid5");
  for (const char* what : {"came back", "power cut", "power cut and loss", "power cut under load",
                           "power cut while it starts", "pulled", "rebuilt", "sick"}) {
    EXPECT_GT(reached[what], many_cases() / 20) << what;
  }
}
TEST(ParityWalks, Inv_M7_long_histories_of_a_raid3) {
  auto reached = long_histories("raid3");
  for (const char* what :
       {"came back", "power cut", "power cut and loss", "pulled", "rebuilt", "sick"}) {
    EXPECT_GT(reached[what], many_cases() / 20) << what;
  }
}

}  // namespace
}  // namespace biotope::props
