#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scenarios/runtime/world_testing.h"

// Arrays with parity, as scripts use them.

namespace biotope::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The first MiB of each of four blank media in drives.
const std::string kDisks =
    "local m, p = machine({ bays = 4 }), {} "
    "for i = 0, 3 do m:insert(i, medium()) end settle() "
    "for i = 0, 3 do "
    "p[i] = create('nop', 'p' .. i, m:disk(i), { size = '1 MiB' }):providers()[1] end "
    "local three = { p[0], p[1], p[2] } ";

TEST(ParityCalls, an_array_lives_on_without_a_disk_and_takes_another) {
  for (const std::string cls : {"raid3", "raid5"}) {
    Stage stage;
    EXPECT_THAT(stage.log_of(kDisks + "local cls = '" + cls + "' " + R"(
      raid.label(cls, 'home', three, cls == 'raid5' and { log = 4 } or {})
      settle()
      local array = mesh.geom(cls, 'home')
      raid.complete(array)
      raid.remove(array, p[1])
      local dev = open(cls .. '/home', { mode = 'rw' })
      dev:write(8192, ('x'):rep(4096))
      expect_refused('lives of all others', raid.remove, array, p[2])
      raid.insert(array, p[3]) raid.complete(array)
      m:tear_out(0) settle()
      log(dev:read(8192, 4096) == ('x'):rep(4096))
      expect_refused('is open', raid.stop, array)
      expect_refused('without all members', raid.scrub, array)
      log(array:status():match('^%u+, %d of %d'))
    )"),
                ElementsAre(HasSubstr("p2 can not be removed"), "true", HasSubstr("is open"),
                            HasSubstr("without all members"), "DEGRADED, 2 of 3"))
        << cls;
  }
}

TEST(ParityCalls, what_is_no_array_is_a_mistake_of_the_script) {
  EXPECT_THAT(Stage().failure_of(kDisks + "raid.complete(p[0]:geom())"),
              HasSubstr("no array with parity"));
  EXPECT_THAT(Stage().failure_of(kDisks + "raid.label('mirror', 'x', three)"),
              HasSubstr("mirror has no parity"));
  EXPECT_THAT(Stage().failure_of(kDisks + "raid.label('raid3', 'x', { three[1] })"),
              HasSubstr("3 to 33 disks"));
  EXPECT_THAT(Stage().failure_of(kDisks + "raid.clear('raid5', three[1])"),
              HasSubstr("BIOTOPE::RAID5"));
}

}  // namespace
}  // namespace biotope::runtime
