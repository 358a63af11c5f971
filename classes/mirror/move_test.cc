#include "classes/mirror/move.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <sstream>

#include "classes/mirror/testing.h"

namespace biotope::mirror {
namespace {

using biotope::testing::layout;
using biotope::testing::Medium;
using biotope::testing::MirrorMesh;
using biotope::testing::pattern;
using biotope::testing::what_is_wrong;

namespace testing = biotope::testing;

constexpr std::int64_t kSize = 64 << 10;
constexpr std::int64_t kLatency_ns = 1'000'000;

// Writes here and there and reads back what it wrote, one request after the other, until it is told
// to stop or meets an error.
class Worker {
 public:
  Worker(Mesh& mesh, Consumer& edge, Bytes contents)
      : mesh_(mesh), edge_(edge), truth_(std::move(contents)), piece_(kPiece) {}

  void start() {
    running_ = true;
    next();
  }
  void stop() { running_ = false; }
  const Bytes& truth() const { return truth_; }
  int error = 0;
  bool wrong = false;
  std::uint64_t done = 0;

 private:
  static constexpr std::int64_t kPiece = 2048;

  void next() {
    random_ = random_ * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    const auto draw = static_cast<std::int64_t>(random_ >> 33);
    bio_.command = draw % 3 == 0 ? Command::read : Command::write;
    bio_.offset_bytes = draw / 3 % (kSize / 512 - kPiece / 512) * 512;
    bio_.length_bytes = kPiece;
    if (bio_.command == Command::write) piece_ = pattern(kPiece, static_cast<unsigned>(draw));
    bio_.data = Data(piece_.data());
    bio_.caller1 = this;
    bio_.done = [](Bio& bio) { static_cast<Worker*>(bio.caller1)->back(); };
    mesh_.submit(bio_, edge_);
  }
  void back() {
    error = bio_.error;
    if (error != 0) return;
    ++done;
    const auto place = truth_.begin() + static_cast<std::ptrdiff_t>(bio_.offset_bytes);
    if (bio_.command == Command::write) {
      std::copy(piece_.begin(), piece_.end(), place);
    } else {
      wrong = wrong || !std::equal(piece_.begin(), piece_.end(), place);
    }
    if (running_) next();
  }

  Mesh& mesh_;
  Consumer& edge_;
  Bytes truth_;
  Bytes piece_;
  Bio bio_;
  bool running_ = false;
  std::uint64_t random_ = 7;
};

// A user of da0 at work; da1, which is larger, and da2, which is smaller, are free.
struct Stage {
  explicit Stage(Access open = kReadWriteExclusive) {
    media[0].bytes = media[0].stable = contents;
    for (int i = 0; i < 3; ++i) {
      m.plug("da" + std::to_string(i), media[i]).latency_ns = [](const Bio&) {
        return kLatency_ns;
      };
    }
    m.settle();
    user = &m.t.user("fs", m.t.provider("da0"));
    user->on_orphaned = [this](Consumer& edge) {
      ++told;
      user->Geom::orphaned(edge);
    };
    EXPECT_TRUE(m.t.mesh.access(user->edge(), open));
    worker.emplace(m.t.mesh, user->edge(), contents);
    worker->start();
  }
  static Tuning tuning() {
    Tuning t;
    t.sync_block_bytes = 4 << 10;
    t.sync_lanes = 2;
    return t;
  }
  void start() {
    move.start([this](Result<Move::Report> r) { result = std::move(r); });
  }
  void run() {
    while (!result && m.t.executor.step()) {
    }
  }
  void run_steps(int count) {
    for (int i = 0; i < count && !result; ++i) m.t.executor.step();
  }
  // The worker's last request comes back, and nothing is left to do.
  void finish() {
    run();
    worker->stop();
    m.settle();
    EXPECT_EQ(what_is_wrong(m.t.mesh), "");
    EXPECT_EQ(m.find("move-of-da0"), nullptr);
  }
  int code() const { return !result ? -1 : *result ? 0 : result->error().code; }
  std::string below() const { return told > 0 ? "nothing" : user->edge().provider()->name(); }
  bool holds_truth(const Medium& medium) const {
    return std::equal(worker->truth().begin(), worker->truth().end(), medium.bytes.begin());
  }
  bool content() const { return worker->error == 0 && !worker->wrong; }

  Bytes contents = pattern(kSize, 1);
  Medium media[3]{Medium(kSize), Medium(2 * kSize), Medium(kSize / 2)};
  MirrorMesh m{nullptr, tuning()};
  int told = 0;                   // the user, that its disk is gone
  testing::User* user = nullptr;  // until then
  std::optional<Worker> worker;
  Move move{m.t.mesh, "da0", "da1"};
  std::optional<Result<Move::Report>> result;
};

TEST(Move, Paper_66_a_partition_moves_and_its_user_never_notices) {
  Stage s;
  s.start();
  s.finish();
  ASSERT_EQ(s.code(), 0) << s.result->error().text;
  EXPECT_EQ(s.below(), "da1");
  EXPECT_TRUE(s.content());
  EXPECT_GT(s.worker->done, 10U);
  EXPECT_TRUE(s.holds_truth(s.media[1]));
  EXPECT_EQ(s.told + s.user->spoilings, 0);
  EXPECT_EQ(s.m.t.provider("da0").access(), Access{});
  EXPECT_EQ((*s.result)->copied_bytes, kSize);
  // What is in flight is waited for, and no more: one request at a time here.
  EXPECT_LE((*s.result)->longest_pause_ns, kLatency_ns);
  EXPECT_EQ(s.move.abort().error().code, EALREADY);
}

// After any number of steps: the user ends on one of the two disks, whole.
TEST(Move, Paper_66_it_can_be_called_off_at_any_point) {
  int called_off = 0;
  int too_late = 0;
  for (int steps = 0;; ++steps) {
    Stage s;
    s.start();
    s.run_steps(steps);
    if (s.result) break;
    const Status aborted = s.move.abort();
    s.finish();
    SCOPED_TRACE(steps);
    ASSERT_TRUE(s.content());
    EXPECT_EQ(s.code(), aborted ? ECANCELED : 0);
    EXPECT_EQ(s.below(), aborted ? "da0" : "da1");
    EXPECT_TRUE(s.holds_truth(s.media[aborted ? 0 : 1]));
    ++(aborted ? called_off : too_late);
  }
  EXPECT_GT(called_off, 10);
  EXPECT_GT(too_late, 2);
}

// Besides the one at work another who writes has da0 open, and one who reads; and a layer stands
// there that nobody uses.
struct Crowd : Stage {
  Crowd() : Stage({1, 1, 0}) {
    m.t.mesh.set_tasting(false);
    for (const Access open : {Access{2, 1, 0}, Access{1, 0, 0}}) {
      others.push_back(&m.t.user(sentence("other ", others.size()), m.t.provider("da0")));
      EXPECT_TRUE(m.t.mesh.access(others.back()->edge(), open));
    }
    m.t.pass("layer", m.t.provider("da0"));
    m.t.mesh.settle();
  }
  // Who stands on what, and how open all is.
  std::multiset<std::string> shape(bool exchanged = false) const {
    std::multiset<std::string> lines;
    std::istringstream text(layout(m.t.mesh));
    for (std::string line; std::getline(text, line);) {
      const std::size_t disk = exchanged ? line.find("da") : line.npos;
      if (disk != line.npos) line[disk + 2] = "102"[line[disk + 2] - '0'];
      lines.insert(line);
    }
    return lines;
  }
  std::vector<testing::User*> others;
};

TEST(Move, Paper_66_all_who_stand_there_move_or_none_and_the_mesh_is_what_it_was) {
  int moved = 0;
  int called_off = 0;
  for (int steps = 0;; steps += 3) {
    Crowd s;
    const auto stay = s.shape();
    const auto go = s.shape(true);
    s.start();
    s.run_steps(steps);
    const bool over = s.result.has_value();
    const bool aborted = !over && s.move.abort();
    s.finish();
    SCOPED_TRACE(steps);
    EXPECT_EQ(s.code(), aborted ? ECANCELED : 0);
    EXPECT_EQ(s.shape(), aborted ? stay : go);
    EXPECT_TRUE(s.content());
    EXPECT_TRUE(s.holds_truth(s.media[aborted ? 0 : 1]));
    for (const testing::User* other : s.others) {
      EXPECT_EQ(other->orphanings + other->spoilings, 0);
    }
    ++(aborted ? called_off : moved);
    if (!over) continue;
    EXPECT_LE((*s.result)->longest_pause_ns, kLatency_ns);
    break;
  }
  EXPECT_GT(called_off, 10);
  EXPECT_GT(moved, 1);
}

// At any point the writers close; or another comes, who may read what is there but not write below
// the mirror.
TEST(Move, users_come_and_go_at_any_point) {
  int met = 0;
  for (int steps = 0;; ++steps) {
    Crowd s;
    testing::User& late = s.m.t.user("late", s.m.t.provider("da0"));
    s.start();
    s.run_steps(steps);
    if (s.result) break;
    SCOPED_TRACE(steps);
    const bool inside = late.edge().provider()->name() == "mirror/move-of-da0";
    testing::User& rival = s.m.t.user("rival", s.m.t.provider("da0"));
    const Status below = s.m.t.mesh.access(rival.edge(), {0, 1, 0});
    if (inside && s.m.find("move-of-da0")->member("da0") != nullptr &&
        s.m.find("move-of-da0")->members().size() == 2) {
      ++met;
      ASSERT_FALSE(below);
      EXPECT_EQ(below.error().code, EPERM);
    }
    if (below) {
      ASSERT_TRUE(s.m.t.mesh.close(rival.edge()));
    }
    ASSERT_TRUE(s.m.t.mesh.access(late.edge(), {1, 1, 0})) << "he moves with the others";
    ASSERT_TRUE(s.m.t.mesh.close(s.others[0]->edge()));
    s.worker->stop();
    while (!s.user->edge().idle() && s.m.t.executor.step()) {
    }
    ASSERT_TRUE(s.m.t.mesh.close(s.user->edge()));
    ASSERT_TRUE(s.m.t.mesh.close(late.edge()));
    s.finish();
    EXPECT_EQ(s.code(), 0) << s.result->error().text;
    EXPECT_EQ(s.below(), "da1");
    EXPECT_TRUE(s.content());
    EXPECT_TRUE(s.holds_truth(s.media[1]));
    EXPECT_EQ(s.m.t.provider("da1").access(), Access({1, 0, 0})) << "the reader's";
  }
  EXPECT_GT(met, 10);
}

// Who only reads keeps no writer out; the copy does, or it would miss what he writes.
TEST(Move, what_is_only_read_is_not_written_meanwhile_and_may_be_write_protected) {
  for (const bool writable : {true, false}) {
    Medium media[]{Medium(kSize), Medium(kSize)};
    media[0].bytes = media[0].stable = pattern(kSize, 1);
    MirrorMesh m(nullptr, Stage::tuning());
    for (int i = 0; i < 2; ++i) m.plug("da" + std::to_string(i), media[i]);
    m.settle();
    Properties properties = m.t.provider("da0").properties();
    properties.writable = writable;
    ASSERT_TRUE(m.t.mesh.change_properties(m.t.provider("da0"), properties));
    testing::User& reader = m.t.user("reader", m.t.provider("da0"));
    testing::User& rival = m.t.user("rival", m.t.provider("da1"));
    ASSERT_TRUE(m.t.mesh.access(reader.edge(), kReadOnly));
    Move move(m.t.mesh, "da0", "da1");
    int code = -1;
    move.start([&](const Result<Move::Report>& r) { code = r ? 0 : r.error().code; });
    while (move.step() != Move::Step::letting_go && m.t.executor.step()) {
    }
    EXPECT_TRUE(m.t.provider("da0").access().e > 0);
    m.settle();
    EXPECT_EQ(code, 0);
    EXPECT_EQ(media[0].bytes, media[1].bytes);
    EXPECT_EQ(reader.edge().provider(), &m.t.provider("da1"));
    EXPECT_EQ(m.t.provider("da1").access(), kReadOnly);
    EXPECT_EQ(reader.orphanings + reader.spoilings, 0);
    EXPECT_TRUE(m.t.mesh.access(rival.edge(), {0, 1, 0}));
  }
}

TEST(Move, the_new_disk_is_lost_at_any_point) {
  int stayed = 0;
  for (int steps = 0;; ++steps) {
    Stage s;
    s.start();
    s.run_steps(steps);
    if (s.result) break;
    s.m.drive("da1").pull();
    s.finish();
    SCOPED_TRACE(steps);
    EXPECT_FALSE(s.worker->wrong);
    // Once the original has been let go of, the new disk is the only one.
    if (s.below() != "da0") {
      EXPECT_EQ(s.told, 1);
      continue;
    }
    ++stayed;
    EXPECT_NE(s.code(), 0);
    EXPECT_EQ(s.worker->error, 0);
    EXPECT_TRUE(s.holds_truth(s.media[0]));
  }
  EXPECT_GT(stayed, 10);
}

TEST(Move, the_old_disk_is_lost_at_any_point) {
  int told = 0;
  int survived = 0;
  for (int steps = 0;; ++steps) {
    Stage s;
    s.start();
    s.run_steps(steps);
    if (s.result) break;
    s.m.drive("da0").pull();
    s.finish();
    SCOPED_TRACE(steps);
    EXPECT_FALSE(s.worker->wrong);
    ++(s.worker->error != 0 || s.told > 0 ? told : survived);
    if (s.code() != 0) continue;
    EXPECT_EQ(s.below(), "da1");
    EXPECT_TRUE(s.holds_truth(s.media[1]));
  }
  EXPECT_GT(told, 10);
  EXPECT_GT(survived, 2);
}

TEST(Move, what_can_not_be_moved_is_refused_and_nothing_changes) {
  Stage s;
  const auto refused = [&](const std::string& from, const std::string& to) {
    Move other(s.m.t.mesh, from, to);
    int code = -1;
    other.start([&](const Result<Move::Report>& r) { code = r ? 0 : r.error().code; });
    EXPECT_EQ(s.m.find("move-of-" + from), nullptr);
    return code;
  };
  EXPECT_EQ(refused("da0", "da2"), EINVAL) << "too small";
  EXPECT_EQ(refused("da0", "da0"), EINVAL);
  EXPECT_EQ(refused("da0", "da7"), ENOENT);
  EXPECT_EQ(refused("da7", "da0"), ENOENT);
  EXPECT_EQ(refused("da1", "da2"), ENOTCONN) << "nobody uses it";
  testing::User& other = s.m.t.user("other", s.m.t.provider("da1"));
  ASSERT_TRUE(s.m.t.mesh.access(other.edge(), {1, 0, 0}));
  EXPECT_EQ(refused("da0", "da1"), EBUSY);
  s.worker->stop();
  s.m.settle();
}

}  // namespace
}  // namespace biotope::mirror
