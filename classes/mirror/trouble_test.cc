// The weak points that reading gmirror's source shows (geom.md C10), and what the paper asks.
#include <gtest/gtest.h>

#include "classes/mirror/testing.h"

namespace biotope::mirror {
namespace {

using biotope::testing::Issuer;
using biotope::testing::Medium;
using biotope::testing::MirrorMesh;
using biotope::testing::pattern;
using biotope::testing::record_on;
using biotope::testing::same;

constexpr std::int64_t kMiB = 1 << 20;

struct Two {
  explicit Two(Balance balance = Balance::round_robin) {
    m.plug("da0", media[0]);
    m.plug("da1", media[1]);
    EXPECT_EQ(m.label("home", {"da0", "da1"}, balance), 0) << m.said;
    m.settle();
    edge = &m.open("home");
    EXPECT_EQ(m.write(*edge, 0, pattern(64 << 10, 1)), 0);
  }
  Mirror& mirror() { return *m.find("home"); }
  Medium media[2]{Medium(kMiB), Medium(kMiB)};
  MirrorMesh m;
  Consumer* edge = nullptr;
  Issuer issuer{m.t.mesh};
};

TEST(MirrorTrouble, Inv_E41_every_outstanding_read_of_a_failing_disk_is_served_by_the_other) {
  for (const bool newest_first : {false, true}) {
    Two two(Balance::prefer);
    two.m.drive("da0").hold = true;
    two.m.drive("da0").read_error = EIO;
    Bytes back[4];
    for (int i = 0; i < 4; ++i) {
      back[i].resize(4096);
      two.issuer.issue(*two.edge, Command::read, i * 4096, 4096, Data(back[i].data()));
    }
    ASSERT_EQ(two.m.drive("da0").held.size(), 4U);
    while (!two.m.drive("da0").held.empty()) two.m.drive("da0").finish(newest_first);
    EXPECT_EQ(two.issuer.errors, std::vector<int>(4, 0));
    const Bytes all = pattern(64 << 10, 1);
    for (int i = 0; i < 4; ++i) {
      EXPECT_TRUE(std::equal(back[i].begin(), back[i].end(), all.begin() + i * 4096));
    }
    two.m.drive("da0").hold = false;
  }
}

TEST(MirrorTrouble, Inv_E41_a_split_read_is_served_whichever_piece_comes_back_last) {
  for (const bool failing_last : {false, true}) {
    Two two(Balance::split);
    two.m.drive("da0").hold = two.m.drive("da1").hold = true;
    two.m.drive("da0").read_error = EIO;
    Bytes back(16384);
    two.issuer.issue(*two.edge, Command::read, 0, 16384, Data(back.data()));
    const char* first = failing_last ? "da1" : "da0";
    const char* last = failing_last ? "da0" : "da1";
    two.m.drive(first).finish();
    while (!two.m.drive(last).held.empty()) two.m.drive(last).finish();
    two.m.drive("da1").hold = false;
    while (!two.m.drive("da1").held.empty()) two.m.drive("da1").finish();
    EXPECT_EQ(two.issuer.errors, std::vector<int>{0});
    const Bytes all = pattern(64 << 10, 1);
    EXPECT_TRUE(std::equal(back.begin(), back.end(), all.begin()));
    two.m.drive("da0").hold = false;
  }
}

TEST(MirrorTrouble, Inv_E41_sectors_that_are_bad_on_different_disks_make_one_good_read) {
  Two two;
  two.media[0].bad = {3, 7};
  two.media[1].bad = {5, 8};
  Bytes back(8192);
  ASSERT_EQ(two.m.read(*two.edge, 0, back), 0);
  const Bytes all = pattern(64 << 10, 1);
  EXPECT_TRUE(std::equal(back.begin(), back.end(), all.begin()));
  EXPECT_EQ(two.mirror().members().size(), 2U) << "each is the only one with some sector";
  two.media[1].bad.insert(7);
  EXPECT_EQ(two.m.read(*two.edge, 0, back), EIO) << "what is lost is told";
}

TEST(MirrorTrouble, Inv_E17_a_write_that_one_disk_failed_is_acknowledged_after_the_others_say_so) {
  for (const int error : {EIO, ENXIO}) {
    Two two;
    two.m.drive("da1").spare_metadata = true;
    two.m.drive("da1").write_error = error;
    Bytes data = pattern(4096, 2);
    two.issuer.issue(*two.edge, Command::write, 0, 4096, Data(data.data()));
    const std::uint64_t before = record_on(two.media[1])->generation();
    while (two.issuer.errors.empty() && two.m.t.executor.step()) {
    }
    ASSERT_EQ(two.issuer.errors, std::vector<int>{0});
    // The power goes this very moment, and nothing unflushed survives.
    two.media[0].cut_power([](std::int64_t) { return false; });
    EXPECT_GT(record_on(two.media[0])->generation(), before);
    two.m.drive("da0").off = two.m.drive("da1").off = true;
    MirrorMesh again;
    again.plug("da1", two.media[1]);
    again.plug("da0", two.media[0]);
    again.settle();
    ASSERT_NE(again.find("home"), nullptr);
    EXPECT_EQ(again.find("home")->member("da0")->state, Member::State::active);
    Bytes back(4096);
    Consumer& edge = again.open("home");
    ASSERT_EQ(again.read(edge, 0, back), 0);
  }
}

// Calls `visit(record)` for each metadata sector as it is being written to `disk`.
void watch_records(MirrorMesh& m, const char* disk, std::function<void(const Record&)> visit) {
  m.drive(disk).on_request = [visit = std::move(visit)](Bio& bio) {
    if (bio.command != Command::write || bio.length_bytes != 512) return;
    Bytes sector(512);
    bio.data.copy_out(sector);
    const Result<Record> record = decode({4, sector});
    if (record) visit(*record);
  };
}

// Whether something between `from_bytes` and `to_bytes` would be lost with the power.
bool unstable(const Medium& medium, std::int64_t from_bytes, std::int64_t to_bytes) {
  const auto first = medium.unflushed.lower_bound(from_bytes / medium.sector_size_bytes);
  return first != medium.unflushed.end() && *first < to_bytes / medium.sector_size_bytes;
}

TEST(MirrorTrouble, Inv_E42_a_disk_is_called_clean_only_when_what_was_written_is_stable) {
  Two two;
  ASSERT_TRUE(record_on(two.media[0])->has(kDirty));
  bool clean_seen = false;
  for (const char* disk : {"da0", "da1"}) {
    watch_records(two.m, disk, [&](const Record& record) {
      if (record.has(kDirty)) return;
      clean_seen = true;
      for (const Medium& medium : two.media) EXPECT_FALSE(unstable(medium, 0, kMiB - 512));
    });
  }
  two.m.settle();
  EXPECT_TRUE(clean_seen);
  EXPECT_FALSE(record_on(two.media[0])->has(kDirty));
  EXPECT_FALSE(record_on(two.media[1])->has(kDirty));
}

TEST(MirrorTrouble, Inv_E42_a_region_loses_its_mark_only_when_what_was_written_there_is_stable) {
  Two two;
  const std::size_t region = 0;
  const std::int64_t region_bytes = std::int64_t{1} << Intent::kSmallestShift;
  bool unmarked_seen = false;
  for (const char* disk : {"da0", "da1"}) {
    watch_records(two.m, disk, [&](const Record& record) {
      if (!record.has(kDirty) || !record.intent || record.intent->regions[region]) return;
      unmarked_seen = true;
      for (const Medium& medium : two.media) EXPECT_FALSE(unstable(medium, 0, region_bytes));
    });
  }
  // Marking is a flush as well: so both are marked before what matters is written.
  EXPECT_EQ(two.m.write(*two.edge, 8 * region_bytes, pattern(4096, 2)), 0);
  EXPECT_EQ(two.m.write(*two.edge, 0, pattern(4096, 2)), 0);
  const std::int64_t idle_ns = two.mirror().tuning().idle_ns;
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(two.m.write(*two.edge, 8 * region_bytes, pattern(4096, 2)), 0);
    two.m.run_for(idle_ns / 3);
  }
  EXPECT_TRUE(unmarked_seen) << "the mirror was never idle, and yet nothing was swept";
}

TEST(MirrorTrouble, Inv_E42_a_copied_disk_is_called_good_only_when_the_copy_is_stable) {
  Medium media[]{Medium(kMiB), Medium(kMiB)};
  MirrorMesh m;
  m.plug("da0", media[0]);
  m.plug("da1", media[1]);
  ASSERT_EQ(m.label("home", {"da0"}), 0);
  m.settle();
  bool good_seen = false;
  watch_records(m, "da1", [&](const Record& record) {
    if (record.syncid == 0 || record.has(kSynchronizing)) return;
    good_seen = true;
    EXPECT_TRUE(media[1].unflushed.empty());
  });
  ASSERT_EQ(m.ask([&](auto then) { m.find("home")->insert("da1", {}, then); }), 0) << m.said;
  m.settle();
  EXPECT_TRUE(good_seen);
}

TEST(MirrorTrouble, Inv_E42_a_copy_goes_on_only_from_where_it_is_stable) {
  Medium media[]{Medium(kMiB), Medium(kMiB)};
  Tuning tuning;
  tuning.sync_block_bytes = 16 << 10;
  tuning.sync_lanes = 1;
  tuning.idle_ns = 10'000'000;
  MirrorMesh m(nullptr, tuning);
  m.plug("da0", media[0]);
  m.plug("da1", media[1]);
  for (const char* disk : {"da0", "da1"}) {
    m.drive(disk).latency_ns = [](const Bio&) { return 2'000'000; };
  }
  ASSERT_EQ(m.label("home", {"da0"}), 0);
  m.settle();
  bool progress_seen = false;
  watch_records(m, "da1", [&](const Record& record) {
    const auto copied_bytes = static_cast<std::int64_t>(record.sync_offset_bytes);
    if (copied_bytes == 0) return;
    progress_seen = true;
    EXPECT_FALSE(unstable(media[1], 0, copied_bytes));
  });
  ASSERT_EQ(m.ask([&](auto then) { m.find("home")->insert("da1", {}, then); }), 0) << m.said;
  m.settle();
  EXPECT_TRUE(progress_seen);
}

TEST(MirrorTrouble, a_write_that_can_not_be_announced_fails_and_the_next_may_go) {
  Medium medium(kMiB);
  MirrorMesh m;
  m.plug("da0", medium);
  ASSERT_EQ(m.label("home", {"da0"}), 0);
  m.settle();
  Consumer& edge = m.open("home");
  const Bytes before = medium.bytes;
  m.drive("da0").write_error = EIO;
  EXPECT_EQ(m.write(edge, 0, pattern(4096, 1)), EIO);
  EXPECT_EQ(medium.bytes, before) << "nothing is written that the metadata do not know of";
  m.drive("da0").write_error = 0;
  EXPECT_EQ(m.write(edge, 0, pattern(4096, 2)), 0);
  EXPECT_TRUE(record_on(medium)->has(kDirty));
  EXPECT_TRUE(std::ranges::equal(pattern(4096, 2), std::span(medium.bytes).first(4096)));
}

// The loss of the last disks comes while that of the first is being recorded.
TEST(MirrorTrouble, a_mirror_that_is_over_records_nothing_more) {
  Medium media[3]{Medium(kMiB), Medium(kMiB), Medium(kMiB)};
  MirrorMesh m;
  for (int i = 0; i < 3; ++i) m.plug("da" + std::to_string(i), media[i]);
  ASSERT_EQ(m.label("home", {"da0", "da1", "da2"}), 0);
  m.run_for(1'000'000'000);
  ASSERT_EQ(m.write(m.open("home"), 0, pattern(4096, 1)), 0);
  m.drive("da1").hold = m.drive("da2").hold = true;
  m.drive("da0").pull();
  const auto step = [&](int most) {
    while (most > 0 && m.t.executor.step()) --most;
    return most > 0;
  };
  while (m.drive("da1").held.empty() && m.drive("da2").held.empty()) step(1);
  m.drive("da1").pull();
  m.drive("da2").pull();
  step(20);
  for (const char* name : {"da1", "da2"}) {
    m.drive(name).hold = false;
    while (!m.drive(name).held.empty()) m.drive(name).finish();
  }
  EXPECT_TRUE(step(10'000)) << "it comes to an end";
  EXPECT_EQ(m.find("home"), nullptr);
}

TEST(MirrorTrouble, Inv_E38_delete_is_refused_where_a_disk_can_not_and_equal_where_all_can) {
  for (const bool all : {false, true}) {
    Medium media[]{Medium(kMiB), Medium(kMiB)};
    MirrorMesh m;
    std::ranges::fill(media[0].bytes, std::byte{7});
    std::ranges::fill(media[1].bytes, std::byte{7});
    m.drives["da0"] = std::make_unique<biotope::testing::Drive>(media[0], m.t.executor);
    m.drives["da1"] = std::make_unique<biotope::testing::Drive>(media[1], m.t.executor);
    m.drive("da0").deletable = true;
    m.drive("da1").deletable = all;
    EXPECT_TRUE(add_disk(m.t.mesh, "da0", m.drive("da0")));
    EXPECT_TRUE(add_disk(m.t.mesh, "da1", m.drive("da1")));
    ASSERT_EQ(m.label("home", {"da0", "da1"}), 0);
    m.settle();
    Consumer& edge = m.open("home");
    EXPECT_EQ(m.t.provider("mirror/home").properties().deletable, all);
    const Status removed = m.run(biotope::remove(edge, 0, 8192));
    EXPECT_EQ(removed ? 0 : removed.error().code, all ? 0 : EOPNOTSUPP);
    EXPECT_TRUE(same(media[0], media[1], kMiB - 512));
    EXPECT_EQ(media[0].bytes[0], all ? std::byte{0} : std::byte{7});
  }
}

TEST(MirrorTrouble, Inv_E43_every_command_is_completed) {
  Two two;
  EXPECT_EQ(two.issuer.ask(*two.edge, Command::flush, 0, 0), 0);
  EXPECT_EQ(two.issuer.ask(*two.edge, Command::format, 0, 512), EOPNOTSUPP);
  EXPECT_EQ(two.issuer.ask(*two.edge, Command::write, 0, 0), 0);
  EXPECT_EQ(two.issuer.ask(*two.edge, Command::read, 512, 0), 0);
  EXPECT_EQ(two.issuer.ask(*two.edge, static_cast<Command>(9), 0, 512), EPERM);
  const Result<Bytes> unknown = two.m.run(get_attribute(*two.edge, "GEOM::nonsense", 8));
  EXPECT_EQ(unknown.error().code, EOPNOTSUPP);
  EXPECT_TRUE(two.m.run(get_attribute(*two.edge, "GEOM::candelete", 8)));
}

TEST(MirrorTrouble, Inv_E18_a_flush_waits_for_all_writes_before_it_and_overtakes_none) {
  Two two;
  two.m.drive("da0").hold = two.m.drive("da1").hold = true;
  Bytes data = pattern(4096, 3);
  two.issuer.issue(*two.edge, Command::write, 0, 4096, Data(data.data()));
  two.issuer.issue(*two.edge, Command::write, 2048, 2048, Data(data.data()));  // waits for that
  two.issuer.issue(*two.edge, Command::flush, 0, 0);
  for (const char* disk : {"da0", "da1"}) EXPECT_EQ(two.m.drive(disk).held.size(), 1U);
  for (int i = 0; i < 2; ++i) {
    two.m.drive("da0").finish();
    two.m.drive("da1").finish();
    EXPECT_EQ(two.issuer.errors.size(), i + 1U);
  }
  two.m.drive("da0").finish();
  EXPECT_EQ(two.issuer.errors.size(), 2U);
  two.m.drive("da1").finish();
  EXPECT_EQ(two.issuer.errors, std::vector<int>(3, 0));
  EXPECT_TRUE(two.media[0].unflushed.empty());
  two.m.drive("da0").hold = two.m.drive("da1").hold = false;
}

TEST(MirrorTrouble, writes_that_share_bytes_leave_all_disks_equal_whatever_finishes_first) {
  Two two;
  two.m.drive("da0").hold = two.m.drive("da1").hold = true;
  Bytes first = pattern(4096, 4);
  Bytes second = pattern(4096, 5);
  two.issuer.issue(*two.edge, Command::write, 0, 4096, Data(first.data()));
  two.issuer.issue(*two.edge, Command::write, 2048, 4096, Data(second.data()));
  while (!two.m.drive("da0").held.empty() || !two.m.drive("da1").held.empty()) {
    if (!two.m.drive("da0").held.empty()) two.m.drive("da0").finish(false);
    if (!two.m.drive("da1").held.empty()) two.m.drive("da1").finish(true);
  }
  EXPECT_EQ(two.issuer.errors, std::vector<int>(2, 0));
  EXPECT_TRUE(same(two.media[0], two.media[1], kMiB - 512));
  two.m.drive("da0").hold = two.m.drive("da1").hold = false;
}

TEST(MirrorTrouble, Paper_63_a_mirror_with_a_good_copy_left_stops_the_notice) {
  Two two;
  auto& user = static_cast<biotope::testing::User&>(two.edge->geom());
  int told = 0;
  user.on_orphaned = [&](Consumer& edge) {
    ++told;
    user.Geom::orphaned(edge);
  };
  two.m.unplug("da0");
  EXPECT_EQ(told, 0);
  Bytes back(4096);
  EXPECT_EQ(two.m.read(*two.edge, 0, back), 0);
  EXPECT_EQ(two.m.write(*two.edge, 0, back), 0);
  EXPECT_EQ(two.m.t.mesh.provider("da0"), nullptr) << "no trace of it is left";
  two.m.unplug("da1");
  EXPECT_EQ(told, 1);
  EXPECT_EQ(two.m.find("home"), nullptr);
  EXPECT_EQ(two.m.t.mesh.census(), Census{}) << "nor of anything else";
}

Task<Status> close_it(Consumer& edge) { co_return edge.geom().mesh().close(edge); }

TEST(MirrorTrouble, a_disk_that_leaves_with_notice_leaves_without_a_word_above) {
  Two two;
  int let_gos = 0;
  static_cast<biotope::testing::User&>(two.edge->geom()).on_let_go = [&](Consumer& edge) {
    ++let_gos;
    return close_it(edge);
  };
  EXPECT_EQ(two.m.ask([&](auto then) { two.m.t.mesh.eject(two.m.t.provider("da0"), {}, then); }), 0)
      << two.m.said;
  two.m.settle();
  EXPECT_EQ(let_gos, 0);
  EXPECT_EQ(two.mirror().members().size(), 1U);
  Bytes back(4096);
  EXPECT_EQ(two.m.read(*two.edge, 0, back), 0);
  EXPECT_EQ(two.m.ask([&](auto then) { two.m.t.mesh.eject(two.m.t.provider("da1"), {}, then); }), 0)
      << two.m.said;
  EXPECT_EQ(let_gos, 1);
}

}  // namespace
}  // namespace biotope::mirror
