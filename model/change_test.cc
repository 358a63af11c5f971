// Spoiling, media change, resize and properties: what may happen to a disk that stays.
#include <gtest/gtest.h>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::Issuer;
using testing::Pass;
using testing::properties_of_size;
using testing::Recorder;
using testing::Source;
using testing::TestMesh;
using testing::User;
using testing::what_is_wrong;

using Names = std::vector<std::string>;

// Spoiling ---------------------------------------------------------------------------------------

struct Shared {
  Shared() { t.mesh.settle(); }
  TestMesh t;
  Source& disk{t.source("da0")};
  User& writer{t.user("writer", t.provider("da0"))};
  User& reader{t.user("reader", t.provider("da0"))};
  User& other{t.user("other", t.provider("da0"))};
};

TEST(Spoil, Inv_E13_the_first_writer_spoils_the_others_once) {
  Shared s;
  ASSERT_TRUE(s.t.mesh.access(s.reader.edge(), {1, 0, 0}));
  ASSERT_TRUE(s.t.mesh.access(s.writer.edge(), {0, 1, 0}));
  EXPECT_TRUE(s.reader.edge().spoiled());
  EXPECT_FALSE(s.writer.edge().spoiled());
  EXPECT_EQ(s.reader.spoilings, 0) << "the notice is an event";
  ASSERT_TRUE(s.t.mesh.settle());
  ASSERT_TRUE(s.t.mesh.access(s.writer.edge(), {0, 1, 0}));
  ASSERT_TRUE(s.t.mesh.settle());
  EXPECT_EQ(s.reader.spoilings, 1) << "not for the second count";
  EXPECT_EQ(s.other.spoilings, 1);
  EXPECT_EQ(s.writer.spoilings, 0);
  ASSERT_TRUE(s.t.mesh.close(s.writer.edge()));
  ASSERT_TRUE(s.t.mesh.access(s.writer.edge(), {0, 1, 0}));
  ASSERT_TRUE(s.t.mesh.settle());
  EXPECT_EQ(s.reader.spoilings, 2) << "a new first writer";
}

TEST(Spoil, a_spoiled_consumer_opens_nothing_until_it_has_been_told) {
  Shared s;
  ASSERT_TRUE(s.t.mesh.access(s.reader.edge(), {1, 0, 0}));
  ASSERT_TRUE(s.t.mesh.access(s.writer.edge(), {0, 1, 0}));
  const Status more = s.t.mesh.access(s.reader.edge(), {1, 0, 0});
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, ENXIO);
  EXPECT_TRUE(s.t.mesh.close(s.reader.edge())) << "Inv_E04";
  ASSERT_TRUE(s.t.mesh.settle());
  EXPECT_TRUE(s.t.mesh.access(s.reader.edge(), {1, 0, 0}));
}

TEST(Spoil, a_geom_that_does_not_care_to_say_withers) {
  TestMesh t;
  t.source("da0");
  t.pass("label", t.provider("da0"));
  User& writer = t.user("writer", t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(writer.edge(), {1, 1, 0}));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.mesh.provider("label"), nullptr);
  EXPECT_EQ(t.mesh.census().geoms, 2U);
}

TEST(Spoil, Inv_E13_a_storm_of_opens_and_closes_tells_everyone_at_most_once_each) {
  Shared s;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(s.t.mesh.access(s.writer.edge(), {0, 1, 0}));
    ASSERT_TRUE(s.t.mesh.close(s.writer.edge()));
  }
  EXPECT_LE(s.t.mesh.events().queued(), 4U) << "a storm is one event for each, not a thousand";
  ASSERT_TRUE(s.t.mesh.settle());
  EXPECT_EQ(s.reader.spoilings, 1);
}

TEST(Spoil, one_that_goes_before_its_notice_is_not_looked_for) {
  Shared s;
  ASSERT_TRUE(s.t.mesh.access(s.writer.edge(), {0, 1, 0}));
  s.t.mesh.drop(s.reader.edge());
  s.t.mesh.wither(s.other);
  ASSERT_TRUE(s.t.mesh.settle());
  EXPECT_EQ(s.t.mesh.census().geoms, 3U);
  EXPECT_EQ(s.t.mesh.census().consumers, 1U);
}

// Media change -----------------------------------------------------------------------------------

TEST(Media, Paper_37_another_medium_is_a_loss_for_all_above_and_the_disk_stays) {
  Shared s;
  ASSERT_TRUE(s.t.mesh.access(s.reader.edge(), {1, 0, 0}));
  Recorder seen(s.t.mesh);
  Issuer issuer(s.t.mesh);
  Properties cd = properties_of_size(700 * 2352, 2352);
  cd.writable = false;
  ASSERT_TRUE(s.t.mesh.media_changed(s.t.provider("da0"), cd));
  EXPECT_EQ(issuer.ask(s.reader.edge(), Command::read, 0, 512), ENXIO) << "at once";
  ASSERT_TRUE(s.t.mesh.settle());
  EXPECT_EQ(seen.geoms(FactKind::consumer_orphaned), (Names{"writer", "reader", "other"}));
  EXPECT_EQ(s.t.mesh.census().geoms, 1U);
  EXPECT_EQ(s.t.provider("da0").properties(), cd);
  EXPECT_EQ(s.t.provider("da0").error(), 0);
  User& fresh = s.t.user("fresh", s.t.provider("da0"));
  ASSERT_TRUE(s.t.mesh.access(fresh.edge(), {1, 0, 0}));
  EXPECT_EQ(issuer.ask(fresh.edge(), Command::read, 2352, 2352), 0);
}

TEST(Media, Inv_G1_who_was_told_already_is_not_told_again) {
  Shared s;
  for (User* user : {&s.writer, &s.reader, &s.other}) user->on_orphaned = [](Consumer&) {};
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(s.t.mesh.media_changed(s.t.provider("da0"), properties_of_size(1 << 20)));
  }
  ASSERT_TRUE(s.t.mesh.settle());
  ASSERT_TRUE(s.t.mesh.media_changed(s.t.provider("da0"), properties_of_size(1 << 20)));
  ASSERT_TRUE(s.t.mesh.settle());
  EXPECT_EQ(s.reader.orphanings, 1);
}

TEST(Media, requests_in_flight_belong_to_the_old_medium_and_finish) {
  Shared s;
  ASSERT_TRUE(s.t.mesh.access(s.reader.edge(), {1, 0, 0}));
  Issuer issuer(s.t.mesh);
  s.disk.hold = true;
  issuer.issue(s.reader.edge(), Command::read, 0, 512);
  ASSERT_TRUE(s.t.mesh.media_changed(s.t.provider("da0"), properties_of_size(512)));
  s.t.executor.run();
  EXPECT_EQ(s.t.mesh.census().consumers, 1U) << "only the one with the request is left";
  s.disk.finish_all(EIO);
  ASSERT_TRUE(s.t.mesh.settle());
  EXPECT_EQ(issuer.errors, std::vector<int>{EIO});
  EXPECT_EQ(s.t.mesh.census().consumers, 0U);
}

TEST(Media, impossible_media_and_lost_disks_are_refused) {
  Shared s;
  Provider& disk = s.t.provider("da0");
  EXPECT_EQ(s.t.mesh.media_changed(disk, properties_of_size(1000, 512)).error().code, EINVAL);
  EXPECT_EQ(disk.media_size_bytes(), 1 << 20);
  s.t.mesh.orphan(disk);
  EXPECT_EQ(s.t.mesh.media_changed(disk, properties_of_size(512)).error().code, ENXIO);
}

TEST(Media, a_size_asked_for_the_old_medium_is_not_given_to_the_new) {
  Shared s;
  Provider& disk = s.t.provider("da0");
  ASSERT_TRUE(s.t.mesh.resize(disk, 3 * 512));
  ASSERT_TRUE(s.t.mesh.media_changed(disk, properties_of_size(10 * 2352, 2352)));
  ASSERT_TRUE(s.t.mesh.settle());
  EXPECT_EQ(disk.media_size_bytes(), 10 * 2352);
}

// Resize -----------------------------------------------------------------------------------------

// Follows its disk, as long as that has `least_bytes`.
class Follower final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::done(); }
  bool resized(Consumer& consumer) override {
    sizes.push_back(consumer.provider()->media_size_bytes());
    return sizes.back() >= least_bytes;
  }
  std::vector<std::int64_t> sizes;
  std::int64_t least_bytes = 0;
};

TEST(Resize, growth_is_announced_and_nobody_is_lost) {
  TestMesh t;
  t.source("da0", properties_of_size(1024 * 512));
  auto& follower = t.add<Follower>("f");
  Consumer& edge = **t.mesh.new_consumer(follower, t.provider("da0"));
  User& deaf = t.user("deaf", t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(edge, {1, 0, 0}));
  Recorder seen(t.mesh);
  ASSERT_TRUE(t.mesh.resize(t.provider("da0"), 2048 * 512));
  EXPECT_EQ(t.provider("da0").media_size_bytes(), 1024 * 512) << "resizing is an event";
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(follower.sizes, std::vector<std::int64_t>{2048 * 512});
  EXPECT_EQ(deaf.orphanings, 0);
  EXPECT_EQ(seen.count(FactKind::resized), 1U);
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(edge, Command::read, 2047 * 512, 512), 0);
}

TEST(Resize, Inv_E22_shrinking_is_the_end_for_those_who_can_not_follow) {
  TestMesh t;
  t.source("da0", properties_of_size(1024 * 512));
  auto& able = t.add<Follower>("able");
  Consumer& edge = **t.mesh.new_consumer(able, t.provider("da0"));
  t.user("deaf", t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  Recorder seen(t.mesh);
  ASSERT_TRUE(t.mesh.resize(t.provider("da0"), 512 * 512));
  ASSERT_TRUE(t.mesh.resize(t.provider("da0"), 256 * 512));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(able.sizes.size(), 2U);
  EXPECT_FALSE(edge.orphaned());
  EXPECT_EQ(seen.geoms(FactKind::consumer_orphaned), Names{"deaf"}) << "once, not twice";
  EXPECT_EQ(t.mesh.census().geoms, 2U);
}

TEST(Resize, the_same_size_and_impossible_ones_change_nothing) {
  Shared s;
  Provider& disk = s.t.provider("da0");
  Recorder seen(s.t.mesh);
  EXPECT_TRUE(s.t.mesh.resize(disk, 1 << 20));
  for (const std::int64_t size : {std::int64_t{1000}, std::int64_t{-512}}) {
    EXPECT_EQ(s.t.mesh.resize(disk, size).error().code, EINVAL) << size;
  }
  ASSERT_TRUE(s.t.mesh.settle());
  EXPECT_EQ(seen.count(FactKind::resized), 0U);
  s.t.mesh.orphan(disk);
  EXPECT_TRUE(s.t.mesh.resize(disk, 512));
  ASSERT_TRUE(s.t.mesh.settle());
  EXPECT_EQ(seen.count(FactKind::resized), 0U) << "what is lost has no size to change";
}

TEST(Resize, Inv_P3_requests_beyond_the_new_end_are_refused_those_out_there_finish) {
  TestMesh t;
  Source& disk = t.source("da0", properties_of_size(1024 * 512));
  auto& follower = t.add<Follower>("f");
  Consumer& edge = **t.mesh.new_consumer(follower, t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(edge, {1, 0, 0}));
  Issuer issuer(t.mesh);
  disk.hold = true;
  issuer.issue(edge, Command::read, 1000 * 512, 512);
  ASSERT_TRUE(t.mesh.resize(t.provider("da0"), 100 * 512));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(issuer.ask(edge, Command::read, 1000 * 512, 512), EIO);
  disk.finish_all();
  EXPECT_EQ(issuer.errors, (std::vector<int>{EIO, 0}));
}

// Properties -------------------------------------------------------------------------------------

// A layer whose properties are those of the disk below, but for the size.
class Mirror final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::remapped(consumers().front()); }
  Properties derive(const Provider& own) const override {
    Properties p = consumers().front().provider()->properties();
    p.media_size_bytes = own.media_size_bytes();
    return p;
  }
  void properties_changed(Consumer&) override { ++told; }
  int told = 0;
};

TEST(Announce, Inv_P1_a_change_reaches_all_above_once) {
  TestMesh t;
  t.source("da0");
  Provider* top = &t.provider("da0");
  std::vector<Mirror*> layers;
  for (int i = 0; i < 3; ++i) {
    layers.push_back(&t.add<Mirror>(sentence("m", i)));
    t.mesh.new_consumer(*layers.back(), *top).value();
    top = *t.mesh.new_provider(*layers.back(), sentence("m", i), top->properties());
    t.mesh.publish(*top);
  }
  ASSERT_TRUE(t.mesh.settle());
  Properties now = t.provider("da0").properties();
  now.writable = false;
  now.ident = "another";
  now.native = {980, 5, 17};
  ASSERT_TRUE(t.mesh.change_properties(t.provider("da0"), now));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(top->properties(), now) << "Inv_P2: a function of those below";
  for (const Mirror* layer : layers) EXPECT_EQ(layer->told, 1);
  ASSERT_TRUE(t.mesh.change_properties(t.provider("da0"), now));
  ASSERT_TRUE(t.mesh.settle());
  for (const Mirror* layer : layers) EXPECT_EQ(layer->told, 1) << "no change is no news";
}

TEST(Announce, Paper_36_native_geometry_and_the_rest_are_there_to_be_asked) {
  TestMesh t;
  Properties zip = properties_of_size(100'663'296);
  zip.native = {96, 64, 32};
  zip.deletable = true;
  zip.ident = "PAPER-1";
  t.source("da0", zip);
  const Properties& told = t.provider("da0").properties();
  EXPECT_EQ(told.sector_size_bytes, 512) << "Paper_31";
  EXPECT_EQ(told.sector_count(), 196'608) << "Paper_32";
  EXPECT_TRUE(told.writable) << "Paper_33";
  EXPECT_TRUE(told.deletable) << "Paper_34";
  EXPECT_EQ(told.native, (NativeGeometry{96, 64, 32}));
  EXPECT_EQ(std::int64_t{96} * 64 * 32, told.sector_count());
}

TEST(Announce, the_size_is_not_changed_by_the_way) {
  Shared s;
  Provider& disk = s.t.provider("da0");
  EXPECT_EQ(s.t.mesh.change_properties(disk, properties_of_size(512)).error().code, EINVAL);
  Properties odd = disk.properties();
  odd.sector_size_bytes = 1000;
  EXPECT_EQ(s.t.mesh.change_properties(disk, odd).error().code, EINVAL);
  odd.sector_size_bytes = 4096;
  EXPECT_TRUE(s.t.mesh.change_properties(disk, odd));
  ASSERT_TRUE(s.t.mesh.access(s.reader.edge(), {1, 0, 0}));
  Issuer issuer(s.t.mesh);
  EXPECT_EQ(issuer.ask(s.reader.edge(), Command::read, 512, 512), EINVAL);
  EXPECT_EQ(issuer.ask(s.reader.edge(), Command::read, 4096, 4096), 0);
}

}  // namespace
}  // namespace biotope
