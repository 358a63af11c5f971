#include "classes/stripe/stripe.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "classes/array/testing.h"

namespace biotope {
namespace {

using testing::label;
using testing::number;
using testing::World;

constexpr std::int64_t kMiB = 1 << 20;

TEST(Stripe, Geom_stripe_1) {
  World w;
  for (int i = 0; i < 3; ++i) w.disk("da" + std::to_string(i), (i + 1) * kMiB);
  w.make("stripe", "test", {"da0", "da1", "da2"}, {{"stripe_size", number(16384)}});
  EXPECT_EQ(w.t.provider("stripe/test").media_size_bytes(), 3145728);
  EXPECT_EQ(w.t.provider("stripe/test").sector_size_bytes(), 512);
  EXPECT_EQ(w.t.provider("stripe/test").properties().stripe_size_bytes, 16384);
}

TEST(Stripe, Geom_stripe_2) {
  World w;
  for (int i = 0; i < 3; ++i) w.disk("da" + std::to_string(i), kMiB);
  w.make("stripe", "test", {"da0", "da1", "da2"}, {{"stripe_size", number(8192)}});
  Consumer& user = w.open("stripe/test");
  const Bytes data = testing::pattern(3 * kMiB);
  EXPECT_EQ(w.write(user, 0, data), 0);
  EXPECT_EQ(w.read(user, 0, 3 * kMiB), data);
}

// geom.md B3: stripe number n = off / S lies on disk n mod N at (n / N) S + off mod S.
RC_GTEST_PROP(StripeMap, is_the_formula_of_the_format, ()) {
  World w;
  const auto count = *rc::gen::inRange<std::int64_t>(2, 6);
  const std::int64_t stripe = std::int64_t{512} << *rc::gen::inRange(0, 5);
  testing::Names names;
  for (std::int64_t i = 0; i < count; ++i) {
    names.push_back("da" + std::to_string(i));
    w.disk(names.back(), kMiB / 8);
  }
  w.make("stripe", "x", names, {{"stripe_size", number(stripe)}});
  Consumer& user = w.open("stripe/x");
  const std::int64_t sector =
      *rc::gen::inRange<std::int64_t>(0, user.provider()->properties().sector_count());
  RC_ASSERT(w.write(user, sector * 512, testing::pattern(512)) == 0);
  const std::int64_t n = sector * 512 / stripe;
  const std::int64_t place = n / count * stripe + sector * 512 % stripe;
  for (std::int64_t i = 0; i < count; ++i) {
    Bytes expected(static_cast<std::size_t>(kMiB / 8));
    if (i == n % count) std::ranges::copy(testing::pattern(512), expected.begin() + place);
    RC_ASSERT(w.drivers[static_cast<std::size_t>(i)]->bytes() == expected);
  }
}

TEST(Stripe, the_metadata_are_those_of_the_format_byte_for_byte) {
  World w;
  w.disk("da0", kMiB);
  w.disk("da1", 2 * kMiB);
  ASSERT_EQ(label(w, "stripe", "data", {"da0", "da1"},
                  {{"stripe_size", number(4096)}, {"id", number(0x12345678)}, {"hardcode", true}}),
            "");
  Bytes expected(512);
  testing::put_text(expected, 0, "GEOM::STRIPE");
  testing::put_le(expected, 16, 3, 4);
  testing::put_text(expected, 20, "data");
  testing::put_le(expected, 36, 0x12345678, 4);
  testing::put_le(expected, 40, 1, 2);
  testing::put_le(expected, 42, 2, 2);
  testing::put_le(expected, 44, 4096, 4);
  testing::put_text(expected, 48, "da1");
  testing::put_le(expected, 64, 2 * kMiB, 8);
  EXPECT_EQ(testing::last_sector(*w.drivers[1]), expected);
}

TEST(Stripe, with_metadata_it_takes_the_last_sector_from_its_disks) {
  World w;
  w.disk("da0", kMiB);
  w.disk("da1", kMiB);
  ASSERT_EQ(label(w, "stripe", "data", {"da0", "da1"}, {{"stripe_size", number(65536)}}), "");
  EXPECT_EQ(w.t.provider("stripe/data").media_size_bytes(), 2 * (kMiB - 65536));
}

// Versions 1 and 2 as older systems wrote them: no size of the provider, or no name either.
TEST(Stripe, old_versions_are_read) {
  for (const int version : {1, 2}) {
    World w;
    for (int i = 0; i < 2; ++i) {
      RamDriver& disk = w.disk("da" + std::to_string(i), kMiB);
      Bytes sector(512);
      testing::put_text(sector, 0, "GEOM::STRIPE");
      testing::put_le(sector, 16, static_cast<std::uint64_t>(version), 4);
      testing::put_text(sector, 20, "old");
      testing::put_le(sector, 36, 9, 4);
      testing::put_le(sector, 40, static_cast<std::uint64_t>(i), 2);
      testing::put_le(sector, 42, 2, 2);
      testing::put_le(sector, 44, 4096, 4);
      testing::put_text(sector, 48, version == 2 ? "da" + std::to_string(i) : "(garbage)");
      testing::put_text(sector, 64, "(garbage)");
      std::ranges::copy(sector, disk.bytes().end() - 512);
    }
    w.t.mesh.retaste(*w.t.mesh.find_class("stripe"));
    w.t.mesh.settle();
    EXPECT_NE(w.t.mesh.provider("stripe/old"), nullptr) << version;
  }
}

TEST(Stripe, disks_that_make_none_are_refused) {
  World w;
  w.disk("da0", kMiB);
  w.disk("cd0", 2352 * 100, 2352);
  w.disk("da1", 8192);
  EXPECT_EQ(w.refusal("stripe", "x", {"da0"}),
            sentence(EINVAL, ": stripe x stands on 2 to 65535 disks, not on 1"));
  EXPECT_EQ(w.refusal("stripe", "x", {"da0", "cd0"}),
            sentence(EINVAL,
                     ": stripe x: stripes of 65536 bytes are no whole number of sectors of "
                     "75264"));
  EXPECT_EQ(w.refusal("stripe", "x", {"da0", "da1"}),
            sentence(EINVAL, ": stripe x: da1 has 8192 bytes, too few for a stripe of 65536"));
  EXPECT_EQ(label(w, "stripe", "x", {"da0", "da1"}, {{"stripe_size", number(1536)}}),
            sentence(EINVAL,
                     ": stripe x: stripes of 1536 bytes are no power of two, as others who "
                     "read the metadata require"));
  EXPECT_TRUE(w.create("stripe", "x", {"da0", "da1"}, {{"stripe_size", number(1536)}}));
}

TEST(Stripe, a_disk_with_other_stripes_is_not_of_it) {
  World w;
  w.disk("da0", kMiB);
  w.disk("da1", kMiB);
  ASSERT_EQ(label(w, "stripe", "x", {"da0", "da1"}), "");
  w.t.mesh.wither(w.t.provider("da1").geom());
  w.t.mesh.settle();
  testing::put_le(w.drivers[1]->bytes(), kMiB - 512 + 44, 4096, 4);
  testing::Recorder recorder(w.t.mesh);
  ASSERT_TRUE(w.plug("da1", *w.drivers[1]));
  EXPECT_EQ(w.t.mesh.provider("stripe/x"), nullptr);
  ASSERT_EQ(recorder.count(FactKind::note), 1U);
}

}  // namespace
}  // namespace biotope
