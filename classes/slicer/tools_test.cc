// Tables made by the tools of another system, read by us.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "classes/slicer/host_testing.h"

namespace biotope {
namespace {

using testing::Folder;
using testing::output_of;
using testing::SlicedMesh;

// "s1 2048+8192 0x83": what our table says, in sectors from the disk's start.
std::vector<std::string> rows(SlicedMesh& t, const std::string& geom_class,
                              const std::string& below) {
  std::vector<std::string> all;
  const Geom* geom = t.mesh.geom(geom_class, below);
  if (geom == nullptr) return {"no " + geom_class + " on " + below};
  for (const Provider& p : geom->providers()) {
    const Slice& slice = Slicer::of(*geom)->slice_of(p);
    const std::int64_t sector = p.sector_size_bytes();
    all.push_back(sentence(slice.suffix, ' ', start_on_disk_bytes(p) / sector, '+',
                           p.properties().sector_count(), ' ', slice.type));
  }
  return all;
}

class Tools : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* tool : {"sfdisk", "fdisk"}) {
      if (!testing::has_tool(tool)) GTEST_SKIP() << tool << " is not on this machine";
    }
    ASSERT_FALSE(folder_.path().empty());
  }
  // Gives `input` to `command`, whose last word becomes the image's path; returns what it says.
  std::string run(const std::string& command, const std::string& input) {
    return output_of(sentence("export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C; printf '", input, "' | ",
                              command, ' ', image_, " 2>&1"));
  }
  void make(const std::string& size) {
    output_of(sentence("rm -f ", image_, "; truncate -s ", size, ' ', image_));
  }
  testing::Image image() const { return testing::bytes_of_file(image_); }
  // What sfdisk reads back, like rows().
  std::vector<std::string> rows_of_sfdisk() {
    std::vector<std::string> all;
    const auto answer = nlohmann::json::parse(run("sfdisk -J", ""));
    for (const auto& p : answer.at("partitiontable").at("partitions")) {
      const auto node = p.at("node").get<std::string>();
      std::string type = p.at("type").get<std::string>();
      if (type.size() == 1) type.insert(0, "0");
      all.push_back(sentence('s', node.substr(image_.size()), ' ',
                             p.at("start").get<std::int64_t>(), '+',
                             p.at("size").get<std::int64_t>(), " 0x", type));
    }
    return all;
  }

 private:
  Folder folder_;
  std::string image_ = folder_.file("image");
};

TEST_F(Tools, Paper_77_what_sfdisk_writes_is_read_as_sfdisk_reads_it) {
  const std::vector<std::string> scripts = {
      "label: dos\\nstart=2048,size=8192,type=83\\nstart=10240,size=40000,type=a5,bootable\\n",
      "label: dos\\nsize=1,start=1,type=6\\nstart=65535,size=1,type=83\\n",
      "label: dos\\n4: start=63,size=100,type=82\\n2: start=200,size=30000,type=c\\n",
      "label: dos\\n,1M,L\\n,1M,S\\n,1M,7\\n,,b\\n",
      "label: dos\\n",
  };
  for (const std::string& script : scripts) {
    make("32M");
    run("sfdisk -q", script);
    SlicedMesh t;
    t.disk("da0", image());
    std::vector<std::string> expected =
        script == scripts.back() ? std::vector<std::string>{} : rows_of_sfdisk();
    EXPECT_EQ(rows(t, "mbr", "da0"), expected) << script;
    EXPECT_EQ(expected.empty(), script == scripts.back());
  }
}

// Eight tables drawn by a generator of our own, so that every run draws the same.
TEST_F(Tools, Paper_77_random_tables_of_sfdisk_are_read_as_it_reads_them) {
  std::uint64_t state = 1;
  const auto draw = [&state](std::uint64_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % below;
  };
  for (int round = 0; round < 8; ++round) {
    std::vector<std::uint64_t> cuts;
    while (cuts.size() < 8) {
      const std::uint64_t cut = 1 + draw(16384 - 1);
      if (std::find(cuts.begin(), cuts.end(), cut) == cuts.end()) cuts.push_back(cut);
    }
    std::sort(cuts.begin(), cuts.end());
    std::string script = "label: dos\\n";
    const std::uint64_t first = draw(4);
    for (std::uint64_t i = 0; i < 4; ++i) {
      const std::uint64_t slot = (first + i) % 4;
      const char* types[] = {"83", "a5", "c", "7", "82", "b"};
      script += sentence(slot + 1, ": start=", cuts[2 * i], ",size=", cuts[2 * i + 1] - cuts[2 * i],
                         ",type=", types[draw(6)], "\\n");
    }
    make("8M");
    run("sfdisk -q --wipe never", script);
    SlicedMesh t;
    t.disk("da0", image());
    const auto expected = rows_of_sfdisk();
    ASSERT_EQ(expected.size(), 4U) << script;
    EXPECT_EQ(rows(t, "mbr", "da0"), expected) << script;
  }
}

TEST_F(Tools, Paper_77_a_disklabel_of_fdisk_is_read_with_its_partitions) {
  make("32M");
  run("sfdisk -q", "label: dos\\nstart=2048,size=8192,type=83\\nstart=10240,size=40000,type=a5\\n");
  run("fdisk",
      "b\\ny\\nn\\na\\n10256\\n+8191\\nn\\nb\\n18448\\n+"
      "2047\\nn\\ne\\n20496\\n50239\\nt\\na\\n7\\nw\\n");
  SlicedMesh t;
  t.disk("da0", image());
  EXPECT_EQ(rows(t, "bsd", "da0s2"),
            (std::vector<std::string>{"a 10256+8192 0x07", "b 18448+2048 0x00",
                                      "c 10240+40000 0x00", "e 20496+29744 0x00"}));
}

TEST_F(Tools, Paper_77_a_table_of_4096_byte_sectors_is_read_as_fdisk_wrote_it) {
  make("32M");
  run("fdisk -b 4096", "o\\nn\\np\\n1\\n256\\n2047\\nn\\np\\n3\\n2048\\n8191\\nt\\n3\\na5\\nw\\n");
  Properties disk;
  disk.sector_size_bytes = 4096;
  SlicedMesh t;
  t.disk("da0", image(), disk);
  EXPECT_EQ(rows(t, "mbr", "da0"),
            (std::vector<std::string>{"s1 256+1792 0x83", "s3 2048+6144 0xa5"}));
}

TEST_F(Tools, a_file_system_on_the_whole_disk_is_no_table) {
  if (!testing::has_tool("mkfs.vfat")) GTEST_SKIP() << "mkfs.vfat is not on this machine";
  for (const char* how :
       {"mkfs.vfat -F 12", "mkfs.vfat -F 16", "mkfs.vfat -F 32 -s 1", "mkfs.vfat -F 16 --mbr=y"}) {
    make("48M");
    const std::string said = run(how, "");
    const testing::Image made = image();
    ASSERT_EQ(made.at(510), std::byte{0x55}) << how << ": " << said;
    SlicedMesh t;
    testing::Recorder seen(t.mesh);
    t.disk("da0", made);
    EXPECT_EQ(t.names(), (std::vector<std::string>{"da0"})) << how;
    EXPECT_EQ(seen.count(FactKind::note), 0U) << how;
  }
}

}  // namespace
}  // namespace biotope
