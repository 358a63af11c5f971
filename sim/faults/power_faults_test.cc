// Faults of power, and of drives and media that come and go.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "sim/faults/testing.h"

namespace biotope::sim {
namespace {

// --- flushes and power --------------------------------------------------------------------------

// What is there after a write, a flush that is answered, and a cut at the same instant.
int after_flush_and_cut(const char* fault) {
  FaultyMachine m("cheetah-9lp");
  if (fault != nullptr) m.fault(fault);
  Bytes bytes = FaultyMachine::stamped(1, 200);
  const std::vector<Segment> list{{bytes.data(), bytes.size()}};
  m.hosts[0]->send(DriveCommand::write, 10 * kSector, kSector, list);
  m.hosts[0]->send(DriveCommand::flush, 0, 0);
  while (m.hosts[0]->answers.size() < 2) m.run(10'000);
  const int bays[] = {0};
  EXPECT_TRUE(m.rack->cut_power(bays, {}));
  return m.truth(10);
}

TEST(FaultMachine, Fault_F11_a_flush_that_lies_is_answered_before_the_bytes_are_there) {
  EXPECT_EQ(after_flush_and_cut(nullptr), 200);
  EXPECT_EQ(after_flush_and_cut("F11 ata0.bay0"), 11);
}

TEST(FaultMachine, Fault_F11_flushes_are_true_again_from_until_ns_on) {
  for (const auto& [fault, there] : {std::pair("F11 ata0.bay0 until_ns=1000", 200),
                                     {"F11 ata0.bay0 until_ns=1000000000", 11},
                                     {"F11 ata0.bay0 from_ns=2000 until_ns=1000", 200}}) {
    EXPECT_EQ(after_flush_and_cut(fault), there) << fault;
  }
}

// What is scheduled for later than it may happen does not happen at all.
TEST(FaultMachine, Fault_F19_a_drive_that_would_die_after_until_ns_lives) {
  FaultyMachine m("cheetah-9lp");
  const auto late = m.fault("F19 ata0.bay0 from_ns=3000 until_ns=2000");
  m.run(kSecond);
  EXPECT_EQ(m.faults.struck(late), 0U);
  EXPECT_EQ(m.write(10, 1, 200), 0);
}

TEST(FaultMachine, Fault_F12_a_flush_fails_once_and_what_it_was_for_is_lost) {
  FaultyMachine m("cheetah-9lp");
  const auto number = m.fault("F12 ata0.bay0 nth=2");
  EXPECT_EQ(m.write(10, 1, 200), 0);
  EXPECT_EQ(m.flush(), 0);
  EXPECT_EQ(m.write(11, 1, 201), 0);
  EXPECT_EQ(m.flush(), EIO);
  EXPECT_EQ(m.flush(), 0) << "and nobody hears of it again";
  EXPECT_EQ(m.faults.struck(number), 1U);
  EXPECT_EQ(m.write(12, 1, 202), 0);
  EXPECT_EQ(m.flush(), 0);
  EXPECT_EQ(m.lies(), (Stamps{{11, 12}}));
}

// Power goes just after writes to sectors 10 to 13 were answered, and comes back after a second:
// stamps of these sectors.
struct AfterCrash {
  explicit AfterCrash(const std::string& fault) : m("cheetah-9lp") {
    m.fault(fault + " nth=5 down_ns=1000000000");
    for (int i = 0; i < 4; ++i) {
      bytes.push_back(FaultyMachine::stamped(1, 200 + i));
      lists.push_back({{bytes.back().data(), bytes.back().size()}});
      m.hosts[0]->send(DriveCommand::write, (10 + i) * kSector, kSector, lists.back());
    }
    while (m.hosts[0]->answers.size() < 4) m.run(1000);
    Bytes some(kSector);
    m.request(0, DriveCommand::read, 40, some);  // the fifth
    EXPECT_TRUE(m.heard("power off"));
    EXPECT_EQ(m.last.error, ENXIO);
    m.run(60 * kSecond);
    EXPECT_TRUE(m.heard("power on"));
    EXPECT_EQ(m.heard("power off", 1), false);
    for (std::int64_t i = 10; i < 14; ++i) stamps.push_back(m.seen(i));
    for (const auto& [sector, stamp] : m.changes()) EXPECT_TRUE(sector >= 10 && sector < 14);
  }
  FaultyMachine m;
  std::deque<Bytes> bytes;
  std::deque<std::vector<Segment>> lists;
  std::vector<int> stamps;
};

// Whether each is what it was or what was written.
bool old_or_new(const std::vector<int>& stamps) {
  for (std::size_t i = 0; i < 4; ++i) {
    const int place = static_cast<int>(i);
    if (stamps[i] != 11 + place && stamps[i] != 200 + place) return false;
  }
  return true;
}

TEST(FaultMachine, Fault_F13_power_goes_and_a_write_is_there_in_part) {
  const AfterCrash after("F13 ata0.bay0 tear=random_subset");
  EXPECT_TRUE(old_or_new(after.stamps));
}

TEST(FaultMachine, Fault_F14_power_goes_and_a_sector_is_there_in_part) {
  const AfterCrash after("F14 ata0.bay0 unit_bytes=8");
  const auto torn = std::count(after.stamps.begin(), after.stamps.end(), -1000) +
                    std::count(after.stamps.begin(), after.stamps.end(), -EIO);
  EXPECT_LE(torn, 1);
}

TEST(FaultMachine, Fault_F15_power_goes_and_any_of_the_writes_are_there) {
  const AfterCrash after("F15 ata0.bay0 keep=any_subset");
  EXPECT_TRUE(old_or_new(after.stamps));
}

TEST(FaultMachine, Fault_F16_power_goes_and_writes_land_in_any_order) {
  const AfterCrash after("F16 ata0.bay0");
  EXPECT_TRUE(old_or_new(after.stamps));
}

TEST(FaultMachine, Fault_F17_power_goes_and_whole_units_are_as_they_were) {
  const AfterCrash after("F17 ata0.bay0 unit_bytes=1024");
  EXPECT_TRUE(old_or_new(after.stamps));
  EXPECT_EQ(after.stamps[0] == 200, after.stamps[1] == 201) << "one unit";
  EXPECT_EQ(after.stamps[2] == 202, after.stamps[3] == 203) << "another";
}

// Sectors 10 to 25 are written and flushed, and all but the last of these once more: their stamps
// after the cut. Two sectors are a unit.
std::vector<int> after_rollback(const char* profile, const std::string& how) {
  FaultyMachine m(profile);
  m.fault("F17 ata0.bay0 command=read first=40 last=40 down_ns=1000 unit_bytes=1024" + how);
  EXPECT_EQ(m.write(10, 16, 150), 0);
  EXPECT_EQ(m.flush(), 0);
  EXPECT_EQ(m.write(10, 15, 200), 0);
  EXPECT_EQ(m.flush(), 0);
  EXPECT_EQ(m.seen(40), -ENXIO);
  m.run(60 * kSecond);
  EXPECT_EQ(m.lies(), Stamps{});
  for (const auto& [sector, stamp] : m.changes()) EXPECT_TRUE(sector >= 10 && sector < 26);
  std::vector<int> stamps;
  for (std::int64_t i = 10; i < 26; ++i) stamps.push_back(m.truth(i));
  return stamps;
}

TEST(FaultMachine, Fault_F17_what_was_flushed_is_as_it_was_where_that_was_asked_for) {
  for (const char* profile : {"cheetah-9lp", "ide"}) {  // one writes back, the other through
    std::vector<int> written(16, 200);
    written[15] = 150;
    EXPECT_EQ(after_rollback(profile, ""), written) << "flushed is flushed";
    const std::vector<int> once = after_rollback(profile, " flushed_sectors=15");
    const std::vector<int> twice = after_rollback(profile, " flushed_sectors=31");
    const std::vector<int> too_little = after_rollback(profile, " flushed_sectors=4");
    int back = 0;
    for (std::size_t i = 0; i < 16; ++i) {
      const int before = 11 + static_cast<int>(i);
      const bool goes_back = twice[i] == before;
      back += goes_back ? 1 : 0;
      EXPECT_EQ(goes_back, twice[i ^ 1U] == 11 + static_cast<int>(i ^ 1U)) << "unit by unit";
      EXPECT_TRUE(goes_back || twice[i] == written[i]);
      EXPECT_EQ(once[i], goes_back ? 150 : written[i]) << "the same units, as before the last";
    }
    EXPECT_GT(back, 0);
    EXPECT_LT(back, 16);
    EXPECT_EQ(std::vector<int>(too_little.begin(), too_little.begin() + 11),
              std::vector<int>(11, 200))
        << "no further than what is kept";
  }
}

TEST(FaultMachine, Fault_F18_power_goes_and_what_is_lost_reads_as_zeros_or_not_at_all) {
  for (const auto& [fill, lost] : {std::pair("zeros", 0), {"unreadable", -EIO}}) {
    const AfterCrash after(std::string("F18 ata0.bay0 fill=") + fill);
    for (std::size_t i = 0; i < 4; ++i) {
      const int written = 200 + static_cast<int>(i);
      EXPECT_TRUE(after.stamps[i] == lost || after.stamps[i] == written);
    }
    EXPECT_EQ(after.stamps.back(), lost);
  }
}

// --- drives and media that come and go ----------------------------------------------------------

TEST(FaultMachine, Fault_F19_a_dead_drive_is_gone_for_good_and_the_other_is_not) {
  FaultyMachine m;
  const auto number = m.fault("F19 ata0.bay0 from_ns=2000000000");
  EXPECT_EQ(m.seen(1), 2);
  m.run(2 * kSecond);
  EXPECT_EQ(m.faults.struck(number), 1U);
  EXPECT_EQ(m.seen(1), -ENXIO);
  EXPECT_EQ(m.seen(1, 1), 102);
  m.run(3600 * kSecond);
  EXPECT_EQ(m.seen(1), -ENXIO);
  EXPECT_EQ(m.changes(), Stamps{});
}

TEST(FaultMachine, Fault_F19_death_comes_by_its_law) {
  FaultyMachine m;
  m.fault("F19 ata0.bay0 law=weibull mean_ns=1000000000 shape_percent=300");
  m.run(3 * kSecond);
  EXPECT_TRUE(m.heard("power off"));
}

TEST(FaultMachine, Fault_F20_all_drives_of_a_batch_die_at_once_where_they_have_all_in_common) {
  FaultyMachine m;
  const auto number =
      m.fault("F20 batch bays=ata0.bay0,ata0.bay1 mean_ns=1000000000 rho_percent=100");
  while (m.faults.struck(number) == 0) m.run(1'000'000);
  EXPECT_EQ(m.faults.struck(number), 2U);
  EXPECT_EQ(m.seen(1), -ENXIO);
  EXPECT_EQ(m.seen(1, 1), -ENXIO);
}

TEST(FaultMachine, Fault_F21_a_drive_that_flaps_comes_back_with_what_it_had) {
  FaultyMachine m;
  EXPECT_EQ(m.write(10, 1, 200), 0);
  m.fault("F21 ata0.bay0 command=read first=12 last=12 down_ns=5000000");
  EXPECT_EQ(m.seen(11), 12);
  EXPECT_EQ(m.seen(12), -ENXIO);
  m.run(60 * kSecond);
  EXPECT_TRUE(m.heard("power off") && m.heard("power on"));
  EXPECT_EQ(m.lies(), Stamps{});
  EXPECT_EQ(m.changes(), (Stamps{{10, 200}}));
}

TEST(FaultMachine, Fault_F22_a_drive_comes_back_with_other_contents) {
  FaultyMachine m("zip100");
  auto other = m.medium("other", 1);
  m.faults.provide(other);
  m.fault("F22 ata0.bay0 medium=other from_ns=1000 down_ns=1000000");
  m.run(60 * kSecond);
  EXPECT_EQ(*m.rack->medium(0), other);
  EXPECT_EQ(m.seen(5), FaultyMachine::before(1, 5));
  EXPECT_EQ(m.changes(), Stamps{}) << "the first medium is whole";
}

TEST(FaultMachine, Fault_F23_a_medium_is_torn_out_in_the_middle_of_a_request) {
  FaultyMachine m("zip100");
  m.fault("F23 ata0.bay0 nth=2");
  EXPECT_EQ(m.seen(1), 2);
  EXPECT_EQ(m.seen(1), -ENXIO);
  EXPECT_TRUE(m.heard("torn out"));
  EXPECT_EQ(*m.rack->medium(0), nullptr);
}

TEST(FaultMachine, Fault_F24_who_wants_a_medium_waits_and_then_takes_it) {
  FaultyMachine m("zip100");
  ASSERT_TRUE(m.rack->lock(0));
  m.fault("F24 ata0.bay0 notice_ns=3000000000");
  m.run(2 * kSecond);
  EXPECT_NE(*m.rack->medium(0), nullptr) << "locked";
  m.run(2 * kSecond);
  EXPECT_EQ(*m.rack->medium(0), nullptr) << "and taken all the same";
}

TEST(FaultMachine, Fault_F25_another_medium_is_in_the_same_drive) {
  FaultyMachine m("zip100");
  auto other = m.medium("other", 1);
  m.faults.provide(other);
  m.fault("F25 ata0.bay0 command=write medium=other down_ns=1000");
  EXPECT_EQ(m.write(10, 1, 200), ENXIO);
  m.run(60 * kSecond);
  EXPECT_EQ(m.seen(5), FaultyMachine::before(1, 5));
}

TEST(FaultMachine, Fault_F26_protection_flips_while_the_medium_is_in) {
  FaultyMachine m;
  m.fault("F26 ata0.bay0 from_ns=1000000000");
  m.fault("F26 ata0.bay0 from_ns=5000000000 on=0");
  EXPECT_EQ(m.write(10, 1, 200), 0);
  m.run(kSecond);
  EXPECT_EQ(m.write(11, 1, 201), EROFS);
  EXPECT_EQ(m.seen(11), 12) << "reads go on";
  m.run(5 * kSecond);
  EXPECT_EQ(m.write(11, 1, 201), 0);
}

TEST(FaultMachine, Fault_F27_a_drive_comes_back_smaller_with_what_is_left) {
  FaultyMachine m;
  m.fault("F27 ata0.bay0 sectors=32");
  m.run(60 * kSecond);
  EXPECT_EQ((*m.rack->medium(0))->size_bytes(), 32 * kSector);
  EXPECT_EQ(m.seen(31), 32);
  EXPECT_EQ(m.seen(32), -EINVAL) << "off the end";
}

TEST(FaultMachine, Fault_F27_two_drives_change_places_and_each_brings_its_size_and_its_bytes) {
  FaultyMachine m;
  ASSERT_TRUE(m.rack->tear_out(1));
  m.media[1] = *Medium::blank("small", {32 * kSector, kSector});
  ASSERT_TRUE(m.media[1]->write(0, FaultyMachine::stamped(32, 77)));
  ASSERT_TRUE(m.rack->insert(1, m.media[1]));
  m.fault("F27 ata0.bay0 with=ata0.bay1 first=3 last=3 down_ns=5000000");
  EXPECT_EQ(m.seen(2), 3);
  EXPECT_EQ(m.seen(3), -ENXIO);
  EXPECT_TRUE(m.heard("torn out") && m.heard("torn out", 1));
  m.run(60 * kSecond);
  EXPECT_EQ(*m.rack->medium(0), m.media[1]);
  EXPECT_EQ(*m.rack->medium(1), m.media[0]);
  EXPECT_EQ(m.seen(31), 77);
  EXPECT_EQ(m.seen(32), -EINVAL) << "off the end";
  EXPECT_EQ(m.seen(40, 1), 41);
}

TEST(FaultMachine, Fault_F27_drives_that_do_not_fit_each_other_stay_where_they_are) {
  auto rack = std::move(*Rack::create());
  Injector faults(*rack, 1);
  ASSERT_TRUE(rack->add_controller("a", 1, "zip100"));
  ASSERT_TRUE(rack->add_controller("b", 1, "ide"));
  std::vector<std::shared_ptr<Medium>> media;
  for (int bay = 0; bay < 2; ++bay) {
    media.push_back(*Medium::blank("m", *rack->medium_shape(bay)));
  }
  for (int bay = 0; bay < 2; ++bay) {
    ASSERT_TRUE(rack->insert(bay, media[static_cast<std::size_t>(bay)]));
  }
  const auto number = faults.add("F27 a.bay0 with=b.bay0");
  rack->run_until(60 * kSecond);
  EXPECT_EQ(faults.struck(*number), 1U);
  EXPECT_EQ(*rack->medium(0), media[0]);
  EXPECT_EQ(*rack->medium(1), media[1]);
}

TEST(FaultMachine, Fault_F37_with_its_controller_all_its_drives_are_gone) {
  FaultyMachine m;
  m.fault("F37 ata0 from_ns=1000 down_ns=3000000000");
  m.run(kSecond);
  EXPECT_EQ(m.seen(1), -ENXIO);
  EXPECT_EQ(m.seen(1, 1), -ENXIO);
  m.run(60 * kSecond);
  EXPECT_EQ(m.lies(), Stamps{});
  EXPECT_EQ(m.lies(1), Stamps{});
}

TEST(FaultMachine, Fault_F38_the_power_of_everything_goes_and_comes_back) {
  FaultyMachine m;
  m.fault("F38 host from_ns=1000000 down_ns=10000000000");
  m.run(10'000'000);
  EXPECT_EQ(m.seen(1), -ENXIO);
  EXPECT_EQ(m.seen(1, 1), -ENXIO);
  m.run(60 * kSecond);
  EXPECT_EQ(m.seen(1), 2);
  EXPECT_EQ(m.seen(1, 1), 102);
}

TEST(FaultMachine, Fault_F39_the_power_of_one_shelf_goes) {
  FaultyMachine m;
  m.fault("F39 shelf bays=ata0.bay1 from_ns=1000000");
  m.run(kSecond);
  EXPECT_EQ(m.seen(1), 2);
  EXPECT_EQ(m.seen(1, 1), -ENXIO);
}

}  // namespace
}  // namespace biotope::sim
