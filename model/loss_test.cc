#include <gtest/gtest.h>

#include <algorithm>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::Fork;
using testing::Issuer;
using testing::Pass;
using testing::properties_of_size;
using testing::Recorder;
using testing::Slices;
using testing::Source;
using testing::TestMesh;
using testing::User;
using testing::what_is_wrong;

using Names = std::vector<std::string>;

// The paper's collapse ---------------------------------------------------------------------------

// da0, an MBR with two slices, a BSD label on the first, a user of each end.
struct Zip {
  Zip() {
    mbr.add_piece("da0s1", 0, 512 * 1024);
    mbr.add_piece("da0s2", 512 * 1024, 512 * 1024);
    bsd = &t.slices("bsd", t.provider("da0s1"));
    bsd->add_piece("da0s1a", 0, 128 * 1024);
    bsd->add_piece("da0s1b", 128 * 1024, 128 * 1024);
    for (const char* name : {"da0s1a", "da0s1b", "da0s2"}) {
      users.push_back(&t.user(sentence("fs-", name), t.provider(name)));
    }
    t.mesh.settle();
    for (User* user : users) EXPECT_TRUE(t.mesh.access(user->edge(), {1, 1, 1}));
  }
  TestMesh t;
  Source& disk{t.source("da0")};
  Slices& mbr{t.slices("mbr", t.provider("da0"))};
  Slices* bsd = nullptr;
  std::vector<User*> users;
};

// The place of the first fact of `kind` about `geom`; -1 when there is none.
std::ptrdiff_t place(const Recorder& seen, FactKind kind, const std::string& geom) {
  const auto found = std::find_if(seen.lines.begin(), seen.lines.end(), [&](const auto& line) {
    return line.kind == kind && line.geom == geom;
  });
  return found == seen.lines.end() ? -1 : found - seen.lines.begin();
}

TEST(Loss, Paper_59_gone_climbs_from_the_driver_to_the_file_systems) {
  Zip zip;
  Recorder seen(zip.t.mesh);
  zip.t.mesh.wither(zip.disk);
  ASSERT_TRUE(zip.t.mesh.settle());
  EXPECT_EQ(seen.geoms(FactKind::consumer_orphaned),
            (Names{"mbr", "bsd", "fs-da0s2", "fs-da0s1a", "fs-da0s1b"}));
}

TEST(Loss, Inv_G4_each_layer_goes_after_all_above_it) {
  Zip zip;
  Recorder seen(zip.t.mesh);
  zip.t.mesh.wither(zip.disk);
  ASSERT_TRUE(zip.t.mesh.settle());
  const auto freed = [&](const char* name) { return place(seen, FactKind::geom_freed, name); };
  for (const char* user : {"fs-da0s1a", "fs-da0s1b"}) EXPECT_LT(freed(user), freed("bsd"));
  EXPECT_LT(freed("bsd"), freed("mbr"));
  EXPECT_LT(freed("fs-da0s2"), freed("mbr"));
  EXPECT_LT(freed("mbr"), freed("da0"));
  EXPECT_GE(freed("fs-da0s1a"), 0);
}

TEST(Loss, Paper_62_no_trace_is_left) {
  Zip zip;
  zip.t.mesh.wither(zip.disk);
  ASSERT_TRUE(zip.t.mesh.settle());
  EXPECT_EQ(zip.t.mesh.census(), Census{});
  for (const char* name : {"da0", "da0s1", "da0s1a"}) {
    EXPECT_EQ(zip.t.mesh.provider(name), nullptr) << name;
  }
  EXPECT_EQ(zip.t.cls.geom_count(), 0U);
}

TEST(Loss, Inv_G3_what_is_in_flight_finishes_and_nothing_new_gets_through) {
  Zip zip;
  Issuer issuer(zip.t.mesh);
  zip.disk.hold = true;
  for (User* user : zip.users) issuer.issue(user->edge(), Command::write, 0, 512);
  zip.t.mesh.wither(zip.disk);
  for (User* user : zip.users) {
    EXPECT_EQ(issuer.ask(user->edge(), Command::read, 0, 512), ENXIO)
        << "before anybody above has been told";
  }
  zip.t.executor.run();
  EXPECT_EQ(zip.disk.seen.size(), 3U);
  EXPECT_EQ(zip.t.mesh.census().geoms, 6U) << "nobody goes while requests are out";
  zip.disk.finish_all(ENXIO);
  ASSERT_TRUE(zip.t.mesh.settle());
  EXPECT_EQ(zip.t.mesh.census(), Census{});
  EXPECT_TRUE(issuer.all_back_once(6));
  EXPECT_EQ(issuer.errors, std::vector<int>(6, ENXIO));
}

TEST(Loss, Inv_G1_everybody_hears_it_once) {
  Zip zip;
  for (User* user : zip.users) user->on_orphaned = [](Consumer&) {};  // takes note and stays
  zip.t.mesh.orphan(zip.t.provider("da0"), EIO);
  zip.t.mesh.orphan(zip.t.provider("da0"), ENXIO);
  zip.t.mesh.wither(zip.disk);
  zip.t.mesh.wither(zip.mbr);
  ASSERT_TRUE(zip.t.mesh.settle());
  for (User* user : zip.users) EXPECT_EQ(user->orphanings, 1);
  EXPECT_EQ(zip.t.provider("da0").error(), EIO) << "the first error stays";
  for (User* user : zip.users) zip.t.mesh.wither(*user);
  ASSERT_TRUE(zip.t.mesh.settle());
  EXPECT_EQ(zip.t.mesh.census(), Census{});
}

TEST(Loss, an_error_that_would_not_stop_requests_becomes_gone) {
  for (const int error : {0, ENOMEM}) {
    Zip zip;
    Issuer issuer(zip.t.mesh);
    for (User* user : zip.users) user->on_orphaned = [](Consumer&) {};
    zip.t.mesh.orphan(zip.t.provider("da0s1a"), error);
    EXPECT_EQ(issuer.ask(zip.users[0]->edge(), Command::read, 0, 512), ENXIO) << error;
    EXPECT_FALSE(zip.t.mesh.access(zip.users[0]->edge(), {1, 0, 0})) << error;
  }
}

TEST(Loss, Inv_G5_what_comes_back_is_a_new_provider_of_the_old_name) {
  Zip zip;
  for (User* user : zip.users) user->on_orphaned = [](Consumer&) {};
  Provider& old = zip.t.provider("da0");
  zip.t.mesh.wither(zip.disk);
  Source& again = zip.t.source("da0");
  ASSERT_TRUE(zip.t.mesh.settle());
  Provider& fresh = zip.t.provider("da0");
  EXPECT_EQ(&fresh.geom(), &again) << "Inv_E12: by name the live one is meant";
  EXPECT_NE(fresh.id(), old.id());
  EXPECT_TRUE(fresh.access().closed());
  Issuer issuer(zip.t.mesh);
  EXPECT_EQ(issuer.ask(zip.users[0]->edge(), Command::read, 0, 512), ENXIO);
  EXPECT_TRUE(again.seen.empty()) << "no old handle reaches the new disk";
  EXPECT_FALSE(zip.t.mesh.new_provider(again, "da0", properties_of_size(512)))
      << "one live provider of a name";
}

TEST(Loss, what_withers_offers_and_attaches_nothing_new) {
  TestMesh t;
  Source& disk = t.source("da0");
  User& user = t.user("u", t.provider("da0"));
  auto& late = t.add<User>("late");
  Consumer& edge = **t.mesh.new_consumer(late);
  ASSERT_TRUE(t.mesh.settle());
  t.mesh.wither(disk);
  EXPECT_EQ(t.mesh.new_provider(disk, "da1", properties_of_size(512)).error().code, ENXIO);
  EXPECT_EQ(t.mesh.new_consumer(disk).error().code, ENXIO);
  EXPECT_EQ(t.mesh.attach(edge, t.provider("da0")).error().code, ENXIO);
  t.mesh.wither(late);
  EXPECT_EQ(t.mesh.new_consumer(late).error().code, ENXIO);
  EXPECT_EQ(user.orphanings, 0) << "the notice is an event";
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.mesh.census(), Census{});
}

TEST(Loss, destroying_is_refused_while_somebody_has_it_open) {
  Zip zip;
  const Status refused = zip.t.mesh.destroy(*zip.bsd);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EBUSY);
  EXPECT_NE(refused.error().text.find("fs-da0s1a"), std::string::npos) << refused.error().text;
  EXPECT_FALSE(zip.bsd->withering());
  for (User* user : zip.users) ASSERT_TRUE(zip.t.mesh.close(user->edge()));
  EXPECT_TRUE(zip.t.mesh.destroy(*zip.bsd));
  ASSERT_TRUE(zip.t.mesh.settle());
  EXPECT_EQ(zip.t.mesh.provider("da0s1a"), nullptr);
  EXPECT_EQ(zip.t.provider("da0s1").access(), Access{});
}

// What a geom does about it ----------------------------------------------------------------------

TEST(Loss, Paper_63_a_geom_with_another_copy_stops_the_notice) {
  TestMesh t;
  Source& first = t.source("da0");
  Source& second = t.source("da1");
  Fork& fork = t.fork("fork", {&t.provider("da0"), &t.provider("da1")});
  User& user = t.user("u", t.provider("fork"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 1}));
  t.mesh.wither(first);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(user.orphanings, 0);
  EXPECT_EQ(fork.consumers().size(), 1U) << "the lost leg is gone";
  EXPECT_EQ(t.mesh.provider("da0"), nullptr);
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(user.edge(), Command::write, 0, 512), 0);
  EXPECT_EQ(second.seen.size(), 1U);
  EXPECT_TRUE(t.mesh.access(user.edge(), {1, 0, 0})) << "opens go on too";
  Recorder seen(t.mesh);
  t.mesh.wither(second);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(seen.geoms(FactKind::consumer_orphaned), (Names{"fork", "u"}))
      << "Inv_G2: without a copy it always climbs";
  EXPECT_EQ(t.mesh.census(), Census{});
}

TEST(Loss, a_dropped_leg_waits_for_its_requests) {
  TestMesh t;
  Source& first = t.source("da0");
  Source& second = t.source("da1");
  t.fork("fork", {&t.provider("da0"), &t.provider("da1")});
  User& user = t.user("u", t.provider("fork"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 1}));
  Issuer issuer(t.mesh);
  first.hold = second.hold = true;
  issuer.issue(user.edge(), Command::write, 0, 512);
  t.mesh.wither(first);
  t.executor.run();
  EXPECT_NE(t.mesh.provider("da0"), nullptr);
  second.finish_all();
  EXPECT_TRUE(issuer.errors.empty());
  first.finish_all(ENXIO);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.mesh.provider("da0"), nullptr);
  EXPECT_TRUE(issuer.all_back_once(1));
  EXPECT_EQ(user.orphanings, 0);
}

TEST(Loss, a_geom_may_change_over_to_another_disk_when_told) {
  TestMesh t;
  Source& first = t.source("da0");
  Source& second = t.source("da1");
  User& user = t.user("u", t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 1}));
  user.on_orphaned = [&](Consumer& edge) {
    EXPECT_TRUE(t.mesh.close(edge));
    EXPECT_TRUE(t.mesh.detach(edge));
    EXPECT_TRUE(t.mesh.attach(edge, t.provider("da1")));
    EXPECT_TRUE(t.mesh.access(edge, {1, 1, 1}));
  };
  t.mesh.wither(first);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(user.orphanings, 1);
  EXPECT_FALSE(user.edge().orphaned());
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 0, 512), 0);
  EXPECT_EQ(second.seen.size(), 1U);
  EXPECT_EQ(t.mesh.provider("da0"), nullptr);
  EXPECT_EQ(what_is_wrong(t.mesh), "");
}

TEST(Loss, a_geom_may_close_and_detach_by_itself_when_told) {
  TestMesh t;
  Source& disk = t.source("da0");
  std::vector<User*> users;
  for (int i = 0; i < 3; ++i) {
    users.push_back(&t.user(sentence("u", i), t.provider("da0")));
    users.back()->on_orphaned = [&t](Consumer& edge) {
      EXPECT_TRUE(t.mesh.close(edge));
      EXPECT_TRUE(t.mesh.detach(edge));
    };
  }
  ASSERT_TRUE(t.mesh.settle());
  for (User* user : users) ASSERT_TRUE(t.mesh.access(user->edge(), {1, 0, 0}));
  t.mesh.wither(disk);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.mesh.provider("da0"), nullptr);
  EXPECT_EQ(t.mesh.census().geoms, 3U);
  EXPECT_EQ(t.mesh.census().consumers, 3U);
}

TEST(Loss, a_geom_may_drop_its_last_leg_and_live_on) {
  TestMesh t;
  Source& disk = t.source("da0");
  User& user = t.user("u", t.provider("da0"));
  user.on_orphaned = [&](Consumer& edge) { t.mesh.drop(edge); };
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  t.mesh.wither(disk);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.mesh.census().geoms, 1U);
  EXPECT_EQ(t.mesh.census().consumers, 0U);
  EXPECT_EQ(user.rank(), 1);
}

TEST(Loss, one_that_stays_attached_keeps_the_lost_provider) {
  TestMesh t;
  Source& disk = t.source("da0");
  User& user = t.user("u", t.provider("da0"));
  user.on_orphaned = [](Consumer&) {};
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 0}));
  t.mesh.wither(disk);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_NE(t.mesh.provider("da0"), nullptr);
  EXPECT_TRUE(t.mesh.access(user.edge(), {0, -1, 0})) << "Inv_E04";
  EXPECT_FALSE(t.mesh.access(user.edge(), {1, 0, 0}));
  EXPECT_TRUE(t.mesh.close(user.edge()));
  EXPECT_TRUE(t.mesh.detach(user.edge()));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.mesh.provider("da0"), nullptr);
}

// Diamonds ---------------------------------------------------------------------------------------

TEST(Loss, Inv_G1_a_geom_on_two_legs_of_one_disk_hears_it_for_each) {
  TestMesh t;
  Source& disk = t.source("da0");
  t.fork("fork", {&t.provider("da0"), &t.provider("da0")});
  User& user = t.user("u", t.provider("fork"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  t.mesh.wither(disk);
  Recorder seen(t.mesh);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(seen.geoms(FactKind::consumer_orphaned), (Names{"fork", "fork", "u"}));
  EXPECT_EQ(t.mesh.census(), Census{});
}

TEST(Loss, Inv_G4_a_geom_reached_by_two_paths_goes_before_both) {
  TestMesh t;
  Source& disk = t.source("da0");
  t.pass("left", t.provider("da0"));
  t.pass("right", t.provider("da0"));
  t.pass("longer", t.provider("right"));
  t.fork("top", {&t.provider("left"), &t.provider("longer")});
  User& user = t.user("u", t.provider("top"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  EXPECT_EQ(user.rank(), 5);
  Issuer issuer(t.mesh);
  disk.hold = true;
  issuer.issue(user.edge(), Command::read, 0, 512);
  t.mesh.wither(disk);
  Recorder seen(t.mesh);
  t.executor.run();
  disk.finish_all(ENXIO);
  ASSERT_TRUE(t.mesh.settle());
  const Names order = seen.geoms(FactKind::geom_freed);
  EXPECT_EQ(order.front(), "u");
  EXPECT_EQ(order[1], "top");
  EXPECT_EQ(order.back(), "da0");
  EXPECT_LT(place(seen, FactKind::geom_freed, "longer"),
            place(seen, FactKind::geom_freed, "right"));
  EXPECT_EQ(t.mesh.census(), Census{});
}

// A thousand -------------------------------------------------------------------------------------

TEST(Loss, Paper_69_thousands_of_disks_come_and_go) {
  TestMesh t;
  std::vector<Source*> disks;
  for (int i = 0; i < 3000; ++i) {
    disks.push_back(&t.source(sentence("da", i)));
    User& user = t.user(sentence("u", i), t.provider(sentence("da", i)));
    ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 1}));
  }
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.mesh.census().geoms, 6000U);
  for (Source* disk : disks) t.mesh.wither(*disk);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.mesh.census(), Census{});
}

// The mesh itself goes ---------------------------------------------------------------------------

Task<Status> close_never(Executor& executor) {
  for (;;) co_await sleep(executor, 1'000'000'000);
}

TEST(Loss, the_mesh_may_go_with_requests_in_flight_and_events_queued) {
  VirtualExecutor executor;
  Class cls("test");
  Bio bio;
  bio.command = Command::read;
  bio.length_bytes = 512;
  bio.done = [](Bio&) { FAIL() << "nobody is told"; };
  Bio waiting = bio;
  {
    Mesh mesh(executor);
    auto& disk = static_cast<Source&>(mesh.add(std::make_unique<Source>(mesh, cls, "da0")));
    Provider& provider = **mesh.new_provider(disk, "da0", properties_of_size(1 << 20));
    mesh.publish(provider);
    auto& fork = static_cast<Fork&>(mesh.add(std::make_unique<Fork>(mesh, cls, "f")));
    mesh.new_consumer(fork, provider).value();
    Provider& top = **mesh.new_provider(fork, "f", properties_of_size(1 << 20));
    mesh.publish(top);
    auto& user = static_cast<User&>(mesh.add(std::make_unique<User>(mesh, cls, "u")));
    Consumer& edge = **mesh.new_consumer(user, top);
    ASSERT_TRUE(mesh.settle());
    ASSERT_TRUE(mesh.access(edge, {1, 0, 0}));
    disk.hold = true;
    mesh.submit(bio, edge);
    disk.hold = false;
    disk.answer = ENOMEM;
    mesh.submit(waiting, edge);
    user.on_let_go = [&executor](Consumer&) { return close_never(executor); };
    mesh.eject(provider, {}, [](const Status&) { FAIL() << "nobody is told"; });
    executor.step();
    mesh.wither(user);
    mesh.orphan(top);
  }
  executor.run();
}

}  // namespace
}  // namespace biotope
