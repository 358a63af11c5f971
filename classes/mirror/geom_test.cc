// The cases of GEOM's own test suite for mirrors (geom.md D).
#include <gtest/gtest.h>

#include "classes/mirror/testing.h"

namespace biotope::mirror {
namespace {

using biotope::testing::Medium;
using biotope::testing::MirrorMesh;
using biotope::testing::pattern;
using biotope::testing::record_on;
using biotope::testing::same;

constexpr std::int64_t kMiB = 1 << 20;

struct Three {
  explicit Three(Balance balance = Balance::round_robin) {
    for (int i = 0; i < 3; ++i) m.plug("da" + std::to_string(i), media[i]);
    EXPECT_EQ(m.label("home", {"da0", "da1", "da2"}, balance), 0) << m.said;
    m.settle();
  }
  Medium media[3]{Medium(kMiB), Medium(kMiB), Medium(kMiB)};
  MirrorMesh m;
  static constexpr std::int64_t kSize = kMiB - 512;
};

TEST(MirrorCases, Geom_mirror_1_size_is_the_smallest_without_its_last_sector) {
  Medium media[]{Medium(kMiB), Medium(2 * kMiB), Medium(3 * kMiB)};
  MirrorMesh m;
  for (int i = 0; i < 3; ++i) m.plug("da" + std::to_string(i), media[i]);
  ASSERT_EQ(m.label("home", {"da0", "da1", "da2"}), 0) << m.said;
  m.settle();
  ASSERT_NE(m.t.mesh.provider("mirror/home"), nullptr);
  EXPECT_EQ(m.t.provider("mirror/home").media_size_bytes(), 1048064);
  EXPECT_EQ(m.t.provider("mirror/home").sector_size_bytes(), 512);
}

TEST(MirrorCases, Geom_mirror_2_what_is_written_is_on_all_disks) {
  Three three;
  Consumer& edge = three.m.open("home");
  const Bytes data = pattern(Three::kSize, 2);
  ASSERT_EQ(three.m.write(edge, 0, data), 0);
  Bytes back(data.size());
  ASSERT_EQ(three.m.read(edge, 0, back), 0);
  EXPECT_EQ(back, data);
  EXPECT_TRUE(same(three.media[0], three.media[1], Three::kSize));
  EXPECT_TRUE(same(three.media[0], three.media[2], Three::kSize));
  EXPECT_TRUE(std::equal(data.begin(), data.end(), three.media[0].bytes.begin()));
}

class MirrorRemoves : public ::testing::TestWithParam<Balance> {};

TEST_P(MirrorRemoves, Geom_mirror_3_4_5_7_disks_are_removed_one_by_one) {
  Three three(GetParam());
  MirrorMesh& m = three.m;
  Consumer& edge = m.open("home");
  const Bytes data = pattern(Three::kSize, 3);
  ASSERT_EQ(m.write(edge, 0, data), 0);
  Mirror& mirror = *m.find("home");
  for (const char* disk : {"da0", "da1"}) {
    ASSERT_EQ(m.ask([&](auto then) { mirror.remove(disk, then); }), 0) << m.said;
    Bytes back(data.size());
    ASSERT_EQ(m.read(edge, 0, back), 0);
    EXPECT_EQ(back, data);
  }
  EXPECT_EQ(m.ask([&](auto then) { mirror.remove("da2", then); }), EBUSY);
  Bytes back(data.size());
  ASSERT_EQ(m.read(edge, 0, back), 0);
  EXPECT_EQ(back, data);
  EXPECT_EQ(m.t.provider("mirror/home").error(), 0);
  EXPECT_FALSE(record_on(three.media[0]));
  EXPECT_FALSE(record_on(three.media[1]));
  EXPECT_EQ(record_on(three.media[2])->disks, 1);
}
INSTANTIATE_TEST_SUITE_P(Balances, MirrorRemoves,
                         ::testing::Values(Balance::round_robin, Balance::load, Balance::split,
                                           Balance::prefer));

TEST(MirrorCases, Geom_mirror_6_a_removed_disk_is_inserted_and_rebuilt) {
  Three three;
  MirrorMesh& m = three.m;
  Consumer& edge = m.open("home");
  ASSERT_EQ(m.write(edge, 0, pattern(Three::kSize, 6)), 0);
  Mirror& mirror = *m.find("home");
  ASSERT_EQ(m.ask([&](auto then) { mirror.remove("da1", then); }), 0) << m.said;
  m.settle();
  std::ranges::fill(three.media[1].bytes, std::byte{0});
  ASSERT_EQ(m.ask([&](auto then) { mirror.insert("da1", {}, then); }), 0) << m.said;
  m.settle();
  EXPECT_TRUE(mirror.complete()) << mirror.status();
  EXPECT_TRUE(same(three.media[0], three.media[1], Three::kSize));
}

TEST(MirrorCases, Geom_mirror_8_both_disks_yanked_while_written_come_back_equal) {
  Medium media[]{Medium(kMiB), Medium(kMiB)};
  MirrorMesh m;
  m.plug("da0", media[0]);
  m.plug("da1", media[1]);
  ASSERT_EQ(m.label("home", {"da0", "da1"}), 0);
  m.run_for(1);
  Consumer& edge = m.open("home");
  ASSERT_EQ(m.write(edge, 0, pattern(4096, 8)), 0);
  m.drive("da0").pull();
  m.drive("da1").pull();
  m.settle();
  EXPECT_EQ(m.find("home"), nullptr);
  std::ranges::fill_n(media[0].bytes.begin(), 2048, std::byte{1});
  std::ranges::fill_n(media[1].bytes.begin(), 4096, std::byte{2});
  MirrorMesh again;
  again.plug("da0", media[0]);
  again.plug("da1", media[1]);
  again.settle();
  ASSERT_NE(again.find("home"), nullptr);
  EXPECT_TRUE(again.find("home")->complete()) << again.find("home")->status();
  EXPECT_TRUE(same(media[0], media[1], kMiB - 512));
}

TEST(MirrorCases, Geom_mirror_9_a_disk_whose_metadata_can_not_be_written_is_replaced) {
  Three three;
  MirrorMesh& m = three.m;
  Consumer& edge = m.open("home");
  m.drive("da1").write_error = EIO;
  ASSERT_EQ(m.write(edge, 0, pattern(4096, 9)), 0);
  m.settle();
  Mirror& mirror = *m.find("home");
  EXPECT_EQ(mirror.members().size(), 2U) << mirror.status();
  m.drive("da1").write_error = 0;
  ASSERT_EQ(m.ask([&](auto then) { mirror.forget(then); }), 0) << m.said;
  ASSERT_EQ(m.ask([&](auto then) { mirror.insert("da1", {}, then); }), 0) << m.said;
  m.settle();
  EXPECT_TRUE(mirror.complete()) << mirror.status();
  ASSERT_EQ(m.ask([&](auto then) { mirror.deactivate("da2", then); }), 0) << m.said;
  ASSERT_EQ(m.write(edge, 8192, pattern(4096, 10)), 0);
  m.settle();
  EXPECT_FALSE(same(three.media[0], three.media[2], Three::kSize));
  ASSERT_EQ(m.ask([&](auto then) { mirror.activate("da2", then); }), 0) << m.said;
  m.settle();
  EXPECT_TRUE(mirror.complete()) << mirror.status();
  EXPECT_TRUE(same(three.media[0], three.media[1], Three::kSize));
  EXPECT_TRUE(same(three.media[0], three.media[2], Three::kSize));
}

// A mirror of two whose da1 fails in one way.
struct Failing {
  Failing() {
    m.plug("da0", media[0]);
    m.plug("da1", media[1]);
    EXPECT_EQ(m.label("home", {"da0", "da1"}), 0) << m.said;
    m.settle();
    edge = &m.open("home");
    EXPECT_EQ(m.write(*edge, 0, pattern(4096, 1)), 0);
    m.settle();
    before = *record_on(media[0]);
  }
  std::uint32_t genids_since() const { return record_on(media[0])->genid - before.genid; }
  std::uint32_t syncids_since() const { return record_on(media[0])->syncid - before.syncid; }
  // Twice, so that both disks are asked.
  void read_twice() {
    for (int i = 0; i < 2; ++i) {
      Bytes back(4096);
      ASSERT_EQ(m.read(*edge, 0, back), 0);
      EXPECT_EQ(back, pattern(4096, 1));
    }
  }
  Medium media[2]{Medium(kMiB), Medium(kMiB)};
  MirrorMesh m;
  Consumer* edge = nullptr;
  Record before;
};

TEST(MirrorCases, Geom_mirror_10_a_disk_with_a_read_error_is_broken_and_stays_out) {
  Failing f;
  f.m.drive("da1").read_error = EIO;
  f.read_twice();
  f.m.drive("da1").read_error = 0;
  f.m.settle();
  EXPECT_EQ(f.genids_since(), 1U);
  EXPECT_EQ(f.syncids_since(), 0U);
  EXPECT_EQ(f.m.find("home")->members().size(), 1U);
  f.m.unplug("da1");
  f.m.plug("da1", f.media[1]);
  f.m.settle();
  EXPECT_EQ(f.m.find("home")->members().size(), 1U);
}

TEST(MirrorCases, Geom_mirror_11_a_disk_that_vanishes_under_a_read_comes_back) {
  Failing f;
  // Its metadata can be read still, as after a path that flaps; so it is found again.
  f.m.drive("da1").spare_metadata = true;
  f.m.drive("da1").read_error = ENXIO;
  f.read_twice();
  EXPECT_EQ(f.genids_since(), 0U);
  EXPECT_EQ(f.syncids_since(), 0U);
  f.m.unplug("da1");
  ASSERT_EQ(f.m.write(*f.edge, 8192, pattern(4096, 2)), 0);
  EXPECT_EQ(f.genids_since(), 0U);
  EXPECT_EQ(f.syncids_since(), 1U);
  f.m.plug("da1", f.media[1]);
  f.m.settle();
  EXPECT_TRUE(f.m.find("home")->complete()) << f.m.find("home")->status();
  EXPECT_TRUE(same(f.media[0], f.media[1], kMiB - 512));
}

TEST(MirrorCases, Geom_mirror_12_a_disk_with_a_write_error_is_broken_and_stays_out) {
  Failing f;
  f.m.drive("da1").spare_metadata = true;
  f.m.drive("da1").write_error = EIO;
  ASSERT_EQ(f.m.write(*f.edge, 0, pattern(4096, 2)), 0);
  EXPECT_EQ(f.genids_since(), 1U);
  EXPECT_EQ(f.syncids_since(), 0U);
  f.m.drive("da1").write_error = 0;
  f.m.unplug("da1");
  f.m.plug("da1", f.media[1]);
  f.m.settle();
  EXPECT_EQ(f.m.find("home")->members().size(), 1U);
}

TEST(MirrorCases, Geom_mirror_13_a_disk_that_vanishes_under_a_write_comes_back) {
  Failing f;
  f.m.drive("da1").spare_metadata = true;
  f.m.drive("da1").write_error = ENXIO;
  f.m.drive("da1").on_request = [&](Bio& bio) {
    // One write fails; after that the path is there again.
    if (bio.command == Command::write && bio.length_bytes == 4096) return;
    f.m.drive("da1").write_error = bio.command == Command::read ? 0 : ENXIO;
  };
  ASSERT_EQ(f.m.write(*f.edge, 0, pattern(4096, 2)), 0);
  EXPECT_EQ(f.genids_since(), 0U);
  EXPECT_EQ(f.syncids_since(), 1U);
  f.m.drive("da1").on_request = nullptr;
  f.m.drive("da1").write_error = 0;
  f.m.settle();
  EXPECT_TRUE(f.m.find("home")->complete()) << f.m.find("home")->status();
  EXPECT_TRUE(same(f.media[0], f.media[1], kMiB - 512));
}

TEST(MirrorCases, Geom_mirror_sync_error_2_disks_the_new_disk_is_kicked) {
  Medium media[]{Medium(kMiB), Medium(kMiB)};
  MirrorMesh m;
  m.plug("da0", media[0]);
  m.plug("da1", media[1]);
  ASSERT_EQ(m.label("home", {"da0"}), 0);
  m.settle();
  m.drive("da0").medium().bad.insert(1000);
  Mirror& mirror = *m.find("home");
  ASSERT_EQ(m.ask([&](auto then) { mirror.insert("da1", {}, then); }), 0) << m.said;
  m.settle();
  EXPECT_EQ(mirror.status().substr(0, 8), "DEGRADED");
  ASSERT_EQ(mirror.members().size(), 1U);
  EXPECT_EQ(mirror.members().front()->provider, "da0");
  EXPECT_EQ(mirror.members().front()->state, Member::State::active);
}

TEST(MirrorCases, Geom_mirror_sync_error_3_disks_the_failing_source_is_kicked) {
  Medium media[]{Medium(kMiB), Medium(kMiB), Medium(kMiB)};
  MirrorMesh m;
  for (int i = 0; i < 3; ++i) m.plug("da" + std::to_string(i), media[i]);
  ASSERT_EQ(m.label("home", {"da0", "da1"}, Balance::prefer), 0);
  m.settle();
  Consumer& edge = m.open("home");
  ASSERT_EQ(m.write(edge, 0, pattern(kMiB - 512, 1)), 0);
  m.settle();
  m.drive("da0").medium().bad.insert(1000);
  Mirror& mirror = *m.find("home");
  ASSERT_EQ(m.ask([&](auto then) { mirror.insert("da2", {}, then); }), 0) << m.said;
  m.settle();
  EXPECT_EQ(mirror.member("da0"), nullptr) << mirror.status();
  ASSERT_NE(mirror.member("da2"), nullptr);
  EXPECT_EQ(mirror.member("da2")->state, Member::State::active);
  EXPECT_TRUE(same(media[1], media[2], kMiB - 512));
}

TEST(MirrorCases, Geom_mirror_component_selection_run_latest_genid) {
  // Three generations of a mirror, the older ones by losing disks to read errors.
  Medium media[]{Medium(kMiB), Medium(kMiB), Medium(kMiB)};
  {
    MirrorMesh m;
    for (int i = 0; i < 3; ++i) m.plug("da" + std::to_string(i), media[i]);
    ASSERT_EQ(m.label("home", {"da0", "da1", "da2"}), 0);
    m.settle();
    Consumer& edge = m.open("home");
    for (const char* disk : {"da2", "da1"}) {
      m.drive(disk).write_error = EIO;
      ASSERT_EQ(m.write(edge, 0, pattern(4096, 4)), 0);
      m.settle();
    }
  }
  EXPECT_EQ(record_on(media[0])->genid, 2U);
  EXPECT_EQ(record_on(media[1])->genid, 1U);
  EXPECT_EQ(record_on(media[2])->genid, 0U);
  int order[] = {0, 1, 2};
  do {
    MirrorMesh m;
    for (const int i : order) m.plug("da" + std::to_string(i), media[i]);
    m.settle();
    Mirror* mirror = m.find("home");
    ASSERT_NE(mirror, nullptr);
    EXPECT_EQ(mirror->state(), Mirror::State::running);
    ASSERT_EQ(mirror->members().size(), 1U) << mirror->status();
    EXPECT_EQ(mirror->members().front()->provider, "da0");
    EXPECT_EQ(mirror->consumers().front().access(), kReadWriteExclusive);
    EXPECT_EQ(m.t.provider("da1").access(), Access{});
  } while (std::next_permutation(order, order + 3));
}

}  // namespace
}  // namespace biotope::mirror
