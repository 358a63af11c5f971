#include "classes/concat/concat.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "classes/array/testing.h"
#include "classes/nop/nop.h"

namespace biotope {
namespace {

using testing::label;
using testing::number;
using testing::World;

constexpr std::int64_t kMiB = 1 << 20;

std::string append(World& w, const char* name, const char* disk) {
  auto& concat = static_cast<Concat&>(*w.t.mesh.geom("concat", name));
  const Status done = w.run(concat.append(w.t.provider(disk)));
  w.t.mesh.settle();
  return done ? "" : sentence(done.error().code, ": ", done.error().text);
}

TEST(Concat, Geom_concat_1) {
  World w;
  for (int i = 0; i < 3; ++i) w.disk("da" + std::to_string(i), (i + 1) * kMiB);
  w.make("concat", "test", {"da0", "da1", "da2"});
  EXPECT_EQ(w.t.provider("concat/test").media_size_bytes(), 6291456);
  EXPECT_EQ(w.t.provider("concat/test").sector_size_bytes(), 512);
}

TEST(Concat, Paper_78_Geom_concat_2) {
  World w;
  for (int i = 0; i < 3; ++i) w.disk("da" + std::to_string(i), (i + 1) * kMiB);
  w.make("concat", "test", {"da0", "da1", "da2"});
  Consumer& user = w.open("concat/test");
  const Bytes data = testing::pattern(6 * kMiB);
  EXPECT_EQ(w.write(user, 0, data), 0);
  EXPECT_EQ(w.read(user, 0, 6 * kMiB), data);
  EXPECT_TRUE(
      std::equal(data.begin() + kMiB, data.begin() + 3 * kMiB, w.drivers[1]->bytes().begin()));
}

TEST(Concat, Geom_concat_append_manual) {
  World w;
  for (int i = 0; i < 3; ++i) w.disk("da" + std::to_string(i), kMiB);
  w.make("concat", "test", {"da0", "da1"});
  Consumer& user = w.open("concat/test");
  const Bytes data = testing::pattern(2 * kMiB);
  ASSERT_EQ(w.write(user, 0, data), 0);
  EXPECT_EQ(append(w, "test", "da2"), "");
  EXPECT_EQ(user.provider()->media_size_bytes(), 3 * kMiB);
  EXPECT_EQ(w.read(user, 0, 2 * kMiB), data);
  EXPECT_EQ(w.write(user, 2 * kMiB - 512, testing::pattern(kMiB, 2)), 0);
  EXPECT_EQ(w.read(user, 2 * kMiB - 512, kMiB), testing::pattern(kMiB, 2));
}

TEST(Concat, Geom_concat_append_label) {
  World w;
  for (int i = 0; i < 3; ++i) w.disk("da" + std::to_string(i), kMiB);
  ASSERT_EQ(label(w, "concat", "test", {"da0", "da1"}), "");
  Consumer& user = w.open("concat/test");
  const std::int64_t before = user.provider()->media_size_bytes();
  EXPECT_EQ(before, 2 * (kMiB - 512));
  const Bytes data = testing::pattern(before);
  ASSERT_EQ(w.write(user, 0, data), 0);
  EXPECT_EQ(append(w, "test", "da2"), "");
  EXPECT_EQ(user.provider()->media_size_bytes(), 3 * (kMiB - 512));
  EXPECT_EQ(w.write(user, before, testing::pattern(kMiB - 512, 3)), 0);
  w.close(user);
  ASSERT_TRUE(w.t.mesh.destroy(*w.t.mesh.geom("concat", "test")));
  w.t.mesh.settle();
  w.t.mesh.retaste(*w.t.mesh.find_class("concat"));
  w.t.mesh.settle();
  Consumer& again = w.open("concat/test");
  EXPECT_EQ(again.provider()->media_size_bytes(), 3 * (kMiB - 512));
  EXPECT_EQ(w.read(again, 0, before), data);
  EXPECT_EQ(w.read(again, before, kMiB - 512), testing::pattern(kMiB - 512, 3));
}

// A power cut after any of the writes of an append, and all orders of arrival after that: what was
// there is there, and it is as long as before or as after.
TEST(Concat, an_append_cut_short_at_any_write_loses_nothing) {
  for (int cut = 0; cut <= 3; ++cut) {
    std::vector<int> order{0, 1, 2};
    do {
      World w;
      for (int i = 0; i < 3; ++i) w.disk("da" + std::to_string(i), 4096);
      ASSERT_EQ(label(w, "concat", "test", {"da0", "da1"}), "");
      ASSERT_EQ(w.write(w.open("concat/test"), 0, testing::pattern(7168)), 0);
      const std::vector<Bytes> old{w.drivers[0]->bytes(), w.drivers[1]->bytes(),
                                   w.drivers[2]->bytes()};
      ASSERT_EQ(append(w, "test", "da2"), "");
      // It writes to the newcomer, then to the others in order.
      const int written[] = {2, 0, 1};
      World after;
      for (int i = 0; i < 3; ++i) {
        after.drivers.push_back(std::make_unique<RamDriver>(w.drivers[0]->traits()));
        const auto n = static_cast<std::size_t>(i);
        const bool new_one = std::find(written, written + cut, i) != written + cut;
        after.drivers[n]->bytes() = new_one ? w.drivers[n]->bytes() : old[n];
      }
      for (const int i : order) {
        ASSERT_TRUE(
            after.plug("da" + std::to_string(i), *after.drivers[static_cast<std::size_t>(i)]));
      }
      Consumer& user = after.open("concat/test");
      EXPECT_EQ(user.provider()->media_size_bytes(), cut == 0 ? 7168 : 10752) << cut;
      EXPECT_EQ(after.read(user, 0, 7168), testing::pattern(7168));
    } while (std::ranges::next_permutation(order).found);
  }
}

TEST(Concat, what_can_not_be_appended_is_refused_and_changes_nothing) {
  World w;
  for (int i = 0; i < 4; ++i) w.disk("da" + std::to_string(i), kMiB);
  w.disk("cd0", 2352 * 10, 2352);
  w.disk("tiny", 512);
  ASSERT_EQ(label(w, "concat", "test", {"da0", "da1"}), "");
  ASSERT_EQ(label(w, "concat", "other", {"da2"}), "");
  const auto refused = [&](const char* disk) {
    const Bytes before = testing::last_sector(*w.drivers[0]);
    const std::string why = append(w, "test", disk);
    EXPECT_EQ(testing::last_sector(*w.drivers[0]), before) << why;
    EXPECT_EQ(w.t.provider("concat/test").media_size_bytes(), 2 * (kMiB - 512)) << why;
    return why;
  };
  EXPECT_EQ(refused("da1"), sentence(EEXIST, ": da1 is in concat test already"));
  EXPECT_EQ(refused("da2"),
            sentence(EEXIST, ": da2 holds GEOM::CONCAT metadata already; clear them first"));
  EXPECT_TRUE(refused("cd0").starts_with(sentence(EINVAL)));
  EXPECT_TRUE(refused("tiny").starts_with(sentence(EINVAL)));
  EXPECT_EQ(refused("concat/test").substr(0, 2), std::to_string(ELOOP));
  Consumer& other = w.open("da3", {1, 1, 0});
  EXPECT_TRUE(refused("da3").starts_with(sentence(EPERM)));
  w.close(other);
  EXPECT_EQ(append(w, "test", "da3"), "");
}

TEST(Concat, an_append_whose_metadata_fail_is_taken_back) {
  World w;
  for (int i = 0; i < 3; ++i) w.disk("da" + std::to_string(i), kMiB);
  auto& nop = w.make("nop", "n", {"da1"});
  ASSERT_EQ(label(w, "concat", "test", {"da0", "n"}), "");
  const Bytes before = testing::last_sector(*w.drivers[0]);
  EXPECT_TRUE(
      dynamic_cast<Nop&>(nop).configure(testing::values_of({{"write_fail_percent", number(100)}})));
  EXPECT_NE(append(w, "test", "da2"), "");
  EXPECT_EQ(testing::last_sector(*w.drivers[0]), before);
  EXPECT_EQ(testing::last_sector(*w.drivers[2]), Bytes(512));
  EXPECT_EQ(testing::what_is_wrong(w.t.mesh), "");
  EXPECT_EQ(w.t.provider("da0").access().text(), "r0w0e0");
}

TEST(Concat, the_metadata_are_those_of_the_format_byte_for_byte) {
  World w;
  w.disk("da0", kMiB, 2048);
  w.disk("da1", kMiB);
  ASSERT_EQ(label(w, "concat", "c", {"da1", "da0"}, {{"id", number(0xfedcba98)}}), "");
  Bytes expected(2048);
  testing::put_text(expected, 0, "GEOM::CONCAT");
  testing::put_le(expected, 16, 4, 4);
  testing::put_text(expected, 20, "c");
  testing::put_le(expected, 36, 0xfedcba98, 4);
  testing::put_le(expected, 40, 1, 2);
  testing::put_le(expected, 42, 2, 2);
  testing::put_le(expected, 60, kMiB, 8);
  EXPECT_EQ(testing::last_sector(*w.drivers[0]), expected);
}

}  // namespace
}  // namespace biotope
