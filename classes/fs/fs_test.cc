#include "classes/fs/fs.h"

#include <gtest/gtest.h>

#include <optional>

#include "classes/disk/disk.h"
#include "classes/disk/ram_driver.h"
#include "classes/fs/testing.h"
#include "classes/fs/work.h"
#include "model/testing.h"

namespace biotope::fs {
namespace {

using testing::Folder;

constexpr std::int64_t kLatency_ns = 1'000'000;

// A FAT volume with a file of 60,000 bytes, made by real tools, on a disk with a volatile cache.
class Mounted : public ::testing::Test {
 protected:
  Mounted() : mesh(executor), original(testing::pattern(60'000, 7)) {
    EXPECT_TRUE(mesh.load(std::make_unique<DiskClass>()));
    EXPECT_TRUE(mesh.load(std::make_unique<FsClass>()));
    folder.write("hello.txt", original);
    EXPECT_TRUE(folder.done("truncate -s 4M disk && /sbin/mkfs.vfat -i 12345678 disk"));
    EXPECT_TRUE(folder.done("mcopy -i disk hello.txt ::/hello.txt"));
    Bytes image = folder.read("disk");
    DiskTraits traits;
    traits.properties.media_size_bytes = static_cast<std::int64_t>(image.size());
    traits.volatile_cache = true;
    driver.emplace(traits, &executor, kLatency_ns);
    driver->bytes() = std::move(image);
    EXPECT_TRUE(add_disk(mesh, "da0", *driver));
    mesh.settle();
  }

  template <class T>
  T run(Task<T> task) {
    task.start();
    while (!task.done() && executor.step()) {
    }
    return task.result();
  }
  Result<Fs*> try_mount(bool readonly = false, bool raw = false) {
    Values values;
    values.set("readonly", readonly);
    values.set("raw", raw);
    Values all = *resolve(mesh.find_class("fs")->parameters(), values, "fs");
    return run(mount(mesh, mesh.provider("da0")->id(), Creation{"/usr", {}, std::move(all)}));
  }
  // The file as a real tool finds it on the medium.
  Bytes as_mcopy_sees_it() {
    folder.write("after", driver->bytes());
    EXPECT_TRUE(folder.done("/sbin/fsck.vfat -n after")) << folder.errors();
    EXPECT_TRUE(folder.done("mcopy -n -i after ::/hello.txt out.txt")) << folder.errors();
    return folder.read("out.txt");
  }

  VirtualExecutor executor;
  std::optional<RamDriver> driver;
  Mesh mesh;
  Folder folder;
  Bytes original;
};

TEST_F(Mounted, Paper_58_with_notice_everything_is_on_the_disk_before_it_leaves) {
  const Mount::Pointer mounted = (*try_mount())->mount();
  auto work = std::make_shared<Work>(mounted, WorkOptions{.path = "/hello.txt", .seed = 3});
  Task<Status> working = Work::run(work);
  working.start();
  for (int i = 0; i < 500; ++i) executor.step();
  EXPECT_GT(work->writes(), 3U);
  EXPECT_GT(mounted->cache().dirty_blocks(), 0U);

  std::optional<Status> ejected;
  mesh.eject(*mesh.provider("da0"), {}, [&](Status s) {
    ejected = s;
    driver->pull();
  });
  executor.run();
  ASSERT_TRUE(ejected && *ejected) << ejected->error().text;
  ASSERT_TRUE(working.done());
  EXPECT_TRUE(working.result());
  EXPECT_FALSE(mounted->lost().any());
  EXPECT_NE(work->contents(), original);
  EXPECT_EQ(as_mcopy_sees_it(), work->contents());
  EXPECT_EQ(mesh.census(), Census{});
}

TEST_F(Mounted, Paper_60_gone_means_unmounted_with_an_empty_cache_and_a_report) {
  const Mount::Pointer mounted = (*try_mount())->mount();
  ASSERT_TRUE(run(Mount::write_file(mounted, "/hello.txt", 5000, Bytes(100, std::byte{1}))));
  const std::uint64_t dirty = mounted->cache().dirty_blocks();
  EXPECT_GT(dirty, 0U);
  Task<Status> late = Mount::sync(mounted);
  late.start();
  driver->pull();
  executor.run();
  ASSERT_TRUE(late.done());
  EXPECT_EQ(late.result().error().code, ENXIO);
  EXPECT_FALSE(mounted->alive());
  EXPECT_EQ(mounted->cache().blocks(), 0U);
  EXPECT_EQ(mounted->lost().blocks, dirty);
  EXPECT_EQ(mounted->lost().files, std::vector<std::string>{"/hello.txt"});
  EXPECT_EQ(mesh.census(), Census{});
  EXPECT_EQ(run(Mount::read_file(mounted, "/hello.txt", 0, 1)).error().code, ENXIO);
}

// Whenever the disk goes, everything ends, and the report says no less than what is missing.
TEST_F(Mounted, Paper_60_at_any_instant_nothing_hangs_and_nothing_is_left) {
  for (int steps = 0; steps < 120; steps += 3) {
    VirtualExecutor clock;
    DiskTraits traits = driver->traits();
    RamDriver disk(traits, &clock, kLatency_ns);
    disk.bytes() = driver->bytes();
    Mesh other(clock);
    ASSERT_TRUE(other.load(std::make_unique<DiskClass>()));
    ASSERT_TRUE(other.load(std::make_unique<FsClass>()));
    ASSERT_TRUE(add_disk(other, "da0", disk));
    Values all = *resolve(other.find_class("fs")->parameters(), {}, "fs");
    Task<Result<Fs*>> mounting =
        mount(other, other.provider("da0")->id(), Creation{"/usr", {}, std::move(all)});
    mounting.start();
    Task<Status> working;
    for (int i = 0; i < steps; ++i) {
      clock.step();
      if (working.done() && mounting.done()) {
        Result<Fs*> fs = mounting.result();
        working = Work::run(std::make_shared<Work>(
            (*fs)->mount(), WorkOptions{.path = "/hello.txt", .seed = 5, .sync_every = 2}));
        mounting = {};
        working.start();
        break;
      }
    }
    for (int i = 0; i < steps; ++i) clock.step();
    disk.pull();
    clock.run();
    EXPECT_TRUE(mounting.done()) << steps;
    EXPECT_TRUE(working.done()) << steps;
    EXPECT_EQ(other.census(), Census{}) << steps;
  }
}

TEST_F(Mounted, Paper_35_nobody_writes_under_a_mounted_file_system) {
  ASSERT_TRUE(try_mount());
  EXPECT_EQ(mesh.provider("da0")->access(), kReadWriteExclusive);
  const Census before = mesh.census();
  const Result<Fs*> second = try_mount();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, EPERM);
  ASSERT_TRUE(mesh.settle());
  EXPECT_EQ(mesh.census(), before);
}

TEST_F(Mounted, a_mount_for_reading_writes_nothing) {
  const Mount::Pointer mounted = (*try_mount(true))->mount();
  EXPECT_EQ(mesh.provider("da0")->access(), kReadOnly);
  const Status refused = run(Mount::write_file(mounted, "/hello.txt", 0, Bytes(1)));
  EXPECT_EQ(refused.error().code, EROFS);
  EXPECT_EQ(*run(Mount::read_file(mounted, "/hello.txt", 0, 60'000)), original);
}

TEST_F(Mounted, what_is_no_volume_is_refused_and_leaves_nothing_open) {
  std::fill(driver->bytes().begin(), driver->bytes().end(), std::byte{0});
  const Result<Fs*> refused = try_mount();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EINVAL);
  ASSERT_TRUE(mesh.settle());
  EXPECT_EQ(mesh.provider("da0")->access(), Access{});
  EXPECT_EQ(mesh.census().geoms, 1U);
  EXPECT_TRUE(try_mount(false, true)) << "raw";
}

TEST_F(Mounted, a_small_cache_writes_back_what_it_must_and_loses_nothing) {
  Values values;
  values.set("cache", std::int64_t{2});
  Values all = *resolve(mesh.find_class("fs")->parameters(), values, "fs");
  const Mount::Pointer mounted =
      (*run(mount(mesh, mesh.provider("da0")->id(), Creation{"/usr", {}, std::move(all)})))
          ->mount();
  auto work = std::make_shared<Work>(mounted, WorkOptions{.path = "/hello.txt", .seed = 11});
  Task<Status> working = Work::run(work);
  working.start();
  for (int i = 0; i < 3000; ++i) executor.step();
  EXPECT_LE(mounted->cache().blocks(), 2U);
  work->stop();
  executor.run();
  ASSERT_TRUE(working.result());
  ASSERT_TRUE(run(Mount::unmount(mounted)));
  EXPECT_EQ(as_mcopy_sees_it(), work->contents());
}

}  // namespace
}  // namespace biotope::fs
