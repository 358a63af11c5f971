#include <gtest/gtest.h>

#include <optional>

#include "model/surgery.h"
#include "model/testing.h"

namespace biotope {
namespace {

using testing::Fork;
using testing::Issuer;
using testing::layout;
using testing::properties_of_size;
using testing::Source;
using testing::TestMesh;
using testing::User;
using testing::what_is_wrong;

// A fork that may say no.
class Moody final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::remapped(consumers().front()); }
  Status demand(AccessPlan& plan) override {
    if (moody) return fail(EPERM, title(), " is not in the mood");
    require_union(plan);
    return {};
  }
  bool moody = true;
};

// A user of the fork "old" over da0 and da1, with another that stands ready.
struct Live {
  explicit Live(Access open = {1, 1, 1}) {
    t.mesh.settle();
    EXPECT_TRUE(t.mesh.access(user.edge(), open));
    left.hold = right.hold = true;
  }
  template <class G = Fork>
  G& spare(const std::string& name, int legs = 2, std::int64_t size_bytes = 1 << 20) {
    G& geom = t.add<G>(name);
    for (int i = 0; i < legs; ++i) t.mesh.new_consumer(geom).value();
    t.mesh.publish(**t.mesh.new_provider(geom, name, properties_of_size(size_bytes)));
    t.mesh.settle();
    return geom;
  }
  void exchange(Geom& with) {
    outcome.reset();
    t.mesh.exchange(old, with, [this](Status s) { outcome = std::move(s); });
    t.executor.run();
  }
  int code() const { return !outcome ? -1 : *outcome ? 0 : outcome->error().code; }
  void finish_all() {
    left.finish_all();
    right.finish_all();
    t.executor.run();
  }

  TestMesh t;
  Source& left{t.source("da0")};
  Source& right{t.source("da1")};
  Fork& old{t.fork("old", {&t.provider("da0"), &t.provider("da1")})};
  User& user{t.user("u", t.provider("old"))};
  Issuer issuer{t.mesh};
  std::optional<Status> outcome;
};

TEST(Exchange, Inv_S2_requests_wait_meanwhile_and_none_is_lost_or_reordered) {
  Live live;
  Fork& with = live.spare("new");
  for (int i = 0; i < 3; ++i) live.issuer.issue(live.user.edge(), Command::write, i * 512, 512);
  live.exchange(with);
  EXPECT_EQ(live.code(), -1) << "it waits for what is in flight";
  for (int i = 3; i < 5; ++i) live.issuer.issue(live.user.edge(), Command::write, i * 512, 512);
  EXPECT_EQ(live.left.seen.size(), 3U);
  live.finish_all();
  ASSERT_EQ(live.code(), 0) << live.outcome->error().text;
  live.finish_all();
  EXPECT_TRUE(live.issuer.all_back_once(5));
  EXPECT_EQ(live.issuer.errors, std::vector<int>(5, 0));
  for (const Source* disk : {&live.left, &live.right}) {
    std::vector<std::int64_t> order;
    for (const Bio& bio : disk->seen) order.push_back(bio.position_bytes);
    EXPECT_EQ(order, (std::vector<std::int64_t>{0, 512, 1024, 1536, 2048}));
  }
}

TEST(Exchange, the_new_one_stands_where_the_old_one_stood_and_nobody_below_heard) {
  for (const Access open : {Access{}, Access{1, 0, 0}, Access{1, 1, 1}, Access{2, 0, 1}}) {
    Live live(open);
    const Access below = live.t.provider("da1").access();
    Fork& with = live.spare("new");
    live.left.access_changes.clear();
    live.exchange(with);
    ASSERT_EQ(live.code(), 0) << live.outcome->error().text;
    EXPECT_EQ(live.t.mesh.provider("old"), nullptr) << "freed";
    EXPECT_EQ(live.user.edge().provider(), &live.t.provider("new"));
    EXPECT_EQ(live.user.edge().access(), open);
    EXPECT_EQ(with.consumers().front().provider(), &live.t.provider("da0"));
    EXPECT_EQ(with.consumers().back().provider(), &live.t.provider("da1"));
    EXPECT_EQ(live.t.provider("da1").access(), below);
    EXPECT_EQ(what_is_wrong(live.t.mesh), "");
    for (const auto& [before, after] : live.left.access_changes) EXPECT_EQ(before, after);
    EXPECT_EQ(live.user.orphanings + live.user.spoilings, 0);
    EXPECT_EQ(live.user.rank(), 3);
  }
}

TEST(Exchange, what_does_not_fit_is_refused_and_nothing_changes) {
  Live live;
  User& other = live.t.user("other", live.t.provider("da0"));
  const auto refused = [&](Geom& with) {
    const std::string before = layout(live.t.mesh);
    live.exchange(with);
    EXPECT_EQ(layout(live.t.mesh), before);
    EXPECT_EQ(what_is_wrong(live.t.mesh), "");
    EXPECT_FALSE(live.user.edge().suspended());
    return live.code();
  };
  EXPECT_EQ(refused(other), EBUSY);
  EXPECT_EQ(refused(live.spare("three", 3)), EINVAL);
  EXPECT_EQ(refused(live.spare("small", 2, 1 << 19)), EINVAL);
  EXPECT_EQ(refused(live.spare<Moody>("moody")), EPERM);
  EXPECT_EQ(refused(live.old), EBUSY);
}

TEST(Exchange, Inv_S6_a_disk_is_lost_while_it_waits) {
  Live live;
  Fork& with = live.spare("new");
  live.issuer.issue(live.user.edge(), Command::write, 0, 512);
  live.exchange(with);
  live.t.mesh.orphan(live.t.provider("da1"));
  live.finish_all();
  EXPECT_EQ(live.code(), ENXIO);
  EXPECT_EQ(live.user.edge().provider(), &live.t.provider("old"));
  EXPECT_FALSE(live.user.edge().suspended());
  EXPECT_EQ(what_is_wrong(live.t.mesh), "");
}

TEST(Exchange, Inv_S6_the_new_one_goes_away_while_it_waits) {
  Live live;
  Fork& with = live.spare("new");
  live.issuer.issue(live.user.edge(), Command::write, 0, 512);
  live.exchange(with);
  live.t.mesh.wither(with);
  live.finish_all();
  EXPECT_EQ(live.code(), ENXIO);
  EXPECT_EQ(live.issuer.ask(live.user.edge(), Command::flush, 0, 0), -1);
  live.finish_all();
  EXPECT_TRUE(live.issuer.all_back_once(2));
}

}  // namespace
}  // namespace biotope
