#include "classes/mbr/mbr.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>
#include <numeric>

#include "classes/slicer/testing.h"
#include "model/many_cases.h"

namespace biotope {
namespace {

using testing::Image;
using testing::MbrEntry;
using testing::put;
using testing::put_mbr;

Properties disk(std::int64_t sectors, std::int64_t sector_size_bytes = 512) {
  return testing::properties_of_size(sectors * sector_size_bytes, sector_size_bytes);
}

Image sector_with(const std::vector<MbrEntry>& entries, std::size_t sector_bytes = 512) {
  Image sector(sector_bytes);
  put_mbr(sector, entries);
  return sector;
}

int code_of(const Result<Table>& table) { return table ? 0 : table.error().code; }

// A FAT16 boot sector as a formatter leaves it, its table area empty.
Image fat_boot_sector() {
  Image sector(512);
  put(sector, 0, 0x903CEB, 3);
  const char name[] = "FAT16   ";
  for (int i = 0; i < 8; ++i) put(sector, 54 + static_cast<std::size_t>(i), name[i], 1);
  put(sector, 11, 512, 2);
  put(sector, 13, 4, 1);
  put(sector, 510, 0xAA55, 2);
  return sector;
}

TEST(Mbr, primaries_keep_their_numbers_types_and_places) {
  const auto table = testing::parse(
      mbr::scheme(),
      sector_with({{2048, 100, 0x83}, {}, {63, 10, 0x05, 0x80}, {1000, 50, 0xA5, 0x80}}),
      disk(4096));
  ASSERT_TRUE(table) << table.error().text;
  EXPECT_EQ(table->scheme, "MBR");
  EXPECT_FALSE(table->leaf);
  EXPECT_TRUE(table->notes.empty());
  const auto slice = [](int index, std::int64_t start, std::int64_t length, const char* type,
                        std::set<std::string> attributes = {}) {
    return Slice{.index = index,
                 .suffix = "s" + std::to_string(index),
                 .start_bytes = start * 512,
                 .length_bytes = length * 512,
                 .type = type,
                 .attributes = std::move(attributes)};
  };
  EXPECT_EQ(table->slices,
            (std::vector<Slice>{slice(1, 2048, 100, "0x83"), slice(3, 63, 10, "0x05", {"active"}),
                                slice(4, 1000, 50, "0xa5", {"active"})}));
}

TEST(Mbr, a_table_without_partitions_is_a_table) {
  const auto table = testing::parse(mbr::scheme(), sector_with({}), disk(100));
  ASSERT_TRUE(table);
  EXPECT_TRUE(table->slices.empty());
}

TEST(Mbr, what_has_no_signature_is_no_table) {
  Image sector = sector_with({{1, 1, 0x83}});
  put(sector, 510, 0x54, 1);
  EXPECT_EQ(code_of(testing::parse(mbr::scheme(), sector, disk(100))), kNoTable);
  EXPECT_EQ(code_of(testing::parse(mbr::scheme(), {}, disk(0))), kNoTable);
  const Image whole = sector_with({{1, 1, 0x83}});
  EXPECT_EQ(code_of(testing::parse(mbr::scheme(), std::span(whole).first(511), disk(100))), EIO);
}

TEST(Mbr, sectors_are_512_to_4096_bytes_long) {
  for (const std::int64_t bytes : {512, 520, 1024, 2048, 2352, 4096}) {
    const auto table =
        testing::parse(mbr::scheme(), sector_with({{3, 5, 0x83}}, static_cast<std::size_t>(bytes)),
                       disk(100, bytes));
    ASSERT_TRUE(table) << bytes;
    EXPECT_EQ(table->slices[0].start_bytes, 3 * bytes);
    EXPECT_EQ(table->slices[0].length_bytes, 5 * bytes);
  }
  EXPECT_EQ(
      code_of(testing::parse(mbr::scheme(), sector_with({{1, 1, 0x83}}, 8192), disk(100, 8192))),
      kNoTable);
  EXPECT_EQ(code_of(testing::parse(mbr::scheme(), sector_with({{1, 1, 0x83}}), disk(100, 256))),
            kNoTable);
}

TEST(Mbr, a_protective_entry_makes_it_a_gpts) {
  EXPECT_EQ(code_of(testing::parse(mbr::scheme(), sector_with({{1, 99, 0xEE}}), disk(100))),
            kNoTable);
  EXPECT_EQ(code_of(testing::parse(mbr::scheme(), sector_with({{50, 9, 0x0C}, {1, 40, 0xEE}}),
                                   disk(100))),
            kNoTable);
}

TEST(Mbr, a_boot_sector_of_fat_or_ntfs_is_no_table) {
  const Image fat = fat_boot_sector();
  EXPECT_EQ(code_of(testing::parse(mbr::scheme(), fat, disk(100))), kNoTable);

  Image with_text = fat;
  for (std::size_t i = 400; i < 509; ++i) put(with_text, i, 'x', 1);
  EXPECT_EQ(code_of(testing::parse(mbr::scheme(), with_text, disk(100))), kNoTable);

  Image made_up = fat;
  put_mbr(made_up, {{1, 50, 0x06, 0x80}});
  EXPECT_EQ(code_of(testing::parse(mbr::scheme(), made_up, disk(100))), kNoTable)
      << "a formatter may make up a table for the sake of a BIOS";

  Image nameless = fat;
  put(nameless, 54, 0, 8);
  EXPECT_EQ(code_of(testing::parse(mbr::scheme(), nameless, disk(100))), kNoTable);
  put_mbr(nameless, {{1, 50, 0x06, 0x80}});
  EXPECT_EQ(code_of(testing::parse(mbr::scheme(), nameless, disk(100))), 0)
      << "nothing but its table says what it is";

  Image ntfs = sector_with({{1, 50, 0x07}});
  put(ntfs, 0, 0x9052EB, 3);
  for (int i = 0; i < 4; ++i) put(ntfs, 3 + static_cast<std::size_t>(i), "NTFS"[i], 1);
  for (int i = 4; i < 8; ++i) put(ntfs, 3 + static_cast<std::size_t>(i), ' ', 1);
  put(ntfs, 11, 512, 2);
  put(ntfs, 13, 8, 1);
  EXPECT_EQ(code_of(testing::parse(mbr::scheme(), ntfs, disk(100))), kNoTable);
}

TEST(Mbr, entries_that_are_nothing_are_left_out_with_a_note) {
  const auto table = testing::parse(
      mbr::scheme(), sector_with({{0, 50, 0x83}, {60, 0, 0x83}, {70, 10, 0x83}}), disk(100));
  ASSERT_TRUE(table);
  ASSERT_EQ(table->slices.size(), 1U);
  EXPECT_EQ(table->slices[0].suffix, "s3");
  EXPECT_EQ(table->notes,
            (std::vector<std::string>{"MBR entry 1 is left out: it starts at the MBR itself",
                                      "MBR entry 2 is left out: it has no sectors"}));
}

TEST(Mbr, refusals_say_what_is_wrong) {
  const auto text = [](const std::vector<MbrEntry>& entries, std::int64_t sectors) {
    const auto table = testing::parse(mbr::scheme(), sector_with(entries), disk(sectors));
    EXPECT_EQ(code_of(table), EINVAL);
    return table ? "" : table.error().text;
  };
  EXPECT_EQ(text({{1, 1, 0x83}, {2, 2, 0x83, 0x01}}, 100),
            "entry 2 is marked 0x01; only 0x00 and 0x80 (active) mean something");
  EXPECT_EQ(text({{90, 11, 0x83}}, 100),
            "partition s1 (5632 bytes from 46080) runs past the end of the medium, which has 51200 "
            "bytes");
  EXPECT_EQ(text({{10, 10, 0x83}, {}, {}, {19, 2, 0x83}}, 100),
            "partition s4 (1024 bytes from 9728) overlaps partition s1 (5120 bytes from 5120)");
  EXPECT_EQ(text({{0xFFFFFFFF, 0xFFFFFFFF, 0x83}}, std::int64_t{1} << 40),
            "entry 1 ends at sector 8589934590, beyond what 32 bits can count");
}

// Any table whose partitions lie one behind the other, in any slots.
RC_GTEST_PROP(Mbr, Paper_77_any_valid_table_is_read_as_it_was_written, ()) {
  const auto sector_bytes = *rc::gen::element<std::int64_t>(512, 1024, 2048, 4096);
  const std::uint32_t sectors = *rc::gen::inRange<std::uint32_t>(100, 0xFFFFFFFF);
  auto cuts =
      *rc::gen::unique<std::vector<std::uint32_t>>(8, rc::gen::inRange<std::uint32_t>(1, sectors));
  std::sort(cuts.begin(), cuts.end());
  std::vector<MbrEntry> entries;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto type = *rc::gen::distinctFrom(rc::gen::arbitrary<std::uint8_t>(), 0xEE);
    const std::uint8_t flag = *rc::gen::element<std::uint8_t>(0, 0x80);
    entries.push_back({cuts[2 * i], cuts[2 * i + 1] - cuts[2 * i], type, flag});
  }
  const auto order = *rc::gen::element(0, 1, 2, 3);
  std::rotate(entries.begin(), entries.begin() + order, entries.end());

  const auto table =
      testing::parse(mbr::scheme(), sector_with(entries, static_cast<std::size_t>(sector_bytes)),
                     disk(sectors, sector_bytes));
  RC_ASSERT(table.has_value());
  std::size_t found = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    if (entries[i].type == 0) continue;
    const Slice& slice = table->slices.at(found++);
    RC_ASSERT(slice.index == static_cast<int>(i) + 1);
    RC_ASSERT(slice.start_bytes == entries[i].start * sector_bytes);
    RC_ASSERT(slice.length_bytes == entries[i].length * sector_bytes);
    RC_ASSERT(std::stoi(slice.type, nullptr, 16) == entries[i].type);
  }
  RC_ASSERT(found == table->slices.size());
}

void expect_sound(const Result<Table>& table, const Properties& below) {
  if (!table) return;
  for (const Slice& a : table->slices) {
    ASSERT_GE(a.start_bytes, below.sector_size_bytes) << "nobody gets the table itself";
    ASSERT_GT(a.length_bytes, 0);
    ASSERT_LE(a.length_bytes, below.media_size_bytes - a.start_bytes);
    for (const Slice& b : table->slices) {
      ASSERT_TRUE(a.index == b.index || !overlap(a, b)) << a.suffix << ' ' << b.suffix;
    }
  }
}

TEST(Mbr, Inv_E37_any_changed_byte_gives_a_sound_table_or_a_refusal) {
  const Image good =
      sector_with({{63, 1000, 0x83}, {2000, 500, 0x05}, {2500, 4, 0xA5, 0x80}, {3000, 96, 0x0C}});
  const Properties below = disk(3096);
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int flip = 1; flip < 256; flip += each_nth()) {
      Image bad = good;
      bad[at] ^= static_cast<std::byte>(flip);
      const Result<Table> table = testing::parse(mbr::scheme(), bad, below);
      expect_sound(table, below);
      const Result<Table> again = testing::parse(mbr::scheme(), bad, below);
      ASSERT_EQ(table.has_value(), again.has_value());
      ASSERT_TRUE(!table || *table == *again) << at;
    }
  }
}

RC_GTEST_PROP(Mbr, Inv_E37_noise_gives_a_sound_table_or_a_refusal,
              (std::vector<std::uint8_t> noise)) {
  Image sector(512);
  for (std::size_t i = 0; i < std::min<std::size_t>(noise.size(), 64); ++i) {
    put(sector, 446 + i, noise[i], 1);
  }
  for (const std::size_t entry : {446, 462, 478, 494}) {
    put(sector, entry, std::to_integer<unsigned>(sector[entry]) & 0x80, 1);
  }
  put(sector, 510, 0xAA55, 2);
  const Properties below = disk(*rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 40));
  expect_sound(testing::parse(mbr::scheme(), sector, below), below);
}

}  // namespace
}  // namespace biotope
