#include "classes/metadata/metadata.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

#include "classes/disk/disk.h"
#include "classes/disk/ram_driver.h"
#include "model/testing.h"

namespace biotope::metadata {
namespace {

using biotope::testing::Recorder;
using biotope::testing::TestMesh;

constexpr Kind kKind{.magic = "GEOM::TEST", .newest = 3, .bytes = 64};

std::string text_of(std::span<const std::byte> bytes, std::size_t at, std::size_t length) {
  return {reinterpret_cast<const char*>(bytes.data()) + at, length};
}

TEST(Metadata, a_blank_sector_is_magic_version_and_zeros) {
  const Bytes sector = blank(kKind, 3, 512);
  ASSERT_EQ(sector.size(), 512U);
  EXPECT_EQ(text_of(sector, 0, 16), std::string("GEOM::TEST\0\0\0\0\0\0", 16));
  EXPECT_EQ(text_of(sector, 16, 4), std::string("\3\0\0\0", 4));
  EXPECT_TRUE(std::all_of(sector.begin() + 20, sector.end(),
                          [](std::byte b) { return b == std::byte{0}; }));
}

TEST(Metadata, what_is_known_is_recognised_and_what_is_newer_refused_with_a_hint) {
  const Result<Found> found = recognise(kKind, blank(kKind, 2, 512), "da0");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->version, 2U);

  const Result<Found> newer = recognise(kKind, blank(kKind, 4, 512), "da0");
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, EOPNOTSUPP);
  EXPECT_NE(newer.error().text.find("da0 holds GEOM::TEST metadata of version 4"),
            std::string::npos);

  constexpr Kind kOther{.magic = "GEOM::TES", .newest = 9, .bytes = 64};
  EXPECT_EQ(recognise(kOther, blank(kKind, 2, 512), "da0").error().code, kNone);
  EXPECT_EQ(recognise(kKind, blank(kKind, 2, 63), "da0").error().code, kNone);
  EXPECT_EQ(recognise(kKind, {}, "da0").error().code, kNone);
}

TEST(Metadata, a_multipath_version_lies_elsewhere) {
  constexpr Kind kFar{.magic = "GEOM::FAR", .newest = 1, .bytes = 80, .version = layout::le32(72)};
  const Bytes sector = blank(kFar, 1, 512);
  EXPECT_EQ(std::to_integer<int>(sector[72]), 1);
  EXPECT_EQ(std::to_integer<int>(sector[16]), 0);
  EXPECT_TRUE(recognise(kFar, sector, "da0"));
}

// RFC 1321, appendix A.5.
TEST(Metadata, the_seal_is_an_md5_of_all_before_it) {
  Bytes sector(64);
  for (std::size_t i = 0; i < 3; ++i) sector[i] = static_cast<std::byte>("abc"[i]);
  seal(sector, 3);
  EXPECT_EQ(text_of(sector, 3, 16),
            "\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72");
}

RC_GTEST_PROP(MetadataSeal, any_change_before_or_in_the_seal_is_seen, ()) {
  Bytes sector(128);
  for (std::byte& b : sector) b = static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>());
  seal(sector, 100);
  RC_ASSERT(sealed(sector, 100));
  const auto where = *rc::gen::inRange<std::size_t>(0, 116);
  sector[where] ^= static_cast<std::byte>(1 << *rc::gen::inRange(0, 8));
  RC_ASSERT(!sealed(sector, 100));
}

TEST(Metadata, Inv_E27_of_nested_providers_only_the_one_of_that_size_owns_the_last_sector) {
  TestMesh t;
  t.source("da0", biotope::testing::properties_of_size(1 << 20));
  t.source("da0s2", biotope::testing::properties_of_size(1 << 19));
  const Owner slice{.provider = "", .provsize = 1 << 19};
  EXPECT_EQ(belongs(slice, t.provider("da0")).error().code, kNone);
  EXPECT_TRUE(belongs(slice, t.provider("da0s2")));
  EXPECT_TRUE(belongs({}, t.provider("da0")));
}

TEST(Metadata, a_name_holds_through_a_rename_of_the_driver) {
  TestMesh t;
  t.source("ada1p2");
  t.source("adapter");
  EXPECT_TRUE(belongs({.provider = "ada1p2"}, t.provider("ada1p2")));
  EXPECT_TRUE(belongs({.provider = "ad1p2"}, t.provider("ada1p2")));
  EXPECT_FALSE(belongs({.provider = "ad11p2"}, t.provider("ada1p2")));
  EXPECT_FALSE(belongs({.provider = "da1p2"}, t.provider("ada1p2")));
  EXPECT_FALSE(belongs({.provider = "adpter"}, t.provider("adapter")));
}

struct OneDisk {
  explicit OneDisk(std::int64_t size_bytes, std::int64_t sector_bytes = 512)
      : driver(DiskTraits{.properties =
                              biotope::testing::properties_of_size(size_bytes, sector_bytes)}) {
    EXPECT_TRUE(t.mesh.load(std::make_unique<DiskClass>()));
    EXPECT_TRUE(add_disk(t.mesh, "da0", driver));
    edge = &t.user("user", t.provider("da0")).edge();
    t.mesh.settle();
    EXPECT_TRUE(t.mesh.access(*edge, kReadWriteExclusive));
  }
  template <class T>
  T run(Task<T> task) {
    task.start();
    t.executor.run();
    return task.result();
  }

  RamDriver driver;
  TestMesh t;
  Consumer* edge = nullptr;
};

TEST(Metadata, is_stored_in_the_last_sector_found_there_and_cleared) {
  for (const std::int64_t sector_bytes : {512, 2352, 4096}) {
    OneDisk disk(sector_bytes * 10, sector_bytes);
    std::ranges::fill(disk.driver.bytes(), std::byte{0x55});
    ASSERT_TRUE(disk.run(store(*disk.edge, blank(kKind, 1, sector_bytes))));
    const std::span<std::byte> last = std::span(disk.driver.bytes()).last(sector_bytes);
    EXPECT_TRUE(std::ranges::equal(last, blank(kKind, 1, sector_bytes)));
    EXPECT_EQ(disk.driver.bytes()[sector_bytes * 9 - 1], std::byte{0x55});

    const Result<Found> found = disk.run(look(*disk.edge, kKind));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->version, 1U);

    ASSERT_TRUE(disk.run(clear(*disk.edge)));
    EXPECT_TRUE(std::ranges::all_of(last, [](std::byte b) { return b == std::byte{0}; }));
    EXPECT_EQ(disk.run(look(*disk.edge, kKind)).error().code, kNone);
  }
}

TEST(Metadata, a_disk_of_one_sector_holds_none) {
  OneDisk disk(512);
  EXPECT_EQ(disk.run(look(*disk.edge, kKind)).error().code, kNone);
}

TEST(Metadata, a_refusal_is_told_and_silence_kept_where_there_is_none) {
  OneDisk disk(1 << 20);
  Recorder recorder(disk.t.mesh);
  const Taster taster(disk.t.mesh, disk.t.provider("da0"), *disk.edge);
  refuse(disk.t.cls, taster, Error{kNone, "nothing"});
  EXPECT_EQ(recorder.count(FactKind::note), 0U);
  refuse(disk.t.cls, taster, Error{EINVAL, "damaged"});
  ASSERT_EQ(recorder.count(FactKind::note), 1U);
  EXPECT_EQ(recorder.lines.back().text, "damaged");
}

}  // namespace
}  // namespace biotope::metadata
