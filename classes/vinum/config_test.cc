#include "classes/vinum/config.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace biotope::vinum {
namespace {

constexpr std::int64_t kFirst = 135680;  // where a drive's room for subdisks begins, geom.md B3

constexpr const char* kUsual =
    "# two disks\n"
    "drive d1 device /dev/da0\n"
    "drive d2 device da1\n"
    "volume home readpol prefer fast\n"
    "\tplex name fast org striped 64k\n"
    "\t  sd length 10m drive d1\n"
    "\t  sd length 10m drive d2 # the second\n"
    "\tplex org concat\n"
    "\t  sd name half length 20480s drive d1 driveoffset 30000b\n"
    "\t  sd length 10m drive d2 plexoffset 10m\n";

std::vector<Room> rooms(std::size_t count, std::int64_t size_bytes = 64 << 20) {
  return std::vector<Room>(count, {size_bytes, 512});
}

Config parsed(std::string_view text) {
  const Result<Config> config = parse("v", text);
  EXPECT_TRUE(config) << config.error().text;
  return config ? *config : Config();
}

std::string placed(std::string_view text, const std::vector<Room>& rooms) {
  Result<Config> config = parse("v", text);
  if (!config) return config.error().text;
  const Status done = place("v", *config, rooms);
  return done ? text_of(*config) : done.error().text;
}

TEST(VinumConfig, is_what_users_of_vinum_write) {
  Config config = parsed(kUsual);
  ASSERT_TRUE(place("v", config, rooms(2)));
  EXPECT_EQ(text_of(config),
            "drive d1 device da0\n"
            "drive d2 device da1\n"
            "volume home readpol prefer fast\n"
            "plex name fast org striped 65536 volume home state up\n"
            "sd name fast.s0 drive d1 plex fast length 10485760 driveoffset 135680\n"
            "sd name fast.s1 drive d2 plex fast length 10485760 driveoffset 135680\n"
            "plex name home.p1 org concat volume home state up\n"
            "sd name half drive d1 plex home.p1 length 10485760 driveoffset 15360000\n"
            "sd name home.p1.s1 drive d2 plex home.p1 length 10485760 driveoffset 10621440\n");
  EXPECT_EQ(config.volumes[0].size_bytes(), 20 << 20);
}

TEST(VinumConfig, the_text_it_is_kept_as_says_the_same) {
  Config config = parsed(kUsual);
  ASSERT_TRUE(place("v", config, rooms(2)));
  config.volumes[0].plexes[1].up = false;
  const std::string text = text_of(config);
  EXPECT_EQ(placed(text, rooms(2)), text);
}

TEST(VinumConfig, a_subdisk_goes_into_the_first_gap_that_holds_it) {
  const std::string text =
      "drive d device da0\nvolume v\nplex org concat\n"
      "sd length 10s drive d\n"
      "sd length 4s drive d driveoffset 270s\n"
      "sd length 0 drive d\n"
      "sd length 5s drive d\n";
  const std::string all = placed(text, rooms(1, kFirst + 100 * 512));
  EXPECT_NE(all.find("v.p0.s0 drive d plex v.p0 length 5120 driveoffset 140288"), all.npos) << all;
  EXPECT_NE(all.find("v.p0.s3 drive d plex v.p0 length 2560 driveoffset 135680"), all.npos) << all;
  EXPECT_NE(all.find("v.p0.s2 drive d plex v.p0 length 41472 driveoffset 145408"), all.npos) << all;
}

using Cases = std::vector<std::pair<std::string, std::string>>;

void expect_refused(const Cases& cases) {
  for (const auto& [text, why] : cases) EXPECT_EQ(placed(text, rooms(2)), why) << text;
}

constexpr const char* kPlex = "drive d device da0\nvolume v\nplex org concat\n";

TEST(VinumConfig, a_line_that_is_wrong_is_named) {
  expect_refused({
      {"", "v: the configuration has no volume"},
      {"disk d", "v: line 1: there is no 'disk'; there are drive, volume, plex and sd"},
      {"drive", "v: line 1: the name of a drive has 1 to 31 letters and no slash, unlike ''"},
      {"drive a/b device da0",
       "v: line 1: the name of a drive has 1 to 31 letters and no slash, unlike 'a/b'"},
      {"drive d on da0", "v: line 1: a drive is written: drive d device PROVIDER"},
      {"drive d device da0\ndrive d device da1", "v: line 2: there is a drive d already"},
      {"drive d device da0\ndrive e device /dev/da0", "v: line 2: da0 is drive d already"},
      {"volume v readpol fast",
       "v: line 1: a volume takes 'readpol round' or 'readpol prefer PLEX', not 'readpol'"},
      {"\n\nplex org concat", "v: line 3: a plex needs a volume before it"},
      {"volume v\nplex",
       "v: line 2: a plex says how it is organised: org concat, org striped SIZE or org raid5 "
       "SIZE"},
      {"volume v\nplex org raid6 64k",
       "v: line 2: a plex is organised as 'concat', 'striped SIZE' or 'raid5 SIZE', not as "
       "'raid6'"},
      {"volume v\nplex org striped",
       "v: line 2: the stripe is a size, such as 512s or 10m, not ''"},
      {"volume v\nplex org striped 0", "v: line 2: a stripe has at least one sector"},
      {"volume v\nplex org concat state broken",
       "v: line 2: its state is 'up' or 'down', not 'broken'"},
      {"volume v\nplex org concat volume w", "v: line 2: there is no volume 'w' before this line"},
      {"volume v", "v: line 1: volume v has no plex"},
      {kPlex, "v: line 3: plex v.p0 has no subdisk"},
      {"sd length 1m drive d", "v: line 1: there is no drive 'd' before this line"},
  });
}

TEST(VinumConfig, a_subdisk_that_is_wrong_is_named_by_its_line) {
  const std::string start = kPlex;
  expect_refused({
      {start + "sd length 1x drive d",
       "v: line 4: a length is a size, such as 512s or 10m, not "
       "'1x'"},
      {start + "sd length 99999999999g drive d",
       "v: line 4: a length is a size, such as 512s or 10m, not '99999999999g'"},
      {start + "sd length -1 drive d",
       "v: line 4: a length is a size, such as 512s or 10m, not '-1'"},
      {start + "sd length 1m",
       "v: line 4: a subdisk says its length and its drive: sd length SIZE drive DRIVE"},
      {start + "sd len 1m drive d colour red",
       "v: line 4: a subdisk has no 'colour'; it has name, length, drive, driveoffset, "
       "plexoffset, plex and state"},
      {start + "sd len 1m drive d\nsd len 1m drive d plexoffset 2m",
       "v: line 5: v.p0.s1 is at 2097152 of plex v.p0, and the next place is 1048576; a plex has "
       "no holes"},
      {"drive d device da0\nvolume v readpol prefer q\nplex org concat\nsd len 1m drive d",
       "v: line 2: volume v has no plex 'q'"},
      {"drive d device da0\nvolume v\nplex org concat state down\nsd len 1m drive d",
       "v: line 2: volume v has no plex that is up"},
      {start + "sd len 100 drive d", "v: line 4: v.p0.s0 is no whole number of sectors of 512"},
      {start + "sd len 1m drive d driveoffset 0",
       "v: line 4: v.p0.s0, 1048576 bytes from 0, is not within the room that drive d has for "
       "subdisks"},
      {start + "sd len 1m drive d driveoffset 1m\nsd len 1m drive d driveoffset 1024s",
       "v: line 5: v.p0.s1 and v.p0.s0 share bytes of drive d"},
      {start + "sd len 65m drive d", "v: line 4: drive d has no room for v.p0.s0, 68157440 bytes"},
      {start + "sd len 0 drive d driveoffset 1m",
       "v: line 4: v.p0.s0 says where it is, so it must say its length"},
      {"drive d device da0\nvolume v\nplex org striped 64k\nsd len 1m drive d\nsd len 2m drive d",
       "v: line 5: v.p0.s1 has 2097152 bytes, and the others of plex v.p0 have 1048576; those of "
       "one with stripes are equal"},
      {start + "sd len 1m drive d state stale",
       "v: line 3: plex v.p0 is no raid5, so all of it is up or down, not a subdisk"},
      {"drive d device da0\nvolume v\nplex org raid5 64k\nsd len 1m drive d\nsd len 1m drive d",
       "v: line 3: plex v.p0, a raid5, has 3 to 33 subdisks, not 2"},
      {"drive d device da0\nvolume v\nplex org raid5 64k\nsd len 1m drive d state stale\n"
       "sd len 1m drive d state stale\nsd len 1m drive d",
       "v: line 3: plex v.p0 lacks 2 subdisks, so it can not be up"},
      {"drive d device da0\nvolume v\nplex org striped 2m\nsd len 1m drive d",
       "v: line 4: v.p0.s0 is too small for a stripe of 2097152"},
      {"drive d device da0\nvolume v\nplex org striped 1000\nsd len 1m drive d",
       "v: line 3: stripes of 1000 bytes are no whole number of sectors of 512"},
  });
}

TEST(VinumConfig, there_is_an_end_to_what_it_takes) {
  std::string many = "drive d device da0\nvolume v\n";
  for (int i = 0; i < 9; ++i) many += "plex org concat\nsd len 1m drive d\n";
  EXPECT_EQ(placed(many, rooms(1)), "v: line 19: volume v has 8 plexes, which is the most");
  EXPECT_EQ(placed(std::string(65537, ' '), rooms(1)),
            "v: a configuration has at most 65536 bytes, not 65537");
}

RC_GTEST_PROP(VinumConfigs, any_text_is_read_or_refused, ()) {
  const auto words = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "drive", "volume", "plex", "sd", "name", "device", "org", "concat", "striped", "length",
      "64k", "1m", "0", "d", "v", "raid5", "stale", "da0", "\n", "\n", "#", "readpol", "prefer",
      "state", "down", "driveoffset", "plexoffset", "9223372036854775807", "1g",
      "9007199254740993g"));
  std::string text;
  for (const std::string& word : words) text += word + ' ';
  Result<Config> config = parse("v", text);
  if (!config) {
    RC_ASSERT(config.error().code == EINVAL);
    return;
  }
  const Status done = place("v", *config, std::vector<Room>(config->drives.size(), {1 << 30, 512}));
  RC_ASSERT(done.has_value() || done.error().code == EINVAL);
}

}  // namespace
}  // namespace biotope::vinum
