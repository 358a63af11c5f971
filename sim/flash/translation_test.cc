#include "sim/flash/translation.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <boost/math/special_functions/lambert_w.hpp>
#include <cmath>
#include <numeric>
#include <vector>

#include "classes/random_stream.h"

namespace biotope::sim {
namespace {

FlashFigures figures(std::int64_t dies, std::int64_t blocks, std::int64_t pages,
                     std::int64_t logical) {
  FlashFigures f;
  f.sector_bytes = f.page_bytes = 4096;
  f.dies_per_channel = dies;
  f.blocks_per_die = blocks;
  f.pages_per_block = pages;
  f.capacity_sectors = logical;
  f.erase_limit = 1 << 30;
  const auto fault = find_fault({.name = "made up", .description = "", .flash = f});
  EXPECT_FALSE(fault) << fault->figure << " " << fault->why;
  return f;
}

// The cells: what was programmed into each page, and whether that could be done.
class Cells {
 public:
  explicit Cells(const FlashFigures& f)
      : pages_(f.pages_per_block),
        blocks_of_die_(f.blocks_per_die),
        contents_(static_cast<std::size_t>(f.dies() * f.blocks_per_die * pages_), kErased) {}

  void apply(const std::vector<FlashStep>& steps, std::int64_t stamp) {
    for (const FlashStep& step : steps) {
      if (step.kind == FlashStep::Kind::erase) {
        ASSERT_EQ(step.to % pages_, 0);
        std::fill_n(contents_.begin() + step.to, pages_, kErased);
        continue;
      }
      const bool copies = step.kind == FlashStep::Kind::copy;
      ASSERT_EQ(contents_[step.to], kErased) << "programmed twice";
      ASSERT_TRUE(step.to % pages_ == 0 || contents_[step.to - 1] != kErased) << "out of order";
      ASSERT_EQ(step.from / pages_ / blocks_of_die_, step.to / pages_ / blocks_of_die_);
      contents_[step.to] = copies ? contents_[step.from] : stamp;
    }
  }
  std::int64_t at(std::uint32_t page) const { return contents_[page]; }

 private:
  static constexpr std::int64_t kErased = -1;
  std::int64_t pages_;
  std::int64_t blocks_of_die_;
  std::vector<std::int64_t> contents_;
};

// A drive with its cells, and what the host last wrote where.
struct Written {
  explicit Written(const FlashFigures& f)
      : translation(f), cells(f), expected(static_cast<std::size_t>(f.logical_pages()), kNothing) {}

  bool write(std::int64_t logical) {
    steps.clear();
    const bool done = translation.write(static_cast<std::uint32_t>(logical), steps);
    cells.apply(steps, ++stamp);
    if (done) expected[static_cast<std::size_t>(logical)] = stamp;
    return done;
  }
  void forget(std::int64_t logical) {
    translation.forget(static_cast<std::uint32_t>(logical));
    expected[static_cast<std::size_t>(logical)] = kNothing;
  }
  std::int64_t read(std::uint32_t logical) const {
    const auto page = translation.find(logical);
    return page ? cells.at(*page) : kNothing;
  }
  std::size_t wrong() const {
    std::size_t count = 0;
    for (std::uint32_t i = 0; i < expected.size(); ++i) count += read(i) != expected[i] ? 1 : 0;
    return count;
  }

  static constexpr std::int64_t kNothing = 0;
  FlashTranslation translation;
  Cells cells;
  std::vector<std::int64_t> expected;
  std::vector<FlashStep> steps;
  std::int64_t stamp = 0;
};

// --- contents -----------------------------------------------------------------------------------

RC_GTEST_PROP(Flash, every_page_holds_what_was_last_written_to_it, ()) {
  const auto dies = *rc::gen::inRange<std::int64_t>(1, 4);
  const auto pages = *rc::gen::inRange<std::int64_t>(2, 6);
  FlashFigures f = figures(dies, 14, pages, dies * 8 * pages - 1);
  f.wear_gap = *rc::gen::element(0, 3);
  Written drive(f);
  const auto places = *rc::gen::container<std::vector<std::int64_t>>(
      400, rc::gen::inRange<std::int64_t>(0, f.logical_pages()));
  for (const std::int64_t place : places) {
    if (place % 7 == 3) {
      drive.forget(place / 2);
    } else {
      RC_ASSERT(drive.write(place * place % f.logical_pages()));
    }
    RC_ASSERT(drive.wrong() == 0U);
  }
}

TEST(Flash, no_page_is_lost_whatever_is_overwritten_in_a_full_drive) {
  const FlashFigures f = figures(3, 20, 8, 3 * 14 * 8 - 1);
  Written drive(f);
  for (std::int64_t i = 0; i < f.logical_pages(); ++i) ASSERT_TRUE(drive.write(i));
  // What lies in one die alone moves to the others, until that one is empty and these are full.
  for (int round = 0; round < 40; ++round) {
    for (std::int64_t i = 0; i < f.logical_pages(); i += 3) ASSERT_TRUE(drive.write(i));
  }
  EXPECT_EQ(drive.wrong(), 0U);
}

// --- write amplification ------------------------------------------------------------------------

// Pages of the cells that are in use for each that is worth something, when collecting goes on for
// ever: without those kept erased (between two and three blocks), and with half of what is open.
double spare_factor(const FlashFigures& f, double worth_something) {
  const double blocks = static_cast<double>(f.working_blocks()) - 2.5 - 1.0;
  return static_cast<double>(f.dies() * f.pages_per_block) * blocks / worth_something;
}

// Greedy collection under uniform random writes in a drive of many blocks, as blocks grow long: of
// every block collected a share u is still worth something, with spare factor a = -ln(u) / (1 - u),
// so u = -W(-a exp(-a)) / a and the amplification is 1 / (1 - u) (Xiang and Kurkoski 2012, and
// Desnoyers 2012 for collecting in the order of writing, which is the same in this limit).
double long_block_amplification(double a) {
  const double u = -boost::math::lambert_w0(-a * std::exp(-a)) / a;
  return 1 / (1 - u);
}

// The same for blocks of b pages, without that limit. Blocks lose pages one at a time, with i
// pages left at a rate of i / U for each page written, U being the pages worth something, and are
// collected with j or j + 1 left, v on average. In balance every level above passes 1 / (b - v)
// blocks for each page written, so U / (b - v) / i blocks are there; together that is all of them.
double amplification(double a, int b) {
  const auto factor = [b](double v) {
    const int j = static_cast<int>(v);
    double levels = (1 - (v - j)) / (j + 1);
    for (int i = j + 2; i <= b; ++i) levels += 1.0 / i;
    return b * levels / (b - v);
  };
  double low = 0;
  double high = b - 1e-6;
  for (int step = 0; step < 100; ++step) {
    const double middle = (low + high) / 2;
    (factor(middle) > a ? low : high) = middle;
  }
  return b / (b - low);
}

// Writes evenly over the whole drive until nothing of the beginning is left; then what each further
// write costs.
double measured_amplification(const FlashFigures& f, std::int64_t logical, std::uint64_t seed) {
  FlashTranslation drive(f);
  RandomStream draws(seed, "places");
  std::vector<FlashStep> steps;
  const auto write = [&](std::int64_t page) {
    steps.clear();
    EXPECT_TRUE(drive.write(static_cast<std::uint32_t>(page), steps));
  };
  for (std::int64_t i = 0; i < f.logical_pages(); ++i) write(i);
  for (std::int64_t i = logical; i < f.logical_pages(); ++i) {
    drive.forget(static_cast<std::uint32_t>(i));
  }
  for (std::int64_t i = 0; i < 4 * logical; ++i) write(draws.between(0, logical - 1));
  const FlashCounts before = drive.counts();
  for (std::int64_t i = 0; i < 4 * logical; ++i) write(draws.between(0, logical - 1));
  return static_cast<double>(drive.counts().programmed_pages - before.programmed_pages) /
         static_cast<double>(drive.counts().host_pages - before.host_pages);
}

TEST(Flash, uniform_random_writes_amplify_by_the_closed_formula) {
  // The share is steady to a part in a thousand over so many writes; what is open or erased at the
  // time is another, of 1000 blocks.
  for (const auto& [logical, pages] : {std::pair(900 * 64, 64), {800 * 64, 64}, {850 * 16, 16}}) {
    const FlashFigures f = figures(1, 1000, pages, logical);
    const double expected = amplification(spare_factor(f, logical), pages);
    EXPECT_NEAR(measured_amplification(f, logical, 1), expected, 0.01 * expected) << logical;
  }
}

TEST(Flash, and_by_the_formula_of_xiang_and_kurkoski_when_blocks_are_long) {
  // Blocks of 256 pages are 1 % to 2 % better than endless ones: they can be found luckily empty.
  const FlashFigures f = figures(1, 400, 256, 340 * 256);
  const double a = spare_factor(f, 340 * 256);
  const double limit = long_block_amplification(a);
  EXPECT_NEAR(amplification(a, 256), limit, 0.02 * limit);
  EXPECT_LT(amplification(a, 256), limit);
  EXPECT_NEAR(amplification(a, 1 << 16), limit, 1e-3 * limit);
  EXPECT_NEAR(measured_amplification(f, 340 * 256, 2), limit, 0.03 * limit);
}

TEST(Flash, dies_beside_each_other_amplify_as_one_does) {
  const std::int64_t logical = 8 * 250 * 32;
  const FlashFigures f = figures(8, 300, 32, logical);
  const double expected = amplification(spare_factor(f, logical), 32);
  EXPECT_NEAR(measured_amplification(f, logical, 3), expected, 0.02 * expected);
}

TEST(Flash, what_is_deleted_counts_as_spare) {
  const std::int64_t logical = 900 * 64;
  const FlashFigures f = figures(1, 1000, 64, logical);
  const double whole = measured_amplification(f, logical, 4);
  double before = whole;
  for (const double kept : {0.9, 0.75, 0.5}) {
    const auto used = static_cast<std::int64_t>(kept * static_cast<double>(logical));
    const double expected = amplification(spare_factor(f, static_cast<double>(used)), 64);
    const double measured = measured_amplification(f, used, 4);
    EXPECT_NEAR(measured, expected, 0.01 * expected) << kept;
    EXPECT_LT(measured, before);
    before = measured;
  }
}

// Of n requests a share q deletes a page that is in use, the others write any page. Then a share
// s = (1 - 2q) / (1 - q) is in use in balance: as many pages come into use as go out of it.
TEST(Flash, deleting_all_the_time_leaves_a_share_in_use_and_amplifies_by_that) {
  const std::int64_t logical = 900 * 64;
  const FlashFigures f = figures(1, 1000, 64, logical);
  const double q = 0.2;
  const double share = (1 - 2 * q) / (1 - q);
  FlashTranslation drive(f);
  RandomStream draws(5, "requests");
  std::vector<FlashStep> steps;
  std::vector<std::uint32_t> used;
  std::vector<std::int64_t> place(static_cast<std::size_t>(logical), -1);
  const auto request = [&] {
    if (draws.fraction() < q && !used.empty()) {
      const auto which = static_cast<std::size_t>(draws.between(0, std::ssize(used) - 1));
      drive.forget(used[which]);
      place[used[which]] = -1;
      place[used.back()] = used.back() == used[which] ? -1 : static_cast<std::int64_t>(which);
      used[which] = used.back();
      used.pop_back();
      return;
    }
    const auto page = static_cast<std::uint32_t>(draws.between(0, logical - 1));
    steps.clear();
    ASSERT_TRUE(drive.write(page, steps));
    if (place[page] < 0) {
      place[page] = std::ssize(used);
      used.push_back(page);
    }
  };
  for (int i = 0; i < 8 * logical; ++i) request();
  const FlashCounts before = drive.counts();
  for (int i = 0; i < 8 * logical; ++i) request();
  const double measured =
      static_cast<double>(drive.counts().programmed_pages - before.programmed_pages) /
      static_cast<double>(drive.counts().host_pages - before.host_pages);
  const auto in_use = share * static_cast<double>(logical);
  EXPECT_NEAR(static_cast<double>(used.size()), in_use, 0.01 * in_use);
  const double expected = amplification(spare_factor(f, in_use), 64);
  EXPECT_NEAR(measured, expected, 0.01 * expected);
}

TEST(Flash, writing_in_order_amplifies_nothing) {
  const FlashFigures f = figures(4, 50, 16, 4 * 40 * 16);
  FlashTranslation drive(f);
  std::vector<FlashStep> steps;
  for (std::int64_t i = 0; i < 10 * f.logical_pages(); ++i) {
    ASSERT_TRUE(drive.write(static_cast<std::uint32_t>(i % f.logical_pages()), steps));
  }
  EXPECT_EQ(drive.counts().write_amplification(), 1);
  EXPECT_EQ(drive.counts().collected_pages, 0U);
  EXPECT_GT(drive.counts().erasures, 1000U);
}

// --- wear ---------------------------------------------------------------------------------------

FlashWear wear_of_a_drive_that_is_mostly_cold(std::int64_t wear_gap) {
  FlashFigures f = figures(2, 100, 16, 2 * 80 * 16);
  f.wear_gap = wear_gap;
  Written drive(f);
  for (std::int64_t i = 0; i < f.logical_pages(); ++i) EXPECT_TRUE(drive.write(i));
  RandomStream draws(6, "places");
  for (int i = 0; i < 300'000; ++i) {
    EXPECT_TRUE(drive.write(draws.between(0, f.logical_pages() / 20)));
  }
  EXPECT_EQ(drive.wrong(), 0U);
  return drive.translation.wear();
}

TEST(Flash, levelling_keeps_cold_blocks_within_reach_of_the_others) {
  const FlashWear alone = wear_of_a_drive_that_is_mostly_cold(0);
  EXPECT_EQ(alone.least_erasures, 0U);
  EXPECT_GT(alone.most_erasures, 300U);
  const FlashWear levelled = wear_of_a_drive_that_is_mostly_cold(20);
  EXPECT_LE(levelled.most_erasures - levelled.least_erasures, 2 * 20U);
  EXPECT_GT(levelled.mean_erasures, 90);
}

TEST(Flash, worn_out_blocks_are_replaced_until_there_are_no_spares_and_then_nothing_is_written) {
  FlashFigures f = figures(2, 40, 8, 2 * 25 * 8);
  f.spare_blocks = 6;
  f.factory_bad_blocks = 1;
  f.erase_limit = 60;
  f.erase_limit_spread = 20;
  Written drive(f);
  EXPECT_EQ(drive.translation.wear().spares_left, 10U);
  EXPECT_EQ(drive.translation.counts().retired_blocks, 2U);
  RandomStream draws(7, "places");
  std::int64_t written = 0;
  while (drive.write(draws.between(0, f.logical_pages() - 1))) ++written;
  EXPECT_TRUE(drive.translation.read_only());
  EXPECT_EQ(drive.wrong(), 0U) << "reads go on";
  const std::uint64_t retired = drive.translation.counts().retired_blocks;
  EXPECT_GE(retired, 7U) << "one die has used up its own";
  EXPECT_LE(retired, 13U);
  // No block failed before its time, nor after it.
  EXPECT_LE(drive.translation.wear().most_erasures, 80U);
  EXPECT_GE(written, 40 * 34 * 8);
  const auto before = drive.translation.counts();
  EXPECT_FALSE(drive.write(0));
  EXPECT_EQ(drive.translation.counts(), before);
  drive.forget(1);
  EXPECT_EQ(drive.wrong(), 0U);
}

}  // namespace
}  // namespace biotope::sim
