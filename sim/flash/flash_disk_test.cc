#include "sim/flash/flash_disk.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <cerrno>
#include <map>
#include <vector>

#include "classes/random_stream.h"

namespace biotope::sim {
namespace {

using Command = DriveEngine::Command;
using Extent = DriveEngine::Extent;

// Two channels of two dies, pages of four sectors; every step takes a time of its own.
FlashFigures plain() {
  FlashFigures f;
  f.page_bytes = 2048;
  f.channels = 2;
  f.dies_per_channel = 2;
  f.blocks_per_die = 50;
  f.pages_per_block = 16;
  f.capacity_sectors = 4 * 40 * 16 * 4;
  f.erase_limit = 1 << 30;
  f.read_ns = 50'000;
  f.program_ns = 600'000;
  f.erase_ns = 3'000'000;
  f.channel_page_ns = 20'000;
  f.link_sector_ns = 1'000;
  f.command_ns = 5'000;
  f.queue_depth = 32;
  return f;
}

class Disk {
 public:
  explicit Disk(const FlashFigures& f) : engine(std::make_shared<const FlashFigures>(f)) {}

  // When the last of the requests was done.
  std::int64_t run() {
    std::int64_t last_ns = 0;
    while (const auto done = engine.finished(kNever)) last_ns = done->time_ns;
    return last_ns;
  }
  std::int64_t serve(Command command, std::int64_t first, std::int64_t count, std::int64_t now_ns) {
    engine.submit(0, command, first, count, now_ns);
    return run() - now_ns;
  }
  // Pages 0..pages - 1, one to each die in turn, programmed.
  void fill(std::int64_t pages) {
    for (std::int64_t i = 0; i < pages; ++i) engine.submit(0, Command::write, 4 * i, 4, 0);
    run();
  }
  FlashDisk engine;
};

constexpr std::int64_t kLater = 1'000'000'000;

TEST(FlashDisk, a_page_takes_command_cells_channel_and_link) {
  Disk disk(plain());
  EXPECT_EQ(disk.serve(Command::write, 0, 4, 0), 5'000 + 4'000 + 20'000 + 600'000);
  EXPECT_EQ(disk.serve(Command::read, 0, 4, kLater), 5'000 + 50'000 + 20'000 + 4'000);
  EXPECT_EQ(disk.serve(Command::read, 1, 1, 2 * kLater), 5'000 + 50'000 + 20'000 + 1'000);
  EXPECT_EQ(disk.serve(Command::read, 400, 4, 3 * kLater), 5'000 + 4'000) << "never written";
}

TEST(FlashDisk, dies_work_beside_each_other_and_share_their_channel) {
  Disk disk(plain());
  disk.fill(8);
  // Pages 0 and 1 have a channel each, and only the link in common.
  EXPECT_EQ(disk.serve(Command::read, 0, 8, kLater), 5'000 + 50'000 + 20'000 + 2 * 4'000);
  // Pages 0 and 2 lie in the dies of one channel: one cell read, two transfers, the link.
  disk.engine.submit(0, Command::read, 0, 4, 2 * kLater);
  EXPECT_EQ(disk.serve(Command::read, 8, 4, 2 * kLater), 5'000 + 50'000 + 2 * 20'000 + 4'000);
  // Pages 0 and 4 lie in one die, which is busy until its page is on the way.
  disk.engine.submit(0, Command::read, 0, 4, 3 * kLater);
  EXPECT_EQ(disk.serve(Command::read, 16, 4, 3 * kLater), 5'000 + 2 * 70'000 + 4'000);
}

TEST(FlashDisk, writing_in_order_is_as_fast_as_all_dies_together) {
  Disk disk(plain());
  const std::int64_t pages = 800;
  // The last die gets its first page behind that of the other die of its channel.
  EXPECT_EQ(disk.serve(Command::write, 0, 4 * pages, 0),
            5'000 + 2 * 4'000 + 20'000 + pages / 4 * (20'000 + 600'000));
}

TEST(FlashDisk, no_more_requests_are_taken_up_than_its_queue_is_deep) {
  for (const std::int64_t depth : {1, 2, 4}) {
    FlashFigures f = plain();
    f.channels = 4;
    f.dies_per_channel = 1;
    f.link_sector_ns = 0;
    f.queue_depth = depth;
    Disk disk(f);
    disk.fill(400);
    const std::int64_t one_ns = 75'000;
    for (int i = 0; i < 100; ++i) {
      disk.engine.submit(0, Command::read, 16 * i + 4 * (i % 4), 4, kLater);
    }
    EXPECT_EQ(disk.engine.outstanding(), 100);
    EXPECT_EQ(disk.run() - kLater, 100 * one_ns / depth) << depth;
  }
}

TEST(FlashDisk, a_buffer_answers_writes_before_they_are_programmed) {
  FlashFigures f = plain();
  f.buffered_pages = 8;
  Disk disk(f);
  disk.engine.submit(7, Command::write, 2, 4, 0);
  const auto done = disk.engine.finished(kNever);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->time_ns, 5'000 + 4'000);
  EXPECT_TRUE(disk.engine.writes_back());
  std::vector<Extent> unwritten;
  disk.engine.add_unwritten(unwritten, done->time_ns);
  EXPECT_EQ(unwritten, (std::vector<Extent>{{2, 4}, {4, 6}}));
  // The first page came after two sectors.
  EXPECT_FALSE(disk.engine.finished(5'000 + 2'000 + 620'000));
  unwritten.clear();
  disk.engine.add_unwritten(unwritten, 627'000);
  EXPECT_EQ(unwritten, (std::vector<Extent>{{4, 6}}));
  EXPECT_EQ(disk.engine.event_ns(), 629'000);
  EXPECT_FALSE(disk.engine.finished(629'000));
  EXPECT_FALSE(disk.engine.writes_back());
  EXPECT_EQ(disk.engine.event_ns(), kNever);
}

TEST(FlashDisk, a_full_buffer_takes_writes_as_fast_as_they_are_programmed) {
  FlashFigures f = plain();
  f.buffered_pages = 4;
  Disk disk(f);
  const std::int64_t pages = 400;
  // The last die has its first page at 653 us, as above; each further one comes over the link when
  // there is room for it, and the last is only waited for until it is in.
  EXPECT_EQ(disk.serve(Command::write, 0, 4 * pages, 0),
            653'000 + (pages / 4 - 2) * (4'000 + 20'000 + 600'000) + 4'000);
}

TEST(FlashDisk, a_page_written_in_part_is_read_first) {
  Disk disk(plain());
  disk.serve(Command::write, 0, 4, 0);
  const std::int64_t whole_ns = disk.serve(Command::write, 0, 4, kLater);
  EXPECT_EQ(disk.serve(Command::write, 0, 1, 2 * kLater), whole_ns - 3'000 + 50'000);
  EXPECT_EQ(disk.serve(Command::write, 100, 1, 3 * kLater), whole_ns - 3'000) << "nothing there";
}

TEST(FlashDisk, erasing_takes_a_command_and_forgets_whole_pages) {
  Disk disk(plain());
  disk.fill(4);
  EXPECT_EQ(disk.serve(Command::erase, 2, 12, kLater), 5'000);
  EXPECT_TRUE(disk.engine.translation().find(0)) << "erased in part";
  EXPECT_FALSE(disk.engine.translation().find(1));
  EXPECT_FALSE(disk.engine.translation().find(2));
  EXPECT_TRUE(disk.engine.translation().find(3)) << "erased in part";
}

TEST(FlashDisk, making_room_is_waited_for_by_what_comes_to_that_die) {
  Disk disk(plain());
  RandomStream draws(1, "places");
  std::int64_t now_ns = 0;
  std::int64_t longest_ns = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t page = draws.between(0, 4 * 40 * 16 - 1);
    const std::int64_t took_ns = disk.serve(Command::write, 4 * page, 4, now_ns);
    longest_ns = std::max(longest_ns, took_ns);
    now_ns += took_ns;
  }
  const FlashCounts counts = disk.engine.translation().counts();
  EXPECT_GT(counts.write_amplification(), 1.5);
  EXPECT_GE(longest_ns, 629'000 + 3'000'000 + 650'000);
  // One request at a time: all that was done was waited for.
  EXPECT_EQ(now_ns, 20'000 * std::int64_t{629'000} +
                        static_cast<std::int64_t>(counts.erasures) * 3'000'000 +
                        static_cast<std::int64_t>(counts.collected_pages) * 650'000);
}

TEST(FlashDisk, progress_counts_sectors_from_the_first_on) {
  Disk disk(plain());
  disk.engine.submit(3, Command::write, 2, 12, 0);
  EXPECT_EQ(disk.engine.progress(3, 0), 0);
  const std::int64_t first_ns = 5'000 + 2'000 + 620'000;
  EXPECT_FALSE(disk.engine.finished(first_ns));
  EXPECT_EQ(disk.engine.progress(3, first_ns), 2);
  EXPECT_FALSE(disk.engine.finished(first_ns + 4'000));
  EXPECT_EQ(disk.engine.progress(3, first_ns + 4'000), 6);
  EXPECT_FALSE(disk.engine.finished(first_ns + 20'000));
  EXPECT_EQ(disk.engine.progress(3, first_ns + 20'000), 10);
}

TEST(FlashDisk, one_that_is_worn_out_answers_writes_with_an_error_and_reads_go_on) {
  FlashFigures f = plain();
  f.erase_limit = 3;
  Disk disk(f);
  RandomStream draws(2, "places");
  std::int64_t now_ns = 0;
  int error = 0;
  while (error == 0) {
    const std::int64_t page = draws.between(0, 4 * 40 * 16 - 1);
    disk.engine.submit(0, Command::write, 4 * page, 4, now_ns);
    const auto done = disk.engine.finished(kNever);
    ASSERT_TRUE(done);
    error = done->error;
    now_ns = done->time_ns;
  }
  EXPECT_EQ(error, EROFS);
  disk.engine.submit(0, Command::read, 0, 64, now_ns);
  EXPECT_EQ(disk.engine.finished(kNever)->error, 0);
  DriveStatistics statistics;
  disk.engine.add_to(statistics);
  EXPECT_EQ(statistics.wear.spares_left, 0U);
  EXPECT_GE(statistics.flash.retired_blocks, 1U);
  EXPECT_GT(statistics.flash.write_amplification(), 1);
}

TEST(FlashDisk, without_power_nothing_goes_on_and_the_map_is_kept) {
  FlashFigures f = plain();
  f.buffered_pages = 8;
  Disk disk(f);
  disk.fill(1);
  for (std::uint64_t tag = 0; tag < 50; ++tag) {
    disk.engine.submit(tag, Command::write, 16 * static_cast<std::int64_t>(tag), 16, kLater);
  }
  EXPECT_TRUE(disk.engine.finished(kLater + 100'000));
  disk.engine.restart();
  EXPECT_EQ(disk.engine.outstanding(), 0);
  EXPECT_FALSE(disk.engine.writes_back());
  EXPECT_EQ(disk.engine.event_ns(), kNever);
  EXPECT_EQ(disk.serve(Command::read, 0, 4, 2 * kLater), 5'000 + 50'000 + 20'000 + 4'000);
}

RC_GTEST_PROP(FlashDisk, every_request_is_answered_once_and_in_the_order_of_time, ()) {
  FlashFigures f = plain();
  f.buffered_pages = *rc::gen::element(0, 1, 5);
  f.queue_depth = *rc::gen::inRange<std::int64_t>(1, 5);
  Disk disk(f);
  std::map<std::uint64_t, int> answers;
  std::int64_t now_ns = 0;
  const auto take_out = [&](std::int64_t until_ns) {
    while (const auto done = disk.engine.finished(until_ns)) {
      RC_ASSERT(done->time_ns >= now_ns);
      RC_ASSERT(done->error == 0);
      now_ns = done->time_ns;
      ++answers[done->tag];
    }
  };
  const auto count = *rc::gen::inRange<std::uint64_t>(1, 200);
  for (std::uint64_t tag = 0; tag < count; ++tag) {
    const auto first = *rc::gen::inRange<std::int64_t>(0, 300);
    const auto length = *rc::gen::inRange<std::int64_t>(1, 40);
    const auto command = *rc::gen::element(Command::read, Command::write);
    const std::int64_t at_ns = now_ns + *rc::gen::inRange<std::int64_t>(0, 300'000);
    take_out(at_ns);
    now_ns = at_ns;
    disk.engine.submit(tag, command, first, length, now_ns);
    RC_ASSERT(disk.engine.progress(tag, now_ns) == 0);
  }
  take_out(kNever);
  RC_ASSERT(answers.size() == count);
  for (const auto& [tag, times] : answers) RC_ASSERT(times == 1);
  RC_ASSERT(disk.engine.outstanding() == 0);
  RC_ASSERT(!disk.engine.writes_back());
}

}  // namespace
}  // namespace biotope::sim
