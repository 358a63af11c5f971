// Plexes of organisation raid5: as vinum's own, and as the module raid5 made by hand.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>

#include "classes/nop/nop.h"
#include "classes/parity/group.h"
#include "classes/testing.h"
#include "classes/vinum/vinum.h"

namespace biotope {
namespace {

using testing::number;
using testing::pattern;
using testing::World;

constexpr std::int64_t kStripe = 4096;
constexpr std::int64_t kHeader = 135680;  // geom.md B3

// Where chunk `chunk` of the data is: row, subdisk, and which subdisk has the row's parity.
struct Place {
  Place(std::size_t chunk, std::size_t subdisks)
      : row(chunk / (subdisks - 1)),
        parity(subdisks - 1 - row % subdisks),
        subdisk(chunk % (subdisks - 1) + (chunk % (subdisks - 1) < parity ? 0 : 1)) {}
  std::size_t row, parity, subdisk;
};

// --- out of small modules ---

TEST(Raid5ByHand, is_a_plex_of_vinum_and_nothing_else_is_on_its_disks) {
  constexpr std::size_t kDisks = 4;
  World w;
  for (const char* disk : {"da0", "da1", "da2", "da3", "da4"}) w.disk(disk, 10 * kStripe + 512);
  auto& group =
      w.make<parity::Group>("raid5", "a plex with a longer name", {"da0", "da1", "da2", "da3"},
                            {{"stripe_size", number(kStripe)}});
  EXPECT_EQ(group.recipe(),
            "raid5 create \"a plex with a longer name\" stripe_size=4096 da0 da1 da2 da3");
  Consumer& user = w.open("raid5/a plex with a longer name");
  const Bytes data = pattern(10 * kStripe * 3, 5);
  ASSERT_EQ(user.provider()->media_size_bytes(), static_cast<std::int64_t>(data.size()));
  ASSERT_EQ(w.write(user, 0, data), 0);
  w.t.executor.run();
  ASSERT_TRUE(group.complete()) << "its last disk has got what fits the others";
  std::vector<Bytes> disks(kDisks, Bytes(10 * kStripe + 512));
  for (std::size_t at = 0; at < data.size(); ++at) {
    const Place place(at / kStripe, kDisks);
    disks[place.subdisk][place.row * kStripe + at % kStripe] = data[at];
    disks[place.parity][place.row * kStripe + at % kStripe] ^= data[at];
  }
  for (std::size_t i = 0; i < kDisks; ++i) EXPECT_EQ(w.drivers[i]->bytes(), disks[i]) << i;

  w.drivers[1]->pull();
  w.t.executor.run();
  EXPECT_EQ(w.read(user, 0, 30 * kStripe), data);
  std::optional<Status> inserted;
  group.insert("da4", [&](Status done) { inserted = std::move(done); });
  w.t.executor.run();
  EXPECT_TRUE(inserted && *inserted && group.complete());
  EXPECT_EQ(w.drivers[4]->bytes(), disks[1]);
}

TEST(Raid5ByHand, what_makes_none_is_refused) {
  World w;
  for (const char* disk : {"da0", "da1", "da2"}) w.disk(disk, 4096);
  EXPECT_EQ(w.refusal("raid5", "p", {"da0", "da1"}),
            sentence(EINVAL, ": raid5 p can not be made: it needs 3 to 33 disks, not 2"));
  EXPECT_EQ(w.refusal("raid5", "p", {"da0", "da1", "da2"}),
            sentence(EINVAL,
                     ": raid5 p can not be made: its smallest disk has 4096 bytes, less "
                     "than a stripe of 65536"));
  w.open("da1");
  EXPECT_NE(w.refusal("raid5", "p", {"da0", "da1", "da2"}, {{"stripe_size", number(512)}}), "");
}

// --- vinum's own ---

constexpr std::int64_t kRows = 8;

// Volume `home`: a raid5 on n0 to n3, and if so wished a concat on n4 as well.
struct Usual {
  explicit Usual(bool two_plexes = false) {
    std::string text;
    testing::Names below;
    for (int i = 0; i < (two_plexes ? 5 : 4); ++i) {
      const std::string disk = "da" + std::to_string(i);
      below.push_back("n" + std::to_string(i));
      w.disk(disk, kHeader + 64 * kStripe);
      w.make("nop", below.back().c_str(), {disk});
      text += sentence("drive d", i, " device n", i, '\n');
    }
    text += sentence("volume home\nplex org raid5 ", kStripe, '\n');
    for (int i = 0; i < 4; ++i)
      text += sentence("sd length ", kRows * kStripe, " drive d", i, '\n');
    if (two_plexes) text += sentence("plex org concat\nsd length ", data.size(), " drive d4\n");
    vinum = &w.make<Vinum>("vinum", "v", below, {{"config", Value(text)}});
    w.t.executor.run();
    user = &w.open("vinum/home");
  }
  void trouble(int drive, const char* knob, std::int64_t value) {
    auto& nop = static_cast<Nop&>(*w.t.mesh.geom("nop", "n" + std::to_string(drive)));
    EXPECT_TRUE(nop.configure(testing::values_of({{knob, number(value)}})));
  }
  void lose(std::size_t drive) {
    w.drivers[drive]->pull();
    w.t.mesh.settle();
  }
  int write(std::int64_t offset, std::int64_t length, unsigned salt) {
    const Bytes bytes = pattern(length, salt);
    std::ranges::copy(bytes, data.begin() + offset);
    return w.write(*user, offset, bytes);
  }
  bool reads() { return w.read(*user, 0, static_cast<std::int64_t>(data.size())) == data; }
  std::string start(const char* plex) {
    const Status done = w.run(vinum->start_plex(plex));
    w.t.mesh.settle();
    return done ? "" : sentence(done.error().code, ": ", done.error().text);
  }

  World w;
  Vinum* vinum = nullptr;
  Consumer* user = nullptr;
  Bytes data = Bytes(kRows * 3 * kStripe);
};

TEST(VinumRaid5, a_lost_drive_is_made_good_from_the_others) {
  for (std::size_t lost = 0; lost < 4; ++lost) {
    Usual u;
    ASSERT_EQ(u.write(0, kRows * 3 * kStripe, 1), 0);
    u.lose(lost);
    EXPECT_TRUE(u.reads()) << lost;
    EXPECT_EQ(u.vinum->status(), sentence("home up, 1 of 1 plexes: home.p0 (degraded, without ",
                                          "home.p0.s", lost, ')'));
    EXPECT_EQ(u.write(512, 1024, 2), 0);
    EXPECT_EQ(u.write(kStripe - 512, 2 * kStripe, 3), 0);
    EXPECT_EQ(u.write(6 * kStripe, 3 * kStripe, 4), 0) << "a whole row";
    EXPECT_EQ(u.w.flush(*u.user), 0);
    EXPECT_TRUE(u.reads()) << lost;
    EXPECT_EQ(u.start("home.p0"),
              sentence(ENXIO, ": plex home.p0 can not be started: drive d", lost, " is lost"));
    u.lose((lost + 1) % 4);
    EXPECT_EQ(u.w.t.mesh.geom("vinum", "v"), nullptr) << "two are too many";
  }
}

TEST(VinumRaid5, a_subdisk_that_can_not_be_written_is_stale_until_it_is_started_under_load) {
  Usual u;
  ASSERT_EQ(u.write(0, kRows * 3 * kStripe, 1), 0);
  u.trouble(2, "write_fail_percent", 100);
  EXPECT_EQ(u.write(0, 3 * kStripe, 2), 0);
  u.trouble(2, "write_fail_percent", 0);
  EXPECT_EQ(u.vinum->status(), "home up, 1 of 1 plexes: home.p0 (degraded, without home.p0.s2)");
  EXPECT_FALSE(u.vinum->config().volumes[0].plexes[0].subdisks[2].up);
  EXPECT_EQ(u.write(kStripe, 5 * kStripe, 3), 0);
  EXPECT_TRUE(u.reads()) << "what it missed is not read from it";
  EXPECT_EQ(u.start("home.p0.s2"), "") << "while the volume is open";
  EXPECT_EQ(u.vinum->status(), "home up, 1 of 1 plexes: home.p0");
  u.lose(0);
  EXPECT_TRUE(u.reads()) << "with what it has got";
}

TEST(VinumRaid5, a_bad_sector_costs_no_subdisk_its_place) {
  Usual u;
  ASSERT_EQ(u.write(0, kRows * 3 * kStripe, 1), 0);
  for (int drive = 0; drive < 4; ++drive) {
    u.trouble(drive, "read_fail_percent", 100);
    EXPECT_TRUE(u.reads()) << drive;
    EXPECT_EQ(u.write(5 * kStripe + 512, 3 * kStripe, 2), 0) << drive;
    u.trouble(drive, "read_fail_percent", 0);
    EXPECT_TRUE(u.reads()) << drive;
  }
  EXPECT_EQ(u.vinum->status(), "home up, 1 of 1 plexes: home.p0");
  u.trouble(0, "read_fail_percent", 100);
  u.trouble(1, "read_fail_percent", 100);
  Bytes bytes;
  EXPECT_EQ(u.w.read(*u.user, 0, 3 * kStripe, bytes), EIO) << "of two at one place there is none";
}

TEST(VinumRaid5, a_row_that_can_not_be_written_whole_ends_the_volume) {
  Usual u;
  ASSERT_EQ(u.write(0, kRows * 3 * kStripe, 1), 0);
  u.lose(1);
  u.trouble(0, "write_fail_percent", 100);
  EXPECT_EQ(u.write(0, 512, 2), EIO);
  u.w.t.mesh.settle();
  EXPECT_EQ(u.w.t.mesh.provider("vinum/home"), nullptr)
      << "what the lost one had can not be worked out there any more";
}

TEST(VinumRaid5, beside_another_plex_it_is_down_when_two_are_lacking_and_gets_a_copy) {
  Usual u(true);
  ASSERT_EQ(u.write(0, kRows * 3 * kStripe, 1), 0);
  u.trouble(0, "write_fail_percent", 100);
  u.trouble(1, "write_fail_percent", 100);
  EXPECT_EQ(u.write(0, kRows * 3 * kStripe, 2), 0);
  u.trouble(0, "write_fail_percent", 0);
  u.trouble(1, "write_fail_percent", 0);
  EXPECT_EQ(u.vinum->status(), "home up, 1 of 2 plexes: home.p0 (down) home.p1");
  EXPECT_TRUE(u.reads());
  EXPECT_TRUE(u.start("home.p0").starts_with(sentence(EBUSY, ": plex home.p0 can not")));
  u.w.close(*u.user);
  EXPECT_EQ(u.start("home.p0"), "");
  EXPECT_EQ(u.vinum->status(), "home up, 2 of 2 plexes: home.p0 home.p1");
  u.user = &u.w.open("vinum/home");
  u.trouble(4, "read_fail_percent", 100);
  EXPECT_TRUE(u.reads()) << "it has all of it";
  u.lose(3);
  EXPECT_TRUE(u.reads()) << "and parity that fits";
}

TEST(VinumRaid5, Inv_E7_every_command_completes) {
  Usual u;
  EXPECT_FALSE(u.user->provider()->properties().deletable);
  EXPECT_EQ(u.w.run(remove(*u.user, 0, 4096)).error().code, EOPNOTSUPP);
  EXPECT_EQ(u.w.run(get_attribute(*u.user, "GEOM::ident", 64)).error().code, EOPNOTSUPP);
  testing::Issuer issuer(u.w.t.mesh);
  Bytes data = pattern(kRows * 3 * kStripe);
  u.w.t.mesh.path().limit_bios(0);
  issuer.issue(*u.user, Command::write, 0, kRows * 3 * kStripe, Data(data.data()));
  issuer.issue(*u.user, Command::write, 512, 1024, Data(data.data()), kBioOrdered);
  issuer.issue(*u.user, Command::read, 0, 512, Data(data.data()));
  for (const std::uint64_t limit : {4U, 9U, 20U, 1000U}) {
    for (int i = 0; i < 50; ++i) u.w.t.executor.step();
    u.w.t.mesh.path().limit_bios(limit);
  }
  u.w.t.executor.run();
  EXPECT_TRUE(issuer.all_back_once(3));
  EXPECT_EQ(issuer.errors, (std::vector<int>{0, 0, 0}));
}

// Many requests at a time, of disks that take their time, and one that is lost among them: in the
// end everything is there, as it was written in order, and the parity of what is left fits.
RC_GTEST_PROP(VinumRaid5, writes_that_share_rows_are_all_there_whatever_is_lost, ()) {
  World w;
  const auto subdisks = *rc::gen::inRange<std::size_t>(3, 6);
  const std::int64_t stripe = *rc::gen::element<std::int64_t>(512, 1536, 4096);
  std::string text;
  std::vector<Provider*> disks;
  for (std::size_t i = 0; i < subdisks; ++i) {
    const std::string name = "da" + std::to_string(i);
    w.disk(name, kHeader + kRows * stripe, 512, *rc::gen::inRange(0, 5) * 1000);
    disks.push_back(&w.t.provider(name));
    text += sentence("drive d", i, " device ", name, '\n');
  }
  text += sentence("volume v\nplex org raid5 ", stripe, '\n');
  for (std::size_t i = 0; i < subdisks; ++i) text += sentence("sd length 0 drive d", i, '\n');
  const auto made =
      w.t.mesh.create("vinum", "v", disks, testing::values_of({{"config", Value(text)}}));
  RC_ASSERT(made.has_value());
  if (*rc::gen::arbitrary<bool>()) w.t.executor.run();  // else its parity is still being built
  w.t.mesh.settle();
  Consumer& user = w.open("vinum/v");
  const std::int64_t sectors = user.provider()->media_size_bytes() / 512;
  Bytes model(static_cast<std::size_t>(sectors * 512));
  std::deque<Bytes> written;
  testing::Issuer issuer(w.t.mesh);
  const int count = *rc::gen::inRange(1, 20);
  const int loss = *rc::gen::inRange(0, 30);
  const auto lost = *rc::gen::inRange<std::size_t>(0, subdisks);
  const bool whole = (*made)->status().find("degraded") == std::string::npos;
  for (int i = 0; i < count; ++i) {
    if (i == loss && (whole || lost + 1 == subdisks)) w.drivers[lost]->pull();
    const auto at = *rc::gen::inRange<std::int64_t>(0, sectors);
    const auto length =
        *rc::gen::inRange<std::int64_t>(1, std::min<std::int64_t>(sectors - at, 40) + 1);
    written.push_back(pattern(length * 512, static_cast<unsigned>(i)));
    std::ranges::copy(written.back(), model.begin() + at * 512);
    issuer.issue(user, Command::write, at * 512, length * 512, Data(written.back().data()));
    for (int steps = *rc::gen::inRange(0, 4); steps > 0; --steps) w.t.executor.step();
  }
  w.t.executor.run();
  RC_ASSERT(issuer.all_back_once(static_cast<std::size_t>(count)));
  RC_ASSERT(std::ranges::count(issuer.errors, 0) == count);
  RC_ASSERT(w.read(user, 0, sectors * 512) == model);
  for (std::size_t at = 0; loss >= count && at < static_cast<std::size_t>(kRows * stripe); ++at) {
    std::byte sum{0};
    for (const auto& driver : w.drivers) sum ^= driver->bytes()[kHeader + at];
    RC_ASSERT(sum == std::byte{0});
  }
}

}  // namespace
}  // namespace biotope
