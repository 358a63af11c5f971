#include "sim/flash/profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/disk/profiles.h"

namespace biotope::sim {
namespace {

using ::testing::HasSubstr;

const std::string kGood = R"(name = "mine"
[flash]
capacity_sectors = 1000
blocks_per_die = 100
pages_per_block = 8
read_ns = 1
program_ns = 2
erase_ns = 3
)";

TEST(FlashProfiles, those_at_hand_are_sound_and_read_back_as_they_are) {
  for (const std::string_view name : flash_profile_names()) {
    const auto profile = find_flash_profile(name);
    ASSERT_NE(profile, nullptr);
    EXPECT_EQ(profile->name, name);
    const auto again = parse_flash_profile(flash_profile_text(*profile), "again.toml");
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(*again, *profile);
    EXPECT_EQ(find_flash_profile(name), profile) << "shared by all who ask";
  }
}

TEST(FlashProfiles, a_kind_of_drive_is_found_whatever_is_inside) {
  const auto ssd = find_drive_kind("sata-ssd");
  ASSERT_TRUE(ssd);
  EXPECT_EQ((*ssd)->capacity_bytes(), 117231408LL * 512);
  EXPECT_TRUE((*ssd)->can_erase);
  EXPECT_TRUE((*ssd)->volatile_cache);
  EXPECT_TRUE(find_drive_kind("scsi"));
  const auto none = find_drive_kind("sata-sdd");
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().text, HasSubstr("sata-ncq, sata-ssd, scsi"));
}

TEST(FlashProfiles, what_can_not_be_is_refused_with_its_line) {
  const auto refused = [](const std::string& from, const std::string& to, const std::string& why) {
    std::string text = kGood;
    text.replace(text.find(from), from.size(), to);
    const auto profile = parse_flash_profile(text, "x.toml");
    ASSERT_FALSE(profile) << why;
    EXPECT_EQ(profile.error().code, EINVAL);
    EXPECT_THAT(profile.error().text, HasSubstr(why));
  };
  ASSERT_TRUE(parse_flash_profile(kGood, "x.toml"));
  refused("= 1000\n", "= 752000\n",
          "x.toml:3: flash.capacity_sectors is 752000, and there is room");
  refused("= 1000\n", "= -1\n", "x.toml:3: flash.capacity_sectors is -1");
  refused("= 1000\n", "= 1.5\n", "x.toml:3: flash.capacity_sectors must be a whole number");
  refused("erase_ns = 3\n", "", "x.toml:2: flash.erase_ns is missing");
  refused("erase_ns = 3\n", "erase_ns = 3\nerase_limt = 3\n", "did you mean 'erase_limit'?");
  refused("erase_ns = 3\n", "erase_ns = 3\nspare_blocks = 101\n", "x.toml:9: flash.spare_blocks");
  refused("erase_ns = 3\n", "erase_ns = 3\nfactory_bad_blocks = 1\n", "flash.factory_bad_blocks");
  refused("erase_ns = 3\n", "erase_ns = 3\nspare_blocks = 95\n", "there is room for less than 0");
  refused("erase_ns = 3\n", "erase_ns = 3\npage_bytes = 1000\n", "flash.page_bytes is not a whole");
  refused("blocks_per_die = 100\n",
          "blocks_per_die = 1000000\nchannels = 256\ndies_per_channel = 256\n",
          "x.toml:4: flash.blocks_per_die makes more than");
}

}  // namespace
}  // namespace biotope::sim
