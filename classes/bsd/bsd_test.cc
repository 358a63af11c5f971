#include "classes/bsd/bsd.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>
#include <cstring>

#include "classes/slicer/testing.h"
#include "model/many_cases.h"

namespace biotope {
namespace {

using testing::BsdEntry;
using testing::Image;
using testing::put;
using testing::put_bsd;

Properties disk(std::int64_t sectors, std::int64_t sector_size_bytes = 512) {
  return testing::properties_of_size(sectors * sector_size_bytes, sector_size_bytes);
}

// The first two sectors of a medium with this label in the second.
Image start_with(const std::vector<BsdEntry>& entries) {
  Image image(1024);
  put_bsd(image, 512, entries);
  return image;
}

int code_of(const Result<Table>& table) { return table ? 0 : table.error().code; }

// "a 16+400" for each partition, in sectors of 512 bytes.
std::vector<std::string> rows(const Result<Table>& table) {
  if (!table) return {"refused: " + table.error().text};
  std::vector<std::string> all;
  for (const Slice& slice : table->slices) {
    all.push_back(
        sentence(slice.suffix, ' ', slice.start_bytes / 512, '+', slice.length_bytes / 512));
  }
  return all;
}

using Rows = std::vector<std::string>;

TEST(Bsd, offsets_that_count_from_the_slice) {
  const auto table = testing::parse(
      bsd::scheme(), start_with({{16, 400, 7}, {416, 84, 1}, {0, 1000, 0}}), disk(1000));
  EXPECT_EQ(rows(table), (Rows{"a 16+400", "b 416+84", "c 0+1000"}));
  ASSERT_TRUE(table);
  EXPECT_EQ(table->scheme, "BSD");
  EXPECT_TRUE(table->leaf);
  EXPECT_TRUE(table->notes.empty());
  EXPECT_EQ(table->slices[1].index, 2);
  EXPECT_EQ(table->slices[1].type, "0x01");
  EXPECT_TRUE(table->slices[2].raw);
}

TEST(Bsd, offsets_that_count_from_the_disk_count_from_c) {
  const auto table = testing::parse(
      bsd::scheme(), start_with({{5016, 400}, {5416, 84}, {5000, 1000, 0}, {4999, 3}}), disk(1000));
  EXPECT_EQ(rows(table), (Rows{"a 16+400", "b 416+84", "c 0+1000"}));
  EXPECT_EQ(table->notes, (Rows{"BSD partition d is left out: it starts 1 sectors before c, where "
                                "the label's disk begins"}));
}

TEST(Bsd, up_to_22_partitions_have_letters) {
  std::vector<BsdEntry> entries(22, {16, 0});
  entries[21] = {21, 5};
  EXPECT_EQ(rows(testing::parse(bsd::scheme(), start_with(entries), disk(1000))), (Rows{"v 5+5"}))
      << "c has no size and still says where the label's disk begins";
  entries[2] = {0, 0};
  EXPECT_EQ(rows(testing::parse(bsd::scheme(), start_with(entries), disk(1000))), (Rows{"v 21+5"}));
  Image image = start_with(entries);
  put(image, 512 + 138, 23, 2);
  EXPECT_EQ(rows(testing::parse(bsd::scheme(), image, disk(1000))),
            (Rows{"refused: it claims 23 partitions, and there is room for 1 to 22"}));
  put(image, 512 + 138, 0, 2);
  EXPECT_EQ(code_of(testing::parse(bsd::scheme(), image, disk(1000))), EINVAL);
}

TEST(Bsd, a_label_of_an_alpha_lies_in_the_first_sector) {
  Image image(1024);
  put_bsd(image, 64, {{0, 300}, {300, 100, 1}, {0, 1000, 0}});
  EXPECT_EQ(rows(testing::parse(bsd::scheme(), image, disk(1000))),
            (Rows{"a 0+300", "b 300+100", "c 0+1000"}));
  EXPECT_EQ(
      rows(testing::parse(bsd::scheme(), std::span(image).first(512), disk(1))),
      (Rows{"refused: partition a (153600 bytes from 0) runs past the end of the medium, which "
            "has 512 bytes"}));
  put_bsd(image, 64, {{100, 300}, {400, 100, 1}, {500, 500, 8}});
  EXPECT_EQ(rows(testing::parse(bsd::scheme(), image, disk(1000))),
            (Rows{"a 100+300", "b 400+100", "c 500+500"}))
      << "c is used like any other, and nothing counts from it";
  EXPECT_FALSE(testing::parse(bsd::scheme(), image, disk(1000))->slices[2].raw);
  put_bsd(image, 512, {{7, 7}});
  EXPECT_EQ(rows(testing::parse(bsd::scheme(), image, disk(1000))), (Rows{"a 7+7"}))
      << "the second sector comes first";
}

TEST(Bsd, either_byte_order_is_read) {
  Image image(1024);
  put_bsd(image, 512, {{16, 400, 7}, {416, 84, 1}, {0, 1000, 0}}, true);
  const auto table = testing::parse(bsd::scheme(), image, disk(1000));
  EXPECT_EQ(rows(table), (Rows{"a 16+400", "b 416+84", "c 0+1000"}));
  EXPECT_TRUE(table->notes.empty()) << "the checksum is right";
}

TEST(Bsd, both_magic_words_are_needed) {
  const Image good = start_with({{16, 400}});
  Image first = good;
  put(first, 512, 0, 1);
  EXPECT_EQ(code_of(testing::parse(bsd::scheme(), first, disk(1000))), kNoTable);
  Image second = good;
  put(second, 512 + 132, 0, 1);
  EXPECT_EQ(rows(testing::parse(bsd::scheme(), second, disk(1000))),
            (Rows{"refused: the second of its two magic words is wrong"}));
  EXPECT_EQ(code_of(testing::parse(bsd::scheme(), {}, disk(0))), kNoTable);
  EXPECT_EQ(code_of(testing::parse(bsd::scheme(), std::span(good).first(700), disk(1000))), EIO);
}

TEST(Bsd, a_wrong_checksum_is_noted_and_no_more) {
  Image image = start_with({{16, 400}});
  put(image, 512 + 136, 0x1234, 2);
  const auto table = testing::parse(bsd::scheme(), image, disk(1000));
  EXPECT_EQ(rows(table), (Rows{"a 16+400"}));
  EXPECT_EQ(table->notes, (Rows{"the BSD label's checksum is wrong; it is used all the same"}));
}

TEST(Bsd, sectors_must_be_of_the_size_the_label_counts_in) {
  Image image(8192);
  put_bsd(image, 4096, {{16, 400}}, false, 4096);
  const auto table = testing::parse(bsd::scheme(), image, disk(1000, 4096));
  ASSERT_TRUE(table) << table.error().text;
  EXPECT_EQ(table->slices[0].start_bytes, 16 * 4096);
  put_bsd(image, 4096, {{16, 400}}, false, 512);
  EXPECT_EQ(
      rows(testing::parse(bsd::scheme(), image, disk(1000, 4096))),
      (Rows{"refused: it counts in sectors of 512 bytes, and the medium has sectors of 4096"}));
  Image audio(2 * 2352);
  put_bsd(audio, 2352, {{16, 400}}, false, 2352);
  EXPECT_TRUE(testing::parse(bsd::scheme(), audio, disk(1000, 2352)));
}

TEST(Bsd, partitions_past_the_end_refuse_the_label_but_not_c) {
  EXPECT_EQ(
      code_of(testing::parse(bsd::scheme(), start_with({{16, 985}, {}, {0, 1000, 0}}), disk(1000))),
      EINVAL);
  const auto table =
      testing::parse(bsd::scheme(), start_with({{16, 400}, {}, {0, 1001, 0}}), disk(1000));
  EXPECT_EQ(rows(table), (Rows{"a 16+400"}));
  EXPECT_EQ(table->notes,
            (Rows{"BSD partition c is left out: it claims 1001 sectors, and there are 1000"}));
}

TEST(Bsd, partitions_may_overlap_with_a_note) {
  const auto table =
      testing::parse(bsd::scheme(), start_with({{16, 400}, {400, 100}, {0, 1000, 0}}), disk(1000));
  EXPECT_EQ(rows(table), (Rows{"a 16+400", "b 400+100", "c 0+1000"}));
  EXPECT_EQ(table->notes.size(), 1U);
}

RC_GTEST_PROP(Bsd, Paper_77_any_valid_label_is_read_as_it_was_written, ()) {
  const bool alpha = *rc::gen::arbitrary<bool>();
  const bool big = *rc::gen::arbitrary<bool>();
  const std::uint32_t sectors = *rc::gen::inRange<std::uint32_t>(100, 0x7FFFFFFF);
  const std::uint32_t base = alpha ? 0 : *rc::gen::inRange<std::uint32_t>(0, 0x7FFFFFFF);
  const auto count = *rc::gen::inRange<std::size_t>(3, alpha ? 19 : 23);
  std::vector<BsdEntry> entries(count);
  for (BsdEntry& entry : entries) {
    const std::uint32_t start = *rc::gen::inRange<std::uint32_t>(0, sectors);
    entry = {base + start, *rc::gen::inRange<std::uint32_t>(0, sectors - start + 1),
             *rc::gen::arbitrary<std::uint8_t>()};
  }
  entries[2] = {base, sectors, 0};
  Image image(1024);
  put_bsd(image, alpha ? 64 : 512, entries, big);

  const auto table = testing::parse(bsd::scheme(), image, disk(sectors));
  RC_ASSERT(table.has_value());
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (entries[i].length == 0) continue;
    const Slice& slice = table->slices.at(found++);
    RC_ASSERT(slice.index == static_cast<int>(i) + 1);
    RC_ASSERT(slice.suffix == std::string(1, static_cast<char>('a' + i)));
    RC_ASSERT(slice.start_bytes == (std::int64_t{entries[i].start} - base) * 512);
    RC_ASSERT(slice.length_bytes == std::int64_t{entries[i].length} * 512);
    RC_ASSERT(std::stoi(slice.type, nullptr, 16) == entries[i].type);
  }
  RC_ASSERT(found == table->slices.size());
}

// Moved there and back a label is what it was, wherever its offsets lie.
RC_GTEST_PROP(Bsd, Paper_30_a_label_counted_from_elsewhere_says_the_same, ()) {
  std::vector<BsdEntry> entries(*rc::gen::inRange<std::size_t>(1, 23));
  for (BsdEntry& entry : entries) {
    entry = {*rc::gen::arbitrary<std::uint32_t>(), *rc::gen::inRange<std::uint32_t>(0, 1000)};
  }
  Image image(1024);
  put_bsd(image, 512, entries, *rc::gen::arbitrary<bool>());
  if (*rc::gen::arbitrary<bool>()) image[512 + 136] ^= std::byte{1};
  Sectors sectors(disk(1000));
  sectors.put(0, image);
  const std::int64_t origin = bsd::scheme().origin(sectors);
  const auto elsewhere = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 32);
  const Result<Table> before = bsd::scheme().parse(sectors, {});
  bsd::scheme().set_origin(sectors, elsewhere);
  const bool can_be = entries.size() >= 3 && std::ranges::all_of(entries, [&](const BsdEntry& e) {
                        const std::int64_t start = e.start - origin;
                        return e.length == 0 || (start >= 0 && start + elsewhere <= UINT32_MAX);
                      });
  RC_ASSERT(bsd::scheme().origin(sectors) == (can_be ? elsewhere : origin));
  const Result<Table> after = bsd::scheme().parse(sectors, {});
  RC_ASSERT(before.has_value() == after.has_value());
  RC_ASSERT(!before || before->slices == after->slices);
  bsd::scheme().set_origin(sectors, origin);
  RC_ASSERT(std::ranges::equal(sectors.held(1), std::span(image).subspan(512)));
}

void expect_sound(const Result<Table>& table, const Properties& below) {
  if (!table) return;
  for (const Slice& a : table->slices) {
    ASSERT_GE(a.start_bytes, 0);
    ASSERT_GT(a.length_bytes, 0);
    ASSERT_LE(a.length_bytes, below.media_size_bytes - a.start_bytes);
    for (const Slice& b : table->slices) ASSERT_TRUE(&a == &b || a.suffix != b.suffix);
  }
}

TEST(Bsd, Inv_E37_any_changed_byte_gives_a_sound_table_or_a_refusal) {
  Image alpha(1024);
  put_bsd(alpha, 64, {{0, 300}, {300, 100, 1}, {0, 1000, 0}});
  const Properties below = disk(1000);
  for (const Image& good :
       {start_with({{5016, 400}, {5416, 84, 1}, {5000, 1000, 0}, {5500, 500}}), alpha}) {
    for (std::size_t at = 0; at < good.size(); ++at) {
      for (int flip = 1; flip < 256; flip += each_nth()) {
        Image bad = good;
        bad[at] ^= static_cast<std::byte>(flip);
        const Result<Table> table = testing::parse(bsd::scheme(), bad, below);
        expect_sound(table, below);
        const Result<Table> again = testing::parse(bsd::scheme(), bad, below);
        ASSERT_EQ(table.has_value(), again.has_value());
        ASSERT_TRUE(!table || *table == *again) << at;
      }
    }
  }
}

RC_GTEST_PROP(Bsd, Inv_E37_noise_gives_a_sound_table_or_a_refusal,
              (std::vector<std::uint8_t> noise)) {
  Image image = start_with(std::vector<BsdEntry>(*rc::gen::inRange<std::size_t>(1, 23)));
  for (std::size_t i = 0; i < std::min<std::size_t>(noise.size(), 352); ++i) {
    put(image, 512 + 148 + i, noise[i], 1);
  }
  const Properties below = disk(*rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 40));
  expect_sound(testing::parse(bsd::scheme(), image, below), below);
}

TEST(Bsd, a_boot_program_goes_around_the_label) {
  Image image = start_with({{16, 400}, {}, {0, 1000, 0}});
  image.resize(1000 * 512);
  const Properties medium = disk(1000);
  Document label = *read_table(bsd::scheme(), {}, medium, image);
  const Table before = label.table();
  EXPECT_EQ(label.boot(Image(8193)).error().code, EFBIG);
  ASSERT_TRUE(label.boot(Image(8192, std::byte{0x90})));
  for (const Step& step : label.steps()) {
    std::copy(step.bytes.begin(), step.bytes.end(), image.begin() + step.sector * 512);
  }
  EXPECT_EQ(read_table(bsd::scheme(), {}, medium, image)->table(), before);
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{511}, std::size_t{1023}, std::size_t{8191}}) {
    EXPECT_EQ(image.at(at), std::byte{0x90}) << at;
  }
}

// Where the machine starts from: the sum is kept right where it was, and a wrong one is left.
TEST(Bsd, an_alphas_boot_block_stays_one_that_starts) {
  Image image(1000 * 512);
  testing::put_bsd(image, 64, {{16, 400}, {}, {0, 1000, 0}});
  const auto sum = [&image] {
    std::uint64_t all = 0;
    for (std::size_t at = 0; at < 504; at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, &image[at], 8);
      all += word;
    }
    return all;
  };
  put(image, 504, sum(), 8);
  const Properties medium = disk(1000);
  Document label = *read_table(bsd::scheme(), {}, medium, image);
  ASSERT_TRUE(label.resize(1, 300 * 512));
  for (const Step& step : label.steps()) {
    std::copy(step.bytes.begin(), step.bytes.end(), image.begin() + step.sector * 512);
  }
  std::uint64_t stored = 0;
  std::memcpy(&stored, &image[504], 8);
  EXPECT_EQ(stored, sum());
  EXPECT_TRUE(read_table(bsd::scheme(), {}, medium, image)->table().notes.empty());
}

}  // namespace
}  // namespace biotope
