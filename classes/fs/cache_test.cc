#include "classes/fs/cache.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include "classes/fs/disk_testing.h"
#include "classes/fs/testing.h"

namespace biotope::fs {
namespace {

using testing::Machine;
using testing::pattern;

class User final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::done(EOPNOTSUPP); }
};

// A cache of `capacity` blocks of 4 KiB over a disk.
struct Cached {
  explicit Cached(std::size_t capacity, std::int64_t size_bytes = 20 * 4096 + 512,
                  std::int64_t sector_bytes = 512, std::int64_t block_bytes = 4096)
      : machine(pattern(static_cast<std::size_t>(size_bytes), 1), sector_bytes),
        edge(attach()),
        cache(edge, size_bytes, block_bytes, capacity),
        model(machine.driver.bytes) {}

  Consumer& attach() {
    Geom& user = machine.mesh.add(std::make_unique<User>(machine.mesh, cls, "user"));
    Consumer& consumer = **machine.mesh.new_consumer(user, machine.da0());
    EXPECT_TRUE(machine.mesh.access(consumer, kReadWriteExclusive));
    machine.mesh.settle();
    return consumer;
  }
  bool reads_right(std::int64_t offset, std::int64_t length) {
    const Result<Bytes> read = machine.run(cache.read(offset, length));
    return read && std::equal(read->begin(), read->end(), model.begin() + offset) &&
           static_cast<std::int64_t>(read->size()) == length;
  }
  Status write(std::int64_t offset, Bytes data) {
    std::copy(data.begin(), data.end(), model.begin() + offset);
    return machine.run(cache.write(offset, std::move(data)));
  }
  Status sync() { return machine.run(cache.sync()); }
  std::size_t count(Command c) { return machine.driver.count(c); }

  Machine machine;
  Class cls{"user"};
  Consumer& edge;
  Cache cache;
  Bytes model;  // what the disk holds as the cache's user sees it
};

TEST(Cache, Paper_14_its_requests_are_bufs_that_went_through_dev_strategy) {
  Cached t(4);
  EXPECT_TRUE(t.reads_right(2 * 4096 + 5, 10));
  ASSERT_EQ(t.count(Command::read), 1U);
  Bio& bio = t.machine.driver.seen.front();
  EXPECT_EQ(bio.position_bytes, 2 * 4096);
  EXPECT_EQ(bio.length_bytes, 4096);
}

TEST(Cache, the_block_that_was_not_used_for_longest_makes_room) {
  Cached t(3);
  for (const int block : {0, 1, 2, 0, 3}) EXPECT_TRUE(t.reads_right(block * 4096, 1));
  EXPECT_EQ(t.count(Command::read), 4U);
  EXPECT_EQ(t.cache.blocks(), 3U);
  EXPECT_TRUE(t.reads_right(0, 1));
  EXPECT_EQ(t.count(Command::read), 4U) << "block 0 was used and is still there";
  EXPECT_TRUE(t.reads_right(4096, 1));
  EXPECT_EQ(t.count(Command::read), 5U) << "block 1 was not";
}

TEST(Cache, what_is_overwritten_as_a_whole_is_not_read_first) {
  Cached t(8);
  ASSERT_TRUE(t.write(4096, pattern(8192, 2)));
  EXPECT_EQ(t.count(Command::read), 0U);
  ASSERT_TRUE(t.write(3 * 4096 + 1, pattern(4096, 3)));
  EXPECT_EQ(t.count(Command::read), 2U) << "two that are only written in part";
  ASSERT_TRUE(t.write(20 * 4096, pattern(512, 4)));
  EXPECT_EQ(t.count(Command::read), 2U) << "the last block is only as long as the disk";
  ASSERT_TRUE(t.sync());
  EXPECT_TRUE(t.machine.driver.bytes == t.model);
}

TEST(Cache, writes_stay_until_sync_and_then_go_once) {
  Cached t(8);
  const Bytes before = t.machine.driver.bytes;
  ASSERT_TRUE(t.write(100, pattern(50, 2)));
  ASSERT_TRUE(t.write(300, pattern(50, 2)));
  ASSERT_TRUE(t.write(4096, pattern(4096, 2)));
  EXPECT_TRUE(t.machine.driver.bytes == before);
  EXPECT_EQ(t.cache.dirty_blocks(), 2U);
  EXPECT_EQ(t.cache.dirty_bytes(), 250 + 4096) << "from 100 to 350, and a whole block";
  EXPECT_EQ(t.cache.unflushed_blocks(), 0U);
  ASSERT_TRUE(t.sync());
  EXPECT_TRUE(t.machine.driver.bytes == t.model);
  EXPECT_EQ(t.cache.dirty_blocks(), 0U);
  EXPECT_EQ(t.cache.dirty_bytes(), 0);
  EXPECT_EQ(t.cache.unflushed_blocks(), 2U);
  t.cache.flushed();
  EXPECT_EQ(t.cache.unflushed_blocks(), 0U);
  ASSERT_TRUE(t.sync());
  EXPECT_EQ(t.count(Command::write), 2U);
}

TEST(Cache, what_could_not_be_written_stays_dirty_and_is_tried_again) {
  Cached t(8);
  ASSERT_TRUE(t.write(100, pattern(50, 2)));
  t.machine.driver.write_error = EIO;
  const Status failed = t.sync();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, EIO);
  EXPECT_EQ(t.cache.dirty_bytes(), 50);
  EXPECT_EQ(t.cache.unflushed_blocks(), 0U);
  EXPECT_TRUE(t.reads_right(90, 100));
  t.machine.driver.write_error = 0;
  ASSERT_TRUE(t.sync());
  EXPECT_TRUE(t.machine.driver.bytes == t.model);
}

TEST(Cache, a_full_cache_that_can_not_write_back_refuses_and_keeps_what_it_has) {
  Cached t(2);
  ASSERT_TRUE(t.write(0, pattern(50, 2)));
  ASSERT_TRUE(t.write(4096, pattern(50, 2)));
  t.machine.driver.write_error = EIO;
  EXPECT_EQ(t.machine.run(t.cache.read(3 * 4096, 1)).error().code, EIO);
  EXPECT_EQ(t.cache.dirty_blocks(), 2U);
  t.machine.driver.write_error = 0;
  EXPECT_TRUE(t.reads_right(3 * 4096, 1));
  EXPECT_TRUE(t.reads_right(0, 8192));
}

TEST(Cache, what_could_not_be_read_is_not_kept) {
  Cached t(8);
  t.machine.driver.read_error = EIO;
  EXPECT_EQ(t.machine.run(t.cache.read(0, 1)).error().code, EIO);
  EXPECT_EQ(t.machine.run(t.cache.write(10, pattern(5, 2))).error().code, EIO);
  EXPECT_EQ(t.cache.blocks(), 0U);
  t.machine.driver.read_error = 0;
  EXPECT_TRUE(t.reads_right(0, 1));
}

TEST(Cache, Paper_18_sectors_that_no_block_number_can_name_go_by_offset) {
  constexpr std::int64_t kSector = 2352;
  Cached t(4, 100 * kSector, kSector, 2 * kSector);
  EXPECT_TRUE(t.reads_right(7 * kSector + 3, 3 * kSector));
  ASSERT_TRUE(t.write(7 * kSector + 3, pattern(3 * kSector, 9)));
  ASSERT_TRUE(t.sync());
  EXPECT_TRUE(t.machine.driver.bytes == t.model);
  for (const Bio& bio : t.machine.driver.seen) EXPECT_EQ(bio.offset_bytes % kSector, 0);
}

TEST(Cache, Paper_60_forgotten_in_mid_transfer_it_is_empty_and_everything_ends) {
  for (const bool dirty : {false, true}) {
    Cached t(4);
    ASSERT_TRUE(!dirty || t.write(0, pattern(9000, 2)));
    Task<Status> sync = t.cache.sync();
    Task<Result<Bytes>> read = t.cache.read(3 * 4096, 1);
    if (dirty) sync.start();
    if (!dirty) read.start();
    // One of three blocks is written when the disk goes.
    if (dirty) t.machine.executor.step();
    t.machine.driver.pull();
    t.cache.forget();
    EXPECT_EQ(t.cache.blocks(), 0U);
    t.machine.executor.run();
    EXPECT_EQ(dirty ? sync.result().error().code : read.result().error().code, ENXIO);
    EXPECT_EQ(t.cache.blocks(), 0U);
    EXPECT_EQ(t.machine.run(t.cache.read(0, 1)).error().code, ENXIO);
    EXPECT_EQ(t.machine.run(t.cache.write(0, Bytes(4096))).error().code, ENXIO);
  }
}

RC_GTEST_PROP(Cache, is_a_disk_to_whoever_reads_and_writes_through_it, ()) {
  const auto capacity = static_cast<std::size_t>(*rc::gen::inRange(1, 7));
  const bool audio = *rc::gen::arbitrary<bool>();
  constexpr std::int64_t kSector = 2352;
  Cached t(capacity, audio ? 20 * kSector : 20 * 4096 + 512, audio ? kSector : 512,
           audio ? 2 * kSector : 4096);
  const auto size = static_cast<std::int64_t>(t.model.size());
  const int steps = *rc::gen::inRange(1, 40);
  for (int i = 0; i < steps; ++i) {
    const auto offset = *rc::gen::inRange<std::int64_t>(0, size);
    const auto length =
        *rc::gen::inRange<std::int64_t>(0, std::min<std::int64_t>(size - offset, 12'000) + 1);
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        RC_ASSERT(t.sync().has_value());
        RC_ASSERT(t.machine.driver.bytes == t.model);
        break;
      case 1:
      case 2:
        RC_ASSERT(t.write(offset,
                          pattern(static_cast<std::size_t>(length), static_cast<std::uint32_t>(i)))
                      .has_value());
        break;
      default:
        RC_ASSERT(t.reads_right(offset, length));
    }
    RC_ASSERT(t.cache.blocks() <= capacity);
  }
  RC_ASSERT(t.reads_right(0, size));
  RC_ASSERT(t.sync().has_value());
  RC_ASSERT(t.machine.driver.bytes == t.model);
}

}  // namespace
}  // namespace biotope::fs
