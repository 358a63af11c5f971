#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "scenarios/runtime/world_testing.h"

// What scripts see of machine, mesh, users and report.

namespace biotope::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A blank medium in a drive, as disk da0.
const std::string kDisk =
    "local m = machine({ bays = 2 }) local d = medium() m:insert(0, d) settle() ";

TEST(Api, a_medium_becomes_a_disk_and_its_disk_goes_with_it) {
  Stage stage;
  EXPECT_THAT(stage.log_of(kDisk + R"(
    local da0 = m:disk(0)
    log(da0:name(), da0:size(), da0:sector_size(), da0:access().w, da0:start(), da0:is_there())
    log(mesh.provider('da0') == da0, mesh.provider('da7'), #mesh.providers(), #mesh.geoms())
    m:tear_out(0) settle()
    log(da0:is_there(), census().geoms)
    m:insert(0, d) settle()
    log(da0:is_there(), m:disk(0) == da0)
  )"),
              ElementsAre("da0 100663296 512 0 0 true", "true nil 1 1", "false 0", "false false"));
}

TEST(Api, stale_handles_are_errors_that_name_what_is_gone) {
  const std::string gone = kDisk +
                           "local p, g = m:disk(0), m:disk(0):geom() local dev = open(p) "
                           "m:tear_out(0) settle() ";
  EXPECT_EQ(Stage().failure_of(gone + "p:size()"),
            "story.lua:1: da0 is gone; what comes back under its name is another disk");
  EXPECT_EQ(Stage().failure_of(gone + "g:rank()"), "story.lua:1: disk da0 is gone");
  EXPECT_EQ(Stage().failure_of(gone + "dev:read(0, 512)"), "story.lua:1: dev da0 is gone");
  EXPECT_THAT(Stage().failure_of(gone + "mount(p)"), HasSubstr("da0 is gone"));
  EXPECT_THAT(Stage().failure_of(gone + "destroy(g)"), HasSubstr("disk da0 is gone"));
}

TEST(Api, raw_devices_read_what_was_written) {
  Stage stage;
  EXPECT_THAT(stage
                  .log_of(kDisk + R"(
    local dev = open('da0', { mode = 'rw', exclusive = true })
    dev:write('4 KiB', ('x'):rep(1024)) dev:flush()
    log(dev:read(4096, 512) == ('x'):rep(512), dev:read(0, 512) == ('\0'):rep(512))
    expect_refused('da0', open, 'da0', { mode = 'w' })
    log(select(2, pcall(dev.read, dev, 1, 512)).code)
    dev:close() settle()
    log(dev:is_there(), mesh.provider('da0'):access().r)
  )")
                  .back(),
              "false 0");
  EXPECT_EQ(stage.told.front(), "true true");
  EXPECT_EQ(stage.told[2], "EINVAL");
}

TEST(Api, a_refusal_that_nobody_expects_is_a_finding_with_its_line) {
  Stage stage;
  const auto failure = stage.play(kDisk + "\nm:insert(0, d)\n");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, FailureKind::refusal);
  EXPECT_EQ(failure->where, "story.lua:2");
  EXPECT_EQ(exit_status(failure->kind), 1);
}

TEST(Api, an_unmet_expectation_can_not_be_hidden) {
  Stage stage;
  const auto failure = stage.play("pcall(expect, false, 'the moon is blue') step('on we go')");
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->kind, FailureKind::expectation);
  EXPECT_THAT(failure->text, HasSubstr("the moon is blue"));
}

TEST(Api, expect_refused_wants_a_refusal_of_that_kind) {
  EXPECT_THAT(Stage().failure_of("expect_refused('x', function() end)"),
              HasSubstr("this was to be refused, with 'x', and was not"));
  EXPECT_THAT(Stage().failure_of(kDisk + "expect_refused('who', m.insert, m, 0, d)"),
              HasSubstr("was to be refused with 'who', and was with:"));
  EXPECT_THAT(Stage().failure_of("expect_refused('x', error, 'a mere error')"),
              HasSubstr("a mere error"));
  Stage stage;
  EXPECT_EQ(stage.failure_of(kDisk + "log(expect_refused('no file system', mount, 'da0'))"), "");
  EXPECT_THAT(stage.told.back(), HasSubstr("no file system"));
}

TEST(Api, eject_asks_and_a_raw_user_may_refuse) {
  Stage stage;
  EXPECT_EQ(stage.failure_of(kDisk + R"(
    local dev = open('da0')
    expect_refused('dev da0 has da0 open', m.eject, m, 0, { deadline = '1 s' })
    dev:close() settle()
    m:lock(0)
    expect_refused('locked', m.eject, m, 0)
    m:unlock(0)
    m:eject(0)
    expect(census().geoms == 0, 'the disk has gone')
    expect_refused('no medium', m.disk, m, 0)
  )"),
            "");
}

TEST(Api, a_module_is_put_into_a_live_edge_and_taken_out) {
  Stage stage;
  EXPECT_EQ(stage.failure_of(kDisk + R"(
    local dev = open('da0')
    local nop = interpose(mesh.geom('dev', 'da0'), 'da0', 'nop', 'between')
    expect(nop:rank() == 2 and dev:read(0, 512) == ('\0'):rep(512), 'reads go through it')
    remove(nop) settle()
    expect(not nop:is_there() and #dev:read(0, 512) == 512, 'and on without it')
    expect_refused('no window', create, 'nop', 'too long', 'da0', { size = '1 GiB' })
    local window = create('nop', 'window', { 'da0' }, { size = '4 KiB' })
    expect(window:providers()[1]:size() == 4096, 'a window is as long as it says')
    destroy(window)
  )"),
            "");
}

TEST(Api, a_module_in_use_is_exchanged_for_another_with_the_same_map) {
  Stage stage;
  EXPECT_EQ(stage.failure_of(kDisk + R"(
    local old = create('nop', 'old', 'da0', { offset = '4 KiB', size = '8 KiB' })
    local dev = open(old:providers()[1], { mode = 'rw' })
    dev:write(0, ('x'):rep(512))
    expect_refused('differ in size', exchange, old, 'nop', 'short', { size = '4 KiB' })
    expect(mesh.geom('nop', 'short') == nil, 'what was not put in is gone')
    local new = exchange(old, 'nop', 'new', { offset = '4 KiB', size = '8 KiB' })
    settle()
    expect(not old:is_there() and new:below()[1]:name() == 'da0', 'it stands where that stood')
    expect(dev:read(0, 512) == ('x'):rep(512), 'and shows the same')
  )"),
            "");
}

TEST(Api, facts_are_waited_for_and_listened_to) {
  EXPECT_THAT(Stage().log_of(R"(
    local m = machine()
    on('provider_published', function(fact) log('heard', fact.provider, fact.geom) end)
    spawn(function() m:insert(0, medium()) end)
    local fact = wait_for('provider_published', { provider = 'da0' })
    log(fact.kind, fact.provider, fact.class)
  )"),
              ElementsAre("provider_published da0 disk", "heard da0 disk da0"));
  EXPECT_THAT(Stage().failure_of("wait_for('tastd')"), HasSubstr("did you mean 'tasted'?"));
}

TEST(Api, waiting_for_what_never_comes_is_a_finding_that_says_who_waits) {
  Stage stage;
  const auto failure = stage.play("\nwait_for('ejected')\n");
  ASSERT_TRUE(failure);
  EXPECT_EQ(exit_status(failure->kind), 1);
  EXPECT_EQ(failure->text,
            "nothing will ever happen again, but the main script waits for "
            "'ejected' since story.lua:2");
}

TEST(Api, hardware_is_declared_before_it_is_used) {
  EXPECT_THAT(Stage().failure_of(kDisk + "machine({ name = 'late' })"), HasSubstr("machine: "));
}

}  // namespace
}  // namespace biotope::runtime
