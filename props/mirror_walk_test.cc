// Random histories of a mirror: loads, losses, disks that come back out of date, power cuts. What
// was acknowledged stays readable while one good disk lives, and nothing wrong is ever read.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <deque>
#include <map>
#include <set>

#include "classes/mirror/testing.h"
#include "props/chooser.h"
#include "props/many_cases.h"

namespace biotope::props {
namespace {

using mirror::Member;
using mirror::Mirror;
using testing::Drive;
using testing::Medium;
using testing::MirrorMesh;
using testing::User;

constexpr std::int64_t kSector = 512;
constexpr std::int64_t kRegion = 64 << 10;
constexpr std::int64_t kSize = 3 * kRegion;
constexpr int kMedia = 3;
// Where requests go: few places, so that they meet, on both sides of the borders of regions.
constexpr std::int64_t kPlaces[] = {0, 1, 2, 126, 127, 128, 129, 255, 256, 257, 382, 383};

// What may be read from one sector. Versions count up.
struct Cell {
  std::uint64_t acknowledged = 0;
  std::uint64_t seen = 0;     // the newest that was read, or acknowledged
  std::uint64_t durable = 0;  // acknowledged before a FLUSH that succeeded
  std::set<std::uint64_t> maybe;

  bool allows(std::uint64_t version) const {
    return version >= seen && (version == acknowledged || maybe.contains(version));
  }
};

class MirrorWalk {
 public:
  explicit MirrorWalk(Chooser& chooser) : chooser_(chooser) {
    tuning_.sync_block_bytes = 16 << 10;
    tuning_.sync_lanes = 2;
    tuning_.sync_busy_bytes_per_s = 100 << 20;
    tuning_.repair = chooser_.pick(4) == 0;
    cached_ = chooser_.pick(3) == 0;
    for (int i = 0; i < kMedia; ++i) media_.push_back(std::make_unique<Medium>(kSize + kSector));
    power_on();
    for (int i = 0; i < kMedia; ++i) plug(i);
    mirror::Label label;
    label.name = "home";
    label.balance = static_cast<mirror::Balance>(chooser_.pick(5));
    label.intent = chooser_.pick(4) != 0;
    std::vector<std::string> disks(names_.begin(), names_.end());
    const int labelled = m_->ask([&](auto then) { mirror::label(m_->t.mesh, label, disks, then); });
    if (labelled != 0) complain("label: " + m_->said);
    m_->run_for(5'000'000'000);
    open();
  }

  void step() {
    switch (chooser_.pick(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return write();
      case 5:
      case 6:
      case 7:
        return read();
      case 8:
        return flush();
      case 9:
      case 10:
        return wait(static_cast<std::int64_t>(chooser_.pick(2000)) * 1000);
      case 11:
        return wait(12'000'000'000);
      case 12:
        return pull();
      case 13:
        return come_back();
      case 14:
        return sicken();
      default:
        return chooser_.pick(2) == 0 ? cut_power() : scrub_or_rebuild();
    }
  }

  // In the end everything is there and well: then all disks are equal.
  void end() {
    if (!complaint_.empty()) return;
    for (int turn = 0; turn < 4 && complaint_.empty() && !well(); ++turn) {
      cure();
      for (int i = 0; i < kMedia; ++i) {
        if (!plugged(i)) plug(i);
      }
      wait(20'000'000'000);
      if (!well()) rebuild_missing();
      wait(20'000'000'000);
    }
    if (!complaint_.empty()) return;
    const Mirror* mirror = here();
    if (mirror == nullptr || !mirror->complete()) {
      return complain("it is not complete in the end" +
                      (mirror == nullptr ? std::string() : ": " + mirror->status()));
    }
    if (mirror->dirty()) complain("it is not clean in the end");
    for (const auto& medium : media_) {
      if (!testing::same(*media_.front(), *medium, kSize)) complain("disks differ in the end");
    }
    for (const std::int64_t place : kPlaces) check(place, version_at(*media_.front(), place));
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
    MirrorWalk* walk;
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

  Mirror* here() {
    Mirror* mirror = m_->find("home");
    return mirror != nullptr && mirror->state() == Mirror::State::running ? mirror : nullptr;
  }
  bool well() {
    const Mirror* mirror = here();
    return mirror != nullptr && mirror->complete() && !mirror->dirty() && pending_ == 0;
  }
  bool plugged(int medium) const { return !names_[medium].empty(); }
  Drive& drive(int medium) { return m_->drive(names_[medium]); }
  const Member* member(int medium) {
    Mirror* mirror = here();
    return mirror == nullptr || !plugged(medium) ? nullptr : mirror->member(names_[medium]);
  }
  bool good(int medium) {
    const Member* m = member(medium);
    return m != nullptr && m->state == Member::State::active && !sick_[medium];
  }
  int others_good(int medium) {
    int count = 0;
    for (int i = 0; i < kMedia; ++i) count += i != medium && good(i) ? 1 : 0;
    return count;
  }

  void power_on() {
    m_ = std::make_unique<MirrorMesh>([this](std::size_t count) { return chooser_.pick(count); },
                                      tuning_);
    names_.assign(kMedia, "");
    sick_.assign(kMedia, false);
  }
  void plug(int medium) {
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
    auto& user = m_->t.user("user", m_->t.provider("mirror/home"));
    user.on_orphaned = [this](Consumer&) { complain("its user was told that it is gone"); };
    if (!m_->t.mesh.access(user.edge(), kReadWriteExclusive)) complain("it can not be opened");
    edge_ = &user.edge();
  }

  // Requests -------------------------------------------------------------------------------------
  Request& request(Command command) {
    Request& r = requests_.emplace_back();
    r.walk = this;
    const std::size_t at = chooser_.pick(std::size(kPlaces));
    r.place = kPlaces[at];
    r.sectors = 1;
    while (at + r.sectors < std::size(kPlaces) && kPlaces[at + r.sectors] == r.place + r.sectors &&
           r.sectors < 3 && chooser_.pick(2) == 0) {
      ++r.sectors;
    }
    r.bytes.resize(static_cast<std::size_t>(r.sectors * kSector));
    r.bio.command = command;
    r.bio.offset_bytes = r.place * kSector;
    r.bio.length_bytes = r.sectors * kSector;
    r.bio.data = Data(r.bytes.data());
    r.bio.caller1 = &r;
    return r;
  }
  void submit(Request& r) {
    ++pending_;
    m_->t.mesh.submit(r.bio, *edge_);
  }
  Cell& cell(std::int64_t place) { return cells_[place]; }

  void write() {
    if (pending_ > 6) return wait(100'000);
    Request& r = request(Command::write);
    r.version = ++versions_;
    for (std::size_t i = 0; i < r.bytes.size(); i += 8) std::memcpy(&r.bytes[i], &r.version, 8);
    for (std::int64_t s = 0; s < r.sectors; ++s) cell(r.place + s).maybe.insert(r.version);
    tell("write " + std::to_string(r.version) + " at " + std::to_string(r.place) + "+" +
         std::to_string(r.sectors));
    r.bio.done = [](Bio& bio) {
      auto& done = *static_cast<Request*>(bio.caller1);
      done.walk->written(done);
    };
    submit(r);
  }
  void written(const Request& r) {
    --pending_;
    tell("written " + std::to_string(r.version) + " errno " + std::to_string(r.bio.error));
    if (r.bio.error != 0) return complain("a write failed with a good disk there");
    for (std::int64_t s = 0; s < r.sectors; ++s) {
      Cell& c = cell(r.place + s);
      c.acknowledged = std::max(c.acknowledged, r.version);
      c.seen = std::max(c.seen, r.version);
      c.maybe.erase(c.maybe.begin(), c.maybe.upper_bound(r.version));
      if (!cached_) c.durable = c.acknowledged;
    }
  }

  void read() {
    Request& r = request(Command::read);
    for (std::int64_t s = 0; s < r.sectors; ++s) {
      const Cell& c = cell(r.place + s);
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
    if (r.bio.error != 0) return complain("a read failed with a good disk there");
    for (std::int64_t s = 0; s < r.sectors; ++s) {
      std::uint64_t version = 0;
      std::memcpy(&version, &r.bytes[static_cast<std::size_t>(s * kSector)], 8);
      for (std::int64_t i = 8; i < kSector; i += 8) {
        if (std::memcmp(&r.bytes[static_cast<std::size_t>(s * kSector)],
                        &r.bytes[static_cast<std::size_t>(s * kSector + i)], 8) != 0) {
          return complain("a torn sector was read");
        }
      }
      tell("read " + std::to_string(version) + " at " + std::to_string(r.place + s));
      const auto i = static_cast<std::size_t>(s);
      const bool known = r.allowed_before[i].contains(version) || version > r.version;
      if (!known || version < r.seen_before[i]) {
        return complain("version " + std::to_string(version) + " was read at " +
                        std::to_string(r.place + s) + " after " + std::to_string(r.seen_before[i]));
      }
      Cell& c = cell(r.place + s);
      c.seen = std::max(c.seen, version);
    }
  }
  void check(std::int64_t place, std::uint64_t version) {
    if (!cell(place).allows(version)) {
      complain("version " + std::to_string(version) + " is on disk at " + std::to_string(place) +
               " instead of " + std::to_string(cell(place).acknowledged));
    }
  }
  std::uint64_t version_at(const Medium& medium, std::int64_t place) const {
    std::uint64_t version = 0;
    std::memcpy(&version, &medium.bytes[static_cast<std::size_t>(place * kSector)], 8);
    return version;
  }

  void flush() {
    Request& r = requests_.emplace_back();
    r.walk = this;
    r.bio.command = Command::flush;
    r.bio.caller1 = &r;
    for (const std::int64_t place : kPlaces) r.seen_before.push_back(cell(place).acknowledged);
    r.bio.done = [](Bio& bio) {
      auto& done = *static_cast<Request*>(bio.caller1);
      MirrorWalk& walk = *done.walk;
      --walk.pending_;
      if (bio.error != 0) return walk.complain("a flush failed with a good disk there");
      for (std::size_t i = 0; i < std::size(kPlaces); ++i) {
        Cell& c = walk.cell(kPlaces[i]);
        c.durable = std::max(c.durable, done.seen_before[i]);
      }
    };
    submit(r);
  }

  // What happens to it ---------------------------------------------------------------------------
  void wait(std::int64_t ns) {
    m_->run_for(ns);
    if (ns < 10'000'000'000) return;
    if (pending_ > 0) complain("a request did not come back");
  }

  void pull() {
    const auto medium = static_cast<int>(chooser_.pick(kMedia));
    if (!plugged(medium) || others_good(medium) == 0) return;
    tell("pull " + names_[medium]);
    drive(medium).pull();
    media_[medium]->cut_power([this](std::int64_t) { return chooser_.pick(2) == 0; });
    names_[medium].clear();
    sick_[medium] = false;
    ++reached["pulled"];
  }

  void come_back() {
    for (int medium = 0; medium < kMedia; ++medium) {
      if (plugged(medium)) continue;
      ++reached["came back"];
      return plug(medium);
    }
  }

  void sicken() {
    const auto medium = static_cast<int>(chooser_.pick(kMedia));
    if (!plugged(medium) || others_good(medium) == 0) return;
    sick_[medium] = true;
    ++reached["sick"];
    const int error = chooser_.pick(2) == 0 ? EIO : ENXIO;
    tell("sick " + names_[medium] + " errno " + std::to_string(error));
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
    d.spare_metadata = chooser_.pick(2) == 0;
  }
  void cure() {
    for (int i = 0; i < kMedia; ++i) {
      media_[i]->bad.clear();
      sick_[i] = false;
      if (!plugged(i)) continue;
      Drive& d = drive(i);
      d.read_error = d.write_error = d.flush_error = 0;
    }
  }

  void rebuild_missing() {
    Mirror* mirror = here();
    if (mirror == nullptr) return complain("it does not run any more");
    for (int i = 0; i < kMedia && mirror->members().size() < kMedia; ++i) {
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

  // The power goes with everything under way; then some disks are there, a good one among them.
  void cut_power() {
    std::vector<int> good_ones;
    for (int i = 0; i < kMedia; ++i) {
      if (good(i)) good_ones.push_back(i);
    }
    if (good_ones.empty()) return complain("no good disk is left");
    tell("power cut; good are " + std::to_string(good_ones.size()));
    ++reached["power cut"];
    for (int i = 0; i < kMedia; ++i) {
      if (!plugged(i)) continue;
      drive(i).cut_power([this](const Bio& bio) {
        return bio.command == Command::write && chooser_.pick(2) == 0;
      });
      media_[i]->cut_power([this](std::int64_t) { return chooser_.pick(2) == 0; });
    }
    for (auto& [place, c] : cells_) {
      if (!cached_) continue;
      for (std::uint64_t v = c.durable + 1; v <= versions_; ++v) c.maybe.insert(v);
      c.acknowledged = c.durable;
      c.seen = c.durable;
    }
    m_.reset();
    requests_.clear();
    pending_ = 0;
    power_on();
    cure();
    const int sure = good_ones[chooser_.pick(good_ones.size())];
    std::vector<int> order;
    for (int i = 0; i < kMedia; ++i) {
      if (i == sure || chooser_.pick(3) != 0) {
        order.insert(order.begin() + static_cast<int>(chooser_.pick(order.size() + 1)), i);
      }
    }
    for (const int medium : order) {
      plug(medium);
      if (chooser_.pick(3) == 0)
        m_->run_for(static_cast<std::int64_t>(chooser_.pick(100)) * 10'000);
    }
    m_->run_for(5'000'000'000);
    if (order.size() < kMedia) ++reached["degraded start"];
    open();
  }

  Chooser& chooser_;
  mirror::Tuning tuning_;
  bool cached_ = false;
  std::vector<std::unique_ptr<Medium>> media_;
  std::vector<std::string> names_;
  std::vector<bool> sick_;
  std::deque<Request> requests_;
  std::unique_ptr<MirrorMesh> m_;
  Consumer* edge_ = nullptr;
  std::map<std::int64_t, Cell> cells_;
  std::uint64_t versions_ = 0;
  int pending_ = 0;
  int plugs_ = 0;
  std::string complaint_;
  std::vector<std::string> story_;
};

std::string told(const MirrorWalk& walk) {
  std::string text = walk.complaint();
  for (const std::string& line : walk.story()) text += "\n  " + line;
  return text;
}

RC_GTEST_PROP(MirrorWalks, Inv_M1_any_history_keeps_what_was_acknowledged,
              (std::vector<std::uint32_t> choices)) {
  ListChooser chooser(std::move(choices));
  MirrorWalk walk(chooser);
  while (!chooser.used_up() && walk.complaint().empty()) walk.step();
  walk.end();
  RC_LOG() << told(walk);
  RC_ASSERT(walk.complaint().empty());
}

// Many, and the proof that they get somewhere.
TEST(MirrorWalks, Inv_M7_long_histories_of_loss_return_and_power_cuts) {
  std::map<std::string, std::uint64_t> reached;
  for (std::uint64_t seed = 0; seed < kManyCases; ++seed) {
    RandomChooser chooser(seed, "mirror walk");
    MirrorWalk walk(chooser);
    for (int i = 0; i < 30 && walk.complaint().empty(); ++i) walk.step();
    walk.end();
    ASSERT_EQ(walk.complaint(), "") << "seed " << seed << "\n" << told(walk);
    for (const auto& [what, times] : walk.reached) reached[what] += times;
  }
  for (const char* what :
       {"came back", "degraded start", "power cut", "pulled", "rebuilt", "sick"}) {
    EXPECT_GT(reached[what], kManyCases / 5) << what;
  }
}

}  // namespace
}  // namespace biotope::props
