// The device daemon of scenarios/daemon.lua, and how scripts take in other files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "scenarios/runtime/world_testing.h"

namespace biotope::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Scripts that lie where the daemon does.
class Daemon : public ::testing::Test {
 protected:
  Stage stage{{}, 1, "scenarios/story.lua"};
};

const std::string kStart = R"(
  local rack = machine({ bays = 2 })
  local mounts = use("daemon").start({ cache = 4 })
  local function quiet() repeat settle() sleep("100 ms") until mounts.busy() == 0 settle() end
  local function said()
    local all = {}
    for _, m in ipairs(mounts.all()) do all[#all + 1] = m.disk .. " " .. m.path end
    return table.concat(all, ", ")
  end
)";

// A disk with one UFS volume whose superblock says `path`.
std::string ufs(const std::string& path) {
  return "media.make({ size = '8 MiB', slices = { { partitions = { { letter = 'a', format = "
         "'ufs1', "
         "mounted_on = [[" +
         path + "]], files = { ['/f'] = 'hello' } } } } } })";
}

TEST_F(Daemon, Paper_49_ufs_is_mounted_by_the_path_in_its_superblock) {
  EXPECT_THAT(stage.log_of(kStart + "rack:insert(0, medium({ image = " + ufs("/usr/home") +
                           " })) quiet() log(said())"
                           "local v = mounts.at('/usr/home')"
                           "log(v:kind(), v:last_mounted(), v:label() == '', v:read('/f', 0, 5))"),
              ElementsAre("daemon: da0s1a, ufs1, is mounted on /usr/home", "da0s1a /usr/home",
                          "ufs1 /usr/home true hello"));
}

TEST_F(Daemon, paths_that_lead_astray_are_not_followed) {
  std::string script = kStart;
  for (const char* path : {"relative", "/../etc", "/a/../../b", "/a b", "/a//b", "/./a", ""}) {
    script += "do local m = medium({ image = " + ufs(path) +
              " }) rack:insert(0, m) quiet() expect(said() == 'da0s1a /media/da0s1a', said()) "
              "rack:eject(0) settle() expect(said() == '', 'nothing is left') end ";
  }
  EXPECT_EQ(stage.failure_of(script), "");
}

TEST_F(Daemon, what_others_use_is_left_to_them) {
  EXPECT_EQ(stage.failure_of(kStart + "local m = medium({ image = " + ufs("/usr") + R"( })
    mounts.stop()
    rack:insert(0, m) quiet()
    expect(said() == "", "it was told to stop")
    local mine = mount("da0s1a", { on = "/mine" })
    local again = use("daemon").start()
    configure("label", {}) settle()
    expect(#again.all() == 0, "da0s1a is mine")
    mine:unmount() settle()
    expect(#again.all() == 0, "it has not come anew")
  )"),
            "");
}

// Torn out at any moment of its mounting, a disk leaves nothing behind and the next is mounted.
TEST_F(Daemon, Paper_62_a_disk_that_goes_at_any_moment_leaves_no_trace) {
  EXPECT_EQ(stage.failure_of(kStart + "local m = medium({ image = " + ufs("/usr") + R"( })
    local early, late = 0, 0
    for moment = 1, 120 do
      rack:insert(0, m)
      -- Tasting takes 2 s, and mounting is short.
      sleep(("%d ms"):format(moment <= 60 and moment * 30 or 1200 + moment * 10))
      if #mounts.all() > 0 then late = late + 1 elseif mounts.busy() > 0 then early = early + 1 end
      rack:tear_out(0)
      quiet()
      expect(said() == "" and census().geoms == 0, ("no trace after moment %d"):format(moment))
    end
    expect(early > 5 and late > 5, ("it went while and after it was mounted: %d, %d"):format(early, late))
    rack:insert(0, m)
    quiet()
    expect(said() == "da0s1a /usr", "and then it is mounted after all")
  )"),
            "");
}

// Files beside the script ------------------------------------------------------------------------

TEST_F(Daemon, a_file_is_run_once_and_named_in_the_case) {
  EXPECT_EQ(stage.failure_of("expect(use('daemon') == use('daemon'), 'it is the same')"), "");
  ASSERT_EQ(stage.world->used.size(), 1U);
  EXPECT_EQ(stage.world->used.front().first, "daemon.lua");
}

TEST(Use, files_elsewhere_are_out_of_reach) {
  for (const char* name : {"../README", "/etc/passwd", "", "a.lua", "..", "A"}) {
    EXPECT_THAT(Stage({}, 1, "scenarios/story.lua").failure_of(sentence("use('", name, "')")),
                HasSubstr("is no file name"))
        << name;
  }
  EXPECT_THAT(Stage({}, 1, "scenarios/story.lua").failure_of("use('daemons')"),
              HasSubstr("scenarios/daemons.lua"));
}

}  // namespace
}  // namespace biotope::runtime
