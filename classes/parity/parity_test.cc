// What raid3 and raid5 do alike: coming together, going on without a disk, refusing.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <algorithm>
#include <tuple>

#include "classes/parity/testing.h"

namespace biotope {
namespace {

using parity::Candidate;
using parity::Role;
using parity::View;
using testing::Medium;
using testing::ParityArray;
using testing::ParityMesh;
using testing::pattern;

constexpr std::int64_t kMiB = 1 << 20;

// Which members are good, by records alone -------------------------------------------------------

Candidate member(std::uint16_t index, View view, View before = {}) {
  parity::Record r;
  r.name = "home";
  r.id = 1;
  r.index = index;
  r.count = 3;
  r.view = view;
  r.before = before;
  r.media_size_bytes = 2048;
  r.sector_size_bytes = 1024;
  return {sentence("da", index), r};
}

std::vector<Role> roles(const std::vector<Candidate>& there) {
  std::vector<const Candidate*> members(3);
  for (const Candidate& c : there) members[c.record.index] = &c;
  const auto a = parity::assemble(members);
  return a ? a->roles : std::vector<Role>{};
}

using Roles = std::vector<Role>;
constexpr View kAll{0, 1, 0};
constexpr View kWithout2{0, 2, 3};
constexpr View kWithout0{0, 2, 1};

TEST(ParityAssembly, Inv_M7_a_member_that_the_others_went_on_without_is_stale) {
  EXPECT_EQ(roles({member(0, kWithout2, kAll), member(1, kWithout2, kAll), member(2, kAll)}),
            (Roles{Role::good, Role::good, Role::stale}));
}

TEST(ParityAssembly, Inv_M7_a_stale_member_and_one_that_went_on_are_not_enough) {
  EXPECT_EQ(roles({member(1, kWithout2, kAll), member(2, kAll)}), Roles{});
}

TEST(ParityAssembly, what_one_member_alone_has_on_disk_has_changed_nothing) {
  EXPECT_EQ(roles({member(0, kWithout2, kAll), member(1, kAll)}),
            (Roles{Role::good, Role::good, Role::missing}));
  EXPECT_EQ(roles({member(1, kAll), member(2, kAll)}),
            (Roles{Role::missing, Role::good, Role::good}));
}

// da0 was about to go on without da2, the power failed, and the others went on without da0.
TEST(ParityAssembly, Inv_M7_of_two_views_the_one_counts_that_all_its_members_have) {
  EXPECT_EQ(
      roles({member(0, kWithout2, kAll), member(1, kWithout0, kAll), member(2, kWithout0, kAll)}),
      (Roles{Role::stale, Role::good, Role::good}));
}

TEST(ParityAssembly, a_lower_genid_is_refused) {
  const View broken{1, 1, 3};
  EXPECT_EQ(roles({member(0, broken, kAll), member(1, broken, kAll), member(2, kAll)}),
            (Roles{Role::good, Role::good, Role::refused}));
}

TEST(ParityAssembly, two_halves_that_went_on_apart_are_refused_and_both_are_named) {
  Error why;
  const View here{0, 3, 3};
  const View there{0, 7, 1};
  EXPECT_EQ(parity::judge_late(member(2, there, View{0, 6, 1}), member(0, here, here), why),
            Role::refused);
  EXPECT_EQ(why.code, EEXIST);
  EXPECT_NE(why.text.find("da2"), std::string::npos);
  EXPECT_NE(why.text.find("da0"), std::string::npos);
}

// Arrays -----------------------------------------------------------------------------------------

class Parity : public ::testing::TestWithParam<const char*> {
 protected:
  // raid5's usual one would need larger disks.
  static Values small_log() {
    Values given;
    if (std::string_view(GetParam()) == "raid5") given.set("log", std::int64_t{4});
    return given;
  }
  ParityArray array{GetParam(), {kMiB, kMiB, kMiB}, small_log()};
  ParityMesh& m = array.m;
  Bytes data = pattern(64 << 10, 3);
  Bytes back = Bytes(data.size());
};

TEST_P(Parity, Paper_63_nobody_above_hears_of_the_first_loss) {
  Consumer& edge = m.open("home");
  ASSERT_EQ(m.write(edge, 0, data), 0);
  m.unplug("da0");
  EXPECT_EQ(m.read(edge, 0, back), 0);
  EXPECT_EQ(back, data);
  EXPECT_EQ(static_cast<testing::User&>(edge.geom()).orphanings, 0);
}

// What is left waits for the others to come back, and goes with its last disk.
TEST_P(Parity, Inv_M3_the_second_loss_is_told_and_nothing_is_left) {
  auto& user = static_cast<testing::User&>(m.open("home").geom());
  int told = 0;
  user.on_orphaned = [&](Consumer& edge) {
    ++told;
    m.t.mesh.wither(edge.geom());
  };
  m.unplug("da0");
  EXPECT_EQ(told, 0);
  m.unplug("da1");
  EXPECT_EQ(told, 1);
  EXPECT_EQ(m.t.mesh.provider(sentence(GetParam(), "/home")), nullptr);
  EXPECT_EQ(array.group().state(), parity::Group::State::starting);
  m.unplug("da2");
  EXPECT_EQ(m.t.mesh.census(), Census{});
}

// The disk that failed the write must not be taken for good by whoever finds the disks later.
TEST_P(Parity, Inv_E17_a_write_is_acknowledged_when_the_others_say_that_one_lacks_it) {
  Consumer& edge = m.open("home");
  m.drive("da0").write_error = EIO;
  bool acknowledged = false;
  int view_writes = 0;
  for (const char* disk : {"da1", "da2"}) {
    m.drive(disk).on_request = [&](Bio& bio) {
      const bool record = bio.command == Command::write && bio.position_bytes == kMiB - 512;
      if (record) view_writes += acknowledged ? 100 : 1;
    };
  }
  ASSERT_EQ(m.write(edge, 0, data), 0);
  acknowledged = true;
  EXPECT_GE(view_writes, 2);
  m.run_for(20'000'000'000);
  EXPECT_LT(array.group().self().view.without, 2);
  EXPECT_EQ(array.group().self().view.genid, 1U);
  EXPECT_EQ(m.read(edge, 0, back), 0);
  EXPECT_EQ(back, data);
}

TEST_P(Parity, Inv_M7_a_disk_that_was_away_is_read_only_when_it_has_a_copy) {
  Consumer& edge = m.open("home");
  m.unplug("da0");
  ASSERT_EQ(m.write(edge, 0, data), 0);
  m.plug("da9", array.media[0]);
  m.run_for(1'000'000);
  EXPECT_EQ(m.read(edge, 0, back), 0);
  EXPECT_EQ(back, data);
  ASSERT_EQ(m.ask([&](auto then) { array.group().when_complete(then); }), 0);
  m.unplug("da1");
  EXPECT_EQ(m.read(edge, 0, back), 0);
  EXPECT_EQ(back, data);
}

TEST_P(Parity, Inv_E41_a_bad_sector_is_worked_out_from_the_others) {
  Consumer& edge = m.open("home");
  ASSERT_EQ(m.write(edge, 0, data), 0);
  for (std::size_t disk = 0; disk < 3; ++disk) {
    array.media[disk].bad.insert(3 * static_cast<std::int64_t>(disk));
  }
  Bytes sector(1024);
  for (std::int64_t at = 0; at < 64 << 10; at += 1024) {
    ASSERT_EQ(m.read(edge, at, sector), 0) << at;
    EXPECT_TRUE(std::equal(sector.begin(), sector.end(), data.begin() + at)) << at;
  }
}

TEST_P(Parity, stop_keeps_what_destroy_wipes) {
  Consumer& edge = m.open("home");
  ASSERT_EQ(m.write(edge, 0, data), 0);
  EXPECT_EQ(m.ask([&](auto then) { array.group().stop(then); }), EBUSY);
  m.t.mesh.wither(edge.geom());
  m.run_for(1'000'000);
  ASSERT_EQ(m.ask([&](auto then) { array.group().stop(then); }), 0) << m.said;
  m.run_for(1'000'000);
  ASSERT_EQ(m.find("home"), nullptr);
  m.t.mesh.retaste(m.kind());
  m.run_for(1'000'000'000);
  ASSERT_NE(m.find("home"), nullptr);
  Consumer& again = m.open("home");
  EXPECT_EQ(m.read(again, 0, back), 0);
  EXPECT_EQ(back, data);
  m.t.mesh.wither(again.geom());
  m.run_for(1'000'000);
  ASSERT_EQ(m.ask([&](auto then) { array.group().destroy(then); }), 0) << m.said;
  m.run_for(1'000'000);
  m.t.mesh.retaste(m.kind());
  m.run_for(1'000'000'000);
  EXPECT_EQ(m.find("home"), nullptr);
}

TEST_P(Parity, Inv_M5_a_scrub_finds_what_does_not_fit_and_mends_parity) {
  Consumer& edge = m.open("home");
  ASSERT_EQ(m.write(edge, 0, data), 0);
  const auto scrub = [&](bool mend) {
    std::optional<parity::ScrubReport> report;
    array.group().scrub(mend, [&](const Result<parity::ScrubReport>& r) { report = r.value(); });
    m.run_for(100'000'000'000);
    return report.value();
  };
  EXPECT_EQ(scrub(false).differing_bytes, 0);
  array.media[1].bytes[100] ^= std::byte{4};
  EXPECT_GT(scrub(false).differing_bytes, 0);
  EXPECT_GT(scrub(true).repaired_bytes, 0);
  EXPECT_EQ(scrub(false).differing_bytes, 0);
}

TEST_P(Parity, the_line_that_makes_it_again_is_shown) {
  EXPECT_NE(array.group().recipe().find(sentence(GetParam(), " label home")), std::string::npos);
  EXPECT_NE(array.group().status().find("COMPLETE, 3 of 3"), std::string::npos);
}

// Verbs in any order, at any time, on whatever disks: each is answered, and what was written is
// there as long as there is an array.
RC_GTEST_PROP(ParityVerbs, any_verbs_at_any_time_lose_nothing,
              (std::vector<std::tuple<std::uint8_t, std::uint8_t, std::uint8_t>> steps)) {
  const char* cls = steps.size() % 2 == 0 ? "raid3" : "raid5";
  Values given;
  if (steps.size() % 2 != 0) {
    given.set("log", std::int64_t{4});
    given.set("stripe_size", std::int64_t{2048});
  }
  ParityArray a(cls, {32 << 10, 32 << 10, 32 << 10}, given);
  Medium spare(32 << 10);
  a.m.plug("da3", spare);
  a.m.run_for(1'000'000);
  const Bytes data = pattern(8192, 5);
  RC_ASSERT(a.m.write(a.m.open("home"), 0, data) == 0);
  int asked = 0;
  int answered = 0;
  const auto then = [&](const auto&) { ++answered; };
  for (const auto& [what, which, wait] : steps) {
    parity::Group* group = a.m.find("home");
    if (group == nullptr) break;
    const std::string disk = sentence("da", which % 5);
    ++asked;
    switch (what % 8) {
      case 0:
        group->insert(disk, then);
        break;
      case 1:
      case 2:
        group->remove(disk, then);
        break;
      case 3:
        group->rebuild(disk, then);
        break;
      case 4:
        group->configure(1, 0, then);
        break;
      case 5:
        group->stop(then);
        break;
      case 6:
        group->scrub(which % 2 == 0, then);
        break;
      default:
        group->when_complete(then);
        break;
    }
    a.m.run_for(static_cast<std::int64_t>(wait % 3) * 100'000);
  }
  a.m.run_for(60'000'000'000);
  RC_ASSERT(answered == asked);
  RC_ASSERT(a.m.find("home") != nullptr);
  Bytes back(data.size());
  Consumer& edge = a.provider().consumers().front().geom().consumers().front();
  RC_ASSERT(a.m.read(edge, 0, back) == 0);
  RC_ASSERT(back == data);
}

// Bad input --------------------------------------------------------------------------------------

TEST_P(Parity, what_can_not_be_labelled_is_refused_and_nothing_has_changed) {
  Medium good[2]{Medium(kMiB), Medium(kMiB)};
  Medium tiny(512);
  Medium odd(100 * 96, 96);
  m.plug("x0", good[0]);
  m.plug("x1", good[1]);
  m.plug("tiny", tiny);
  m.plug("odd", odd);
  m.run_for(1'000'000);
  EXPECT_EQ(m.label("new", {"x0", "x1"}, small_log()), EINVAL);
  EXPECT_EQ(m.label("new", {"x0", "x1", "x1"}, small_log()), EINVAL);
  EXPECT_NE(m.said.find("x1"), std::string::npos);
  EXPECT_EQ(m.label("new", {"x0", "x1", "nowhere"}, small_log()), ENOENT);
  EXPECT_EQ(m.label("new", {"x0", "x1", "tiny"}, small_log()), EINVAL);
  EXPECT_EQ(m.label("new", {"x0", "x1", "odd"}, small_log()), EINVAL);
  EXPECT_EQ(m.label("new", {"x0", "x1", "da0"}, small_log()), EPERM) << "it is in use: " << m.said;
  EXPECT_EQ(m.label("home", {"x0", "x1", "da0"}, small_log()), EEXIST);
  EXPECT_EQ(m.label("a/b", {"x0", "x1", "da0"}, small_log()), EINVAL);
  for (const Medium& medium : good) {
    EXPECT_TRUE(std::ranges::all_of(medium.bytes, [](std::byte b) { return b == std::byte{0}; }));
  }
}

TEST_P(Parity, verbs_that_make_no_sense_are_refused_by_name) {
  Medium small(kMiB / 2);
  Medium spare(2 * kMiB);
  m.plug("small", small);
  m.plug("spare", spare);
  m.run_for(1'000'000);
  EXPECT_EQ(array.insert("da0"), EEXIST);
  EXPECT_EQ(array.insert("spare"), EBUSY) << "nothing is missing";
  EXPECT_EQ(array.remove("spare"), ENOENT);
  ASSERT_EQ(array.remove("da0"), 0) << m.said;
  EXPECT_EQ(array.remove("da1"), EBUSY) << "the others live of it";
  EXPECT_EQ(m.ask([&](auto then) { array.group().rebuild("da1", then); }), EBUSY);
  EXPECT_EQ(array.insert("small"), EINVAL);
  EXPECT_NE(m.said.find("small"), std::string::npos);
  EXPECT_EQ(array.insert("nowhere"), ENOENT);
  EXPECT_EQ(array.insert("spare"), 0) << m.said;
  EXPECT_EQ(array.insert("spare"), EEXIST);
  EXPECT_TRUE(array.group().complete());
}

TEST_P(Parity, a_twin_of_a_member_and_a_disk_of_another_array_of_that_name_are_refused) {
  Values given = small_log();
  given.set("id", std::int64_t{77});
  ParityArray other(GetParam(), {kMiB, kMiB, kMiB}, given);
  Medium twin = array.media[0];
  Medium foreign = other.media[1];
  testing::Recorder facts(m.t.mesh);
  m.plug("twin", twin);
  m.plug("foreign", foreign);
  m.run_for(1'000'000'000);
  const auto told = [&](std::string_view one, std::string_view two) {
    return std::ranges::any_of(facts.lines, [&](const auto& line) {
      return line.kind == FactKind::note && line.error == EEXIST &&
             line.text.find(one) != std::string::npos && line.text.find(two) != std::string::npos;
    });
  };
  EXPECT_TRUE(told("twin", "da0"));
  EXPECT_TRUE(told("foreign", "home"));
  EXPECT_EQ(array.group().member("twin"), nullptr);
  EXPECT_TRUE(array.group().complete());
  EXPECT_EQ(twin.bytes, array.media[0].bytes) << "nothing was written to it";
}

TEST_P(Parity, metadata_that_are_too_new_are_left_alone_and_can_be_cleared) {
  ASSERT_EQ(array.remove("da0"), 0);
  m.run_for(1'000'000);
  Bytes& bytes = array.media[0].bytes;
  std::copy_n(array.media[1].bytes.end() - 512, 512, bytes.end() - 512);
  bytes[bytes.size() - 512 + 16] = std::byte{99};
  m.t.mesh.retaste(m.kind());
  m.run_for(1'000'000'000);
  EXPECT_EQ(array.group().member("da0"), nullptr);
  EXPECT_EQ(m.clear("da0"), 0) << m.said;
  m.run_for(1'000'000);
  EXPECT_EQ(m.clear("da0"), ENOENT);
}

INSTANTIATE_TEST_SUITE_P(Classes, Parity, ::testing::Values("raid3", "raid5"));

}  // namespace
}  // namespace biotope
