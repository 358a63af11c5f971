#include "classes/disk/bounce.h"

#include <gtest/gtest.h>

#include <numeric>

#include "classes/disk/testing.h"

namespace biotope {
namespace {

using testing::HoldingDisk;

DiskTraits mapped() {
  DiskTraits traits;
  traits.needs_contiguous_data = true;
  return traits;
}

// 1024 bytes in three pieces that lie out of order in memory.
class BounceTest : public ::testing::Test {
 protected:
  BounceTest() {
    std::iota(wanted.begin(), wanted.end(), std::uint8_t{1});
    for (std::size_t i = 0; i < wanted.size(); ++i) place(i) = static_cast<std::byte>(wanted[i]);
  }
  std::byte& place(std::size_t i) {
    if (i < 100) return memory[2000 + i];
    if (i < 700) return memory[i - 100];
    return memory[1000 + (i - 700)];
  }
  std::vector<std::uint8_t> in_memory() {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      bytes.push_back(std::to_integer<std::uint8_t>(place(i)));
    }
    return bytes;
  }
  std::vector<std::uint8_t> on_disk() {
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      bytes.push_back(std::to_integer<std::uint8_t>(d.driver.bytes[512 + i]));
    }
    return bytes;
  }
  void fill_disk() {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      d.driver.bytes[512 + i] = static_cast<std::byte>(wanted[i]);
    }
    std::fill(std::begin(memory), std::end(memory), std::byte{0xEE});
  }

  HoldingDisk d{mapped()};
  std::byte memory[4096]{};
  Segment list[3] = {{memory + 2000, 100}, {memory, 600}, {memory + 1000, 324}};
  std::vector<std::uint8_t> wanted = std::vector<std::uint8_t>(1024);
};

TEST_F(BounceTest, Paper_24_a_driver_that_maps_data_gets_it_in_one_piece) {
  const Bio& bio = d.issuer.issue(*d.edge, Command::write, 512, 1024, Data(list));
  ASSERT_EQ(d.driver.held.size(), 1U);
  EXPECT_NE(d.driver.held.front(), &bio);
  EXPECT_TRUE(d.driver.held.front()->data.contiguous(1024));
  EXPECT_EQ(d.driver.held.front()->position_bytes, 512);
  d.driver.finish_all();
  EXPECT_EQ(on_disk(), wanted);
  fill_disk();
  d.issuer.issue(*d.edge, Command::read, 512, 1024, Data(list));
  d.driver.finish_all();
  EXPECT_EQ(in_memory(), wanted);
  EXPECT_EQ(d.issuer.errors, (std::vector<int>{0, 0}));
  EXPECT_EQ(d.t.mesh.census().bios, 0U);
}

TEST_F(BounceTest, Paper_24_what_lies_in_one_piece_is_not_copied) {
  const Bio& bio = d.issuer.issue(*d.edge, Command::write, 512, 512, Data(memory));
  EXPECT_EQ(d.driver.held.front(), &bio);
  d.driver.finish_all();
  // A piece of the list that is long enough is one piece, too.
  const Bio& part = d.issuer.issue(*d.edge, Command::write, 512, 512, Data(list).shifted(100));
  EXPECT_EQ(d.driver.held.front(), &part);
  d.driver.finish_all();
}

TEST_F(BounceTest, Paper_24_of_a_read_that_fails_half_way_only_what_came_is_copied_back) {
  fill_disk();
  const Bio& bio = d.issuer.issue(*d.edge, Command::read, 512, 1024, Data(list));
  d.driver.finish_one(EIO, 512);
  EXPECT_EQ(bio.error, EIO);
  EXPECT_EQ(bio.resid_bytes(), 512);
  std::vector<std::uint8_t> half = wanted;
  std::fill(half.begin() + 512, half.end(), std::uint8_t{0xEE});
  EXPECT_EQ(in_memory(), half);
}

TEST_F(BounceTest, Paper_24_without_memory_for_a_stand_in_it_is_replayed) {
  d.t.mesh.path().limit_bios(0);
  d.issuer.issue(*d.edge, Command::write, 512, 1024, Data(list));
  EXPECT_TRUE(d.driver.held.empty());
  EXPECT_TRUE(d.issuer.errors.empty());
  d.t.mesh.path().limit_bios(1);
  d.t.executor.run();
  d.driver.finish_all();
  EXPECT_EQ(d.issuer.errors, std::vector<int>{0});
  EXPECT_EQ(on_disk(), wanted);
}

// Splitting and bouncing give the driver requests of their own making; the issuer's stays his.
TEST(DiskOwnership, Inv_E40_nobody_on_the_way_touches_what_is_the_issuers) {
  for (const bool bounces : {false, true}) {
    for (const std::int64_t most : {std::int64_t{512}, DiskTraits::kUnlimited}) {
      DiskTraits traits;
      traits.needs_contiguous_data = bounces;
      traits.max_transfer_bytes = most;
      HoldingDisk d(traits);
      std::byte memory[4096]{};
      const Segment list[] = {{memory, 300}, {memory + 1000, 2000}};
      int marks[2];
      Bio bio;
      bio.command = Command::write;
      bio.flags = kBioForceUnitAccess;
      bio.offset_bytes = 1024;
      bio.length_bytes = 1536;
      bio.data = Data(list);
      bio.attribute = "mark";
      bio.caller1 = &marks[0];
      bio.caller2 = &marks[1];
      bio.done = [](Bio&) {};
      const Bio before = bio;
      d.t.mesh.submit(bio, *d.edge);
      for (Bio* held : d.driver.held) {
        EXPECT_EQ(held->flags, kBioForceUnitAccess);
        EXPECT_TRUE(held == &bio || held->caller1 != before.caller1);
        held->driver1 = held->driver2 = &d;
      }
      d.driver.finish_all();
      EXPECT_EQ(bio.error, 0);
      EXPECT_EQ(bio.command, before.command);
      EXPECT_EQ(bio.flags, kBioForceUnitAccess | kBioDone);
      EXPECT_EQ(bio.offset_bytes, before.offset_bytes);
      EXPECT_EQ(bio.length_bytes, before.length_bytes);
      EXPECT_EQ(bio.attribute, before.attribute);
      EXPECT_EQ(bio.caller1, before.caller1);
      EXPECT_EQ(bio.caller2, before.caller2);
      EXPECT_EQ(bio.done, before.done);
    }
  }
}

}  // namespace
}  // namespace biotope
