#include "classes/ccd/ccd.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>
#include <map>

#include "classes/ccd/compose.h"
#include "classes/nop/nop.h"
#include "classes/testing.h"

namespace biotope {
namespace {

using testing::number;
using testing::World;

constexpr std::int64_t kBlock = 512;

struct Case {
  std::vector<std::int64_t> sizes_bytes = {};
  ccd::Settings settings = {};
  std::int64_t sector_bytes = kBlock;
};

// Sectors that say their number, from 1.
Bytes numbered(std::int64_t length_bytes, std::int64_t sector_bytes) {
  Bytes bytes(static_cast<std::size_t>(length_bytes));
  for (std::int64_t at = 0; at < length_bytes; at += sector_bytes) {
    const std::int64_t one = at / sector_bytes + 1;
    std::memcpy(&bytes[static_cast<std::size_t>(at)], &one, sizeof(one));
  }
  return bytes;
}

// What the old driver leaves on the disks when its ccd is written with `data`, said in another way:
// as cards that are dealt. Each round every disk that has room takes the next interleave of data.
std::vector<Bytes> dealt(const Case& c, std::int64_t& size_bytes) {
  const auto count = c.sizes_bytes.size();
  const bool mirror = c.settings.mirror && c.settings.interleave_bytes > 0;
  const std::int64_t unit = std::max(c.settings.interleave_bytes, c.sector_bytes);
  std::int64_t start = 0;
  while (!c.settings.no_offset && start < 16 * kBlock) start += c.sector_bytes;
  std::vector<std::int64_t> room;
  for (const std::int64_t size : c.sizes_bytes) room.push_back((size - start) / unit);
  if (c.settings.uniform || mirror) room.assign(count, *std::ranges::min_element(room));
  if (mirror) room.resize(count / 2);
  std::vector<std::pair<std::size_t, std::int64_t>> order;  // disk and card on it
  if (c.settings.interleave_bytes == 0) {
    for (std::size_t disk = 0; disk < room.size(); ++disk) {
      for (std::int64_t card = 0; card < room[disk]; ++card) order.emplace_back(disk, card);
    }
  } else {
    for (std::int64_t card = 0; card < *std::ranges::max_element(room); ++card) {
      for (std::size_t disk = 0; disk < room.size(); ++disk) {
        if (card < room[disk]) order.emplace_back(disk, card);
      }
    }
  }
  size_bytes = static_cast<std::int64_t>(order.size()) * unit;
  const Bytes data = numbered(size_bytes, c.sector_bytes);
  std::vector<Bytes> disks;
  for (const std::int64_t size : c.sizes_bytes) disks.emplace_back(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto [disk, card] = order[i];
    const auto from = data.begin() + static_cast<std::int64_t>(i) * unit;
    std::copy(from, from + unit, disks[disk].begin() + start + card * unit);
    if (mirror) std::copy(from, from + unit, disks[disk + count / 2].begin() + start + card * unit);
  }
  return disks;
}

struct Machine {
  explicit Machine(const Case& c) : sector_bytes(c.sector_bytes) {
    for (const std::int64_t size : c.sizes_bytes) {
      disks.push_back("md" + std::to_string(90 + disks.size()));
      w.disk(disks.back(), size, c.sector_bytes);
    }
  }
  Result<Geom*> ccd(const ccd::Settings& s) {
    return w.create("ccd", "ccd3", disks,
                    {{"interleave", number(s.interleave_bytes)},
                     {"uniform", s.uniform},
                     {"mirror", s.mirror},
                     {"no_offset", s.no_offset}});
  }
  Result<Geom*> composed(const ccd::Settings& s) {
    std::vector<Provider*> providers;
    for (const std::string& disk : disks) providers.push_back(&w.t.provider(disk));
    const auto made = ccd::compose(w.t.mesh, "ccd3", s, providers);
    if (!made) return pass_on(made);
    w.t.executor.run();
    return made->back();
  }
  // Fills what `top` offers, three sectors at a time, and says how large it is; -1 when it does not
  // read as it was written.
  std::int64_t fill(Geom& top) {
    Consumer& user = w.open(top.providers().front().name());
    const Bytes data = numbered(user.provider()->media_size_bytes(), sector_bytes);
    const auto size = static_cast<std::int64_t>(data.size());
    for (std::int64_t at = 0; at < size; at += 3 * sector_bytes) {
      const std::int64_t end = std::min(size, at + 3 * sector_bytes);
      const Bytes some(data.begin() + at, data.begin() + end);
      if (w.write(user, at, some) != 0 || w.read(user, at, end - at) != some) return -1;
    }
    return w.read(user, 0, size) == data ? size : -1;
  }
  bool holds(const std::vector<Bytes>& expected) const {
    return std::ranges::equal(w.drivers, expected, {},
                              [](const auto& driver) -> Bytes& { return driver->bytes(); });
  }
  World w;
  std::int64_t sector_bytes;
  testing::Names disks;
};

// --- the layouts of the old driver's regression test ---

struct Layout {
  std::vector<std::int64_t> sizes_kib;
  std::int64_t blocks;
  int flags;  // 2 is CCDF_UNIFORM, 4 CCDF_MIRROR
  Case as_case() const {
    Case c{.settings = {.interleave_bytes = blocks * kBlock,
                        .uniform = (flags & 2) != 0,
                        .mirror = (flags & 4) != 0}};
    for (const std::int64_t kib : sizes_kib) c.sizes_bytes.push_back(kib * 1024);
    return c;
  }
};

std::vector<Layout> all_layouts() {
  std::vector<Layout> all;
  for (const auto& sizes : std::vector<std::vector<std::int64_t>>{
           {128, 128, 128, 128}, {256, 128, 128, 128}, {256, 128, 384, 128}}) {
    for (const std::int64_t blocks : {0, 4, 16}) {
      for (const int flags : {0, 2, 4}) all.push_back({sizes, blocks, flags});
    }
  }
  return all;
}

std::string layout_name(const ::testing::TestParamInfo<Layout>& info) {
  std::string name = "Geom_ccd";
  for (const std::int64_t kib : info.param.sizes_kib) name += "_" + std::to_string(kib) + "k";
  return name + "_" + std::to_string(info.param.blocks) + "_" + std::to_string(info.param.flags);
}

class CcdLayout : public ::testing::TestWithParam<Layout> {};

TEST_P(CcdLayout, is_that_of_the_old_driver) {
  const Case c = GetParam().as_case();
  Machine machine(c);
  const Result<Geom*> ccd = machine.ccd(c.settings);
  ASSERT_TRUE(ccd) << ccd.error().text;
  std::int64_t size = 0;
  const std::vector<Bytes> expected = dealt(c, size);
  EXPECT_EQ(machine.fill(**ccd), size);
  EXPECT_TRUE(machine.holds(expected));
}

TEST_P(CcdLayout, Paper_74_is_that_of_mirror_and_stripe_modules) {
  const Case c = GetParam().as_case();
  Machine machine(c);
  const Result<Geom*> composed = machine.composed(c.settings);
  ASSERT_TRUE(composed) << composed.error().text;
  std::int64_t size = 0;
  const std::vector<Bytes> expected = dealt(c, size);
  EXPECT_EQ(machine.fill(**composed), size);
  EXPECT_TRUE(machine.holds(expected));
}

INSTANTIATE_TEST_SUITE_P(All, CcdLayout, ::testing::ValuesIn(all_layouts()), layout_name);

// What the old driver itself says of some of them.
TEST(Ccd, Geom_ccd_sizes_in_blocks) {
  const auto blocks = [](const Layout& layout) {
    const Case c = layout.as_case();
    Machine machine(c);
    const Result<Geom*> ccd = machine.ccd(c.settings);
    return ccd ? (*ccd)->providers().front().media_size_bytes() / kBlock : 0;
  };
  EXPECT_EQ(blocks({{128, 128, 128, 128}, 4, 0}), 960);
  EXPECT_EQ(blocks({{256, 128, 384, 128}, 0, 4}), 1728);
  EXPECT_EQ(blocks({{256, 128, 384, 128}, 16, 0}), 1728);
  EXPECT_EQ(blocks({{256, 128, 384, 128}, 16, 4}), 480);
}

// --- any other ---

Case any_case() {
  Case c;
  c.sector_bytes = *rc::gen::element<std::int64_t>(512, 2352, 4096);
  const auto count = *rc::gen::inRange<std::size_t>(1, 7);
  c.settings.uniform = *rc::gen::arbitrary<bool>();
  c.settings.mirror = count % 2 == 0 && *rc::gen::arbitrary<bool>();
  c.settings.no_offset = *rc::gen::arbitrary<bool>();
  c.settings.interleave_bytes = *rc::gen::inRange<std::int64_t>(0, 5) * c.sector_bytes;
  for (std::size_t i = 0; i < count; ++i) {
    c.sizes_bytes.push_back(*rc::gen::inRange<std::int64_t>(21, 60) * c.sector_bytes);
  }
  return c;
}

RC_GTEST_PROP(CcdMap, Paper_72_is_that_of_the_old_driver_whatever_the_disks, ()) {
  const Case c = any_case();
  Machine machine(c);
  const Result<Geom*> ccd = machine.ccd(c.settings);
  RC_ASSERT(ccd.has_value());
  std::int64_t size = 0;
  const std::vector<Bytes> expected = dealt(c, size);
  RC_ASSERT(machine.fill(**ccd) == size);
  RC_ASSERT(machine.holds(expected));
}

RC_GTEST_PROP(CcdMap, Paper_74_the_modules_have_the_same_whatever_the_disks, ()) {
  const Case c = any_case();
  Machine machine(c);
  const Result<Geom*> composed = machine.composed(c.settings);
  RC_ASSERT(composed.has_value());
  std::int64_t size = 0;
  const std::vector<Bytes> expected = dealt(c, size);
  RC_ASSERT(machine.fill(**composed) == size);
  RC_ASSERT(machine.holds(expected));
}

// --- what it does with requests ---

constexpr std::int64_t kMiB = 1 << 20;

World& mirrored(World& w) {
  for (int i = 0; i < 2; ++i) w.disk("da" + std::to_string(i), kMiB);
  for (int i = 0; i < 2; ++i) {
    w.make("nop", i == 0 ? "n0" : "n1", {"da" + std::to_string(i)});
  }
  w.make("ccd", "ccd0", {"n0", "n1"}, {{"interleave", number(4096)}, {"mirror", true}});
  return w;
}
void trouble(World& w, const char* nop, const char* knob, std::int64_t value) {
  auto& geom = static_cast<Nop&>(*w.t.mesh.geom("nop", nop));
  EXPECT_TRUE(geom.configure(testing::values_of({{knob, number(value)}})));
}

TEST(Ccd, a_read_that_fails_is_asked_of_the_other_half) {
  World w;
  mirrored(w);
  Consumer& user = w.open("ccd0");
  const Bytes data = testing::pattern(64 << 10);
  ASSERT_EQ(w.write(user, 4096 - 512, data), 0);
  for (const char* half : {"n0", "n1"}) {
    trouble(w, half, "read_fail_percent", 100);
    EXPECT_EQ(w.read(user, 4096 - 512, 64 << 10), data) << half;
    trouble(w, half, "read_fail_percent", 0);
  }
  trouble(w, "n0", "read_fail_percent", 100);
  trouble(w, "n1", "read_fail_percent", 100);
  Bytes none;
  EXPECT_EQ(w.read(user, 0, 4096, none), EIO);
}

TEST(Ccd, a_write_that_one_half_fails_fails) {
  World w;
  mirrored(w);
  Consumer& user = w.open("ccd0");
  trouble(w, "n1", "write_fail_percent", 100);
  EXPECT_EQ(w.write(user, 0, testing::pattern(8192)), EIO);
  trouble(w, "n1", "write_fail_percent", 0);
  EXPECT_EQ(w.write(user, 0, testing::pattern(8192)), 0);
  EXPECT_EQ(w.read(user, 0, 8192), testing::pattern(8192));
}

// The old driver never completed what has no length, and lost its parent when memory was short.
TEST(Ccd, Inv_E7_every_command_completes) {
  World w;
  mirrored(w);
  Consumer& user = w.open("ccd0");
  EXPECT_EQ(w.flush(user), 0);
  EXPECT_EQ(w.run(remove(user, 0, 65536)).has_value(), true);
  EXPECT_EQ(w.run(get_attribute(user, "GEOM::ident", 64)).error().code, EOPNOTSUPP);
  testing::Issuer issuer(w.t.mesh);
  Bytes data = testing::pattern(65536);
  w.t.mesh.path().limit_bios(0);
  issuer.issue(user, Command::write, 0, 65536, Data(data.data()));
  issuer.issue(user, Command::read, 0, 65536, Data(data.data()));
  for (int i = 0; i < 1000; ++i) w.t.executor.step();
  EXPECT_EQ(issuer.errors, std::vector<int>()) << "it can not be done with so little";
  w.t.mesh.path().limit_bios(1'000);
  w.t.executor.run();
  EXPECT_TRUE(issuer.all_back_once(2));
  EXPECT_EQ(issuer.errors, (std::vector<int>{0, 0}));
}

TEST(Ccd, Inv_E18_what_is_ordered_is_so_over_both_halves) {
  World w;
  w.disk("slow", kMiB, 512, 1'000);
  w.disk("fast", kMiB);
  w.make("ccd", "ccd0", {"slow", "fast"}, {{"interleave", number(4096)}, {"mirror", true}});
  Consumer& user = w.open("ccd0");
  testing::Issuer issuer(w.t.mesh);
  Bytes before = testing::pattern(512, 1);
  Bytes after = testing::pattern(512, 2);
  const auto on = [&](int disk) {
    const auto& bytes = w.drivers[static_cast<std::size_t>(disk)]->bytes();
    return Bytes(bytes.begin() + 8192, bytes.begin() + 8192 + 512);
  };
  issuer.issue(user, Command::write, 0, 512, Data(before.data()));
  issuer.issue(user, Command::write, 0, 512, Data(after.data()), kBioOrdered);
  EXPECT_EQ(on(1), before) << "the second write must wait for the slow half of the first";
  w.t.executor.run();
  EXPECT_TRUE(issuer.all_back_once(2));
  EXPECT_EQ(on(0), after);
  EXPECT_EQ(on(1), after);
}

TEST(Ccd, an_arm_stays_near_where_it_is) {
  World w;
  mirrored(w);
  Consumer& user = w.open("ccd0");
  const auto all_reads = [&](const char* nop) {
    return w.t.mesh.geom("nop", nop)->consumers().front().statistics()[Command::read].operations;
  };
  std::map<std::string, std::uint64_t> tastes{{"n0", all_reads("n0")}, {"n1", all_reads("n1")}};
  const auto reads = [&](const char* nop) { return all_reads(nop) - tastes[nop]; };
  for (int i = 0; i < 8; ++i) w.read(user, i * 4096, 4096);
  w.read(user, 512 << 10, 4096);
  for (int i = 0; i < 8; ++i) w.read(user, (512 << 10) + i * 4096, 4096);
  EXPECT_EQ(reads("n0"), 8U);
  EXPECT_EQ(reads("n1"), 9U);
  w.read(user, 32 << 10, 4096);
  EXPECT_EQ(reads("n0"), 9U) << "the other arm is still near there";
}

TEST(Ccd, its_disks_are_its_own_while_it_is_open) {
  World w;
  mirrored(w);
  Consumer& user = w.open("ccd0", kReadOnly);
  EXPECT_EQ(w.t.provider("n0").access().text(), "r1w0e1");
  w.close(user);
  EXPECT_EQ(w.t.provider("n0").access().text(), "r0w0e0");
  const Geom& ccd = *w.t.mesh.geom("ccd", "ccd0");
  EXPECT_EQ(ccd.recipe(), "ccd create ccd0 interleave=4096 mirror=true n0 n1");
  EXPECT_EQ(ccd.status(), "complete, 2 of 2 disks: n0 n1, mirrored and interleaved");
  w.drivers[0]->pull();
  w.t.mesh.settle();
  EXPECT_EQ(w.t.mesh.geom("ccd", "ccd0"), nullptr) << "it knows no half that is missing";
}

TEST(Ccd, what_makes_none_is_refused) {
  World w;
  for (int i = 0; i < 3; ++i) w.disk("da" + std::to_string(i), kMiB);
  w.disk("tiny", 8192);
  EXPECT_EQ(w.refusal("ccd", "ccd0", {"da0", "da1", "da2"},
                      {{"interleave", number(4096)}, {"mirror", true}}),
            sentence(EINVAL, ": ccd ccd0 can not mirror an odd number of disks, 3"));
  EXPECT_EQ(w.refusal("ccd", "ccd0", {"da0", "da1"}, {{"interleave", number(1000)}}),
            sentence(EINVAL,
                     ": ccd ccd0: an interleave of 1000 bytes is no whole number of sectors "
                     "of 512"));
  EXPECT_EQ(w.refusal("ccd", "ccd0", {"da0", "tiny"}, {{"interleave", number(4096)}}),
            sentence(EINVAL, ": ccd ccd0: tiny has 8192 bytes, and 12288 are the least"));
  EXPECT_EQ(w.refusal("ccd", "ccd0", {"da0", "da0"}),
            sentence(EINVAL, ": ccd ccd0 can not have da0 twice"));
  EXPECT_EQ(w.refusal("ccd", "ccd0", {}),
            sentence(EINVAL, ": ccd ccd0 stands on 1 to 65535 disks, not on 0"));
  Machine machine({.sizes_bytes = {kMiB, 8192}});
  const Census before = machine.w.t.mesh.census();
  EXPECT_FALSE(machine.composed({.interleave_bytes = 4096}));
  EXPECT_EQ(machine.w.t.mesh.census(), before);
}

// A mirror of old without an interleave is none; whoever asks for one is told.
TEST(Ccd, a_mirror_without_an_interleave_says_that_it_is_none) {
  World w;
  for (int i = 0; i < 2; ++i) w.disk("da" + std::to_string(i), kMiB);
  testing::Recorder recorder(w.t.mesh);
  w.make("ccd", "ccd0", {"da0", "da1"}, {{"mirror", true}});
  EXPECT_EQ(recorder.count(FactKind::note), 1U);
  EXPECT_EQ(w.t.provider("ccd0").media_size_bytes(), 2 * (kMiB - 8192));
}

}  // namespace
}  // namespace biotope
