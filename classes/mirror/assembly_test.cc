#include "classes/mirror/assembly.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

#include "classes/mirror/testing.h"

namespace biotope::mirror {
namespace {

using biotope::testing::Medium;
using biotope::testing::MirrorMesh;
using biotope::testing::pattern;
using biotope::testing::record_on;

// Few values, so that records of all kinds meet; their lineage tells nothing, as gmirror's does
// not.
Record any_record(std::uint32_t disk_id) {
  Record r;
  r.name = "home";
  r.disk_id = disk_id;
  r.disks = 4;
  r.genid = *rc::gen::inRange(0U, 3U);
  r.syncid = *rc::gen::inRange(0U, 4U);
  r.priority = *rc::gen::inRange<std::uint8_t>(0, 3);
  r.media_size_bytes = 1 << 20;
  r.sector_size_bytes = 512;
  for (const DiskFlag flag : {kDirty, kSynchronizing, kInactive, kBroken}) {
    r.set(flag, *rc::gen::weightedElement<bool>({{3, false}, {1, true}}));
  }
  return r;
}

std::map<std::string, Role> roles(const std::vector<Candidate>& candidates,
                                  const Assembly& assembly) {
  std::map<std::string, Role> roles;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    roles[candidates[i].provider] = assembly.judgements[i].role;
  }
  return roles;
}

RC_GTEST_PROP(MirrorAssembly, Inv_E14_no_order_of_arrival_matters_and_nothing_old_is_a_source, ()) {
  std::vector<Candidate> candidates;
  const auto count = *rc::gen::inRange<std::uint32_t>(1, 5);
  for (std::uint32_t i = 0; i < count; ++i) {
    candidates.push_back({"da" + std::to_string(i), any_record(i)});
  }
  std::vector<Candidate> shuffled = candidates;
  std::ranges::rotate(shuffled, shuffled.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, count));
  if (*rc::gen::arbitrary<bool>()) std::ranges::reverse(shuffled);
  const Result<Assembly> first = assemble(candidates);
  const Result<Assembly> second = assemble(shuffled);
  RC_ASSERT(first.has_value() == second.has_value());
  if (!first) return;
  RC_ASSERT(roles(candidates, *first) == roles(shuffled, *second));
  RC_ASSERT(candidates[first->leader].provider == shuffled[second->leader].provider);
  std::pair<std::uint32_t, std::uint32_t> newest;
  for (const Candidate& c : candidates) {
    if (!c.record.has(kInactive)) newest = std::max(newest, {c.record.genid, c.record.syncid});
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (first->judgements[i].role != Role::active) continue;
    const Record& r = candidates[i].record;
    RC_ASSERT(std::pair(r.genid, r.syncid) == newest);
    RC_ASSERT(!r.has(kSynchronizing) && !r.has(kInactive) && !r.has(kBroken));
    RC_ASSERT(!r.has(kDirty) || i == first->leader);
  }
}

// Two disks that each went on alone, by so many losses.
struct Halves {
  explicit Halves(int more_on_first) {
    {
      MirrorMesh m;
      m.plug("da0", media[0]);
      m.plug("da1", media[1]);
      EXPECT_EQ(m.label("home", {"da0", "da1"}), 0);
      m.settle();
    }
    for (int i = 0; i < 2; ++i) {
      for (int times = i == 0 ? more_on_first : 1; times > 0; --times) {
        MirrorMesh m;
        m.plug("da0", media[i]);
        m.settle();
        EXPECT_EQ(m.write(m.open("home"), 0, pattern(4096, 10 * i + times)), 0);
        m.settle();
      }
    }
  }
  Medium media[2]{Medium(1 << 20), Medium(1 << 20)};
};

TEST(MirrorSplit, two_halves_that_went_on_apart_are_refused_and_both_named) {
  for (const int more : {1, 2}) {
    for (const bool swapped : {false, true}) {
      Halves halves(more);
      const Bytes before[]{halves.media[0].bytes, halves.media[1].bytes};
      MirrorMesh m;
      biotope::testing::Recorder recorder(m.t.mesh);
      m.plug("da0", halves.media[swapped ? 1 : 0]);
      m.plug("da1", halves.media[swapped ? 0 : 1]);
      m.settle();
      EXPECT_EQ(m.t.mesh.provider("mirror/home"), nullptr);
      const auto told = std::ranges::find_if(recorder.lines, [](const auto& line) {
        return line.kind == FactKind::note && line.text.find("da0") != std::string::npos &&
               line.text.find("da1") != std::string::npos;
      });
      EXPECT_NE(told, recorder.lines.end());
      EXPECT_EQ(halves.media[0].bytes, before[0]);
      EXPECT_EQ(halves.media[1].bytes, before[1]);
    }
  }
}

TEST(MirrorSplit, the_half_that_comes_late_is_kept_out_and_cleared_by_hand) {
  Halves halves(1);
  MirrorMesh m;
  m.plug("da0", halves.media[0]);
  m.settle();
  ASSERT_NE(m.t.mesh.provider("mirror/home"), nullptr);
  biotope::testing::Recorder recorder(m.t.mesh);
  m.plug("da1", halves.media[1]);
  m.settle();
  EXPECT_EQ(m.find("home")->members().size(), 1U);
  const auto refusal =
      std::ranges::find(recorder.lines, EEXIST, [](const auto& line) { return line.error; });
  ASSERT_NE(refusal, recorder.lines.end());
  EXPECT_NE(refusal->text.find("da0 of mirror home"), std::string::npos) << refusal->text;
  ASSERT_EQ(m.ask([&](auto then) { clear(m.t.mesh, "da1", then); }), 0) << m.said;
  ASSERT_EQ(m.ask([&](auto then) { m.find("home")->forget(then); }), 0) << m.said;
  ASSERT_EQ(m.ask([&](auto then) { m.find("home")->insert("da1", {}, then); }), 0) << m.said;
  m.settle();
  EXPECT_TRUE(m.find("home")->complete());
  EXPECT_TRUE(biotope::testing::same(halves.media[0], halves.media[1], (1 << 20) - 512));
}

TEST(MirrorSplit, a_copy_of_a_whole_disk_does_not_pass_for_another) {
  Medium media[]{Medium(1 << 20), Medium(1 << 20), Medium(1 << 20)};
  {
    MirrorMesh m;
    m.plug("da0", media[0]);
    m.plug("da1", media[1]);
    ASSERT_EQ(m.label("home", {"da0", "da1"}), 0);
    m.settle();
  }
  media[2] = media[0];
  MirrorMesh m;
  for (int i = 0; i < 3; ++i) m.plug("da" + std::to_string(i), media[i]);
  m.settle();
  ASSERT_NE(m.find("home"), nullptr);
  EXPECT_EQ(m.find("home")->members().size(), 2U) << m.find("home")->status();
  EXPECT_TRUE(m.find("home")->complete());
}

TEST(MirrorSplit, a_mirror_without_a_disk_that_has_everything_waits_for_one) {
  Medium media[]{Medium(1 << 20), Medium(1 << 20)};
  {
    MirrorMesh m;
    m.plug("da0", media[0]);
    m.plug("da1", media[1]);
    ASSERT_EQ(m.label("home", {"da0"}), 0);
    m.run_for(1'000'000);
    // The copy does not get anywhere.
    m.drive("da1").latency_ns = [](const Bio& bio) {
      return bio.length_bytes > 512 ? 3'600'000'000'000 : 0;
    };
    ASSERT_EQ(m.ask([&](auto then) { m.find("home")->insert("da1", {}, then); }), 0) << m.said;
    m.run_for(1'000'000);
  }
  MirrorMesh m;
  m.plug("da1", media[1]);
  m.settle();
  ASSERT_NE(m.find("home"), nullptr);
  EXPECT_EQ(m.find("home")->status().substr(0, 8), "STARTING");
  EXPECT_EQ(m.t.mesh.provider("mirror/home"), nullptr);
  m.plug("da0", media[0]);
  m.settle();
  EXPECT_TRUE(m.find("home")->complete()) << m.find("home")->status();
}

}  // namespace
}  // namespace biotope::mirror
