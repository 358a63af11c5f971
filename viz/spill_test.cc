#include "viz/spill.h"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace biotope::viz {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Spill, copies_all_that_was_appended_also_later) {
  const std::filesystem::path path = testing::TempDir() + "spill_test";
  const std::string much(100'000, 'x');
  Spill spill;
  spill.append("head\n");
  spill.append(much);
  ASSERT_TRUE(spill.copy_to(path));
  EXPECT_EQ(read(path), "head\n" + much);
  spill.append("tail");
  ASSERT_TRUE(spill.copy_to(path));
  EXPECT_EQ(read(path), "head\n" + much + "tail");
  EXPECT_EQ(spill.text(), "head\n" + much + "tail");
  EXPECT_EQ(spill.size_bytes(), 100'009);
  std::filesystem::remove(path);
}

TEST(Spill, place_that_can_not_be_written_is_told) {
  Spill spill;
  spill.append("text");
  const auto copied = spill.copy_to("/no-such-folder/file");
  ASSERT_FALSE(copied);
  EXPECT_NE(copied.error().text.find("/no-such-folder/file"), std::string::npos);
}

}  // namespace
}  // namespace biotope::viz
