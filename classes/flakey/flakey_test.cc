#include "classes/flakey/flakey.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "classes/testing.h"

namespace biotope {
namespace {

using testing::number;
using testing::word;
using testing::World;

std::size_t differing(const Bytes& a, const Bytes& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] == b[i] ? 0 : 1;
  return count;
}

TEST(Flakey, works_and_fails_in_turns) {
  World w;
  w.disk("da0", 1 << 20);
  w.make("flakey", "f", {"da0"}, {{"up", number(1'000)}, {"down", number(500)}});
  Consumer& user = w.open("f");
  for (std::int64_t now = 0; now < 6'000; now += 100) {
    const bool down = now % 1'500 >= 1'000;
    Bytes into;
    EXPECT_EQ(w.read(user, 0, 512, into), down ? EIO : 0) << now;
    EXPECT_EQ(w.write(user, 0, Bytes(512)), down ? EIO : 0) << now;
    EXPECT_EQ(w.flush(user), down ? EIO : 0) << now;
    w.run(sleep(w.t.executor, 100));
  }
}

TEST(Flakey, only_the_chosen_requests_fail) {
  for (const char* whose : {"none", "reads", "writes", "all"}) {
    World w;
    w.disk("da0", 1 << 20);
    w.make("flakey", "f", {"da0"}, {{"down", number(1)}, {"errors", word(whose)}});
    Consumer& user = w.open("f");
    const std::string_view text = whose;
    Bytes into;
    EXPECT_EQ(w.read(user, 0, 512, into), text == "reads" || text == "all" ? EIO : 0);
    EXPECT_EQ(w.write(user, 0, Bytes(512)), text == "writes" || text == "all" ? EIO : 0);
  }
}

TEST(Flakey, drops_writes_that_it_acknowledges) {
  World w;
  RamDriver& below = w.disk("da0", 1 << 20);
  Geom& flakey = w.make("flakey", "f", {"da0"},
                        {{"down", number(1)}, {"errors", word("none")}, {"drop", true}});
  Consumer& user = w.open("f");
  EXPECT_EQ(w.write(user, 0, testing::pattern(512)), 0);
  EXPECT_EQ(w.flush(user), 0);
  EXPECT_EQ(w.read(user, 0, 512), Bytes(512));
  EXPECT_EQ(below.bytes(), Bytes(1 << 20));
  EXPECT_EQ(flakey.status(), "down; 0 failed, 1 dropped, 0 corrupted");
}

TEST(Flakey, corrupts_what_is_read_and_not_what_is_stored) {
  World w;
  RamDriver& below = w.disk("da0", 1 << 20);
  std::ranges::copy(testing::pattern(4096), below.bytes().begin());
  w.make("flakey", "f", {"da0"},
         {{"down", number(1)},
          {"errors", word("none")},
          {"corrupt", word("reads")},
          {"corrupt_byte", number(700)},
          {"corrupt_with", number(1)}});
  Consumer& user = w.open("f");
  const Bytes read = w.read(user, 0, 4096);
  EXPECT_EQ(differing(read, testing::pattern(4096)), 1U);
  EXPECT_EQ(read[700], testing::pattern(4096)[700] ^ std::byte{1});
  EXPECT_EQ(w.read(user, 0, 512), Bytes(read.begin(), read.begin() + 512)) << "it has no byte 700";
  EXPECT_TRUE(std::ranges::equal(std::span(below.bytes()).first(4096), testing::pattern(4096)));
}

TEST(Flakey, corrupts_what_is_stored_and_not_what_the_writer_holds) {
  World w;
  RamDriver& below = w.disk("da0", 1 << 20);
  w.make("flakey", "f", {"da0"},
         {{"down", number(1)}, {"errors", word("none")}, {"corrupt", word("writes")}});
  Consumer& user = w.open("f");
  const Bytes data = testing::pattern(4096);
  EXPECT_EQ(w.write(user, 0, data), 0);
  EXPECT_EQ(data, testing::pattern(4096));
  EXPECT_EQ(differing(data, below.bytes()), 1U);
}

TEST(Flakey, the_same_seed_and_name_corrupt_the_same) {
  const auto play = [](std::int64_t seed) {
    World w;
    RamDriver& below = w.disk("da0", 1 << 16);
    w.make("flakey", "f", {"da0"},
           {{"down", number(1)},
            {"errors", word("none")},
            {"corrupt", word("writes")},
            {"corrupt_percent", number(50)},
            {"seed", number(seed)}});
    Consumer& user = w.open("f");
    for (std::int64_t i = 0; i < 128; ++i) EXPECT_EQ(w.write(user, i * 512, Bytes(512)), 0);
    return below.bytes();
  };
  EXPECT_EQ(play(7), play(7));
  EXPECT_NE(play(7), play(8));
  const auto hit = differing(play(7), Bytes(1 << 16));
  EXPECT_GT(hit, 30U);
  EXPECT_LT(hit, 98U);
}

TEST(Flakey, says_what_words_there_are) {
  World w;
  w.disk("da0", 1 << 20);
  EXPECT_EQ(w.refusal("flakey", "f", {"da0"}, {{"errors", word("some")}}),
            sentence(EINVAL,
                     ": flakey f: 'errors' is 'some'; it must be none, reads, writes or "
                     "all"));
  EXPECT_EQ(w.refusal("flakey", "f", {"da0"}, {{"corrupt", word("")}}),
            sentence(EINVAL, ": flakey f: 'corrupt' is ''; it must be none, reads, writes or all"));
  EXPECT_EQ(w.refusal("flakey", "f", {"da0"}, {{"up", number(INT64_MAX)}, {"down", number(1)}}),
            sentence(EINVAL, ": flakey f: 'up' and 'down' together are beyond all time"));
}

}  // namespace
}  // namespace biotope
