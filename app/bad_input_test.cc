#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "app/testing.h"

// What the program does with bad input: one clear sentence, the right exit status, nothing left
// behind.

namespace biotope::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kStory = "scenarios/010-zip-disk.lua";

struct BadInput : ::testing::Test {
  // Plays it, and looks at what must be so whatever was wrong.
  Played refused(std::vector<std::string> words, const std::string& environment = {}) {
    words.insert(words.end(), {"--quiet", "--out", ground.file("out")});
    const Played played = ground.play(words, environment);
    EXPECT_THAT(played.complaint(), ::testing::StartsWith("biotope: "));
    EXPECT_EQ(played.out, "");
    EXPECT_THAT(played.errors, HasSubstr("\nreplay: "));
    EXPECT_FALSE(ground.has("out"));
    EXPECT_TRUE(ground.tidy());
    return played;
  }
  Played media(const std::string& contents) {
    return refused({"run", kStory, "--media", ground.write("guest.img", contents)});
  }
  Played script(const std::string& source, std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"run", ground.write("story.lua", source)});
    return refused(options);
  }

  Playground ground;
};

TEST_F(BadInput, missing_image) {
  const Played played = refused({"run", kStory, "--media", ground.file("none.img")});
  EXPECT_EQ(played.exit_status, 2);
  EXPECT_THAT(played.complaint(), HasSubstr("none.img': No such file or directory"));
}

TEST_F(BadInput, image_that_is_a_folder) {
  const Played played = refused({"run", kStory, "--media", ground.file("")});
  EXPECT_EQ(played.exit_status, 2);
  EXPECT_THAT(played.complaint(), HasSubstr("directory"));
}

TEST_F(BadInput, empty_image) {
  const Played played = media("");
  EXPECT_EQ(played.exit_status, 2);
  EXPECT_THAT(played.complaint(), HasSubstr("guest.img' is empty"));
}

TEST_F(BadInput, unaligned_image) {
  const Played played = media(std::string(1000, 'x'));
  EXPECT_EQ(played.exit_status, 2);
  EXPECT_THAT(played.complaint(), HasSubstr("no multiple of the sector size 512"));
}

TEST_F(BadInput, garbage_image) {
  std::string garbage(1 << 20, '\0');
  std::uint32_t x = 1;
  for (char& c : garbage) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  const Played played = media(garbage);
  EXPECT_EQ(played.exit_status, 2);
  EXPECT_THAT(played.complaint(), HasSubstr("there is no file system to mount"));
}

TEST_F(BadInput, image_larger_than_the_medium) {
  const std::string path = ground.write("guest.img", "");
  std::filesystem::resize_file(path, 100'663'296 + 512);
  const Played played = refused({"run", kStory, "--media", path});
  EXPECT_EQ(played.exit_status, 2);
  EXPECT_THAT(played.complaint(), HasSubstr("but the medium holds only 100663296"));
}

TEST_F(BadInput, truncated_image_whose_table_points_behind_its_end) {
  const Played played = media(with_table({{6, 64, 100'000}}).substr(0, 512));
  EXPECT_EQ(played.exit_status, 2);
  EXPECT_THAT(played.complaint(), HasSubstr("there is no file system to mount"));
}

TEST_F(BadInput, table_whose_entries_overlap) {
  const Played played = media(with_table({{6, 64, 1000}, {6, 500, 1000}}));
  EXPECT_EQ(played.exit_status, 2);
  EXPECT_THAT(played.complaint(), HasSubstr("its mbr table is refused: partition s2"));
  EXPECT_THAT(played.complaint(), HasSubstr("overlaps partition s1"));
}

TEST_F(BadInput, table_that_runs_off_the_end) {
  const Played played = media(with_table({{6, 64, 1000}, {6, 2000, 1'000'000}}));
  EXPECT_EQ(played.exit_status, 2);
  EXPECT_THAT(played.complaint(), HasSubstr("partition s2"));
  EXPECT_THAT(played.complaint(), HasSubstr("runs past the end of the medium"));
}

TEST_F(BadInput, syntax_error) {
  const Played played = script("local x = 1\nlocal y = = 2\n");
  EXPECT_EQ(played.exit_status, 2);
  EXPECT_THAT(played.complaint(), HasSubstr("story.lua:2: unexpected symbol near '='"));
}

TEST_F(BadInput, run_time_error_with_the_way_it_came) {
  const Played played = script("local function f(t)\n  return t.a.b\nend\nlocal x = f({})\n");
  EXPECT_EQ(played.exit_status, 2);
  EXPECT_THAT(played.complaint(), HasSubstr("story.lua:2: attempt to index a nil value"));
  EXPECT_THAT(played.errors, HasSubstr("story.lua:4: in main chunk"));
}

TEST_F(BadInput, error_after_steps_were_made) {
  const Played played = script("step('one')\nsleep('1 ms')\nerror('no more')\n");
  EXPECT_EQ(played.exit_status, 2);
  EXPECT_THAT(played.complaint(), HasSubstr("story.lua:3: no more"));
}

TEST_F(BadInput, unknown_parameter_names_get_the_nearest) {
  const Played played = script("machine({ bay = 2 })");
  EXPECT_EQ(played.exit_status, 2);
  EXPECT_THAT(played.complaint(),
              HasSubstr("story.lua:1: machine: unknown parameter 'bay'; did you mean 'bays'?"));
  EXPECT_THAT(script("create('nop', 'n', nil, { ofset = 1 })").complaint(),
              HasSubstr("did you mean 'offset'?"));
  EXPECT_THAT(script("create('nob', 'n')").complaint(), HasSubstr("did you mean 'nop'?"));
  EXPECT_THAT(script("machine():insrt(0)").complaint(),
              HasSubstr("a machine has no 'insrt'; did you mean 'insert'?"));
}

TEST_F(BadInput, values_out_of_range) {
  EXPECT_THAT(script("machine({ bays = 0 })").complaint(), HasSubstr("'bays' is 0; it must be"));
  EXPECT_THAT(script("machine({ bays = 'two' })").complaint(),
              HasSubstr("'bays' must be a whole number, not a text"));
  EXPECT_THAT(script("machine({ profile = 'zip' })").complaint(), HasSubstr("zip100"));
  EXPECT_THAT(script("sleep('soon')").complaint(), HasSubstr("no number with a unit"));
  EXPECT_THAT(script("machine():insert(3, medium())").complaint(),
              HasSubstr("scsi0 has no bay 3; its bays are 0 to 0"));
}

TEST_F(BadInput, a_script_that_never_ends) {
  const Played played =
      script("local n = 0\nwhile true do\n  n = n + 1\nend\n", {"--instructions", "1000000"});
  EXPECT_EQ(played.exit_status, 124);
  EXPECT_THAT(played.complaint(), HasSubstr("did not end within 1000000 instructions"));
  EXPECT_THAT(played.complaint(), ::testing::ContainsRegex("story.lua:[23]: "));
}

TEST_F(BadInput, a_script_that_never_ends_in_simulated_time) {
  const Played played =
      script("while true do\n  sleep('1 ms')\nend\n", {"--instructions", "100000"});
  EXPECT_EQ(played.exit_status, 124);
  EXPECT_THAT(played.complaint(), HasSubstr("story.lua:2"));
}

TEST_F(BadInput, a_script_that_is_no_file) {
  EXPECT_THAT(refused({"run", ground.file("none.lua")}).complaint(), HasSubstr("No such file"));
  EXPECT_THAT(refused({"run", "scenarios"}).complaint(), HasSubstr("no plain file"));
  EXPECT_THAT(refused({"run", "/dev/zero"}).complaint(), HasSubstr("no plain file"));
  EXPECT_THAT(script("\x1bLuaR").complaint(), HasSubstr("binary"));
}

TEST_F(BadInput, an_output_folder_that_can_not_be_written) {
  for (const std::string& out : {ground.write("a-file", "kept"), std::string("/proc/none/out")}) {
    const Played played =
        ground.play({"run", ground.write("story.lua", "log('must not be played')"), "--out", out});
    EXPECT_EQ(played.exit_status, 2);
    EXPECT_THAT(played.complaint(), HasSubstr("can not be written"));
    EXPECT_THAT(played.errors, Not(HasSubstr("must not be played")));
  }
  EXPECT_EQ(ground.read("a-file"), "kept");
}

TEST_F(BadInput, a_missing_tool_is_named_with_its_package) {
  const Played without_dot = refused({"run", kStory}, "PATH=/nowhere");
  EXPECT_EQ(without_dot.exit_status, 4);
  EXPECT_THAT(without_dot.complaint(), HasSubstr("install the package graphviz"));
  std::filesystem::create_directory(ground.file("bin"));
  std::filesystem::create_symlink("/usr/bin/dot", ground.file("bin/dot"));
  const Played without_mtools = refused({"run", kStory}, "PATH=" + ground.file("bin"));
  EXPECT_EQ(without_mtools.exit_status, 4);
  EXPECT_THAT(without_mtools.complaint(), HasSubstr("install the package mtools"));
}

TEST_F(BadInput, wrong_usage) {
  for (const auto& [words, sentence] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"rum"}, "there is no verb 'rum'; did you mean 'run'?"},
           {{"run", kStory, "--sed", "1"}, "there is no option '--sed'; did you mean '--seed'?"},
           {{"run"}, "SCRIPT is required"},
           {{"disk", "show", "ide", "--zz"}, "no option '--zz'; see 'biotope disk show --help'"},
           {{"class", "show", "nob"}, "there is no class 'nob'; did you mean 'nop'?"},
           {{"run", kStory, "--seed", "x"}, "--seed"},
           {{"run", kStory, "--instructions", "0"}, "--instructions"}}) {
    const Played played = ground.play(words);
    EXPECT_EQ(played.exit_status, 2) << sentence;
    EXPECT_EQ(played.out, "") << sentence;
    EXPECT_THAT(played.complaint(), HasSubstr(sentence));
  }
}

TEST_F(BadInput, help_tells_how_a_verb_is_typed) {
  EXPECT_THAT(ground.play({"--help"}).out, HasSubstr("Usage: biotope [OPTIONS]"));
  EXPECT_THAT(ground.play({"trace", "info", "--help"}).out,
              HasSubstr("Usage: biotope trace info [OPTIONS] FILE"));
}

TEST_F(BadInput, what_is_not_expected_is_a_finding_and_its_report_is_left) {
  const Played played =
      ground.play({"run", ground.write("story.lua", "expect(1 == 2, 'one is two')"), "--out",
                   ground.file("out")});
  EXPECT_EQ(played.exit_status, 1);
  EXPECT_THAT(played.complaint(),
              HasSubstr("story.lua:1: this was expected and is not so: one is two"));
  EXPECT_THAT(played.out, HasSubstr("out/index.html"));
  EXPECT_THAT(ground.read("out/index.html"), HasSubstr("The story breaks off"));
  EXPECT_THAT(ground.read("out/case.txt"), HasSubstr("exit_status 1"));
}

}  // namespace
}  // namespace biotope::app
