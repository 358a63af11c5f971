#include "classes/array/array.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>

#include "classes/array/testing.h"

namespace biotope::array {
namespace {

using testing::clear;
using testing::destroy;
using testing::find_array;
using testing::label;
using testing::number;
using testing::word;
using testing::World;

class EachArray : public ::testing::TestWithParam<const char*> {
 protected:
  const char* cls() const { return GetParam(); }
  std::string provider() const { return sentence(cls(), "/data"); }
  std::string title() const { return sentence(cls(), " data"); }
  static void disks(World& w, int count) {
    for (int i = 0; i < count; ++i) w.disk("da" + std::to_string(i), 1 << 20);
  }
};

TEST_P(EachArray, is_assembled_from_metadata_in_any_order_of_arrival) {
  std::vector<int> order{0, 1, 2};
  do {
    World w;
    disks(w, 3);
    ASSERT_EQ(label(w, cls(), "data", {"da0", "da1", "da2"}), "");
    Consumer& user = w.open(provider());
    const std::int64_t size = user.provider()->media_size_bytes();
    const Bytes data = testing::pattern(size);
    ASSERT_EQ(w.write(user, 0, data), 0);
    w.close(user);
    for (int i = 0; i < 3; ++i) {
      w.t.mesh.wither(w.t.provider("da" + std::to_string(i)).geom());
      w.t.mesh.settle();
    }
    ASSERT_EQ(w.t.mesh.census(), Census{});
    for (const int i : order) {
      EXPECT_EQ(w.t.mesh.provider(provider()), nullptr);
      // Under another name than before, as when cables were changed.
      ASSERT_TRUE(w.plug("ada" + std::to_string(i), *w.drivers[static_cast<std::size_t>(i)]));
    }
    EXPECT_EQ(w.read(w.open(provider()), 0, size), data);
    EXPECT_EQ(find_array(w, cls(), "data")->status(), "complete, 3 of 3 disks: ada0 ada1 ada2");
  } while (std::ranges::next_permutation(order).found);
}

TEST_P(EachArray, a_lost_disk_takes_it_away_and_brings_it_back) {
  World w;
  disks(w, 2);
  ASSERT_EQ(label(w, cls(), "data", {"da0", "da1"}), "");
  Consumer& user = w.open(provider());
  const std::uint64_t before = user.provider()->id();
  ASSERT_EQ(w.write(user, 0, testing::pattern(4096)), 0);
  w.t.mesh.wither(w.t.provider("da1").geom());
  w.t.mesh.settle();
  EXPECT_EQ(w.t.mesh.provider(provider()), nullptr) << "its user has gone with it";
  EXPECT_EQ(find_array(w, cls(), "data")->status(), "incomplete, 1 of 2 disks: da0 (missing)");
  EXPECT_EQ(find_array(w, cls(), "data")->recipe(), "");
  ASSERT_TRUE(w.plug("da1", *w.drivers[1]));
  EXPECT_NE(w.t.provider(provider()).id(), before) << "what comes back is new";
  EXPECT_EQ(w.read(w.open(provider()), 0, 4096), testing::pattern(4096));
  w.t.mesh.wither(w.t.provider("da0").geom());
  w.t.mesh.wither(w.t.provider("da1").geom());
  w.t.mesh.settle();
  EXPECT_EQ(w.t.mesh.census(), Census{});
}

TEST_P(EachArray, made_by_hand_it_goes_with_its_first_disk) {
  World w;
  disks(w, 2);
  w.make(cls(), "data", {"da0", "da1"});
  w.drivers[0]->pull();
  w.t.mesh.settle();
  EXPECT_EQ(w.t.mesh.geom(cls(), "data"), nullptr);
  EXPECT_EQ(w.t.mesh.census().geoms, 1U);
}

TEST_P(EachArray, a_disk_that_somebody_else_writes_is_out_until_he_has_closed) {
  World w;
  disks(w, 2);
  ASSERT_EQ(label(w, cls(), "data", {"da0", "da1"}), "");
  Consumer& other = w.open("da0", {1, 1, 0});
  EXPECT_EQ(w.t.mesh.provider(provider()), nullptr);
  w.close(other);
  EXPECT_NE(w.t.mesh.provider(provider()), nullptr);
}

TEST_P(EachArray, tells_the_line_that_makes_it_again) {
  World w;
  disks(w, 4);
  EXPECT_EQ(w.make(cls(), "hand", {"da2", "da3"}).recipe(),
            sentence(cls(), " create hand da2 da3"));
  ASSERT_EQ(label(w, cls(), "data", {"da1", "da0"}, {{"id", number(77)}}), "");
  EXPECT_EQ(find_array(w, cls(), "data")->recipe(), sentence(cls(), " label data id=77 da1 da0"));
}

TEST_P(EachArray, bad_numbers_of_disks_are_refused) {
  World w;
  disks(w, 2);
  EXPECT_NE(w.refusal(cls(), "data", {}), "");
  EXPECT_NE(label(w, cls(), "data", {}), "");
  EXPECT_EQ(w.refusal(cls(), "data", {"da0", "da1", "da0"}),
            sentence(EINVAL, ": ", title(), " can not have da0 twice"));
  EXPECT_EQ(label(w, cls(), "data", {"da1", "da1"}),
            sentence(EINVAL, ": ", title(), " can not have da1 twice"));
}

TEST_P(EachArray, what_label_refuses_it_has_not_touched) {
  World w;
  disks(w, 2);
  w.disk("tiny", 512);
  w.disk("short", 640, 64);
  for (auto& driver : w.drivers) {
    const Bytes data = testing::pattern(driver->traits().properties.media_size_bytes);
    std::ranges::copy(data, driver->bytes().begin());
  }
  const auto untouched = [&] {
    return std::ranges::all_of(w.drivers, [](const auto& driver) {
      return driver->bytes() == testing::pattern(driver->traits().properties.media_size_bytes);
    });
  };
  const auto refused = [&](const char* name, const testing::Names& below,
                           testing::Given given = {}) {
    const Census before = w.t.mesh.census();
    const std::string why = label(w, cls(), name, below, given);
    EXPECT_TRUE(untouched()) << why;
    EXPECT_EQ(w.t.mesh.census(), before) << why;
    return why;
  };
  EXPECT_NE(refused("data", {"da0", "tiny"}).find("tiny"), std::string::npos);
  EXPECT_EQ(
      refused("data", {"da0", "short"}),
      sentence(EINVAL, ": ", title(), ": short has sectors of 64 bytes, too small for metadata"));
  EXPECT_NE(refused("sixteen letters!", {"da0", "da1"}), "");
  EXPECT_NE(refused("", {"da0", "da1"}), "");
  EXPECT_NE(refused("data", {"da0", "da1"}, {{"id", number(-1)}}), "");
  EXPECT_NE(refused("data", {"da0", "da1"}, {{"idd", number(1)}}), "");
  Consumer& other = w.open("da1", {1, 1, 0});
  EXPECT_TRUE(refused("data", {"da0", "da1"}).starts_with(sentence(EPERM, ": ")));
  w.close(other);
  EXPECT_EQ(label(w, cls(), "data", {"da0", "da1"}), "");
  EXPECT_FALSE(untouched());
}

TEST_P(EachArray, a_disk_with_metadata_is_not_labelled_again) {
  World w;
  disks(w, 3);
  ASSERT_EQ(label(w, cls(), "data", {"da0", "da1"}), "");
  EXPECT_EQ(label(w, cls(), "data", {"da1", "da2"}),
            sentence(EEXIST, ": ", title(), " is there already; stop it first"));
  const Bytes before = testing::last_sector(*w.drivers[1]);
  const std::string why = label(w, cls(), "more", {"da1", "da2"});
  EXPECT_NE(why.find("da1 holds GEOM::"), std::string::npos) << why;
  EXPECT_EQ(testing::last_sector(*w.drivers[1]), before);
  EXPECT_EQ(testing::last_sector(*w.drivers[2]), Bytes(512));
  EXPECT_NE(w.t.mesh.provider(provider()), nullptr);
}

TEST_P(EachArray, a_write_that_fails_while_labelling_takes_all_back) {
  World w;
  disks(w, 2);
  w.make("nop", "bad", {"da1"}, {{"write_fail_percent", number(100)}});
  EXPECT_NE(label(w, cls(), "data", {"da0", "bad"}), "");
  EXPECT_EQ(testing::last_sector(*w.drivers[0]), Bytes(512));
}

TEST_P(EachArray, duplicates_and_foreign_disks_are_refused_by_name) {
  World w;
  disks(w, 3);
  ASSERT_EQ(label(w, cls(), "data", {"da0", "da1"}, {{"id", number(5)}}), "");
  testing::Recorder recorder(w.t.mesh);
  const auto told = [&](const Bytes& sector) {
    recorder.lines.clear();
    w.t.mesh.wither(w.t.provider("da2").geom());
    w.t.mesh.settle();
    std::ranges::copy(sector, w.drivers[2]->bytes().end() - 512);
    EXPECT_TRUE(w.plug("da2", *w.drivers[2]));
    std::string all;
    for (const auto& line : recorder.lines) {
      if (line.kind == FactKind::note) all += line.text;
    }
    EXPECT_NE(w.t.mesh.provider(provider()), nullptr) << all;
    return all;
  };
  Bytes sector = testing::last_sector(*w.drivers[1]);
  EXPECT_EQ(told(sector), sentence("da2 says it is member 1 of ", title(),
                                   ", but da1 is that; clear the one that is not"));
  sector[40] = std::byte{2};  // member 2 of 2
  EXPECT_NE(told(sector).find("member 2 of 2"), std::string::npos);
  sector[42] = std::byte{0xff};  // of 255
  sector[16] = std::byte{200};
  EXPECT_NE(told(sector).find("version 200"), std::string::npos);
}

TEST_P(EachArray, stop_leaves_the_metadata_and_destroy_and_clear_do_not) {
  World w;
  disks(w, 2);
  ASSERT_EQ(label(w, cls(), "data", {"da0", "da1"}), "");
  Consumer& user = w.open(provider(), kReadOnly);
  EXPECT_EQ(w.t.mesh.destroy(*find_array(w, cls(), "data")).error().code, EBUSY);
  EXPECT_TRUE(destroy(w, cls(), "data").starts_with(sentence(EBUSY, ": ", title(), " is open")));
  w.close(user);
  EXPECT_TRUE(w.t.mesh.destroy(*find_array(w, cls(), "data")));
  w.t.mesh.settle();
  EXPECT_NE(testing::last_sector(*w.drivers[0]), Bytes(512));
  w.t.mesh.retaste(*w.t.mesh.find_class(cls()));
  w.t.mesh.settle();
  ASSERT_NE(w.t.mesh.provider(provider()), nullptr) << "it is found again";
  EXPECT_EQ(destroy(w, cls(), "data"), "");
  EXPECT_EQ(w.t.mesh.geom(cls(), "data"), nullptr);
  for (const auto& driver : w.drivers) EXPECT_EQ(testing::last_sector(*driver), Bytes(512));
}

// Disks that take their time, so that others come and go meanwhile.
TEST_P(EachArray, destroy_is_not_disturbed_by_whoever_opens_and_closes_meanwhile) {
  World w;
  for (int i = 0; i < 2; ++i) w.disk("da" + std::to_string(i), 1 << 20, 512, 1'000'000);
  ASSERT_EQ(label(w, cls(), "data", {"da0", "da1"}), "");
  Task<Status> task = ArrayClass::destroy(*find_array(w, cls(), "data"));
  task.start();
  Consumer& user = w.t.user("user", w.t.provider(provider())).edge();
  ASSERT_TRUE(w.t.mesh.access(user, kReadOnly));
  ASSERT_TRUE(w.t.mesh.close(user));
  w.t.executor.run();
  ASSERT_TRUE(task.done());
  const Status done = task.result();
  EXPECT_TRUE(done) << done.error().text;
  for (const auto& driver : w.drivers) EXPECT_EQ(testing::last_sector(*driver), Bytes(512));
  EXPECT_EQ(w.t.mesh.geom(cls(), "data"), nullptr);
}

TEST_P(EachArray, clear_wipes_a_disk_that_is_in_no_array) {
  World w;
  disks(w, 2);
  ASSERT_EQ(label(w, cls(), "data", {"da0", "da1"}), "");
  ASSERT_TRUE(w.t.mesh.destroy(*find_array(w, cls(), "data")));
  w.t.mesh.settle();
  const Census before = w.t.mesh.census();
  EXPECT_EQ(clear(w, cls(), "da1"), "");
  EXPECT_EQ(testing::last_sector(*w.drivers[1]), Bytes(512));
  EXPECT_TRUE(clear(w, cls(), "da1").starts_with(sentence(ENOENT, ": da1 holds no GEOM::")));
  EXPECT_EQ(w.t.mesh.census(), before);
}

TEST_P(EachArray, every_command_is_answered_as_the_table_says) {
  World w;
  disks(w, 2);
  w.make(cls(), "data", {"da0", "da1"});
  Consumer& user = w.open(provider());
  const bool secret = std::string_view(cls()) == "shsec";
  testing::Issuer issuer(w.t.mesh);
  Bytes data(65536 * 2);
  EXPECT_EQ(issuer.ask(user, Command::remove, 0, 65536 * 2), secret ? EOPNOTSUPP : 0);
  EXPECT_EQ(w.flush(user), 0);
  EXPECT_EQ(user.provider()->properties().deletable, !secret);
  for (const Consumer& member : find_array(w, cls(), "data")->consumers()) {
    EXPECT_EQ(member.statistics()[Command::flush].operations, 1U);
  }
  EXPECT_EQ(w.run(get_attribute(user, "GEOM::ident", 64)).error().code, EOPNOTSUPP);
}

INSTANTIATE_TEST_SUITE_P(Classes, EachArray, ::testing::Values("stripe", "concat", "shsec"),
                         [](const auto& param) { return std::string(param.param); });

// A request that is ORDERED, over disks of which one is slow.
TEST(MappedArray, Inv_E18_what_is_ordered_is_so_over_all_members) {
  World w;
  w.disk("slow", 1 << 20, 512, 1'000);
  w.disk("fast", 1 << 20);
  w.make("stripe", "data", {"slow", "fast"});
  Consumer& user = w.open("stripe/data");
  const std::int64_t start_ns = w.t.executor.now_ns();
  testing::Issuer issuer(w.t.mesh);
  Bytes before = testing::pattern(512, 1);
  Bytes ordered = testing::pattern(512, 2);
  Bytes after = testing::pattern(512, 3);
  const auto on = [&](int disk) {
    const auto& bytes = w.drivers[static_cast<std::size_t>(disk)]->bytes();
    return Bytes(bytes.begin(), bytes.begin() + 512);
  };
  issuer.issue(user, Command::write, 0, 512, Data(before.data()));
  issuer.issue(user, Command::write, 65536, 512, Data(ordered.data()), kBioOrdered);
  issuer.issue(user, Command::write, 65536, 512, Data(after.data()));
  issuer.issue(user, Command::flush, 0, 0);
  EXPECT_EQ(on(1), Bytes(512)) << "the slow disk has not written yet";
  while (on(0) != before) w.t.executor.step();
  EXPECT_EQ(on(1), Bytes(512));
  w.t.executor.run();
  EXPECT_TRUE(issuer.all_back_once(4));
  EXPECT_EQ(issuer.errors, std::vector<int>(4, 0));
  EXPECT_LE(w.t.executor.now_ns() - start_ns, 1'000 + RequestPath::kReplayDelay_ns);
  EXPECT_EQ(on(1), after);
}

TEST(MappedArray, what_waits_for_an_order_ends_when_a_disk_goes) {
  World w;
  RamDriver& slow = w.disk("slow", 1 << 20, 512, 1'000);
  w.disk("fast", 1 << 20);
  w.make("stripe", "data", {"slow", "fast"});
  Consumer& user = w.open("stripe/data");
  testing::Issuer issuer(w.t.mesh);
  Bytes data(65536 * 2);
  issuer.issue(user, Command::write, 0, 512, Data(data.data()));
  issuer.issue(user, Command::write, 0, 65536 * 2, Data(data.data()), kBioOrdered);
  issuer.issue(user, Command::read, 0, 65536 * 2, Data(data.data()));
  slow.pull();
  w.t.executor.run();
  EXPECT_EQ(issuer.errors, std::vector<int>(3, ENXIO));
  EXPECT_EQ(w.t.mesh.census().bios, 0U);
}

// The map of any array of any disks, against the plainest statement of what a map is: every byte of
// the parent is exactly one byte of a member, and no two are the same.
struct RandomDisks {
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> sectors;
  std::int64_t lcm = 1;
};
RandomDisks any_disks() {
  RandomDisks disks;
  const int count = *rc::gen::inRange(1, 6);
  for (int i = 0; i < count; ++i) {
    const std::int64_t sector = *rc::gen::element<std::int64_t>(48, 64, 512, 588, 2352);
    disks.sectors.push_back(sector);
    disks.lcm = std::lcm(disks.lcm, sector);
  }
  for (int i = 0; i < count; ++i) {
    const auto sectors = *rc::gen::inRange<std::int64_t>(1, 6);
    disks.sizes.push_back(disks.lcm * sectors +
                          disks.sectors[static_cast<std::size_t>(i)] * (*rc::gen::inRange(0, 3)));
  }
  return disks;
}

void check_tiling(const MappedArray& array, std::int64_t size, std::int64_t grain) {
  std::map<const Consumer*, std::vector<std::pair<std::int64_t, std::int64_t>>> used;
  for (std::int64_t at = 0; at < size;) {
    const auto piece = array.piece(at, size - at);
    RC_ASSERT(piece.length_bytes > 0);
    RC_ASSERT(piece.length_bytes <= size - at);
    RC_ASSERT(piece.length_bytes % grain == 0);
    const Properties& below = piece.to->provider()->properties();
    RC_ASSERT(piece.position_bytes >= 0);
    RC_ASSERT(piece.position_bytes % below.sector_size_bytes == 0);
    RC_ASSERT(piece.position_bytes + piece.length_bytes <= below.media_size_bytes);
    // A shorter request maps to the same place.
    RC_ASSERT(array.piece(at, grain).position_bytes == piece.position_bytes);
    RC_ASSERT(array.piece(at, grain).to == piece.to);
    used[piece.to].emplace_back(piece.position_bytes, piece.position_bytes + piece.length_bytes);
    at += piece.length_bytes;
  }
  for (auto& [member, runs] : used) {
    std::ranges::sort(runs);
    for (std::size_t i = 1; i < runs.size(); ++i) RC_ASSERT(runs[i - 1].second <= runs[i].first);
  }
}

void check_map(const char* cls, testing::Given given, const RandomDisks& disks) {
  World w;
  testing::Names names;
  for (std::size_t i = 0; i < disks.sizes.size(); ++i) {
    names.push_back("da" + std::to_string(i));
    w.disk(names.back(), disks.sizes[i], disks.sectors[i]);
  }
  auto& array = w.make<MappedArray>(cls, "x", names, given);
  const Properties own = array.providers().front().properties();
  RC_ASSERT(own.sector_size_bytes == disks.lcm);
  check_tiling(array, own.media_size_bytes, disks.lcm);
  // And what is written is read, at the place the map says.
  Consumer& user = w.open(sentence(cls, "/x"));
  const Bytes all = testing::pattern(own.media_size_bytes);
  RC_ASSERT(w.write(user, 0, all) == 0);
  const std::int64_t sectors = own.media_size_bytes / disks.lcm;
  const auto first = *rc::gen::inRange<std::int64_t>(0, sectors);
  const auto count = *rc::gen::inRange<std::int64_t>(1, sectors - first + 1);
  RC_ASSERT(w.read(user, first * disks.lcm, count * disks.lcm) ==
            Bytes(all.begin() + first * disks.lcm, all.begin() + (first + count) * disks.lcm));
}

RC_GTEST_PROP(ArrayMap, Inv_A7_a_concat_tiles_its_disks_of_any_sectors, ()) {
  check_map("concat", {}, any_disks());
}

RC_GTEST_PROP(ArrayMap, Inv_A7_a_stripe_tiles_its_disks_of_any_sectors, ()) {
  RandomDisks disks = any_disks();
  if (disks.sizes.size() < 2) return;
  const auto most = *std::ranges::min_element(disks.sizes) / disks.lcm;
  const auto stripe = disks.lcm * *rc::gen::inRange<std::int64_t>(1, most + 1);
  check_map("stripe", {{"stripe_size", number(stripe)}}, disks);
}

}  // namespace
}  // namespace biotope::array
