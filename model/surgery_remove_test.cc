// A geom is taken out from under its users.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::Issuer;
using testing::layout;
using testing::Pass;
using testing::properties_of_size;
using testing::Recorder;
using testing::Source;
using testing::TestMesh;
using testing::User;
using testing::Watcher;
using testing::what_is_wrong;

// Three users over a pass-through over da0.
struct Over {
  Over() {
    t.mesh.settle();
    EXPECT_TRUE(t.mesh.access(users[0]->edge(), {1, 0, 0}));
    EXPECT_TRUE(t.mesh.access(users[1]->edge(), {1, 1, 1}));
    t.mesh.settle();
    disk.hold = true;
  }
  void remove() {
    t.mesh.remove(mid, [this](Status s) { outcome = std::move(s); });
  }
  int code() const { return !outcome ? -1 : *outcome ? 0 : outcome->error().code; }
  TestMesh t;
  Source& disk{t.source("da0")};
  Pass& mid{t.pass("mid", t.provider("da0"))};
  std::vector<User*> users{&t.user("u0", t.provider("mid")), &t.user("u1", t.provider("mid")),
                           &t.user("u2", t.provider("mid"))};
  Issuer issuer{t.mesh};
  std::optional<Status> outcome;
};

TEST(Surgery, all_users_move_down_with_what_they_have_open) {
  Over over;
  over.issuer.issue(over.users[0]->edge(), Command::read, 0, 512);
  over.remove();
  over.t.executor.run();
  over.issuer.issue(over.users[1]->edge(), Command::write, 512, 512);
  EXPECT_EQ(over.disk.held.size(), 1U);
  over.disk.finish_all();
  over.t.executor.run();
  ASSERT_EQ(over.code(), 0);
  over.disk.finish_all();
  EXPECT_TRUE(over.issuer.all_back_once(2));
  EXPECT_EQ(over.t.provider("da0").access(), (Access{2, 1, 1})) << "no longer a union";
  for (User* user : over.users) {
    EXPECT_EQ(user->edge().provider(), &over.t.provider("da0"));
    EXPECT_EQ(user->orphanings, 0);
    EXPECT_EQ(user->rank(), 2);
  }
  EXPECT_EQ(over.t.mesh.census().geoms, 4U);
  EXPECT_EQ(what_is_wrong(over.t.mesh), "");
}

TEST(Surgery, one_who_comes_while_it_drains_moves_down_too) {
  Over over;
  over.issuer.issue(over.users[0]->edge(), Command::read, 0, 512);
  over.remove();
  over.t.executor.run();
  User& late = over.t.user("late", over.t.provider("mid"));
  ASSERT_TRUE(over.t.mesh.access(late.edge(), {1, 0, 0}));
  over.issuer.issue(late.edge(), Command::read, 512, 512);
  over.disk.finish_one();
  over.t.executor.run();
  over.disk.finish_all();
  over.t.executor.run();
  over.disk.finish_all();
  over.t.executor.run();
  ASSERT_EQ(over.code(), 0);
  EXPECT_EQ(late.edge().provider(), &over.t.provider("da0"));
  EXPECT_EQ(late.orphanings, 0);
  EXPECT_EQ(over.issuer.errors, (std::vector<int>{0, 0}));
  EXPECT_EQ(what_is_wrong(over.t.mesh), "");
}

TEST(Surgery, one_who_leaves_while_it_drains_stays_where_he_went) {
  Over over;
  over.t.source("da1");
  over.issuer.issue(over.users[0]->edge(), Command::read, 0, 512);
  over.remove();
  over.t.executor.run();
  Consumer& leaver = over.users[2]->edge();
  ASSERT_TRUE(over.t.mesh.detach(leaver));
  ASSERT_TRUE(over.t.mesh.attach(leaver, over.t.provider("da1")));
  over.disk.finish_all();
  over.t.executor.run();
  ASSERT_EQ(over.code(), 0);
  EXPECT_EQ(leaver.provider(), &over.t.provider("da1"));
  EXPECT_FALSE(leaver.suspended());
}

TEST(Surgery, Inv_S6_what_is_lost_meanwhile_is_told_and_not_hidden) {
  for (const char* what : {"da0", "mid", "medium"}) {
    Over over;
    over.issuer.issue(over.users[0]->edge(), Command::read, 0, 512);
    over.remove();
    over.t.executor.run();
    Recorder seen(over.t.mesh);
    if (what == std::string("medium")) {
      ASSERT_TRUE(over.t.mesh.media_changed(over.t.provider("da0"), properties_of_size(1 << 20)));
    } else {
      over.t.mesh.orphan(over.t.provider(what));
    }
    over.disk.finish_all(ENXIO);
    over.t.executor.run();
    EXPECT_NE(over.code(), 0) << what;
    for (const char* user : {"u0", "u1", "u2"}) {
      const std::vector<std::string> told = seen.geoms(FactKind::consumer_orphaned);
      EXPECT_EQ(std::count(told.begin(), told.end(), user), 1) << what << ' ' << user;
    }
  }
}

TEST(Surgery, what_can_not_be_taken_out_stays) {
  TestMesh t;
  t.source("da0");
  auto& slices = t.slices("mbr", t.provider("da0"));
  slices.add_piece("da0s1", 512, 512);
  User& user = t.user("u", t.provider("da0s1"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 1}));
  const std::string before = layout(t.mesh);
  std::optional<Status> outcome;
  const auto refused = [&](Geom& geom) {
    t.mesh.remove(geom, [&](Status s) { outcome = std::move(s); });
    EXPECT_TRUE(t.mesh.settle());
    return !outcome ? -1 : *outcome ? 0 : outcome->error().code;
  };
  EXPECT_EQ(refused(slices), EOPNOTSUPP) << "it serves other bytes";
  EXPECT_EQ(refused(t.provider("da0").geom()), EOPNOTSUPP);
  EXPECT_EQ(layout(t.mesh), before);
  Pass& hollow = t.pass("hollow", t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.detach(hollow.consumers().front()));
  EXPECT_EQ(refused(hollow), ENXIO) << "nothing below";
  t.mesh.wither(hollow);
  EXPECT_EQ(refused(hollow), ENXIO);
}

// A bottom that refuses more openings than it had.
class Strict final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::done(); }
  Status demand(AccessPlan& plan) override {
    for (const Provider& provider : providers()) {
      if (plan.would_be(provider).r > 1) return fail(EBUSY, name(), " has one reader at most");
    }
    return {};
  }
};

TEST(Surgery, Inv_S4_a_veto_below_leaves_the_layer_in) {
  TestMesh t;
  auto& strict = t.add<Strict>("strict");
  t.mesh.set_tasting(false);
  t.mesh.publish(**t.mesh.new_provider(strict, "strict", properties_of_size(1 << 20)));
  Pass& mid = t.pass("mid", t.provider("strict"));
  std::vector<User*> users{&t.user("u0", t.provider("mid")), &t.user("u1", t.provider("mid"))};
  for (User* user : users) ASSERT_TRUE(t.mesh.access(user->edge(), {1, 0, 0}));
  const std::string before = layout(t.mesh);
  std::optional<Status> outcome;
  const Watcher watcher(t.mesh);
  t.mesh.remove(mid, [&](Status s) { outcome = std::move(s); });
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().code, EBUSY);
  EXPECT_EQ(watcher.seen, std::set<std::string>{before});
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(users[1]->edge(), Command::read, 0, 512), 0);
}

}  // namespace
}  // namespace biotope
