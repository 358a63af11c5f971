#include "sim/mechanics/mechanics.h"

#include <Random123/philox.h>
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <functional>

namespace biotope::sim {
namespace {

const DriveProfile& zip100() { return drive_profiles().front(); }

// A revolution of the zip100 is no whole number of nanoseconds.
constexpr double kZipRevolutionNs = 60e9 / 2941;

// The same numbers on every machine and in every run, evenly over 0..below-1.
class Draws {
 public:
  explicit Draws(std::uint32_t seed) : key_{{seed, 0}} {}
  std::int64_t next(std::int64_t below) {
    const auto drawn = r123::Philox4x32()({{++count_, 0, 0, 0}}, key_);
    const std::uint64_t wide = std::uint64_t{drawn[0]} << 32 | drawn[1];
    return static_cast<std::int64_t>(wide % static_cast<std::uint64_t>(below));
  }

 private:
  r123::Philox4x32::key_type key_;
  std::uint32_t count_ = 0;
};

TEST(Zip100, has_the_stated_figures) {
  const auto profile = find_drive_profile("zip100");
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->capacity_bytes, 100'663'296);
  EXPECT_EQ(profile->sector_size, 512);
  EXPECT_EQ(profile->rpm, 2941);
  EXPECT_EQ(profile->average_seek_ns, 29'000'000);
  EXPECT_EQ(profile->transfer_bytes_per_second, 1'400'000);
  EXPECT_TRUE(check_profile(*profile));
}

TEST(Mechanics, mean_seek_over_all_pairs_of_cylinders_is_the_stated_average) {
  const Mechanics mechanics(zip100());
  const std::int64_t n = zip100().cylinders();
  double total_ns = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      total_ns += static_cast<double>(mechanics.seek_ns(std::abs(i - j)));
    }
  }
  // Each seek is rounded to a nanosecond, by half of one at most; so is their mean.
  EXPECT_NEAR(total_ns / static_cast<double>(n * n), 29e6, 0.5);
}

TEST(Mechanics, mean_seek_between_random_sectors_is_the_stated_average) {
  Mechanics mechanics(zip100());
  Draws draws(1);
  constexpr int kSeeks = 100'000;
  double sum = 0;
  double sum_of_squares = 0;
  for (int i = 0; i < kSeeks; ++i) {
    const auto seek_ns =
        static_cast<double>(mechanics.pass(0, draws.next(zip100().sectors()), 1).seek_ns);
    sum += seek_ns;
    sum_of_squares += seek_ns * seek_ns;
  }
  const double mean = sum / kSeeks;
  const double deviation = std::sqrt(sum_of_squares / kSeeks - mean * mean);
  // Five standard errors, plus 1/1788 for the last cylinder being partly used and for the surface
  // changes on the same cylinder, each of which concerns about one cylinder in 1788.
  EXPECT_NEAR(mean, 29e6, 5 * deviation / std::sqrt(kSeeks) + 29e6 / 1788);
}

TEST(Mechanics, a_seek_grows_with_the_root_of_the_distance) {
  const Mechanics mechanics(zip100());
  EXPECT_EQ(mechanics.seek_ns(0), 0);
  const auto over_base = [&](std::int64_t cylinders) {
    return static_cast<double>(mechanics.seek_ns(cylinders) - zip100().seek_base_ns);
  };
  EXPECT_GT(over_base(1), 0);
  for (const std::int64_t root : {2, 7, 30, 42}) {
    // Both sides are rounded by up to half a nanosecond.
    EXPECT_NEAR(over_base(root * root), over_base(1) * static_cast<double>(root),
                0.5 * static_cast<double>(root) + 0.5);
  }
}

TEST(Mechanics, rotational_latency_is_even_over_a_revolution_with_half_of_one_as_mean) {
  const Mechanics mechanics(zip100());
  constexpr int kArrivals = 10'000;
  std::array<int, 10> tenths{};
  double sum_ns = 0;
  for (int i = 0; i < kArrivals; ++i) {
    const auto arrival_ns = std::llround(kZipRevolutionNs * (i + 0.5) / kArrivals);
    const std::int64_t wait_ns = mechanics.rotation_ns(arrival_ns, 12'345);
    ASSERT_GE(wait_ns, 0);
    ASSERT_LE(static_cast<double>(wait_ns), kZipRevolutionNs + 1);
    sum_ns += static_cast<double>(wait_ns);
    ++tenths.at(std::min<std::size_t>(
        9, static_cast<std::size_t>(static_cast<double>(wait_ns) * 10 / kZipRevolutionNs)));
  }
  // Arrivals stand a ten-thousandth of a revolution apart, so one may fall on either side.
  for (const int count : tenths) EXPECT_NEAR(count, kArrivals / 10, 1);
  EXPECT_NEAR(sum_ns / kArrivals, kZipRevolutionNs / 2, kZipRevolutionNs / kArrivals);
}

// Whenever one arrives, the sector comes at the same angle: arrival plus wait is a whole number of
// revolutions after the first time.
RC_GTEST_PROP(Mechanics, a_sector_comes_at_the_same_angle_in_every_revolution, ()) {
  const Mechanics mechanics(zip100());
  const auto sector = *rc::gen::inRange<std::int64_t>(0, zip100().sectors());
  const auto arrival_ns = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 45);
  const std::int64_t first_ns = mechanics.rotation_ns(0, sector);
  const std::int64_t met_ns = arrival_ns + mechanics.rotation_ns(arrival_ns, sector);
  // In units of 1/2941 ns, of which a revolution has exactly 60e9; each wait is rounded up by less
  // than one nanosecond.
  const std::int64_t apart = (met_ns - first_ns) % 60'000'000'000 * 2941 % 60'000'000'000;
  const std::int64_t distance = std::min(std::abs(apart), 60'000'000'000 - std::abs(apart));
  RC_ASSERT(distance <= 2941);
}

TEST(Mechanics, a_transfer_takes_its_bytes_at_the_stated_rate) {
  Mechanics mechanics(zip100());
  for (std::int64_t sectors = 1; sectors <= 55; ++sectors) {
    const TrackPass pass = mechanics.pass(0, 0, sectors);
    ASSERT_EQ(pass.sectors, sectors);
    const double exact_ns = static_cast<double>(sectors) * 512 / 1.4e6 * 1e9;
    // A sector is rounded up to a whole nanosecond.
    EXPECT_GE(static_cast<double>(pass.transfer_ns()), exact_ns);
    EXPECT_LE(static_cast<double>(pass.transfer_ns()), exact_ns + static_cast<double>(sectors));
  }
}

TEST(Mechanics, reading_the_whole_disk_loses_no_revolution) {
  Mechanics mechanics(zip100());
  const DriveProfile& zip = zip100();
  const TrackPass first = mechanics.pass(0, 0, 1);
  const std::int64_t begin_ns = first.positioning_ns();
  std::int64_t now_ns = begin_ns;
  std::int64_t tracks = 0;
  mechanics = Mechanics(zip);
  for (std::int64_t at = 0; at < zip.sectors(); ++tracks) {
    const TrackPass pass = mechanics.pass(now_ns, at, zip.sectors() - at);
    // The skew is just what the change takes; only rounding to whole nanoseconds is left.
    ASSERT_LE(pass.rotation_ns, 1) << "sector " << at;
    now_ns += pass.total_ns();
    at += pass.sectors;
  }
  const std::int64_t cylinder_changes = zip.cylinders() - 1;
  const std::int64_t surface_changes = tracks - 1 - cylinder_changes;
  const std::int64_t exact_ns = zip.sectors() * zip.sector_ns() +
                                cylinder_changes * mechanics.seek_ns(1) +
                                surface_changes * zip.head_settle_ns;
  EXPECT_GE(now_ns - begin_ns, exact_ns);
  EXPECT_LE(now_ns - begin_ns, exact_ns + tracks);
}

RC_GTEST_PROP(Mechanics, going_on_where_the_last_pass_ended_waits_for_nothing, ()) {
  Mechanics mechanics(zip100());
  const auto track = *rc::gen::inRange<std::int64_t>(0, zip100().sectors() / 55);
  auto now_ns = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 45);
  const auto pieces = *rc::gen::inRange<std::int64_t>(2, 55);
  for (std::int64_t i = 0; i < pieces; ++i) {
    const TrackPass pass = mechanics.pass(now_ns, track * 55 + i, 1);
    if (i > 0) RC_ASSERT(pass.positioning_ns() == 0);
    now_ns += pass.total_ns();
  }
}

TEST(Mechanics, coming_a_microsecond_too_late_costs_a_revolution) {
  Mechanics mechanics(zip100());
  const TrackPass first = mechanics.pass(0, 1000, 1);
  const TrackPass late = mechanics.pass(first.total_ns() + 1000, 1001, 1);
  EXPECT_EQ(late.seek_ns, 0);
  EXPECT_NEAR(static_cast<double>(late.rotation_ns), kZipRevolutionNs - 1000, 2);
}

TEST(Mechanics, a_pass_ends_with_its_track) {
  Mechanics mechanics(zip100());
  EXPECT_EQ(mechanics.pass(0, 50, 100).sectors, 5);
  EXPECT_EQ(mechanics.pass(0, 55, 100).sectors, 55);
  EXPECT_EQ(mechanics.cylinder(), 0);
  EXPECT_EQ(mechanics.pass(0, 110, 1).sectors, 1);
  EXPECT_EQ(mechanics.cylinder(), 1);
}

TEST(Mechanics, changing_the_surface_takes_the_settling_time) {
  Mechanics mechanics(zip100());
  mechanics.pass(0, 0, 1);
  EXPECT_EQ(mechanics.pass(0, 0, 1).seek_ns, 0);
  EXPECT_EQ(mechanics.pass(0, 55, 1).seek_ns, zip100().head_settle_ns);
  EXPECT_EQ(mechanics.pass(0, 110, 1).seek_ns, mechanics.seek_ns(1));
}

TEST(TrackPass, counts_only_sectors_that_have_passed_completely) {
  const TrackPass pass{.seek_ns = 100, .rotation_ns = 50, .sectors = 3, .sector_ns = 10};
  EXPECT_EQ(pass.sectors_passed(0), 0);
  EXPECT_EQ(pass.sectors_passed(159), 0);
  EXPECT_EQ(pass.sectors_passed(160), 1);
  EXPECT_EQ(pass.sectors_passed(179), 2);
  EXPECT_EQ(pass.sectors_passed(180), 3);
  EXPECT_EQ(pass.sectors_passed(1'000'000), 3);
  EXPECT_EQ(pass.total_ns(), 180);
}

TEST(DriveProfile, an_unknown_name_is_refused_with_the_known_ones) {
  const auto profile = find_drive_profile("zip250");
  ASSERT_FALSE(profile);
  EXPECT_EQ(profile.error().code, ENOENT);
  EXPECT_NE(profile.error().text.find("zip250"), std::string::npos);
  EXPECT_NE(profile.error().text.find("zip100"), std::string::npos);
}

TEST(DriveProfile, impossible_figures_are_refused) {
  const auto refused = [](const std::function<void(DriveProfile&)>& spoil) {
    DriveProfile profile = zip100();
    spoil(profile);
    const Status status = check_profile(profile);
    return !status && status.error().code == EINVAL;
  };
  EXPECT_TRUE(refused([](DriveProfile& p) { p.rpm = 0; }));
  EXPECT_TRUE(refused([](DriveProfile& p) { p.heads = -1; }));
  EXPECT_TRUE(refused([](DriveProfile& p) { p.queue_depth = 0; }));
  EXPECT_TRUE(refused([](DriveProfile& p) { p.head_settle_ns = -1; }));
  EXPECT_TRUE(refused([](DriveProfile& p) { p.capacity_bytes += 1; }));
  EXPECT_TRUE(refused([](DriveProfile& p) { p.sectors_per_track = 56; }));
  EXPECT_TRUE(refused([](DriveProfile& p) { p.average_seek_ns = p.seek_base_ns - 1; }));
}

}  // namespace
}  // namespace biotope::sim
