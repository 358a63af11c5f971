#include "model/properties.h"

#include <gtest/gtest.h>

#include <limits>

#include "model/testing.h"

namespace biotope {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
using testing::properties_of_size;

bool possible(const Properties& properties) {
  const Status fine = validate(properties, "da0");
  EXPECT_TRUE(fine || fine.error().code == EINVAL);
  return fine.has_value();
}

TEST(Properties, Paper_31_any_positive_sector_size_is_possible_and_no_other) {
  for (const std::int64_t sector : {std::int64_t{1}, std::int64_t{512}, std::int64_t{520},
                                    std::int64_t{2352}, std::int64_t{4160}, kMost}) {
    EXPECT_TRUE(possible(properties_of_size(0, sector))) << sector;
    EXPECT_TRUE(possible(properties_of_size(sector, sector))) << sector;
  }
  for (const std::int64_t sector : {std::int64_t{0}, std::int64_t{-1}, -kMost}) {
    EXPECT_FALSE(possible(properties_of_size(0, sector))) << sector;
  }
}

TEST(Properties, Paper_32_the_size_is_a_whole_number_of_sectors) {
  EXPECT_TRUE(possible(properties_of_size(10 * 2352, 2352)));
  EXPECT_EQ(properties_of_size(10 * 2352, 2352).sector_count(), 10);
  EXPECT_FALSE(possible(properties_of_size(10 * 2352 + 1, 2352)));
  EXPECT_FALSE(possible(properties_of_size(-512)));
}

TEST(Properties, Inv_E21_a_stripe_offset_lies_inside_its_stripe) {
  Properties p = properties_of_size(1 << 20);
  p.stripe_size_bytes = 65536;
  for (const auto& [offset, fine] :
       {std::pair{0, true}, {65535, true}, {65536, false}, {-1, false}}) {
    p.stripe_offset_bytes = offset;
    EXPECT_EQ(possible(p), fine) << offset;
  }
  p.stripe_size_bytes = 0;
  p.stripe_offset_bytes = 0;
  EXPECT_TRUE(possible(p));
  p.stripe_offset_bytes = 1;
  EXPECT_FALSE(possible(p)) << "an offset into no stripe";
  p.stripe_size_bytes = -65536;
  EXPECT_FALSE(possible(p));
}

// Distance from position `at` to the next stripe boundary (geom.md A13).
std::int64_t to_boundary(const Properties& p, std::int64_t at) {
  return p.stripe_size_bytes -
         (p.stripe_offset_bytes + at % p.stripe_size_bytes) % p.stripe_size_bytes;
}

TEST(Properties, Inv_E21_parts_of_parts_keep_the_boundaries_of_the_disk_above_4_gib_too) {
  Properties disk = properties_of_size(std::int64_t{1} << 44);
  disk.stripe_size_bytes = 3 * 65536;
  disk.stripe_offset_bytes = 512;
  disk.ident = "serial";
  disk.writable = false;
  for (const std::int64_t start :
       {std::int64_t{0}, std::int64_t{63 * 512}, (std::int64_t{1} << 32) - 512,
        std::int64_t{1} << 32, (std::int64_t{1} << 43) + 512}) {
    const Properties slice = part_of(disk, start, std::int64_t{1} << 42);
    const Properties part = part_of(slice, 16 * 512, 1 << 20);
    EXPECT_TRUE(possible(slice));
    EXPECT_TRUE(possible(part));
    EXPECT_EQ(part.media_size_bytes, 1 << 20);
    EXPECT_EQ(part.ident, "serial");
    EXPECT_FALSE(part.writable);
    for (const std::int64_t at : {0, 512, 65536, 100 * 512}) {
      EXPECT_EQ(to_boundary(slice, at), to_boundary(disk, start + at)) << start;
      EXPECT_EQ(to_boundary(part, at), to_boundary(disk, start + 16 * 512 + at)) << start;
    }
  }
}

TEST(Properties, without_a_stripe_a_part_has_none) {
  const Properties part = part_of(properties_of_size(1 << 20), 512, 1024);
  EXPECT_EQ(part.stripe_size_bytes, 0);
  EXPECT_EQ(part.stripe_offset_bytes, 0);
}

}  // namespace
}  // namespace biotope
