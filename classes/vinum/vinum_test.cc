#include "classes/vinum/vinum.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>

#include "classes/nop/nop.h"
#include "classes/testing.h"

namespace biotope {
namespace {

using testing::number;
using testing::World;

constexpr std::int64_t kHeader = 135680;  // geom.md B3

// --- any configuration, and its map said in another way ---

struct RandomPlex {
  bool raid5;
  std::int64_t stripe;                        // sectors, 0 for a concat
  std::vector<std::size_t> drives;            // of its subdisks
  std::vector<std::int64_t> lengths, starts;  // sectors
  // Where on which drive the sectors of the volume are, in order.
  std::vector<std::pair<std::size_t, std::int64_t>> map() const {
    std::vector<std::pair<std::size_t, std::int64_t>> all;
    if (stripe == 0) {
      for (std::size_t i = 0; i < drives.size(); ++i) {
        for (std::int64_t s = 0; s < lengths[i]; ++s) all.emplace_back(drives[i], starts[i] + s);
      }
      return all;
    }
    for (std::int64_t row = 0; row < lengths[0] / stripe; ++row) {
      for (std::size_t i = 0; i < drives.size(); ++i) {
        if (raid5 && i == parity(row)) continue;
        for (std::int64_t s = 0; s < stripe; ++s) {
          all.emplace_back(drives[i], starts[i] + row * stripe + s);
        }
      }
    }
    return all;
  }
  std::size_t parity(std::int64_t row) const {
    return drives.size() - 1 - static_cast<std::size_t>(row) % drives.size();
  }
  // Of a raid5: what is on the subdisk with the parity is the XOR of the others.
  void add_parity(std::vector<Bytes>& disks, std::int64_t sector_bytes) const {
    for (std::int64_t at = 0; raid5 && at < lengths[0] / stripe * stripe * sector_bytes; ++at) {
      const std::size_t p = parity(at / (stripe * sector_bytes));
      std::byte sum{0};
      for (std::size_t i = 0; i < drives.size(); ++i) {
        if (i != p)
          sum ^= disks[drives[i]][static_cast<std::size_t>(starts[i] * sector_bytes + at)];
      }
      disks[drives[p]][static_cast<std::size_t>(starts[p] * sector_bytes + at)] = sum;
    }
  }
};

struct RandomConfig {
  std::int64_t sector;
  std::vector<std::int64_t> sizes;  // of the drives, sectors
  std::vector<std::vector<RandomPlex>> volumes;
  std::string text;
};

RandomConfig any_config() {
  RandomConfig c;
  c.sector = *rc::gen::element<std::int64_t>(512, 2352, 4096);
  const std::int64_t first = (kHeader + c.sector - 1) / c.sector;
  const auto drives = *rc::gen::inRange<std::size_t>(1, 5);
  c.sizes.assign(drives, first);
  const bool told = *rc::gen::arbitrary<bool>();
  const auto sector = std::to_string(c.sector);
  for (std::size_t i = 0; i < drives; ++i) {
    c.text += sentence("drive d", i, " device da", i, '\n');
  }
  const auto volumes = *rc::gen::inRange(1, 4);
  for (int v = 0; v < volumes; ++v) {
    c.text += sentence("volume v", v, '\n');
    c.volumes.emplace_back();
    const auto plexes = *rc::gen::inRange(1, 4);
    for (int p = 0; p < plexes; ++p) {
      RandomPlex plex;
      plex.stripe = *rc::gen::inRange<std::int64_t>(0, 5);
      plex.raid5 = plex.stripe != 0 && *rc::gen::arbitrary<bool>();
      c.text += plex.stripe == 0 ? std::string("plex org concat\n")
                                 : sentence("plex org ", plex.raid5 ? "raid5 " : "striped ",
                                            plex.stripe * c.sector, '\n');
      const auto subdisks = plex.raid5 ? *rc::gen::inRange(3, 7) : *rc::gen::inRange(1, 5);
      std::int64_t length =
          *rc::gen::inRange<std::int64_t>(std::max<std::int64_t>(plex.stripe, 1), 30);
      for (int s = 0; s < subdisks; ++s) {
        if (plex.stripe == 0) length = *rc::gen::inRange<std::int64_t>(1, 30);
        const auto drive = *rc::gen::inRange<std::size_t>(0, drives);
        if (told) c.sizes[drive] += *rc::gen::inRange<std::int64_t>(0, 4);
        plex.drives.push_back(drive);
        plex.lengths.push_back(length);
        plex.starts.push_back(c.sizes[drive]);
        c.sizes[drive] += length;
        c.text += sentence("sd length ", length * c.sector, " drive d", drive);
        if (told) c.text += sentence(" driveoffset ", plex.starts.back() * c.sector);
        c.text += '\n';
      }
      c.volumes.back().push_back(std::move(plex));
    }
  }
  return c;
}

// What is on the drives when every sector of every volume says which one it is, and what the
// volumes then hold.
struct Contents {
  std::vector<Bytes> drives;
  std::vector<Bytes> volumes;
};
Contents contents_of(const RandomConfig& c) {
  Contents all;
  for (const std::int64_t size : c.sizes) {
    all.drives.emplace_back(static_cast<std::size_t>(size * c.sector));
  }
  for (std::size_t v = 0; v < c.volumes.size(); ++v) {
    std::size_t size = SIZE_MAX;
    for (const RandomPlex& plex : c.volumes[v]) size = std::min(size, plex.map().size());
    Bytes& volume = all.volumes.emplace_back(size * static_cast<std::size_t>(c.sector));
    for (std::size_t s = 0; s < size; ++s) {
      const std::uint64_t mark = (v + 1) << 32 | s;
      std::memcpy(&volume[s * static_cast<std::size_t>(c.sector)], &mark, sizeof(mark));
      for (const RandomPlex& plex : c.volumes[v]) {
        const auto [drive, sector] = plex.map()[s];
        std::memcpy(&all.drives[drive][static_cast<std::size_t>(sector * c.sector)], &mark,
                    sizeof(mark));
      }
    }
    for (const RandomPlex& plex : c.volumes[v]) plex.add_parity(all.drives, c.sector);
  }
  return all;
}

std::vector<Provider*> plug_drives(World& w, const RandomConfig& c) {
  std::vector<Provider*> disks;
  for (const std::int64_t size : c.sizes) {
    const std::string name = "da" + std::to_string(disks.size());
    w.disk(name, size * c.sector, c.sector);
    disks.push_back(&w.t.provider(name));
  }
  return disks;
}

// Writes the volumes and compares all there is.
void expect_map(World& w, const std::vector<Provider*>& volumes, const RandomConfig& c) {
  const Contents expected = contents_of(c);
  RC_ASSERT(volumes.size() == expected.volumes.size());
  for (std::size_t v = 0; v < volumes.size(); ++v) {
    const Bytes& bytes = expected.volumes[v];
    const auto size = static_cast<std::int64_t>(bytes.size());
    RC_ASSERT(volumes[v]->media_size_bytes() == size);
    RC_ASSERT(volumes[v]->sector_size_bytes() == c.sector);
    Consumer& user = w.open(volumes[v]->name());
    RC_ASSERT(w.write(user, 0, bytes) == 0);
    RC_ASSERT(w.read(user, 0, size) == bytes);
    w.close(user);
  }
  w.t.executor.run();
  for (std::size_t d = 0; d < expected.drives.size(); ++d) {
    RC_ASSERT(w.drivers[d]->bytes() == expected.drives[d]);
  }
}

RC_GTEST_PROP(VinumMap, Paper_75_as_one_module_it_is_that_of_the_configuration, ()) {
  const RandomConfig c = any_config();
  World w;
  const std::vector<Provider*> disks = plug_drives(w, c);
  const Result<Geom*> made =
      w.t.mesh.create("vinum", "v", disks, testing::values_of({{"config", c.text}}));
  RC_ASSERT(made.has_value());
  w.t.mesh.settle();
  std::vector<Provider*> volumes;
  for (std::size_t v = 0; v < c.volumes.size(); ++v) {
    volumes.push_back(w.t.mesh.provider("vinum/v" + std::to_string(v)));
  }
  expect_map(w, volumes, c);
}

RC_GTEST_PROP(VinumMap, Paper_75_as_separate_modules_it_is_the_same, ()) {
  const RandomConfig c = any_config();
  World w;
  const std::vector<Provider*> disks = plug_drives(w, c);
  const Result<vinum::Composed> made = vinum::compose(w.t.mesh, "vinum v", c.text, disks);
  RC_ASSERT(made.has_value());
  w.t.executor.run();
  expect_map(w, made->volumes, c);
}

// --- what it does with requests, and with drives that fail ---

constexpr std::int64_t kMiB = 1 << 20;

// Volume `home` of two plexes, one striped over n0 and n1, one on n2; volume `tmp` on n2.
Vinum& usual(World& w) {
  testing::Names below;
  for (int i = 0; i < 3; ++i) {
    w.disk("da" + std::to_string(i), 2 * kMiB);
    below.push_back("n" + std::to_string(i));
    w.make("nop", below.back().c_str(), {"da" + std::to_string(i)});
  }
  return w.make<Vinum>("vinum", "v", below,
                       {{"config", testing::word("drive a device n0\n"
                                                 "drive b device n1\n"
                                                 "drive c device n2\n"
                                                 "volume home\n"
                                                 "plex org striped 4k\n"
                                                 "sd length 256k drive a\n"
                                                 "sd length 256k drive b\n"
                                                 "plex org concat\n"
                                                 "sd length 512k drive c\n"
                                                 "volume tmp\n"
                                                 "plex org concat\n"
                                                 "sd length 64k drive c\n")}});
}
void trouble(World& w, const char* nop, const char* knob, std::int64_t value) {
  auto& geom = static_cast<Nop&>(*w.t.mesh.geom("nop", nop));
  EXPECT_TRUE(geom.configure(testing::values_of({{knob, number(value)}})));
}
std::string start_plex(World& w, Vinum& vinum, const char* plex) {
  const Status done = w.run(vinum.start_plex(plex));
  w.t.mesh.settle();
  return done ? "" : sentence(done.error().code, ": ", done.error().text);
}

TEST(Vinum, tells_what_is_going_on_and_the_line_that_makes_it_again) {
  World w;
  const Vinum& vinum = usual(w);
  EXPECT_EQ(vinum.status(),
            "home up, 2 of 2 plexes: home.p0 home.p1; tmp up, 1 of 1 plexes: tmp.p0");
  EXPECT_EQ(vinum.about(w.t.provider("vinum/home")), "volume of 2 plexes");
  const std::string recipe = vinum.recipe();
  EXPECT_TRUE(recipe.starts_with("vinum create v config=\"drive a device n0\\010drive b"))
      << recipe;
  EXPECT_TRUE(recipe.ends_with("\" n0 n1 n2")) << recipe;
}

TEST(Vinum, a_read_that_fails_is_asked_of_another_plex) {
  World w;
  Vinum& vinum = usual(w);
  Consumer& user = w.open("vinum/home");
  const Bytes data = testing::pattern(256 << 10);
  ASSERT_EQ(w.write(user, 0, data), 0);
  for (const char* drive : {"n0", "n1", "n2"}) {
    trouble(w, drive, "read_fail_percent", 100);
    EXPECT_EQ(w.read(user, 0, 256 << 10), data) << drive;
    EXPECT_EQ(w.read(user, 0, 256 << 10), data) << drive;
    trouble(w, drive, "read_fail_percent", 0);
  }
  EXPECT_EQ(vinum.config().volumes[0].plexes[0].up, true) << "a bad sector is no lost plex";
}

TEST(Vinum, a_plex_that_can_not_be_written_is_down_and_is_not_read_until_it_has_got_a_copy) {
  World w;
  Vinum& vinum = usual(w);
  Consumer& user = w.open("vinum/home");
  ASSERT_EQ(w.write(user, 0, testing::pattern(512 << 10, 1)), 0);
  trouble(w, "n1", "write_fail_percent", 100);
  EXPECT_EQ(w.write(user, 0, testing::pattern(512 << 10, 2)), 0);
  trouble(w, "n1", "write_fail_percent", 0);
  EXPECT_EQ(vinum.status(),
            "home up, 1 of 2 plexes: home.p0 (down) home.p1; tmp up, 1 of 1 plexes: tmp.p0");
  EXPECT_EQ(w.write(user, 4096, testing::pattern(4096, 3)), 0);
  Bytes expected = testing::pattern(512 << 10, 2);
  std::ranges::copy(testing::pattern(4096, 3), expected.begin() + 4096);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(w.read(user, 0, 512 << 10), expected);
  EXPECT_TRUE(
      start_plex(w, vinum, "home.p0").starts_with(sentence(EBUSY, ": plex home.p0 can not")));
  w.close(user);
  EXPECT_EQ(start_plex(w, vinum, "home.p0"), "");
  EXPECT_EQ(w.t.provider("n0").access().text(), "r0w0e0") << "it has closed what it opened";
  EXPECT_EQ(vinum.config().volumes[0].plexes[0].up, true);
  trouble(w, "n2", "read_fail_percent", 100);
  EXPECT_EQ(w.read(w.open("vinum/home"), 0, 512 << 10), expected) << "all of it is on the other";
}

TEST(Vinum, the_last_plex_stays_whatever_it_says) {
  World w;
  Vinum& vinum = usual(w);
  Consumer& user = w.open("vinum/tmp");
  trouble(w, "n2", "write_fail_percent", 100);
  EXPECT_EQ(w.write(user, 0, testing::pattern(4096)), EIO);
  trouble(w, "n2", "write_fail_percent", 0);
  EXPECT_EQ(w.write(user, 0, testing::pattern(4096)), 0);
  EXPECT_EQ(vinum.config().volumes[1].plexes[0].up, true);
}

TEST(Vinum, a_lost_drive_takes_the_volumes_that_have_nothing_else) {
  World w;
  Vinum& vinum = usual(w);
  Consumer& user = w.open("vinum/home");
  ASSERT_EQ(w.write(user, 0, testing::pattern(512 << 10)), 0);
  w.drivers[2]->pull();
  w.t.mesh.settle();
  EXPECT_EQ(w.t.mesh.provider("vinum/tmp"), nullptr);
  EXPECT_EQ(w.read(user, 0, 512 << 10), testing::pattern(512 << 10));
  EXPECT_EQ(w.write(user, 0, testing::pattern(8192, 2)), 0);
  EXPECT_EQ(w.flush(user), 0);
  EXPECT_EQ(
      vinum.status(),
      "home up, 1 of 2 plexes: home.p0 home.p1 (down); tmp down, 0 of 1 plexes: tmp.p0 (down)");
  EXPECT_EQ(vinum.recipe(), "") << "it can not be made again without that disk";
  w.close(user);
  EXPECT_EQ(start_plex(w, vinum, "home.p1"),
            sentence(ENXIO, ": plex home.p1 can not be started: drive c is lost"));
  EXPECT_EQ(start_plex(w, vinum, "nothing"), sentence(ENOENT, ": vinum v has no plex nothing"));
  w.drivers[0]->pull();
  w.t.mesh.settle();
  EXPECT_EQ(w.t.mesh.geom("vinum", "v"), nullptr);
}

TEST(Vinum, Inv_E7_every_command_completes) {
  World w;
  usual(w);
  Consumer& user = w.open("vinum/home");
  EXPECT_EQ(w.flush(user), 0);
  EXPECT_TRUE(w.run(remove(user, 0, 65536)));
  EXPECT_EQ(w.run(get_attribute(user, "GEOM::ident", 64)).error().code, EOPNOTSUPP);
  testing::Issuer issuer(w.t.mesh);
  Bytes data = testing::pattern(65536);
  w.t.mesh.path().limit_bios(0);
  issuer.issue(user, Command::write, 0, 65536, Data(data.data()));
  issuer.issue(user, Command::read, 0, 65536, Data(data.data()), kBioOrdered);
  for (int i = 0; i < 100; ++i) w.t.executor.step();
  EXPECT_EQ(issuer.errors, std::vector<int>());
  w.t.mesh.path().limit_bios(1'000);
  w.t.executor.run();
  EXPECT_TRUE(issuer.all_back_once(2));
  EXPECT_EQ(issuer.errors, (std::vector<int>{0, 0}));
}

TEST(Vinum, what_makes_none_is_refused_and_leaves_nothing) {
  World w;
  w.disk("da0", 2 * kMiB);
  w.disk("da1", 2 * kMiB);
  const auto refused = [&](const char* text, const testing::Names& below) {
    return w.refusal("vinum", "v", below, {{"config", testing::word(text)}});
  };
  const char* one = "drive d device da0\nvolume v\nplex org concat\nsd length 1m drive d\n";
  EXPECT_EQ(refused(one, {}),
            sentence(EINVAL,
                     ": vinum v: line 1: drive d is on da0, which is not among the disks "
                     "given"));
  EXPECT_EQ(refused(one, {"da0", "da1"}),
            sentence(EINVAL, ": vinum v has no drive on da1; leave it out"));
  EXPECT_EQ(refused("volume v\nplexx", {"da0"}),
            sentence(EINVAL,
                     ": vinum v: line 2: there is no 'plexx'; there are drive, volume, plex "
                     "and sd"));
  std::vector<Provider*> disks{&w.t.provider("da0")};
  const Census before = w.t.mesh.census();
  EXPECT_FALSE(vinum::compose(
      w.t.mesh, "vinum v", "drive d device da0\nvolume v\nplex org concat\nsd length 9m drive d\n",
      disks));
  w.t.mesh.settle();
  EXPECT_EQ(w.t.mesh.census(), before);
  w.make("vinum", "v", {"da0"}, {{"config", testing::word(one)}});
  EXPECT_NE(
      refused("drive d device da1\nvolume v\nplex org concat\nsd length 1m drive d\n", {"da1"}), "")
      << "there is a volume of that name";
}

}  // namespace
}  // namespace biotope
