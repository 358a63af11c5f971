#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "scenarios/runtime/world_testing.h"

// Mirrors, arrays and volumes as scripts see them.

namespace biotope::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Four blank disks, da0 to da3, of 96 MiB each.
const std::string kDisks = R"(
  local shelf = machine({ bays = 4 })
  for bay = 0, 3 do
    shelf:insert(bay, medium())
  end
  settle()
)";

TEST(ApiArrays, mirrors_are_configured_scrubbed_resized_and_destroyed) {
  Stage stage;
  EXPECT_THAT(stage.log_of(kDisks + R"(
    mirror.label('home', { 'da0', 'da1' }) settle()
    local m = mesh.geom('mirror', 'home')
    mirror.configure(m, { balance = 'prefer', disk = 'da1', priority = 7 })
    log(m:recipe():find('prefer') ~= nil)
    expect_refused('balance', mirror.configure, m, { balance = 'bold' })
    local report = mirror.scrub(m, { mend = true })
    log(report.compared == mesh.provider('mirror/home'):size(), report.differing)
    mirror.resize(m, '512 KiB')
    log(mesh.provider('mirror/home'):size())
    mirror.resize(m)
    log(mesh.provider('mirror/home'):size())
    local user = open('mirror/home')
    expect_refused('open', mirror.destroy, m)
    user:close() settle()
    mirror.destroy(m) settle()
    log(m:is_there(), mesh.provider('mirror/home'))
  )"),
              ElementsAre("true", HasSubstr("there is no balance 'bold'"), "true 0", "524288",
                          "100662784", HasSubstr("mirror/home is open"), "false nil"));
}

TEST(ApiArrays, arrays_are_labelled_appended_to_and_destroyed) {
  Stage stage;
  EXPECT_THAT(stage.log_of(kDisks + R"(
    array.label('concat', 'long', { 'da0', 'da1' }) settle()
    local geom = mesh.geom('concat', 'long')
    log(mesh.provider('concat/long'):size())
    array.append(geom, 'da2') settle()
    log(mesh.provider('concat/long'):size())
    array.destroy(geom) settle()
    log(mesh.provider('concat/long'))
    array.label('stripe', 'wide', { 'da0', 'da1' }, { stripe_size = '4 KiB' }) settle()
    destroy(mesh.geom('stripe', 'wide')) settle()
    array.clear('stripe', 'da0')
    expect_refused('holds no', array.clear, 'stripe', 'da0')
  )"),
              ElementsAre("201325568", "301988352", "nil", HasSubstr("da0 holds no")));
}

TEST(ApiArrays, what_is_no_array_is_told_so) {
  EXPECT_THAT(Stage().failure_of(kDisks + "array.label('nop', 'x', { 'da0' })"),
              HasSubstr("nop is no class of arrays"));
  EXPECT_THAT(Stage().failure_of(kDisks + "array.destroy(mesh.geom('disk', 'da0'))"),
              HasSubstr("disk da0 is no array"));
}

TEST(ApiArrays, paths_fail_and_are_restored) {
  Stage stage;
  EXPECT_THAT(stage.log_of(kDisks + R"(
    create('nop', 'p0', 'da0') create('nop', 'p1', 'da0')
    local m = create('multipath', 'm', { 'p0', 'p1' })
    log(multipath.active(m))
    multipath.fail(m, 'p0')
    log(multipath.active(m))
    multipath.restore(m, 'p0') multipath.prefer(m, 'p0')
    log(multipath.active(m))
    multipath.rotate(m)
    log(multipath.active(m))
    multipath.remove(m, 'p1')
    expect_refused('last', multipath.remove, m, 'p0')
    multipath.add(m, 'p1')
  )"),
              ElementsAre("p0", "p1", "p0", "p1", HasSubstr("last")));
}

// Two who write to one disk, and a layer that nobody uses, go from disk to disk.
TEST(ApiArrays, Paper_66_a_disk_in_use_by_many_is_mirrored_and_moved) {
  Stage stage;
  EXPECT_THAT(stage.log_of(kDisks + R"(
    create('nop', 'layer', 'da0')
    local one, two = open('da0', { mode = 'rw' }), open('da0', { mode = 'rw' })
    one:write(0, ('a'):rep(512))
    local m = mirror.interpose(mesh.provider('da0'), 'between')
    expect_refused('another name', mirror.interpose, mesh.provider('da0'), 'between')
    mirror.insert(m, 'da1') mirror.complete(m)
    two:write(512, ('b'):rep(512))
    mirror.remove(m, 'da0') remove(m) settle()
    log(#mesh.provider('da1'):users(), #mesh.provider('da0'):users())
    log(move('da1', 'da2').copied)
    local nop = interpose(nil, 'da2', 'nop', 'window')
    log(#nop:providers()[1]:users(), one:read(512, 512):sub(1, 1), two:read(0, 512) == ('a'):rep(512))
  )"),
              ElementsAre(HasSubstr("between already"), "3 0", "100663296", "3 b true"));
}

// What was set up one way is changed while it is used: the second checkpoint of the paper's plan.
TEST(ApiArrays, Paper_73_a_stack_is_set_up_and_later_changed_by_what_a_script_says) {
  Stage stage;
  EXPECT_THAT(stage.log_of(kDisks + R"(
    local first = create('ccd', 'data', { 'da0', 'da1' }, { interleave = '4 KiB', no_offset = true })
    local dev = open('data', { mode = 'rw', exclusive = true })
    dev:write(0, ('a'):rep(64 * 1024))
    log(first:recipe())
    -- Another module with the same map takes its place under its user.
    local second = exchange(first, 'stripe', 'data', { stripe_size = '4 KiB' })
    log(second:recipe())
    dev:write('4 KiB', ('b'):rep(4096))
    -- One of its disks goes elsewhere, and a window comes between.
    interpose(second, mesh.provider('da1'), 'nop', 'between')
    log(second:recipe())
    log(move('between', 'da2').copied)
    log(second:recipe())
    local expected = ('a'):rep(4096) .. ('b'):rep(4096) .. ('a'):rep(56 * 1024)
    log(dev:read(0, 64 * 1024) == expected)
    dev:close() settle() destroy(second) settle()
    -- The line that makes it again does.
    create('stripe', 'data', { 'da0', 'da2' }, { stripe_size = 4096 }) settle()
    log(open('stripe/data'):read(0, 64 * 1024) == expected)
  )"),
              ElementsAre("ccd create data interleave=4096 no_offset=true da0 da1",
                          "stripe create data stripe_size=4096 da0 da1",
                          "stripe create data stripe_size=4096 da0 between", "100663296",
                          "stripe create data stripe_size=4096 da0 da2", "true", "true"));
}

TEST(ApiArrays, ccd_and_vinum_are_made_out_of_small_modules) {
  Stage stage;
  EXPECT_THAT(stage.log_of(kDisks + R"(
    log(ccd.compose('c', { 'da0', 'da1' }, { interleave = '4 KiB', mirror = true }):title())
    local volumes = vinum.compose([[
      drive a device da2
      drive b device da3
      volume home
        plex org striped 4k
          sd length 64k drive a
          sd length 64k drive b
    ]], { 'da2', 'da3' })
    log(#volumes, volumes[1]:name(), volumes[1]:size())
    expect_refused('line 1', vinum.compose, 'plexx', { 'da0' })
  )"),
              ElementsAre("mirror c", "1 stripe/home.p0 131072", HasSubstr("line 1")));
}

TEST(ApiArrays, a_vinum_is_found_by_what_is_written_to_its_drives) {
  Stage stage;
  EXPECT_THAT(stage.log_of(kDisks + R"(
    vinum.label('v', [[
      drive a device da2
      drive b device da3
      volume home
        plex org concat
          sd length 64k drive a
        plex org concat
          sd length 64k drive b ]], { 'da2', 'da3' })
    settle()
    log(mesh.geom('vinum', 'v'):status())
    expect_refused('vinum', vinum.clear, 'da2')
    expect_refused('is there', vinum.insert, mesh.geom('vinum', 'v'), 'a', 'da1')
    vinum.stop(mesh.geom('vinum', 'v'))
    settle()
    vinum.clear('da2')
    expect_refused('no drive of vinum', vinum.clear, 'da2')
  )"),
              ElementsAre("home up, 2 of 2 plexes: home.p0 home.p1", HasSubstr("vinum"),
                          HasSubstr("is there"), HasSubstr("no drive of vinum")));
}

TEST(ApiArrays, a_plex_of_vinum_is_started) {
  Stage stage;
  EXPECT_THAT(stage.log_of(kDisks + R"(
    local v = create('vinum', 'v', { 'da2', 'da3' }, { config = [[
      drive a device da2
      drive b device da3
      volume home
        plex org concat
          sd length 64k drive a
        plex org concat
          sd length 64k drive b ]] })
    vinum.start(v, 'home.p0')
    expect_refused('no plex', vinum.start, v, 'home.p7')
    log(v:status())
  )"),
              ElementsAre(HasSubstr("no plex"), "home up, 2 of 2 plexes: home.p0 home.p1"));
}

}  // namespace
}  // namespace biotope::runtime
