#include "viz/story.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "viz/svg.h"
#include "viz/testing.h"

namespace biotope::viz {
namespace {

namespace files = std::filesystem;
using testing::HasSubstr;

class StoryTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    root_ = files::path(testing::TempDir()) / (std::string("story_") + info->name());
    files::remove_all(root_);
    files::create_directory(root_);
  }
  void TearDown() override { files::remove_all(root_); }

  // A disk comes, is opened, used and lost; what is told of it ends in `folder`.
  static Status play(const files::path& folder) {
    TestMesh test;
    Story story(test.mesh(), {"A disk comes and goes", {{"seed", "1"}}});
    Provider& disk = test.disk("da0");
    Provider& slice = *test.parts(disk, 2)[0];
    story.step("A disk appears", "With two slices.");
    Consumer& user = test.user("fs", slice, kReadWriteExclusive);
    test.ask(user, Command::write, 4096, 5);
    story.step("It is used!");
    test.lose(disk);
    story.step("It is gone");
    return story.finish(folder);
  }

  std::map<std::string, std::string> contents(const files::path& folder) const {
    std::map<std::string, std::string> all;
    for (const auto& entry : files::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      all[entry.path().lexically_relative(folder).string()] =
          std::string(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }

  files::path root_;
};

TEST_F(StoryTest, leaves_everything_a_person_looks_at) {
  ASSERT_TRUE(play(root_ / "out"));
  const auto all = contents(root_ / "out");
  std::vector<std::string> names;
  for (const auto& [name, text] : all) names.push_back(name);
  EXPECT_THAT(names, testing::ElementsAre(
                         "events.log", "frames/01-a-disk-appears.confdot.dot",
                         "frames/01-a-disk-appears.confdot.svg", "frames/01-a-disk-appears.dot",
                         "frames/01-a-disk-appears.svg", "frames/02-it-is-used.confdot.dot",
                         "frames/02-it-is-used.confdot.svg", "frames/02-it-is-used.dot",
                         "frames/02-it-is-used.svg", "frames/03-it-is-gone.confdot.dot",
                         "frames/03-it-is-gone.confdot.svg", "frames/03-it-is-gone.dot",
                         "frames/03-it-is-gone.svg", "index.html", "latency.hgrm", "latency.json",
                         "trace.perfetto.json", "waves.vcd"));
  EXPECT_EQ(nlohmann::json::parse(all.at("latency.json"))["schema"], "biotope/latency/1");
  EXPECT_TRUE(nlohmann::json::accept(all.at("trace.perfetto.json")));
  EXPECT_THAT(all.at("index.html"), HasSubstr("A disk comes and goes"));
}

TEST_F(StoryTest, identical_runs_leave_identical_files) {
  ASSERT_TRUE(play(root_ / "first"));
  const std::vector<char> ballast(1 << 18);
  ASSERT_TRUE(play(root_ / "second"));
  EXPECT_EQ(contents(root_ / "first"), contents(root_ / "second"));
}

TEST_F(StoryTest, each_step_has_the_facts_since_the_one_before) {
  ASSERT_TRUE(play(root_ / "out"));
  const std::string html = contents(root_ / "out").at("index.html");
  const auto article = [&](int number) {
    const size_t begin = html.find("id=\"step-" + std::to_string(number) + "\"");
    return html.substr(begin, html.find("</article>", begin) - begin);
  };
  EXPECT_THAT(article(1), HasSubstr("bottom da0 makes the disk da0"));
  EXPECT_THAT(article(1), HasSubstr("<p>With two slices.</p>"));
  EXPECT_THAT(article(2), HasSubstr("top fs opens da0s1 as r1w1e1"));
  EXPECT_THAT(article(2), HasSubstr("Requests that came back: 5 WRITE."));
  EXPECT_THAT(article(2), testing::Not(HasSubstr("makes the disk")));
  EXPECT_THAT(article(3), HasSubstr("da0 is gone (ENXIO)"));
}

TEST_F(StoryTest, parts_of_requests_are_not_counted_as_requests) {
  TestMesh test;
  Story story(test.mesh(), {"x", {}});
  Consumer& user = test.user("fs", test.halves(test.disk("da0"), "half"), kReadOnly);
  test.ask(user, Command::read, 4096, 3);
  story.step("Reads");
  ASSERT_TRUE(story.finish(root_ / "out"));
  EXPECT_THAT(contents(root_ / "out").at("index.html"),
              HasSubstr("Requests that came back: 3 READ."));
}

TEST_F(StoryTest, folder_that_can_not_be_written_is_told_and_nothing_is_left) {
  std::ofstream(root_ / "file") << "x";
  const Status told = play(root_ / "file" / "out");
  ASSERT_FALSE(told);
  EXPECT_THAT(told.error().text, HasSubstr("can not be written"));
  EXPECT_EQ(contents(root_).size(), 1u);
}

TEST_F(StoryTest, without_dot_the_package_is_named_and_nothing_is_left) {
  const std::string path = std::getenv("PATH");
  setenv("PATH", root_.c_str(), 1);
  const Status told = play(root_ / "out");
  setenv("PATH", path.c_str(), 1);
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code, kMissingProgram);
  EXPECT_THAT(told.error().text, HasSubstr("graphviz"));
  EXPECT_TRUE(files::is_empty(root_));
}

TEST_F(StoryTest, titles_without_letters_still_name_their_files) {
  TestMesh test;
  Story story(test.mesh(), {"x", {}});
  story.step("../../!");
  story.step(std::string(500, 'A'));
  ASSERT_TRUE(story.finish(root_ / "out"));
  const auto all = contents(root_ / "out");
  EXPECT_EQ(all.count("frames/01-step.svg"), 1u);
  EXPECT_EQ(all.count("frames/02-" + std::string(48, 'a') + ".svg"), 1u);
}

TEST_F(StoryTest, run_without_a_step_is_a_report_too) {
  TestMesh test;
  Story story(test.mesh(), {"Nothing was told", {}});
  ASSERT_TRUE(story.finish(root_ / "out"));
  EXPECT_EQ(contents(root_ / "out").count("index.html"), 1u);
}

TEST_F(StoryTest, nothing_is_watched_any_more_when_it_is_over) {
  TestMesh test;
  {
    Story story(test.mesh(), {"x", {}});
    EXPECT_TRUE(test.mesh().facts().watched());
  }
  EXPECT_FALSE(test.mesh().facts().watched());
}

}  // namespace
}  // namespace biotope::viz
