// The paper's story of section 4 as far as partitions go: what is found, in which order, who may
// open what, and what happens when the disk is written past its tables or lost.
#include <gtest/gtest.h>

#include <algorithm>

#include "classes/slicer/testing.h"

namespace biotope {
namespace {

using testing::Image;
using testing::Issuer;
using testing::must;
using testing::Recorder;
using testing::SlicedMesh;
using testing::User;
using testing::zip_disk;
using Names = std::vector<std::string>;

// Who was asked to look at what, in order: "mbr da0".
class Tastes final : public Observer {
 public:
  explicit Tastes(Mesh& mesh) : mesh_(mesh) { mesh.facts().add(*this); }
  ~Tastes() override { mesh_.facts().remove(*this); }
  void on_fact(const Fact& f) override {
    if (f.kind == FactKind::tasting) asked.push_back(f.cls->name() + " " + f.provider->name());
  }
  Names asked;

 private:
  Mesh& mesh_;
};

Names sorted(Names names) {
  std::sort(names.begin(), names.end());
  return names;
}

const Names kZipNames = {"da0", "da0s1", "da0s2", "da0s1a", "da0s1b", "da0s1c", "da0s1d"};

TEST(Paper, Paper_45_classes_are_polled_in_the_order_they_were_loaded) {
  for (const bool mbr_first : {true, false}) {
    SlicedMesh t(mbr_first);
    Tastes tastes(t.mesh);
    t.disk("da0", zip_disk());
    ASSERT_GE(tastes.asked.size(), 4U);
    const Names first(tastes.asked.begin(), tastes.asked.begin() + 2);
    EXPECT_EQ(first, mbr_first ? (Names{"mbr da0", "bsd da0"}) : (Names{"bsd da0", "mbr da0"}));
  }
}

// A label on the whole disk beside an MBR with nothing in it, beside one with slices, and none.
TEST(Paper, Paper_45_what_is_found_does_not_depend_on_the_order) {
  Image dedicated(64 * 512);
  testing::put_bsd(dedicated, 512, {{16, 20}, {}, {0, 64, 0}});
  testing::put_mbr(dedicated, {{}, {}, {}, {0, 50000, 0xA5, 0x80}});
  Image both = dedicated;
  testing::put_mbr(both, {{10, 5, 0xA5}, {}, {}, {}});
  const std::vector<std::pair<Image, Names>> disks = {
      {dedicated, {"da0", "da0a", "da0c"}},
      {both, {"da0", "da0a", "da0c", "da0s1"}},
      {zip_disk(), sorted(kZipNames)},
      {Image(512), {"da0"}},
  };
  for (const auto& [image, expected] : disks) {
    for (const bool mbr_first : {true, false}) {
      SlicedMesh t(mbr_first);
      t.disk("da0", image);
      EXPECT_EQ(sorted(t.names()), expected) << mbr_first;
      const bool dedicated_to_bsd = expected.front() == "da0" && expected.back() == "da0c";
      EXPECT_TRUE(!dedicated_to_bsd || t.mesh.geom("mbr", "da0") == nullptr) << mbr_first;
    }
  }
}

TEST(Paper, Paper_46_an_mbr_makes_a_disk_of_each_slice) {
  SlicedMesh t;
  RamDriver& disk = t.disk("da0", zip_disk());
  EXPECT_EQ(t.provider("da0s1").media_size_bytes(), testing::kSlice1Sectors * 512);
  EXPECT_EQ(t.provider("da0s2").media_size_bytes(), testing::kSlice2Sectors * 512);
  const Geom& mbr = t.provider("da0s1").geom();
  EXPECT_EQ(&mbr, &t.provider("da0s2").geom());
  EXPECT_EQ(mbr.title(), "mbr da0");
  ASSERT_EQ(mbr.consumers().size(), 1U);
  EXPECT_EQ(mbr.consumers().front().provider(), &t.provider("da0"));

  disk.bytes()[testing::kSlice2 * 512 + 7] = std::byte{0x42};
  User& user = t.opened("user", "da0s2", kReadOnly);
  std::array<std::byte, 512> sector{};
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 0, 512, Data(sector.data())), 0);
  EXPECT_EQ(sector[7], std::byte{0x42});
}

TEST(Paper, Paper_47_a_label_in_a_slice_is_found_and_its_partitions_become_disks) {
  SlicedMesh t;
  RamDriver& disk = t.disk("da0", zip_disk());
  EXPECT_EQ(t.names(), kZipNames);
  EXPECT_EQ(t.provider("da0s1a").geom().title(), "bsd da0s1");
  EXPECT_EQ(t.provider("da0s1a").geom().rank(), 3);

  disk.bytes()[(testing::kSlice1 + 416) * 512] = std::byte{0x42};
  User& user = t.opened("user", "da0s1b", kReadOnly);
  std::array<std::byte, 512> sector{};
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 0, 512, Data(sector.data())), 0);
  EXPECT_EQ(sector[0], std::byte{0x42});
}

TEST(Paper, Paper_48_polling_ends_after_each_class_has_looked_at_each_disk_once) {
  SlicedMesh t;
  Tastes tastes(t.mesh);
  t.disk("da0", zip_disk());
  Names expected;
  for (const std::string& provider : kZipNames) {
    expected.push_back("mbr " + provider);
    expected.push_back("bsd " + provider);
  }
  EXPECT_EQ(sorted(tastes.asked), sorted(expected));
  EXPECT_TRUE(t.mesh.settled());
}

// Partitions that begin where their table's disk begins show the same sectors again.
TEST(Paper, Paper_48_a_table_that_contains_itself_is_found_once) {
  Image image(64 * 512);
  testing::put_mbr(image, {{1, 63, 0xA5}});
  testing::put_mbr(image, {{1, 62, 0xA5}}, 512);
  testing::put_bsd(image, 1024, {{0, 63}, {0, 63}, {0, 63, 0}});
  SlicedMesh t;
  Tastes tastes(t.mesh);
  t.disk("da0", image);
  EXPECT_EQ(t.names(), (Names{"da0", "da0s1", "da0s1a", "da0s1b", "da0s1c"}));
  EXPECT_EQ(tastes.asked.size(), t.names().size() * 2);
}

TEST(Paper, Paper_47_a_label_left_over_in_another_systems_slice_is_not_looked_at) {
  for (const auto& [type, found] : std::vector<std::pair<int, bool>>{
           {0xA5, true}, {0xA9, true}, {0x83, false}, {0x0C, false}}) {
    Image image = zip_disk();
    testing::put_mbr(
        image, {{testing::kSlice1, testing::kSlice1Sectors, static_cast<std::uint8_t>(type)}});
    SlicedMesh t;
    t.disk("da0", image);
    EXPECT_EQ(t.mesh.provider("da0s1a") != nullptr, found) << type;
  }
}

TEST(Paper, Paper_52_overlapping_partitions_are_not_both_mounted) {
  SlicedMesh t;
  t.disk("da0", zip_disk());
  t.opened("/usr", "da0s1a", kReadWriteExclusive);
  User& whole = t.user("/all", t.provider("da0s1c"));
  const Status refused = t.mesh.access(whole.edge(), kReadWriteExclusive);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EPERM);
  EXPECT_EQ(refused.error().text,
            "bsd da0s1 refuses to open da0s1c for writing to test /all: it shares bytes with "
            "da0s1a, which test /usr has exclusively (r1w1e1); close that first");
  must(t.mesh.access(whole.edge(), kReadOnly));
  t.opened("/var", "da0s1b", kReadWriteExclusive);
}

TEST(Paper, Paper_53_the_first_open_passes_down_to_the_disk) {
  SlicedMesh t;
  t.disk("da0", zip_disk());
  User& user = t.user("/usr", t.provider("da0s1a"));
  Recorder seen(t.mesh);
  must(t.mesh.access(user.edge(), kReadWriteExclusive));
  EXPECT_EQ(seen.geoms(FactKind::access_asked), (Names{"da0s1", "da0", "da0"}))
      << "the label's geom, the MBR's and the disk's";
  EXPECT_EQ(t.provider("da0s1").access(), kReadWriteExclusive);
  EXPECT_EQ(t.provider("da0").access(), kReadWriteExclusive);
}

TEST(Paper, Paper_54_the_second_mount_asks_nobody_below) {
  SlicedMesh t;
  t.disk("da0", zip_disk());
  t.opened("/usr", "da0s1a", kReadWriteExclusive);
  User& second = t.user("/var", t.provider("da0s1b"));
  Recorder seen(t.mesh);
  must(t.mesh.access(second.edge(), kReadWriteExclusive));
  EXPECT_EQ(seen.geoms(FactKind::access_asked), (Names{"da0s1"}));
  EXPECT_EQ(seen.count(FactKind::access_granted), 1U);
  EXPECT_EQ(t.provider("da0s1").access(), kReadWriteExclusive);
}

TEST(Paper, Paper_55_the_other_slice_opens_on_its_own) {
  SlicedMesh t;
  t.disk("da0", zip_disk());
  t.opened("/usr", "da0s1a", kReadWriteExclusive);
  User& dos = t.user("/dos", t.provider("da0s2"));
  Recorder seen(t.mesh);
  must(t.mesh.access(dos.edge(), kReadWriteExclusive));
  EXPECT_EQ(seen.geoms(FactKind::access_asked), (Names{"da0"})) << "the MBR, and not the disk";
}

TEST(Paper, Paper_56_the_slice_under_a_mounted_label_is_not_opened_for_writing) {
  SlicedMesh t;
  t.disk("da0", zip_disk());
  User& mounted = t.opened("/usr", "da0s1a", kReadWriteExclusive);
  User& raw = t.user("raw", t.provider("da0s1"));
  const Status refused = t.mesh.access(raw.edge(), {1, 1, 0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EPERM);
  EXPECT_EQ(refused.error().text,
            "mbr da0 refuses to open da0s1 for writing to test raw: bsd da0s1 has it exclusively "
            "(r1w1e1); close that first");
  must(t.mesh.close(mounted.edge()));
  EXPECT_TRUE(t.mesh.access(raw.edge(), {1, 1, 0}));
}

TEST(Paper, Paper_33_a_write_protected_disk_has_write_protected_partitions) {
  SlicedMesh t;
  Properties protected_disk;
  protected_disk.writable = false;
  t.disk("da0", zip_disk(), protected_disk);
  EXPECT_FALSE(t.provider("da0s1a").properties().writable);
  User& user = t.user("/usr", t.provider("da0s1a"));
  const Status refused = t.mesh.access(user.edge(), kReadWriteExclusive);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EROFS);
  must(t.mesh.access(user.edge(), kReadOnly));
}

TEST(Paper, Paper_36_native_geometry_reaches_the_users_of_partitions) {
  SlicedMesh t;
  Properties disk;
  disk.native = {96, 64, 32};
  disk.ident = "ZIP-1";
  t.disk("da0", zip_disk(), disk);
  EXPECT_EQ(t.provider("da0s1a").properties().native, disk.native);
  User& user = t.opened("user", "da0s1a", kReadOnly);
  EXPECT_EQ(t.attribute(user, "GEOM::ident"), "ZIP-1");
  auto heads = get_attribute(user.edge(), "GEOM::fwheads", sizeof(std::int64_t));
  heads.start();
  t.executor.run();
  EXPECT_EQ(heads.result()->at(0), std::byte{64});
}

TEST(Paper, Paper_31_partitions_have_the_sectors_of_their_disk) {
  Image image(64 * 4096);
  testing::put_mbr(image, {{4, 60, 0xA5}});
  testing::put_bsd(image, 5 * 4096, {{2, 10}}, false, 4096);
  Properties disk;
  disk.sector_size_bytes = 4096;
  SlicedMesh t;
  t.disk("da0", image, disk);
  EXPECT_EQ(t.provider("da0s1a").sector_size_bytes(), 4096);
  EXPECT_EQ(t.provider("da0s1a").properties().sector_count(), 10);
  EXPECT_EQ(start_on_disk_bytes(t.provider("da0s1a")), 6 * 4096);
}

TEST(Paper, Paper_80_each_class_does_its_part_without_the_other) {
  DiskTraits traits;
  const Image image = zip_disk();
  traits.properties.media_size_bytes = static_cast<std::int64_t>(image.size());
  RamDriver driver(traits);
  driver.bytes() = image;
  testing::TestMesh t;
  must(t.mesh.load(std::make_unique<DiskClass>()));
  must(t.mesh.load(std::make_unique<MbrClass>()));
  ASSERT_TRUE(add_disk(t.mesh, "da0", driver));
  t.mesh.settle();
  EXPECT_NE(t.mesh.provider("da0s1"), nullptr);
  EXPECT_EQ(t.mesh.provider("da0s1a"), nullptr);
  must(t.mesh.load(std::make_unique<BsdClass>()));
  t.mesh.settle();
  EXPECT_NE(t.mesh.provider("da0s1a"), nullptr)
      << "a class that comes later is offered what is there";
  must(t.mesh.unload("bsd"));
  t.mesh.settle();
  EXPECT_EQ(t.mesh.provider("da0s1a"), nullptr);
  EXPECT_NE(t.mesh.provider("da0s1"), nullptr);
}

TEST(Paper, Paper_59_loss_climbs_through_the_tables_to_the_users) {
  SlicedMesh t;
  const Census before = t.mesh.census();
  constexpr std::int64_t kLatency = 1'000'000;
  RamDriver& disk = t.disk("da0", zip_disk(), {}, kLatency);
  t.mesh.settle();
  User& usr = t.opened("/usr", "da0s1a", kReadWriteExclusive);
  User& dos = t.opened("/dos", "da0s2", kReadWriteExclusive);
  Recorder seen(t.mesh);
  Issuer issuer(t.mesh);
  std::array<std::byte, 512> memory{};
  issuer.issue(usr.edge(), Command::write, 0, 512, Data(memory.data()));
  issuer.issue(dos.edge(), Command::read, 512, 512, Data(memory.data()));
  disk.pull();
  t.executor.run();
  EXPECT_EQ(issuer.errors, (std::vector<int>{ENXIO, ENXIO}));
  EXPECT_EQ(seen.geoms(FactKind::consumer_orphaned), (Names{"da0", "da0s1", "/dos", "/usr"}));
  EXPECT_EQ(seen.geoms(FactKind::geom_freed).back(), "da0") << "the disk goes last";
  EXPECT_EQ(t.mesh.census(), before);
}

// Without its guard a slicer believes what it has read. Whoever writes to the raw disk makes it go,
// and the last close brings it back with what is there then. With its guard: magic_test.cc.
TEST(Paper, Paper_30_without_a_guard_a_table_is_taken_up_at_the_last_close) {
  SlicedMesh t;
  Values off;
  off.set("guard", false);
  must(t.mesh.configure("mbr", off));
  t.disk("da0", zip_disk());
  User& raw = t.opened("raw", "da0", {1, 1, 0});
  t.mesh.settle();
  EXPECT_EQ(t.names(), (Names{"da0"})) << "while it is written nobody trusts its tables";
  Image changed = zip_disk();
  testing::put_mbr(changed, {{100, 50, 0x83}, {}});
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(raw.edge(), Command::write, 0, 512, Data(changed.data())), 0);
  must(t.mesh.close(raw.edge()));
  t.mesh.settle();
  EXPECT_EQ(t.names(), (Names{"da0", "da0s1"}));
  EXPECT_EQ(t.provider("da0s1").media_size_bytes(), 50 * 512);
}

TEST(Paper, Inv_E12_spoiling_and_tasting_again_leaves_one_provider_of_each_name) {
  SlicedMesh t;
  t.disk("da0", zip_disk());
  const Census once = t.mesh.census();
  User& raw = t.user("raw", t.provider("da0"));
  for (int i = 0; i < 3; ++i) {
    must(t.mesh.access(raw.edge(), {1, 1, 0}));
    must(t.mesh.close(raw.edge()));
    t.mesh.settle();
    EXPECT_EQ(sorted(t.names()), sorted(kZipNames));
  }
  t.mesh.wither(raw);
  t.mesh.settle();
  EXPECT_EQ(t.mesh.census(), once);
}

// Whenever a writer comes and goes while the classes look, what counts in the end is what he left.
TEST(Paper, Inv_E29_a_table_written_while_it_is_read_is_read_again) {
  constexpr std::int64_t kLatency = 1'000'000;
  Image changed = zip_disk();
  testing::put_mbr(changed, {{100, 50, 0x83}, {}});
  for (std::int64_t at = 0; at < 12 * kLatency; at += kLatency / 2) {
    SlicedMesh t;
    RamDriver& disk = t.disk("da0", zip_disk(), {}, kLatency);
    User& raw = t.user("raw", t.provider("da0"));
    const auto write = [&] {
      must(t.mesh.access(raw.edge(), {1, 1, 0}));
      disk.bytes() = changed;
      must(t.mesh.close(raw.edge()));
    };
    // In two steps, so that it comes after what the disk completes at the same instant and before
    // whoever waits for that goes on.
    t.executor.after(at, [&] { t.executor.after(kLatency / 2, write); });
    t.executor.run();
    ASSERT_NE(t.mesh.provider("da0s1"), nullptr) << at;
    EXPECT_EQ(t.provider("da0s1").media_size_bytes(), 50 * 512) << at;
    EXPECT_EQ(t.mesh.provider("da0s1a"), nullptr) << at;
  }
}

TEST(Paper, a_refused_table_is_told_and_the_disk_stays_usable) {
  Image image = zip_disk();
  testing::put_mbr(image, {{100, 50, 0x83}, {120, 50, 0x83}});
  SlicedMesh t;
  Recorder seen(t.mesh);
  t.disk("da0", image);
  EXPECT_EQ(t.names(), (Names{"da0"}));
  ASSERT_EQ(seen.count(FactKind::note), 1U);
  const auto note = std::find_if(seen.lines.begin(), seen.lines.end(),
                                 [](const auto& line) { return line.kind == FactKind::note; });
  EXPECT_EQ(note->provider, "da0");
  EXPECT_EQ(note->error, EINVAL);
  EXPECT_EQ(
      note->text,
      "da0: its mbr table is refused: partition s2 (25600 bytes from 61440) overlaps partition "
      "s1 (25600 bytes from 51200)");
  t.opened("raw", "da0", kReadWriteExclusive);
}

TEST(Paper, Inv_E37_any_changed_byte_of_a_table_leaves_a_sound_mesh) {
  for (const std::size_t sector : {std::size_t{0}, std::size_t{testing::kSlice1 + 1}}) {
    for (std::size_t at = sector * 512; at < (sector + 1) * 512; ++at) {
      Image image = zip_disk();
      image[at] ^= std::byte{0xFF};
      SlicedMesh t;
      t.disk("da0", image);
      ASSERT_TRUE(t.mesh.settled());
      ASSERT_EQ(testing::what_is_wrong(t.mesh), "") << at;
      for (const Geom& geom : t.mesh.geoms()) {
        if (Slicer::of(geom) == nullptr) continue;
        const std::int64_t size = geom.consumers().front().provider()->media_size_bytes();
        for (const Provider& p : geom.providers()) {
          ASSERT_GT(p.media_size_bytes(), 0) << at;
          ASSERT_LE(Slicer::of(geom)->slice_of(p).end_bytes(), size) << at;
        }
      }
    }
  }
}

TEST(Paper, a_disk_too_small_for_a_table_is_left_in_peace) {
  for (const std::size_t bytes : {0, 512, 1024}) {
    SlicedMesh t;
    Recorder seen(t.mesh);
    t.disk("da0", Image(bytes));
    EXPECT_EQ(t.names(), (Names{"da0"}));
    EXPECT_EQ(seen.count(FactKind::note), 0U) << bytes;
  }
}

// A disk of which the first sectors can not be read.
class Unreadable final : public DiskDriver {
 public:
  DiskTraits traits() const override {
    DiskTraits traits;
    traits.properties.media_size_bytes = 1 << 20;
    return traits;
  }
  Verdict strategy(Bio& bio) override { return Verdict::done(bio.position_bytes < 4096 ? EIO : 0); }
};

TEST(Paper, an_unreadable_table_is_told_and_the_disk_stays_usable) {
  Unreadable driver;
  SlicedMesh t;
  Recorder seen(t.mesh);
  ASSERT_TRUE(add_disk(t.mesh, "da0", driver));
  t.mesh.settle();
  EXPECT_EQ(t.names(), (Names{"da0"}));
  EXPECT_EQ(seen.count(FactKind::note), 2U) << "each class says that it could not look";
  User& raw = t.opened("raw", "da0", kReadWriteExclusive);
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(raw.edge(), Command::write, 8192, 512), 0);
}

}  // namespace
}  // namespace biotope
