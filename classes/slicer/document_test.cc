#include "classes/slicer/document.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>

#include "classes/slicer/document_testing.h"
#include "classes/slicer/room.h"

namespace biotope {
namespace {

using testing::Image;
using testing::medium_of;
using testing::must;
using testing::read;
using testing::Rows;
using testing::rows;
using testing::write;
using testing::zip_disk;

constexpr std::int64_t kMiB = 1 << 20;

TEST(Document, Paper_77_a_table_that_nobody_changed_has_nothing_to_write) {
  const Document mbr = read(mbr::scheme(), zip_disk());
  EXPECT_FALSE(mbr.changed());
  EXPECT_TRUE(mbr.steps().empty());
}

TEST(Document, changes_are_held_until_they_are_written) {
  Image image = zip_disk();
  Document mbr = read(mbr::scheme(), image);
  must(mbr.remove(2));
  const Result<int> made =
      mbr.add({.start_bytes = 1100 * 512, .length_bytes = 100 * 512, .type = "linux-data"});
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(*made, 2);
  must(mbr.modify(1, {.type = "83", .unset = {"active"}}));
  EXPECT_EQ(rows(mbr.table()), (Rows{"s1 64+1000 0x83", "s2 1100+100 0x83"}));
  EXPECT_EQ(rows(mbr.on_medium()), (Rows{"s1 64+1000 0xa5", "s2 1064+900 0x06"}));
  write(image, mbr.steps());
  EXPECT_EQ(read(mbr::scheme(), image).table(), mbr.table());
  mbr.committed();
  EXPECT_FALSE(mbr.changed());
  EXPECT_EQ(mbr.on_medium(), mbr.table());
}

TEST(Document, Inv_E30_undo_restores_everything) {
  const Image image = zip_disk();
  Document mbr = read(mbr::scheme(), image);
  const Table before = mbr.table();
  must(mbr.remove(1));
  must(mbr.erase(true));
  EXPECT_TRUE(mbr.erased());
  mbr.undo();
  EXPECT_EQ(mbr.table(), before);
  EXPECT_TRUE(mbr.steps().empty());
}

TEST(Document, a_change_that_the_table_can_not_say_is_refused_whole) {
  Document mbr = read(mbr::scheme(), zip_disk());
  const Table before = mbr.table();
  const auto refusal = [](const auto& result) {
    return result ? std::string("fine") : sentence(result.error().code, ' ', result.error().text);
  };
  EXPECT_EQ(refusal(mbr.modify(1, {.label = "home"})),
            sentence(EINVAL, " an MBR table can not give partition s1 the label 'home'"));
  EXPECT_EQ(refusal(mbr.modify(1, {.set = {"bootme"}})),
            sentence(EINVAL, " an MBR table can not give partition s1 these attributes"));
  EXPECT_EQ(refusal(mbr.modify(1, {.type = "freebds"})),
            sentence(EINVAL, " there is no type 'freebds' in this table; did you mean 'freebsd'?"));
  EXPECT_EQ(refusal(mbr.resize(1, 1100 * 512)),
            sentence(EINVAL,
                     " partition s2 (460800 bytes from 544768) overlaps partition s1 (563200 "
                     "bytes from 32768)"));
  EXPECT_EQ(refusal(mbr.resize(3, 512)), sentence(ENOENT, " there is no partition 3"));
  EXPECT_EQ(refusal(mbr.add({.index = 1})), sentence(EEXIST, " there is a partition 1"));
  EXPECT_EQ(refusal(mbr.add({.index = 5})),
            sentence(EINVAL, " there is no partition 5 in this MBR table; it counts from 1 to 4"));
  EXPECT_EQ(refusal(mbr.add({.length_bytes = kMiB})),
            sentence(ENOSPC, " there is no room for 1048576 bytes"));
  EXPECT_EQ(refusal(mbr.erase(false)),
            sentence(EBUSY, " the MBR table has 2 partitions; remove them first, or insist"));
  EXPECT_EQ(mbr.table(), before);
  EXPECT_FALSE(mbr.changed());
}

TEST(Document, a_new_table_is_read_back_from_what_is_written) {
  for (const Scheme* scheme : {&mbr::scheme(), &bsd::scheme()}) {
    Image image(2048 * 512);
    Result<Document> made = Document::create(*scheme, medium_of(image), {}, {});
    ASSERT_TRUE(made) << made.error().text;
    ASSERT_TRUE(made->add({.start_bytes = 64 * 512, .length_bytes = 100 * 512}));
    ASSERT_TRUE(made->add({.alignment_bytes = 4096}));
    write(image, made->steps());
    EXPECT_EQ(read(*scheme, image).table(), made->table()) << scheme->name();
    must(made->erase(true));
    write(image, made->steps());
    EXPECT_EQ(read_table(*scheme, {}, medium_of(image), image).error().code, kNoTable);
  }
}

TEST(Document, a_label_that_counts_from_the_start_of_the_disk_goes_on_doing_so) {
  Image image(1000 * 512);
  testing::put_bsd(image, 512, {{80, 100}, {}, {64, 1000, 0}});
  Document label = read(bsd::scheme(), image);
  EXPECT_EQ(rows(label.table()), (Rows{"a 16+100 0x07", "c 0+1000 0x00"}));
  ASSERT_TRUE(label.add(
      {.index = 9, .start_bytes = 200 * 512, .length_bytes = 50 * 512, .type = "freebsd-swap"}));
  write(image, label.steps());
  EXPECT_EQ(rows(read(bsd::scheme(), image).table()),
            (Rows{"a 16+100 0x07", "c 0+1000 0x00", "i 200+50 0x01"}));
  EXPECT_TRUE(read(bsd::scheme(), image).table().notes.empty()) << "the checksum is right";
}

TEST(Document, a_boot_program_leaves_the_table_alone) {
  Document mbr = read(mbr::scheme(), zip_disk());
  const Image program(512, std::byte{0x90});
  must(mbr.boot(program));
  EXPECT_EQ(rows(mbr.table()), (Rows{"s1 64+1000 0xa5", "s2 1064+900 0x06"}));
  EXPECT_EQ(mbr.steps().at(0).bytes.at(439), std::byte{0x90});
  EXPECT_EQ(mbr.boot(Image(513)).error().code, EFBIG);
}

TEST(Sectors, what_lies_outside_the_medium_or_is_too_much_is_refused) {
  Sectors sectors(testing::properties_of_size(std::int64_t{1} << 50));
  EXPECT_EQ(sectors.at(-1).error().code, ENXIO);
  EXPECT_EQ(sectors.at(std::int64_t{1} << 41).error().code, ENXIO);
  EXPECT_EQ(sectors.at(std::numeric_limits<std::int64_t>::max()).error().code, ENXIO);
  EXPECT_EQ(sectors.at(0, 0).error().code, ENXIO);
  EXPECT_EQ(sectors.at(0, std::int64_t{1} << 40).error().code, EFBIG);
  EXPECT_TRUE(sectors.take_wanted().empty());
  EXPECT_EQ(sectors.at(7, 2).error().code, kNotRead);
  ASSERT_EQ(sectors.take_wanted().size(), 1U);
  sectors.supply({7, 2}, fail(EIO, "no"));
  EXPECT_EQ(sectors.at(8).error().code, EIO);
  Properties none;
  none.sector_size_bytes = 0;
  EXPECT_EQ(Sectors(none).at(0).error().code, ENXIO);
}

// Whatever is asked for, what find_room gives is free, aligned and as long as was wanted.
RC_GTEST_PROP(Room, a_place_that_is_found_is_free, ()) {
  const Properties medium = testing::properties_of_size(1000 * 512);
  Table table{
      .scheme = "TEST", .usable = {5 * 512, 990 * 512}, .reserved = {{300 * 512, 310 * 512}}};
  for (int i = 1; i <= 3; ++i) {
    const auto start = *rc::gen::inRange<std::int64_t>(0, 900) * 512;
    table.slices.push_back({.index = i,
                            .suffix = "",
                            .start_bytes = start,
                            .length_bytes = *rc::gen::inRange<std::int64_t>(1, 90) * 512,
                            .type = ""});
  }
  NewPartition wanted;
  wanted.start_bytes = *rc::gen::inRange<std::int64_t>(-1, 1000) * 512;
  wanted.length_bytes = *rc::gen::inRange<std::int64_t>(0, 500) * 512;
  wanted.alignment_bytes = *rc::gen::element<std::int64_t>(0, 512, 4096, 63 * 512);
  const std::int64_t lead = *rc::gen::element<std::int64_t>(0, 512);
  const Result<Extent> place = find_room(table, medium, lead, wanted);
  if (!place) RC_DISCARD("no room");
  const auto alignment = std::max<std::int64_t>(wanted.alignment_bytes, 512);
  RC_ASSERT(place->start_bytes % alignment == 0 && place->end_bytes % alignment == 0);
  RC_ASSERT(place->start_bytes < place->end_bytes);
  if (wanted.start_bytes >= 0) RC_ASSERT(place->start_bytes - wanted.start_bytes < alignment);
  const std::int64_t from = place->start_bytes - lead;
  RC_ASSERT(from >= 5 * 512 && place->end_bytes <= 990 * 512);
  for (const Slice& s : table.slices) {
    RC_ASSERT(place->end_bytes <= s.start_bytes || s.end_bytes() <= from);
  }
  RC_ASSERT(place->end_bytes <= 300 * 512 || from >= 310 * 512);
  if (wanted.length_bytes >= alignment) {
    RC_ASSERT(place->end_bytes - place->start_bytes == wanted.length_bytes / alignment * alignment);
  }
}

}  // namespace
}  // namespace biotope
