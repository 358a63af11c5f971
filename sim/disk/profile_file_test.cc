#include "sim/disk/profile_file.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "sim/disk/drawing.h"
#include "sim/disk/profiles.h"
#include "sim/disk/testing.h"

namespace biotope::sim {
namespace {

// The first sentence about a profile with one thing changed.
std::string complaint(const std::string& from, const std::string& to) {
  std::string text = profile_text(plain_profile());
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at == std::string::npos) return "";
  const auto line = std::to_string(
      1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
  text.replace(at, from.size(), to);
  const auto profile = parse_profile(text, "x.toml");
  if (profile) return "";
  EXPECT_EQ(profile.error().code, EINVAL);
  // What is wrong stands where the change was made, unless it is gone.
  if (!to.empty()) {
    EXPECT_EQ(profile.error().text.substr(0, 8 + line.size()), "x.toml:" + line + ":");
  }
  return profile.error().text;
}

void expect_named(const std::string& from, const std::string& to, const std::string& words) {
  const std::string sentence = complaint(from, to);
  EXPECT_NE(sentence.find(words), std::string::npos) << sentence;
}

TEST(ProfileFile, what_is_written_reads_back_as_the_same) {
  for (const std::string_view name : profile_names()) {
    const DiskProfile& profile = (*find_profile(name))->profile;
    const auto again = parse_profile(profile_text(profile), "again.toml");
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(*again, profile) << name;
    EXPECT_EQ(profile.name, name);
  }
}

TEST(ProfileFile, missing_figures_are_named) {
  expect_named("rpm = 6000\n", "", "movement.rpm is missing");
  expect_named("surfaces = 4\n", "", "geometry.surfaces is missing");
  expect_named("sectors_per_track = 100\n", "", "geometry.zones[0].sectors_per_track is missing");
  expect_named("segment_sectors = 256\n", "", "cache.segment_sectors is missing");
}

TEST(ProfileFile, figures_out_of_their_unit_are_named_with_the_line) {
  expect_named("head_switch_ns = 0", "head_switch_ns = 0.03",
               "movement.head_switch_ns must be a whole number of nanoseconds");
  expect_named("head_switch_ns = 0", "head_switch_ns = \"1 ms\"", "whole number of nanoseconds");
  expect_named("head_switch_ns = 0", "head_switch_ms = 0",
               "movement.head_switch_ms is not known; did you mean 'head_switch_ns'?");
  expect_named("keeps = true", "keeps = 1", "cache.keeps must be true or false");
  expect_named("read_ahead = \"none\"", "read_ahead = \"some\"", "must be one of none, to_track");
  expect_named("read_mark = 0", "read_mark = nan", "cache.read_mark must be a number");
  expect_named("sparing = \"none\"", "sparing = 3", "geometry.sparing must be one of");
}

TEST(ProfileFile, impossible_and_contradictory_figures_are_named_with_the_line) {
  expect_named("rpm = 6000", "rpm = 0", "movement.rpm is 0; it must be from 1");
  expect_named("surfaces = 4", "surfaces = -4", "geometry.surfaces");
  expect_named("last_cylinder = 999", "last_cylinder = 1000", "last_cylinder is 1000");
  expect_named("read_mark = 0", "read_mark = 1.5", "cache.read_mark is");
  expect_named(
      "segments = 1\nsegment_sectors = 256\nwrite_segments = 1\nseparate_write_segment = false",
      "segments = 1\nsegment_sectors = 256\nwrite_segments = 1\nseparate_write_segment = true",
      "reads need another");
  expect_named("least_read_ahead_sectors = 0\nmost_read_ahead_sectors = 0",
               "least_read_ahead_sectors = 9\nmost_read_ahead_sectors = 8", "more than the most");
  expect_named("track_skew = 0", "slips = [7, 7]\ntrack_skew = 0", "slips must grow");
}

TEST(ProfileFile, zones_that_overlap_are_refused) {
  DiskProfile profile = plain_profile();
  profile.geometry.zones.push_back(profile.geometry.zones[0]);
  const auto fault = find_fault(profile);
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->figure, "geometry.zones[1].first_cylinder");
}

TEST(ProfileFile, more_slips_than_spares_are_refused) {
  DiskProfile profile = plain_profile();
  profile.geometry.sparing = Sparing::sectors_per_cylinder;
  profile.geometry.zones[0].spares = 2;
  profile.geometry.zones[0].slips = {400, 401};
  EXPECT_FALSE(find_fault(profile));
  profile.geometry.zones[0].slips = {400, 401, 500};
  EXPECT_TRUE(find_fault(profile));
}

TEST(ProfileFile, what_is_no_toml_is_refused_with_the_line) {
  const auto profile = parse_profile("name = \"x\"\n[movement\n", "x.toml");
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().text.substr(0, 9), "x.toml:2:");
  EXPECT_EQ(load_profile("/nonexistent/x.toml").error().code, ENOENT);
}

TEST(Profiles, an_unknown_name_is_refused_with_the_known_ones) {
  const auto model = find_profile("zip250");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, ENOENT);
  EXPECT_NE(model.error().text.find("zip100"), std::string::npos);
}

TEST(Profiles, have_the_sizes_on_their_labels) {
  const auto bytes = [](std::string_view name) {
    const auto model = *find_profile(name);
    return model->layout.sectors() * model->profile.geometry.sector_bytes;
  };
  EXPECT_EQ(bytes("zip100"), 100'663'296);
  EXPECT_EQ(bytes("floppy"), 1'474'560);
  EXPECT_EQ(bytes("cdrom"), 333'000 * 2352);
  EXPECT_EQ(bytes("ide"), 6'303'024 * std::int64_t{512});
  EXPECT_EQ(bytes("sata-ncq"), 976'773'168 * std::int64_t{512});
  EXPECT_EQ(bytes("cheetah-9lp"), 17'918'387 * std::int64_t{512});
}

// Stated: 29 ms over all pairs of cylinders.
TEST(Profiles, the_zip_drive_seeks_as_stated_on_average) {
  const auto model = *find_profile("zip100");
  const SeekCurve curve(model->profile.movement.seek);
  const std::int64_t n = model->profile.geometry.cylinders;
  double total_ns = 0;
  for (std::int64_t d = 1; d < n; ++d) {
    total_ns += 2 * static_cast<double>(n - d) * static_cast<double>(curve.seek_ns(d));
  }
  EXPECT_NEAR(total_ns / static_cast<double>(n * n), 29e6, 1);
}

// Imported as they stand: the files beside the repository give the same drives.
TEST(Profiles, of_validated_drives_are_what_the_import_gives) {
  for (const auto& [ours, theirs] : {std::pair("hp-c2247a", "hp_c2247a"),
                                     {"hp-c3323a", "hp_c3323a"},
                                     {"hp-c2490a", "hp_c2490a"},
                                     {"cheetah-9lp", "cheetah9LP"},
                                     {"atlas-10k", "atlas10k"}}) {
    const auto imported = shared_model(theirs);
    BIOTOPE_NEEDS_SHARED_DISK(imported);
    DiskProfile profile = imported->profile;
    profile.name = (*find_profile(ours))->profile.name;
    profile.description = (*find_profile(ours))->profile.description;
    EXPECT_EQ(profile, (*find_profile(ours))->profile) << ours;
  }
}

TEST(Drawing, has_a_point_for_each_measured_seek_and_a_box_for_each_zone) {
  const auto model = *find_profile("cheetah-9lp");
  const std::string svg = draw_disk(*model);
  const auto count = [&](const std::string& word) {
    std::size_t found = 0;
    for (auto at = svg.find(word); at != std::string::npos; at = svg.find(word, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("class=\"point\""), 106U);
  EXPECT_EQ(count("class=\"zone\""), 11U);
  EXPECT_EQ(svg, draw_disk(*model));
}

}  // namespace
}  // namespace biotope::sim
