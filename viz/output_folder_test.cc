#include "viz/output_folder.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace biotope::viz {
namespace {

namespace files = std::filesystem;

class OutputFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    root_ = files::path(testing::TempDir()) / (std::string("output_folder_") + info->name());
    files::remove_all(root_);
    files::create_directory(root_);
  }
  void TearDown() override { files::remove_all(root_); }

  static std::string read(const files::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::vector<std::string> all() const {
    std::vector<std::string> names;
    for (const auto& entry : files::recursive_directory_iterator(root_)) {
      names.push_back(entry.path().lexically_relative(root_).string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  static void fill_and_commit(const files::path& path, const std::vector<std::string>& names) {
    auto folder = OutputFolder::open(path);
    ASSERT_TRUE(folder) << folder.error().text;
    for (const std::string& name : names) ASSERT_TRUE(folder->write(name, "new " + name));
    ASSERT_TRUE(folder->commit());
  }

  files::path root_;
};

TEST_F(OutputFolderTest, new_folder_appears_whole_with_its_parents) {
  fill_and_commit(root_ / "a" / "b", {"index.html", "frames/01-start.svg"});
  EXPECT_THAT(all(), testing::ElementsAre("a", "a/b", "a/b/frames", "a/b/frames/01-start.svg",
                                          "a/b/index.html"));
  EXPECT_EQ(read(root_ / "a/b/index.html"), "new index.html");
}

TEST_F(OutputFolderTest, without_commit_nothing_is_left) {
  {
    auto folder = OutputFolder::open(root_ / "out");
    ASSERT_TRUE(folder);
    ASSERT_TRUE(folder->write("index.html", "half"));
    EXPECT_FALSE(files::exists(root_ / "out"));
  }
  EXPECT_THAT(all(), testing::IsEmpty());
}

TEST_F(OutputFolderTest, files_of_others_stay_and_frames_of_an_earlier_run_go) {
  fill_and_commit(root_ / "out", {"index.html", "frames/01-start.svg", "frames/02-end.svg"});
  std::ofstream(root_ / "out" / "mine.txt") << "mine";
  std::ofstream(root_ / "out" / "frames" / "mine.svg") << "mine";
  fill_and_commit(root_ / "out", {"index.html", "frames/01-begin.svg"});
  EXPECT_THAT(all(), testing::ElementsAre("out", "out/frames", "out/frames/01-begin.svg",
                                          "out/frames/mine.svg", "out/index.html", "out/mine.txt"));
}

TEST_F(OutputFolderTest, existing_folder_keeps_its_files_until_commit) {
  fill_and_commit(root_ / "out", {"index.html"});
  std::ofstream(root_ / "out" / "index.html") << "old";
  {
    auto folder = OutputFolder::open(root_ / "out");
    ASSERT_TRUE(folder);
    ASSERT_TRUE(folder->write("index.html", "half"));
  }
  EXPECT_EQ(read(root_ / "out" / "index.html"), "old");
  EXPECT_THAT(all(), testing::ElementsAre("out", "out/index.html"));
}

TEST_F(OutputFolderTest, file_in_the_way_is_named_in_one_sentence) {
  std::ofstream(root_ / "file") << "x";
  for (const files::path& path : {root_ / "file", root_ / "file" / "below"}) {
    const auto folder = OutputFolder::open(path);
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().code, ENOTDIR);
    EXPECT_THAT(folder.error().text, testing::HasSubstr(path.string()));
    EXPECT_THAT(folder.error().text, testing::HasSubstr("can not be written"));
  }
  EXPECT_EQ(read(root_ / "file"), "x");
}

TEST_F(OutputFolderTest, trailing_slash_names_the_same_folder) {
  fill_and_commit(root_.string() + "/out/", {"x"});
  EXPECT_THAT(all(), testing::ElementsAre("out", "out/x"));
}

TEST_F(OutputFolderTest, reserved_file_is_moved_with_the_rest) {
  auto folder = OutputFolder::open(root_ / "out");
  ASSERT_TRUE(folder);
  const auto path = folder->reserve("waves.vcd");
  ASSERT_TRUE(path);
  std::ofstream(*path) << "waves";
  ASSERT_TRUE(folder->commit());
  EXPECT_EQ(read(root_ / "out" / "waves.vcd"), "waves");
}

}  // namespace
}  // namespace biotope::viz
