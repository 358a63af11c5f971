#include "classes/apm/apm.h"

#include <gtest/gtest.h>

#include "classes/slicer/document_testing.h"

namespace biotope {
namespace {

using testing::Image;
using testing::medium_of;
using testing::Rows;
using testing::rows;

constexpr std::size_t kSectors = 2000;

// A disk as an Apple has it, with two partitions.
Image apple() {
  Image image(kSectors * 512);
  Document document = Document::create(apm::scheme(), medium_of(image), {}, {}).value();
  for (const std::int64_t sectors : {300, 500}) {
    EXPECT_TRUE(document.add({.length_bytes = sectors * 512, .type = "Ext2"}));
  }
  testing::write(image, document.steps());
  return image;
}

// The same disk as a TiVo has it.
Image tivo() {
  Image image = apple();
  std::fill_n(image.begin(), 512, std::byte{0});
  testing::put(image, 0, 0x9214, 2, true);
  for (std::size_t at = 512; at < image.size(); at += 2) std::swap(image[at], image[at + 1]);
  return image;
}

TEST(Apm, a_tivos_map_is_the_same_with_bytes_swapped) {
  const Rows seen = rows(testing::read(apm::scheme(), tivo()).table());
  EXPECT_EQ(seen, rows(testing::read(apm::scheme(), apple()).table()));
  EXPECT_EQ(seen.size(), 2U);
}

TEST(Apm, a_tivos_map_is_not_written) {
  Document document = testing::read(apm::scheme(), tivo());
  const Table before = document.table();
  const auto added = document.add({.length_bytes = 512});
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, EOPNOTSUPP);
  EXPECT_NE(added.error().text.find("TiVo"), std::string::npos) << added.error().text;
  EXPECT_EQ(document.table(), before);
  EXPECT_TRUE(document.steps().empty());
}

TEST(Apm, the_second_series_is_nobodys) {
  Image image = tivo();
  std::swap(image[0], image[1]);
  const auto found = read_table(apm::scheme(), {}, medium_of(image), image);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, kNoTable) << found.error().text;
}

}  // namespace
}  // namespace biotope
