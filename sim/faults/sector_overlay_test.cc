#include "sim/faults/sector_overlay.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>
#include <cerrno>
#include <vector>

namespace biotope::sim {
namespace {

using Bytes = std::vector<std::byte>;
constexpr std::int64_t kSector = 8;
constexpr std::int64_t kSectors = 12;

struct Overlaid {
  std::shared_ptr<Medium> medium = *Medium::blank("m", {kSectors * kSector, kSector});
  SectorOverlay& overlay = *SectorOverlay::of(*medium);

  Bytes seen() const {
    Bytes bytes(kSectors * kSector);
    EXPECT_TRUE(medium->see(0, bytes));
    return bytes;
  }
  Bytes truth() const {
    Bytes bytes(kSectors * kSector);
    EXPECT_TRUE(medium->read(0, bytes));
    return bytes;
  }
};

// Each write is meant as it is; what is seen follows by what goes wrong with it.
RC_GTEST_PROP(SectorOverlay, what_is_seen_is_what_went_wrong_and_the_truth_is_what_was_meant, ()) {
  Overlaid m;
  Bytes truth = m.truth();
  Bytes seen = truth;
  const auto steps = *rc::gen::inRange(1, 40);
  for (int step = 1; step <= steps; ++step) {
    const auto first = *rc::gen::inRange<std::int64_t>(0, kSectors);
    const auto sectors = *rc::gen::inRange<std::int64_t>(1, kSectors - first + 1);
    const std::int64_t begin = first * kSector;
    const std::int64_t end = begin + sectors * kSector;
    const Bytes bytes(static_cast<std::size_t>(end - begin), std::byte(step));
    SectorOverlay::WriteTrouble trouble;
    trouble.offset_bytes = begin;
    trouble.end_bytes = trouble.lands_until_bytes = end;
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        break;
      case 1:
        trouble.lands_until_bytes = *rc::gen::inRange(begin, end + 1);
        break;
      case 2:
        trouble.spoilt_bytes = *rc::gen::inRange(begin, end);
        trouble.spoilt_with = std::byte{0x80};
        break;
      default:
        trouble.lands_until_bytes = 0;
        trouble.beside = m.medium;
        trouble.delta_bytes = *rc::gen::element<std::int64_t>(-kSectors, kSectors) * kSector;
    }
    m.overlay.expect(trouble);
    const auto cut = *rc::gen::inRange<std::int64_t>(0, end - begin + 1);
    const std::span<const std::byte> all(bytes);
    RC_ASSERT(m.medium->write(begin, all.first(static_cast<std::size_t>(cut))));
    RC_ASSERT(m.medium->write(begin + cut, all.subspan(static_cast<std::size_t>(cut))));
    for (std::int64_t i = begin; i < end; ++i) {
      const auto at = static_cast<std::size_t>(i);
      truth[at] = std::byte(step);
      if (i < trouble.lands_until_bytes) seen[at] = truth[at];
      if (i == trouble.spoilt_bytes) seen[at] ^= trouble.spoilt_with;
    }
    RC_ASSERT(m.truth() == truth);
    RC_ASSERT(m.seen() == seen);
  }
  m.overlay.heal();
  RC_ASSERT(m.seen() == truth);
}

TEST(SectorOverlay, bytes_that_land_beside_are_seen_there_until_it_is_written) {
  Overlaid m;
  SectorOverlay::WriteTrouble trouble;
  trouble.end_bytes = 16;
  trouble.beside = m.medium;
  trouble.delta_bytes = 4 * kSector;
  m.overlay.expect(trouble);
  ASSERT_TRUE(m.medium->write(0, Bytes(16, std::byte{1})));
  Bytes expected(kSectors * kSector);
  std::fill_n(expected.begin() + 32, 16, std::byte{1});
  EXPECT_EQ(m.seen(), expected);
  EXPECT_EQ(m.overlay.shown_sectors(), 4U);
  ASSERT_TRUE(m.medium->erase(32, 16));
  std::fill(expected.begin(), expected.end(), std::byte{0});
  EXPECT_EQ(m.seen(), expected);
  m.overlay.heal();
  EXPECT_EQ(m.seen(), m.truth());
}

TEST(SectorOverlay, bad_sectors_fail_every_read_that_touches_them) {
  Overlaid m;
  m.overlay.add_bad(3, 2, true);
  m.overlay.add_bad(8, 1, false);
  EXPECT_EQ(m.overlay.bad_sectors(), 3);
  Bytes two(2 * kSector);
  EXPECT_TRUE(m.medium->see(kSector, two));
  EXPECT_EQ(m.medium->see(2 * kSector, two).error().code, EIO);
  ASSERT_TRUE(m.medium->write(3 * kSector, two));
  ASSERT_TRUE(m.medium->write(8 * kSector, two));
  EXPECT_TRUE(m.medium->see(3 * kSector, two));
  EXPECT_FALSE(m.medium->see(8 * kSector, two)) << "bad for ever";
}

TEST(SectorOverlay, requests_that_never_bring_their_bytes_leave_no_trouble_behind) {
  Overlaid m;
  SectorOverlay::WriteTrouble lost;
  lost.end_bytes = 96;
  m.overlay.expect(lost);
  m.overlay.expect_nothing();
  ASSERT_TRUE(m.medium->write(0, Bytes(16, std::byte{1})));
  EXPECT_EQ(m.seen(), m.truth());
}

}  // namespace
}  // namespace biotope::sim
