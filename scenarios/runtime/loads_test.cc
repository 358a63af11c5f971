#include <gtest/gtest.h>

#include "scenarios/runtime/world_testing.h"

namespace biotope::runtime {
namespace {

constexpr const char* kDisk = R"(
  local zip = machine{ profile = "zip100", bays = 1 }
  zip:insert(0, medium{})
  settle()
  local disk = zip:disk(0)
)";

TEST(Loads, run_on_any_provider_and_tell_in_fios_words) {
  Stage stage;
  const auto log = stage.log_of(std::string(kDisk) + R"(
    local w = disk:workload{ rw = "randrw", rwmixread = 100, bs = "4k", iodepth = 4,
                             number_ios = 50, size = 0x100000 }
    local r = w:wait()
    log(r.read.total_ios, r.read.io_bytes, r.write, r.error)
    log(r.read.iops > 0, r.read.clat_ns.percentile["99.000000"] <= r.read.clat_ns.max)
    log(w:result().read.total_ios, r.read.slat_ns.max)
  )");
  ASSERT_EQ(log.size(), 3U);
  EXPECT_EQ(log[0], "50 204800 nil nil");
  EXPECT_EQ(log[1], "true true");
  EXPECT_EQ(log[2], "50 0");
}

TEST(Loads, tell_what_came_of_looking_at_what_they_wrote) {
  Stage stage;
  const auto log = stage.log_of(std::string(kDisk) + R"(
    local w = disk:workload{ rw = "write", size = "64k", verify = "pattern" }
    local r = w:wait()
    log(r.verify.checked_bytes, r.verify.wrong, r.verify.first, r.error, r.read)
  )");
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0], "65536 0 nil nil nil");
}

TEST(Loads, let_go_of_their_disk_when_they_are_over_or_stopped) {
  Stage stage;
  const auto log = stage.log_of(std::string(kDisk) + R"(
    local w = disk:workload{ rw = "write", runtime = "100 s" }
    sleep("1 s")
    log(disk:access().w)
    w:stop()
    local r = w:wait()
    settle()
    log(disk:access().w, r.write.total_ios > 10, r.error)
  )");
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0], "1");
  EXPECT_EQ(log[1], "0 true nil");
}

TEST(Loads, end_with_the_reason_when_their_disk_is_torn_out) {
  Stage stage;
  const auto log = stage.log_of(std::string(kDisk) + R"(
    local w = disk:workload{ rw = "randread", runtime = "100 s", iodepth = 3 }
    sleep("1 s")
    zip:tear_out(0)
    local r = w:wait()
    log(r.error ~= nil, r.read.failed > 0)
  )");
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0], "true true");
}

TEST(Loads, refuse_what_makes_no_sense) {
  Stage stage;
  const auto log = stage.log_of(std::string(kDisk) + R"(
    local function says(options)
      local _, why = pcall(function() disk:workload(options) end)
      log(tostring(why))
    end
    says({ rw = "randread", iodpeth = 3 })
    says({ rw = "randread", bs = {} })
    says({ "randread" })
    says("randread")
  )");
  ASSERT_EQ(log.size(), 4U);
  EXPECT_NE(log[0].find("did you mean 'iodepth'"), std::string::npos) << log[0];
  EXPECT_NE(log[1].find("'bs' must be a number"), std::string::npos) << log[1];
  EXPECT_NE(log[2].find("options have names"), std::string::npos) << log[2];
  EXPECT_NE(log[3].find("in a table"), std::string::npos) << log[3];
}

}  // namespace
}  // namespace biotope::runtime
