// Images that others have made, where the collection is at hand: beside the source tree, or where
// BIOTOPE_SHARED says.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "classes/fs/testing.h"

namespace biotope::fs {
namespace {

using testing::FileReader;
using testing::Folder;
using testing::run_now;

class SharedImages : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* said = std::getenv("BIOTOPE_SHARED");
    std::FILE* pwd = popen("cd ../shared/images 2>/dev/null && pwd", "r");
    std::array<char, 4096> line{};
    if (said != nullptr) {
      images = std::string(said) + "/images";
    } else if (std::fgets(line.data(), line.size(), pwd) != nullptr) {
      images = line.data();
      images.pop_back();
    }
    pclose(pwd);
    if (folder.run("ls " + images + "/expected/empty.json").empty()) {
      GTEST_SKIP() << "no collection of images beside the source tree, nor in BIOTOPE_SHARED";
    }
  }

  // What the collection says of its images without a partition table, by name.
  std::map<std::string, nlohmann::json> expected() {
    std::map<std::string, nlohmann::json> all;
    std::istringstream names(folder.run("cd " + images + "/expected && ls *.json"));
    for (std::string name; names >> name;) {
      const std::string text = folder.run("cat " + images + "/expected/" + name);
      nlohmann::json one = nlohmann::json::parse(text, nullptr, false);
      if (!one.is_discarded() && one["scheme"].is_null()) all.emplace(name, std::move(one));
    }
    return all;
  }
  bool expand(const nlohmann::json& image) {
    return folder.done("python3 " + images + "/expand_image.py --media-size " +
                       std::to_string(image["media_size"].get<std::int64_t>()) + " " + images +
                       "/" + image["stored_as"].get<std::string>() + " image");
  }

  Folder folder;
  std::string images;
};

// What blkid calls it, in our words; empty for what is not ours to know.
std::string kind_of(const nlohmann::json& filesystem) {
  const auto say = [&](const char* key) {
    return filesystem.value(key, filesystem.value(std::string("ID_FS_") + key, ""));
  };
  std::string type = say("TYPE");
  std::string version = say("VERSION");
  if (type == "ufs") return type + version;
  if (type == "ext2" || type == "ext3" || type == "ext4" || type == "ntfs") return type;
  if (type != "vfat") return "";
  for (char& c : version) c = static_cast<char>(std::tolower(c));
  return version;
}

TEST_F(SharedImages, file_systems_are_what_other_tools_call_them_and_nothing_else_is_one) {
  int known = 0;
  int unknown = 0;
  for (const auto& [name, image] : expected()) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(expand(image)) << folder.errors();
    FileReader reader(folder.file("image"));
    const auto volume = run_now(recognise(reader));
    const nlohmann::json filesystem = image.value("filesystem", nlohmann::json::object());
    const std::string kind = kind_of(filesystem);
    if (kind.empty()) {
      ++unknown;
      EXPECT_FALSE(volume) << kind_name((*volume)->info().kind);
      continue;
    }
    ++known;
    EXPECT_TRUE(volume) << volume.error().text;
    if (!volume) continue;
    const VolumeInfo& info = (*volume)->info();
    EXPECT_EQ(kind_name(info.kind), kind);
    // Of a name for udev, blkid spells spaces otherwise.
    std::string name_for_udev = info.name;
    std::replace(name_for_udev.begin(), name_for_udev.end(), ' ', '_');
    if (filesystem.contains("ID_FS_LABEL")) {
      EXPECT_EQ(name_for_udev, filesystem["ID_FS_LABEL"].get<std::string>());
    } else {
      EXPECT_EQ(info.name, filesystem.value("LABEL", ""));
    }
    if (filesystem.contains("ID_FS_FSSIZE")) {
      EXPECT_EQ(std::to_string(info.size_bytes), filesystem["ID_FS_FSSIZE"].get<std::string>());
    }
  }
  EXPECT_GE(known, 11);
  EXPECT_GE(unknown, 25);
}

}  // namespace
}  // namespace biotope::fs
