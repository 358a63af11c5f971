// The paper's story (section 4), as a user plays it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "app/testing.h"

namespace biotope::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kStory = "scenarios/010-zip-disk.lua";

TEST(Story, the_zip_disk_is_played_to_its_end_and_leaves_everything) {
  const Playground ground;
  const Played played = ground.play({"run", kStory, "--out", ground.file("out")});
  EXPECT_EQ(played.exit_status, 0) << played.errors;
  EXPECT_EQ(played.out, "Report: " + ground.file("out/index.html") + "\n");
  EXPECT_THAT(played.errors, HasSubstr("the file that mcopy takes out is what was written"));
  for (const char* name : {"index.html", "events.log", "latency.json", "latency.hgrm",
                           "trace.perfetto.json", "waves.vcd", "case.txt"}) {
    EXPECT_FALSE(ground.read(std::string("out/") + name).empty()) << name;
  }
  const std::string log = ground.read("out/events.log");
  EXPECT_THAT(log, Not(HasSubstr("0x7f"))) << "an address";
  EXPECT_THAT(log, Not(HasSubstr("biotope-"))) << "the name of a temporary folder";
  EXPECT_TRUE(ground.tidy());
}

TEST(Story, Paper_49_the_device_daemon_follows_disks_that_come_and_go) {
  const Playground ground;
  const Played played = ground.play(
      {"run", "scenarios/040-device-daemon.lua", "--quiet", "--out", ground.file("out")});
  EXPECT_EQ(played.exit_status, 0) << played.errors;
  EXPECT_THAT(ground.read("out/case.txt"), HasSubstr("\nuses daemon.lua fnv1a64 "));
  EXPECT_TRUE(ground.tidy());
}

// A story is played to its end, tells of this, and leaves nothing behind.
void expect_told(const std::string& story, const char* line) {
  const Playground ground;
  const Played played =
      ground.play({"run", "scenarios/" + story + ".lua", "--out", ground.file("out")});
  EXPECT_EQ(played.exit_status, 0) << played.errors;
  EXPECT_THAT(played.errors, HasSubstr(line));
  EXPECT_TRUE(ground.tidy());
}

TEST(Story, Paper_43_a_mirror_survives_a_disk_and_tells_when_the_last_is_lost) {
  expect_told("020-mirror-survives", "has met no error and no wrong byte");
}

TEST(Story, Paper_66_a_partition_moves_under_load) {
  expect_told("030-live-move", "no pause is over the bound");
}

TEST(Story, Inv_M7_a_shelf_that_lost_its_power_comes_back_stale_and_is_brought_up_to_date) {
  expect_told("050-power-cut", "mcopy finds on it what was written, byte for byte");
}

TEST(Story, deleting_what_is_not_needed_spares_a_flash_drive) {
  expect_told("060-flash-delete", "every page holds what was last written to it");
}

TEST(Story, Inv_M4_a_disk_fails_bit_by_bit_and_its_mirror_covers_for_it) {
  expect_told("070-bad-sectors", "written anew, from the copy");
}

TEST(Story, Inv_D1_two_runs_with_one_seed_leave_the_same_bytes) {
  const Playground ground;
  for (const auto& [seed, out] : {std::pair{"5", "one"}, {"5", "two"}, {"6", "other"}}) {
    const Played played =
        ground.play({"run", kStory, "--quiet", "--seed", seed, "--out", ground.file(out)});
    ASSERT_EQ(played.exit_status, 0) << played.errors;
  }
  EXPECT_GT(ground.read("one/events.log").size(), 100'000U);
  for (const char* name : {"events.log", "index.html", "latency.json", "latency.hgrm",
                           "trace.perfetto.json", "waves.vcd", "case.txt"}) {
    EXPECT_EQ(ground.read(std::string("one/") + name), ground.read(std::string("two/") + name))
        << name;
  }
  EXPECT_NE(ground.read("one/events.log"), ground.read("other/events.log"));
}

}  // namespace
}  // namespace biotope::app
