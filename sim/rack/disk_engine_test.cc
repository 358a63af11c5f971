#include "sim/rack/disk_engine.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "sim/disk/profiles.h"
#include "sim/rack/drive_kind.h"

namespace biotope::sim {
namespace {

using Command = DriveEngine::Command;
using Extents = std::vector<DriveEngine::Extent>;

std::shared_ptr<const DiskModel> cheetah() { return *find_profile("cheetah-9lp"); }

Extents unwritten(DriveEngine& engine, std::int64_t now_ns) {
  Extents extents;
  engine.add_unwritten(extents, now_ns);
  return extents;
}

TEST(DiskEngine, tells_what_is_done_for_the_host_and_waits_to_be_written) {
  DiskEngine engine(cheetah());
  engine.submit(7, Command::write, 1000, 8, 0);
  EXPECT_FALSE(engine.writes_back() && engine.outstanding() == 0);
  const auto done = engine.finished(kNever);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->tag, 7U);
  EXPECT_EQ(done->error, 0);
  ASSERT_TRUE(engine.writes_back());
  EXPECT_EQ(unwritten(engine, done->time_ns), (Extents{{1000, 1008}}));
  engine.flush(done->time_ns);
  // Sector by sector it becomes less, never more, until nothing is left.
  std::int64_t first = 1000;
  for (std::int64_t now_ns = done->time_ns; engine.writes_back(); now_ns += 1000) {
    ASSERT_NE(engine.event_ns(), kNever);
    EXPECT_FALSE(engine.finished(now_ns));
    for (const auto& extent : unwritten(engine, now_ns)) {
      EXPECT_GE(extent.first, first);
      EXPECT_EQ(extent.end, 1008);
      first = extent.first;
    }
  }
  EXPECT_GT(first, 1004);
  EXPECT_TRUE(unwritten(engine, engine.event_ns()).empty());
}

TEST(DiskEngine, an_erasure_takes_as_long_as_its_command) {
  DiskEngine engine(cheetah());
  engine.submit(3, Command::erase, 0, 1'000'000, 500);
  EXPECT_EQ(engine.outstanding(), 1);
  EXPECT_EQ(engine.progress(3, 500), 0);
  const std::int64_t command_ns = disk_kind(cheetah())->command_ns;
  EXPECT_GT(command_ns, 0);
  EXPECT_EQ(engine.event_ns(), 500 + command_ns);
  EXPECT_FALSE(engine.finished(500 + command_ns - 1));
  EXPECT_EQ(engine.finished(500 + command_ns)->tag, 3U);
  EXPECT_EQ(engine.outstanding(), 0);
}

TEST(DiskEngine, after_a_restart_nothing_goes_on_and_the_statistics_do) {
  DiskEngine engine(cheetah());
  const auto statistics = [&] {
    DriveStatistics all;
    engine.add_to(all);
    return all;
  };
  std::int64_t now_ns = 0;
  for (std::uint64_t round = 1; round <= 3; ++round) {
    engine.submit(0, Command::read, 5'000'000, 8, now_ns);
    now_ns = engine.finished(kNever)->time_ns;
    engine.submit(0, Command::write, 9'000'000, 8, now_ns);
    engine.submit(1, Command::erase, 0, 8, now_ns);
    const DriveStatistics before = statistics();
    engine.restart();
    EXPECT_EQ(statistics(), before);
    EXPECT_EQ(engine.event_ns(), kNever);
    EXPECT_EQ(engine.outstanding(), 0);
    EXPECT_FALSE(engine.writes_back());
    EXPECT_EQ(before.seeks, 2 * round) << "parked, so that each round begins with a seek";
  }
}

TEST(DriveKind, is_found_by_the_name_of_its_profile) {
  const auto found = find_drive_kind("cheetah-9lp");
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)->name, "cheetah-9lp");
  EXPECT_EQ((*found)->sectors, cheetah()->layout.sectors());
  EXPECT_EQ((*found)->capacity_bytes(), cheetah()->capacity_bytes());
  EXPECT_TRUE((*found)->volatile_cache);
  EXPECT_FALSE((*find_drive_kind("hp-c3323a"))->volatile_cache);
  EXPECT_EQ(find_drive_kind("none").error().code, ENOENT);
}

}  // namespace
}  // namespace biotope::sim
