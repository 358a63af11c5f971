#include "model/data.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

namespace biotope {
namespace {

using Memory = std::vector<std::byte>;

Memory counted(std::size_t size) {
  Memory memory(size);
  for (std::size_t i = 0; i < size; ++i) memory[i] = static_cast<std::byte>(i);
  return memory;
}

// The bytes a view says there are.
Memory bytes_of(const Data& data, std::int64_t length_bytes) {
  Memory bytes;
  data.for_each_piece(length_bytes, [&](std::span<std::byte> piece) {
    EXPECT_FALSE(piece.empty());
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  });
  return bytes;
}

TEST(Data, Paper_24_a_scatter_list_reads_like_one_piece_wherever_it_is_cut) {
  Memory memory = counted(64);
  const std::array<Segment, 5> list{{{memory.data(), 10},
                                     {memory.data() + 10, 0},
                                     {memory.data() + 10, 1},
                                     {memory.data() + 11, 40},
                                     {memory.data() + 51, 13}}};
  for (std::int64_t skip = 0; skip <= 64; ++skip) {
    for (std::int64_t length = 0; skip + length <= 64; ++length) {
      const Memory expected(memory.begin() + skip, memory.begin() + skip + length);
      ASSERT_EQ(bytes_of(Data(list.data()).shifted(skip), length), expected)
          << skip << ' ' << length;
    }
  }
}

TEST(Data, shifting_twice_is_shifting_by_the_sum) {
  Memory memory = counted(32);
  const std::array<Segment, 2> list{{{memory.data(), 7}, {memory.data() + 7, 25}}};
  for (std::int64_t a = 0; a <= 32; ++a) {
    for (std::int64_t b = 0; a + b < 32; ++b) {
      const Data twice = Data(list.data()).shifted(a).shifted(b);
      ASSERT_EQ(bytes_of(twice, 1), bytes_of(Data(memory.data()).shifted(a + b), 1));
    }
  }
}

TEST(Data, knows_what_lies_in_one_piece) {
  Memory memory = counted(32);
  const std::array<Segment, 2> list{{{memory.data(), 8}, {memory.data() + 16, 16}}};
  const Data data(list.data());
  EXPECT_TRUE(data.contiguous(8));
  EXPECT_FALSE(data.contiguous(9));
  EXPECT_TRUE(data.shifted(8).contiguous(16));
  EXPECT_TRUE(data.shifted(7).contiguous(1));
  EXPECT_FALSE(data.shifted(7).contiguous(2));
  EXPECT_TRUE(Data(memory.data()).contiguous(1 << 30));
}

TEST(Data, copies_in_and_out_over_the_pieces) {
  Memory memory(32);
  const std::array<Segment, 3> list{
      {{memory.data() + 20, 4}, {memory.data(), 8}, {memory.data() + 8, 4}}};
  const Data data(list.data());
  const Memory source = counted(12);
  data.shifted(4).copy_in(source);
  EXPECT_EQ(Memory(memory.begin(), memory.begin() + 12), source);
  Memory target(16);
  data.copy_out(target);
  EXPECT_EQ(Memory(target.begin() + 4, target.end()), source);
}

TEST(Data, nothing_is_empty) {
  EXPECT_TRUE(Data().empty());
  EXPECT_TRUE(Data().shifted(100).empty());
  std::byte one{};
  EXPECT_FALSE(Data(&one).empty());
  Data().for_each_piece(0, [](std::span<std::byte>) { FAIL(); });
}

}  // namespace
}  // namespace biotope
