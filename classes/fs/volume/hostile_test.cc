// Damaged, hostile and truncated volumes: refused in words, or read as far as they make sense;
// never a byte outside the volume, never without end.
#include <gtest/gtest.h>

#include <set>

#include "classes/fs/testing.h"
#include "classes/layout.h"

namespace biotope::fs {
namespace {

using testing::Folder;
using testing::MemoryReader;
using testing::pattern;
using testing::run_now;

const char* const kNames[] = {"big", "Sub/A longer name.text"};

// A small volume with one file that needs indirect blocks, or a long chain, and one in a directory.
MemoryReader make(const std::string& command) {
  Folder folder;
  folder.run("mkdir -p tree/Sub");
  folder.write("tree/big", pattern(90'000, 1));
  folder.write("tree/Sub/A longer name.text", pattern(3000, 2));
  EXPECT_TRUE(folder.done(command)) << folder.errors();
  return MemoryReader(folder.read("image"));
}
MemoryReader make_ufs(int version, const std::string& order = "le") {
  return make("makefs -t ffs -o bsize=4096,fsize=512,version=" + std::to_string(version) + " -B " +
              order + " -s 1m image tree");
}
MemoryReader make_fat(int bits) {
  const char* size = bits == 12 ? "1440" : bits == 16 ? "4200" : "34000";
  return make("mkfs.vfat -s 1 -F " + std::to_string(bits) + " -C image " + size +
              " && MTOOLS_SKIP_CHECK=1 mcopy -i image -s -Q tree/* ::/");
}
MemoryReader make_iso() { return make("genisoimage -quiet -o image tree"); }
MemoryReader make_ntfs() { return make("truncate -s 2m image && mkntfs -qFQ -L name image"); }
MemoryReader make_ext() { return make("mke2fs -q -t ext4 image 1m"); }

// Recognises the volume and looks for its files. Counts how often that came out well.
int examine(MemoryReader& reader) {
  reader.reads = 0;
  reader.fail_after = 50'000;
  auto volume = run_now(recognise(reader));
  int found = 0;
  if (volume) {
    EXPECT_GT((*volume)->info().block_size_bytes, 0);
    EXPECT_GT((*volume)->info().size_bytes, 0);
    ++found;
    for (const char* name : kNames) {
      const Result<FileMap> map = run_now((*volume)->find(reader, name));
      found += map ? 1 : 0;
      EXPECT_TRUE(map || !map.error().text.empty());
    }
  } else {
    EXPECT_EQ(volume.error().code, EINVAL) << volume.error().text;
  }
  EXPECT_FALSE(reader.outside);
  EXPECT_LE(reader.reads, reader.fail_after) << "it reads without end";
  return found;
}

// Every byte that is looked at, once each.
std::vector<std::size_t> bytes_looked_at(MemoryReader& reader) {
  reader.trace.clear();
  examine(reader);
  std::set<std::size_t> places;
  for (const Extent& e : reader.trace) {
    for (std::int64_t i = 0; i < e.length_bytes; ++i) {
      places.insert(static_cast<std::size_t>(e.volume_offset_bytes + i));
    }
  }
  reader.trace.clear();
  return {places.begin(), places.end()};
}

struct Maker {
  const char* name;
  MemoryReader (*make)();
  int found;  // of an undamaged one: the volume, and its files
};

void PrintTo(const Maker& maker, std::ostream* out) { *out << maker.name; }

class HostileVolume : public ::testing::TestWithParam<Maker> {
 protected:
  MemoryReader reader = GetParam().make();
};

TEST_P(HostileVolume, one_damaged_byte_does_no_harm) {
  ASSERT_EQ(examine(reader), GetParam().found);
  const std::vector<std::size_t> places = bytes_looked_at(reader);
  int noticed = 0;
  // All of the first, where superblocks are; of the tables behind, fewer and fewer.
  for (std::size_t i = 0; i < places.size(); i += i < 2048 ? 1 : i < 12288 ? 5 : 29) {
    std::byte& victim = reader.bytes[places[i]];
    const std::byte before = victim;
    for (const int change : {0x01, 0x80, 0xFF}) {
      victim = before ^ static_cast<std::byte>(change);
      if (examine(reader) < GetParam().found) ++noticed;
    }
    victim = before;
    reader.trace.clear();
  }
  EXPECT_GT(noticed, 0);
  EXPECT_EQ(examine(reader), GetParam().found);
}

TEST_P(HostileVolume, many_damaged_bytes_do_no_harm) {
  const std::vector<std::size_t> places = bytes_looked_at(reader);
  const Bytes sound = reader.bytes;
  std::uint32_t x = 12345;
  const auto random = [&x](std::size_t below) {
    x = x * 1664525U + 1013904223U;
    return (x >> 8) % below;
  };
  for (int round = 0; round < 1000; ++round) {
    std::vector<std::size_t> changed;
    for (std::size_t n = 1 + random(12); n > 0; --n) {
      const std::size_t place = places[random(places.size())];
      changed.push_back(place);
      reader.bytes[place] = static_cast<std::byte>(random(256));
    }
    examine(reader);
    for (const std::size_t place : changed) reader.bytes[place] = sound[place];
    reader.trace.clear();
  }
}

TEST_P(HostileVolume, cut_short_anywhere_it_does_no_harm) {
  const Bytes whole = reader.bytes;
  std::set<int> outcomes;
  const std::vector<std::size_t> places = bytes_looked_at(reader);
  for (std::size_t i = 0; i < places.size(); i += 1 + i / 16) {
    reader.bytes.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(places[i]));
    outcomes.insert(examine(reader));
    reader.trace.clear();
  }
  EXPECT_TRUE(outcomes.count(0) == 1) << "without its superblock it is nothing";
}

INSTANTIATE_TEST_SUITE_P(Damaged, HostileVolume,
                         ::testing::Values(Maker{"ufs1", [] { return make_ufs(1); }, 3},
                                           Maker{"ufs2_big_endian",
                                                 [] { return make_ufs(2, "be"); }, 3},
                                           Maker{"fat12", [] { return make_fat(12); }, 3},
                                           Maker{"fat16", [] { return make_fat(16); }, 3},
                                           Maker{"fat32", [] { return make_fat(32); }, 3},
                                           Maker{"ntfs", [] { return make_ntfs(); }, 1},
                                           Maker{"iso9660", [] { return make_iso(); }, 1},
                                           Maker{"ext4", [] { return make_ext(); }, 1}),
                         [](const auto& info) { return std::string(info.param.name); });

// Structures that lead astray -------------------------------------------------------------------

class Astray : public ::testing::Test {
 protected:
  Result<FileMap> find(const char* name) {
    reader.trace.clear();
    reader.reads = 0;
    volume = run_now(recognise(reader)).value();
    return run_now(volume->find(reader, name));
  }
  void expect_refused(const char* words) {
    reader.fail_after = 10'000;
    const Result<FileMap> map = find("big");
    ASSERT_FALSE(map);
    EXPECT_EQ(map.error().code, EINVAL);
    EXPECT_NE(map.error().text.find(words), std::string::npos) << map.error().text;
    EXPECT_FALSE(reader.outside);
  }
  template <class T>
  void poke(std::int64_t at, T value) {
    layout::Number<T>(static_cast<std::size_t>(at), std::endian::little).set(reader.bytes, value);
  }
  template <class T>
  T peek(std::int64_t at) {
    return layout::Number<T>(static_cast<std::size_t>(at), std::endian::little).get(reader.bytes);
  }

  MemoryReader reader{{}};
  std::unique_ptr<Volume> volume;
};

class AstrayFat : public Astray {
 protected:
  AstrayFat() {
    reader = make_fat(16);
    const Extent first = find("big")->extents.front();
    const std::int64_t reserved = peek<std::uint16_t>(14);
    const std::int64_t data =
        (reserved + 2 * peek<std::uint16_t>(22)) * 512 + peek<std::uint16_t>(17) * 32;
    cluster = (first.volume_offset_bytes - data) / 512 + 2;
    table = reserved * 512;
  }
  void link(std::int64_t from, std::uint16_t to) { poke<std::uint16_t>(table + 2 * from, to); }

  std::int64_t cluster = 0;  // the first of "big"
  std::int64_t table = 0;
};

TEST_F(AstrayFat, a_chain_that_bites_its_tail_is_refused) {
  for (const std::int64_t back : {0, 1, 5}) {
    link(cluster + 5, static_cast<std::uint16_t>(cluster + back));
    expect_refused("back to cluster");
  }
}

TEST_F(AstrayFat, a_chain_that_leaves_the_volume_is_refused) {
  for (const std::uint16_t to : {0, 1, 0xFFF0, 0xFFF7}) {
    link(cluster + 5, to);
    expect_refused("of a volume that has clusters");
  }
}

TEST_F(AstrayFat, a_chain_that_is_too_short_is_refused) {
  link(cluster + 5, 0xFFFF);
  expect_refused("its clusters end after 3072");
}

class AstrayUfs : public Astray {
 protected:
  static constexpr std::int64_t kBlock = 4096;
  static constexpr std::int64_t kFragment = 512;
  static constexpr std::int64_t kPointers = kBlock / 8;

  AstrayUfs() {
    reader = make_ufs(2);
    find("big").value();
    // The inode of a file is the last that is read of 256 bytes.
    for (const Extent& e : reader.trace) {
      if (e.length_bytes == 256) inode = e.volume_offset_bytes;
    }
  }
  std::int64_t direct(int i) const { return inode + 112 + 8 * i; }
  std::int64_t indirect(int level) const { return inode + 208 + 8 * (level - 1); }
  void set_size(std::int64_t size) { poke<std::int64_t>(inode + 16, size); }

  std::int64_t inode = 0;
};

TEST_F(AstrayUfs, a_block_with_two_places_is_refused) {
  poke<std::int64_t>(direct(3), peek<std::int64_t>(direct(1)));
  expect_refused("two different blocks");
}

TEST_F(AstrayUfs, an_indirect_block_that_points_to_itself_is_refused) {
  const auto block = peek<std::int64_t>(indirect(1));
  ASSERT_GT(block, 0);
  poke<std::int64_t>(block * kFragment, block);
  expect_refused("two different blocks");
  poke<std::int64_t>(block * kFragment, 0);
  poke<std::int64_t>(indirect(2), block);
  set_size(std::int64_t{1} << 30);
  expect_refused("two different blocks");
}

TEST_F(AstrayUfs, addresses_off_the_volume_are_refused) {
  for (const std::int64_t at : {std::int64_t{-1}, std::int64_t{2048}, std::int64_t{1} << 62}) {
    poke<std::int64_t>(direct(3), at);
    expect_refused("of a volume that has 2048");
    poke<std::int64_t>(direct(3), 0);
    const auto block = peek<std::int64_t>(indirect(1));
    poke<std::int64_t>(indirect(1), at);
    expect_refused("of a volume that has 2048");
    poke<std::int64_t>(indirect(1), block);
  }
}

TEST_F(AstrayUfs, impossible_sizes_are_refused) {
  set_size(-1);
  expect_refused("longer than 2^63");
  set_size((12 + kPointers + kPointers * kPointers + kPointers * kPointers * kPointers) * kBlock +
           1);
  expect_refused("more than an inode can point to");
}

TEST_F(AstrayUfs, an_empty_file_of_the_largest_size_is_one_hole) {
  for (int i = 0; i < 12; ++i) poke<std::int64_t>(direct(i), 0);
  poke<std::int64_t>(indirect(1), 0);
  const std::int64_t most = (12 + kPointers + kPointers * kPointers) * kBlock;
  set_size(most);
  const Result<FileMap> map = find("big");
  ASSERT_TRUE(map) << map.error().text;
  EXPECT_EQ(map->size_bytes, most);
  EXPECT_TRUE(map->extents.empty());
}

// No tool makes a file of more than a gigabyte in a test: pointers are put there by hand.
TEST_F(AstrayUfs, three_levels_of_indirection_are_followed) {
  const std::int64_t before = 12 + kPointers + kPointers * kPointers;  // blocks
  const std::int64_t free = 1900;                                      // fragments
  const std::int64_t level3 = free;
  const std::int64_t level2 = free + 8;
  const std::int64_t level1 = free + 16;
  const std::int64_t data = free + 24;
  std::fill_n(reader.bytes.begin() + free * kFragment, 100 * kFragment, std::byte{0});
  set_size((before + kPointers * kPointers * 3) * kBlock - 100);
  poke<std::int64_t>(indirect(3), level3);
  poke<std::int64_t>(level3 * kFragment + 8 * 2, level2);
  poke<std::int64_t>(level2 * kFragment + 8 * 511, level1);
  poke<std::int64_t>(level1 * kFragment + 8 * 509, data);
  poke<std::int64_t>(level1 * kFragment + 8 * 510, data + 8);
  poke<std::int64_t>(level1 * kFragment + 8 * 511, data + 24);
  const Result<FileMap> map = find("big");
  ASSERT_TRUE(map) << map.error().text;
  const std::int64_t block = before + 3 * kPointers * kPointers - 3;
  ASSERT_GE(map->extents.size(), 2U);
  EXPECT_EQ(*(map->extents.end() - 2), (Extent{block * kBlock, data * kFragment, 2 * kBlock}));
  EXPECT_EQ(map->extents.back(),
            (Extent{(block + 2) * kBlock, (data + 24) * kFragment, kBlock - 100}));
}

TEST_F(AstrayUfs, an_entry_of_a_directory_that_never_ends_is_refused) {
  // The first piece of a directory that is read is the root's.
  std::int64_t root = 0;
  for (const Extent& e : reader.trace) {
    if (e.length_bytes == 512 && root == 0) root = e.volume_offset_bytes;
  }
  for (const std::uint16_t length : {0, 4, 6, 13, 516, 65535}) {
    poke<std::uint16_t>(root + 4, length);
    expect_refused("damaged");
  }
}

}  // namespace
}  // namespace biotope::fs
