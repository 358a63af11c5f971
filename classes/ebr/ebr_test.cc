#include "classes/ebr/ebr.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "classes/slicer/document_testing.h"

namespace biotope {
namespace {

using testing::Image;
using testing::in_extended;
using testing::medium_of;
using testing::must;
using testing::put_mbr;
using testing::read;
using testing::Rows;
using testing::rows;
using testing::write;

constexpr std::size_t kSectors = 1000;

// A chain written byte by byte: an EBR at each of these sectors, its partition right behind it.
struct Logical {
  std::uint32_t at = 0;
  std::uint32_t length = 0;
  std::uint8_t type = 0x83;
};
Image chain_of(const std::vector<Logical>& logicals, std::size_t sectors = kSectors) {
  Image image(sectors * 512);
  put_mbr(image, {});
  for (std::size_t i = 0; i < logicals.size(); ++i) {
    const Logical& l = logicals[i];
    std::vector<testing::MbrEntry> entries = {{1, l.length, l.type}};
    if (i + 1 < logicals.size()) {
      entries.push_back({logicals[i + 1].at, logicals[i + 1].length + 1, 0x05});
    }
    put_mbr(image, entries, l.at * 512);
  }
  return image;
}
const std::vector<Logical> kThree = {{0, 99}, {200, 99, 0x82}, {500, 50, 0xA5}};
const Rows kThreeRows = {"s5 1+99 0x83", "s6 201+99 0x82", "s7 501+50 0xa5"};

Result<Table> parse(const Image& image) {
  return testing::parse(ebr::scheme(), image, medium_of(image), in_extended());
}

TEST(Ebr, logical_partitions_count_from_5_along_the_chain) {
  const auto table = parse(chain_of(kThree));
  ASSERT_TRUE(table) << table.error().text;
  EXPECT_EQ(rows(*table), kThreeRows);
  EXPECT_FALSE(table->corrupt);
  const auto unordered = parse(chain_of({{0, 99}, {500, 50}, {200, 99}}));
  EXPECT_EQ(rows(*unordered), (Rows{"s5 1+99 0x83", "s6 501+50 0x83", "s7 201+99 0x83"}));
}

TEST(Ebr, an_empty_record_has_no_number) {
  EXPECT_EQ(rows(*parse(chain_of({}))), Rows{});
  EXPECT_EQ(rows(*parse(chain_of({{0, 0, 0}, {200, 99}}))), (Rows{"s5 201+99 0x83"}));
}

TEST(Ebr, it_is_looked_for_in_extended_partitions_only) {
  const Image image = chain_of(kThree);
  for (const char* type : {"0x05", "0x0f", "0x85"}) {
    EXPECT_TRUE(
        testing::parse(ebr::scheme(), image, medium_of(image), {.scheme = "MBR", .type = type}));
  }
  for (const Surroundings& where : {Surroundings{}, Surroundings{.scheme = "MBR", .type = "0x83"},
                                    Surroundings{.scheme = "GPT", .type = "0x05"}}) {
    EXPECT_EQ(testing::parse(ebr::scheme(), image, medium_of(image), where).error().code, kNoTable);
  }
}

std::string note_of(const Image& image) {
  const auto table = parse(image);
  if (!table) return table.error().text;
  return table->corrupt ? table->notes.at(0) : "fine";
}

TEST(Ebr, a_chain_that_breaks_ends_there_and_can_be_recovered) {
  const std::string broken = "the chain of logical partitions is broken: ";
  Image loop = chain_of(kThree);
  put_mbr(loop, {{1, 50, 0xA5}, {200, 100, 0x05}}, 500 * 512);
  EXPECT_EQ(note_of(loop), broken + "the link in sector 500 goes back to sector 200");
  Image self = chain_of(kThree);
  put_mbr(self, {{1, 50, 0xA5}, {500, 100, 0x05}}, 500 * 512);
  EXPECT_EQ(note_of(self), broken + "the link in sector 500 goes back to sector 500");
  Image out = chain_of(kThree);
  put_mbr(out, {{1, 50, 0xA5}, {1000, 100, 0x05}}, 500 * 512);
  EXPECT_EQ(note_of(out), broken +
                              "the link in sector 500 points to sector 1000, outside the "
                              "extended partition");
  Image nothing = chain_of(kThree);
  put_mbr(nothing, {{1, 50, 0xA5}, {700, 100, 0x05}}, 500 * 512);
  EXPECT_EQ(note_of(nothing), broken + "there is no record in sector 700");
  Image strange = chain_of(kThree);
  put_mbr(strange, {{1, 50, 0xA5}, {700, 100, 0x83}}, 500 * 512);
  EXPECT_EQ(note_of(strange), broken + "the link in sector 500 is of another type");
  for (Image* image : {&loop, &self, &out, &nothing, &strange}) {
    EXPECT_EQ(rows(*parse(*image)), kThreeRows);
    Document document = read(ebr::scheme(), *image, in_extended());
    EXPECT_EQ(document.remove(5).error().code, EPERM);
    must(document.recover());
    write(*image, document.steps());
    EXPECT_EQ(*image, chain_of(kThree));
  }
}

TEST(Ebr, partitions_over_each_other_or_over_a_record_are_refused) {
  EXPECT_EQ(note_of(chain_of({{0, 99}, {200, 301}, {600, 50}})), "fine");
  EXPECT_EQ(note_of(chain_of({{0, 99}, {200, 400}, {600, 50}})),
            "partition s6 (204800 bytes from 102912) overlaps the table itself, bytes 307200 to "
            "307712");
  EXPECT_NE(note_of(chain_of({{0, 1000}})), "fine");
  EXPECT_NE(note_of(chain_of({{0, 0xFFFFFFFF}})), "fine");
}

TEST(Ebr, a_chain_of_many_ends_in_bounded_time) {
  std::vector<Logical> many;
  for (std::uint32_t i = 0; i < 1000; ++i) many.push_back({2 * i, 1});
  const auto table = parse(chain_of(many, 2000));
  ASSERT_TRUE(table);
  EXPECT_TRUE(table->corrupt);
  EXPECT_EQ(table->slices.size(), 252U);
}

TEST(Ebr, those_after_a_partition_that_is_removed_move_up) {
  for (int index = 5; index <= 7; ++index) {
    Image image = chain_of(kThree);
    Document document = read(ebr::scheme(), image, in_extended());
    must(document.remove(index));
    Rows expected;
    for (std::size_t i = 0, n = 5; i < 3; ++i) {
      if (static_cast<int>(i) + 5 == index) continue;
      expected.push_back(sentence('s', n++, kThreeRows[i].substr(2)));
    }
    EXPECT_EQ(rows(document.table()), expected);
    write(image, document.steps());
    EXPECT_EQ(rows(*parse(image)), expected);
  }
}

TEST(Ebr, a_new_partition_gets_a_record_before_it) {
  Image image = chain_of(kThree);
  Document document = read(ebr::scheme(), image, in_extended());
  const auto made =
      document.add({.start_bytes = 302 * 512, .length_bytes = 100 * 512, .type = "ntfs"});
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(*made, 8);
  EXPECT_EQ(document.add({.start_bytes = 402 * 512, .length_bytes = 98 * 512}).error().code, ENOSPC)
      << "no sector is left for its record";
  ASSERT_TRUE(document.add({.start_bytes = 403 * 512, .length_bytes = 97 * 512}));
  write(image, document.steps());
  Rows expected = kThreeRows;
  expected.insert(expected.end(), {"s8 302+100 0x07", "s9 403+97 0x83"});
  EXPECT_EQ(rows(*parse(image)), expected);
}

TEST(Ebr, the_first_partition_of_an_empty_chain_needs_no_further_record) {
  Image image(kSectors * 512);
  Result<Document> document = Document::create(ebr::scheme(), medium_of(image), in_extended(), {});
  ASSERT_TRUE(document) << document.error().text;
  ASSERT_TRUE(document->add({.start_bytes = 63 * 512}));
  write(image, document->steps());
  EXPECT_EQ(rows(*parse(image)), (Rows{"s5 63+937 0x83"}));
}

// Whatever is done to a chain, and wherever the power goes, there is a whole chain of partitions
// each of which was there before, is there after, or was there in between.
RC_GTEST_PROP(Ebr, Inv_E30_a_power_cut_at_any_write_leaves_a_chain, ()) {
  const Image image = chain_of(kThree);
  Document document = read(ebr::scheme(), image, in_extended());
  std::vector<std::vector<Slice>> states = {document.table().slices};
  for (int step = 0; step < 4; ++step) {
    const auto indices = static_cast<int>(document.table().slices.size());
    if (indices > 0 && *rc::gen::arbitrary<bool>()) {
      RC_ASSERT(document.remove(5 + *rc::gen::inRange(0, indices)).has_value());
    } else {
      (void)document.add({.start_bytes = *rc::gen::inRange(-1, 900) * 512,
                          .length_bytes = *rc::gen::inRange(1, 60) * 512});
    }
    states.push_back(document.table().slices);
  }
  testing::cut_everywhere(image, document, [&](const Image& cut, std::size_t) {
    const auto table = parse(cut);
    RC_ASSERT(table.has_value());
    RC_ASSERT(!table->corrupt);
    RC_ASSERT(std::find(states.begin(), states.end(), table->slices) != states.end());
  });
}

TEST(Ebr, in_the_mesh_they_are_named_beside_the_primaries) {
  Image disk(3000 * 512);
  put_mbr(disk, {{63, 100, 0x83}, {1000, kSectors, 0x05}});
  const Image chain = chain_of(kThree);
  std::copy(chain.begin(), chain.end(), disk.begin() + 1000 * 512);
  testing::AllTablesMesh t;
  t.disk("da0", disk);
  EXPECT_EQ(t.names(), (Rows{"da0", "da0s1", "da0s2", "da0s5", "da0s6", "da0s7"}));
  EXPECT_EQ(start_on_disk_bytes(t.provider("da0s6")), 1201 * 512);
}

}  // namespace
}  // namespace biotope
