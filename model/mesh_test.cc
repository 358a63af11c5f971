#include "model/mesh.h"

#include <gtest/gtest.h>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::Issuer;
using testing::Recorder;
using testing::Source;
using testing::TestMesh;
using testing::User;

TEST(Mesh, Paper_61_each_layer_goes_after_those_above_it) {
  TestMesh t;
  const Census before = t.mesh.census();
  Source& disk = t.source("da0");
  t.pass("mbr", t.provider("da0"));
  t.pass("bsd", t.provider("mbr"));
  User& user = t.user("fs", t.provider("bsd"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), kReadWriteExclusive));

  Issuer issuer(t.mesh);
  disk.hold = true;
  issuer.issue(user.edge(), Command::write, 512, 512);
  EXPECT_EQ(disk.seen.size(), 1U);
  Recorder seen(t.mesh);
  t.mesh.wither(disk);
  t.executor.run();
  EXPECT_TRUE(seen.geoms(FactKind::geom_freed).empty()) << "a request is still in flight";
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 0, 512), ENXIO);
  disk.finish_all(ENXIO);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(seen.geoms(FactKind::geom_freed),
            (std::vector<std::string>{"fs", "bsd", "mbr", "da0"}));
  EXPECT_EQ(t.mesh.census(), before);
}

TEST(Mesh, Paper_64_a_layer_goes_into_a_live_edge_and_out_again) {
  TestMesh t;
  Source& disk = t.source("da0");
  User& user = t.user("fs", t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), kReadWriteExclusive));
  Issuer issuer(t.mesh);
  disk.hold = true;
  issuer.issue(user.edge(), Command::write, 0, 512);

  auto& pass = t.add<testing::Pass>("mid");
  Provider& upper = **t.mesh.new_provider(pass, "mid", t.provider("da0").properties());
  t.mesh.publish(upper);
  Consumer& lower = **t.mesh.new_consumer(pass);
  std::optional<Status> done;
  t.mesh.interpose(user.edge(), upper, lower, [&](Status s) { done = s; });
  t.executor.run();
  EXPECT_FALSE(done) << "a request is in flight";
  issuer.issue(user.edge(), Command::read, 512, 512);
  EXPECT_EQ(disk.seen.size(), 1U) << "it waits at the suspended edge";
  disk.finish_all();
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(done && *done) << (*done).error().text;
  EXPECT_EQ(disk.seen.size(), 2U);
  disk.finish_all();
  EXPECT_EQ(user.edge().provider(), &upper);
  EXPECT_EQ(upper.access(), kReadWriteExclusive);
  EXPECT_EQ(t.provider("da0").access(), kReadWriteExclusive);
  EXPECT_EQ(user.rank(), 3);

  done.reset();
  t.mesh.remove(pass, [&](Status s) { done = s; });
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(done && *done) << (*done).error().text;
  EXPECT_EQ(user.edge().provider(), &t.provider("da0"));
  EXPECT_EQ(t.provider("da0").access(), kReadWriteExclusive);
  EXPECT_EQ(user.rank(), 2);
  EXPECT_EQ(issuer.errors, (std::vector<int>{0, 0}));
}

}  // namespace
}  // namespace biotope
