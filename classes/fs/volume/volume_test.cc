// Real volumes, made by the tools that people use, read back by what is here and by other tools.
#include "classes/fs/volume/volume.h"

#include <gtest/gtest.h>

#include <map>

#include "classes/fs/testing.h"

namespace biotope::fs {

namespace {

using testing::contents;
using testing::Folder;
using testing::kRecipes;
using testing::MemoryReader;
using testing::mtools;
using testing::pattern;
using testing::Recipe;
using testing::run_now;

// Sizes around every boundary: of sectors, fragments and blocks, of what direct and indirect blocks
// reach.
const std::map<std::string, std::size_t> kFiles = {
    {"empty", 0},
    {"one", 1},
    {"sector", 512},
    {"sector+1.txt", 513},
    {"block-1", 4095},
    {"Sub/block", 4096},
    {"Sub/direct", 12 * 4096},
    {"Sub/direct+1", 12 * 4096 + 1},
    {"Sub/deeper/A long name, with spaces and more than one 8.3 of letters.text", 70'001},
    {"Sub/deeper/yet/single", 300'000},
    {"double", 4'300'123},
};

class RealVolume : public ::testing::TestWithParam<Recipe> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(folder.done("mkdir -p tree/Sub/deeper/yet"));
    std::uint32_t seed = 1;
    for (const auto& [name, size] : kFiles) folder.write("tree/" + name, pattern(size, seed++));
    ASSERT_TRUE(folder.done(GetParam().command)) << folder.errors();
    read_image();
  }

  void read_image() {
    reader.bytes = folder.read("image");
    auto found = run_now(recognise(reader));
    ASSERT_TRUE(found) << found.error().text;
    volume = std::move(*found);
  }

  Result<FileMap> find(const std::string& path) { return run_now(volume->find(reader, path)); }
  void expect_same(const std::string& path, const Bytes& expected) {
    const Result<FileMap> map = find(path);
    ASSERT_TRUE(map) << map.error().text;
    EXPECT_EQ(map->size_bytes, static_cast<std::int64_t>(expected.size())) << path;
    EXPECT_TRUE(contents(reader.bytes, *map) == expected) << path << " differs";
  }

  bool is_fat() const { return testing::is_fat(GetParam()); }

  Folder folder;
  MemoryReader reader{{}};
  std::unique_ptr<Volume> volume;
};

class FatVolume : public RealVolume {};
class JudgedVolume : public RealVolume {};

TEST_P(RealVolume, is_recognised_by_its_superblock) {
  const VolumeInfo& info = volume->info();
  EXPECT_EQ(kind_name(info.kind), std::string(kind_name(GetParam().kind)));
  EXPECT_EQ(info.order, GetParam().order);
  EXPECT_EQ(info.size_bytes, GetParam().size_bytes);
  EXPECT_EQ(info.block_size_bytes, GetParam().block_size_bytes);
  EXPECT_EQ(info.name, GetParam().volume_name);
  EXPECT_EQ(info.last_mounted, "");
  EXPECT_FALSE(reader.outside);
}

TEST_P(RealVolume, every_file_is_found_and_is_what_was_put_in) {
  for (const auto& [name, size] : kFiles) expect_same(name, folder.read("tree/" + name));
  expect_same("//Sub//block", folder.read("tree/Sub/block"));
  EXPECT_FALSE(reader.outside);
}

TEST_P(JudgedVolume, another_reader_finds_the_same_bytes) {
  for (const auto& [name, size] : kFiles) {
    const std::string inode = folder.run("ifind -n '/" + name + "' image");
    const std::string out = folder.run("icat image " + inode.substr(0, inode.find('\n')));
    ASSERT_EQ(folder.status(), 0) << name << ": " << folder.errors();
    const Result<FileMap> map = find(name);
    ASSERT_TRUE(map) << map.error().text;
    const Bytes ours = contents(reader.bytes, *map);
    EXPECT_TRUE(std::string(reinterpret_cast<const char*>(ours.data()), ours.size()) == out)
        << name;
  }
}

TEST_P(RealVolume, what_is_no_file_is_refused_in_words) {
  const auto code = [&](const std::string& path) {
    const Result<FileMap> map = find(path);
    return map ? 0 : map.error().code;
  };
  EXPECT_EQ(code("nothing"), ENOENT);
  EXPECT_EQ(code("Sub/nothing"), ENOENT);
  EXPECT_EQ(code("Sub"), EISDIR);
  EXPECT_EQ(code("Sub/deeper/"), EISDIR);
  EXPECT_EQ(code("one/two"), ENOTDIR);
  EXPECT_EQ(code(""), EINVAL);
  EXPECT_EQ(code("/"), EINVAL);
  EXPECT_EQ(code("Sub/../one"), EINVAL);
  EXPECT_EQ(find("Sub/nothing").error().text, "'Sub/nothing': there is no 'nothing'");
}

TEST_P(RealVolume, names_are_compared_as_the_volume_does) {
  if (is_fat()) {
    expect_same("SUB/Deeper/a LONG name, with spaces and more than one 8.3 of letters.TEXT",
                folder.read("tree/Sub/deeper/A long name, with spaces and more than one 8.3 of "
                            "letters.text"));
    expect_same("SECTOR~1.TXT", folder.read("tree/sector+1.txt"));  // its 8.3 name
    EXPECT_FALSE(find("MY DISK")) << "the name of the volume is no file";
  } else {
    EXPECT_EQ(find("SUB/block").error().code, ENOENT);
  }
}

TEST_P(FatVolume, files_in_many_pieces_are_followed) {
  // Free every other one of many small files, so that the next file has to fill the gaps.
  std::string copies;
  std::string gaps;
  for (int i = 0; i < 60; ++i) {
    const std::string name = "f" + std::to_string(i);
    folder.write(name, pattern(5000, 7));
    copies += " " + name;
    if (i % 2 == 0) gaps += " ::/" + name;
  }
  ASSERT_TRUE(folder.done(mtools("mcopy -i image" + copies + " ::/")));
  ASSERT_TRUE(folder.done(mtools("mdel -i image" + gaps)));
  if (GetParam().kind == VolumeKind::fat32) {
    // Where to look for room first is a hint in the second sector.
    const std::string poke = "printf '\\002\\000\\000\\000' | ";
    ASSERT_TRUE(folder.done(poke + "dd of=image bs=1 seek=1004 conv=notrunc"));
  }
  const std::int64_t room = 100 + volume->info().size_bytes / 8;
  folder.write("scattered", pattern(static_cast<std::size_t>(room), 99));
  ASSERT_TRUE(folder.done(mtools("mcopy -i image scattered ::/sub/")));
  read_image();
  expect_same("Sub/scattered", folder.read("scattered"));
  EXPECT_GE(find("Sub/scattered")->extents.size(), 20U);
}

TEST_P(RealVolume, large_directories_are_searched_to_their_end) {
  ASSERT_TRUE(folder.done("mkdir tree/many"));
  for (int i = 0; i < 700; ++i) {
    folder.write("tree/many/number " + std::to_string(i), pattern(10, i));
  }
  ASSERT_TRUE(folder.done("rm -f image; " + std::string(GetParam().command))) << folder.errors();
  read_image();
  for (const int i : {0, 123, 699}) {
    const std::string name = "many/number " + std::to_string(i);
    expect_same(name, folder.read("tree/" + name));
  }
  EXPECT_EQ(find("many/number 700").error().code, ENOENT);
}

std::string name_of(const ::testing::TestParamInfo<Recipe>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Made, RealVolume, ::testing::ValuesIn(kRecipes), name_of);
INSTANTIATE_TEST_SUITE_P(Made, FatVolume, ::testing::ValuesIn(testing::those(testing::is_fat)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Made, JudgedVolume,
                         ::testing::ValuesIn(testing::those(testing::has_other_reader)), name_of);

// Those of which only the superblock is read ----------------------------------------------------

struct Other {
  const char* name;
  VolumeKind kind;
  std::int64_t size_bytes;
  std::int64_t block_size_bytes;
  const char* command;
};

const Other kOthers[] = {
    {"ext2", VolumeKind::ext2, 8 << 20, 1024, "mke2fs -q -t ext2 -b 1024 -L 'my disk' image 8m"},
    {"ext3", VolumeKind::ext3, 16 << 20, 2048, "mke2fs -q -t ext3 -b 2048 -L 'my disk' image 16m"},
    {"ext4", VolumeKind::ext4, 16 << 20, 4096,
     "mke2fs -q -t ext4 -b 4096 -O 64bit -L 'my disk' image 16m"},
    {"iso9660", VolumeKind::iso9660, 0, 2048,
     "mkdir tree && genisoimage -quiet -V 'my disk' -o image tree"},
};

TEST(OtherVolume, is_recognised_and_says_that_its_files_are_not_looked_for) {
  for (const Other& other : kOthers) {
    SCOPED_TRACE(other.name);
    Folder folder;
    ASSERT_TRUE(folder.done(other.command)) << folder.errors();
    MemoryReader reader(folder.read("image"));
    const auto volume = run_now(recognise(reader));
    ASSERT_TRUE(volume) << volume.error().text;
    const VolumeInfo& info = (*volume)->info();
    EXPECT_EQ(kind_name(info.kind), std::string(other.name));
    EXPECT_EQ(info.name, "my disk");
    EXPECT_EQ(info.size_bytes, other.size_bytes == 0 ? reader.size_bytes() : other.size_bytes);
    EXPECT_EQ(info.block_size_bytes, other.block_size_bytes);
    const Result<FileMap> file = run_now((*volume)->find(reader, "some/file"));
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, EOPNOTSUPP);
  }
}

TEST(OtherVolume, where_it_was_mounted_last_is_told) {
  Folder folder;
  ASSERT_TRUE(folder.done("mke2fs -q -t ext2 -M /var/spool image 1m")) << folder.errors();
  MemoryReader reader(folder.read("image"));
  EXPECT_EQ((*run_now(recognise(reader)))->info().last_mounted, "/var/spool");
}

TEST(OtherVolume, Paper_49_the_path_in_a_ufs_superblock_is_found) {
  Folder folder;
  ASSERT_TRUE(folder.done("mkdir tree && makefs -t ffs -s 1m image tree")) << folder.errors();
  MemoryReader reader(folder.read("image"));
  const std::string path = "/usr/home";
  for (std::size_t i = 0; i < path.size(); ++i) {
    reader.bytes[8192 + 212 + i] = static_cast<std::byte>(path[i]);
  }
  EXPECT_EQ((*run_now(recognise(reader)))->info().last_mounted, path);
}

TEST(OtherVolume, nothing_known_is_refused_in_words) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{512}, std::size_t{1} << 20}) {
    MemoryReader reader{Bytes(size)};
    const auto volume = run_now(recognise(reader));
    ASSERT_FALSE(volume);
    EXPECT_EQ(volume.error().code, EINVAL);
    EXPECT_NE(volume.error().text.find("no superblock of UFS, FAT"), std::string::npos);
    EXPECT_FALSE(reader.outside);
  }
}

TEST(OtherVolume, a_medium_that_fails_is_not_called_unknown) {
  Folder folder;
  ASSERT_TRUE(folder.done("mkdir tree && makefs -t ffs -s 1m image tree")) << folder.errors();
  MemoryReader reader(folder.read("image"));
  reader.fail_after = 0;
  reader.error = ENXIO;
  EXPECT_EQ(run_now(recognise(reader)).error().code, ENXIO);
}

}  // namespace
}  // namespace biotope::fs
