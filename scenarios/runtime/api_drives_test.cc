#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "scenarios/runtime/world_testing.h"

namespace biotope::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kDisk =
    "local m = machine({ bays = 2 }) local d = medium() m:insert(0, d) settle() "
    "local u = open('da0', { mode = 'rw' }) local s = ('x'):rep(512) ";

TEST(ApiDrives, a_fault_is_a_line_and_its_strikes_are_facts) {
  Stage stage;
  EXPECT_THAT(stage.log_of(kDisk + R"(
    local n = m:fault(0, 'transient_read_error first=7 last=7')
    local told
    on('machine', function(fact) if fact.text:find('fault') then told = fact.text end end)
    log(faults.struck(n), (pcall(u.read, u, 512, 512)))
    log(faults.struck(n), (pcall(u.read, u, 7 * 512, 512)))
    log(faults.struck(n), (pcall(u.read, u, 7 * 512, 512)))
    log(told)
    log(faults.list()[n + 1])
  )"),
              ElementsAre("0 true", "0 false", "1 true",
                          "fault: F03.transient_read_error scsi0.bay0 first=7 last=7",
                          "F03.transient_read_error scsi0.bay0 first=7 last=7"));
}

TEST(ApiDrives, what_hangs_is_released_by_name_and_what_is_off_does_not_strike) {
  Stage stage;
  EXPECT_THAT(stage.log_of(kDisk + R"(
    faults.off(fault('F10 scsi0.bay0'))
    fault('F30 scsi0.bay0 nth=2 until=now')
    u:write(0, s)
    local reader = spawn(function() log('read ' .. #u:read(0, 512)) end)
    sleep('10 s')
    log(reader:done(), faults.release('now'))
    reader:wait()
    log(u:read(0, 512) == s)
  )"),
              ElementsAre("false 1", "read 512", "true"));
}

// The names stay with the bays; whose half is whose stands in the metadata.
TEST(ApiDrives, Fault_F27_a_stripe_finds_its_disks_after_they_have_changed_places) {
  Stage stage;
  EXPECT_THAT(stage.log_of(R"(
    local m = machine({ name = 'scsi0', bays = 2 })
    m:insert(0, medium()) m:insert(1, medium()) settle()
    array.label('stripe', 'wide', { 'da0', 'da1' }, { stripe_size = '4 KiB' }) settle()
    local s = ('one '):rep(1024) .. ('two '):rep(1024)
    local u = open('stripe/wide', { mode = 'rw' })
    u:write(0, s) u:flush() u:close()
    local function begins() local d = open('da0') local t = d:read(0, 512) d:close() return t:sub(1, 3) end
    log(begins())
    fault('F27 scsi0.bay0 with=scsi0.bay1')
    sleep('1 min') settle()
    log(begins(), open('stripe/wide'):read(0, 8192) == s)
  )"),
              ElementsAre("one", "two true"));
}

TEST(ApiDrives, bad_faults_are_refused) {
  EXPECT_THAT(Stage().failure_of(kDisk + "m:fault(0, 'slwo')"), HasSubstr("did you mean 'slow'?"));
  EXPECT_THAT(Stage().failure_of(kDisk + "fault('slow scsi0.bay9')"), HasSubstr("no bay"));
  EXPECT_THAT(Stage().failure_of(kDisk + "faults.struck(0)"), HasSubstr("there is no fault 0"));
}

TEST(ApiDrives, statistics_tell_of_flash) {
  Stage stage;
  EXPECT_THAT(stage.log_of(R"(
    local m = machine({ profile = 'tiny-flash' })
    m:insert(0, medium({ profile = 'tiny-flash' })) settle()
    local u = open('da0', { mode = 'rw' })
    u:write(0, ('x'):rep(8192))
    local s = m:statistics(0)
    log(s.host_pages, s.write_amplification, s.spares_left, s.written_bytes)
  )"),
              ElementsAre("2 1.0 4 8192"));
}

}  // namespace
}  // namespace biotope::runtime
