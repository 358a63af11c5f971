#include "props/array_walk.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>

#include "classes/class_list.h"
#include "classes/mirror/testing.h"
#include "model/many_cases.h"

namespace biotope::props {
namespace {

RC_GTEST_PROP(ArrayWalks, Inv_M1_any_history_of_stacked_arrays_keeps_what_was_acknowledged,
              (std::vector<std::uint32_t> choices)) {
  ListChooser chooser(std::move(choices));
  ArrayWalk walk(chooser);
  while (!chooser.used_up() && !walk.over()) walk.step();
  if (walk.complaint().empty()) walk.end();
  RC_LOG() << walk.told();
  RC_ASSERT(walk.complaint().empty());
}

// Many, and the proof that they get somewhere.
TEST(ArrayWalks, Inv_M7_arrays_of_arrays_under_load_loss_return_and_surgery) {
  std::map<std::string, std::uint64_t> reached;
  for (std::uint64_t seed = 0; seed < many_cases(); ++seed) {
    RandomChooser chooser(seed, "array walk");
    ArrayWalk walk(chooser);
    for (int i = 0; i < 18 && !walk.over(); ++i) walk.step();
    if (walk.complaint().empty()) walk.end();
    ASSERT_EQ(walk.complaint(), "") << "seed " << seed << "\n" << walk.told();
    for (const auto& [what, times] : walk.reached) reached[what] += times;
  }
  for (const char* what : {"back", "bad sector", "cut in", "foreign", "lived", "lost", "power cut",
                           "power cut under load", "pulled", "rebuilt", "taken out"}) {
    EXPECT_GT(reached[what], many_cases() / 40) << what;
  }
}

// --- extents ---

constexpr std::int64_t kCommon = 602112;  // of sectors of 512, 2352 and 4096

// An array on disks of mixed sectors that only remember what they were asked.
struct Spread {
  struct Part {
    std::int64_t start;  // in what was asked for
    std::int64_t length;
    std::size_t disk;
    std::int64_t position;  // on that
  };

  explicit Spread(Chooser& by) : chooser(by) {
    for (auto& cls : all_classes()) EXPECT_TRUE(t.mesh.load(std::move(cls)));
    t.mesh.set_tasting(false);
    const std::size_t count = 2 + chooser.pick(3);
    std::int64_t common = 1;
    for (std::size_t i = 0; i < count; ++i) {
      constexpr std::int64_t kSectors[] = {512, 2352, 4096};
      const std::int64_t sector = kSectors[chooser.pick(3)];
      const std::int64_t size = number(2, 6) * kCommon + number(0, 100) * sector;
      const std::string name = "da" + std::to_string(i);
      disks.push_back(&t.source(name, testing::properties_of_size(size, sector)));
      below.push_back(&t.provider(name));
      common = std::lcm(common, sector);
    }
    make(std::min(number(1, 4) * common, kCommon));
  }

  std::int64_t number(std::int64_t from, std::int64_t end) {
    return from + static_cast<std::int64_t>(chooser.pick(static_cast<std::size_t>(end - from)));
  }
  void make(std::int64_t unit) {
    constexpr const char* kClasses[] = {"stripe", "concat", "ccd", "mirror"};
    const std::string cls = kClasses[chooser.pick(4)];
    Values values;
    if (cls == "stripe") values.set("stripe_size", unit);
    if (cls == "ccd") {
      values.set("interleave", chooser.pick(2) == 0 ? 0 : unit);
      values.set("mirror", below.size() % 2 == 0 && chooser.pick(2) == 0);
    }
    const Result<Geom*> made = t.mesh.create(cls, "x", below, values);
    ASSERT_TRUE(made) << made.error().text;
    t.executor.run();
    user = &t.user("user", (*made)->providers().front()).edge();
    ASSERT_TRUE(t.mesh.access(*user, kReadOnly));
  }
  // What a read is made of, by where it begins in it.
  std::vector<Part> read(std::int64_t offset, std::int64_t length) {
    for (testing::Source* disk : disks) disk->seen.clear();
    memory.resize(static_cast<std::size_t>(length));
    testing::Issuer issuer(t.mesh);
    issuer.issue(*user, Command::read, offset, length, Data(memory.data()));
    t.executor.run();
    EXPECT_EQ(issuer.errors, std::vector<int>{0});
    std::vector<Part> parts;
    for (std::size_t i = 0; i < disks.size(); ++i) {
      for (const Bio& bio : disks[i]->seen) {
        std::byte* base = nullptr;
        bio.data.for_each_piece(1, [&](std::span<std::byte> piece) { base = piece.data(); });
        parts.push_back({base - memory.data(), bio.length_bytes, i, bio.position_bytes});
      }
    }
    std::ranges::sort(parts, {}, &Part::start);
    return parts;
  }

  Chooser& chooser;
  testing::TestMesh t;
  std::vector<testing::Source*> disks;
  std::vector<Provider*> below;
  Consumer* user = nullptr;
  Bytes memory;
};

// No gap and no overlap, neither in what is asked for nor on a disk.
void expect_tiles(const std::vector<Spread::Part>& parts, std::int64_t length) {
  std::int64_t at = 0;
  for (const Spread::Part& part : parts) {
    ASSERT_EQ(part.start, at);
    at += part.length;
  }
  ASSERT_EQ(at, length);
  std::vector<Spread::Part> by_place = parts;
  std::ranges::sort(by_place, {}, [](const auto& p) { return std::pair(p.disk, p.position); });
  for (std::size_t i = 1; i < by_place.size(); ++i) {
    const auto& before = by_place[i - 1];
    if (before.disk != by_place[i].disk) continue;
    ASSERT_LE(before.position + before.length, by_place[i].position);
  }
}

// Whatever else is asked for with it, a sector lies where it lies.
void expect_same_place(Spread& s, const std::vector<Spread::Part>& parts, std::int64_t offset,
                       std::int64_t within, std::int64_t sector) {
  const auto part = std::ranges::find_if(
      parts, [&](const auto& p) { return p.start <= within && within < p.start + p.length; });
  const std::vector<Spread::Part> alone = s.read(offset + within, sector);
  ASSERT_EQ(alone.size(), 1U);
  ASSERT_EQ(alone[0].position, part->position + within - part->start);
}

TEST(ArrayExtents, Inv_A7_those_of_the_children_tile_that_of_the_parent) {
  for (std::uint64_t seed = 0; seed < many_cases(); ++seed) {
    RandomChooser chooser(seed, "extents");
    Spread s(chooser);
    if (::testing::Test::HasFatalFailure()) FAIL() << "seed " << seed;
    const Properties& p = s.user->provider()->properties();
    const std::int64_t first = s.number(0, p.sector_count());
    const std::int64_t count =
        s.number(1, std::min<std::int64_t>(p.sector_count() - first, 2000) + 1);
    const std::int64_t offset = first * p.sector_size_bytes;
    const std::vector<Spread::Part> parts = s.read(offset, count * p.sector_size_bytes);
    expect_tiles(parts, count * p.sector_size_bytes);
    for (int i = 0; i < 3; ++i) {
      expect_same_place(s, parts, offset, s.number(0, count) * p.sector_size_bytes,
                        p.sector_size_bytes);
    }
    if (::testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
}

// --- resync ---

constexpr std::int64_t kSectors = 96;

// A disk of a mirror gets a copy of everything while it is written to.
struct Resync {
  explicit Resync(Chooser& by) : chooser(by) {
    mirror::Tuning tuning;
    tuning.sync_block_bytes = 8 * 512;
    tuning.sync_lanes = 2;
    tuning.sync_busy_bytes_per_s = 1 << 20;
    m = std::make_unique<testing::MirrorMesh>(
        [this](std::size_t count) { return chooser.pick(count); }, tuning);
    for (testing::Medium* medium : {&first, &second}) {
      const std::string name = "da" + std::to_string(m->drives.size());
      m->plug(name, *medium).latency_ns = [this](const Bio&) {
        return static_cast<std::int64_t>(chooser.pick(4)) * 100'000;
      };
    }
    EXPECT_EQ(m->label("home", {"da0", "da1"}), 0);
    m->run_for(1'000'000'000);
    edge = &m->open("home");
    const Bytes all = testing::pattern(kSectors * 512, 1);
    EXPECT_EQ(m->write(*edge, 0, all), 0);
  }
  const mirror::Member* target() { return m->find("home")->member("da1"); }
  bool active() { return target() != nullptr && target()->state == mirror::Member::State::active; }

  Chooser& chooser;
  testing::Medium first{(kSectors + 1) * 512};
  testing::Medium second{(kSectors + 1) * 512};
  std::deque<std::pair<Bio, Bytes>> writes;
  std::set<std::int64_t> written;  // sectors of the target, since it began
  std::unique_ptr<testing::MirrorMesh> m;
  Consumer* edge = nullptr;
};

void write_somewhere(Resync& r) {
  auto& [bio, bytes] = r.writes.emplace_back();
  const auto at = static_cast<std::int64_t>(r.chooser.pick(kSectors));
  const auto count = 1 + static_cast<std::int64_t>(r.chooser.pick(
                             static_cast<std::size_t>(std::min<std::int64_t>(kSectors - at, 6))));
  bytes = testing::pattern(count * 512, static_cast<unsigned>(r.writes.size()) + 7);
  bio.command = Command::write;
  bio.offset_bytes = at * 512;
  bio.length_bytes = count * 512;
  bio.data = Data(bytes.data());
  bio.done = [](Bio&) {};
  r.m->t.mesh.submit(bio, *r.edge);
}

void expect_resync(Chooser& chooser) {
  Resync r(chooser);
  std::fill(r.second.bytes.begin(), r.second.bytes.end() - 512, std::byte{0xee});
  std::optional<Status> asked;
  r.m->find("home")->rebuild("da1", [&](const Status& status) { asked = status; });
  bool began = false;
  for (int steps = 0; steps < 5'000 && !(began && r.active()); ++steps) {
    if (!began && !r.active()) {
      began = true;
      r.m->drive("da1").on_request = [&r](const Bio& bio) {
        if (bio.command != Command::write) return;
        for (std::int64_t s = 0; s < bio.length_bytes / 512; ++s) {
          r.written.insert(bio.position_bytes / 512 + s);
        }
      };
    }
    if (began && r.writes.size() < 40 && chooser.pick(4) == 0) write_somewhere(r);
    if (!r.m->t.executor.step()) break;
  }
  ASSERT_TRUE(began && r.active()) << "the copy does not end";
  for (std::int64_t s = 0; s < kSectors; ++s) ASSERT_TRUE(r.written.contains(s)) << s;
  r.m->run_for(10'000'000'000);
  ASSERT_TRUE(std::equal(r.first.bytes.begin(), r.first.bytes.end() - 512, r.second.bytes.begin()));
}

TEST(MirrorResync, Inv_M9_it_is_complete_exactly_when_every_sector_was_copied_or_rewritten) {
  for (std::uint64_t seed = 0; seed < many_cases(); ++seed) {
    RandomChooser chooser(seed, "resync");
    expect_resync(chooser);
    if (::testing::Test::HasFatalFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
}  // namespace biotope::props
