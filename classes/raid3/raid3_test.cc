#include "classes/raid3/raid3.h"

#include <gtest/gtest.h>
#include <md5.h>

#include <rapidcheck/gtest.h>

#include "classes/parity/testing.h"

namespace biotope {
namespace {

using testing::Medium;
using testing::ParityArray;
using testing::ParityMesh;
using testing::pattern;

constexpr std::int64_t kMiB = 1 << 20;

// The cases of GEOM's own test suite (geom.md D) -------------------------------------------------

Values flag(const char* name) {
  Values given;
  given.set(name, true);
  return given;
}

struct Three : ParityArray {
  explicit Three(const Values& given = {}, std::int64_t size = kMiB)
      : ParityArray("raid3", {size, size, size}, given),
        edge(m.open("home")),
        data(pattern(provider().media_size_bytes(), 7)) {}
  int write() { return m.write(edge, 0, data); }
  // True when all can be read as it was written.
  bool reads() {
    Bytes back(data.size());
    return m.read(edge, 0, back) == 0 && back == data;
  }
  Consumer& edge;
  Bytes data;
};

TEST(Raid3Cases, Geom_raid3_1_size_is_that_of_the_data_disks_without_their_last_sectors) {
  ParityArray a("raid3", {kMiB, 2 * kMiB, 3 * kMiB});
  EXPECT_EQ(a.provider().media_size_bytes(), 2096128);
  EXPECT_EQ(a.provider().sector_size_bytes(), 1024);
}

TEST(Raid3Cases, Geom_raid3_2_data_come_back) {
  Three a;
  ASSERT_EQ(a.write(), 0);
  EXPECT_TRUE(a.reads());
}

TEST(Raid3Cases, Geom_raid3_3_data_come_back_without_a_data_disk) {
  Three a;
  ASSERT_EQ(a.write(), 0);
  ASSERT_EQ(a.remove("da1"), 0) << a.m.said;
  EXPECT_TRUE(a.reads());
}

TEST(Raid3Cases, Geom_raid3_4_what_is_written_without_a_data_disk_comes_back) {
  Three a;
  ASSERT_EQ(a.remove("da1"), 0) << a.m.said;
  ASSERT_EQ(a.write(), 0);
  EXPECT_TRUE(a.reads());
}

TEST(Raid3Cases, Geom_raid3_5_what_is_written_without_parity_comes_back) {
  Three a;
  ASSERT_EQ(a.remove("da2"), 0) << a.m.said;
  ASSERT_EQ(a.write(), 0);
  EXPECT_TRUE(a.reads());
}

TEST(Raid3Cases, Geom_raid3_6_a_zeroed_data_disk_gets_back_what_it_had) {
  Three a;
  ASSERT_EQ(a.write(), 0);
  const Bytes before = a.member(1);
  ASSERT_EQ(a.remove("da1"), 0) << a.m.said;
  a.zero(1);
  ASSERT_EQ(a.insert("da1"), 0) << a.m.said;
  EXPECT_EQ(a.member(1), before);
}

TEST(Raid3Cases, Geom_raid3_7_a_zeroed_parity_disk_replaces_a_data_disk_later) {
  Three a;
  ASSERT_EQ(a.write(), 0);
  ASSERT_EQ(a.remove("da2"), 0) << a.m.said;
  a.zero(2);
  ASSERT_EQ(a.insert("da2"), 0) << a.m.said;
  ASSERT_EQ(a.remove("da1"), 0) << a.m.said;
  EXPECT_TRUE(a.reads());
}

TEST(Raid3Cases, Geom_raid3_8_a_disk_gets_what_was_written_while_it_was_away) {
  Three a;
  ASSERT_EQ(a.remove("da1"), 0) << a.m.said;
  ASSERT_EQ(a.write(), 0);
  ASSERT_EQ(a.insert("da1"), 0) << a.m.said;
  const Bytes member = a.member(1);
  for (std::size_t i = 0; i < member.size(); ++i) {
    // The second half of each sector of 1024 bytes.
    ASSERT_EQ(member[i], a.data[i / 512 * 1024 + 512 + i % 512]) << i;
  }
}

TEST(Raid3Cases, Geom_raid3_9_parity_rebuilt_after_writes_replaces_a_data_disk) {
  Three a;
  ASSERT_EQ(a.remove("da2"), 0) << a.m.said;
  ASSERT_EQ(a.write(), 0);
  ASSERT_EQ(a.insert("da2"), 0) << a.m.said;
  ASSERT_EQ(a.remove("da1"), 0) << a.m.said;
  EXPECT_TRUE(a.reads());
}

TEST(Raid3Cases, Geom_raid3_10_data_come_back_when_disks_are_read_by_turns) {
  Three a(flag("round_robin"));
  ASSERT_EQ(a.write(), 0);
  std::uint64_t before[3];
  for (std::size_t i = 0; i < 3; ++i) before[i] = a.m.drive(a.names[i]).requests;
  for (int turn = 0; turn < 3; ++turn) {
    Bytes sector(1024);
    ASSERT_EQ(a.m.read(a.edge, 4096, sector), 0);
    EXPECT_TRUE(std::equal(sector.begin(), sector.end(), a.data.begin() + 4096)) << turn;
  }
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(a.m.drive(a.names[i]).requests, before[i] + 2) << "each was spared once";
  }
  EXPECT_TRUE(a.reads());
}

TEST(Raid3Cases, Geom_raid3_11_data_come_back_verified) {
  Three a(flag("verify"));
  ASSERT_EQ(a.write(), 0);
  EXPECT_TRUE(a.reads());
}

TEST(Raid3Cases, Geom_raid3_12_a_changed_disk_is_noticed_when_verifying) {
  Three a(flag("verify"));
  ASSERT_EQ(a.write(), 0);
  a.media[0].bytes[4711] ^= std::byte{1};
  Bytes back(1024);
  const std::int64_t sector = 4711 / 512 * 1024;
  EXPECT_EQ(a.m.read(a.edge, sector, back), EIO);
  EXPECT_EQ(a.m.read(a.edge, sector + 1024, back), 0);
  EXPECT_EQ(static_cast<Raid3&>(a.group()).mismatches(), 1U);
}

// Metadata ---------------------------------------------------------------------------------------

void put(Bytes& to, std::size_t at, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    to[at + static_cast<std::size_t>(i)] = static_cast<std::byte>(value >> (8 * i));
  }
}
void put(Bytes& to, std::size_t at, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) to[at + i] = static_cast<std::byte>(text[i]);
}
void put_md5(Bytes& to, std::size_t at) {
  MD5_CTX context;
  MD5Init(&context);
  MD5Update(&context, reinterpret_cast<const std::uint8_t*>(to.data()), at);
  MD5Final(reinterpret_cast<std::uint8_t*>(to.data() + at), &context);
}

// geom.md B3, by its offsets.
Bytes golden(std::uint32_t version) {
  Bytes s(512);
  put(s, 0, "GEOM::RAID3");
  put(s, 16, version, 4);
  put(s, 20, "home");
  put(s, 36, 0x11223344, 4);
  put(s, 40, 1, 2);
  put(s, 42, 3, 2);
  std::size_t at = 44;
  if (version >= 3) {
    put(s, at, 5, 4);
    at += 4;
  }
  put(s, at, 9, 4);
  put(s, at + 4, 2096128, 8);
  put(s, at + 12, 1024, 4);
  put(s, at + 16, 512, 8);
  put(s, at + 24, 4, 8);
  put(s, at + 32, 2, 8);
  put(s, at + 40, "da1");
  at += 56;
  if (version >= 4) {
    put(s, at, 1048576, 8);
    at += 8;
  }
  put_md5(s, at);
  return s;
}

TEST(Raid3Metadata, every_version_is_read_where_it_has_its_fields) {
  for (const std::uint32_t version : {0U, 1U, 2U, 3U, 4U, 5U}) {
    const Raid3Class cls;
    const auto found = metadata::recognise(cls.kind(), golden(version), "da1");
    ASSERT_TRUE(found);
    const auto r = parity::decode(*found);
    ASSERT_TRUE(r) << r.error().text;
    EXPECT_EQ(r->name, "home");
    EXPECT_EQ(r->id, 0x11223344U);
    EXPECT_EQ(r->index, 1);
    EXPECT_EQ(r->count, 3);
    EXPECT_EQ(r->view.genid, version >= 3 ? 5U : 0U);
    EXPECT_EQ(r->view.syncid, 9U);
    EXPECT_EQ(r->media_size_bytes, 2096128U);
    EXPECT_EQ(r->sector_size_bytes, 1024U);
    EXPECT_EQ(r->sync_offset_bytes, 512U);
    EXPECT_TRUE(r->has(parity::kVerify));
    EXPECT_TRUE(r->has(parity::kSynchronizing));
    EXPECT_EQ(r->owner.provider, "da1");
    EXPECT_EQ(r->owner.provsize.has_value(), version >= 4);
  }
}

TEST(Raid3Metadata, what_is_written_is_the_newest_version_byte_for_byte) {
  const Raid3Class cls;
  const auto r = parity::decode(*metadata::recognise(cls.kind(), golden(5), "da1"));
  Bytes written = parity::encode(cls.kind(), *r, 512);
  EXPECT_EQ(Bytes(written.begin(), written.begin() + 144), [] {
    const Bytes g = golden(5);
    return Bytes(g.begin(), g.begin() + 144);
  }());
  EXPECT_EQ(parity::encode(cls.kind(), *r, 128), [] {
    const Bytes g = golden(5);
    return Bytes(g.begin(), g.begin() + 128);
  }());
}

// What a label leaves on the disks when the array has come together and was stopped: syncid is 1 at
// first, and was raised when it went on without the last disk, and when that had its copy.
TEST(Raid3Metadata, what_is_on_the_disks_is_as_the_table_says) {
  Values given;
  given.set("id", std::int64_t{0x11223344});
  given.set("verify", true);
  given.set("hardcode", true);
  ParityArray a("raid3", {kMiB, kMiB, kMiB}, given);
  ASSERT_EQ(a.m.ask([&](auto then) { a.group().stop(then); }), 0) << a.m.said;
  Bytes expected = golden(5);
  put(expected, 44, 0, 4);
  put(expected, 48, 3, 4);
  put(expected, 64, 0, 8);
  put(expected, 80, 8, 8);
  put_md5(expected, 112);
  const Bytes sector(a.media[1].bytes.end() - 512, a.media[1].bytes.end());
  EXPECT_TRUE(std::equal(expected.begin(), expected.begin() + 144, sector.begin()));
}

// An array that graid3 made, which says nothing of views.
TEST(Raid3Metadata, disks_written_by_graid3_make_an_array) {
  std::deque<Medium> media(3, Medium(kMiB));
  ParityMesh m("raid3");
  for (std::size_t i = 0; i < 3; ++i) {
    Bytes sector = golden(5);
    put(sector, 40, i, 2);
    put(sector, 72, 0, 8);
    put(sector, 80, 0, 8);
    put(sector, 88, std::string(3, '\0'));
    put_md5(sector, 112);
    std::ranges::copy(sector, media[i].bytes.end() - 512);
    m.plug(sentence("da", i), media[i]);
  }
  m.run_for(1'000'000'000);
  ASSERT_NE(m.find("home"), nullptr);
  EXPECT_TRUE(m.find("home")->complete()) << m.find("home")->status();
  EXPECT_EQ(m.t.provider("raid3/home").media_size_bytes(), 2096128);
}

RC_GTEST_PROP(Raid3Metadata, Inv_E37_any_mutation_is_refused_or_read_as_it_is,
              (std::vector<std::pair<std::uint16_t, std::uint8_t>> changes, bool seal)) {
  Bytes sector = golden(5);
  for (const auto& [at, value] : changes) sector[at % 128] = static_cast<std::byte>(value);
  if (seal) put_md5(sector, 112);
  const Raid3Class cls;
  const auto found = metadata::recognise(cls.kind(), sector, "da1");
  if (!found) return;
  const auto r = parity::decode(*found);
  if (!r) return;
  RC_ASSERT(r->index < r->count);
  RC_ASSERT(r->count >= 3);
  RC_ASSERT(r->media_size_bytes % r->sector_size_bytes == 0U);
}

}  // namespace
}  // namespace biotope
