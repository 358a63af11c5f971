#include "sim/rack/crash_rule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace biotope::sim {
namespace {

constexpr std::int64_t kSector = 16;
constexpr std::int64_t kSectors = 8;

// What is on the medium, a letter a sector: '.' old, '0' zeros, '?' something else.
using Image = std::string;

std::shared_ptr<Medium> old_medium() {
  auto medium = *Medium::blank("medium", {kSectors * kSector, kSector});
  EXPECT_TRUE(medium->write(0, std::vector<std::byte>(kSectors * kSector, std::byte{'.'})));
  return medium;
}

Image image_of(const Medium& medium) {
  Image image;
  for (std::int64_t s = 0; s < kSectors; ++s) {
    std::vector<std::byte> bytes(kSector);
    EXPECT_TRUE(medium.read(s * kSector, bytes));
    const bool even = std::equal(bytes.begin() + 1, bytes.end(), bytes.begin());
    const char letter = static_cast<char>(bytes[0]);
    image += !even ? '?' : letter == 0 ? '0' : letter;
  }
  return image;
}

// "bcd" at sector 2 is a write of three sectors, each full of its letter; a capital has landed.
struct Text {
  std::int64_t first;
  std::string letters;
};

std::vector<VolatileWrites::Write> writes_of(const std::vector<Text>& texts) {
  std::vector<VolatileWrites::Write> writes;
  for (const Text& text : texts) {
    VolatileWrites::Write& write = writes.emplace_back();
    write.first = text.first;
    for (const char letter : text.letters) {
      write.bytes.insert(write.bytes.end(), kSector, static_cast<std::byte>(letter));
      write.landed.push_back(letter >= 'A' && letter <= 'Z');
    }
  }
  return writes;
}

// The medium after every way the rule leaves open. `see` is called with each, and the lost sectors.
template <class See>
void each_outcome(const CrashRule& rule, const std::vector<Text>& texts, See see) {
  std::vector<std::int64_t> path;  // the choices to make
  for (;;) {
    std::vector<std::int64_t> options;
    const auto choose = [&](std::int64_t n) {
      EXPECT_GE(n, 1);
      options.push_back(n);
      if (path.size() < options.size()) path.push_back(0);
      return path[options.size() - 1];
    };
    const auto medium = old_medium();
    for (const Text& text : texts) {
      for (std::size_t i = 0; i < text.letters.size(); ++i) {
        if (text.letters[i] < 'A' || text.letters[i] > 'Z') continue;
        const std::vector<std::byte> sector(kSector, static_cast<std::byte>(text.letters[i]));
        EXPECT_TRUE(medium->write((text.first + static_cast<std::int64_t>(i)) * kSector, sector));
      }
    }
    const std::int64_t lost = crash(rule, writes_of(texts), *medium, choose);
    see(*medium, lost);
    while (!path.empty() && path.back() + 1 == options[path.size() - 1]) path.pop_back();
    if (path.empty()) return;
    ++path.back();
  }
}

std::set<Image> images(const CrashRule& rule, const std::vector<Text>& texts) {
  std::set<Image> all;
  each_outcome(rule, texts,
               [&](const Medium& medium, std::int64_t) { all.insert(image_of(medium)); });
  return all;
}

using Keep = CrashRule::Keep;
using Tear = CrashRule::Tear;
const std::vector<Text> kThree{{0, "ab"}, {1, "cd"}, {6, "e"}};

TEST(CrashRule, by_itself_a_drive_loses_what_is_in_its_buffer) {
  EXPECT_EQ(images({}, kThree), (std::set<Image>{"........"}));
  EXPECT_EQ(images({.keep = Keep::all}, kThree), (std::set<Image>{"acd...e."}));
}

TEST(CrashRule, what_had_landed_stays_under_every_rule) {
  for (const Keep keep : {Keep::none, Keep::prefix, Keep::any_subset, Keep::per_sector}) {
    for (const Image& image : images({.keep = keep, .unserial = true}, {{0, "a"}, {3, "bCd"}})) {
      EXPECT_EQ(image[4], 'C');
    }
  }
}

TEST(CrashRule, a_prefix_is_of_the_writes_in_the_order_of_their_answers) {
  EXPECT_EQ(images({.keep = Keep::prefix}, kThree),
            (std::set<Image>{"........", "ab......", "acd.....", "acd...e."}));
  // The heads had begun the second: nothing before it is lost any more.
  EXPECT_EQ(images({.keep = Keep::prefix}, {{0, "a"}, {2, "Bc"}, {5, "d"}}),
            (std::set<Image>{"a.B.....", "a.Bc....", "a.Bc.d.."}));
}

TEST(CrashRule, any_subset_of_the_writes_and_of_their_sectors) {
  EXPECT_EQ(images({.keep = Keep::any_subset}, kThree),
            (std::set<Image>{"........", "ab......", ".cd.....", "acd.....", "......e.", "ab....e.",
                             ".cd...e.", "acd...e."}));
  // Sector 1 was written twice.
  EXPECT_EQ(
      images({.keep = Keep::per_sector}, {{0, "ab"}, {1, "c"}}),
      (std::set<Image>{"........", "a.......", ".b......", "ab......", ".c......", "ac......"}));
}

TEST(CrashRule, the_first_write_that_is_lost_may_be_torn_between_sectors) {
  const std::vector<Text> texts{{0, "abc"}, {5, "d"}};
  EXPECT_EQ(images({.tear = Tear::prefix}, texts),
            (std::set<Image>{"........", "a.......", "ab......", "abc....."}));
  EXPECT_EQ(images({.tear = Tear::suffix}, texts),
            (std::set<Image>{"........", "..c.....", ".bc.....", "abc....."}));
  EXPECT_EQ(images({.tear = Tear::random_subset}, texts).size(), 8U);
}

TEST(CrashRule, an_older_write_may_land_after_a_newer_one) {
  const std::vector<Text> texts{{0, "a"}, {0, "b"}};
  EXPECT_EQ(images({.keep = Keep::all}, texts), (std::set<Image>{"b......."}));
  EXPECT_EQ(images({.keep = Keep::all, .unserial = true}, texts),
            (std::set<Image>{"a.......", "b......."}));
}

TEST(CrashRule, units_go_back_as_a_whole) {
  EXPECT_EQ(images({.keep = Keep::all, .rollback_bytes = 4 * kSector}, {{2, "abcd"}}),
            (std::set<Image>{"........", "..ab....", "....cd..", "..abcd.."}));
}

TEST(CrashRule, a_sector_may_be_shorn_where_writing_broke_off) {
  std::set<std::vector<std::byte>> seen;
  each_outcome({.tear = Tear::prefix, .shorn_bytes = 4}, {{3, "ab"}},
               [&](const Medium& medium, std::int64_t) {
                 std::vector<std::byte> two(2 * kSector);
                 EXPECT_TRUE(medium.read(3 * kSector, two));
                 seen.insert(two);
                 // New bytes, up to a multiple of four, and then old ones.
                 const auto old = std::find(two.begin(), two.end(), std::byte{'.'});
                 EXPECT_EQ((old - two.begin()) % 4, 0);
                 EXPECT_EQ(std::count(old, two.end(), std::byte{'.'}), two.end() - old);
               });
  EXPECT_EQ(seen.size(), 2 * kSector / 4 + 1);
}

TEST(CrashRule, a_lost_sector_reads_as_the_rule_says) {
  using Fill = CrashRule::Fill;
  EXPECT_EQ(images({.fill = Fill::zeros}, {{2, "aB"}}), (std::set<Image>{"..0B...."}));
  const auto medium = old_medium();
  const auto first = [](std::int64_t) { return 0; };
  EXPECT_EQ(crash({.fill = Fill::garbage}, writes_of({{2, "a"}}), *medium, first), 1);
  EXPECT_EQ(image_of(*medium), "..?.....");
  EXPECT_EQ(crash({.fill = Fill::unreadable}, writes_of({{5, "a"}}), *medium, first), 1);
  EXPECT_FALSE(medium->readable(4 * kSector, 2 * kSector));
  EXPECT_TRUE(medium->readable(6 * kSector, 2 * kSector));
  EXPECT_TRUE(medium->readable(0, 5 * kSector));
  EXPECT_TRUE(medium->write(5 * kSector, std::vector<std::byte>(kSector)));
  EXPECT_TRUE(medium->readable(0, kSectors * kSector));
}

TEST(CrashRule, sectors_are_lost_of_which_no_version_in_the_buffer_is_there) {
  each_outcome({.keep = Keep::any_subset}, {{0, "ab"}, {1, "c"}},
               [](const Medium& medium, std::int64_t lost) {
                 const Image image = image_of(medium);
                 EXPECT_EQ(lost, std::count(image.begin(), image.begin() + 2, '.')) << image;
               });
}

TEST(VolatileWrites, land_where_the_engine_has_written_and_cover_the_rest) {
  const auto medium = old_medium();
  VolatileWrites writes(kSector);
  std::vector<std::byte> a(3 * kSector, std::byte{'a'});
  std::vector<std::byte> b(kSector, std::byte{'b'});
  writes.add(1, 3, Data(a.data()));
  writes.add(2, 1, Data(b.data()));
  ASSERT_TRUE(writes.land({{2, 4}}, *medium));
  EXPECT_EQ(image_of(*medium), ".a......");
  std::vector<std::byte> read(kSectors * kSector, std::byte{'.'});
  ASSERT_TRUE(medium->read(0, read));
  writes.cover(0, read);
  EXPECT_EQ(read[1 * kSector], std::byte{'a'});
  EXPECT_EQ(read[2 * kSector], std::byte{'b'});
  EXPECT_EQ(read[3 * kSector], std::byte{'a'});
  EXPECT_EQ(read[4 * kSector], std::byte{'.'});
  std::vector<std::byte> part(4);
  writes.cover(3 * kSector - 2, part);
  EXPECT_EQ(part, (std::vector{std::byte{'b'}, std::byte{'b'}, std::byte{'a'}, std::byte{'a'}}));
  ASSERT_TRUE(writes.land({}, *medium));
  EXPECT_EQ(image_of(*medium), ".aba....");
  EXPECT_TRUE(writes.empty());
  EXPECT_EQ(writes.bytes(), 0);
}

// What a load writes is held by its stamp, and every crash leaves of it what it leaves of bytes.
TEST(CrashRule, tears_what_loads_write_like_anything_else) {
  std::vector<std::byte> memory(3 * kSector);
  const StampedMemory stamped{memory.data(), 3 * kSector, {1, 2, 5 * kSector}};
  stamped.stamp.fill(memory);
  const auto left = [&](const CrashRule& rule, const StampedMemory& known, std::int64_t choice) {
    const auto medium = old_medium();
    VolatileWrites writes(kSector);
    writes.add(1, 3, Data(memory.data()), known);
    writes.add(2, 2, Data(memory.data()), known);
    EXPECT_TRUE(writes.land({{2, 5}}, *medium));
    std::vector<std::byte> covered(kSectors * kSector);
    writes.cover(0, covered);
    crash(rule, writes.take(), *medium, [&](std::int64_t n) { return choice++ % n; });
    std::vector<std::byte> all(kSectors * kSector);
    EXPECT_TRUE(medium->read(0, all));
    return std::pair(all, covered);
  };
  for (const Keep keep :
       {Keep::none, Keep::all, Keep::prefix, Keep::any_subset, Keep::per_sector}) {
    for (const Tear tear : {Tear::none, Tear::prefix, Tear::random_subset}) {
      const CrashRule rule{.keep = keep, .tear = tear, .shorn_bytes = 4, .unserial = true};
      for (const std::int64_t choice : {0, 1, 2}) {
        EXPECT_EQ(left(rule, stamped, choice), left(rule, {}, choice));
      }
    }
  }
}

// Sectors 0 to 2 have been written and flushed, the first of them twice; sector 3 is in the buffer.
std::set<std::pair<Image, std::int64_t>> rolled_back(std::int64_t most_sectors) {
  std::set<std::pair<Image, std::int64_t>> all;
  for (std::int64_t way = 0; way < 4; ++way) {
    const auto medium = old_medium();
    OlderSectors older(most_sectors);
    for (const auto& [sector, letter] : {std::pair(0, 'a'), {1, 'b'}, {0, 'c'}, {2, 'd'}}) {
      older.keep(*medium, sector * kSector, kSector);
      const std::vector<std::byte> bytes(kSector, static_cast<std::byte>(letter));
      EXPECT_TRUE(medium->write(sector * kSector, bytes));
    }
    const CrashRule rule{.keep = Keep::all, .rollback_bytes = 2 * kSector};
    std::int64_t asked = 0;
    const std::int64_t lost = crash(
        rule, writes_of({{3, "e"}}), *medium, [&](std::int64_t n) { return (way >> asked++) % n; },
        &older);
    all.insert({image_of(*medium), lost});
  }
  return all;
}

TEST(CrashRule, what_was_flushed_goes_back_with_its_unit_and_no_further_than_is_kept) {
  EXPECT_EQ(rolled_back(4),
            (std::set<std::pair<Image, std::int64_t>>{
                {"cbde....", 0}, {"..de....", 2}, {"cb......", 2}, {"........", 4}}));
  EXPECT_EQ(rolled_back(2),
            (std::set<std::pair<Image, std::int64_t>>{
                {"cbde....", 0}, {"abde....", 1}, {"cb......", 2}, {"ab......", 3}}));
}

TEST(CrashRule, a_write_that_is_too_much_to_keep_lets_nothing_from_before_it_come_back) {
  const auto medium = old_medium();
  OlderSectors older(2);
  older.keep(*medium, 0, kSector);
  EXPECT_EQ(older.units(kSector), std::set<std::int64_t>{0});
  older.keep(*medium, 0, 3 * kSector);
  EXPECT_EQ(older.units(kSector), std::set<std::int64_t>{});
  // Piece by piece, each sector once.
  older.keep(*medium, 4 * kSector, kSector + 1);
  older.keep(*medium, 5 * kSector + 1, kSector - 1);
  EXPECT_EQ(older.units(kSector), (std::set<std::int64_t>{4, 5}));
}

}  // namespace
}  // namespace biotope::sim
