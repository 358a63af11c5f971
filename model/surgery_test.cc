#include "model/surgery.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::Fork;
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

// A user of da0 with a request in flight, and a geom that waits to be put in between.
struct Live {
  explicit Live(Access open = {1, 1, 1}) {
    t.mesh.settle();
    EXPECT_TRUE(t.mesh.access(user.edge(), open));
    upper = *t.mesh.new_provider(mid, "mid", t.provider("da0").properties());
    t.mesh.publish(*upper);
    lower = *t.mesh.new_consumer(mid);
    t.mesh.settle();
    disk.hold = true;
  }
  void interpose() {
    outcome.reset();
    t.mesh.interpose(user.edge(), *upper, *lower, [this](Status s) { outcome = std::move(s); });
  }
  void remove() {
    outcome.reset();
    t.mesh.remove(mid, [this](Status s) { outcome = std::move(s); });
  }
  // Until nothing happens any more without the disk.
  void run() { t.executor.run(); }
  int code() const { return !outcome ? -1 : *outcome ? 0 : outcome->error().code; }

  TestMesh t;
  Source& disk{t.source("da0")};
  User& user{t.user("u", t.provider("da0"))};
  Pass& mid{t.add<Pass>("mid")};
  Provider* upper = nullptr;
  Consumer* lower = nullptr;
  Issuer issuer{t.mesh};
  std::optional<Status> outcome;
};

// Put in -----------------------------------------------------------------------------------------

TEST(Surgery, Inv_S2_requests_wait_meanwhile_and_none_is_lost_or_reordered) {
  Live live;
  for (int i = 0; i < 3; ++i) {
    live.issuer.issue(live.user.edge(), Command::write, i * 512, 512, {}, kBioOrdered);
  }
  live.interpose();
  live.run();
  EXPECT_EQ(live.code(), -1);
  for (int i = 3; i < 6; ++i) {
    live.issuer.issue(live.user.edge(), Command::write, i * 512, 512, {}, kBioOrdered);
  }
  live.issuer.issue(live.user.edge(), Command::flush, 0, 0);
  EXPECT_EQ(live.disk.held.size(), 3U);
  live.disk.finish_all();
  live.run();
  EXPECT_EQ(live.code(), 0);
  std::vector<std::int64_t> order;
  for (const Bio& bio : live.disk.seen) order.push_back(bio.position_bytes);
  EXPECT_EQ(order, (std::vector<std::int64_t>{0, 512, 1024, 1536, 2048, 2560, 0}));
  EXPECT_EQ(live.lower->in_flight(), 4U) << "those that waited pass the new layer";
  live.disk.finish_all();
  EXPECT_TRUE(live.issuer.all_back_once(7));
  EXPECT_EQ(live.issuer.errors, std::vector<int>(7, 0));
}

TEST(Surgery, Paper_67_out_again_everything_is_as_it_was) {
  for (const Access open : {Access{}, Access{1, 0, 0}, Access{1, 1, 1}, Access{3, 2, 1}}) {
    Live live(open);
    const std::string before = layout(live.t.mesh);
    live.interpose();
    live.run();
    ASSERT_EQ(live.code(), 0) << live.outcome->error().text;
    EXPECT_EQ(live.user.edge().provider(), live.upper);
    EXPECT_EQ(live.user.edge().access(), open);
    EXPECT_EQ(live.user.rank(), 3);
    EXPECT_EQ(what_is_wrong(live.t.mesh), "");
    live.remove();
    live.run();
    ASSERT_EQ(live.code(), 0) << live.outcome->error().text;
    EXPECT_EQ(what_is_wrong(live.t.mesh), "");
    EXPECT_EQ(live.t.mesh.provider("mid"), nullptr) << "Inv_S3: freed";
    auto& mid = live.t.add<Pass>("mid");
    live.t.mesh.publish(
        **live.t.mesh.new_provider(mid, "mid", live.t.provider("da0").properties()));
    live.t.mesh.new_consumer(mid).value();
    EXPECT_EQ(layout(live.t.mesh), before);
  }
}

TEST(Surgery, nobody_below_hears_of_a_close_or_an_open) {
  Live live;
  live.disk.access_changes.clear();
  live.interpose();
  live.run();
  live.remove();
  live.run();
  ASSERT_EQ(live.code(), 0);
  for (const auto& [before, after] : live.disk.access_changes) {
    EXPECT_FALSE(before.closed() || after.closed()) << before.text() << ' ' << after.text();
  }
  EXPECT_EQ(live.user.spoilings, 0);
}

TEST(Surgery, Inv_S4_an_observer_sees_the_old_mesh_or_the_new_one) {
  Live live;
  const std::string old_layout = layout(live.t.mesh);
  std::optional<Watcher> watcher(std::in_place, live.t.mesh);
  live.interpose();
  live.run();
  ASSERT_EQ(live.code(), 0);
  const std::string new_layout = layout(live.t.mesh);
  EXPECT_EQ(watcher->seen, (std::set<std::string>{old_layout, new_layout}));
  EXPECT_EQ(watcher->wrong, "");
  watcher.emplace(live.t.mesh);
  live.remove();
  live.run();
  ASSERT_EQ(live.code(), 0);
  EXPECT_EQ(watcher->wrong, "");
  const auto spliced = std::count_if(
      watcher->seen.begin(), watcher->seen.end(),
      [](const std::string& seen) { return seen.find("u -> da0 r1w1e1") != std::string::npos; });
  for (const std::string& seen : watcher->seen) {
    const bool above = seen.find("u -> mid r1w1e1") != std::string::npos &&
                       seen.find("mid -> da0 r1w1e1") != std::string::npos;
    const bool below = seen.find("u -> da0 r1w1e1") != std::string::npos &&
                       seen.find("mid -> da0 r1w1e1") == std::string::npos;
    EXPECT_TRUE(above || below) << seen;
  }
  EXPECT_GE(spliced, 1);
}

TEST(Surgery, Inv_S4_nor_does_a_failure_show) {
  Live live;
  Properties read_only = live.upper->properties();
  read_only.writable = false;
  ASSERT_TRUE(live.t.mesh.change_properties(*live.upper, read_only));
  live.run();
  const std::string before = layout(live.t.mesh);
  const Watcher watcher(live.t.mesh);
  live.interpose();
  live.run();
  EXPECT_EQ(live.code(), EROFS);
  EXPECT_EQ(watcher.seen, std::set<std::string>{before});
}

TEST(Surgery, what_can_not_be_put_in_is_refused_and_nothing_is_suspended) {
  Live live;
  const std::string before = layout(live.t.mesh);
  const auto refused = [&](Consumer& edge, Provider& upper, Consumer& lower) {
    std::optional<Status> outcome;
    live.t.mesh.interpose(edge, upper, lower, [&](Status s) { outcome = std::move(s); });
    live.run();
    EXPECT_FALSE(edge.suspended());
    return !outcome ? -1 : *outcome ? 0 : outcome->error().code;
  };
  Provider& da0 = live.t.provider("da0");
  EXPECT_EQ(refused(*live.lower, *live.upper, *live.lower), ENXIO) << "into no edge";
  EXPECT_EQ(refused(live.user.edge(), da0, *live.lower), EINVAL) << "two geoms";
  EXPECT_EQ(refused(live.user.edge(), da0, live.user.edge()), EINVAL);
  EXPECT_EQ(layout(live.t.mesh), before);

  User& squatter = live.t.user("squatter", *live.upper);
  EXPECT_EQ(refused(live.user.edge(), *live.upper, *live.lower), EBUSY) << "upper in use";
  live.t.mesh.wither(squatter);
  live.run();
  ASSERT_TRUE(live.t.mesh.attach(*live.lower, da0));
  EXPECT_EQ(refused(live.user.edge(), *live.upper, *live.lower), EBUSY) << "lower in use";
  ASSERT_TRUE(live.t.mesh.detach(*live.lower));
  ASSERT_TRUE(live.t.mesh.resize(*live.upper, 512));
  live.run();
  EXPECT_EQ(refused(live.user.edge(), *live.upper, *live.lower), EINVAL) << "another size";
  live.t.mesh.wither(live.mid);
  EXPECT_NE(refused(live.user.edge(), *live.upper, *live.lower), 0) << "on its way out";
  EXPECT_EQ(what_is_wrong(live.t.mesh), "");
}

TEST(Surgery, Inv_S1_no_loop_comes_of_it) {
  TestMesh t;
  t.source("da0");
  Pass& low = t.pass("low", t.provider("da0"));
  Pass& high = t.pass("high", t.provider("low"));
  t.user("u", t.provider("high"));
  // `low` has another consumer and another provider: into the edge above it, it would loop.
  Consumer& spare = **t.mesh.new_consumer(low);
  Provider& other = **t.mesh.new_provider(low, "other", t.provider("da0").properties());
  t.mesh.publish(other);
  ASSERT_TRUE(t.mesh.settle());
  std::optional<Status> outcome;
  t.mesh.interpose(high.consumers().front(), other, spare, [&](Status s) { outcome = s; });
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(outcome && !*outcome);
  EXPECT_EQ(outcome->error().code, ELOOP);
}

TEST(Surgery, a_rival_below_who_writes_keeps_it_out) {
  Live live({1, 1, 0});
  User& rival = live.t.user("rival", live.t.provider("da0"));
  ASSERT_TRUE(live.t.mesh.access(rival.edge(), {0, 1, 0}));
  live.run();
  const std::string before = layout(live.t.mesh);
  live.interpose();
  live.run();
  EXPECT_EQ(live.code(), EPERM) << "a layer takes e for its writers";
  EXPECT_EQ(layout(live.t.mesh), before);
  live.disk.hold = false;
  EXPECT_EQ(live.issuer.ask(live.user.edge(), Command::write, 0, 512), 0);
}

// While it waits for the edge to drain -----------------------------------------------------------

// Starts an interposition that has to wait for a request.
void start_draining(Live& live) {
  live.issuer.issue(live.user.edge(), Command::read, 0, 512);
  live.interpose();
  live.run();
  live.issuer.issue(live.user.edge(), Command::read, 512, 512);
  EXPECT_TRUE(live.user.edge().suspended());
  EXPECT_EQ(live.disk.held.size(), 1U);
}

TEST(Surgery, Inv_S6_the_disk_is_lost_while_it_drains) {
  Live live;
  start_draining(live);
  Recorder seen(live.t.mesh);
  live.t.mesh.wither(live.disk);
  live.disk.finish_all(ENXIO);
  live.run();
  EXPECT_EQ(live.code(), ENXIO);
  EXPECT_EQ(live.issuer.errors, (std::vector<int>{ENXIO, ENXIO})) << "who waited is answered";
  EXPECT_EQ(seen.geoms(FactKind::consumer_orphaned), std::vector<std::string>{"u"});
  EXPECT_EQ(live.t.mesh.geom("test", "u"), nullptr);
}

TEST(Surgery, Inv_S6_the_medium_changes_while_it_drains) {
  Live live;
  start_draining(live);
  Recorder seen(live.t.mesh);
  ASSERT_TRUE(live.t.mesh.media_changed(live.t.provider("da0"), properties_of_size(1 << 20)));
  live.disk.finish_all();
  live.run();
  EXPECT_EQ(live.code(), ENXIO);
  EXPECT_EQ(seen.geoms(FactKind::consumer_orphaned), std::vector<std::string>{"u"})
      << "nobody stays on a medium that he has not seen";
}

TEST(Surgery, Inv_S6_somebody_writes_below_while_it_drains) {
  Live live({1, 0, 0});
  start_draining(live);
  User& writer = live.t.user("writer", live.t.provider("da0"));
  ASSERT_TRUE(live.t.mesh.access(writer.edge(), {0, 1, 0}));
  live.disk.finish_all();
  live.run();
  EXPECT_EQ(live.user.spoilings, 1) << "the notice is not lost in the operation";
}

TEST(Surgery, Inv_S6_the_geom_goes_away_while_it_drains) {
  Live live;
  start_draining(live);
  live.t.mesh.wither(live.mid);
  live.disk.hold = false;
  live.disk.finish_all();
  live.run();
  EXPECT_NE(live.code(), 0);
  EXPECT_EQ(live.user.edge().provider(), &live.t.provider("da0"));
  EXPECT_EQ(live.issuer.errors, (std::vector<int>{0, 0}));
  EXPECT_EQ(live.t.mesh.geom("test", "mid"), nullptr);
}

TEST(Surgery, Inv_S6_the_user_moves_elsewhere_while_it_drains) {
  Live live;
  live.t.source("da1");
  live.issuer.issue(live.user.edge(), Command::read, 0, 512);
  live.interpose();
  live.run();
  live.disk.finish_all();
  // Nothing is in flight, and the operation has not been resumed yet.
  ASSERT_TRUE(live.t.mesh.close(live.user.edge()));
  ASSERT_TRUE(live.t.mesh.detach(live.user.edge()));
  ASSERT_TRUE(live.t.mesh.attach(live.user.edge(), live.t.provider("da1")));
  live.run();
  EXPECT_NE(live.code(), 0) << "it was for another edge";
  EXPECT_EQ(live.user.edge().provider(), &live.t.provider("da1"));
  EXPECT_EQ(live.lower->provider(), nullptr);
  EXPECT_FALSE(live.user.edge().suspended());
}

TEST(Surgery, Inv_S6_the_user_goes_away_while_it_drains) {
  Live live;
  start_draining(live);
  live.t.mesh.wither(live.user);
  live.disk.finish_all();
  live.run();
  live.disk.finish_all();
  live.run();
  EXPECT_TRUE(live.issuer.all_back_once(2));
  EXPECT_EQ(live.t.mesh.geom("test", "u"), nullptr);
  EXPECT_EQ(live.t.mesh.census().events, 0U);
  EXPECT_EQ(what_is_wrong(live.t.mesh), "");
}

TEST(Surgery, requests_that_wait_for_memory_are_waited_for) {
  Live live;
  live.disk.hold = false;
  live.disk.answer = ENOMEM;
  live.issuer.issue(live.user.edge(), Command::read, 0, 512);
  live.disk.answer = 0;
  live.interpose();
  live.run();
  EXPECT_EQ(live.code(), 0);
  EXPECT_EQ(live.issuer.errors, std::vector<int>{0});
  EXPECT_EQ(live.user.edge().provider(), live.upper);
}

TEST(Surgery, the_mesh_may_go_while_it_drains) {
  std::optional<Live> live;
  live.emplace();
  start_draining(*live);
  live.reset();
}

// Above all who stand there ----------------------------------------------------------------------

// Three users of da0 who have it open, one who has not, and a geom to be put under all of them.
struct Crowd {
  Crowd() {
    const Access opens[] = {{1, 0, 0}, {1, 1, 0}, {2, 1, 0}, {}};
    t.mesh.settle();
    for (int i = 0; i < 4; ++i) {
      users.push_back(&t.user("u" + std::to_string(i), t.provider("da0")));
      EXPECT_TRUE(t.mesh.access(users.back()->edge(), opens[i]));
    }
    t.mesh.set_tasting(false);
    t.mesh.publish(**t.mesh.new_provider(mid, "mid", t.provider("da0").properties()));
    t.mesh.new_consumer(mid).value();
    t.mesh.settle();
    for (User* user : users) user->spoilings = 0;
    disk.hold = true;
  }
  void interpose() {
    Surgery::interpose_above(t.mesh, t.provider("da0"), mid.providers().front(),
                             mid.consumers().front(), [this](Status s) { outcome = s; });
    t.executor.run();
  }
  void finish_all() {
    disk.finish_all();
    t.executor.run();
  }
  int code() const { return !outcome ? -1 : *outcome ? 0 : outcome->error().code; }
  std::string below(int user) const { return users[user]->edge().provider()->name(); }

  TestMesh t;
  Source& disk{t.source("da0")};
  Pass& mid{t.add<Pass>("mid")};
  std::vector<User*> users;
  Issuer issuer{t.mesh};
  std::optional<Status> outcome;
};

TEST(Surgery, Paper_65_all_who_stand_there_stand_on_what_is_put_in) {
  Crowd crowd;
  const std::string before = layout(crowd.t.mesh);
  const Watcher watcher(crowd.t.mesh);
  for (int i = 0; i < 3; ++i) {
    crowd.issuer.issue(crowd.users[i]->edge(), Command::read, i * 512, 512);
  }
  crowd.disk.access_changes.clear();
  crowd.interpose();
  crowd.issuer.issue(crowd.users[1]->edge(), Command::write, 4096, 512);
  EXPECT_EQ(crowd.code(), -1) << "it waits for all of them";
  EXPECT_EQ(crowd.disk.held.size(), 3U);
  crowd.finish_all();
  ASSERT_EQ(crowd.code(), 0) << crowd.outcome->error().text;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(crowd.below(i), "mid");
  EXPECT_EQ(crowd.t.provider("mid").access(), (Access{4, 2, 0}));
  EXPECT_EQ(crowd.t.provider("da0").access(), (Access{1, 1, 1})) << "a union";
  for (const auto& [from, to] : crowd.disk.access_changes) EXPECT_FALSE(to.closed());
  crowd.finish_all();
  EXPECT_EQ(crowd.issuer.errors, std::vector<int>(4, 0));
  crowd.t.mesh.remove(crowd.mid, [&](Status s) { crowd.outcome = s; });
  crowd.t.executor.run();
  ASSERT_EQ(crowd.code(), 0) << crowd.outcome->error().text;
  crowd.t.mesh.publish(**crowd.t.mesh.new_provider(crowd.t.add<Pass>("mid"), "mid",
                                                   crowd.t.provider("da0").properties()));
  crowd.t.mesh.new_consumer(*crowd.t.mesh.geom("test", "mid")).value();
  EXPECT_EQ(layout(crowd.t.mesh), before);
  EXPECT_EQ(watcher.wrong, "");
  for (const User* user : crowd.users) EXPECT_EQ(user->orphanings + user->spoilings, 0);
}

TEST(Surgery, who_comes_or_goes_while_it_drains_is_right_as_well) {
  Crowd crowd;
  crowd.issuer.issue(crowd.users[0]->edge(), Command::read, 0, 512);
  crowd.interpose();
  User& late = crowd.t.user("late", crowd.t.provider("da0"));
  ASSERT_TRUE(crowd.t.mesh.access(late.edge(), {1, 1, 0}));
  crowd.issuer.issue(late.edge(), Command::write, 512, 512);
  Consumer& leaver = crowd.users[1]->edge();
  ASSERT_TRUE(crowd.t.mesh.close(leaver));
  ASSERT_TRUE(crowd.t.mesh.detach(leaver));
  crowd.t.mesh.wither(*crowd.users[2]);
  crowd.disk.finish_one();
  crowd.t.executor.run();
  EXPECT_EQ(crowd.code(), -1) << "the late one has a request out";
  crowd.issuer.issue(late.edge(), Command::write, 1024, 512);
  EXPECT_EQ(crowd.disk.held.size(), 1U);
  crowd.finish_all();
  ASSERT_EQ(crowd.code(), 0) << crowd.outcome->error().text;
  EXPECT_EQ(late.edge().provider(), &crowd.t.provider("mid"));
  EXPECT_EQ(leaver.provider(), nullptr);
  EXPECT_FALSE(leaver.suspended());
  EXPECT_EQ(crowd.t.mesh.geom("test", "u2"), nullptr);
  crowd.finish_all();
  EXPECT_EQ(crowd.issuer.errors, std::vector<int>(3, 0));
  EXPECT_EQ(crowd.t.provider("mid").access(), (Access{2, 1, 0}));
  EXPECT_EQ(what_is_wrong(crowd.t.mesh), "");
}

TEST(Surgery, Inv_S6_the_disk_of_a_crowd_is_lost_while_it_drains) {
  Crowd crowd;
  crowd.issuer.issue(crowd.users[0]->edge(), Command::read, 0, 512);
  crowd.interpose();
  ASSERT_TRUE(crowd.t.mesh.media_changed(crowd.t.provider("da0"), properties_of_size(1 << 20)));
  crowd.finish_all();
  EXPECT_EQ(crowd.code(), ENXIO);
  for (const User* user : crowd.users) EXPECT_EQ(user->orphanings, 1);
}

// The move ---------------------------------------------------------------------------------------

// A fork that can be taken out when it has one leg left.
TEST(Surgery, Paper_66_a_live_disk_moves_and_its_user_never_notices) {
  TestMesh t;
  Source& old_disk = t.source("da0");
  Source& new_disk = t.source("da1");
  User& user = t.user("fs", t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 1}));
  Issuer issuer(t.mesh);
  auto& fork = t.add<Fork>("mirror");
  Provider& upper = **t.mesh.new_provider(fork, "mirror", t.provider("da0").properties());
  t.mesh.publish(upper);
  Consumer& first = **t.mesh.new_consumer(fork);
  std::optional<Status> outcome;
  t.mesh.interpose(user.edge(), upper, first, [&](Status s) { outcome = std::move(s); });
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(outcome && *outcome) << outcome->error().text;
  Consumer& second = **t.mesh.new_consumer(fork, t.provider("da1"));
  ASSERT_TRUE(t.mesh.access(second, {1, 1, 1}));
  EXPECT_EQ(issuer.ask(user.edge(), Command::write, 0, 512), 0);
  EXPECT_EQ(old_disk.seen.size(), 1U);
  EXPECT_EQ(new_disk.seen.size(), 1U);
  t.mesh.drop(first);
  ASSERT_TRUE(t.mesh.settle());
  outcome.reset();
  t.mesh.remove(fork, [&](Status s) { outcome = std::move(s); });
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(outcome && *outcome) << outcome->error().text;
  EXPECT_EQ(user.edge().provider(), &t.provider("da1"));
  EXPECT_EQ(t.provider("da0").access(), Access{});
  EXPECT_EQ(t.provider("da1").access(), (Access{1, 1, 1}));
  EXPECT_EQ(issuer.ask(user.edge(), Command::write, 0, 512), 0);
  EXPECT_EQ(old_disk.seen.size(), 1U);
  EXPECT_EQ(user.orphanings + user.spoilings, 0);
}

}  // namespace
}  // namespace biotope
