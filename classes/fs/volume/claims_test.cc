#include "classes/fs/volume/claims.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <array>
#include <utility>
#include <vector>

namespace biotope::fs {
namespace {

TEST(Claims, what_is_claimed_can_not_be_claimed_again_from_any_side) {
  Claims claims;
  EXPECT_TRUE(claims.claim(10, 5));
  EXPECT_FALSE(claims.claim(10, 5));
  EXPECT_FALSE(claims.claim(10, 1));
  EXPECT_FALSE(claims.claim(14, 1));
  EXPECT_FALSE(claims.claim(9, 2));
  EXPECT_FALSE(claims.claim(5, 20));
  EXPECT_TRUE(claims.claim(15, 5));
  EXPECT_TRUE(claims.claim(5, 5));
}

RC_GTEST_PROP(Claims, are_a_set_of_blocks,
              (const std::vector<std::pair<std::uint8_t, std::uint8_t>>& asked)) {
  Claims claims;
  std::array<bool, 300> taken{};
  for (const auto& [start, length] : asked) {
    const std::size_t count = 1 + length % 16;
    bool free = true;
    for (std::size_t i = start; i < start + count; ++i) free = free && !taken[i];
    RC_ASSERT(claims.claim(start, static_cast<std::int64_t>(count)) == free);
    for (std::size_t i = start; free && i < start + count; ++i) taken[i] = true;
  }
}

}  // namespace
}  // namespace biotope::fs
