#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "classes/random_stream.h"
#include "sim/disk/profiles.h"
#include "sim/rack/test_host.h"

namespace biotope::sim {
namespace {

using Order = TestHost::Order;
using Bytes = std::vector<std::byte>;
using Events = std::vector<std::string>;
constexpr std::int64_t kSector = 512;
constexpr int kBay[] = {0};

// A drive that answers writes from its buffer.
DiskProfile caching() { return (*find_profile("cheetah-9lp"))->profile; }

struct OneBay {
  explicit OneBay(DiskProfile profile = caching()) : rack(std::move(*Rack::create())) {
    const auto kind = disk_kind(std::make_shared<const DiskModel>(std::move(profile)));
    EXPECT_TRUE(rack->add_controller("scsi0", 1, kind));
    host = std::make_unique<TestHost>(*rack, 0);
    medium = *Medium::blank("disk", *rack->medium_shape(0));
    EXPECT_TRUE(rack->insert(0, medium));
  }

  // A write of one stamp, kept here until the bay goes.
  int write(std::int64_t first, std::int64_t sectors, int stamp, Order order = Order::any) {
    memory.emplace_back(static_cast<std::size_t>(sectors * kSector), std::byte(stamp));
    lists.push_back({{memory.back().data(), memory.back().size()}});
    return host->send(DriveCommand::write, first * kSector, sectors * kSector, lists.back(), order);
  }
  int stamp(std::int64_t sector) const {
    Bytes bytes(kSector);
    EXPECT_TRUE(medium->read(sector * kSector, bytes));
    EXPECT_EQ(std::count(bytes.begin(), bytes.end(), bytes[0]), kSector) << "torn in the middle";
    return static_cast<int>(bytes[0]);
  }
  // As the host reads it.
  Bytes read(std::int64_t first, std::int64_t sectors) {
    Bytes bytes(static_cast<std::size_t>(sectors * kSector));
    const std::vector<Segment> list{{bytes.data(), bytes.size()}};
    host->send(DriveCommand::read, first * kSector, sectors * kSector, list);
    wait();
    return bytes;
  }
  // Until the last request is answered.
  void wait() { rack->run_until_idle(); }
  int error() const { return host->answers.back().error; }
  std::int64_t now_ns() const { return rack->executor().now_ns(); }
  void run_for(std::int64_t time_ns) { rack->run_until(now_ns() + time_ns); }
  void cut(const PowerCut& how = {}) { ASSERT_TRUE(rack->cut_power(kBay, how)); }
  void restore() { ASSERT_TRUE(rack->restore_power(kBay)); }
  DriveStatistics statistics() const { return *rack->statistics(0); }

  std::unique_ptr<Rack> rack;
  std::unique_ptr<TestHost> host;
  std::shared_ptr<Medium> medium;
  std::deque<Bytes> memory;
  std::deque<std::vector<Segment>> lists;
};

// --- a buffer that forgets ----------------------------------------------------------------------

TEST(DrivePower, an_answered_write_is_not_on_the_medium_and_is_read_all_the_same) {
  OneBay bay;
  bay.write(1000, 8, 1);
  bay.wait();
  ASSERT_EQ(bay.error(), 0);
  EXPECT_EQ(bay.stamp(1000), 0);
  EXPECT_EQ(bay.read(1000, 8), Bytes(8 * kSector, std::byte{1}));
}

TEST(DrivePower, what_the_heads_have_passed_when_the_power_goes_is_there_and_the_rest_is_not) {
  std::set<int> reached;
  for (std::int64_t after_ns = 0; after_ns < 30'000'000; after_ns += 50'000) {
    OneBay bay;
    bay.write(1000, 40, 1);
    bay.wait();
    bay.run_for(after_ns);
    bay.cut();
    int passed = 0;
    while (passed < 40 && bay.stamp(1000 + passed) == 1) ++passed;
    for (int i = passed; i < 40; ++i) EXPECT_EQ(bay.stamp(1000 + i), 0);
    EXPECT_EQ(bay.statistics().lost_bytes, (40 - passed) * kSector);
    reached.insert(passed);
  }
  EXPECT_TRUE(reached.contains(0));
  EXPECT_TRUE(reached.contains(40));
  EXPECT_GT(reached.size(), 10U);
}

TEST(DrivePower, a_flush_is_answered_when_everything_before_it_is_on_the_medium) {
  OneBay bay;
  for (int i = 0; i < 5; ++i) bay.write(i * 100'000, 8, i + 1);
  bay.host->send(DriveCommand::flush, 0, 0);
  bay.wait();
  ASSERT_EQ(bay.host->answers.size(), 6U);
  EXPECT_EQ(bay.host->answers.back().request, 5);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(bay.stamp(i * 100'000 + 7), i + 1);
  bay.cut();
  EXPECT_EQ(bay.statistics().lost_bytes, 0);
}

TEST(DrivePower, a_forced_write_is_answered_when_it_is_on_the_medium) {
  const auto answered_ns = [](Order order) {
    OneBay bay;
    bay.write(200'000, 4, 2, order);
    while (bay.host->answers.empty()) EXPECT_TRUE(bay.rack->executor().step());
    for (int i = 0; i < 4; ++i) EXPECT_EQ(bay.stamp(200'000 + i), order == Order::forced ? 2 : 0);
    return bay.now_ns();
  };
  EXPECT_LT(answered_ns(Order::any), answered_ns(Order::forced));
}

TEST(DrivePower, a_drive_that_lies_loses_what_was_flushed) {
  for (const bool flushed : {true, false}) {
    OneBay bay;
    ASSERT_TRUE(bay.rack->set_flush_lies(0, true));
    bay.write(1000, 8, 1, flushed ? Order::any : Order::forced);
    if (flushed) bay.host->send(DriveCommand::flush, 0, 0);
    bay.wait();
    for (const auto& answer : bay.host->answers) EXPECT_EQ(answer.error, 0);
    bay.cut();
    EXPECT_EQ(bay.stamp(1007), 0);
    EXPECT_EQ(bay.statistics().lost_bytes, 8 * kSector);
  }
}

TEST(DrivePower, a_medium_is_not_ejected_before_all_is_on_it) {
  OneBay bay;
  bay.write(1000, 8, 1);
  bay.wait();
  const Status early = bay.rack->eject(0);
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().code, EBUSY);
  EXPECT_NE(early.error().text.find("flush it first"), std::string::npos);
  bay.host->send(DriveCommand::flush, 0, 0);
  bay.wait();
  EXPECT_TRUE(bay.rack->eject(0));
  EXPECT_EQ(bay.stamp(1007), 1);
}

TEST(DrivePower, a_medium_torn_out_lacks_what_was_in_the_buffer) {
  OneBay bay;
  bay.write(1000, 8, 1);
  bay.wait();
  ASSERT_TRUE(bay.rack->tear_out(0));
  EXPECT_EQ(bay.stamp(1000), 0);
  ASSERT_TRUE(bay.rack->insert(0, bay.medium));
  EXPECT_EQ(bay.read(1000, 8), Bytes(8 * kSector));
}

TEST(DrivePower, an_erasure_hits_what_was_in_the_buffer_too) {
  OneBay bay;
  bay.write(1000, 8, 1);
  bay.host->send(DriveCommand::erase, 1002 * kSector, 2 * kSector);
  bay.wait();
  bay.cut();
  EXPECT_EQ(bay.stamp(1001), 1);
  EXPECT_EQ(bay.stamp(1002), 0);
  EXPECT_EQ(bay.stamp(1004), 1);
}

// --- rules --------------------------------------------------------------------------------------

CrashRule rule_of(RandomStream& random) {
  CrashRule rule;
  rule.keep = static_cast<CrashRule::Keep>(random.between(0, 4));
  rule.tear = static_cast<CrashRule::Tear>(random.between(0, 3));
  rule.unserial = random.between(0, 1) == 1;
  rule.rollback_bytes = random.between(0, 1) * 16 * kSector;
  return rule;
}

// A random load with flushes and forced writes, the power cut somewhere in it: each sector holds
// what was last made sure of, or something newer.
void cut_somewhere(std::uint64_t seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  RandomStream random(seed, "load");
  OneBay bay;
  std::map<int, std::pair<std::int64_t, std::int64_t>> where;  // stamp -> first, sectors
  std::map<int, int> stamp_of;                                 // request -> stamp
  std::map<int, int> flush_of;                                 // request -> last stamp before it
  std::map<int, int> forced;                                   // request -> its stamp
  for (int stamp = 1; stamp <= 60; ++stamp) {
    const std::int64_t first = 4000 + random.between(0, 60);
    const std::int64_t sectors = random.between(1, 12);
    const bool sure = random.between(0, 9) == 0;
    const int request = bay.write(first, sectors, stamp, sure ? Order::forced : Order::any);
    where[stamp] = {first, sectors};
    stamp_of[request] = stamp;
    if (sure) forced[request] = stamp;
    if (random.between(0, 7) == 0) {
      flush_of[bay.host->send(DriveCommand::flush, 0, 0)] = stamp;
    }
    bay.run_for(random.between(0, 5'000'000));
  }
  bay.run_for(random.between(0, 20'000'000));
  bay.cut({.rule = rule_of(random), .seed = seed});

  std::map<std::int64_t, int> least;  // by sector: the oldest stamp that may be there
  const auto sure = [&](int stamp) {
    const auto [first, sectors] = where[stamp];
    for (std::int64_t s = first; s < first + sectors; ++s) least[s] = std::max(least[s], stamp);
  };
  for (const auto& answer : bay.host->answers) {
    if (answer.error != 0) continue;
    if (forced.contains(answer.request)) sure(forced[answer.request]);
    if (!flush_of.contains(answer.request)) continue;
    for (int stamp = 1; stamp <= flush_of[answer.request]; ++stamp) sure(stamp);
  }
  for (std::int64_t s = 4000; s < 4073; ++s) {
    const int there = bay.stamp(s);
    EXPECT_GE(there, least[s]) << "sector " << s;
    if (there == 0) continue;
    const auto [first, sectors] = where[there];
    EXPECT_TRUE(s >= first && s < first + sectors) << "sector " << s << " holds " << there;
  }
}

TEST(DrivePower, Inv_C1_what_was_flushed_or_forced_survives_every_cut_under_every_rule) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) cut_somewhere(seed);
}

TEST(DrivePower, Inv_C5_an_ordered_write_is_never_there_without_what_was_before_it) {
  int partial = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    OneBay bay;
    for (int i = 0; i < 6; ++i) bay.write(3000 + i * 500, 4, i + 1, Order::ordered);
    bay.run_for(RandomStream(seed, "when").between(0, 120'000'000));
    bay.cut({.rule = {.keep = CrashRule::Keep::any_subset, .unserial = true}, .seed = seed});
    int there = 0;
    while (there < 6 && bay.stamp(3000 + there * 500 + 3) == there + 1) ++there;
    for (int i = there + 1; i < 6; ++i) EXPECT_EQ(bay.stamp(3000 + i * 500), 0) << i;
    partial += there > 0 && there < 6 ? 1 : 0;
  }
  EXPECT_GT(partial, 30);
}

TEST(DrivePower, the_same_cut_leaves_the_same_bytes_and_other_seeds_others) {
  const auto image = [](std::uint64_t seed) {
    OneBay bay;
    for (int i = 0; i < 30; ++i) bay.write(1000 + i * 8, 8, i + 1);
    bay.wait();
    bay.cut({.rule = {.keep = CrashRule::Keep::per_sector}, .seed = seed});
    std::vector<int> stamps;
    for (int s = 0; s < 240; ++s) stamps.push_back(bay.stamp(1000 + s));
    return stamps;
  };
  EXPECT_EQ(image(1), image(1));
  EXPECT_NE(image(1), image(2));
}

TEST(DrivePower, choices_may_be_given_in_place_of_drawn_ones) {
  OneBay bay;
  for (int i = 0; i < 3; ++i) bay.write(1000 + i * 8, 8, i + 1);
  bay.wait();
  bay.cut({.rule = {.keep = CrashRule::Keep::prefix}, .choices = {2}});
  EXPECT_EQ(bay.stamp(1000), 1);
  EXPECT_EQ(bay.stamp(1008), 2);
  EXPECT_EQ(bay.stamp(1016), 0);
}

TEST(DrivePower, a_sector_that_was_half_written_can_not_be_read_until_it_is_written_again) {
  OneBay bay;
  bay.write(1000, 8, 1);
  bay.wait();
  bay.cut({.rule = {.fill = CrashRule::Fill::unreadable}});
  bay.restore();
  bay.read(1002, 1);
  EXPECT_EQ(bay.error(), EIO);
  bay.read(1008, 1);
  EXPECT_EQ(bay.error(), 0);
  bay.write(1000, 8, 2);
  EXPECT_EQ(bay.read(1002, 1), Bytes(kSector, std::byte{2}));
  EXPECT_EQ(bay.error(), 0);
}

TEST(DrivePower, a_write_through_is_shorn_in_the_sector_under_the_head) {
  OneBay bay((*find_profile("zip100"))->profile);
  Drive& drive = bay.rack->place(0).controller->drive(0);
  bay.write(20, 40, 1);
  while (bay.stamp(25) == 0) {
    bay.run_for(10'000);
    drive.catch_up();
  }
  bay.cut({.rule = {.shorn_bytes = 8}, .choices = {7}});
  Bytes bytes(40 * kSector);
  ASSERT_TRUE(bay.medium->read(20 * kSector, bytes));
  const auto old = std::find(bytes.begin(), bytes.end(), std::byte{0});
  EXPECT_EQ((old - bytes.begin()) % kSector, 7 * 8);
  EXPECT_EQ(std::count(old, bytes.end(), std::byte{0}), bytes.end() - old);
}

// --- off and on ---------------------------------------------------------------------------------

TEST(DrivePower, without_power_every_request_ends_with_ENXIO_and_each_once) {
  OneBay bay;
  for (int i = 0; i < 4; ++i) bay.write(i * 50'000, 8, 1, i == 2 ? Order::forced : Order::any);
  bay.host->send(DriveCommand::flush, 0, 0);
  bay.run_for(1'000'000);
  bay.cut();
  bay.write(0, 8, 1);
  bay.wait();
  ASSERT_EQ(bay.host->answers.size(), 6U);
  for (int i = 0; i < 6; ++i) {
    const auto has = [&](const auto& answer) { return answer.request == i; };
    EXPECT_EQ(std::count_if(bay.host->answers.begin(), bay.host->answers.end(), has), 1);
  }
  EXPECT_EQ(bay.error(), ENXIO);
  EXPECT_EQ(bay.rack->lock(0).error().code, ENXIO);
  EXPECT_EQ(bay.rack->eject(0).error().code, ENXIO);
}

TEST(DrivePower, the_medium_stays_in_and_comes_back_as_another) {
  OneBay bay;
  bay.cut();
  EXPECT_EQ(bay.rack->medium(0).value(), bay.medium);
  bay.restore();
  bay.wait();
  EXPECT_EQ(bay.host->events,
            (Events{"inserted", "power off", "without power", "power on", "inserted"}));
  bay.write(0, 8, 3, Order::forced);
  bay.wait();
  EXPECT_EQ(bay.stamp(0), 3);
}

TEST(DrivePower, it_takes_time_to_start_up_and_a_cut_meanwhile_does_no_harm) {
  DiskProfile profile = caching();
  profile.handling.power_up_ns = 1'000'000'000;
  OneBay bay(profile);
  bay.write(0, 8, 1, Order::forced);
  bay.wait();
  bay.cut();
  const std::int64_t began_ns = bay.now_ns();
  bay.restore();
  bay.run_for(400'000'000);
  EXPECT_FALSE(bay.rack->place(0).controller->drive(0).ready());
  bay.write(0, 8, 2);
  bay.run_for(1);
  EXPECT_EQ(bay.error(), ENXIO);
  bay.cut({.rule = {.keep = CrashRule::Keep::per_sector, .fill = CrashRule::Fill::garbage}});
  bay.restore();
  bay.run_for(999'999'999);
  EXPECT_FALSE(bay.rack->place(0).controller->drive(0).ready());
  bay.run_for(1);
  EXPECT_TRUE(bay.rack->place(0).controller->drive(0).ready());
  EXPECT_EQ(bay.now_ns(), began_ns + 1'400'000'001);
  EXPECT_EQ(bay.stamp(0), 1);
}

TEST(DrivePower, a_drive_starts_up_whatever_is_done_with_its_medium_meanwhile) {
  DiskProfile profile = caching();
  profile.handling.power_up_ns = 1'000'000'000;
  OneBay bay(profile);
  bay.cut();
  bay.restore();
  bay.run_for(500'000'000);
  ASSERT_TRUE(bay.rack->tear_out(0));
  ASSERT_TRUE(bay.rack->insert(0, bay.medium));
  bay.run_for(499'999'999);
  EXPECT_FALSE(bay.rack->place(0).controller->drive(0).ready());
  bay.run_for(1);
  EXPECT_TRUE(bay.rack->place(0).controller->drive(0).ready());
}

TEST(DrivePower, what_is_off_or_on_already_stays_so) {
  OneBay bay;
  bay.restore();
  bay.cut();
  bay.cut();
  bay.restore();
  bay.restore();
  bay.wait();
  EXPECT_EQ(bay.host->events.size(), 5U);
  Drive& drive = bay.rack->place(0).controller->drive(0);
  EXPECT_EQ(drive.restore_power().error().code, EALREADY);
  EXPECT_TRUE(drive.cut_power({}));
  EXPECT_EQ(drive.cut_power({}).error().code, EALREADY);
}

TEST(DrivePower, a_shelf_goes_as_one_and_a_bay_that_is_not_there_leaves_all_as_it_was) {
  auto rack = std::move(*Rack::create());
  ASSERT_TRUE(rack->add_controller("scsi0", 4, "zip100"));
  const int wrong[] = {0, 4};
  EXPECT_EQ(rack->cut_power(wrong, {}).error().code, ENOENT);
  EXPECT_TRUE(rack->place(0).controller->drive(0).has_power());
  const int shelf[] = {1, 3};
  ASSERT_TRUE(rack->cut_power(shelf, {}));
  for (int bay = 0; bay < 4; ++bay) {
    EXPECT_EQ(rack->place(bay).controller->drive(bay).has_power(), bay % 2 == 0);
  }
  ASSERT_TRUE(rack->cut_power(rack->all_bays(), {}));
  EXPECT_FALSE(rack->place(0).controller->drive(0).has_power());
}

TEST(DrivePower, a_medium_may_change_while_the_power_is_off) {
  OneBay bay;
  bay.cut();
  ASSERT_TRUE(bay.rack->tear_out(0));
  const auto other = *Medium::blank("other", *bay.rack->medium_shape(0));
  ASSERT_TRUE(bay.rack->insert(0, other));
  bay.restore();
  bay.wait();
  EXPECT_EQ(bay.host->events,
            (Events{"inserted", "power off", "without power", "power on", "inserted"}));
  EXPECT_EQ(bay.rack->medium(0).value(), other);
}

}  // namespace
}  // namespace biotope::sim
