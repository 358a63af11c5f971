#include "classes/disk/disk.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "classes/slicer/testing.h"

namespace biotope {
namespace {

using testing::Issuer;
using testing::SlicedMesh;
using testing::User;
using testing::zip_disk;

// All a driver has to know: what it serves, and how to serve one request.
class TinyDriver final : public DiskDriver {
 public:
  explicit TinyDriver(testing::Image image) : image_(std::move(image)) {}
  DiskTraits traits() const override {
    DiskTraits traits;
    traits.properties.media_size_bytes = static_cast<std::int64_t>(image_.size());
    return traits;
  }
  Verdict strategy(Bio& bio) override {
    bio.data.copy_in(std::span(image_).subspan(static_cast<std::size_t>(bio.position_bytes),
                                               static_cast<std::size_t>(bio.length_bytes)));
    return Verdict::done();
  }

 private:
  testing::Image image_;
};

TEST(Disk, Paper_70_a_driver_knows_nothing_of_tables_and_gets_its_partitions) {
  TinyDriver driver(zip_disk());
  SlicedMesh t;
  ASSERT_TRUE(add_disk(t.mesh, "da0", driver));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.names(), (std::vector<std::string>{"da0", "da0s1", "da0s2", "da0s1a", "da0s1b",
                                                 "da0s1c", "da0s1d"}));
}

TEST(Disk, Paper_39_strategy_goes_down_and_biodone_comes_up) {
  SlicedMesh t;
  const testing::Image image = zip_disk();
  t.disk("da0", image, {}, 1000);
  ASSERT_TRUE(t.mesh.settle());
  User& user = t.opened("user", "da0s2", kReadOnly);
  Issuer issuer(t.mesh);
  std::array<std::byte, 512> sector{};
  issuer.issue(user.edge(), Command::read, 0, 512, Data(sector.data()));
  EXPECT_TRUE(issuer.errors.empty()) << "the call down returns before the answer is there";
  t.executor.run();
  EXPECT_EQ(issuer.errors, std::vector<int>{0});
  EXPECT_TRUE(std::equal(sector.begin(), sector.end(), image.begin() + testing::kSlice2 * 512));
}

TEST(Disk, Paper_32_the_number_of_sectors_is_told_at_every_level) {
  SlicedMesh t;
  t.disk("da0", zip_disk());
  EXPECT_EQ(t.provider("da0").properties().sector_count(), 2048);
  EXPECT_EQ(t.provider("da0s1").properties().sector_count(), testing::kSlice1Sectors);
  EXPECT_EQ(t.provider("da0s1a").properties().sector_count(), 400);
}

TEST(Disk, Paper_34_whether_sectors_can_be_freed_is_told_and_is_so) {
  for (const bool deletable : {false, true}) {
    SlicedMesh t;
    Properties properties;
    properties.deletable = deletable;
    const testing::Image image = zip_disk();
    RamDriver& disk = t.disk("da0", image, properties);
    EXPECT_EQ(t.provider("da0s1a").properties().deletable, deletable);
    User& user = t.opened("user", "da0s2", kReadWriteExclusive);
    Issuer issuer(t.mesh);
    std::array<std::byte, 512> ones;
    ones.fill(std::byte{1});
    EXPECT_EQ(issuer.ask(user.edge(), Command::write, 512, 512, Data(ones.data())), 0);
    EXPECT_EQ(issuer.ask(user.edge(), Command::remove, 512, 512), deletable ? 0 : EOPNOTSUPP);
    const auto place = disk.bytes().begin() + (testing::kSlice2 + 1) * 512;
    EXPECT_EQ(std::count(place, place + 512, std::byte{1}), deletable ? 0 : 512);
  }
}

TEST(Disk, Paper_43_a_module_stands_on_the_whole_disk_beside_the_tables) {
  SlicedMesh t;
  t.disk("da0", zip_disk());
  testing::Pass& manager = t.pass("volume", t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(manager.consumers().front().provider(), &t.provider("da0"));
  EXPECT_EQ(manager.rank(), 2) << "nothing stands between it and the disk";
  User& user = t.opened("user", "volume", kReadWriteExclusive);
  EXPECT_EQ(t.provider("da0").access(), kReadWriteExclusive);
  // Each keeps the other out, as two users of one disk must.
  User& other = t.user("other", t.provider("volume"));
  EXPECT_FALSE(t.mesh.access(other.edge(), kReadWriteExclusive));
  EXPECT_TRUE(t.mesh.close(user.edge()));
}

// The O of the paper's drawings: what nobody above has for himself.
TEST(Disk, Paper_50_only_disks_that_nobody_stands_on_are_free_to_be_opened) {
  SlicedMesh t;
  t.disk("da0", zip_disk());
  t.opened("fs", "da0s1a", kReadWriteExclusive);
  std::vector<std::string> can_be_written;
  for (const std::string& name : t.names()) {
    User& user = t.user("probe " + name, t.provider(name));
    if (!t.mesh.access(user.edge(), kReadWriteExclusive)) continue;
    can_be_written.push_back(name);
    ASSERT_TRUE(t.mesh.close(user.edge()));
  }
  // Not da0 and da0s1, which modules stand on, nor c, which is all of what a is a part of.
  EXPECT_EQ(can_be_written, (std::vector<std::string>{"da0s2", "da0s1b", "da0s1d"}));
}

// The missing bit of section 5: modules are stitched together, and events pass between them.
TEST(Disk, Paper_71_a_change_below_is_carried_through_every_module) {
  SlicedMesh t;
  t.disk("da0", zip_disk());
  testing::Recorder seen(t.mesh);
  Properties changed = t.provider("da0").properties();
  changed.writable = false;
  ASSERT_TRUE(t.mesh.change_properties(t.provider("da0"), changed));
  ASSERT_TRUE(t.mesh.settle());
  for (const std::string& name : t.names()) {
    EXPECT_FALSE(t.provider(name).properties().writable) << name;
  }
  EXPECT_EQ(seen.count(FactKind::properties_changed), 7U) << "each is told of once";
}

}  // namespace
}  // namespace biotope
