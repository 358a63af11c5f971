#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "scenarios/runtime/media/judge.h"
#include "scenarios/runtime/media/make.h"
#include "scenarios/runtime/program.h"

namespace biotope::runtime {
namespace {

using ::testing::HasSubstr;

struct Media : ::testing::Test {
  Media() {
    auto folder = ScratchFolder::create();
    if (folder) scratch = std::move(*folder);
    image = scratch.new_file("disk.img");
  }
  ScratchFolder scratch;
  std::filesystem::path image;
};

MediaPlan plan_of(std::vector<SlicePlan> slices) {
  MediaPlan plan;
  plan.size_bytes = 48 << 20;
  plan.slices = std::move(slices);
  return plan;
}

TEST_F(Media, what_is_made_is_what_the_judges_find) {
  SlicePlan bsd;
  bsd.size_bytes = 16 << 20;
  bsd.partitions = {{'a', 0, Format::ufs1, {{"/home/hello.txt", "hello from a\n"}}}};
  SlicePlan dos;
  dos.format = Format::fat16;
  dos.files = {{"/HELLO.TXT", std::string("hello\0dos\n", 10)}};
  ASSERT_TRUE(make_image(plan_of({bsd, dos}), scratch, image));
  EXPECT_TRUE(judge_table(image)->clean);
  EXPECT_TRUE(judge_fat(image, 2, scratch)->clean) << judge_fat(image, 2, scratch)->says;
  EXPECT_EQ(*read_fat_file(image, 2, "/HELLO.TXT"), std::string("hello\0dos\n", 10));
  const auto slices = read_table(image);
  ASSERT_EQ(slices->size(), 2U);
  EXPECT_EQ(slices->front().type, "a5");
  EXPECT_EQ(slices->front().length_bytes, 16 << 20);
  // The partition begins 16 sectors into the slice, behind the label.
  const std::int64_t start = slices->front().start_bytes + 16 * 512;
  EXPECT_EQ(*read_ufs_file(image, start, "/home/hello.txt"), "hello from a\n");
}

TEST_F(Media, a_damaged_file_system_is_not_clean) {
  SlicePlan dos;
  dos.format = Format::fat16;
  dos.files = {{"/HELLO.TXT", std::string(10'000, 'x')}};
  ASSERT_TRUE(make_image(plan_of({dos}), scratch, image));
  // The first FAT goes; the second says otherwise.
  const auto zeros = scratch.new_file("zeros");
  ASSERT_TRUE(write_file(zeros, std::string(512, '\0')));
  const std::int64_t reserved_bytes = 4 * 512;
  ASSERT_TRUE(
      copy_range(zeros, 0, 512, image, read_table(image)->front().start_bytes + reserved_bytes));
  EXPECT_FALSE(judge_fat(image, 1, scratch)->clean);
}

TEST_F(Media, equal_plans_give_equal_fat) {
  SlicePlan dos;
  dos.format = Format::fat16;
  dos.files = {{"/HELLO.TXT", "hello"}};
  const auto other = scratch.new_file("other.img");
  ASSERT_TRUE(make_image(plan_of({dos}), scratch, image));
  ASSERT_TRUE(make_image(plan_of({dos}), scratch, other));
  EXPECT_EQ(*read_file(image), *read_file(other));
}

TEST_F(Media, what_has_no_place_is_refused) {
  SlicePlan large;
  large.size_bytes = 40 << 20;
  const Status refused = make_image(plan_of({large, large}), scratch, image);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text, HasSubstr("slice 2 has no room"));
  SlicePlan odd;
  odd.size_bytes = 1000;
  EXPECT_THAT(make_image(plan_of({odd}), scratch, image).error().text, HasSubstr("sectors"));
}

TEST_F(Media, what_is_not_there_is_an_error) {
  ASSERT_TRUE(make_image(plan_of({}), scratch, image));
  EXPECT_EQ(read_table(image).error().code, EINVAL);
  EXPECT_FALSE(judge_table(image)->clean);
  SlicePlan dos;
  dos.format = Format::fat16;
  ASSERT_TRUE(make_image(plan_of({dos}), scratch, image));
  EXPECT_EQ(judge_fat(image, 3, scratch).error().code, ENOENT);
  EXPECT_EQ(read_fat_file(image, 1, "/NONE.TXT").error().code, ENOENT);
  EXPECT_EQ(read_ufs_file(image, 0, "/none.txt").error().code, ENOENT);
}

TEST(Program, a_tool_that_is_missing_is_told_with_its_package) {
  const auto result = run_tool({"biotope-has-no-such-tool", "a-package"}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, kMissingTool);
  EXPECT_THAT(result.error().text, HasSubstr("install the package a-package"));
}

TEST(Program, input_and_output_of_any_length_pass) {
  const std::string text(3'000'000, 'y');
  const auto result = run_tool({"cat", "coreutils"}, {}, text);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->output, text);
  EXPECT_EQ(run_tool({"false", "coreutils"}, {})->exit_status, 1);
  EXPECT_FALSE(run_tool_well({"false", "coreutils"}, {}));
}

TEST(ScratchFolder, goes_with_everything_in_it) {
  std::filesystem::path path;
  {
    auto folder = ScratchFolder::create();
    ASSERT_TRUE(folder);
    path = folder->path();
    EXPECT_TRUE(write_file(folder->new_file("a"), "text"));
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace biotope::runtime
