#include "model/sector_guard.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <optional>

#include "model/surgery.h"
#include "model/testing.h"

namespace biotope {
namespace {

using testing::Issuer;
using testing::Pass;
using testing::Source;
using testing::TestMesh;
using testing::User;

// Guards the first sector, and holds what it catches until a test decides.
class Keeper final : public SectorGuard {
 public:
  explicit Keeper(Mesh& mesh) : mesh_(mesh) {}

  bool guards_reads() const override { return reads; }
  bool catches(const Bio& bio, const Consumer&) const override {
    if (&bio == passed_) return false;
    return bio.position_bytes < 512 && (reads || bio.command != Command::read);
  }
  void caught(Bio& bio, Consumer& edge) override { held.emplace_back(&bio, &edge); }
  void came_back(Bio& bio) override {
    passed_ = nullptr;
    answers.push_back(bio.error);
  }

  void let_pass_first() {
    const auto [bio, edge] = take();
    passed_ = bio;
    mesh_.path().let_pass(*bio, *edge, *this);
  }
  void turn_back_first(int error) {
    const auto [bio, edge] = take();
    mesh_.path().turn_back(*bio, *edge, error);
  }

  bool reads = false;
  std::deque<std::pair<Bio*, Consumer*>> held;
  std::vector<int> answers;

 private:
  std::pair<Bio*, Consumer*> take() {
    const auto first = held.front();
    held.pop_front();
    return first;
  }
  Mesh& mesh_;
  const Bio* passed_ = nullptr;
};

// A disk with a watchman, whose keeper guards it, and another user.
struct Guarded {
  Guarded()
      : disk(t.source("da0")),
        watchman(t.user("watchman", t.provider("da0"))),
        user(t.user("user", t.provider("da0"))),
        keeper(t.mesh),
        issuer(t.mesh) {
    t.mesh.settle();
    t.mesh.guard(watchman.edge(), &keeper);
    EXPECT_TRUE(t.mesh.access(user.edge(), {1, 1, 0}));
    t.mesh.settle();
  }
  Bio& issue(Command command, std::int64_t sector, std::uint16_t flags = 0) {
    return issuer.issue(user.edge(), command, sector * 512, 512, {}, flags);
  }
  // The sectors of what has reached the disk, in order; -1 for a flush.
  std::vector<std::int64_t> reached() const {
    std::vector<std::int64_t> sectors;
    for (const Bio& bio : disk.seen) {
      sectors.push_back(bio.command == Command::flush ? -1 : bio.position_bytes / 512);
    }
    return sectors;
  }
  using Sectors = std::vector<std::int64_t>;

  TestMesh t;
  Source& disk;
  User& watchman;
  User& user;
  Keeper keeper;
  Issuer issuer;
};

TEST(SectorGuard, Paper_30_what_is_caught_waits_and_other_requests_go_on) {
  Guarded g;
  g.issue(Command::write, 0);
  g.issue(Command::write, 1);
  g.issue(Command::read, 0);
  EXPECT_EQ(g.reached(), (Guarded::Sectors{1, 0}));
  EXPECT_EQ(g.user.edge().in_flight(), 1U);
  g.keeper.let_pass_first();
  EXPECT_EQ(g.reached(), (Guarded::Sectors{1, 0, 0}));
  EXPECT_EQ(g.keeper.answers, std::vector<int>{0});
  EXPECT_TRUE(g.issuer.all_back_once(3));
  EXPECT_EQ(g.user.edge().statistics()[Command::write].operations, 2U);
  EXPECT_TRUE(g.user.edge().idle());
}

TEST(SectorGuard, Paper_30_what_is_turned_back_never_reaches_the_disk) {
  Guarded g;
  g.issue(Command::write, 0);
  g.issue(Command::remove, 0);
  g.keeper.turn_back_first(EINVAL);
  g.keeper.turn_back_first(EBUSY);
  EXPECT_EQ(g.issuer.errors, (std::vector<int>{EINVAL, EBUSY}));
  EXPECT_TRUE(g.disk.seen.empty());
  EXPECT_TRUE(g.keeper.answers.empty());
  EXPECT_EQ(g.user.edge().statistics()[Command::write].errors, 1U);
  EXPECT_TRUE(g.user.edge().idle());
}

TEST(SectorGuard, barriers_wait_for_what_is_caught_and_hold_up_what_follows) {
  Guarded g;
  g.issue(Command::write, 0);
  g.issue(Command::flush, 0);
  g.issue(Command::write, 2);
  EXPECT_TRUE(g.disk.seen.empty());
  g.keeper.turn_back_first(EINVAL);
  EXPECT_EQ(g.reached(), (Guarded::Sectors{-1, 2}));

  g.issue(Command::write, 0, kBioOrdered);
  g.issue(Command::read, 3);
  g.keeper.let_pass_first();
  EXPECT_EQ(g.reached(), (Guarded::Sectors{-1, 2, 0, 3}));
}

TEST(SectorGuard, one_guard_after_the_other) {
  Guarded g;
  Keeper second(g.t.mesh);
  User& other = g.t.user("other", g.t.provider("da0"));
  g.t.mesh.guard(other.edge(), &second);
  g.issue(Command::write, 0);
  EXPECT_TRUE(second.held.empty());
  g.keeper.let_pass_first();
  ASSERT_EQ(second.held.size(), 1U);
  second.turn_back_first(EBUSY);
  EXPECT_EQ(g.keeper.answers, std::vector<int>{EBUSY}) << "who let it pass hears that it failed";
  EXPECT_EQ(g.issuer.errors, std::vector<int>{EBUSY});
  EXPECT_TRUE(g.disk.seen.empty());
}

TEST(SectorGuard, edges_of_who_guards_and_of_who_looks_are_free) {
  Guarded g;
  ASSERT_TRUE(g.t.mesh.access(g.watchman.edge(), {1, 1, 0}));
  g.keeper.reads = true;
  g.t.mesh.guard(g.watchman.edge(), &g.keeper);
  EXPECT_EQ(g.issuer.ask(g.watchman.edge(), Command::write, 0, 512), 0);
  const Result<Consumer*> look = g.t.mesh.look(g.t.provider("da0"));
  ASSERT_TRUE(look);
  EXPECT_EQ(g.issuer.ask(**look, Command::read, 0, 512), 0);
  g.t.mesh.look_away(**look);
  g.issue(Command::read, 0);
  EXPECT_EQ(g.keeper.held.size(), 1U);
  g.keeper.let_pass_first();
}

TEST(SectorGuard, a_guard_goes_where_its_edge_goes) {
  Guarded g;
  Source& disk2 = g.t.source("da1");
  g.t.mesh.settle();
  ASSERT_TRUE(g.t.mesh.detach(g.watchman.edge()));
  g.issue(Command::write, 0);
  EXPECT_EQ(g.reached(), Guarded::Sectors{0});
  ASSERT_TRUE(g.t.mesh.attach(g.watchman.edge(), g.t.provider("da1")));
  User& there = g.t.user("there", g.t.provider("da1"));
  ASSERT_TRUE(g.t.mesh.access(there.edge(), {0, 1, 0}));
  g.issuer.issue(there.edge(), Command::write, 0, 512);
  EXPECT_TRUE(disk2.seen.empty());
  g.keeper.let_pass_first();
  g.t.mesh.guard(g.watchman.edge(), nullptr);
  EXPECT_EQ(g.issuer.ask(there.edge(), Command::write, 0, 512), 0);
}

// To decide, a guard may have to read; that surgery must not hold up, since it waits for the guard.
TEST(SectorGuard, who_looks_is_not_held_up_by_surgery) {
  Guarded g;
  g.issue(Command::write, 0);
  Consumer& look = **g.t.mesh.look(g.t.provider("da0"));
  auto& mid = g.t.add<Pass>("mid");
  g.t.mesh.publish(**g.t.mesh.new_provider(mid, "mid", g.t.provider("da0").properties()));
  Consumer& lower = **g.t.mesh.new_consumer(mid);
  std::optional<Status> outcome;
  Surgery::interpose_above(g.t.mesh, g.t.provider("da0"), mid.providers().front(), lower,
                           [&](Status s) { outcome = s; });
  g.t.executor.run();
  EXPECT_FALSE(outcome);
  EXPECT_EQ(g.issuer.ask(look, Command::read, 512, 512), 0);
  g.t.mesh.look_away(look);
  g.keeper.let_pass_first();
  g.t.executor.run();
  ASSERT_TRUE(outcome && *outcome);
  g.issue(Command::write, 0);
  EXPECT_EQ(g.keeper.held.size(), 1U) << "the guard has come along";
  g.keeper.turn_back_first(EINVAL);
  EXPECT_EQ(g.issuer.errors, (std::vector<int>{0, 0, EINVAL}));
}

TEST(SectorGuard, a_geom_guards_its_own_provider_through_layers_above) {
  Guarded g;
  Keeper own(g.t.mesh);
  Pass& pass = g.t.pass("p", g.t.provider("da0"));
  User& above = g.t.user("above", g.t.provider("p"));
  g.t.mesh.guard(pass.providers().front(), &own);
  ASSERT_TRUE(g.t.mesh.close(g.user.edge()));
  ASSERT_TRUE(g.t.mesh.access(above.edge(), {0, 1, 0}));
  g.issuer.issue(above.edge(), Command::write, 0, 512);
  ASSERT_EQ(own.held.size(), 1U);
  own.let_pass_first();
  ASSERT_EQ(g.keeper.held.size(), 1U) << "the disk below is guarded as well";
  g.keeper.let_pass_first();
  EXPECT_EQ(g.reached(), Guarded::Sectors{0});
  EXPECT_EQ(own.answers, std::vector<int>{0});
  EXPECT_EQ(g.keeper.answers, std::vector<int>{0});
  EXPECT_TRUE(pass.consumers().front().idle());
}

TEST(SectorGuard, what_finds_no_memory_below_goes_again_and_is_let_pass) {
  Guarded g;
  g.disk.answer = ENOMEM;
  g.issue(Command::write, 0);
  g.keeper.let_pass_first();
  EXPECT_TRUE(g.keeper.answers.empty());
  g.disk.answer = 0;
  g.t.executor.run();
  EXPECT_EQ(g.keeper.answers, std::vector<int>{0});
  EXPECT_TRUE(g.issuer.all_back_once(1));
  EXPECT_EQ(g.t.mesh.census().trails, 0U);
}

TEST(SectorGuard, a_disk_lost_meanwhile_is_told_to_who_is_let_pass) {
  Guarded g;
  g.issue(Command::write, 0);
  g.issue(Command::flush, 0);
  g.t.mesh.orphan(g.t.provider("da0"));
  g.keeper.let_pass_first();
  EXPECT_EQ(g.issuer.errors, (std::vector<int>{ENXIO, ENXIO}));
  EXPECT_TRUE(g.disk.seen.empty());
}

// Whatever is caught for however long, nobody overtakes a barrier and no barrier overtakes anybody.
RC_GTEST_PROP(SectorGuard, Inv_E15_barriers_keep_their_place, ()) {
  Guarded g;
  std::vector<const Bio*> issued;
  for (const int what : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 8))) {
    switch (what) {
      case 0:
        issued.push_back(&g.issue(Command::flush, 0));
        break;
      case 1:
      case 2:
        issued.push_back(&g.issue(Command::write, 0, what == 1 ? kBioOrdered : 0));
        break;
      case 3:
        issued.push_back(&g.issue(Command::read, 5, kBioOrdered));
        break;
      case 4:
        g.t.mesh.path().suspend(g.user.edge());
        break;
      case 5:
        g.t.mesh.path().resume(g.user.edge());
        break;
      case 6:
        if (!g.keeper.held.empty()) g.keeper.let_pass_first();
        break;
      default:
        issued.push_back(&g.issue(Command::write, 7));
    }
  }
  g.t.mesh.path().resume(g.user.edge());
  while (!g.keeper.held.empty()) g.keeper.let_pass_first();
  RC_ASSERT(g.issuer.all_back_once(issued.size()));
  RC_ASSERT(g.user.edge().idle());
  std::map<std::uint64_t, std::size_t> place;
  for (const Bio& bio : g.disk.seen) place.emplace(bio.id, place.size());
  for (std::size_t a = 0; a < issued.size(); ++a) {
    for (std::size_t b = a + 1; b < issued.size(); ++b) {
      if (!is_barrier(*issued[a]) && !is_barrier(*issued[b])) continue;
      RC_ASSERT(place.at(issued[a]->id) < place.at(issued[b]->id));
    }
  }
}

}  // namespace
}  // namespace biotope
