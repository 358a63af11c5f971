#include "classes/through/through.h"

#include <gtest/gtest.h>

#include "classes/testing.h"

namespace biotope {
namespace {

using testing::number;
using testing::word;
using testing::World;

const char* const kModules[] = {"nop", "flakey", "dust", "delay", "log-writes"};

class EachThrough : public ::testing::TestWithParam<const char*> {};

TEST_P(EachThrough, passes_data_and_attributes_of_any_sector_size) {
  for (const std::int64_t sector : {512, 2352, 4096}) {
    World w;
    RamDriver& below = w.disk("da0", 64 * sector, sector);
    w.make(GetParam(), "x", {"da0"});
    Consumer& user = w.open("x");
    EXPECT_EQ(user.provider()->properties(), w.t.provider("da0").properties());
    const Bytes data = testing::pattern(64 * sector);
    EXPECT_EQ(w.write(user, 0, data), 0);
    EXPECT_EQ(below.bytes(), data);
    EXPECT_EQ(w.read(user, 0, 64 * sector), data);
    EXPECT_EQ(w.flush(user), 0);
    EXPECT_EQ(w.read(user, sector, 2 * sector),
              Bytes(data.begin() + sector, data.begin() + 3 * sector));
  }
}

TEST_P(EachThrough, goes_into_a_live_edge_and_out_again) {
  World w;
  w.disk("da0", 1 << 20);
  Consumer& user = w.open("da0");
  const Bytes data = testing::pattern(4096);
  ASSERT_EQ(w.write(user, 512, data), 0);
  w.t.mesh.set_tasting(false);
  Geom& geom = w.make(GetParam(), "x", {"da0"});
  ASSERT_TRUE(w.t.mesh.detach(geom.consumers().front()));
  const auto fine = [](const Status& s) { EXPECT_TRUE(s) << s.error().text; };
  w.t.mesh.interpose(user, geom.providers().front(), geom.consumers().front(), fine);
  w.t.executor.run();
  ASSERT_EQ(user.provider()->name(), "x");
  EXPECT_EQ(w.read(user, 512, 4096), data);
  w.t.mesh.remove(geom, fine);
  w.t.executor.run();
  ASSERT_EQ(user.provider()->name(), "da0");
  EXPECT_EQ(w.read(user, 512, 4096), data);
}

TEST_P(EachThrough, stands_on_one_provider_and_no_other_number) {
  World w;
  w.disk("da0", 1 << 20);
  w.disk("da1", 1 << 20);
  const std::string cls = GetParam();
  EXPECT_EQ(w.refusal(GetParam(), "x", {}),
            sentence(EINVAL, ": ", cls, " x stands on exactly one provider, not on 0"));
  EXPECT_EQ(w.refusal(GetParam(), "x", {"da0", "da1"}),
            sentence(EINVAL, ": ", cls, " x stands on exactly one provider, not on 2"));
}

TEST_P(EachThrough, follows_the_size_below_and_goes_with_the_disk) {
  World w;
  RamDriver& below = w.disk("da0", 1 << 20);
  w.make(GetParam(), "x", {"da0"});
  w.drivers[0]->bytes().resize(1 << 21);
  EXPECT_TRUE(w.t.mesh.resize(w.t.provider("da0"), 1 << 21));
  w.t.mesh.settle();
  EXPECT_EQ(w.t.provider("x").media_size_bytes(), 1 << 21);
  EXPECT_TRUE(w.t.mesh.resize(w.t.provider("da0"), 1 << 19));
  w.t.mesh.settle();
  EXPECT_EQ(w.t.provider("x").media_size_bytes(), 1 << 19);
  below.pull();
  w.t.mesh.settle();
  EXPECT_EQ(w.t.mesh.provider("x"), nullptr);
  EXPECT_EQ(w.t.mesh.census(), Census{});
}

TEST_P(EachThrough, tells_the_line_that_makes_it_again) {
  World w;
  w.disk("da0", 1 << 20);
  EXPECT_EQ(w.make(GetParam(), "x", {"da0"}).recipe(), sentence(GetParam(), " create x da0"));
}

INSTANTIATE_TEST_SUITE_P(Modules, EachThrough, ::testing::ValuesIn(kModules),
                         [](const auto& param) {
                           std::string name = param.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(Recipe, says_what_differs_from_the_table_and_quotes_any_text) {
  World w;
  w.disk("da0", 1 << 20);
  EXPECT_EQ(w.make("nop", "a", {"da0"}, {{"offset", number(512)}, {"physpath", word("a\"\\\n")}})
                .recipe(),
            R"(nop create a offset=512 physpath="a\"\\\010" da0)");
  EXPECT_EQ(w.make("flakey", "b", {"a"}, {{"drop", true}, {"errors", word("none")}}).recipe(),
            "flakey create b errors=none drop=true a");
}

}  // namespace
}  // namespace biotope
