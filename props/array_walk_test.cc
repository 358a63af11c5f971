#include "props/array_walk.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>

#include "classes/class_list.h"

namespace biotope::props {
namespace {

std::string told(const ArrayWalk& walk) {
  std::string text = walk.complaint();
  for (const std::string& line : walk.story()) text += "\n  " + line;
  return text;
}

RC_GTEST_PROP(ArrayWalks, Inv_M1_any_history_of_stacked_arrays_keeps_what_was_acknowledged,
              (std::vector<std::uint32_t> choices)) {
  ListChooser chooser(std::move(choices));
  ArrayWalk walk(chooser);
  while (!chooser.used_up() && !walk.over()) walk.step();
  if (walk.complaint().empty()) walk.end();
  RC_LOG() << told(walk);
  RC_ASSERT(walk.complaint().empty());
}

// Ten thousand, and the proof that they get somewhere.
TEST(ArrayWalks, Inv_M7_arrays_of_arrays_under_load_loss_return_and_surgery) {
  std::map<std::string, std::uint64_t> reached;
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    RandomChooser chooser(seed, "array walk");
    ArrayWalk walk(chooser);
    for (int i = 0; i < 24 && !walk.over(); ++i) walk.step();
    if (walk.complaint().empty()) walk.end();
    ASSERT_EQ(walk.complaint(), "") << "seed " << seed << "\n" << told(walk);
    for (const auto& [what, times] : walk.reached) reached[what] += times;
  }
  for (const char* what : {"back", "cut in", "foreign", "lived", "lost", "taken out", "torn out"}) {
    EXPECT_GT(reached[what], 1'000U) << what;
  }
}

// --- extents ---

constexpr std::int64_t kCommon = 602112;  // of sectors of 512, 2352 and 4096

struct Spread {
  testing::TestMesh t;
  std::vector<testing::Source*> disks;
  std::vector<Provider*> below;
};

// Disks that only remember what they were asked, of mixed sectors.
void any_disks(Spread& s, std::size_t count) {
  for (auto& cls : all_classes()) RC_ASSERT(s.t.mesh.load(std::move(cls)).has_value());
  s.t.mesh.set_tasting(false);
  for (std::size_t i = 0; i < count; ++i) {
    const auto sector = *rc::gen::element<std::int64_t>(512, 2352, 4096);
    const auto size = *rc::gen::inRange<std::int64_t>(2, 6) * kCommon +
                      *rc::gen::inRange<std::int64_t>(0, 100) * sector;
    const std::string name = "da" + std::to_string(i);
    s.disks.push_back(&s.t.source(name, testing::properties_of_size(size, sector)));
    s.below.push_back(&s.t.provider(name));
  }
}

// A read of any part of what `geom` offers is dealt out without gap or overlap.
void expect_tiles(Spread& s, Geom& geom) {
  s.t.executor.run();
  Consumer& user = s.t.user("user", geom.providers().front()).edge();
  RC_ASSERT(s.t.mesh.access(user, kReadOnly).has_value());
  for (testing::Source* disk : s.disks) disk->seen.clear();
  const Properties& p = user.provider()->properties();
  const auto first = *rc::gen::inRange<std::int64_t>(0, p.sector_count());
  const auto count = *rc::gen::inRange<std::int64_t>(1, p.sector_count() - first + 1);
  const std::int64_t length = count * p.sector_size_bytes;
  Bytes memory(static_cast<std::size_t>(length));
  testing::Issuer issuer(s.t.mesh);
  issuer.issue(user, Command::read, first * p.sector_size_bytes, length, Data(memory.data()));
  s.t.executor.run();
  RC_ASSERT(issuer.errors == std::vector<int>{0});
  using Extent = std::pair<std::int64_t, std::int64_t>;  // start and length
  std::vector<Extent> parts;
  for (std::size_t i = 0; i < s.disks.size(); ++i) {
    std::vector<Extent> places;
    for (const Bio& bio : s.disks[i]->seen) {
      std::byte* base = nullptr;
      bio.data.for_each_piece(1, [&](std::span<std::byte> piece) { base = piece.data(); });
      parts.emplace_back(base - memory.data(), bio.length_bytes);
      places.emplace_back(bio.position_bytes, bio.length_bytes);
    }
    std::ranges::sort(places);
    for (std::size_t n = 1; n < places.size(); ++n) {
      RC_ASSERT(places[n - 1].first + places[n - 1].second <= places[n].first);
    }
  }
  std::ranges::sort(parts);
  std::int64_t at = 0;
  for (const auto& [start, part] : parts) {
    RC_ASSERT(start == at);
    at += part;
  }
  RC_ASSERT(at == length);
}

RC_GTEST_PROP(ArrayExtents, Inv_A7_those_of_the_children_tile_that_of_the_parent, ()) {
  Spread s;
  const auto count = *rc::gen::inRange<std::size_t>(2, 5);
  any_disks(s, count);
  const auto cls = *rc::gen::element<std::string>("stripe", "concat", "ccd", "mirror");
  std::int64_t sector = 1;
  for (const Provider* disk : s.below) sector = std::lcm(sector, disk->sector_size_bytes());
  Values values;
  const auto sectors = *rc::gen::inRange<std::int64_t>(1, 4) * sector;
  if (cls == "stripe") values.set("stripe_size", std::min(sectors, kCommon));
  if (cls == "ccd") {
    values.set("interleave", *rc::gen::arbitrary<bool>() ? 0 : std::min(sectors, kCommon));
    values.set("mirror", count % 2 == 0 && *rc::gen::arbitrary<bool>());
  }
  const Result<Geom*> made = s.t.mesh.create(cls, "x", s.below, values);
  if (!made) RC_FAIL(made.error().text);
  expect_tiles(s, **made);
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
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    RandomChooser chooser(seed, "resync");
    expect_resync(chooser);
    if (::testing::Test::HasFatalFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
}  // namespace biotope::props
