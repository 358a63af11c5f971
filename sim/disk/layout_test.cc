#include "sim/disk/layout.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <set>
#include <tuple>

#include "sim/disk/spindle.h"
#include "sim/disk/testing.h"

namespace biotope::sim {
namespace {

// Where a sector of a real drive is; known from the reference's documentation.
struct Known {
  std::int64_t number, cylinder, head, sector;
  std::int64_t skew, per_track;        // its angle, in sectors of its track
  std::int64_t first = -1, last = -1;  // the track's sectors
};

void expect_places(const std::string& name, std::int64_t sectors, const std::vector<Known>& known) {
  const auto model = shared_model(name);
  BIOTOPE_NEEDS_SHARED_DISK(model);
  EXPECT_EQ(model->layout.sectors(), sectors);
  for (const Known& k : known) {
    const Place place = model->layout.place(k.number);
    EXPECT_EQ(std::tie(place.cylinder, place.head, place.sector),
              std::tie(k.cylinder, k.head, k.sector))
        << k.number;
    EXPECT_EQ(place.sectors_per_track, k.per_track) << k.number;
    const double angle = static_cast<double>(k.skew) / static_cast<double>(k.per_track);
    EXPECT_NEAR(static_cast<double>(place.angle), angle * 60e9, 1) << k.number;
    EXPECT_EQ(model->layout.cylinder(k.number), k.cylinder);
    if (k.first < 0) continue;
    EXPECT_EQ(place.first, k.first) << k.number;
    EXPECT_EQ(place.last, k.last) << k.number;
  }
}

TEST(Layout, places_of_the_hp_c2247a) {
  expect_places("hp_c2247a", 2'054'864,
                {{0, 1, 4, 0, 64, 96, 0, 95},
                 {332'407, 268, 2, 55, 19, 96, 332'352, 332'447},
                 {664'799, 534, 9, 95, 77, 96},
                 {664'800, 559, 0, 0, 14, 92, 664'800, 664'891},
                 {1'062'361, 913, 3, 81, 73, 84, 1'062'280, 1'062'363},
                 {564'347, 454, 3, 59, 85, 96},
                 {2'054'863, 2046, 1, 55, 10, 56}});
}

TEST(Layout, places_of_the_hp_c3323a) {
  expect_places("hp_c3323a", 2'056'008,
                {{0, 1, 4, 0, 84, 120, 0, 119},
                 {403'387, 481, 5, 67, 48, 120},
                 {806'759, 961, 6, 119, 117, 120},
                 {806'760, 994, 0, 0, 48, 116},
                 {1'064'385, 1327, 6, 73, 50, 104},
                 {2'056'007, 2976, 6, 71, 18, 72}});
}

TEST(Layout, places_of_the_hp_c2490a) {
  expect_places("hp_c2490a", 4'165'272,
                {{0, 1, 4, 0, 90, 108},
                 {169'891, 88, 11, 7, 61, 108},
                 {339'767, 176, 1, 107, 53, 108},
                 {339'768, 187, 0, 0, 60, 104},
                 {1'436'433, 793, 2, 57, 9, 96},
                 {4'165'271, 2626, 2, 67, 37, 68}});
}

TEST(Layout, places_of_the_cheetah_9lp) {
  expect_places("cheetah9LP", 17'918'387,
                {{0, 0, 0, 0, 0, 254},
                 {1'290'200, 423, 3, 149, 40, 254, 1'290'051, 1'290'304},
                 {2'580'385, 846, 7, 33, 166, 254, 2'580'352, 2'580'385},
                 {2'580'386, 848, 0, 0, 0, 245},
                 {7'067'327, 2398, 6, 87, 180, 227},
                 {1'975'456, 648, 1, 122, 71, 254},
                 {17'918'386, 6961, 10, 166, 48, 167}});
}

TEST(Layout, places_of_the_atlas_10k_whose_tracks_are_serpentine) {
  expect_places("atlas10k", 17'966'953,
                {{0, 0, 0, 0, 0, 334},
                 {433'828, 216, 2, 300, 22, 334, 433'528, 433'861},
                 {867'642, 432, 5, 249, 90, 334, 867'393, 867'642},
                 {867'643, 433, 0, 0, 0, 334},
                 {2'547'145, 1271, 2, 33, 63, 324},
                 {17'966'952, 10'041, 4, 228, 151, 229}});
}

// --- what holds for every geometry --------------------------------------------------------------

// A small disk of any scheme, with slips that have spares.
Geometry any_geometry() {
  Geometry g;
  g.surfaces = *rc::gen::inRange(1, 5);
  g.sparing = static_cast<Sparing>(*rc::gen::inRange(0, 10));
  g.serpentine = static_cast<Serpentine>(*rc::gen::inRange(0, 3));
  g.range_cylinders = *rc::gen::inRange(1, 4);
  std::int64_t cylinder = 0;
  const int zones = *rc::gen::inRange(1, 4);
  for (int i = 0; i < zones; ++i) {
    Zone z;
    z.first_cylinder = cylinder + *rc::gen::inRange(0, 3);
    z.last_cylinder = z.first_cylinder + *rc::gen::inRange(2, 8);
    cylinder = z.last_cylinder + 1;
    z.sectors_per_track = *rc::gen::inRange(6, 20);
    z.track_skew = *rc::gen::inRange(0, 30);
    z.cylinder_skew = *rc::gen::inRange(0, 30);
    z.first_sector_skew = *rc::gen::inRange(0, 30);
    z.reserved_sectors = *rc::gen::inRange(0, 10);
    z.spares = *rc::gen::inRange(0, 4);
    const bool tracks = g.sparing == Sparing::tracks_at_zone_end;
    const std::int64_t units = z.cylinders() * g.surfaces * (tracks ? 1 : z.sectors_per_track);
    const auto slips =
        *rc::gen::container<std::set<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, units));
    for (const std::int64_t slip : slips) {
      if (z.slips.size() < 4) z.slips.push_back(slip);
    }
    g.zones.push_back(z);
  }
  g.cylinders = cylinder;
  return g;
}

std::shared_ptr<const Layout> any_layout(Geometry& geometry) {
  geometry = any_geometry();
  DiskProfile profile = plain_profile();
  profile.geometry = geometry;
  RC_PRE(!find_fault(profile));
  return std::make_shared<const Layout>(geometry);
}

RC_GTEST_PROP(Layout, every_sector_has_a_place_of_its_own_and_the_way_back_leads_to_it, ()) {
  Geometry geometry;
  const auto layout = any_layout(geometry);
  std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> places;
  for (std::int64_t number = 0; number < layout->sectors(); ++number) {
    const Place p = layout->place(number);
    RC_ASSERT(places.emplace(p.cylinder, p.head, p.sector).second);
    RC_ASSERT(p.sector >= 0);
    RC_ASSERT(p.sector < p.sectors_per_track);
    RC_ASSERT(p.head < geometry.surfaces);
    RC_ASSERT(layout->number_at(p.cylinder, p.head, p.sector) == number);
    RC_ASSERT(layout->cylinder(number) == p.cylinder);
  }
}

RC_GTEST_PROP(Layout, tracks_hold_what_they_say_and_no_more, ()) {
  Geometry geometry;
  const auto layout = any_layout(geometry);
  for (std::int64_t number = 0; number < layout->sectors(); ++number) {
    const Place p = layout->place(number);
    RC_ASSERT(p.first <= number);
    RC_ASSERT(number <= p.last);
    RC_ASSERT(p.run_end == p.last + 1);
    const auto same_track = [&](std::int64_t other) {
      if (other < 0 || other >= layout->sectors()) return false;
      const Place o = layout->place(other);
      return o.cylinder == p.cylinder && o.head == p.head;
    };
    RC_ASSERT(same_track(p.first));
    RC_ASSERT(same_track(p.last));
    RC_ASSERT(!same_track(p.first - 1));
    RC_ASSERT(!same_track(p.last + 1));
  }
}

RC_GTEST_PROP(Layout, the_next_sector_to_pass_is_the_first_whose_angle_is_not_gone, ()) {
  Geometry geometry;
  const auto layout = any_layout(geometry);
  const Place place = layout->place(*rc::gen::inRange<std::int64_t>(0, layout->sectors()));
  const auto angle = *rc::gen::inRange<std::int64_t>(0, Spindle::kRevolution);
  const Layout::Next next = layout->next_on_track(place, angle);
  const std::int64_t width = Spindle::kRevolution / place.sectors_per_track;
  const std::int64_t to_go = (next.angle - angle + Spindle::kRevolution) % Spindle::kRevolution;
  // Angles are whole numbers, and widths of sectors rarely are.
  RC_ASSERT(to_go <= width + place.sectors_per_track ||
            to_go >= Spindle::kRevolution - place.sectors_per_track);
}

TEST(Layout, capacities_are_the_sum_of_what_the_schemes_leave) {
  Geometry g = plain_profile().geometry;
  Zone& zone = g.zones[0];
  zone.reserved_sectors = 7;
  zone.spares = 3;
  zone.slips = {5, 1000, 70'000};
  const std::int64_t all = 1000 * 4 * 100 - 7;
  const auto sectors = [&](Sparing sparing) {
    g.sparing = sparing;
    return Layout(g).sectors();
  };
  EXPECT_EQ(sectors(Sparing::none), all - 3);
  EXPECT_EQ(sectors(Sparing::sectors_per_cylinder), all - 3 * 1000);
  EXPECT_EQ(sectors(Sparing::sectors_per_track), all - 3 * 1000 * 4);
  EXPECT_EQ(sectors(Sparing::cylinder_pushing), all - 3 * 1000 - 3);
  EXPECT_EQ(sectors(Sparing::cylinder_front), all - 3 * 1000);
  EXPECT_EQ(sectors(Sparing::cylinder_front_pushing), all - 3 * 1000 - 3);
  EXPECT_EQ(sectors(Sparing::sectors_per_zone), all - 3);
  EXPECT_EQ(sectors(Sparing::sectors_per_zone_pushing), all - 6);
  g.range_cylinders = 300;
  EXPECT_EQ(sectors(Sparing::sectors_per_range), all - 3 * 3);
  zone.slips = {5, 1000};
  EXPECT_EQ(sectors(Sparing::tracks_at_zone_end), all - 3 * 100);
}

TEST(Layout, a_remapped_sector_is_read_at_its_replacement_and_breaks_the_run) {
  Geometry g = plain_profile().geometry;
  g.sparing = Sparing::sectors_per_zone;
  g.zones[0].spares = 10;
  g.zones[0].remaps = {{250, 399'995}};
  const Layout layout(g);
  const Place moved = layout.place(250);
  EXPECT_EQ(moved.cylinder, 999);
  EXPECT_EQ(moved.head, 3);
  EXPECT_EQ(moved.sector, 95);
  EXPECT_EQ(moved.run_end, 251);
  EXPECT_EQ(moved.pass_slots, 100);
  EXPECT_EQ(layout.place(249).run_end, 250);
  EXPECT_EQ(layout.place(249).last, 299);
  EXPECT_EQ(layout.place(251).run_end, 300);
  EXPECT_EQ(layout.cylinder(250), 999);
}

}  // namespace
}  // namespace biotope::sim
