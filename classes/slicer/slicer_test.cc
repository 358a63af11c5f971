#include "classes/slicer/slicer.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "classes/slicer/testing.h"

namespace biotope {
namespace {

using testing::Issuer;
using testing::must;
using testing::Recorder;
using testing::SlicedMesh;
using testing::Source;
using testing::TestMesh;
using testing::User;

Slice slice(int index, const std::string& suffix, std::int64_t start_bytes,
            std::int64_t length_bytes, const std::string& type = "0x83") {
  return {.index = index,
          .suffix = suffix,
          .start_bytes = start_bytes,
          .length_bytes = length_bytes,
          .type = type,
          .label = "label of " + suffix,
          .raw = false};
}

Table table(std::vector<Slice> slices, bool may_overlap = false) {
  return {.scheme = "TEST",
          .leaf = false,
          .may_overlap = may_overlap,
          .slices = std::move(slices),
          .notes = {}};
}

Slicer& on(TestMesh& t, const std::string& below, Table made) {
  Result<Slicer*> slicer = Slicer::build(t.mesh, t.cls, t.provider(below), std::move(made), 0);
  EXPECT_TRUE(slicer) << slicer.error().text;
  return **slicer;
}

// Three partitions of 4096 bytes each, of which b lies half over a and c over nothing.
class Overlapping : public ::testing::Test {
 protected:
  Overlapping() {
    t.source("da0");
    on(t, "da0",
       table({slice(1, "a", 0, 4096), slice(2, "b", 2048, 4096), slice(3, "c", 8192, 4096)}, true));
    t.mesh.settle();
  }
  // What is answered to a user of `held` who is there and one of `asked` who comes.
  Status second_open(const std::string& held, Access first, const std::string& asked,
                     Access second) {
    User& here = t.user("here", t.provider(held));
    User& comes = t.user("comes", t.provider(asked));
    must(t.mesh.access(here.edge(), first));
    Status answer = t.mesh.access(comes.edge(), second);
    must(t.mesh.close(here.edge()));
    if (answer) must(t.mesh.close(comes.edge()));
    t.mesh.settle();
    return answer;
  }

  TestMesh t;
};

constexpr Access kWrite{0, 1, 0};
constexpr Access kExclusive{0, 0, 1};

// The rows and columns of geom.md A4's table: who is there, who comes, whether he may.
struct Case {
  Access held;
  Access asked;
  bool fine;
};
const Case kMatrix[] = {
    {kReadOnly, kReadOnly, true},
    {kReadOnly, kWrite, true},
    {kReadOnly, kExclusive, true},
    {kReadOnly, kReadWriteExclusive, true},
    {kWrite, kReadOnly, true},
    {kWrite, kWrite, true},
    {kWrite, kExclusive, false},
    {kWrite, kReadWriteExclusive, false},
    {kExclusive, kReadOnly, true},
    {kExclusive, kWrite, false},
    {kExclusive, kExclusive, true},
    {kExclusive, kReadWriteExclusive, false},
    {kReadWriteExclusive, kReadOnly, true},
    {kReadWriteExclusive, kWrite, false},
    {kReadWriteExclusive, kExclusive, false},
    {kReadWriteExclusive, kReadWriteExclusive, false},
};

TEST_F(Overlapping, Inv_E39_partitions_that_share_bytes_are_opened_like_one_disk) {
  for (const Case& c : kMatrix) {
    const std::string what = c.held.text() + " then " + c.asked.text();
    EXPECT_EQ(second_open("da0a", c.held, "da0b", c.asked).has_value(), c.fine) << what;
    EXPECT_EQ(second_open("da0b", c.held, "da0a", c.asked).has_value(), c.fine) << what;
    EXPECT_TRUE(second_open("da0a", c.held, "da0c", c.asked)) << what;
  }
}

TEST_F(Overlapping, Inv_E3_a_refused_open_changes_nothing) {
  User& here = t.user("here", t.provider("da0a"));
  User& comes = t.user("comes", t.provider("da0b"));
  must(t.mesh.access(here.edge(), kReadWriteExclusive));
  const Status refused = t.mesh.access(comes.edge(), kReadWriteExclusive);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EPERM);
  EXPECT_EQ(refused.error().text,
            "test da0 refuses to open da0b for writing to test comes: it shares bytes with da0a, "
            "which test here has exclusively (r1w1e1); close that first");
  EXPECT_EQ(t.provider("da0b").access(), Access{});
  EXPECT_EQ(t.provider("da0").access(), kReadWriteExclusive);
  EXPECT_EQ(testing::what_is_wrong(t.mesh), "");
}

TEST_F(Overlapping, Inv_E4_closing_is_never_refused) {
  User& reader = t.user("reader", t.provider("da0b"));
  User& writer = t.user("writer", t.provider("da0a"));
  must(t.mesh.access(reader.edge(), {2, 0, 0}));
  must(t.mesh.access(writer.edge(), kReadWriteExclusive));
  must(t.mesh.access(reader.edge(), {-1, 0, 0}));
  must(t.mesh.close(reader.edge()));
  must(t.mesh.close(writer.edge()));
  EXPECT_TRUE(t.provider("da0").access().closed());
}

TEST(Slicer, Paper_28_requests_move_to_where_the_partition_is) {
  TestMesh t;
  Source& disk = t.source("da0");
  on(t, "da0", table({slice(1, "s1", 512, 1024), slice(2, "s2", 2048, 4096)}));
  t.mesh.settle();
  User& user = t.user("user", t.provider("da0s2"));
  must(t.mesh.access(user.edge(), {1, 1, 0}));
  Issuer issuer(t.mesh);
  std::array<std::byte, 1024> data{};
  EXPECT_EQ(issuer.ask(user.edge(), Command::write, 3072, 1024, Data(data.data())), 0);
  EXPECT_EQ(issuer.ask(user.edge(), Command::flush, 0, 0), 0);
  ASSERT_EQ(disk.seen.size(), 2U);
  EXPECT_EQ(disk.seen[0].position_bytes, 2048 + 3072);
  EXPECT_EQ(disk.seen[0].offset_bytes, 3072) << "the issuer's offset stays as it was";
  EXPECT_EQ(disk.seen[1].command, Command::flush);
  EXPECT_EQ(issuer.ask(user.edge(), Command::write, 4096, 512, Data(data.data())), EIO)
      << "the next partition's bytes are not ours";
}

// Whatever the sector, the rules of geom.md A12 hold at a partition as they do at a disk.
TEST(Slicer, Inv_E20_ranges_are_checked_alike_for_every_sector_size) {
  for (const std::int64_t sector : {512, 520, 2352, 4096, 4160}) {
    TestMesh t;
    t.source("da0", testing::properties_of_size(100 * sector, sector));
    on(t, "da0", table({slice(1, "s1", 10 * sector, 20 * sector)}));
    t.mesh.settle();
    User& user = t.user("user", t.provider("da0s1"));
    must(t.mesh.access(user.edge(), kReadOnly));
    Issuer issuer(t.mesh);
    std::vector<std::byte> memory(static_cast<std::size_t>(sector));
    const auto read = [&](std::int64_t offset, std::int64_t length) {
      return issuer.ask(user.edge(), Command::read, offset, length, Data(memory.data()));
    };
    EXPECT_EQ(read(19 * sector, sector), 0);
    EXPECT_EQ(read(20 * sector, sector), EIO);
    EXPECT_EQ(read(19 * sector, 2 * sector), EIO);
    EXPECT_EQ(read(-sector, sector), EIO);
    EXPECT_EQ(read(1, sector), EINVAL);
    EXPECT_EQ(read(0, 1), EINVAL);
    EXPECT_EQ(read(sector, 0), 0);
  }
}

RC_GTEST_PROP(Slicer, Inv_E21_the_stripe_boundary_is_right_through_any_nest, ()) {
  constexpr std::int64_t kUnit = 512;
  TestMesh t;
  Properties disk = testing::properties_of_size(std::int64_t{1} << 50);
  disk.stripe_size_bytes = *rc::gen::inRange<std::int64_t>(1, 1 << 16) * kUnit;
  disk.stripe_offset_bytes = *rc::gen::inRange<std::int64_t>(0, disk.stripe_size_bytes);
  t.source("da0", disk);
  std::int64_t start = 0;
  std::string name = "da0";
  for (int depth = 0; depth < 3; ++depth) {
    const std::int64_t size = t.provider(name).media_size_bytes();
    const std::int64_t skip = *rc::gen::inRange<std::int64_t>(0, size / kUnit / 2) * kUnit;
    on(t, name, table({slice(1, "x", skip, size - skip)}));
    t.mesh.settle();
    start += skip;
    name += 'x';
  }
  const Properties& inner = t.provider(name).properties();
  RC_ASSERT(inner.stripe_size_bytes == disk.stripe_size_bytes);
  RC_ASSERT(inner.stripe_offset_bytes ==
            (disk.stripe_offset_bytes + start) % disk.stripe_size_bytes);
  RC_ASSERT(start_on_disk_bytes(t.provider(name)) == start);
}

TEST(Slicer, Inv_E22_partitions_that_no_longer_fit_are_lost_and_the_others_stay) {
  TestMesh t;
  t.source("da0", testing::properties_of_size(8192));
  Slicer& slicer = on(
      t, "da0",
      table({slice(1, "s1", 512, 2048), slice(2, "s2", 2560, 2048), slice(3, "s3", 6144, 2048)}));
  t.mesh.settle();
  User& stays = t.user("stays", t.provider("da0s1"));
  User& goes = t.user("goes", t.provider("da0s3"));
  must(t.mesh.access(stays.edge(), kReadWriteExclusive));
  must(t.mesh.access(goes.edge(), kReadOnly));
  Recorder seen(t.mesh);
  must(t.mesh.resize(t.provider("da0"), 4608));
  t.mesh.settle();
  EXPECT_EQ(seen.geoms(FactKind::consumer_orphaned), (std::vector<std::string>{"goes"}));
  EXPECT_EQ(t.mesh.provider("da0s3"), nullptr);
  EXPECT_EQ(t.provider("da0s2").media_size_bytes(), 2048);
  const auto note = std::find_if(seen.lines.begin(), seen.lines.end(),
                                 [](const auto& line) { return line.kind == FactKind::note; });
  ASSERT_NE(note, seen.lines.end());
  EXPECT_EQ(note->text,
            "da0s3 is lost: da0 has shrunk to 4608 bytes and no longer holds all of it");
  must(t.mesh.resize(t.provider("da0"), 8192));
  t.mesh.settle();
  EXPECT_EQ(slicer.providers().size(), 2U) << "what is lost is lost";
  EXPECT_EQ(slicer.slice_of(t.provider("da0s2")).index, 2);
}

TEST(Slicer, Paper_37_changes_of_the_disk_are_announced_to_partitions) {
  TestMesh t;
  t.source("da0", testing::properties_of_size(8192));
  on(t, "da0", table({slice(1, "s1", 512, 2048)}));
  t.mesh.settle();
  Properties changed = t.provider("da0").properties();
  changed.writable = false;
  changed.deletable = true;
  changed.stripe_size_bytes = 4096;
  must(t.mesh.change_properties(t.provider("da0"), changed));
  t.mesh.settle();
  const Properties& now = t.provider("da0s1").properties();
  EXPECT_FALSE(now.writable);
  EXPECT_TRUE(now.deletable);
  EXPECT_EQ(now.stripe_offset_bytes, 512);
  EXPECT_EQ(now.media_size_bytes, 2048);
}

TEST(Slicer, entries_can_be_listed_without_knowing_the_class) {
  SlicedMesh t;
  t.disk("da0", testing::zip_disk());
  User& user = t.opened("user", "da0s1b", kReadOnly);
  EXPECT_EQ(t.attribute(user, "PART::scheme"), "BSD");
  EXPECT_EQ(t.attribute(user, "PART::type"), "0x01");
  EXPECT_EQ(t.attribute(user, "PART::index"), "2");
  EXPECT_EQ(t.attribute(user, "PART::offset"), std::to_string(416 * 512));
  EXPECT_EQ(t.attribute(user, "PART::label"), "");
  EXPECT_EQ(t.attribute(user, "PART::depth"), "1");
  EXPECT_EQ(t.attribute(user, "PART::isleaf"), "1");
  EXPECT_EQ(t.attribute(user, "PART::unheard-of"), sentence("errno ", ENOTTY));
  User& lower = t.opened("lower", "da0s2", kReadOnly);
  EXPECT_EQ(t.attribute(lower, "PART::scheme"), "MBR");
  EXPECT_EQ(t.attribute(lower, "PART::type"), "0x06");
  EXPECT_EQ(t.attribute(lower, "PART::depth"), "0");
  EXPECT_EQ(t.attribute(lower, "PART::isleaf"), "0");
  EXPECT_EQ(start_on_disk_bytes(t.provider("da0s1b")), 480 * 512);

  const Geom& bsd = t.provider("da0s1b").geom();
  ASSERT_NE(Slicer::of(bsd), nullptr);
  EXPECT_EQ(bsd.status(), "BSD, 4 partitions");
  EXPECT_EQ(bsd.about(t.provider("da0s1b")), "0x01, 43008 bytes from 212992");
  EXPECT_EQ(Slicer::of(t.provider("da0").geom()), nullptr);
}

TEST(Slicer, a_name_that_is_taken_refuses_the_whole_table) {
  TestMesh t;
  t.source("da0");
  t.source("da0s2");
  t.mesh.settle();
  const Census before = t.mesh.census();
  const Result<Slicer*> made =
      Slicer::build(t.mesh, t.cls, t.provider("da0"),
                    table({slice(1, "s1", 512, 512), slice(2, "s2", 1024, 512)}), 0);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, EEXIST);
  t.mesh.settle();
  EXPECT_EQ(t.mesh.census(), before);
}

}  // namespace
}  // namespace biotope
