#include "classes/slicer/table.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

namespace biotope {
namespace {

Properties disk(std::int64_t sectors, std::int64_t sector_size_bytes = 512) {
  Properties p;
  p.sector_size_bytes = sector_size_bytes;
  p.media_size_bytes = sectors * sector_size_bytes;
  return p;
}

Slice slice(int index, std::int64_t start_bytes, std::int64_t length_bytes, bool raw = false) {
  return {.index = index,
          .suffix = sentence('s', index),
          .start_bytes = start_bytes,
          .length_bytes = length_bytes,
          .type = "0x83",
          .label = {},
          .raw = raw};
}

Table table(std::vector<Slice> slices, bool may_overlap = false) {
  return {.scheme = "TEST",
          .leaf = false,
          .may_overlap = may_overlap,
          .slices = std::move(slices),
          .notes = {}};
}

// The reason for which it is refused; empty when it is accepted.
std::string refusal(std::vector<Slice> slices, const Properties& below) {
  const Result<Table> judged = accept(table(std::move(slices)), below);
  if (judged) return {};
  EXPECT_EQ(judged.error().code, EINVAL);
  return judged.error().text;
}

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

TEST(Table, what_is_whole_in_range_and_apart_is_accepted) {
  EXPECT_EQ(refusal({}, disk(1)), "");
  EXPECT_EQ(refusal({slice(1, 0, 512)}, disk(1)), "");
  EXPECT_EQ(refusal({slice(2, 1024, 1024), slice(1, 512, 512)}, disk(4)), "");
  EXPECT_EQ(refusal({slice(1, 2352, 2352)}, disk(2, 2352)), "");
}

TEST(Table, each_rule_has_its_sentence) {
  EXPECT_EQ(refusal({slice(3, 512, 0)}, disk(8)),
            "partition s3 (0 bytes from 512) holds no sector");
  EXPECT_EQ(refusal({slice(1, 512, -512)}, disk(8)),
            "partition s1 (-512 bytes from 512) holds no sector");
  EXPECT_EQ(refusal({slice(1, 4096, 512)}, disk(8)),
            "partition s1 (512 bytes from 4096) starts outside the medium, which has 4096 bytes");
  EXPECT_EQ(refusal({slice(1, -512, 512)}, disk(8)),
            "partition s1 (512 bytes from -512) starts outside the medium, which has 4096 bytes");
  EXPECT_EQ(refusal({slice(1, 512, 4096)}, disk(8)),
            "partition s1 (4096 bytes from 512) runs past the end of the medium, which has 4096 "
            "bytes");
  EXPECT_EQ(refusal({slice(1, 500, 512)}, disk(8)),
            "partition s1 (512 bytes from 500) is not made of whole sectors of 512 bytes");
  EXPECT_EQ(refusal({slice(1, 512, 100)}, disk(8)),
            "partition s1 (100 bytes from 512) is not made of whole sectors of 512 bytes");
  EXPECT_EQ(refusal({slice(2, 1024, 512), slice(1, 512, 1024)}, disk(8)),
            "partition s2 (512 bytes from 1024) overlaps partition s1 (1024 bytes from 512)");
  EXPECT_EQ(refusal({slice(1, 512, 512), slice(1, 1024, 512)}, disk(8)),
            "there are two partitions 1");
}

TEST(Table, sizes_that_wrap_are_past_the_end) {
  EXPECT_NE(refusal({slice(1, 512, kHuge - 511)}, disk(8)), "");
  EXPECT_NE(refusal({slice(1, kHuge - 511, 1024)}, disk(8)), "");
}

TEST(Table, a_partition_that_contains_another_is_found_behind_a_third) {
  EXPECT_NE(refusal({slice(1, 0, 4096), slice(2, 512, 512), slice(3, 2048, 512)}, disk(8)), "");
}

TEST(Table, where_partitions_may_overlap_it_is_only_noted) {
  const Result<Table> judged = accept(
      table({slice(1, 0, 1024), slice(2, 512, 1024), slice(3, 0, 4096, true)}, true), disk(8));
  ASSERT_TRUE(judged);
  ASSERT_EQ(judged->notes.size(), 1U);
  EXPECT_TRUE(judged->notes[0].starts_with("partition s2 (1024 bytes from 512) overlaps"));
}

// The same rule said the long way: every sector has at most one owner.
RC_GTEST_PROP(Table, Inv_E37_an_accepted_table_gives_each_sector_one_owner, ()) {
  constexpr std::int64_t kSectors = 12;
  const auto numbers = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(-1, 14), rc::gen::inRange(-1, 6)));
  std::vector<Slice> slices;
  std::vector<int> owners(kSectors, 0);
  bool fine = true;
  for (const auto& [start, length] : numbers) {
    slices.push_back(slice(static_cast<int>(slices.size()) + 1, start * 512, length * 512));
    if (start < 0 || length < 1 || start + length > kSectors) {
      fine = false;
      continue;
    }
    for (int i = start; i < start + length; ++i) fine = ++owners[i] == 1 && fine;
  }
  RC_ASSERT(accept(table(slices), disk(kSectors)).has_value() == fine);
}

}  // namespace
}  // namespace biotope
