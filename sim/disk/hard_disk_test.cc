#include "sim/disk/hard_disk.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>
#include <cmath>

#include "sim/disk/testing.h"

namespace biotope::sim {
namespace {

constexpr std::int64_t kRevolutionNs = 10'000'000;  // of plain_profile()
constexpr std::int64_t kSectorNs = 100'000;

// --- closed forms -------------------------------------------------------------------------------

// Over pairs of cylinders drawn evenly from n, seeks of 1 ms + 10 us for each cylinder beyond the
// first have the mean (1 - 1/n) * (1 ms - 10 us) + 10 us * (n - 1/n) / 3.
TEST(HardDisk, mean_seek_and_rotation_of_random_reads_are_the_closed_forms) {
  const auto model = model_of(plain_profile());
  HardDisk disk(model);
  EvenDraws draws(1);
  constexpr int kReads = 40'000;
  std::int64_t now_ns = 0;
  for (int i = 0; i < kReads; ++i) {
    now_ns += serve(disk, false, draws.next(model->layout.sectors()), 1, now_ns);
  }
  const double n = 1000;
  const double seek_ns = (1 - 1 / n) * 990e3 + 10e3 * (n - 1 / n) / 3;
  const MechanismCounts& counts = disk.mechanism().counts();
  // Five standard errors: seeks spread by 2.4 ms, and waits by 10 ms / sqrt(12).
  const double root = std::sqrt(static_cast<double>(kReads));
  EXPECT_NEAR(static_cast<double>(counts.moving_ns) / kReads, seek_ns, 5 * 2.4e6 / root);
  EXPECT_NEAR(static_cast<double>(counts.rotation_ns) / kReads, 5e6, 5 * 2.887e6 / root);
  EXPECT_EQ(counts.sectors, kReads);
}

TEST(HardDisk, a_read_takes_movement_wait_and_its_sectors) {
  HardDisk disk(model_of(plain_profile()));
  // Cylinder 3, surface 0, sector 40: 1.02 ms of seek, then the platter stands at 1.02 ms.
  EXPECT_EQ(serve(disk, false, 3 * 400 + 40, 5, 0), 4'000'000 + 5 * kSectorNs);
  // A sector that has just begun to pass comes again after a revolution.
  const std::int64_t just_gone_ns = 3 * kRevolutionNs + 60 * kSectorNs + 1000;
  EXPECT_EQ(serve(disk, false, 3 * 400 + 60, 1, just_gone_ns), kRevolutionNs - 1000 + kSectorNs);
}

TEST(HardDisk, skews_give_a_long_read_no_wait_between_tracks) {
  DiskProfile profile = plain_profile();
  profile.movement.head_switch_ns = 4 * kSectorNs;
  profile.geometry.zones[0].track_skew = 4;
  profile.geometry.zones[0].cylinder_skew = 10;  // a seek of 1 ms
  profile.cache.segment_sectors = 4000;
  HardDisk disk(model_of(profile));
  // Two cylinders of four tracks: six changes of the head and one of the cylinder.
  EXPECT_EQ(serve(disk, false, 0, 800, 0), 800 * kSectorNs + 6 * 400'000 + 1'000'000);
}

TEST(HardDisk, writes_pay_the_settling_only_when_they_move) {
  DiskProfile profile = plain_profile();
  profile.movement.write_settle_ns = 7 * kSectorNs;
  HardDisk disk(model_of(profile));
  EXPECT_EQ(serve(disk, true, 5, 1, 0), 6 * kSectorNs);
  const std::int64_t now_ns = 10 * kRevolutionNs;
  // A seek of 1 ms, and 0.7 ms: sector 16 is gone then, sector 17 is met.
  EXPECT_EQ(serve(disk, true, 400 + 17, 1, now_ns), 18 * kSectorNs);
  EXPECT_EQ(serve(disk, true, 16, 1, 2 * now_ns), kRevolutionNs + 17 * kSectorNs);
}

// --- zero latency -------------------------------------------------------------------------------

TEST(HardDisk, with_zero_latency_a_track_takes_one_revolution_wherever_the_head_arrives) {
  DiskProfile profile = plain_profile();
  profile.cache.zero_latency_read = true;
  profile.cache.reads_free_sectors = true;
  for (std::int64_t late = 0; late < 100; late += 7) {
    HardDisk disk(model_of(profile));
    EXPECT_EQ(serve(disk, false, 0, 100, late * kSectorNs), kRevolutionNs) << late;
  }
  profile.cache.zero_latency_read = false;
  HardDisk disk(model_of(profile));
  EXPECT_EQ(serve(disk, false, 0, 100, 30 * kSectorNs), 2 * kRevolutionNs - 30 * kSectorNs);
}

TEST(HardDisk, zero_latency_writes_begin_anywhere_too) {
  DiskProfile profile = plain_profile();
  profile.cache.zero_latency_write = true;
  HardDisk disk(model_of(profile));
  EXPECT_EQ(serve(disk, true, 0, 100, 33 * kSectorNs), kRevolutionNs);
}

TEST(HardDisk, free_sectors_that_passed_before_the_wanted_ones_are_hits_later) {
  DiskProfile profile = plain_profile();
  profile.cache.reads_free_sectors = true;
  profile.cache.segments = 2;
  HardDisk disk(model_of(profile));
  serve(disk, false, 50, 1, 20 * kSectorNs);
  EXPECT_EQ(serve(disk, false, 20, 31, 100 * kRevolutionNs), 0);
  EXPECT_EQ(serve(disk, false, 19, 1, 200 * kRevolutionNs), 20 * kSectorNs);
}

// --- cache --------------------------------------------------------------------------------------

TEST(HardDisk, read_ahead_to_the_limit_makes_what_follows_a_hit) {
  DiskProfile profile = plain_profile();
  profile.cache.read_ahead = ReadAhead::to_limit;
  profile.cache.most_read_ahead = 60;
  HardDisk disk(model_of(profile));
  serve(disk, false, 0, 10, 0);
  EXPECT_EQ(serve(disk, false, 10, 60, kRevolutionNs), 0);
  EXPECT_EQ(disk.counts().whole_hits, 1);
}

TEST(HardDisk, read_ahead_stops_at_the_end_of_the_track_or_cylinder_where_it_should) {
  for (const auto& [kind, last] :
       {std::pair(ReadAhead::to_track, 100), {ReadAhead::to_cylinder, 400}}) {
    DiskProfile profile = plain_profile();
    profile.cache.read_ahead = kind;
    profile.cache.most_read_ahead = 1000;
    profile.cache.segment_sectors = 2000;
    HardDisk disk(model_of(profile));
    serve(disk, false, 0, 10, 0);
    EXPECT_FALSE(disk.finished(100 * kRevolutionNs));
    EXPECT_EQ(disk.segments().all()[0].end, last);
  }
}

TEST(HardDisk, write_back_answers_before_the_medium_and_the_next_read_waits_for_it) {
  DiskProfile profile = plain_profile();
  profile.cache.write_back = 2;
  profile.bus.write_sector_ns = 1000;
  HardDisk disk(model_of(profile));
  EXPECT_EQ(serve(disk, true, 80, 10, 0), 10 * 1000);
  EXPECT_TRUE(disk.writes_back());
  // It is on the medium at 9 ms; the head then waits 1.1 ms for sector 1.
  EXPECT_EQ(serve(disk, false, 1, 1, 1'000'000), 9'200'000);
  EXPECT_FALSE(disk.writes_back());
}

TEST(HardDisk, written_sectors_are_hits_where_the_drive_allows_it) {
  DiskProfile profile = plain_profile();
  profile.cache.hits_on_written = true;
  profile.cache.segments = 2;
  HardDisk may(model_of(profile));
  serve(may, true, 80, 10, 0);
  EXPECT_EQ(serve(may, false, 80, 10, kRevolutionNs), 0);
  profile.cache.hits_on_written = false;
  HardDisk may_not(model_of(profile));
  serve(may_not, true, 80, 10, 0);
  EXPECT_EQ(serve(may_not, false, 80, 10, kRevolutionNs), 9'000'000);
}

TEST(HardDisk, a_write_leaves_no_stale_hit_behind) {
  DiskProfile profile = plain_profile();
  profile.cache.segments = 3;
  HardDisk disk(model_of(profile));
  serve(disk, false, 0, 20, 0);
  serve(disk, true, 10, 1, kRevolutionNs);
  serve(disk, false, 10, 1, 2 * kRevolutionNs);
  EXPECT_EQ(disk.counts().whole_hits, 0);
}

// --- queues -------------------------------------------------------------------------------------

std::vector<std::uint64_t> served_order(SchedulerKind kind,
                                        const std::vector<std::int64_t>& first) {
  DiskProfile profile = plain_profile();
  profile.queue.scheduler = kind;
  HardDisk disk(model_of(profile));
  // The first is taken up at once; the others wait for it.
  for (std::size_t i = 0; i < first.size(); ++i) disk.submit(i, false, first[i], 1, 0);
  std::vector<std::uint64_t> order;
  while (const auto done = disk.finished(kNever)) order.push_back(done->tag);
  EXPECT_EQ(disk.outstanding(), 0);
  return order;
}

std::vector<std::int64_t> on_cylinders(const std::vector<std::int64_t>& cylinders) {
  std::vector<std::int64_t> first;
  for (const std::int64_t cylinder : cylinders) first.push_back(cylinder * 400);
  return first;
}

TEST(Scheduler, each_kind_has_its_order) {
  using Order = std::vector<std::uint64_t>;
  const auto first = on_cylinders({500, 100, 510, 900, 480, 520});
  EXPECT_EQ(served_order(SchedulerKind::fcfs, first), (Order{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(served_order(SchedulerKind::sstf, first), (Order{0, 2, 5, 4, 1, 3}));
  EXPECT_EQ(served_order(SchedulerKind::scan, first), (Order{0, 2, 5, 3, 4, 1}));
  EXPECT_EQ(served_order(SchedulerKind::clook, first), (Order{0, 2, 5, 3, 1, 4}));
}

TEST(Scheduler, of_equals_the_oldest_is_first) {
  using Order = std::vector<std::uint64_t>;
  const auto first = on_cylinders({500, 490, 510, 490, 510});
  EXPECT_EQ(served_order(SchedulerKind::sstf, first), (Order{0, 1, 3, 2, 4}));
  EXPECT_EQ(served_order(SchedulerKind::clook, first), (Order{0, 2, 4, 1, 3}));
}

// What sptf takes is soonest of all, found by asking for each.
RC_GTEST_PROP(Scheduler, sptf_takes_what_can_be_reached_soonest, ()) {
  DiskProfile profile = plain_profile();
  profile.movement.seek.points = {{1, 2'000'000}, {5, 900'000}, {999, 9'000'000}};
  profile.queue.scheduler = SchedulerKind::sptf;
  const auto model = model_of(profile);
  CacheSegments segments(profile.cache);
  const Mechanism mechanism(model->profile, model->layout, segments);
  Scheduler scheduler(SchedulerKind::sptf, mechanism, model->least_seek_ns);
  const auto firsts = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 20'000)));
  std::vector<DiskRequest> requests(firsts.size());
  std::int64_t least_ns = kNever;
  for (std::size_t i = 0; i < firsts.size(); ++i) {
    requests[i].first = firsts[i];
    requests[i].end = firsts[i] + 1;
    requests[i].number = i;
    requests[i].place = model->layout.place(firsts[i]);
    least_ns = std::min(least_ns, mechanism.access_ns(requests[i].place, false, 0));
    scheduler.add(requests[i]);
  }
  const DiskRequest& next = scheduler.next(0);
  RC_ASSERT(mechanism.access_ns(next.place, false, 0) == least_ns);
  scheduler.for_each([&](DiskRequest& request) { scheduler.remove(request); });
}

TEST(Scheduler, the_better_the_scheduler_the_more_requests_a_second) {
  std::vector<std::int64_t> ends_ns;
  for (const SchedulerKind kind :
       {SchedulerKind::fcfs, SchedulerKind::clook, SchedulerKind::sstf, SchedulerKind::sptf}) {
    DiskProfile profile = plain_profile();
    profile.queue.scheduler = kind;
    HardDisk disk(model_of(profile));
    EvenDraws draws(3);
    for (int i = 0; i < 64; ++i) disk.submit(0, false, draws.next(400'000), 1, 0);
    std::int64_t end_ns = 0;
    for (int i = 0; i < 3000; ++i) {
      const auto done = disk.finished(kNever);
      ASSERT_TRUE(done);
      end_ns = done->time_ns;
      disk.submit(0, false, draws.next(400'000), 1, end_ns);
    }
    ends_ns.push_back(end_ns);
  }
  EXPECT_GT(ends_ns[0], ends_ns[1]);
  EXPECT_GT(ends_ns[1], ends_ns[2]);
  EXPECT_GT(ends_ns[2], ends_ns[3]);
}

// --- every drive --------------------------------------------------------------------------------

Cache any_cache() {
  const auto yes = [] { return *rc::gen::arbitrary<bool>(); };
  Cache c;
  c.keeps = yes();
  c.segments = *rc::gen::inRange(2, 5);
  c.segment_sectors = *rc::gen::inRange(1, 300);
  c.write_segments = *rc::gen::inRange(1, 4);
  c.separate_write_segment = yes();
  c.read_mark = *rc::gen::element(0.0, 0.5, 1.0);
  c.write_mark = *rc::gen::element(0.0, 0.5, 1.0);
  c.marks_by_request = yes();
  c.read_ahead = static_cast<ReadAhead>(*rc::gen::inRange(0, 5));
  c.most_read_ahead = *rc::gen::inRange(0, 300);
  c.least_read_ahead = *rc::gen::inRange<std::int64_t>(0, c.most_read_ahead + 1);
  c.read_ahead_over = *rc::gen::inRange(-1, 2);
  c.read_ahead_on_idle_hit = yes();
  c.stops_in_sector = yes();
  c.stops_at_event = yes();
  c.write_hit_stops_read_ahead = yes();
  c.write_back = *rc::gen::inRange(0, 3);
  c.combines_writes = yes();
  c.hits_on_written = yes();
  c.almost_hits = yes();
  c.partial_hits_at_once = yes();
  c.reads_into_buffer = yes();
  c.full_hits_beside = yes();
  c.partial_hits_beside = yes();
  c.queued_hits_beside = yes();
  c.writes_beside = yes();
  c.preseek = *rc::gen::inRange(0, 3);
  c.zero_latency_read = yes();
  c.zero_latency_write = yes();
  c.reads_free_sectors = yes();
  return c;
}

DiskProfile any_profile() {
  DiskProfile p = plain_profile();
  p.cache = any_cache();
  const auto some_ns = [] { return *rc::gen::inRange<std::int64_t>(0, 500'000); };
  p.bus = {some_ns(), some_ns(), *rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>(),
           *rc::gen::arbitrary<bool>()};
  p.overheads.request_ns = *rc::gen::element<std::int64_t>(0, 30'000);
  p.overheads.read_miss = {some_ns(), some_ns()};
  p.overheads.write_through = {some_ns(), some_ns()};
  p.overheads.first_reselect_ns = some_ns();
  p.overheads.read_disconnect = {some_ns(), some_ns()};
  p.extra_disconnect.on = *rc::gen::arbitrary<bool>();
  p.extra_disconnect.gap_ns = some_ns();
  p.movement.head_switch_ns = some_ns();
  p.queue.scheduler = static_cast<SchedulerKind>(*rc::gen::inRange(0, 5));
  return p;
}

// Whatever the drive and whatever it is asked, with however many requests at a time: each comes
// back once, within the time that everything before it can take, and the drive comes to rest.
RC_GTEST_PROP(HardDisk, every_request_ends_once_and_the_drive_comes_to_rest, ()) {
  const DiskProfile profile = any_profile();
  RC_PRE(!find_fault(profile));
  HardDisk disk(std::make_shared<const DiskModel>(profile));
  const std::int64_t sectors = disk.layout().sectors();
  const auto depth = *rc::gen::inRange(1, 6);
  std::vector<int> ended;
  std::int64_t now_ns = 0;
  const auto take_out = [&](std::int64_t until_ns) {
    while (const auto done = disk.finished(until_ns)) {
      ++ended.at(static_cast<std::size_t>(done->tag));
      RC_ASSERT(done->time_ns >= now_ns);
      now_ns = done->time_ns;
    }
  };
  for (int i = 0; i < 40; ++i) {
    // Near each other, so that they meet in the buffer.
    const auto count = *rc::gen::inRange<std::int64_t>(1, 60);
    const auto first = *rc::gen::inRange<std::int64_t>(sectors - 1000, sectors - count);
    ended.push_back(0);
    disk.submit(ended.size() - 1, *rc::gen::arbitrary<bool>(), first, count, now_ns);
    while (disk.outstanding() >= depth) {
      const auto done = disk.finished(now_ns + 1000 * kRevolutionNs);
      RC_ASSERT(done.has_value());
      ++ended.at(static_cast<std::size_t>(done->tag));
      now_ns = done->time_ns;
    }
    const std::int64_t until_ns = now_ns + *rc::gen::inRange<std::int64_t>(0, 2 * kRevolutionNs);
    take_out(until_ns);
    now_ns = until_ns;
  }
  take_out(now_ns + 10'000 * kRevolutionNs);
  RC_ASSERT(std::all_of(ended.begin(), ended.end(), [](int times) { return times == 1; }));
  RC_ASSERT(disk.outstanding() == 0);
  RC_ASSERT(!disk.writes_back());
  RC_ASSERT(disk.event_ns() == kNever);
  const MechanismCounts& moved = disk.mechanism().counts();
  RC_ASSERT(moved.transfer_ns == moved.sectors * kSectorNs);
}

}  // namespace
}  // namespace biotope::sim
