#include "classes/mirror/record.h"

#include <gtest/gtest.h>
#include <md5.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "classes/mirror/testing.h"

namespace biotope::mirror {
namespace {

using biotope::testing::Medium;
using biotope::testing::MirrorMesh;
using biotope::testing::record_on;

// gmirror's metadata once more, appended field after field as geom.md B3 lists them, with nothing
// of the tables that the class reads and writes with.
class Appended {
 public:
  Appended& text(const std::string& text, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) {
      bytes_.push_back(static_cast<std::byte>(i < text.size() ? text[i] : 0));
    }
    return *this;
  }
  Appended& number(std::uint64_t value, int length) {
    for (int i = 0; i < length; ++i) bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
    return *this;
  }
  Bytes sealed(std::size_t sector_bytes = 512) {
    std::array<std::uint8_t, 16> digest;
    MD5_CTX context;
    MD5Init(&context);
    MD5Update(&context, reinterpret_cast<const std::uint8_t*>(bytes_.data()), bytes_.size());
    MD5Final(digest.data(), &context);
    for (const std::uint8_t b : digest) bytes_.push_back(static_cast<std::byte>(b));
    bytes_.resize(sector_bytes);
    return bytes_;
  }
  std::size_t size() const { return bytes_.size(); }

 private:
  Bytes bytes_;
};

Appended written(const Record& r, std::uint32_t version) {
  Appended a;
  a.text("GEOM::MIRROR", 16).number(version, 4).text(r.name, 16);
  a.number(r.mirror_id, 4).number(r.disk_id, 4).number(r.disks, 1);
  if (version >= 2) a.number(r.genid, 4);
  a.number(r.syncid, 4).number(r.priority, 1).number(r.slice_bytes, 4);
  a.number(static_cast<std::uint8_t>(r.balance), 1).number(r.media_size_bytes, 8);
  a.number(r.sector_size_bytes, 4).number(r.sync_offset_bytes, 8);
  a.number(r.mirror_flags, 8).number(r.disk_flags, 8).text(r.owner.provider, 16);
  if (version >= 3) a.number(r.owner.provsize.value_or(0), 8);
  return a;
}

template <class T>
T any() {
  return *rc::gen::arbitrary<T>();
}

Record any_record() {
  Record r;
  r.name =
      *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange<char>('a', 'z' + 1)));
  r.name.resize(std::min<std::size_t>(r.name.size(), 16));
  r.mirror_id = any<std::uint32_t>();
  r.disk_id = any<std::uint32_t>();
  r.disks = *rc::gen::inRange<std::uint8_t>(1, 255);
  r.genid = any<std::uint32_t>();
  r.syncid = any<std::uint32_t>();
  r.priority = any<std::uint8_t>();
  r.slice_bytes = any<std::uint32_t>();
  r.balance = static_cast<Balance>(*rc::gen::inRange(0, 5));
  r.sector_size_bytes = *rc::gen::element(512U, 2352U, 4096U);
  r.media_size_bytes =
      r.sector_size_bytes * *rc::gen::inRange<std::uint64_t>(1, std::uint64_t{1} << 40);
  r.sync_offset_bytes = *rc::gen::inRange<std::uint64_t>(0, r.media_size_bytes + 1);
  r.mirror_flags = any<std::uint64_t>();
  r.disk_flags = any<std::uint64_t>();
  r.owner = {"ada3", any<std::uint64_t>()};
  return r;
}

RC_GTEST_PROP(MirrorRecord, is_read_as_gmirror_writes_it_in_every_version, ()) {
  Record r = any_record();
  const auto version = *rc::gen::inRange<std::uint32_t>(0, 5);
  if (version < 2) r.genid = 0;
  if (version < 3) r.owner.provsize.reset();
  const Result<Record> read = decode({version, written(r, version).sealed()});
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == r);
}

RC_GTEST_PROP(MirrorRecord, is_written_as_gmirror_reads_it, ()) {
  Record r = any_record();
  r.lineage.add(any<std::uint32_t>());
  const Bytes expected = written(r, 4).sealed();
  const Bytes sector = encode(r, 512);
  RC_ASSERT(written(r, 4).size() == 119U);
  RC_ASSERT(std::equal(sector.begin(), sector.begin() + 144, expected.begin()));
  const Result<Record> back = decode({4, sector});
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == r);
}

RC_GTEST_PROP(MirrorRecord, what_gmirror_has_no_place_for_comes_back_or_nothing_of_it, ()) {
  Record r = any_record();
  r.lineage.add(any<std::uint32_t>());
  r.spare = any<bool>();
  Intent intent;
  intent.shift = Intent::shift_for(static_cast<std::int64_t>(r.media_size_bytes));
  intent.base_syncid = any<std::uint32_t>();
  for (int i = 0; i < 20; ++i) intent.regions.set(*rc::gen::inRange<std::size_t>(0, 2048));
  r.intent = intent;
  Bytes sector = encode(r, 512);
  RC_ASSERT(*decode({4, sector}) == r);
  // One bit anywhere behind gmirror's own: it is as if gmirror had written the sector.
  const auto at = *rc::gen::inRange<std::size_t>(144, 512);
  sector[at] ^= static_cast<std::byte>(1 << *rc::gen::inRange(0, 8));
  Record without = r;
  without.lineage = {};
  without.spare = false;
  without.intent.reset();
  RC_ASSERT(*decode({4, sector}) == without);
}

RC_GTEST_PROP(MirrorRecord, a_changed_bit_is_refused, ()) {
  Bytes sector = encode(any_record(), 512);
  const auto at = *rc::gen::inRange<std::size_t>(20, 135);
  sector[at] ^= static_cast<std::byte>(1 << *rc::gen::inRange(0, 8));
  const Result<Record> read = decode({4, sector});
  RC_ASSERT(!read.has_value());
  RC_ASSERT(read.error().code == EINVAL);
}

RC_GTEST_PROP(MirrorRecord, any_bytes_with_a_right_checksum_are_judged, ()) {
  Bytes body(119);
  for (std::byte& b : body) b = static_cast<std::byte>(any<std::uint8_t>());
  Bytes sector = body;
  sector.resize(512);
  metadata::seal(sector, 119);
  const Result<Record> read = decode({4, sector});
  if (!read) RC_SUCCEED("refused");
  RC_ASSERT(read->disks > 0);
  RC_ASSERT(read->media_size_bytes % read->sector_size_bytes == 0U);
}

TEST(MirrorRecordOnDisk, a_label_is_byte_for_byte_gmirrors) {
  Medium media[]{Medium(1 << 20), Medium(1 << 21)};
  MirrorMesh m;
  m.plug("da0", media[0]);
  m.plug("da1", media[1]);
  ASSERT_EQ(m.label("home", {"da0", "da1"}, Balance::split), 0) << m.said;
  m.settle();
  for (const Medium& medium : media) {
    const Result<Record> record = record_on(medium);
    ASSERT_TRUE(record) << record.error().text;
    Record expected;
    expected.name = "home";
    expected.mirror_id = record_on(media[0])->mirror_id;
    expected.disk_id = record->disk_id;
    expected.disks = 2;
    expected.syncid = 1;
    expected.priority = &medium == media ? 1 : 0;
    expected.slice_bytes = 4096;
    expected.balance = Balance::split;
    expected.media_size_bytes = (1 << 20) - 512;
    expected.sector_size_bytes = 512;
    expected.owner.provsize = medium.bytes.size();
    const Bytes golden = written(expected, 4).sealed();
    EXPECT_TRUE(std::equal(golden.begin(), golden.begin() + 144, medium.bytes.end() - 512));
  }
  EXPECT_NE(record_on(media[0])->disk_id, record_on(media[1])->disk_id);
}

TEST(MirrorRecordOnDisk, a_mirror_that_gmirror_made_is_found_in_every_version) {
  for (std::uint32_t version = 0; version <= 4; ++version) {
    Medium media[]{Medium(1 << 20), Medium(1 << 20)};
    for (std::uint32_t i = 0; i < 2; ++i) {
      Record r;
      r.name = "old";
      r.mirror_id = 77;
      r.disk_id = 100 + i;
      r.disks = 2;
      r.syncid = 1;
      r.slice_bytes = 4096;
      r.media_size_bytes = (1 << 20) - 512;
      r.sector_size_bytes = 512;
      r.owner.provsize = 1 << 20;
      const Bytes sector = written(r, version).sealed();
      std::ranges::copy(sector, media[i].bytes.end() - 512);
    }
    MirrorMesh m;
    m.plug("da0", media[0]);
    m.plug("da1", media[1]);
    m.settle();
    ASSERT_NE(m.find("old"), nullptr) << version;
    EXPECT_TRUE(m.find("old")->complete());
    Consumer& edge = m.open("old");
    EXPECT_EQ(m.write(edge, 0, biotope::testing::pattern(4096, version)), 0);
    EXPECT_TRUE(biotope::testing::same(media[0], media[1], 4096));
  }
}

}  // namespace
}  // namespace biotope::mirror
