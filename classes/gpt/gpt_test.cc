#include "classes/gpt/gpt.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "classes/slicer/checksum.h"
#include "classes/slicer/document_testing.h"

namespace biotope {
namespace {

using testing::Image;
using testing::medium_of;
using testing::must;
using testing::put;
using testing::read;
using testing::Rows;
using testing::rows;
using testing::write;

constexpr std::int64_t kSectors = 512;

// A GPT written byte by byte, apart from the declarations that the class reads it with.
struct Made {
  std::int64_t sector = 512;
  std::uint32_t entries = 128;
  std::uint32_t entry_bytes = 128;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> partitions = {{70, 99}, {100, 199}};
};

std::size_t array_sectors(const Made& made) {
  const auto sector = static_cast<std::size_t>(made.sector);
  return (std::size_t{made.entries} * made.entry_bytes + sector - 1) / sector;
}

void seal(Image& image, const Made& made, std::size_t at) {
  const std::size_t header = at * static_cast<std::size_t>(made.sector);
  std::uint64_t entries_at = 0;
  for (std::size_t i = 8; i-- > 0;) {
    entries_at = entries_at << 8 | std::to_integer<std::uint64_t>(image.at(header + 72 + i));
  }
  const auto array = std::span(image).subspan(
      static_cast<std::size_t>(entries_at) * static_cast<std::size_t>(made.sector),
      std::size_t{made.entries} * made.entry_bytes);
  put(image, header + 88, checksum::crc32(array), 4);
  put(image, header + 16, 0, 4);
  put(image, header + 16, checksum::crc32(std::span(image).subspan(header, 92)), 4);
}

void put_copy(Image& image, const Made& made, std::size_t at, std::size_t other,
              std::size_t entries_at) {
  const auto sector = static_cast<std::size_t>(made.sector);
  const std::size_t header = at * sector;
  const std::size_t last = image.size() / sector - 1;
  for (std::size_t i = 0; i < 8; ++i) put(image, header + i, "EFI PART"[i], 1);
  put(image, header + 8, 0x00010000, 4);
  put(image, header + 12, 92, 4);
  put(image, header + 24, at, 8);
  put(image, header + 32, other, 8);
  put(image, header + 40, 2 + array_sectors(made), 8);
  put(image, header + 48, last - 1 - array_sectors(made), 8);
  put(image, header + 56, 0x1122334455667788, 8);
  put(image, header + 72, entries_at, 8);
  put(image, header + 80, made.entries, 4);
  put(image, header + 84, made.entry_bytes, 4);
  for (std::size_t i = 0; i < made.partitions.size(); ++i) {
    const std::size_t entry = entries_at * sector + i * made.entry_bytes;
    put(image, entry, 0xC12A7328 + i, 4);
    put(image, entry + 16, 0xAB + i, 1);
    put(image, entry + 32, made.partitions[i].first, 8);
    put(image, entry + 40, made.partitions[i].second, 8);
    put(image, entry + 56, 'A' + i, 2);
  }
  seal(image, made, at);
}

Image disk_with(const Made& made) {
  Image image(static_cast<std::size_t>(kSectors * made.sector));
  testing::put_mbr(image, {{1, static_cast<std::uint32_t>(kSectors - 1), 0xEE}});
  const std::size_t last = kSectors - 1;
  put_copy(image, made, 1, last, 2);
  put_copy(image, made, last, 1, last - array_sectors(made));
  return image;
}

Result<Table> parse(const Image& image, std::int64_t sector = 512, const Surroundings& where = {}) {
  return testing::parse(gpt::scheme(), image, medium_of(image, sector), where);
}

int code_of(const Result<Table>& table) { return table ? 0 : table.error().code; }

const Rows kRows = {"p1 70+30 c12a7328-0000-0000-0000-000000000000",
                    "p2 100+100 c12a7329-0000-0000-0000-000000000000"};

TEST(Gpt, entries_are_read_with_all_they_say) {
  const auto table = parse(disk_with({}));
  ASSERT_TRUE(table) << table.error().text;
  EXPECT_EQ(rows(*table), kRows);
  EXPECT_EQ(table->slices[1].label, "B");
  EXPECT_EQ(table->slices[1].id, "000000ac-0000-0000-0000-000000000000");
  EXPECT_EQ(table->id, "55667788-3344-1122-0000-000000000000");
  EXPECT_FALSE(table->corrupt);
  EXPECT_TRUE(table->notes.empty());
  EXPECT_EQ(table->usable, (Extent{34 * 512, 479 * 512}));
  EXPECT_EQ(table->last_index, 128);
}

TEST(Gpt, any_sector_size_entry_size_and_count_is_read) {
  for (const std::int64_t sector : {512, 520, 1024, 4096, 8192}) {
    for (const auto& [count, bytes] :
         {std::pair{4U, 128U}, {12U, 136U}, {20U, 256U}, {3U, 1024U}}) {
      const Made made{.sector = sector, .entries = count, .entry_bytes = bytes};
      const auto table = parse(disk_with(made), sector);
      ASSERT_TRUE(table) << sector << ' ' << bytes << ": " << table.error().text;
      EXPECT_EQ(rows(*table, sector), kRows);
      EXPECT_EQ(table->last_index, static_cast<int>(count));
    }
  }
}

TEST(Gpt, what_does_not_protect_it_counts) {
  Image plain = disk_with({});
  testing::put_mbr(plain, {{64, 100, 0x83}});
  EXPECT_EQ(code_of(parse(plain)), kNoTable) << "an MBR was written over it";
  Image second = disk_with({});
  testing::put_mbr(second, {{40, 10, 0x83}, {1, 30, 0xEE}});
  EXPECT_EQ(code_of(parse(second)), 0) << "in whichever entry";
  Image none = disk_with({});
  std::fill_n(none.begin(), 512, std::byte{0});
  const auto unprotected = parse(none);
  ASSERT_TRUE(unprotected);
  EXPECT_TRUE(unprotected->corrupt);
  EXPECT_EQ(unprotected->notes, (Rows{"there is no protective MBR before the GPT"}));
  EXPECT_EQ(code_of(parse(disk_with({}), 512, {.scheme = "MBR", .type = "0xa5"})), kNoTable);
}

// Every field of a header that can not be right, in the primary only and in both.
struct Lie {
  const char* what;
  std::size_t at;
  std::uint64_t value;
  int bytes;
};
const Lie kLies[] = {
    {"revision", 8, 0x00000900, 4},
    {"header size", 12, 91, 4},
    {"header size", 12, 513, 4},
    {"header size", 12, 0xFFFFFFFF, 4},
    {"its own sector", 24, 2, 8},
    {"the other", 32, 512, 8},
    {"the other", 32, 0xFFFFFFFFFFFFFFFF, 8},
    {"first usable", 40, 1, 8},
    {"first usable", 40, 0xFFFFFFFFFFFFFFFF, 8},
    {"last usable", 48, 511, 8},
    {"last usable", 48, 0xFFFFFFFFFFFFFFFF, 8},
    {"entries", 72, 0, 8},
    {"entries", 72, 1, 8},
    {"entries", 72, 40, 8},
    {"entries", 72, 500, 8},
    {"entries", 72, 0xFFFFFFFFFFFFFFFF, 8},
    {"count", 80, 0, 4},
    {"count", 80, 1000000, 4},
    {"count", 80, 0xFFFFFFFF, 4},
    {"entry size", 84, 0, 4},
    {"entry size", 84, 64, 4},
    {"entry size", 84, 132, 4},
    {"entry size", 84, 0xFFFFFFF8, 4},
};

TEST(Gpt, a_header_that_lies_is_not_believed_and_the_other_is) {
  for (const Lie& lie : kLies) {
    Image image = disk_with({});
    const auto spoil = [&](std::size_t header) {
      put(image, header + lie.at, lie.value, lie.bytes);
      put(image, header + 16, 0, 4);
      put(image, header + 16, checksum::crc32(std::span(image).subspan(header, 92)), 4);
    };
    spoil(512);
    const auto table = parse(image);
    ASSERT_TRUE(table) << lie.what << ' ' << lie.value << ": " << table.error().text;
    EXPECT_TRUE(table->corrupt) << lie.what << ' ' << lie.value;
    EXPECT_EQ(rows(*table), kRows);
    spoil(511 * 512);
    EXPECT_EQ(code_of(parse(image)), EINVAL) << lie.what << ' ' << lie.value;
  }
}

TEST(Gpt, entries_that_can_not_be_are_refused) {
  const auto code = [](std::pair<std::uint64_t, std::uint64_t> first,
                       std::pair<std::uint64_t, std::uint64_t> second) {
    return code_of(parse(disk_with({.partitions = {first, second}})));
  };
  EXPECT_EQ(code({64, 99}, {100, 478}), 0);
  EXPECT_EQ(code({64, 99}, {100, 479}), EINVAL) << "behind the last usable sector";
  EXPECT_EQ(code({33, 99}, {100, 200}), EINVAL) << "before the first";
  EXPECT_EQ(code({64, 100}, {100, 200}), EINVAL) << "one in the other";
  EXPECT_EQ(code({64, 99}, {200, 199}), EINVAL) << "ends before it starts";
  EXPECT_EQ(code({64, 99}, {200, 0xFFFFFFFFFFFFFFFF}), EINVAL);
  EXPECT_EQ(code({64, 99}, {0x8000000000000000, 0x8000000000000001}), EINVAL);
}

TEST(Gpt, copies_that_differ_are_told_and_the_first_counts) {
  Image image = disk_with({});
  Image other = disk_with({.partitions = {{70, 80}}});
  std::copy(other.begin() + 400 * 512, other.end(), image.begin() + 400 * 512);
  const auto table = parse(image);
  ASSERT_TRUE(table);
  EXPECT_EQ(rows(*table), kRows);
  EXPECT_TRUE(table->corrupt);
  EXPECT_EQ(table->notes, (Rows{"the GPT's two copies differ; the first is used"}));
}

// Any one damaged byte leaves the table as it was, told from the other copy, and recovering brings
// back what was there to the byte.
TEST(Gpt, Inv_E26_any_damaged_byte_is_recovered_from_the_other_copy) {
  const Image good = disk_with({.entries = 8});
  const Table before = *parse(good);
  std::vector<std::size_t> bytes;
  for (const std::size_t sector : {1U, 2U, 3U, 509U, 510U, 511U}) {
    for (std::size_t i = 0; i < 512; ++i) bytes.push_back(sector * 512 + i);
  }
  for (const std::size_t at : bytes) {
    Image image = good;
    image[at] ^= std::byte{0xFF};
    Result<Document> document = read_table(gpt::scheme(), {}, medium_of(image), image);
    ASSERT_TRUE(document) << at << ": " << document.error().text;
    ASSERT_EQ(document->table().slices, before.slices) << at;
    const bool matters = at % 512 < 92 || (at / 512 != 1 && at / 512 != 511);
    ASSERT_EQ(document->table().corrupt, matters) << at;
    if (!matters) continue;
    ASSERT_EQ(document->add({.length_bytes = 512}).error().code, EPERM);
    must(document->recover());
    write(image, document->steps());
    ASSERT_EQ(image, good) << at;
    ASSERT_FALSE(read(gpt::scheme(), image).table().corrupt);
  }
}

TEST(Gpt, Inv_E26_recovering_twice_writes_nothing_the_second_time) {
  Image image = disk_with({});
  std::fill_n(image.begin(), 34 * 512, std::byte{0});
  Document document = read(gpt::scheme(), image);
  must(document.recover());
  write(image, document.steps());
  const Image whole = disk_with({});
  EXPECT_TRUE(std::equal(image.begin() + 512, image.end(), whole.begin() + 512, whole.end()));
  document.committed();
  must(document.recover());
  EXPECT_TRUE(document.steps().empty());
}

TEST(Gpt, a_grown_disk_is_recovered_to_its_new_end) {
  Image image = disk_with({});
  image.resize(600 * 512);
  Document document = read(gpt::scheme(), image);
  EXPECT_TRUE(document.table().corrupt);
  must(document.recover());
  EXPECT_EQ(rows(document.table()), kRows);
  EXPECT_EQ(document.table().usable, (Extent{34 * 512, 567 * 512}));
  const Image before = image;
  testing::cut_everywhere(before, document, [](const Image& cut, std::size_t count) {
    const auto table = parse(cut);
    ASSERT_TRUE(table) << count << ": " << table.error().text;
    EXPECT_EQ(rows(*table), kRows) << count;
  });
  write(image, document.steps());
  EXPECT_FALSE(parse(image)->corrupt);
}

TEST(Gpt, changes_leave_what_they_do_not_mean) {
  Image image = disk_with({.entry_bytes = 256});
  const auto mark = [](std::size_t entries_at) { return entries_at * 512 + 256 + 130; };
  const std::size_t backup_at = 511 - 64;
  for (const std::size_t at : {std::size_t{2}, backup_at}) put(image, mark(at), 0x77, 1);
  for (const std::size_t at : {std::size_t{1}, std::size_t{511}}) {
    put(image, at * 512 + 200, 0x99, 1);
    seal(image, {.entry_bytes = 256}, at);
  }
  Document document = read(gpt::scheme(), image);
  must(document.modify(2, {.label = "h\u00f6me \U0001F600", .set = {"bootme"}}));
  must(document.remove(1));
  write(image, document.steps());
  const Document after = read(gpt::scheme(), image);
  EXPECT_EQ(after.table().slices.at(0).label, "h\u00f6me \U0001F600");
  EXPECT_EQ(after.table().slices.at(0).attributes, (std::set<std::string>{"bootme"}));
  EXPECT_FALSE(after.table().corrupt);
  for (const std::size_t at : {std::size_t{2}, backup_at}) {
    EXPECT_EQ(image.at(mark(at)), std::byte{0x77});
  }
  EXPECT_EQ(image.at(512 + 200), std::byte{0x99});
}

TEST(Gpt, what_can_not_be_said_is_refused) {
  Document document = read(gpt::scheme(), disk_with({}));
  const auto code = [&](const Modification& m) {
    const Status done = document.modify(1, m);
    return done ? 0 : done.error().code;
  };
  EXPECT_EQ(code({.label = std::string(37, 'x')}), EINVAL);
  EXPECT_EQ(code({.label = "\xff\xfe"}), EINVAL);
  EXPECT_EQ(code({.type = "no-such-type"}), EINVAL);
  EXPECT_EQ(code({.set = {"active"}}), EINVAL);
  EXPECT_FALSE(document.changed());
  EXPECT_EQ(code({.type = "freebsd-ufs", .label = std::string(36, 'x')}), 0);
}

TEST(Gpt, a_hybrids_entries_follow_their_partitions) {
  Image image = disk_with({});
  testing::put_mbr(image, {{1, 62, 0xEE}, {70, 30, 0xEF}, {100, 100, 0xA5}, {300, 10, 0x83}});
  Document document = read(gpt::scheme(), image);
  must(document.resize(2, 50 * 512));
  must(document.remove(1));
  write(image, document.steps());
  const auto entry = [&](std::size_t i) {
    std::vector<int> bytes;
    for (const std::size_t at : {4, 8, 12}) {
      bytes.push_back(std::to_integer<int>(image.at(446 + 16 * i + at)));
    }
    return bytes;
  };
  EXPECT_EQ(entry(0), (std::vector<int>{0xEE, 1, 62}));
  EXPECT_EQ(entry(1), (std::vector<int>{0, 0, 0}));
  EXPECT_EQ(entry(2), (std::vector<int>{0xA5, 100, 50}));
  EXPECT_EQ(entry(3), (std::vector<int>{0x83, 300 - 256, 10})) << "which stands for none";
}

// The order of geom.md B4: MBR, entries, header; flush; then the same at the end.
TEST(Gpt, the_second_copy_is_written_when_the_first_is_safe) {
  Image image = disk_with({});
  Document document = read(gpt::scheme(), image);
  must(document.remove(1));
  std::string order;
  for (const Step& step : document.steps()) {
    order += step.flush() ? "F" : sentence(step.sector, '+', step.bytes.size() / 512);
    order += ' ';
  }
  EXPECT_EQ(order, "2+1 1+1 F 479+1 511+1 F ");
}

TEST(Gpt, Inv_E30_a_power_cut_at_any_write_leaves_the_old_table_or_the_new) {
  const Image image = disk_with({});
  Document document = read(gpt::scheme(), image);
  must(document.remove(1));
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(document.add({.length_bytes = 512, .type = "freebsd-ufs"}));
  must(document.resize(2, 20 * 512));
  testing::cut_everywhere(image, document, [&](const Image& cut, std::size_t count) {
    const auto table = parse(cut);
    ASSERT_TRUE(table) << count << ": " << table.error().text;
    EXPECT_TRUE(table->slices == document.on_medium().slices ||
                table->slices == document.table().slices)
        << count;
  });
}

TEST(Gpt, a_medium_that_is_too_small_is_refused) {
  for (const std::int64_t sectors : {3, 67, 194}) {
    const auto made =
        Document::create(gpt::scheme(), testing::properties_of_size(sectors * 512), {}, {});
    ASSERT_FALSE(made) << sectors;
    EXPECT_EQ(made.error().code, ENOSPC);
  }
  EXPECT_TRUE(Document::create(gpt::scheme(), testing::properties_of_size(195 * 512), {}, {}));
}

// The sectors of a table on a medium of 10 TiB, and nothing else of it.
TEST(Gpt, a_huge_medium_is_read_where_its_table_is) {
  const Properties medium = testing::properties_of_size(std::int64_t{10} << 40);
  Document made = *Document::create(gpt::scheme(), medium, {}, {});
  ASSERT_TRUE(made.add({.start_bytes = std::int64_t{9} << 40, .type = "freebsd-zfs"}));
  std::int64_t read_bytes = 0;
  const Result<Document> read =
      read_table(gpt::scheme(), {}, medium, [&](std::int64_t offset, std::int64_t length) {
        read_bytes += length;
        Bytes bytes;
        for (std::int64_t sector = offset / 512; sector < (offset + length) / 512; ++sector) {
          const auto held = made.sectors().held(sector);
          bytes.insert(bytes.end(), held.begin(), held.end());
          if (held.empty()) bytes.resize(bytes.size() + 512);
        }
        return Result<Bytes>(std::move(bytes));
      });
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->table(), made.table());
  EXPECT_EQ(read->table().slices.at(0).start_bytes, std::int64_t{9} << 40);
  EXPECT_EQ(read_bytes, (1 + 2 * 33) * 512);
}

TEST(Gpt, an_unreadable_copy_is_as_good_as_a_damaged_one) {
  const Image image = disk_with({});
  const auto read_without = [&](std::set<std::int64_t> bad) {
    return read_table(gpt::scheme(), {}, medium_of(image),
                      [&image, bad](std::int64_t offset, std::int64_t length) -> Result<Bytes> {
                        for (std::int64_t at = offset; at < offset + length; at += 512) {
                          if (bad.contains(at / 512)) return fail(EIO, "a bad sector");
                        }
                        return Bytes(image.begin() + offset, image.begin() + offset + length);
                      });
  };
  for (const std::int64_t sector : {0, 1, 2, 20, 490, 511}) {
    const Result<Document> read = read_without({sector});
    ASSERT_TRUE(read) << sector << ": " << read.error().text;
    EXPECT_EQ(rows(read->table()), kRows);
    EXPECT_TRUE(read->table().corrupt);
  }
  EXPECT_EQ(read_without({1, 511}).error().code, EIO);
}

RC_GTEST_PROP(Gpt, Inv_E37_any_bytes_for_headers_are_refused_or_make_sense, ()) {
  Image image = disk_with({.entries = 8});
  for (const std::size_t header : {std::size_t{512}, std::size_t{511 * 512}}) {
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
      const auto at = *rc::gen::inRange<std::size_t>(8, 92);
      put(image, header + at, *rc::gen::arbitrary<std::uint8_t>(), 1);
    }
    put(image, header + 16, 0, 4);
    put(image, header + 16, checksum::crc32(std::span(image).subspan(header, 92)), 4);
  }
  const auto table = parse(image);
  if (!table) return;
  for (const Slice& slice : table->slices) {
    RC_ASSERT(slice.length_bytes > 0 && slice.start_bytes >= 2 * 512);
    RC_ASSERT(slice.end_bytes() <= 511 * 512);
  }
}

}  // namespace
}  // namespace biotope
