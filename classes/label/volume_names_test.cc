// Names that real tools have given to volumes, as another reader sees them.
#include <gtest/gtest.h>

#include "classes/gpt/gpt.h"
#include "classes/label/testing.h"

namespace biotope {
namespace {

using fs::testing::Folder;
using testing::Image;
using testing::LabelMesh;
using testing::must;
using testing::Names;
using testing::User;

// What makes "image", of a megabyte or more, and what it is then called besides by numbers. `field`
// is what blkid calls that, empty where it does not look.
struct Recipe {
  const char* name;
  const char* command;
  const char* provider;
  const char* field = "LABEL";
  const char* says = "";  // where blkid says it otherwise
};

void PrintTo(const Recipe& recipe, std::ostream* out) { *out << recipe.name; }

// makefs gives no names; this one goes into the superblock, at byte 8192, where tunefs writes it.
#define BIOTOPE_UFS(version)           \
  "makefs -t ffs -o version=" #version \
  " -s 4m image tree && "              \
  "printf home | dd of=image bs=1 conv=notrunc status=none seek=8872"

const Recipe kRecipes[] = {
    {"ufs1", BIOTOPE_UFS(1), "ufs/home", ""},
    {"ufs2", BIOTOPE_UFS(2), "ufs/home"},
    {"fat12", "mkfs.vfat -F 12 -n FLOPPY -C image 1440", "msdosfs/FLOPPY"},
    {"fat16", "mkfs.vfat -F 16 -n 'MY DISK' -C image 16384", "msdosfs/MY%20DISK", "LABEL",
     "MY DISK"},
    {"fat32", "mkfs.vfat -F 32 -s 1 -n ESP -C image 40960", "msdosfs/ESP"},
    {"ext2", "mke2fs -q -t ext2 -L data image 1m", "ext2fs/data"},
    {"ext4", "mke2fs -q -t ext4 -L 'a/b' image 4m", "ext2fs/a%2Fb", "LABEL", "a/b"},
    {"iso9660", "genisoimage -quiet -V CDROM_1 -o image tree", "iso9660/CDROM_1"},
    {"ntfs", "truncate -s 4m image && mkntfs -qFQ -L 'W\xC3\xB6rk' image", "ntfs/W\xC3\xB6rk"},
    {"ntfs_large_clusters", "truncate -s 8m image && mkntfs -qFQ -c 8192 -s 1024 -L big image",
     "ntfs/big"},
};

class VolumeName : public ::testing::TestWithParam<Recipe> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(folder.done("mkdir tree && echo hello > tree/file"));
    ASSERT_TRUE(folder.done(sentence("PATH=$PATH:/usr/sbin:/sbin; ", GetParam().command)))
        << folder.errors();
    image = folder.read("image");
  }
  // What blkid says; it has to go to the end of the line.
  std::string blkid(const std::string& field) {
    std::string text =
        folder.run(sentence("/usr/sbin/blkid -c /dev/null -p -s ", field, " -o value image"));
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
  }

  Folder folder;
  Image image;
};

bool is_number(const std::string& name) { return name.starts_with("ufsid/"); }

TEST_P(VolumeName, Geom_label_volume_is_a_disk_by_the_name_that_its_tool_gave_it) {
  LabelMesh t;
  t.disk("da0", image);
  Names names = t.labels();
  std::erase_if(names, is_number);
  EXPECT_EQ(names, Names{GetParam().provider});
  const std::string wanted = GetParam().provider;
  const std::string field = GetParam().field;
  std::string said = GetParam().says;
  if (said.empty()) said = wanted.substr(wanted.find('/') + 1);
  if (!field.empty()) {
    EXPECT_EQ(blkid(field), said);
  }
  ASSERT_NE(t.mesh.provider(wanted), nullptr);
  EXPECT_EQ(t.provider(wanted).media_size_bytes(), static_cast<std::int64_t>(image.size()));
}

TEST_P(VolumeName, Inv_E29_it_is_gone_while_its_disk_is_written_and_back_after) {
  LabelMesh t;
  t.disk("da0", image);
  const Names before = t.labels();
  ASSERT_FALSE(before.empty());
  User& writer = t.opened("writer", "da0", {1, 1, 0});
  t.mesh.settle();
  EXPECT_EQ(t.labels(), Names{});
  must(t.mesh.close(writer.edge()));
  t.mesh.settle();
  EXPECT_EQ(t.labels(), before);
}

TEST_P(VolumeName, its_kind_can_be_turned_off) {
  LabelMesh t;
  const std::string name = GetParam().provider;
  Values off;
  off.set(name.substr(0, name.find('/')), false);
  must(t.mesh.configure("label", off));
  t.disk("da0", image);
  Names names = t.labels();
  std::erase_if(names, is_number);
  EXPECT_EQ(names, Names{});
}

// Cut off anywhere it has a name or none, and that is all.
TEST_P(VolumeName, a_volume_cut_short_does_no_harm) {
  for (const std::size_t sectors : {1U, 2U, 3U, 4U, 5U, 17U, 64U, 65U, 68U, 130U, 200U}) {
    LabelMesh t;
    t.disk("da0", Image(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(sectors * 512)));
    for (const std::string& name : t.labels()) EXPECT_EQ(name, GetParam().provider);
    EXPECT_EQ(testing::what_is_wrong(t.mesh), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Made, VolumeName, ::testing::ValuesIn(kRecipes),
                         [](const auto& info) { return std::string(info.param.name); });

class UfsNames : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(folder.done("mkdir tree && echo hello > tree/file && " BIOTOPE_UFS(2)))
        << folder.errors();
    volume = folder.read("image");
  }
  // A disk with the volume in its only slice, from sector 64 on, which has `more` sectors behind
  // it.
  Image in_slice(std::uint32_t more) const {
    Image image(64 * 512 + volume.size() + more * 512);
    std::copy(volume.begin(), volume.end(), image.begin() + 64 * 512);
    testing::put_mbr(image, {{64, static_cast<std::uint32_t>(volume.size() / 512) + more, 0xA5}});
    return image;
  }
  Folder folder;
  Image volume;
};

TEST_F(UfsNames, a_volume_has_a_number_that_blkid_reads_too) {
  LabelMesh t;
  t.disk("da0", volume);
  std::string id = folder.run("/usr/sbin/blkid -c /dev/null -p -s UUID -o value image");
  id = id.substr(0, id.find('\n'));
  ASSERT_EQ(id.size(), 16U);
  EXPECT_EQ(t.labels(), (Names{"ufs/home", "ufsid/" + id}));
}

TEST_F(UfsNames, only_the_provider_of_the_volumes_size_has_its_name) {
  LabelMesh t;
  t.disk("da0", in_slice(0));
  EXPECT_EQ(t.provider("ufs/home").geom().name(), "da0s1");
  LabelMesh larger;
  larger.disk("da0", in_slice(64));
  EXPECT_EQ(larger.labels(), Names{});
}

TEST_F(UfsNames, names_of_one_disk_go_together_as_one_disk_would) {
  LabelMesh t;
  t.disk("da0", volume);
  const std::string number = t.labels().back();
  User& mounted = t.opened("mounted", "ufs/home", kReadWriteExclusive);
  User& other = t.user("other", t.provider(number));
  const Status refused = t.mesh.access(other.edge(), {1, 1, 0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EPERM);
  EXPECT_NE(refused.error().text.find("it is the same disk as ufs/home"), std::string::npos)
      << refused.error().text;
  must(t.mesh.access(other.edge(), kReadOnly));
  must(t.mesh.close(mounted.edge()));
  must(t.mesh.access(other.edge(), {0, 1, 0}));
}

TEST_F(UfsNames, two_volumes_of_one_name_and_different_numbers) {
  // A copy that was given a number of its own.
  Image copy = volume;
  copy.at(8192 + 144) ^= std::byte{0x55};
  LabelMesh t;
  t.disk("da0", volume);
  t.disk("da1", copy);
  EXPECT_EQ(t.labels().size(), 3U) << "one name, two numbers";
  EXPECT_EQ(t.provider("ufs/home").geom().name(), "da0");
}

TEST_F(UfsNames, tables_are_not_found_once_more_under_a_name) {
  // A volume whose first sector is an MBR as well, as hybrid images have it.
  Image image = volume;
  testing::put_mbr(image, {{64, 100, 0xA5}});
  LabelMesh t;
  t.disk("da0", image);
  EXPECT_NE(t.mesh.provider("da0s1"), nullptr);
  EXPECT_EQ(t.mesh.provider("ufs/homes1"), nullptr);
  LabelMesh named;
  Image whole(1 << 20);
  testing::put_mbr(whole, {{64, 100, 0xA5}});
  named.disk("da0", whole);
  must(named.label_disk("da0", "disk"));
  EXPECT_NE(named.mesh.provider("label/disks1"), nullptr)
      << "a disk that was labelled as a whole has its table under that label, too";
}

class GptNames : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        folder.done("truncate -s 4m image && PATH=$PATH:/usr/sbin:/sbin && "
                    "sgdisk -n 1:2048:+1M -c 1:'home/of all' -n 2:0:+512K -c 2:swap image"))
        << folder.errors();
    must(t.mesh.load(std::make_unique<GptClass>()));
    t.disk("da0", folder.read("image"));
  }
  // What blkid says of the partitions, in small letters.
  Names guids() {
    Names all;
    for (const char* number : {"1", "2"}) {
      std::string guid =
          folder.run(sentence("PATH=$PATH:/usr/sbin:/sbin; sfdisk --part-uuid image ", number));
      for (char& c : guid) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
      all.push_back("gptid/" + guid.substr(0, guid.find('\n')));
    }
    return all;
  }
  Folder folder;
  LabelMesh t;
};

TEST_F(GptNames, Geom_label_gpt_entries_are_disks_by_their_labels_and_guids) {
  Names expected = guids();
  expected.insert(expected.end(), {"gpt/home%2Fof%20all", "gpt/swap"});
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(t.labels(), expected);
  EXPECT_EQ(t.provider("gpt/swap").geom().name(), "da0p2");
  EXPECT_EQ(t.provider("gpt/swap").media_size_bytes(), 512 << 10);
}

TEST_F(GptNames, Inv_E29_they_are_gone_while_their_partition_is_written_and_back_after) {
  const Names before = t.labels();
  User& writer = t.opened("writer", "da0p2", {1, 1, 0});
  t.mesh.settle();
  EXPECT_EQ(t.labels().size(), 2U) << "those of da0p1 stay";
  must(t.mesh.close(writer.edge()));
  t.mesh.settle();
  EXPECT_EQ(t.labels(), before);
}

}  // namespace
}  // namespace biotope
