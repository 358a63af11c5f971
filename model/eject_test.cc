#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "model/control_io.h"
#include "model/testing.h"

namespace biotope {
namespace {

using testing::Fork;
using testing::Issuer;
using testing::Recorder;
using testing::Source;
using testing::TestMesh;
using testing::User;

constexpr std::int64_t kMillisecond_ns = 1'000'000;
using OnTimeout = Mesh::OnTimeout;

// da0 under a pass-through with two users who have it open for writing.
struct Drive {
  Drive() {
    t.mesh.settle();
    EXPECT_TRUE(t.mesh.access(one.edge(), {1, 1, 0}));
    t.mesh.settle();  // the other was spoiled
    EXPECT_TRUE(t.mesh.access(two.edge(), {1, 1, 0}));
    t.mesh.settle();
    one.spoilings = two.spoilings = 0;
  }
  void eject(Mesh::EjectOptions options = {}) {
    t.mesh.eject(t.provider("da0"), options, [this](Status status) {
      ended_at_ns = t.executor.now_ns();
      outcome = std::move(status);
    });
  }
  int code() const { return !outcome ? -1 : *outcome ? 0 : outcome->error().code; }

  TestMesh t;
  Source& disk{t.source("da0")};
  testing::Pass& mbr{t.pass("da0s1", t.provider("da0"))};
  User& one{t.user("one", t.provider("da0s1"))};
  User& two{t.user("two", t.provider("da0s1"))};
  std::optional<Status> outcome;
  std::int64_t ended_at_ns = -1;
};

// Ways to let go ---------------------------------------------------------------------------------

Task<Status> close_after(Consumer& edge, std::int64_t delay_ns) {
  co_await sleep(edge.geom().mesh().executor(), delay_ns);
  co_return edge.geom().mesh().close(edge);
}

Task<Status> sync_and_close(Consumer& edge) {
  const std::array<std::byte, 512> dirty{};
  const std::span<const std::byte> data(dirty);
  const Status written = co_await write(edge, 0, data);
  if (!written) co_return written;
  const Status flushed = co_await flush(edge);
  if (!flushed) co_return flushed;
  co_return edge.geom().mesh().close(edge);
}

Task<Status> refuse(Consumer& edge) {
  co_return fail(EBUSY, edge.name(), " is in the middle of something");
}

Task<Status> do_nothing(Consumer&) { co_return Status{}; }

Task<Status> never(Consumer& edge) {
  for (;;) co_await sleep(edge.geom().mesh().executor(), 1'000 * kMillisecond_ns);
}

// With notice ------------------------------------------------------------------------------------

TEST(Eject, Paper_58_users_write_what_is_dirty_and_close_before_the_medium_leaves) {
  Drive d;
  d.one.on_let_go = sync_and_close;
  d.disk.hold = true;
  Recorder seen(d.t.mesh);
  d.eject();
  for (int request = 0; request < 2; ++request) {
    while (d.disk.held.empty()) ASSERT_TRUE(d.t.executor.step());
    EXPECT_FALSE(d.outcome);
    d.disk.finish_one();
  }
  ASSERT_TRUE(d.t.mesh.settle());
  EXPECT_EQ(d.code(), 0);
  EXPECT_EQ(d.disk.seen[0].command, Command::write);
  EXPECT_EQ(d.disk.seen[1].command, Command::flush);
  EXPECT_EQ(seen.count(FactKind::ejected), 1U);
  EXPECT_EQ(d.t.mesh.census().geoms, 1U) << "all above the driver has gone";
  EXPECT_EQ(d.t.mesh.provider("da0"), nullptr);
}

TEST(Eject, whoever_objects_is_heard_before_anybody_lets_go) {
  Drive d;
  d.two.may_let_go_answer = fail(EBUSY, "two is burning a disc");
  Recorder seen(d.t.mesh);
  d.eject();
  ASSERT_TRUE(d.t.mesh.settle());
  EXPECT_EQ(d.code(), EBUSY);
  EXPECT_EQ(d.outcome->error().text, "two is burning a disc");
  EXPECT_EQ(d.one.let_gos, 0);
  EXPECT_EQ(d.one.edge().access(), (Access{1, 1, 0}));
  EXPECT_EQ(seen.count(FactKind::eject_refused), 1U);
  Issuer issuer(d.t.mesh);
  EXPECT_EQ(issuer.ask(d.one.edge(), Command::write, 0, 512), 0) << "nothing has changed";
}

TEST(Eject, whoever_fails_to_let_go_keeps_the_medium_in) {
  Drive d;
  d.one.on_let_go = refuse;
  d.eject();
  ASSERT_TRUE(d.t.mesh.settle());
  EXPECT_EQ(d.code(), EBUSY);
  EXPECT_FALSE(d.t.provider("da0").orphaned());
}

TEST(Eject, to_say_done_and_stay_open_is_not_enough) {
  Drive d;
  d.two.on_let_go = do_nothing;
  d.eject();
  ASSERT_TRUE(d.t.mesh.settle());
  EXPECT_EQ(d.code(), EBUSY);
  EXPECT_FALSE(d.t.provider("da0").orphaned());
  EXPECT_EQ(d.one.edge().access(), Access{}) << "he had let go";
}

TEST(Eject, of_a_disk_nobody_uses_is_done_at_once) {
  TestMesh t;
  t.source("da0");
  ASSERT_TRUE(t.mesh.settle());
  std::optional<Status> outcome;
  t.mesh.eject(t.provider("da0"), {}, [&](Status s) { outcome = std::move(s); });
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(outcome && *outcome);
  EXPECT_EQ(t.mesh.provider("da0"), nullptr);
  t.executor.run();
}

TEST(Eject, twice_or_of_what_is_gone_fails) {
  Drive d;
  d.eject();
  d.eject();
  ASSERT_TRUE(d.t.mesh.settle());
  EXPECT_EQ(d.code(), ENXIO) << "the second found it gone";
}

TEST(Eject, a_user_may_go_away_altogether_while_letting_go) {
  Drive d;
  d.one.on_let_go = [](Consumer& edge) {
    edge.geom().mesh().wither(edge.geom());
    return do_nothing(edge);
  };
  d.eject({.deadline_ns = kMillisecond_ns});
  d.t.executor.run();
  EXPECT_EQ(d.code(), EBUSY) << "what withers is closed after the event, so it was still open";
  d.eject();
  d.t.executor.run();
  EXPECT_EQ(d.code(), 0);
}

// Deadlines --------------------------------------------------------------------------------------

TEST(Eject, Inv_G6_in_time_is_in_time) {
  Drive d;
  d.one.on_let_go = [](Consumer& edge) { return close_after(edge, 4 * kMillisecond_ns); };
  d.two.on_let_go = [](Consumer& edge) { return close_after(edge, 5 * kMillisecond_ns); };
  d.eject({.deadline_ns = 10 * kMillisecond_ns});
  ASSERT_TRUE(d.t.mesh.settle());
  EXPECT_EQ(d.code(), 0);
  EXPECT_EQ(d.ended_at_ns, 9 * kMillisecond_ns) << "one after the other";
  d.t.executor.run();
}

TEST(Eject, Inv_G6_whoever_is_late_is_told_no) {
  Drive d;
  d.two.on_let_go = never;
  d.eject({.deadline_ns = 10 * kMillisecond_ns, .on_timeout = OnTimeout::refuse});
  ASSERT_TRUE(d.t.mesh.settle());
  EXPECT_EQ(d.code(), ETIMEDOUT);
  EXPECT_EQ(d.ended_at_ns, 10 * kMillisecond_ns);
  EXPECT_FALSE(d.t.provider("da0").orphaned());
  EXPECT_EQ(d.two.edge().access(), (Access{1, 1, 0}));
  Issuer issuer(d.t.mesh);
  EXPECT_EQ(issuer.ask(d.two.edge(), Command::write, 0, 512), 0);
}

TEST(Eject, Inv_G6_or_it_is_taken_by_surprise) {
  Drive d;
  d.two.on_let_go = [](Consumer& edge) { return close_after(edge, 50 * kMillisecond_ns); };
  Recorder seen(d.t.mesh);
  d.eject({.deadline_ns = 10 * kMillisecond_ns, .on_timeout = OnTimeout::surprise});
  while (!d.outcome) ASSERT_TRUE(d.t.executor.step());
  EXPECT_EQ(d.code(), 0);
  EXPECT_EQ(d.ended_at_ns, 10 * kMillisecond_ns);
  EXPECT_TRUE(d.t.provider("da0").orphaned());
  d.t.executor.run();
  EXPECT_EQ(d.t.mesh.census().geoms, 1U);
  EXPECT_EQ(d.t.mesh.provider("da0"), nullptr);
}

// The user's write is with the driver when the time is up. It comes back, and whoever waits for it
// finds his geom still there to be looked at.
TEST(Eject, Inv_G6_surprised_in_the_middle_of_syncing) {
  Drive d;
  d.one.on_let_go = sync_and_close;
  d.disk.hold = true;
  d.eject({.deadline_ns = 10 * kMillisecond_ns, .on_timeout = OnTimeout::surprise});
  while (!d.outcome) ASSERT_TRUE(d.t.executor.step());
  ASSERT_EQ(d.disk.held.size(), 1U);
  for (int step = 0; step < 20; ++step) d.t.executor.step();
  d.disk.finish_all(ENXIO);
  d.t.executor.run();
  EXPECT_EQ(d.t.mesh.census().geoms, 1U);
  EXPECT_EQ(d.t.mesh.census().events, 0U);
}

// The same through a layer of its own, whose turn to answer comes last.
TEST(Eject, Inv_G6_surprised_with_layers_between) {
  Drive d;
  testing::Pass& upper = d.t.pass("upper", d.t.provider("da0s1"));
  User& three = d.t.user("three", upper.providers().front());
  ASSERT_TRUE(d.t.mesh.access(three.edge(), {1, 0, 0}));
  three.on_let_go = [](Consumer& edge) { return close_after(edge, 20 * kMillisecond_ns); };
  d.eject({.deadline_ns = 10 * kMillisecond_ns, .on_timeout = OnTimeout::surprise});
  d.t.executor.run();
  EXPECT_EQ(d.code(), 0);
  EXPECT_EQ(d.t.mesh.census().geoms, 1U);
}

// Torn out while its users let go ----------------------------------------------------------------

TEST(Eject, Inv_E34_a_loss_ends_the_waiting_though_a_user_never_would) {
  Drive d;
  d.two.on_let_go = never;
  d.eject();
  for (int step = 0; step < 10; ++step) d.t.executor.step();
  EXPECT_FALSE(d.outcome);
  EXPECT_EQ(d.two.let_gos, 1);
  Recorder seen(d.t.mesh);
  d.t.mesh.wither(d.disk);
  for (int step = 0; step < 100 && !d.t.mesh.settled(); ++step) d.t.executor.step();
  EXPECT_EQ(d.code(), ENXIO);
  EXPECT_EQ(seen.count(FactKind::consumer_orphaned), 3U);
}

TEST(Eject, Inv_G3_a_loss_while_syncing_ends_in_order) {
  Drive d;
  d.one.on_let_go = sync_and_close;
  d.disk.hold = true;
  d.eject();
  while (d.disk.held.empty()) ASSERT_TRUE(d.t.executor.step());
  d.t.mesh.wither(d.disk);
  d.disk.finish_all(ENXIO);
  d.t.executor.run();
  EXPECT_NE(d.code(), 0);
  EXPECT_EQ(d.t.mesh.census(), Census{});
}

TEST(Eject, the_mesh_may_go_while_users_let_go) {
  std::optional<Drive> d;
  d.emplace();
  d->one.on_let_go = sync_and_close;
  d->disk.hold = true;
  d->eject({.deadline_ns = 10 * kMillisecond_ns});
  while (d->disk.held.empty()) ASSERT_TRUE(d->t.executor.step());
  d.reset();
}

TEST(Eject, the_mesh_may_go_with_users_overdue) {
  std::optional<Drive> d;
  d.emplace();
  d->two.on_let_go = never;
  d->eject({.deadline_ns = 10 * kMillisecond_ns, .on_timeout = OnTimeout::surprise});
  while (!d->outcome) ASSERT_TRUE(d->t.executor.step());
  for (int step = 0; step < 20; ++step) d->t.executor.step();
  d.reset();
}

TEST(Eject, Paper_63_a_copy_elsewhere_lets_go_without_its_users_noticing) {
  // A fork that drops the leg when it is asked to let go.
  TestMesh t;
  t.source("da0");
  t.source("da1");
  Fork& fork = t.fork("fork", {&t.provider("da0"), &t.provider("da1")});
  User& user = t.user("u", t.provider("fork"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  std::optional<Status> outcome;
  t.mesh.eject(t.provider("da0"), {}, [&](Status s) { outcome = std::move(s); });
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(outcome && *outcome) << "by default everyone above closes";
  EXPECT_EQ(user.let_gos, 1);
  EXPECT_EQ(fork.orphanings, 1);
  EXPECT_EQ(fork.consumers().size(), 1U);
}

}  // namespace
}  // namespace biotope
