#include "model/request_path.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

#include "model/control_io.h"
#include "model/testing.h"

namespace biotope {
namespace {

using testing::Issuer;
using testing::Pass;
using testing::properties_of_size;
using testing::Recorder;
using testing::Source;
using testing::TestMesh;
using testing::User;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// A source of 64 sectors under a user who may do everything.
struct Small {
  explicit Small(std::int64_t sector = 512, std::int64_t sectors = 64)
      : disk(t.source("da0", properties_of_size(sectors * sector, sector))),
        user(t.user("u", t.provider("da0"))),
        issuer(t.mesh) {
    t.mesh.settle();
    EXPECT_TRUE(t.mesh.access(user.edge(), {1, 1, 0}));
  }
  int ask(Command command, std::int64_t offset, std::int64_t length) {
    return issuer.ask(user.edge(), command, offset, length);
  }
  TestMesh t;
  Source& disk;
  User& user;
  Issuer issuer;
};

// The table of entry checks ----------------------------------------------------------------------

TEST(Entry, Inv_E20_who_may_what_is_decided_first) {
  Small s;
  ASSERT_TRUE(s.t.mesh.access(s.user.edge(), {0, -1, 0}));
  EXPECT_EQ(s.ask(Command::read, 0, 512), 0);
  for (const Command c : {Command::write, Command::remove, Command::format, Command::flush}) {
    EXPECT_EQ(s.ask(c, 0, 512), EPERM) << command_name(c);
    EXPECT_EQ(s.ask(c, 7, -3), EPERM) << command_name(c) << ", whatever else is wrong";
  }
  ASSERT_TRUE(s.t.mesh.access(s.user.edge(), {-1, 1, 0}));
  EXPECT_EQ(s.ask(Command::read, 0, 512), EPERM);
  EXPECT_EQ(s.ask(Command::getattr, 0, 8), EPERM);
  EXPECT_EQ(s.ask(Command::write, 0, 512), 0);
  EXPECT_EQ(s.disk.seen.size(), 2U);
}

TEST(Entry, Paper_04_what_is_no_command_is_refused) {
  Small s;
  for (const int number : {0, 7, 8, 31, 32, 33, 34, 64, 65, 200, 255}) {
    EXPECT_EQ(s.ask(static_cast<Command>(number), 0, 512), EPERM) << number;
  }
  EXPECT_TRUE(s.disk.seen.empty());
}

TEST(Entry, Inv_E20_the_providers_error_comes_next) {
  Small s;
  s.t.mesh.orphan(s.t.provider("da0"), EIO);
  EXPECT_EQ(s.ask(Command::read, 7, 3), EIO);
  EXPECT_EQ(s.ask(Command::flush, 0, 0), EIO);
  EXPECT_EQ(s.ask(static_cast<Command>(0), 0, 512), EPERM) << "but after who may what";
}

TEST(Entry, Inv_E20_an_orphaned_consumer_gets_nothing_more) {
  Small s;
  s.t.mesh.drop(s.user.edge());
  EXPECT_EQ(s.ask(Command::read, 7, 3), ENXIO);
  EXPECT_EQ(s.ask(Command::getattr, 0, 8), ENXIO);
  EXPECT_TRUE(s.disk.seen.empty());
}

TEST(Entry, Inv_E20_an_empty_medium_has_no_sectors) {
  Small s(512, 0);
  EXPECT_EQ(s.ask(Command::read, 0, 512), ENXIO);
  EXPECT_EQ(s.ask(Command::read, 0, 0), ENXIO);
  EXPECT_EQ(s.ask(Command::flush, 0, 0), 0) << "names no sector";
}

TEST(Entry, an_edge_that_is_not_attached_answers) {
  TestMesh t;
  auto& user = t.add<User>("u");
  Consumer& edge = **t.mesh.new_consumer(user);
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(edge, Command::read, 0, 512), ENXIO);
  EXPECT_EQ(issuer.ask(edge, Command::flush, 0, 0), ENXIO);
}

struct Range {
  std::int64_t offset_sectors, offset_rest, length_sectors, length_rest;
  int error;
};

class Ranges : public ::testing::TestWithParam<std::int64_t> {};

// geom.md A12, rows 5 to 9, with one difference: past the end is EIO and never short.
TEST_P(Ranges, Inv_E20_alignment_then_range_for_every_sector_size) {
  const std::int64_t sector = GetParam();
  Small s(sector, 64);
  const std::vector<Range> table{
      {0, 0, 64, 0, 0},       {0, 0, 65, 0, EIO},   {63, 0, 1, 0, 0},      {63, 0, 2, 0, EIO},
      {64, 0, 1, 0, EIO},     {64, 0, 0, 0, 0},     {65, 0, 0, 0, EIO},    {0, 0, 0, 0, 0},
      {-1, 0, 1, 0, EIO},     {-64, 0, 65, 0, EIO}, {0, 0, -1, 0, EINVAL}, {0, 0, -64, 0, EINVAL},
      {64, 0, -1, 0, EINVAL}, {65, 0, -1, 0, EIO},  {1000, 0, 1, 0, EIO}};
  for (const Command c : {Command::read, Command::write, Command::remove, Command::format}) {
    for (const Range& r : table) {
      EXPECT_EQ(s.ask(c, r.offset_sectors * sector, r.length_sectors * sector), r.error)
          << command_name(c) << ' ' << r.offset_sectors << '+' << r.length_sectors;
    }
  }
  if (sector == 1) return;
  const std::vector<Range> crooked{{0, 1, 1, 0, EINVAL},  {0, 0, 1, 1, EINVAL},
                                   {0, -1, 1, 0, EINVAL}, {64, 1, 1, 0, EINVAL},
                                   {1, -1, 1, 0, EINVAL}, {0, 0, 0, 1, EINVAL}};
  for (const Range& r : crooked) {
    EXPECT_EQ(s.ask(Command::read, r.offset_sectors * sector + r.offset_rest,
                    r.length_sectors * sector + r.length_rest),
              r.error)
        << r.offset_sectors << ',' << r.offset_rest << '+' << r.length_sectors << ','
        << r.length_rest;
  }
}

INSTANTIATE_TEST_SUITE_P(SectorSizes, Ranges,
                         ::testing::Values(1, 512, 520, 2048, 2352, 4096, 4160, 65536));

class Huge : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(Huge, Inv_E20_no_sum_of_offset_and_length_overflows) {
  const std::int64_t sector = GetParam();
  const std::int64_t size = kMost / sector * sector;
  TestMesh t;
  t.mesh.set_tasting(false);
  Source& disk = t.source("da0", properties_of_size(size, sector));
  User& user = t.user("u", t.provider("da0"));
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 0}));
  Issuer issuer(t.mesh);
  const auto ask = [&](std::int64_t offset, std::int64_t length) {
    return issuer.ask(user.edge(), Command::remove, offset, length);
  };
  EXPECT_EQ(ask(size - sector, sector), 0) << "the last sector there can be";
  EXPECT_EQ(ask(size - sector, 2 * sector), EIO);
  EXPECT_EQ(ask(size - sector, size), EIO);
  EXPECT_EQ(ask(size, size), EIO);
  EXPECT_EQ(ask(0, size), 0) << "all there is, in one";
  EXPECT_EQ(ask(size, 0), 0);
  EXPECT_EQ(ask(sector, size), EIO);
  const std::int64_t lowest = -size;
  EXPECT_EQ(ask(lowest, sector), EIO);
  EXPECT_EQ(ask(0, lowest), EINVAL);
  EXPECT_EQ(ask(lowest, lowest), EIO);
  EXPECT_EQ(ask(size, lowest), EINVAL);
  if (sector == 1) {
    EXPECT_EQ(ask(std::numeric_limits<std::int64_t>::min(), 1), EIO);
    EXPECT_EQ(ask(1, std::numeric_limits<std::int64_t>::min()), EINVAL);
  }
  EXPECT_EQ(disk.seen.size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(SectorSizes, Huge, ::testing::Values(1, 512, 2352, 4096));

TEST(Entry, Paper_17_positions_beyond_2_to_the_32_sectors_arrive_whole) {
  Small s(512, std::int64_t{1} << 40);
  for (const std::int64_t sector :
       {(std::int64_t{1} << 31) - 1, std::int64_t{1} << 31, (std::int64_t{1} << 32) - 1,
        std::int64_t{1} << 32, (std::int64_t{1} << 40) - 1}) {
    ASSERT_EQ(s.ask(Command::read, sector * 512, 512), 0);
    EXPECT_EQ(s.disk.seen.back().position_bytes, sector * 512);
  }
}

// What a 1:1 layer does --------------------------------------------------------------------------

// Shifts by a sector of 2352 bytes on the way down, ten deep.
TEST(Walk, Paper_18_a_deep_stack_of_2352_byte_sectors_shifts_by_bytes) {
  constexpr std::int64_t kSector = 2352;
  TestMesh t;
  Source& disk = t.source("cd0", properties_of_size(1000 * kSector, kSector));
  Provider* top = &t.provider("cd0");
  for (int i = 0; i < 10; ++i) {
    auto& slice = t.slices(sentence("s", i), *top);
    top = &slice.add_piece(sentence("cd0s", i), kSector, top->media_size_bytes() - 2 * kSector);
  }
  User& user = t.user("u", *top);
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 5 * kSector, 3 * kSector), 0);
  EXPECT_EQ(disk.seen.back().position_bytes, 15 * kSector);
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 980 * kSector, kSector), EIO);
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 2048, kSector), EINVAL);
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 979 * kSector, kSector), 0);
  EXPECT_EQ(disk.seen.back().position_bytes, 989 * kSector);
}

TEST(Walk, Inv_A8_the_issuers_fields_come_back_as_they_were) {
  TestMesh t;
  Source& disk = t.source("da0");
  Pass& pass = t.pass("p", t.provider("da0"));
  pass.shift_bytes = 4096;
  User& user = t.user("u", t.provider("p"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 0}));
  std::byte room[1024];
  int mine = 0;
  Bio bio;
  bio.command = Command::write;
  bio.flags = kBioOrdered | kBioForceUnitAccess;
  bio.offset_bytes = 512;
  bio.length_bytes = 1024;
  bio.data = Data(room);
  bio.attribute = "mine";
  bio.caller1 = &mine;
  bio.caller2 = room;
  bio.done = [](Bio& done) { ++*static_cast<int*>(done.caller1); };
  t.mesh.submit(bio, user.edge());
  EXPECT_EQ(mine, 1);
  EXPECT_EQ(disk.seen.back().position_bytes, 4096 + 512);
  EXPECT_EQ(disk.seen.back().flags & kBioInheritedFlags, kBioOrdered | kBioForceUnitAccess)
      << "Inv_A9: no layer weakens it";
  EXPECT_EQ(bio.command, Command::write);
  EXPECT_EQ(bio.offset_bytes, 512);
  EXPECT_EQ(bio.length_bytes, 1024);
  EXPECT_EQ(bio.attribute, std::string("mine"));
  EXPECT_EQ(bio.caller2, room);
  EXPECT_EQ(bio.flags, kBioOrdered | kBioForceUnitAccess | kBioDone);
  EXPECT_EQ(bio.resid_bytes(), 0);
}

TEST(Walk, an_error_sets_the_flag_and_says_how_far_it_came) {
  Small s;
  s.disk.hold = true;
  Bio& bio = s.issuer.issue(s.user.edge(), Command::write, 0, 2048);
  s.disk.held.front()->completed_bytes = 512;
  s.disk.finish_one(EIO);
  EXPECT_EQ(bio.error, EIO);
  EXPECT_EQ(bio.flags, kBioError | kBioDone);
  EXPECT_EQ(bio.resid_bytes(), 1536);
  EXPECT_EQ(s.issuer.errors, std::vector<int>{EIO});
  // The same request once more starts clean.
  s.t.mesh.submit(bio, s.user.edge());
  EXPECT_EQ(bio.flags, 0);
  s.disk.finish_one();
  EXPECT_EQ(bio.flags, kBioDone);
  EXPECT_EQ(bio.resid_bytes(), 0);
}

TEST(Walk, a_layer_that_moves_a_request_off_the_medium_gets_it_refused) {
  TestMesh t;
  Source& disk = t.source("da0", properties_of_size(64 * 512));
  Pass& pass = t.pass("p", t.provider("da0"));
  User& user = t.user("u", t.provider("p"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  Issuer issuer(t.mesh);
  pass.shift_bytes = 512;
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 63 * 512, 512), EIO);
  pass.shift_bytes = -512;
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 0, 512), EIO);
  pass.shift_bytes = 1;
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 0, 512), EINVAL);
  EXPECT_TRUE(disk.seen.empty());
  EXPECT_EQ(user.edge().in_flight(), 0U);
  EXPECT_EQ(user.edge().statistics()[Command::read].errors, 3U);
}

// Answers by calling deliver before start() has returned.
class Hasty final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider&) override {
    mesh().deliver(bio, 0);
    return Verdict::held();
  }
};

TEST(Walk, Inv_A1_delivered_before_held_was_said_is_as_good) {
  TestMesh t;
  auto& hasty = t.add<Hasty>("h");
  t.mesh.publish(**t.mesh.new_provider(hasty, "h", properties_of_size(1 << 20)));
  t.pass("p", t.provider("h"));
  User& user = t.user("u", t.provider("p"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 0, 512), 0);
  EXPECT_TRUE(issuer.all_back_once(1));
  EXPECT_EQ(user.edge().in_flight(), 0U);
}

// Attributes -------------------------------------------------------------------------------------

class Attributes final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider&) override {
    if (bio.attribute == std::string("number")) {
      const std::int64_t seven = 7;
      return answer_attribute(bio, std::as_bytes(std::span(&seven, 1)));
    }
    if (bio.attribute == std::string("text")) return answer_attribute(bio, "a serial number");
    return Verdict::done(ENOTTY);
  }
};

// The result of a task that is started now and run to its end.
template <class T>
T run(TestMesh& t, Task<T> task) {
  task.start();
  t.executor.run();
  return task.result();
}

TEST(Attribute, Inv_E35_the_length_must_be_exact) {
  TestMesh t;
  auto& source = t.add<Attributes>("a");
  t.mesh.publish(**t.mesh.new_provider(source, "a", properties_of_size(1 << 20)));
  t.pass("p1", t.provider("a"));
  t.pass("p2", t.provider("p1"));
  User& user = t.user("u", t.provider("p2"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  const Result<Bytes> number = run(t, get_attribute(user.edge(), "number", 8));
  ASSERT_TRUE(number);
  EXPECT_EQ(static_cast<int>((*number)[0]), 7);
  for (const std::int64_t length : {0, 1, 7, 9, 64}) {
    const Result<Bytes> other = run(t, get_attribute(user.edge(), "number", length));
    ASSERT_FALSE(other) << length;
    EXPECT_EQ(other.error().code, EFAULT) << length;
  }
  EXPECT_EQ(run(t, get_attribute_text(user.edge(), "text")).value(), "a serial number");
  EXPECT_EQ(run(t, get_attribute(user.edge(), "nobody knows", 8)).error().code, ENOTTY);
}

// Counting ---------------------------------------------------------------------------------------

TEST(Statistics, Inv_E33_what_has_started_has_ended_or_is_in_flight) {
  TestMesh t;
  Source& disk = t.source("da0");
  Pass& pass = t.pass("p", t.provider("da0"));
  User& user = t.user("u", t.provider("p"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 0}));
  Issuer issuer(t.mesh);
  disk.hold = true;
  issuer.issue(user.edge(), Command::write, 0, 1024);
  issuer.issue(user.edge(), Command::write, 0, 512);
  issuer.issue(user.edge(), Command::read, 0, 512);
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 1, 512), EINVAL);
  Consumer& lower = pass.consumers().front();
  EXPECT_EQ(user.edge().in_flight(), 3U);
  EXPECT_EQ(lower.in_flight(), 3U);
  EXPECT_EQ(user.edge().statistics().operations(), 0U);
  t.executor.after(1000, [&] {
    disk.finish_one();
    disk.held.front()->completed_bytes = 0;
    disk.finish_one(EIO);
  });
  t.executor.run();
  for (const Consumer* edge : {&user.edge(), &lower}) {
    EXPECT_EQ(edge->in_flight(), 1U);
    const EdgeStatistics::Line& writes = edge->statistics()[Command::write];
    EXPECT_EQ(writes.operations, 2U);
    EXPECT_EQ(writes.errors, 1U);
    EXPECT_EQ(writes.completed_bytes, 1024);
    EXPECT_EQ(writes.duration_ns, 2000);
  }
  disk.finish_all();
  EXPECT_TRUE(user.edge().idle());
  EXPECT_EQ(lower.statistics()[Command::read].operations, 1U);
  EXPECT_EQ(t.mesh.census().trails, 0U);
}

TEST(Statistics, facts_and_silence_count_the_same) {
  const auto counted = [](bool watched) {
    Small s;
    std::optional<Recorder> seen;
    if (watched) seen.emplace(s.t.mesh);
    for (int i = 0; i < 10; ++i) s.ask(i % 2 == 0 ? Command::read : Command::write, i * 512, 512);
    s.disk.answer = EIO;
    s.ask(Command::read, 0, 512);
    const EdgeStatistics& all = s.user.edge().statistics();
    return std::tuple(all.operations(), all[Command::read].errors,
                      all[Command::read].completed_bytes, all[Command::write].completed_bytes);
  };
  EXPECT_EQ(counted(false), (std::tuple(11U, 1U, 5 * 512, 5 * 512)));
  EXPECT_EQ(counted(true), counted(false));
}

TEST(Facts, a_request_tells_each_edge_down_and_up_again) {
  TestMesh t;
  t.source("da0");
  t.pass("p", t.provider("da0"));
  User& user = t.user("u", t.provider("p"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  Recorder seen(t.mesh);
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 0, 512), 0);
  std::vector<std::pair<FactKind, std::string>> told;
  for (const Recorder::Line& line : seen.lines) told.emplace_back(line.kind, line.geom);
  EXPECT_EQ(told, (std::vector<std::pair<FactKind, std::string>>{{FactKind::bio_issued, "u"},
                                                                 {FactKind::bio_remapped, "p"},
                                                                 {FactKind::bio_passed, "p"},
                                                                 {FactKind::bio_passed, "u"},
                                                                 {FactKind::bio_done, "u"}}));
}

}  // namespace
}  // namespace biotope
