#include "classes/layout.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <array>
#include <vector>

namespace biotope::layout {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int v : values) bytes.push_back(static_cast<std::byte>(v));
  return bytes;
}

TEST(Layout, numbers_lie_in_the_order_they_are_declared_in) {
  const auto bytes = bytes_of({0xFF, 0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 0xDE, 0xF0});
  EXPECT_EQ(u8(0).get(bytes), 0xFF);
  EXPECT_EQ(le16(1).get(bytes), 0x3412);
  EXPECT_EQ(be16(1).get(bytes), 0x1234);
  EXPECT_EQ(le32(1).get(bytes), 0x78563412U);
  EXPECT_EQ(be32(1).get(bytes), 0x12345678U);
  EXPECT_EQ(le64(1).get(bytes), 0xF0DEBC9A78563412U);
  EXPECT_EQ(be64(1).get(bytes), 0x123456789ABCDEF0U);
  EXPECT_EQ(Number<std::int8_t>(0, std::endian::little).get(bytes), -1);
}

TEST(Layout, writing_touches_nothing_else) {
  std::vector<std::byte> bytes(6, std::byte{0xAA});
  be32(1).set(bytes, 0x01020304);
  EXPECT_EQ(bytes, bytes_of({0xAA, 1, 2, 3, 4, 0xAA}));
  le16(4).set(bytes, 0x0506);
  EXPECT_EQ(bytes, bytes_of({0xAA, 1, 2, 3, 6, 5}));
}

RC_GTEST_PROP(Layout, what_is_written_is_read_back, (std::int64_t value, bool big)) {
  const Number<std::int64_t> field(3, big ? std::endian::big : std::endian::little);
  std::array<std::byte, 11> bytes{};
  field.set(bytes, value);
  RC_ASSERT(field.get(bytes) == value);
}

TEST(Layout, texts_are_padded_and_cut) {
  std::vector<std::byte> bytes(10, std::byte{'x'});
  const Text c_name(1, 4);
  c_name.set(bytes, "ab");
  EXPECT_EQ(bytes, bytes_of({'x', 'a', 'b', 0, 0, 'x', 'x', 'x', 'x', 'x'}));
  EXPECT_EQ(c_name.get(bytes), "ab");
  c_name.set(bytes, "abcdef");
  EXPECT_EQ(c_name.get(bytes), "abcd");
  const Text dos_name(5, 5, ' ');
  dos_name.set(bytes, "A B");
  EXPECT_EQ(dos_name.get(bytes), "A B");
  EXPECT_EQ(bytes.back(), std::byte{' '});
  dos_name.set(bytes, "");
  EXPECT_EQ(dos_name.get(bytes), "");
  EXPECT_TRUE(c_name.holds(bytes, "abcd"));
  EXPECT_FALSE(c_name.holds(bytes, "abc"));
}

TEST(Layout, records_follow_each_other) {
  std::vector<std::byte> bytes(12);
  const Records records(4, 4);
  le32(0).set(records.at(bytes, 1), 7);
  EXPECT_EQ(le32(8).get(bytes), 7U);
  EXPECT_EQ(records.end(2), bytes.size());
}

TEST(LayoutDeathTest, a_field_outside_its_bytes_is_our_own_bug) {
  const std::vector<std::byte> bytes(4);
  EXPECT_EXIT(le32(1).get(bytes), ::testing::ExitedWithCode(3), "a field lies within the bytes");
}

}  // namespace
}  // namespace biotope::layout
