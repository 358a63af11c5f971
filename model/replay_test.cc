// Requests that find memory exhausted go again, and are never lost.
#include <gtest/gtest.h>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::Fork;
using testing::Issuer;
using testing::Pass;
using testing::properties_of_size;
using testing::Recorder;
using testing::Source;
using testing::TestMesh;
using testing::User;

constexpr std::int64_t kDelay_ns = RequestPath::kReplayDelay_ns;

// A user over a pass over a source, open.
struct Line {
  Line() {
    t.mesh.settle();
    EXPECT_TRUE(t.mesh.access(user.edge(), {1, 1, 0}));
  }
  TestMesh t;
  Source& disk{t.source("da0")};
  Pass& pass{t.pass("p", t.provider("da0"))};
  User& user{t.user("u", t.provider("p"))};
  Issuer issuer{t.mesh};
};

// Lets a replay delay pass, and what is due in it happen.
void let_time_pass(TestMesh& t) {
  bool passed = false;
  t.executor.after(2 * kDelay_ns, [&] { passed = true; });
  while (!passed) t.executor.step();
}

TEST(Replay, Inv_E07_a_layer_without_memory_gets_the_request_again_from_the_top) {
  Line line;
  line.disk.answer = ENOMEM;
  line.pass.shift_bytes = 512;
  Recorder seen(line.t.mesh);
  Bio& bio = line.issuer.issue(line.user.edge(), Command::read, 1024, 512);
  EXPECT_TRUE(line.issuer.errors.empty()) << "ENOMEM is not the issuer's answer";
  EXPECT_EQ(line.user.edge().in_flight(), 1U) << "nobody may take the edge away meanwhile";
  EXPECT_EQ(line.pass.consumers().front().in_flight(), 0U);
  line.disk.answer = 0;
  EXPECT_EQ(line.t.executor.now_ns(), 0);
  line.t.executor.run();
  EXPECT_EQ(line.t.executor.now_ns(), kDelay_ns);
  EXPECT_EQ(line.issuer.errors, std::vector<int>{0});
  ASSERT_EQ(line.disk.seen.size(), 2U);
  EXPECT_EQ(line.disk.seen[1].position_bytes, 1536) << "shifted once, not twice";
  EXPECT_EQ(bio.offset_bytes, 1024);
  EXPECT_EQ(line.user.edge().in_flight(), 0U);
  EXPECT_EQ(line.user.edge().statistics()[Command::read].operations, 1U);
  EXPECT_EQ(seen.count(FactKind::bio_replayed), 1U);
  EXPECT_EQ(seen.count(FactKind::bio_done), 1U);
}

TEST(Replay, what_a_held_request_says_later_counts_as_well) {
  Line line;
  line.disk.hold = true;
  line.issuer.issue(line.user.edge(), Command::write, 0, 512);
  line.disk.held.front()->driver1 = &line;
  line.disk.finish_one(ENOMEM);
  line.t.executor.run();
  ASSERT_EQ(line.disk.held.size(), 1U);
  EXPECT_EQ(line.disk.held.front()->driver1, nullptr);
  line.disk.finish_one();
  EXPECT_EQ(line.issuer.errors, std::vector<int>{0});
}

TEST(Replay, Inv_E07_no_part_of_the_first_attempt_is_left) {
  TestMesh t;
  std::vector<Provider*> legs;
  std::vector<Source*> disks;
  for (int i = 0; i < 3; ++i) {
    disks.push_back(&t.source(sentence("da", i)));
    legs.push_back(&t.provider(sentence("da", i)));
  }
  t.fork("fork", legs);
  User& user = t.user("u", t.provider("fork"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 0}));
  Issuer issuer(t.mesh);
  for (std::uint64_t limit = 0; limit < 3; ++limit) {
    t.mesh.path().limit_bios(limit);
    Bio& bio = issuer.issue(user.edge(), Command::write, 0, 512);
    EXPECT_EQ(t.mesh.census().bios, 0U) << "the parts that were made are freed";
    EXPECT_EQ(bio.children, 0U);
    EXPECT_EQ(bio.inbed, 0U);
    for (Source* disk : disks) EXPECT_TRUE(disk->seen.empty()) << "all parts before the first";
    EXPECT_EQ(issuer.errors.size(), limit);
    t.mesh.path().limit_bios(3);
    t.executor.run();
    EXPECT_EQ(issuer.errors.size(), limit + 1);
    EXPECT_EQ(issuer.errors.back(), 0);
    for (Source* disk : disks) {
      EXPECT_EQ(disk->seen.size(), 1U);
      disk->seen.clear();
    }
  }
  EXPECT_EQ(t.mesh.census().bios, 0U);
}

TEST(Replay, many_share_a_pool_too_small_for_all_and_all_come_back) {
  TestMesh t;
  const std::vector<Source*> disks{&t.source("da0"), &t.source("da1")};
  t.fork("fork", {&t.provider("da0"), &t.provider("da1")});
  User& user = t.user("u", t.provider("fork"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 0}));
  Issuer issuer(t.mesh);
  t.mesh.path().limit_bios(5);
  for (Source* disk : disks) disk->hold = true;
  for (int i = 0; i < 50; ++i) issuer.issue(user.edge(), Command::write, i * 512, 512);
  for (int round = 0; issuer.errors.size() < 50 && round < 100; ++round) {
    for (Source* disk : disks) disk->finish_all();
    let_time_pass(t);
  }
  EXPECT_EQ(issuer.errors, std::vector<int>(50, 0));
  EXPECT_TRUE(issuer.all_back_once(50));
}

TEST(Replay, no_trail_to_be_had_is_no_loss) {
  Line line;
  line.disk.hold = true;
  // Whatever is kept at hand is used up first.
  line.t.mesh.path().limit_trails(1);
  line.issuer.issue(line.user.edge(), Command::read, 0, 512);
  line.issuer.issue(line.user.edge(), Command::read, 512, 512);
  line.issuer.issue(line.user.edge(), Command::read, 1024, 512);
  EXPECT_LT(line.disk.held.size(), 3U);
  EXPECT_EQ(line.user.edge().in_flight(), 3U);
  for (int round = 0; round < 10; ++round) {
    line.disk.finish_all();
    let_time_pass(line.t);
  }
  EXPECT_TRUE(line.issuer.all_back_once(3));
  EXPECT_EQ(line.issuer.errors, std::vector<int>(3, 0));
  EXPECT_EQ(line.t.mesh.census().trails, 0U);
}

TEST(Replay, deep_stacks_need_more_trails_and_wait_for_them) {
  TestMesh t;
  Source& disk = t.source("da0");
  Provider* top = &t.provider("da0");
  for (int i = 0; i < 100; ++i) top = &t.pass(sentence("p", i), *top).providers().front();
  User& user = t.user("u", *top);
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  Issuer issuer(t.mesh);
  t.mesh.path().limit_trails(2);
  issuer.issue(user.edge(), Command::read, 0, 512);
  EXPECT_TRUE(disk.seen.empty());
  EXPECT_TRUE(issuer.errors.empty());
  for (const Geom& geom : t.mesh.geoms()) {
    for (const Consumer& edge : geom.consumers()) {
      EXPECT_EQ(edge.in_flight(), &edge == &user.edge() ? 1U : 0U);
    }
  }
  t.mesh.path().limit_trails(100);
  t.executor.run();
  EXPECT_EQ(issuer.errors, std::vector<int>{0});
  EXPECT_EQ(t.mesh.census().trails, 0U);
}

TEST(Replay, Inv_E08_an_edge_with_a_waiting_request_is_not_detached) {
  Line line;
  line.disk.answer = ENOMEM;
  line.issuer.issue(line.user.edge(), Command::read, 0, 512);
  const Status detached = line.t.mesh.detach(line.user.edge());
  EXPECT_FALSE(detached);
  const Status closed = line.t.mesh.close(line.user.edge());
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, EBUSY);
  line.disk.answer = 0;
  line.t.executor.run();
  EXPECT_TRUE(line.t.mesh.close(line.user.edge()));
}

TEST(Replay, Inv_E09_the_disk_may_be_lost_before_the_request_goes_again) {
  Line line;
  line.disk.answer = ENOMEM;
  line.issuer.issue(line.user.edge(), Command::read, 0, 512);
  line.t.mesh.wither(line.disk);
  const Recorder seen(line.t.mesh);
  line.t.executor.run();
  EXPECT_EQ(line.issuer.errors, std::vector<int>{ENXIO});
  EXPECT_EQ(seen.count(FactKind::bio_remapped), 0U) << "nothing more reaches the disk";
  EXPECT_EQ(line.t.mesh.census(), Census{});
}

// A barrier must not be passed by what was issued after it, nor pass what was issued before.
TEST(Replay, Inv_E18_a_request_that_goes_again_keeps_its_place) {
  Line line;
  line.disk.answer = ENOMEM;
  line.issuer.issue(line.user.edge(), Command::write, 0, 512);
  line.disk.answer = 0;
  line.issuer.issue(line.user.edge(), Command::write, 512, 512, {}, kBioOrdered);
  line.issuer.issue(line.user.edge(), Command::write, 1024, 512);
  line.t.executor.run();
  std::vector<std::int64_t> order;
  for (const Bio& bio : line.disk.seen) order.push_back(bio.position_bytes);
  EXPECT_EQ(order, (std::vector<std::int64_t>{0, 0, 512, 1024}));
  EXPECT_TRUE(line.issuer.all_back_once(3));
}

TEST(Replay, Inv_E18_whoever_is_no_barrier_may_pass_and_free_what_is_missing) {
  Line line;
  line.disk.answer = ENOMEM;
  line.issuer.issue(line.user.edge(), Command::write, 0, 512);
  line.disk.answer = 0;
  EXPECT_EQ(line.issuer.ask(line.user.edge(), Command::write, 512, 512), 0);
  line.t.executor.run();
  EXPECT_TRUE(line.issuer.all_back_once(2));
}

TEST(Replay, Inv_E18_nor_does_it_lose_its_place_while_the_edge_is_suspended) {
  Line line;
  line.disk.hold = true;
  line.issuer.issue(line.user.edge(), Command::write, 0, 512);
  line.issuer.issue(line.user.edge(), Command::write, 512, 512, {}, kBioOrdered);
  line.disk.finish_one(ENOMEM);
  line.disk.finish_one(ENOMEM);
  line.t.mesh.path().suspend(line.user.edge());
  line.issuer.issue(line.user.edge(), Command::write, 1024, 512, {}, kBioOrdered);
  line.t.executor.run();
  EXPECT_EQ(line.user.edge().in_flight(), 0U) << "they wait at the edge, not below";
  EXPECT_FALSE(line.user.edge().idle());
  line.disk.seen.clear();
  line.t.mesh.path().resume(line.user.edge());
  std::vector<std::int64_t> order;
  for (const Bio& bio : line.disk.seen) order.push_back(bio.position_bytes);
  EXPECT_EQ(order, (std::vector<std::int64_t>{0, 512, 1024}));
  line.disk.finish_all();
  EXPECT_TRUE(line.issuer.all_back_once(3));
}

}  // namespace
}  // namespace biotope
