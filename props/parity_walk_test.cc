// Random histories of arrays with parity: loads, losses, disks that come back out of date, power
// cuts in the midst of everything, with a disk lost as well. What was acknowledged stays readable
// while at most one disk is missing, nothing wrong is ever read, and in the end all disks fit
// together.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <deque>
#include <map>
#include <set>

#include "classes/parity/testing.h"
#include "props/chooser.h"
#include "props/many_cases.h"

namespace biotope::props {
namespace {

using parity::Group;
using parity::Member;
using testing::Drive;
using testing::Medium;
using testing::ParityMesh;

constexpr std::int64_t kDiskSector = 512;

// What may be read from one sector. Versions count up.
struct Cell {
  std::uint64_t acknowledged = 0;
  std::uint64_t seen = 0;  // the newest that was read, or acknowledged
  std::set<std::uint64_t> maybe;
};

class ParityWalk {
 public:
  ParityWalk(Chooser& chooser, const char* cls) : chooser_(chooser), cls_(cls) {
    raid5_ = cls_ == "raid5";
    disks_ = raid5_ ? 3 + chooser_.pick(3) : 3 + 2 * chooser_.pick(2);
    const std::int64_t stripe = kDiskSector * (1 + static_cast<std::int64_t>(chooser_.pick(3)));
    const std::int64_t slots = 4 + 2 * static_cast<std::int64_t>(chooser_.pick(3));
    if (raid5_) {
      given_.set("stripe_size", stripe);
      given_.set("log", slots);
    }
    cached_ = raid5_ && chooser_.pick(2) == 0;
    const std::int64_t log_bytes = raid5_ ? slots * (stripe + kDiskSector) : 0;
    for (std::size_t i = 0; i < disks_; ++i) {
      media_.push_back(std::make_unique<Medium>(6 * stripe + log_bytes + kDiskSector));
    }
    tuning_.copy_block_bytes = 1024;
    tuning_.copy_busy_bytes_per_s = 10 << 20;
    power_on();
    for (std::size_t i = 0; i < disks_; ++i) plug(i);
    m_->run_for(1000);
    if (m_->label("home", names_, given_) != 0) complain("label: " + m_->said);
    m_->run_for(5'000'000'000);
    open();
    if (!complaint_.empty()) return;
    // What lay there before has no version.
    sector_ = m_->t.provider(cls_ + "/home").sector_size_bytes();
    sectors_ = m_->t.provider(cls_ + "/home").media_size_bytes() / sector_;
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
        return write();
      case 5:
      case 6:
        return read();
      case 7:
        return wait(static_cast<std::int64_t>(chooser_.pick(2000)) * 1000);
      case 8:
        return chooser_.pick(3) == 0 ? wait(12'000'000'000) : flush();
      case 9:
        return pull();
      case 10:
        return come_back();
      case 11:
        return chooser_.pick(2) == 0 ? sicken() : rebuild_missing();
      default:
        return cut_power();
    }
  }

  // In the end everything is there and well, and any one disk can be taken away.
  void end() {
    for (int turn = 0; turn < 4 && complaint_.empty() && !well(); ++turn) {
      cure();
      for (std::size_t i = 0; i < disks_; ++i) {
        if (!plugged(i)) plug(i);
      }
      wait(20'000'000'000);
      if (!well()) rebuild_missing();
      wait(20'000'000'000);
    }
    if (!complaint_.empty()) return;
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
    m_->run_for(1'000'000'000);
    for (std::int64_t place = 0; place < sectors_; ++place) read_at(place, 1);
    m_->run_for(1'000'000'000);
    if (pending_ > 0) complain("a request did not come back");
  }

  const std::string& complaint() const { return complaint_; }
  const std::vector<std::string>& story() const { return story_; }
  std::map<std::string, std::uint64_t> reached;  // how often something interesting happened

 private:
  struct Request {
    Bio bio;
    Bytes bytes;
    std::int64_t place;
    std::int64_t sectors;
    std::uint64_t version;
    std::vector<std::uint64_t> seen_before;
    std::vector<std::set<std::uint64_t>> allowed_before;
    ParityWalk* walk;
  };

  void tell(const std::string& line) {
    if (story_.size() < 400) {
      story_.push_back(std::to_string(m_->t.executor.now_ns()) + " " + line);
    }
  }
  void complain(const std::string& what) {
    if (complaint_.empty()) complaint_ = what;
    tell("COMPLAINT: " + what);
  }

  Group* here() {
    Group* group = m_->find("home");
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
  bool plugged(std::size_t medium) const { return !names_[medium].empty(); }
  Drive& drive(std::size_t medium) { return m_->drive(names_[medium]); }
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

  void power_on() {
    m_ = std::make_unique<ParityMesh>(
        cls_, [this](std::size_t count) { return chooser_.pick(count); }, tuning_);
    names_.assign(disks_, "");
    sick_ = disks_;
  }
  void plug(std::size_t medium) {
    names_[medium] = "da" + std::to_string(++plugs_);
    Drive& drive = m_->plug(names_[medium], *media_[medium]);
    drive.write_through = !cached_;
    drive.latency_ns = [this](const Bio&) {
      return static_cast<std::int64_t>(chooser_.pick(4)) * 50'000;
    };
    tell("plug " + names_[medium] + " medium " + std::to_string(medium));
  }
  void open() {
    if (here() == nullptr) return complain("it does not run");
    auto& user = m_->t.user("user", m_->t.provider(cls_ + "/home"));
    user.on_orphaned = [this](Consumer&) { complain("its user was told that it is gone"); };
    if (!m_->t.mesh.access(user.edge(), kReadWriteExclusive)) complain("it can not be opened");
    edge_ = &user.edge();
  }

  // Requests -------------------------------------------------------------------------------------
  Request& request(Command command, std::int64_t place, std::int64_t sectors) {
    Request& r = requests_.emplace_back();
    r.walk = this;
    r.place = place;
    r.sectors = sectors;
    r.bytes.resize(static_cast<std::size_t>(r.sectors * sector_));
    r.bio.command = command;
    r.bio.offset_bytes = r.place * sector_;
    r.bio.length_bytes = r.sectors * sector_;
    r.bio.data = Data(r.bytes.data());
    r.bio.caller1 = &r;
    return r;
  }
  std::pair<std::int64_t, std::int64_t> somewhere() {
    const auto place = static_cast<std::int64_t>(chooser_.pick(static_cast<std::size_t>(sectors_)));
    const auto most = std::min<std::int64_t>(chooser_.pick(3) == 0 ? 12 : 2, sectors_ - place);
    return {place, 1 + static_cast<std::int64_t>(chooser_.pick(static_cast<std::size_t>(most)))};
  }
  void submit(Request& r) {
    ++pending_;
    m_->t.mesh.submit(r.bio, *edge_);
  }

  void write() {
    if (pending_ > 6) return wait(100'000);
    const auto [place, sectors] = somewhere();
    Request& r = request(Command::write, place, sectors);
    r.version = ++versions_;
    for (std::size_t i = 0; i < r.bytes.size(); i += 8) std::memcpy(&r.bytes[i], &r.version, 8);
    for (std::int64_t s = 0; s < sectors; ++s) cells_[place + s].maybe.insert(r.version);
    tell("write " + std::to_string(r.version) + " at " + std::to_string(place) + "+" +
         std::to_string(sectors));
    r.bio.done = [](Bio& bio) {
      auto& done = *static_cast<Request*>(bio.caller1);
      done.walk->written(done);
    };
    submit(r);
  }
  void written(const Request& r) {
    --pending_;
    tell("written " + std::to_string(r.version) + " errno " + std::to_string(r.bio.error));
    if (r.bio.error != 0) return complain("a write failed with one disk missing at most");
    for (std::int64_t s = 0; s < r.sectors; ++s) {
      Cell& c = cells_[r.place + s];
      c.acknowledged = std::max(c.acknowledged, r.version);
      c.seen = std::max(c.seen, r.version);
      c.maybe.erase(c.maybe.begin(), c.maybe.upper_bound(r.version));
    }
  }

  void read() {
    const auto [place, sectors] = somewhere();
    read_at(place, sectors);
  }
  void read_at(std::int64_t place, std::int64_t sectors) {
    Request& r = request(Command::read, place, sectors);
    for (std::int64_t s = 0; s < sectors; ++s) {
      const Cell& c = cells_[place + s];
      r.seen_before.push_back(c.seen);
      r.allowed_before.push_back(c.maybe);
      r.allowed_before.back().insert(c.acknowledged);
    }
    r.version = versions_;
    r.bio.done = [](Bio& bio) {
      auto& done = *static_cast<Request*>(bio.caller1);
      done.walk->was_read(done);
    };
    submit(r);
  }
  void was_read(const Request& r) {
    --pending_;
    if (r.bio.error != 0) return complain("a read failed with one disk missing at most");
    for (std::int64_t s = 0; s < r.sectors; ++s) {
      const std::byte* bytes = &r.bytes[static_cast<std::size_t>(s * sector_)];
      std::uint64_t version = 0;
      std::memcpy(&version, bytes, 8);
      for (std::int64_t i = 8; i < sector_; i += 8) {
        if (std::memcmp(bytes, bytes + i, 8) == 0) continue;
        return complain("a torn sector was read at " + std::to_string(r.place + s));
      }
      tell("read " + std::to_string(version) + " at " + std::to_string(r.place + s));
      const auto i = static_cast<std::size_t>(s);
      const bool known =
          r.allowed_before[i].contains(version) || (version > r.version && version <= versions_);
      if (!known || version < r.seen_before[i]) {
        return complain("version " + std::to_string(version) + " was read at " +
                        std::to_string(r.place + s) + " after " + std::to_string(r.seen_before[i]));
      }
      Cell& c = cells_[r.place + s];
      c.seen = std::max(c.seen, version);
    }
  }

  void flush() {
    Request& r = requests_.emplace_back();
    r.walk = this;
    r.bio.command = Command::flush;
    r.bio.caller1 = &r;
    r.bio.done = [](Bio& bio) {
      auto& done = *static_cast<Request*>(bio.caller1);
      --done.walk->pending_;
      if (bio.error != 0) done.walk->complain("a flush failed with one disk missing at most");
    };
    submit(r);
  }

  // What happens to it ---------------------------------------------------------------------------
  void wait(std::int64_t ns) {
    m_->run_for(ns);
    if (ns >= 10'000'000'000 && pending_ > 0) complain("a request did not come back");
  }

  void pull() {
    const std::size_t medium = chooser_.pick(disks_);
    if (!spare(medium)) return;
    tell("pull " + names_[medium]);
    drive(medium).pull();
    media_[medium]->cut_power([this](std::int64_t) { return chooser_.pick(2) == 0; });
    names_[medium].clear();
    if (sick_ == medium) sick_ = disks_;
    ++reached["pulled"];
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
    drive(medium).write_error = chooser_.pick(2) == 0 ? EIO : ENXIO;
    drive(medium).spare_metadata = chooser_.pick(2) == 0;
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
    for (int i = 0; !raid5_ && pending_ > 0 && i < 2000; ++i) m_->run_for(25'000);
    if (!raid5_ && pending_ > 0) return complain("a request did not come back");
    ++reached["power cut"];
    std::size_t left_behind = disks_;
    if (whole()) {
      left_behind = chooser_.pick(2 * disks_);
      if (left_behind < disks_) ++reached["power cut and loss"];
    }
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < disks_; ++i) {
      const bool comes = whole() ? i != left_behind : good(i) || chooser_.pick(2) == 0;
      if (comes) order.insert(order.begin() + static_cast<int>(chooser_.pick(order.size() + 1)), i);
    }
    tell("power cut; " + std::to_string(order.size()) + " disks come back");
    if (pending_ > 0) ++reached["power cut under load"];
    start_again(order);
    if (chooser_.pick(4) == 0) {
      m_->run_for(static_cast<std::int64_t>(chooser_.pick(100)) * 20'000);
      tell("power cut while it starts");
      ++reached["power cut while it starts"];
      start_again(order);
    }
    m_->run_for(5'000'000'000);
    open();
  }
  void start_again(const std::vector<std::size_t>& order) {
    for (std::size_t i = 0; i < disks_; ++i) {
      if (plugged(i)) drive(i).cut_power([&](const Bio& bio) { return tear(*media_[i], bio); });
      media_[i]->cut_power([this](std::int64_t) { return chooser_.pick(2) == 0; });
    }
    m_.reset();
    requests_.clear();
    pending_ = 0;
    power_on();
    for (const std::size_t medium : order) {
      plug(medium);
      if (chooser_.pick(3) == 0) {
        m_->run_for(static_cast<std::int64_t>(chooser_.pick(100)) * 10'000);
      }
    }
  }
  // Each sector of a write alone; nothing is left for the drive to do.
  bool tear(Medium& medium, const Bio& bio) {
    if (bio.command != Command::write) return false;
    Bytes bytes(static_cast<std::size_t>(bio.length_bytes));
    bio.data.copy_out(bytes);
    for (std::int64_t at = 0; at < bio.length_bytes; at += kDiskSector) {
      if (chooser_.pick(2) == 0) continue;
      const auto to = static_cast<std::ptrdiff_t>(bio.position_bytes + at);
      std::copy_n(bytes.begin() + at, kDiskSector, medium.bytes.begin() + to);
      medium.settle((bio.position_bytes + at) / kDiskSector);
    }
    return false;
  }

  Chooser& chooser_;
  std::string cls_;
  Values given_;
  bool raid5_ = false;
  bool cached_ = false;
  std::size_t disks_ = 0;
  std::int64_t sector_ = 512;
  std::int64_t sectors_ = 1;
  parity::Tuning tuning_;
  std::vector<std::unique_ptr<Medium>> media_;
  std::vector<std::string> names_;
  std::size_t sick_ = 0;  // the disk that fails writes; disks_ for none
  std::deque<Request> requests_;
  std::unique_ptr<ParityMesh> m_;
  Consumer* edge_ = nullptr;
  std::map<std::int64_t, Cell> cells_;
  std::uint64_t versions_ = 0;
  int pending_ = 0;
  int plugs_ = 0;
  std::string complaint_;
  std::vector<std::string> story_;
};

std::string told(const ParityWalk& walk) {
  std::string text = walk.complaint();
  for (const std::string& line : walk.story()) text += "\n  " + line;
  return text;
}

void any_history(const char* cls, std::vector<std::uint32_t> choices) {
  ListChooser chooser(std::move(choices));
  ParityWalk walk(chooser, cls);
  while (!chooser.used_up() && walk.complaint().empty()) walk.step();
  walk.end();
  RC_LOG() << told(walk);
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
  for (std::uint64_t seed = 0; seed < kManyCases; ++seed) {
    RandomChooser chooser(seed, "parity walk");
    ParityWalk walk(chooser, cls);
    for (int i = 0; i < 24 && walk.complaint().empty(); ++i) walk.step();
    walk.end();
    EXPECT_EQ(walk.complaint(), "") << cls << " seed " << seed << "\n" << told(walk);
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
    EXPECT_GT(reached[what], kManyCases / 20) << what;
  }
}
TEST(ParityWalks, Inv_M7_long_histories_of_a_raid3) {
  auto reached = long_histories("raid3");
  for (const char* what :
       {"came back", "power cut", "power cut and loss", "pulled", "rebuilt", "sick"}) {
    EXPECT_GT(reached[what], kManyCases / 20) << what;
  }
}

}  // namespace
}  // namespace biotope::props
