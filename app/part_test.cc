// Partition tables of images, changed from the command line; other systems' tools are the judges.
#include "app/part_testing.h"

namespace biotope::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kUfs = "516E7CB6-6ECF-11D6-8FF8-00022D09712B";
constexpr const char* kLinux = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";

TEST_F(Part, Paper_77_a_gpt_is_made_and_changed_as_other_tools_read_it) {
  make("64M");
  EXPECT_EQ(done("create", {"-s", "gpt"}), "da0 created\n");
  EXPECT_EQ(done("add", {"-t", "freebsd-ufs", "-s", "20M", "-a", "1M", "-l", "home"}),
            "da0p1 added\n");
  EXPECT_EQ(done("add", {"-t", "linux-data", "-b", "43008", "-s", "2048", "-i", "5"}),
            "da0p5 added\n");
  EXPECT_THAT(sfdisk(), ElementsAre(std::string("1 2048+40960 ") + kUfs + " home",
                                    std::string("5 43008+2048 ") + kLinux));
  expect_gpt_without_fault();
  EXPECT_EQ(done("resize", {"-i", "5", "-s", "4M"}), "da0p5 resized\n");
  EXPECT_EQ(done("modify", {"-i", "1", "-l", "w\xC3\xB6rk", "-t", "linux-data"}),
            "da0p1 modified\n");
  EXPECT_THAT(sfdisk(), ElementsAre(std::string("1 2048+40960 ") + kLinux + " w\xC3\xB6rk",
                                    std::string("5 43008+8192 ") + kLinux));
  EXPECT_EQ(done("delete", {"-i", "1"}), "da0p1 deleted\n");
  EXPECT_THAT(sfdisk(), ElementsAre(std::string("5 43008+8192 ") + kLinux));
  expect_gpt_without_fault();
  EXPECT_THAT(refusal("destroy"), HasSubstr("--force takes them along"));
  EXPECT_EQ(done("destroy", {"--force"}), "da0 destroyed\n");
  EXPECT_THAT(shell("blkid -c /dev/null -p " + image), IsEmpty());
}

TEST_F(Part, Paper_77_an_mbr_and_a_disklabel_in_its_slice) {
  make("64M");
  done("create", {"-s", "mbr"});
  EXPECT_EQ(done("add", {"-t", "freebsd", "-b", "2048", "-s", "32M", "--set", "active"}),
            "da0s1 added\n");
  EXPECT_EQ(done("add", {"-t", "0x83", "-i", "4", "-a", "1M"}), "da0s4 added\n");
  EXPECT_THAT(sfdisk(), ElementsAre("1 2048+65536 a5 active", "4 67584+63488 83"));
  EXPECT_EQ(done("create", {"-s", "bsd", "--on", "da0s1"}), "da0s1 created\n");
  EXPECT_EQ(done("add", {"--on", "da0s1", "-t", "freebsd-ufs", "-s", "8M"}), "da0s1a added\n");
  EXPECT_EQ(done("add", {"--on", "da0s1", "-i", "5", "-t", "freebsd-swap"}), "da0s1e added\n");
  EXPECT_EQ(done("modify", {"-i", "1", "--unset", "active"}), "da0s1 modified\n");
  EXPECT_THAT(sfdisk(), ElementsAre("1 2048+65536 a5", "4 67584+63488 83"));
  const std::string shown = done("show");
  EXPECT_THAT(shown, HasSubstr("da0s1  BSD  (32M)"));
  EXPECT_THAT(shown, HasSubstr("     0    16384    1  0x07 freebsd-ufs  (8M)"));
  EXPECT_THAT(shell("fdisk -l " + image), HasSubstr("FreeBSD"));
}

TEST_F(Part, what_other_tools_make_is_shown_with_what_is_free) {
  shell(
      "printf 'label: gpt\\nfirst-lba: 2048\\nstart=2048, size=4096, name=one\\n"
      "start=10240, size=2048\\n' | sfdisk -q " +
      image);
  const std::string shown = done("show");
  EXPECT_THAT(
      shown,
      HasSubstr("  2048     4096    1  0fc63daf-8483-4772-8e79-3d69d8477de4 linux-data \"one\"  "
                "(2M)\n"));
  EXPECT_THAT(shown, HasSubstr("  6144     4096       - free -  (2M)\n"));
}

TEST_F(Part, Inv_E26_one_damaged_copy_is_recovered) {
  done("create", {"-s", "gpt"});
  done("add", {"-t", "freebsd-ufs", "-s", "2M", "-l", "home"});
  const Words before = sfdisk();
  const std::string sound = ground.read("x.img");
  for (const std::size_t place : {512 + 20UL, 1024 + 60UL, sound.size() - 512 + 20UL}) {
    damage(place);
    EXPECT_THAT(done("show"), HasSubstr("[CORRUPT]")) << place;
    EXPECT_THAT(refusal("delete", {"-i", "1"}), HasSubstr("recover"));
    EXPECT_EQ(done("recover"), "da0 recovered\n");
    EXPECT_EQ(sfdisk(), before);
    expect_gpt_without_fault();
    EXPECT_TRUE(ground.read("x.img") == sound) << "all is as it was";
  }
  EXPECT_EQ(done("recover"), "da0 needs no recovery\n");
}

TEST_F(Part, a_dry_run_tells_and_writes_nothing) {
  const auto dry = [&](const std::string& verb, Words options) {
    const std::string before = ground.read("x.img");
    options.emplace_back("--dry-run");
    const std::string told = done(verb, options);
    EXPECT_THAT(told, HasSubstr("would write 1 sector from sector 0 of da0")) << verb;
    EXPECT_TRUE(ground.read("x.img") == before) << verb;
    return told;
  };
  EXPECT_THAT(dry("create", {"-s", "mbr"}), HasSubstr("da0  MBR"));
  done("create", {"-s", "mbr"});
  EXPECT_THAT(dry("add", {"-t", "0x83", "-s", "1M"}), HasSubstr("0x83 linux-data  (1M)"));
  done("add", {"-t", "0x83", "-s", "1M"});
  EXPECT_THAT(dry("modify", {"-i", "1", "-t", "freebsd"}), HasSubstr("0xa5 freebsd  (1M)"));
  EXPECT_THAT(dry("resize", {"-i", "1", "-s", "2M"}), HasSubstr("0x83 linux-data  (2M)"));
  dry("delete", {"-i", "1"});
  dry("destroy", {"-F"});
  ground.write("boot", "\xEB\xFE");
  dry("bootcode", {"-b", ground.file("boot")});
  shell("chmod a-w " + image);
  dry("delete", {"-i", "1"});
}

TEST_F(Part, boot_code_leaves_the_table_alone) {
  done("create", {"-s", "mbr"});
  done("add", {"-t", "freebsd", "-s", "1M"});
  const Words before = sfdisk();
  ground.write("boot", std::string(300, '\x90'));
  EXPECT_EQ(done("bootcode", {"-b", ground.file("boot")}), "bootcode written to da0\n");
  EXPECT_EQ(ground.read("x.img").substr(0, 300), std::string(300, '\x90'));
  EXPECT_EQ(sfdisk(), before);
  ground.write("boot", std::string(4096, '\x90'));
  refusal("bootcode", {"-b", ground.file("boot")});
  refusal("bootcode", {"-b", ground.file("nothing")});
}

TEST_F(Part, what_can_not_be_is_refused_in_a_sentence) {
  EXPECT_THAT(refusal("show"), HasSubstr("da0 has no partition table"));
  EXPECT_THAT(refusal("add", {"-t", "freebsd"}), HasSubstr("'part create' makes one"));
  EXPECT_THAT(refusal("create", {"-s", "gtp"}), HasSubstr("there is no convention 'gtp'"));
  done("create", {"-s", "mbr"});
  done("add", {"-t", "freebsd", "-s", "1M"});
  EXPECT_THAT(refusal("create", {"-s", "gpt"}), HasSubstr("a table of MBR already"));
  EXPECT_THAT(refusal("add", {"-t", "freebsd", "-s", "9X"}), HasSubstr("--size is '9X'"));
  EXPECT_THAT(refusal("add", {"-t", "freebsd", "-s", "9999999999G"}), HasSubstr("--size is"));
  refusal("add", {"-t", "freebsd", "-s", "1G"});
  refusal("add", {"-t", "freebsd", "-b", "1", "-s", "2M"});
  refusal("add", {"-t", "freebsd", "-i", "7"});
  refusal("add", {"-t", "freebsd", "-i", "1", "-s", "1M"});
  refusal("delete", {"-i", "3"});
  refusal("resize", {"-i", "1", "-s", "1G"});
  refusal("resize", {"-i", "1", "-s", "0"});
  refusal("modify", {"-i", "1"});
  refusal("modify", {"-i", "1", "-l", "an MBR has no labels"});
  EXPECT_THAT(refusal("add", {"--on", "da0s9", "-t", "freebsd"}), HasSubstr("no 'da0s9'"));
  EXPECT_THAT(refusal("show", {"--sector-size", "0"}), HasSubstr("sector"));
}

TEST_F(Part, Paper_17_tables_beyond_2_TiB_and_of_large_sectors) {
  make("5T");
  done("create", {"-s", "gpt"});
  done("add", {"-t", "linux-data", "-b", "4T", "-s", "512G"});
  EXPECT_THAT(sfdisk(), ElementsAre(std::string("1 8589934592+1073741824 ") + kLinux));
  make("64M");
  done("create", {"-s", "gpt", "--sector-size", "4096"});
  done("add", {"-t", "linux-data", "-b", "1M", "-s", "2M", "--sector-size", "4096"});
  EXPECT_THAT(done("show", {"--sector-size", "4096"}), HasSubstr("   256      512    1  0fc63daf"));
}

}  // namespace
}  // namespace biotope::app
