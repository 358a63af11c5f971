#include "classes/nop/nop.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "classes/testing.h"

namespace biotope {
namespace {

using testing::number;
using testing::word;
using testing::World;

TEST(Nop, Geom_nop_io) {
  for (const std::int64_t offset : {0, 512, 65536}) {
    for (const std::int64_t size : {0, 131072}) {
      for (const std::int64_t sector : {0, 512, 4096}) {
        World w;
        RamDriver& below = w.disk("da0", 1 << 20);
        w.make(
            "nop", "n", {"da0"},
            {{"offset", number(offset)}, {"size", number(size)}, {"sector_size", number(sector)}});
        Consumer& user = w.open("n");
        const std::int64_t length = user.provider()->media_size_bytes();
        const Bytes data = testing::pattern(length);
        EXPECT_EQ(w.write(user, 0, data), 0);
        EXPECT_EQ(w.read(user, 0, length), data);
        EXPECT_TRUE(std::equal(data.begin(), data.end(), below.bytes().begin() + offset));
        EXPECT_TRUE(std::all_of(below.bytes().begin(), below.bytes().begin() + offset,
                                [](std::byte b) { return b == std::byte{0}; }));
      }
    }
  }
}

std::string physpath(World& w, Consumer& user) {
  const Result<std::string> text = w.run(get_attribute_text(user, "GEOM::physpath"));
  return text ? *text : sentence("errno ", text.error().code);
}

TEST(Nop, Geom_nop_physpath) {
  World w;
  w.disk("da0", 1 << 20);
  w.make("nop", "a", {"da0"}, {{"physpath", word("some/physical/path")}});
  w.make("nop", "b", {"a"});
  EXPECT_EQ(physpath(w, w.open("b", kReadOnly)), "some/physical/path");
  w.make("nop", "c", {"b"}, {{"physpath", word("other")}, {"offset", number(512)}});
  EXPECT_EQ(physpath(w, w.open("c", kReadOnly)), "other");
}

TEST(Nop, Geom_nop_physpath_blank) {
  World w;
  w.disk("da0", 1 << 20);
  w.make("nop", "a", {"da0"}, {{"physpath", word("")}});
  w.make("nop", "plain", {"da0"});
  EXPECT_EQ(physpath(w, w.open("a", kReadOnly)), "");
  EXPECT_EQ(physpath(w, w.open("plain", kReadOnly)), sentence("errno ", ENOTTY));
}

TEST(Nop, Geom_nop_preserve_props) {
  World w;
  w.disk("da0", 1 << 20, 2048);
  w.make("nop", "a", {"da0"}, {{"stripe_size", number(65536)}, {"stripe_offset", number(4096)}});
  w.make("nop", "b", {"a"});
  EXPECT_EQ(w.t.provider("b").properties(), w.t.provider("a").properties());
  EXPECT_EQ(w.t.provider("b").sector_size_bytes(), 2048);
  w.drivers[0]->bytes().resize(1 << 21);
  EXPECT_TRUE(w.t.mesh.resize(w.t.provider("da0"), 1 << 21));
  w.t.mesh.settle();
  EXPECT_EQ(w.t.provider("b").media_size_bytes(), 1 << 21);
}

TEST(Nop, Geom_nop_preserve_disk_props) {
  World w;
  DiskTraits traits;
  traits.properties = testing::properties_of_size(1 << 20);
  traits.properties.ident = "S1";
  traits.properties.native = {16, 4, 32};
  traits.properties.writable = false;
  RamDriver driver(traits);
  ASSERT_TRUE(w.plug("da0", driver));
  w.make("nop", "n", {"da0"});
  EXPECT_EQ(w.t.provider("n").properties(), w.t.provider("da0").properties());
  // The driver is gone before the mesh is.
  driver.pull();
  w.t.mesh.settle();
}

TEST(Nop, Geom_nop_stripesize) {
  World w;
  w.disk("da0", 1 << 20);
  w.make("nop", "n", {"da0"}, {{"stripe_size", number(4096)}, {"stripe_offset", number(512)}});
  EXPECT_EQ(w.t.provider("n").properties().stripe_size_bytes, 4096);
  EXPECT_EQ(w.t.provider("n").properties().stripe_offset_bytes, 512);
}

TEST(Nop, Geom_nop_size) {
  World w;
  w.disk("da0", 1 << 20);
  w.make("nop", "all", {"da0"}, {{"size", number(1 << 20)}});
  w.make("nop", "part", {"da0"}, {{"size", number(512)}});
  EXPECT_EQ(w.t.provider("part").media_size_bytes(), 512);
  EXPECT_EQ(w.refusal("nop", "n", {"da0"}, {{"size", number((1 << 20) + 512)}}),
            sentence(EINVAL,
                     ": nop n: offset 0 and size 1049088 are no window on da0, which has "
                     "1048576 bytes in sectors of 512"));
}

TEST(Nop, Geom_nop_old_1) {
  World w;
  w.disk("da0", 1 << 20);
  w.make("nop", "n", {"da0"}, {{"offset", number(1024)}, {"sector_size", number(4096)}});
  EXPECT_EQ(w.t.provider("n").media_size_bytes(), (1 << 20) - 4096) << "cut to its own sector";
  EXPECT_EQ(w.t.provider("n").sector_size_bytes(), 4096);
}

TEST(Nop, Geom_nop_old_2) {
  World w;
  w.disk("da0", 1 << 20);
  w.make("nop", "n", {"da0"});
  Consumer& user = w.open("n");
  const Bytes data = testing::pattern(1 << 20);
  EXPECT_EQ(w.write(user, 0, data), 0);
  EXPECT_EQ(w.read(user, 0, 1 << 20), data);
}

TEST(Nop, what_does_not_fit_is_refused) {
  World w;
  w.disk("da0", 1 << 20);
  const auto refused = [&](testing::Given given) {
    return w.refusal("nop", "n", {"da0"}, given).starts_with(sentence(EINVAL, ": nop n"));
  };
  EXPECT_TRUE(refused({{"offset", number(100)}}));
  EXPECT_TRUE(refused({{"size", number(100)}}));
  EXPECT_TRUE(refused({{"offset", number(INT64_MAX - 511)}}));
  EXPECT_TRUE(refused({{"sector_size", number(768)}}));
  EXPECT_TRUE(refused({{"sector_size", number(2 << 20)}}));
  EXPECT_TRUE(refused({{"stripe_size", number(1000)}}));
  EXPECT_TRUE(refused({{"stripe_size", number(4096)}, {"stripe_offset", number(4096)}}));
  EXPECT_TRUE(refused({{"stripe_offset", number(512)}}));
  EXPECT_TRUE(refused({{"error", number(ENOMEM)}}));
  EXPECT_TRUE(refused({{"read_fail_percent", number(101)}}));
}

TEST(Nop, a_disk_that_shrinks_below_the_window_ends_it) {
  World w;
  w.disk("da0", 1 << 20);
  w.make("nop", "behind", {"da0"}, {{"offset", number(1 << 19)}});
  w.make("nop", "before", {"da0"}, {{"size", number(4096)}});
  EXPECT_TRUE(w.t.mesh.resize(w.t.provider("da0"), 1 << 18));
  w.t.mesh.settle();
  EXPECT_EQ(w.t.mesh.provider("behind"), nullptr);
  EXPECT_NE(w.t.mesh.provider("before"), nullptr);
}

TEST(Nop, fails_as_many_as_it_is_told_with_the_error_it_is_told) {
  World w;
  w.disk("da0", 1 << 20);
  auto& nop = w.make<Nop>("nop", "n", {"da0"}, {{"read_fail_percent", number(30)}});
  Consumer& user = w.open("n");
  const auto count = [&](Command command) {
    int failed = 0;
    testing::Issuer issuer(w.t.mesh);
    Bytes data(512);
    for (int i = 0; i < 1000; ++i) {
      failed += issuer.ask(user, command, 0, 512, Data(data.data())) == 0 ? 0 : 1;
    }
    return failed;
  };
  // 30 % of a thousand, give or take five standard deviations.
  EXPECT_NEAR(count(Command::read), 300, 73);
  EXPECT_EQ(count(Command::write), 0);
  EXPECT_TRUE(nop.configure(testing::values_of({{"read_fail_percent", number(0)},
                                                {"write_fail_percent", number(100)},
                                                {"error", number(ENXIO)}})));
  EXPECT_EQ(count(Command::read), 0);
  EXPECT_EQ(count(Command::write), 1000);
  EXPECT_EQ(w.write(user, 0, Bytes(512)), ENXIO);
  EXPECT_EQ(nop.recipe(), sentence("nop create n error=", ENXIO, " write_fail_percent=100 da0"));
}

TEST(Nop, configuring_it_badly_changes_nothing) {
  World w;
  w.disk("da0", 1 << 20);
  auto& nop = w.make<Nop>("nop", "n", {"da0"});
  const std::string before = nop.recipe();
  for (const testing::Given& given :
       {testing::Given{{"offset", number(512)}}, testing::Given{{"delay", number(-1)}},
        testing::Given{{"error", number(ENOMEM)}},
        testing::Given{{"delay", number(1)}, {"erorr", number(1)}}}) {
    EXPECT_EQ(nop.configure(testing::values_of(given)).error().code, EINVAL);
  }
  EXPECT_EQ(nop.recipe(), before);
}

TEST(Nop, counts_down_to_the_first_failure) {
  World w;
  w.t.mesh.set_tasting(false);
  w.disk("da0", 1 << 20);
  w.make("nop", "n", {"da0"}, {{"count_until_fail", number(3)}});
  Consumer& user = w.open("n");
  std::vector<int> errors;
  for (int i = 0; i < 6; ++i) errors.push_back(w.write(user, 0, Bytes(512)));
  EXPECT_EQ(errors, (std::vector<int>{0, 0, 0, EIO, EIO, EIO}));
}

TEST(Nop, delays_some) {
  World w;
  w.t.mesh.set_tasting(false);
  w.disk("da0", 1 << 20);
  Geom& nop =
      w.make("nop", "n", {"da0"}, {{"delay", number(1'000)}, {"read_delay_percent", number(100)}});
  Consumer& user = w.open("n");
  EXPECT_EQ(w.write(user, 0, testing::pattern(512)), 0);
  EXPECT_EQ(w.t.executor.now_ns(), 0);
  EXPECT_EQ(w.read(user, 0, 512), testing::pattern(512));
  EXPECT_EQ(w.t.executor.now_ns(), 1'000);
  EXPECT_EQ(nop.status(), "1 READ of 512 bytes, 1 WRITE of 512 bytes; 0 failed, 1 delayed");
}

// Switching one family of faults off leaves what the others do as it was.
TEST(Nop, what_fails_does_not_depend_on_what_waits) {
  const auto errors = [](std::int64_t delay_percent) {
    World w;
    w.disk("da0", 1 << 20);
    w.make("nop", "n", {"da0"},
           {{"read_fail_percent", number(50)},
            {"delay", number(10)},
            {"read_delay_percent", number(delay_percent)},
            {"seed", number(3)}});
    Consumer& user = w.open("n");
    std::vector<int> all;
    Bytes into;
    for (int i = 0; i < 200; ++i) all.push_back(w.read(user, 0, 512, into));
    return all;
  };
  EXPECT_EQ(errors(0), errors(40));
}

}  // namespace
}  // namespace biotope
