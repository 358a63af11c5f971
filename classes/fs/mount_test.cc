// Real volumes, mounted, worked on, and judged by real tools.
#include "classes/fs/mount.h"

#include <gtest/gtest.h>

#include "classes/fs/disk_testing.h"
#include "classes/fs/testing.h"
#include "classes/fs/work.h"
#include "classes/layout.h"
#include "model/testing.h"

namespace biotope::fs {

namespace {

using testing::contents;
using testing::Folder;
using testing::Machine;
using testing::MemoryReader;
using testing::pattern;
using testing::Recipe;
using testing::run_now;
using testing::value;

const char kFile[] = "Sub/file of work";
const char kOther[] = "other";

Bytes make(Folder& folder, const char* command) {
  EXPECT_TRUE(folder.done("mkdir -p tree/Sub"));
  folder.write(std::string("tree/") + kFile, pattern(150'000, 1));
  folder.write(std::string("tree/") + kOther, pattern(50'000, 2));
  EXPECT_TRUE(folder.done(command)) << folder.errors();
  return folder.read("image");
}
const Recipe& recipe(const std::string& name) {
  for (const Recipe& r : testing::kRecipes) {
    if (r.name == name) return r;
  }
  ADD_FAILURE() << "no recipe " << name;
  return testing::kRecipes[0];
}
FileMap map_of(const Bytes& image, const char* path) {
  MemoryReader reader(image);
  return run_now((*run_now(recognise(reader)))->find(reader, path)).value();
}
WorkOptions options(std::uint64_t seed, const char* path = kFile) {
  WorkOptions o;
  o.path = path;
  o.seed = seed;
  return o;
}

// Every kind of volume ---------------------------------------------------------------------------

class EveryVolume : public ::testing::TestWithParam<Recipe> {
 protected:
  // What other tools say of the volume, and of the file that was worked on.
  void judge(const Bytes& after, const Bytes& file) {
    folder.write("after", after);
    const std::string name = kFile;
    if (testing::is_fat(GetParam())) {
      EXPECT_TRUE(folder.done("fsck.vfat -n after")) << folder.run("fsck.vfat -n after");
      EXPECT_TRUE(folder.done(testing::mtools("mcopy -i after '::/" + name + "' taken")));
      EXPECT_TRUE(folder.read("taken") == file);
    }
    if (testing::has_other_reader(GetParam())) {
      EXPECT_TRUE(folder.done("icat after $(ifind -n '/" + name + "' after) > taken2"));
      EXPECT_TRUE(folder.read("taken2") == file);
    }
  }

  Folder folder;
  Machine machine{make(folder, GetParam().command)};
};

TEST_P(EveryVolume, work_changes_its_file_and_nothing_else_and_other_tools_agree) {
  const Bytes before = machine.driver.bytes;
  const Result<Fs*> fs = machine.mount(value("cache", std::int64_t{16}));
  ASSERT_TRUE(fs) << fs.error().text;
  const Mount::Pointer mounted = (*fs)->mount();
  EXPECT_EQ((*fs)->status().substr(0, 4), std::string(kind_name(GetParam().kind)).substr(0, 4));

  auto work = std::make_shared<Work>(mounted, options(42));
  Task<Status> working = Work::run(work);
  working.start();
  while (work->writes() < 40 && machine.executor.step()) {
  }
  ASSERT_TRUE(machine.run(Fs::unmount(machine.mesh, (*fs)->id())));
  machine.executor.run();
  ASSERT_TRUE(working.done());
  ASSERT_TRUE(working.result());
  ASSERT_EQ(machine.mesh.provider("da0")->access(), Access{});

  // What we wrote is where the file was, and everything else is as it was.
  const Bytes& after = machine.driver.bytes;
  const FileMap map = map_of(before, kFile);
  EXPECT_TRUE(contents(after, map) == work->contents());
  EXPECT_FALSE(contents(before, map) == work->contents());
  Bytes expected = before;
  for (const Extent& e : map.extents) {
    std::copy_n(work->contents().begin() + e.file_offset_bytes, e.length_bytes,
                expected.begin() + e.volume_offset_bytes);
  }
  EXPECT_TRUE(after == expected) << "bytes outside the file have changed";
  EXPECT_EQ(machine.driver.seen.back().command, Command::flush);
  judge(after, work->contents());
}

TEST_P(EveryVolume, any_part_of_a_file_is_read_as_it_was_put_in) {
  const Mount::Pointer mounted = (*machine.mount(value("readonly", true)))->mount();
  const Bytes file = folder.read(std::string("tree/") + kFile);
  const auto size = static_cast<std::int64_t>(file.size());
  for (const auto& [offset, length] : std::vector<std::pair<std::int64_t, std::int64_t>>{
           {0, size}, {0, 0}, {size, 0}, {1, 1}, {4095, 2}, {49'151, 2}, {size - 1, 1}}) {
    const Result<Bytes> read = machine.run(Mount::read_file(mounted, kFile, offset, length));
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_TRUE(*read == Bytes(file.begin() + offset, file.begin() + offset + length)) << offset;
  }
}

INSTANTIATE_TEST_SUITE_P(Made, EveryVolume, ::testing::ValuesIn(testing::kRecipes),
                         [](const auto& info) { return std::string(info.param.name); });

// One of them ------------------------------------------------------------------------------------

class OneVolume : public ::testing::Test {
 protected:
  explicit OneVolume(const char* name = "fat16")
      : original(make(folder, recipe(name).command)), machine(original) {}

  void SetUp() override {
    const Result<Fs*> fs = machine.mount();
    ASSERT_TRUE(fs) << fs.error().text;
    geom_id = (*fs)->id();
    mounted = (*fs)->mount();
  }
  std::string tree(const char* name) const { return std::string("tree/") + name; }
  int write(const char* path, std::int64_t offset, Bytes data) {
    const Status s = machine.run(Mount::write_file(mounted, path, offset, std::move(data)));
    return s ? 0 : s.error().code;
  }
  int read(const char* path, std::int64_t offset, std::int64_t length) {
    const auto r = machine.run(Mount::read_file(mounted, path, offset, length));
    return r ? 0 : r.error().code;
  }
  Status unmount() { return machine.run(Fs::unmount(machine.mesh, geom_id)); }

  Folder folder;
  Bytes original;
  Machine machine;
  std::uint64_t geom_id = 0;
  Mount::Pointer mounted;
};

TEST_F(OneVolume, what_is_not_in_a_file_is_refused) {
  EXPECT_EQ(read(kFile, 150'000, 1), EINVAL);
  EXPECT_EQ(read(kFile, -1, 1), EINVAL);
  EXPECT_EQ(read(kFile, 0, -1), EINVAL);
  EXPECT_EQ(read(kFile, std::numeric_limits<std::int64_t>::max(), 1), EINVAL);
  EXPECT_EQ(read(kFile, 1, std::numeric_limits<std::int64_t>::max()), EINVAL);
  EXPECT_EQ(write(kFile, 149'999, Bytes(2)), EINVAL);
  EXPECT_EQ(write("none", 0, Bytes(1)), ENOENT);
  EXPECT_EQ(write("Sub", 0, Bytes(1)), EISDIR);
  EXPECT_EQ(mounted->cache().dirty_blocks(), 0U) << "a refusal writes nothing";
}

TEST_F(OneVolume, a_failed_sync_leaves_it_mounted_and_the_data_where_it_is) {
  ASSERT_EQ(write(kFile, 1000, pattern(100, 3)), 0);
  for (int* error : {&machine.driver.write_error, &machine.driver.flush_error}) {
    *error = EIO;
    const Status failed = unmount();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, EIO);
    EXPECT_TRUE(mounted->alive());
    EXPECT_EQ(read(kFile, 0, 1), 0);
    EXPECT_FALSE(mounted->leaving()) << "work may go on";
    EXPECT_NE(machine.mesh.geom_by_id(geom_id), nullptr);
    *error = 0;
  }
  ASSERT_TRUE(unmount());
  EXPECT_FALSE(mounted->lost().any());
  ASSERT_TRUE(machine.mesh.settle());
  EXPECT_EQ(machine.mesh.geom_by_id(geom_id), nullptr);
  Bytes file = folder.read(tree(kFile));
  const Bytes written = pattern(100, 3);
  std::copy(written.begin(), written.end(), file.begin() + 1000);
  EXPECT_TRUE(contents(machine.driver.bytes, map_of(original, kFile)) == file);
}

TEST_F(OneVolume, Paper_58_who_can_not_write_back_says_no_to_an_eject_and_goes_on) {
  ASSERT_EQ(write(kFile, 1000, pattern(100, 3)), 0);
  machine.driver.write_error = EIO;
  std::optional<Status> answer;
  machine.mesh.eject(machine.da0(), {}, [&](Status s) { answer = std::move(s); });
  machine.executor.run();
  ASSERT_TRUE(answer);
  ASSERT_FALSE(*answer);
  EXPECT_EQ(answer->error().code, EIO);
  EXPECT_EQ(machine.da0().error(), 0);
  EXPECT_EQ(read(kFile, 0, 1), 0);
  machine.driver.write_error = 0;
  machine.mesh.eject(machine.da0(), {}, [&](Status s) { answer = std::move(s); });
  machine.executor.run();
  EXPECT_TRUE(*answer) << answer->error().text;
  EXPECT_FALSE(mounted->lost().any());
}

TEST_F(OneVolume, Paper_60_the_report_says_what_was_lost_and_of_which_file) {
  biotope::testing::Recorder recorder(machine.mesh);
  ASSERT_EQ(write(kFile, 0, pattern(100, 3)), 0);
  ASSERT_TRUE(machine.run(Mount::sync(mounted)));
  ASSERT_EQ(write(kOther, 8192, pattern(10, 4)), 0);
  machine.driver.pull();
  machine.executor.run();
  EXPECT_EQ(mounted->lost().blocks, 1U);
  EXPECT_EQ(mounted->lost().bytes, 10);
  EXPECT_EQ(mounted->lost().unflushed_blocks, 0U);
  EXPECT_EQ(mounted->lost().files, std::vector<std::string>{kOther});
  std::vector<std::string> notes;
  for (const auto& line : recorder.lines) {
    if (line.kind == FactKind::note) notes.push_back(line.text);
  }
  EXPECT_EQ(notes,
            std::vector<std::string>{"unmounted by force: 1 blocks, 10 bytes are lost, of other"});
}

TEST_F(OneVolume, Paper_60_what_was_written_but_never_flushed_is_told_apart) {
  ASSERT_EQ(write(kFile, 0, pattern(100, 3)), 0);
  machine.driver.flush_error = EIO;
  EXPECT_FALSE(machine.run(Mount::sync(mounted)));
  machine.driver.pull();
  machine.executor.run();
  EXPECT_EQ(mounted->lost().blocks, 0U);
  EXPECT_EQ(mounted->lost().unflushed_blocks, 1U);
  EXPECT_TRUE(mounted->lost().any());
  EXPECT_EQ(mounted->lost().files, std::vector<std::string>{kFile});
}

TEST_F(OneVolume, Paper_60_the_cache_is_empty_before_the_file_system_lets_go) {
  ASSERT_EQ(write(kFile, 0, pattern(100, 3)), 0);
  struct Watch final : Observer {
    void on_fact(const Fact& fact) override {
      if (fact.kind == FactKind::geom_withers && fact.geom->cls().name() == "fs") {
        cached = mounted->cache().blocks();
      }
    }
    Mount::Pointer mounted;
    std::optional<std::size_t> cached;
  } watch;
  watch.mounted = mounted;
  EXPECT_GT(mounted->cache().blocks(), 0U);
  machine.mesh.facts().add(watch);
  machine.driver.pull();
  machine.executor.run();
  machine.mesh.facts().remove(watch);
  ASSERT_TRUE(watch.cached);
  EXPECT_EQ(*watch.cached, 0U);
}

TEST_F(OneVolume, users_at_work_on_two_files_take_turns) {
  auto first = std::make_shared<Work>(mounted, options(1));
  auto second = std::make_shared<Work>(mounted, options(2, kOther));
  Task<Status> tasks[] = {Work::run(first), Work::run(second)};
  for (Task<Status>& task : tasks) task.start();
  for (int i = 0; i < 3000; ++i) machine.executor.step();
  EXPECT_GT(first->writes(), 10U);
  EXPECT_GT(second->writes(), 10U);
  ASSERT_TRUE(unmount());
  machine.executor.run();
  for (Task<Status>& task : tasks) EXPECT_TRUE(task.result());
  EXPECT_TRUE(contents(machine.driver.bytes, map_of(original, kFile)) == first->contents());
  EXPECT_TRUE(contents(machine.driver.bytes, map_of(original, kOther)) == second->contents());
}

TEST_F(OneVolume, work_follows_from_its_seed_alone) {
  Bytes results[3];
  const std::uint64_t seeds[] = {7, 7, 8};
  for (int i = 0; i < 3; ++i) {
    Machine other(original);
    const Mount::Pointer mount =
        (*other.mount(value("cache", std::int64_t{i == 1 ? 3 : 64})))->mount();
    auto work = std::make_shared<Work>(mount, options(seeds[i]));
    Task<Status> working = Work::run(work);
    working.start();
    while (work->writes() < 30 && other.executor.step()) {
    }
    work->stop();
    other.executor.run();
    results[i] = work->contents();
  }
  EXPECT_TRUE(results[0] == results[1]);
  EXPECT_FALSE(results[0] == results[2]);
}

TEST_F(OneVolume, a_user_finds_out_when_his_file_holds_something_else) {
  Machine other(original);
  const Mount::Pointer small = (*other.mount(value("cache", std::int64_t{1})))->mount();
  auto work = std::make_shared<Work>(small, options(1, kOther));
  Task<Status> working = Work::run(work);
  working.start();
  while (work->reads() < 3 && other.executor.step()) {
  }
  // Behind everybody's back.
  for (const Extent& e : map_of(original, kOther).extents) {
    std::fill_n(other.driver.bytes.begin() + e.volume_offset_bytes, e.length_bytes, std::byte{0});
  }
  other.executor.run();
  ASSERT_TRUE(working.done());
  EXPECT_EQ(working.result().error().code, EILSEQ);
}

TEST_F(OneVolume, the_clock_goes_on_while_a_user_needs_no_disk) {
  auto work = std::make_shared<Work>(mounted, options(1, kOther));
  Task<Status> working = Work::run(work);
  working.start();
  bool rang = false;
  machine.executor.after(1'000'000'000, [&] { rang = true; });
  for (int i = 0; i < 1'000'000 && !rang; ++i) machine.executor.step();
  EXPECT_TRUE(rang);
  work->stop();
  machine.executor.run();
}

TEST_F(OneVolume, work_needs_a_file_with_something_in_it) {
  EXPECT_EQ(
      machine.run(Work::run(std::make_shared<Work>(mounted, options(1, "none")))).error().code,
      ENOENT);
}

TEST_F(OneVolume, what_is_withered_by_others_ends_its_operations) {
  Task<Result<Bytes>> reading = Mount::read_file(mounted, kFile, 0, 100'000);
  reading.start();
  machine.executor.step();
  machine.mesh.wither(*machine.mesh.geom_by_id(geom_id));
  machine.executor.run();
  ASSERT_TRUE(reading.done());
  EXPECT_EQ(machine.mesh.geom_by_id(geom_id), nullptr);
  EXPECT_FALSE(mounted->alive());
  EXPECT_EQ(read(kFile, 0, 1), ENXIO);
  EXPECT_FALSE(unmount());
}

TEST(RawVolume, is_mounted_though_nothing_is_known_of_it) {
  Machine machine(Bytes(1 << 20));
  EXPECT_EQ(machine.mount().error().code, EINVAL);
  const Result<Fs*> fs = machine.mount(value("raw", true));
  ASSERT_TRUE(fs) << fs.error().text;
  EXPECT_EQ(machine.run(Mount::find((*fs)->mount(), "file")).error().code, EOPNOTSUPP);
  EXPECT_TRUE(machine.run(Fs::unmount(machine.mesh, (*fs)->id())));
}

TEST(RawVolume, is_not_made_by_name_alone) {
  Machine machine(Bytes(1 << 20));
  const Result<Geom*> geom = machine.mesh.create("fs", "/mnt", {&machine.da0()});
  ASSERT_FALSE(geom);
  EXPECT_EQ(geom.error().code, EOPNOTSUPP);
}

TEST(OtherSectors, Paper_18_a_volume_on_sectors_of_2352_bytes_is_mounted) {
  Folder folder;
  Bytes image = make(folder, recipe("fat12").command);
  const std::size_t size = image.size();
  image.resize((size + 2351) / 2352 * 2352);
  Machine machine(image, 2352);
  const Result<Fs*> fs = machine.mount();
  ASSERT_TRUE(fs) << fs.error().text;
  auto work = std::make_shared<Work>((*fs)->mount(), options(1));
  Task<Status> working = Work::run(work);
  working.start();
  while (work->writes() < 20 && machine.executor.step()) {
  }
  ASSERT_TRUE(machine.run(Fs::unmount(machine.mesh, (*fs)->id())));
  machine.executor.run();
  EXPECT_TRUE(working.result());
  image = machine.driver.bytes;
  image.resize(size);
  EXPECT_TRUE(contents(image, map_of(image, kFile)) == work->contents());
  folder.write("after", image);
  EXPECT_TRUE(folder.done("fsck.vfat -n after"));
}

TEST(SparseFile, holes_read_as_zeros_and_are_not_written) {
  Folder folder;
  Bytes image = make(folder, recipe("ufs2").command);
  // The second and third block of the file lose their place. Its inode is the last that is read.
  MemoryReader reader(image);
  run_now((*run_now(recognise(reader)))->find(reader, kFile)).value();
  std::int64_t inode = 0;
  for (const Extent& e : reader.trace) {
    if (e.length_bytes == 256) inode = e.volume_offset_bytes;
  }
  for (const int block : {1, 2}) {
    layout::le64(static_cast<std::size_t>(inode) + 112 + 8 * block).set(image, 0);
  }
  Machine machine(image);
  const Mount::Pointer mounted = (*machine.mount())->mount();
  Bytes expected = folder.read(std::string("tree/") + kFile);
  std::fill_n(expected.begin() + 4096, 8192, std::byte{0});
  const auto size = static_cast<std::int64_t>(expected.size());
  EXPECT_TRUE(*machine.run(Mount::read_file(mounted, kFile, 0, size)) == expected);
  for (const std::int64_t offset : {4095, 4096, 12'287}) {
    const Status refused = machine.run(Mount::write_file(mounted, kFile, offset, Bytes(2)));
    ASSERT_FALSE(refused) << offset;
    EXPECT_EQ(refused.error().code, EINVAL);
  }
  EXPECT_TRUE(machine.run(Mount::write_file(mounted, kFile, 4095, Bytes(1))));
  EXPECT_TRUE(machine.run(Mount::write_file(mounted, kFile, 12'288, Bytes(1))));
}

}  // namespace
}  // namespace biotope::fs
