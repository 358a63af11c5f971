// Faults of sectors, and of bytes on their way.
#include <gtest/gtest.h>

#include <bit>
#include <cerrno>
#include <string>

#include "sim/faults/testing.h"

namespace biotope::sim {
namespace {

TEST(FaultMachine, Fault_F01_latent_sector_errors_are_cleared_by_writing) {
  FaultyMachine m;
  const auto number = m.fault("F01 ata0.bay0 first=10 last=12");
  EXPECT_EQ(m.lies(), (Stamps{{10, -EIO}, {11, -EIO}, {12, -EIO}}));
  EXPECT_EQ(m.faults.struck(number), 1U);
  EXPECT_EQ(m.write(11, 1, 200), 0);
  EXPECT_EQ(m.lies(), (Stamps{{10, -EIO}, {12, -EIO}}));
  EXPECT_EQ(m.changes(), (Stamps{{11, 200}}));
  EXPECT_EQ(m.lies(1), Stamps{});
}

TEST(FaultMachine, Fault_F01_errors_by_the_hour_come_in_clusters_as_time_passes) {
  FaultyMachine m;
  // On average one each second, of four sectors.
  m.fault("F01 ata0.bay0 first=0 last=3599999 sector_hours=1000 cluster=4 radius=2");
  m.run(20 * kSecond);
  EXPECT_EQ(m.seen(0), 1);
  const std::int64_t bad = SectorOverlay::of(*m.media[0])->bad_sectors();
  EXPECT_GT(bad, 20);
  EXPECT_LT(bad, 200);
}

TEST(FaultMachine, Fault_F02_a_bad_sector_that_can_not_be_replaced_stays_bad) {
  FaultyMachine m;
  m.fault("F01 ata0.bay0 first=10 last=10");
  const auto number = m.fault("F02 ata0.bay0 times=0");
  EXPECT_EQ(m.write(10, 1, 200), EIO);
  EXPECT_EQ(m.write(20, 1, 201), 0) << "a good one is written as ever";
  EXPECT_EQ(m.faults.struck(number), 1U);
  EXPECT_EQ(m.lies(), (Stamps{{10, -EIO}}));
  EXPECT_EQ(m.changes(), (Stamps{{20, 201}}));
}

TEST(FaultMachine, Fault_F03_a_read_fails_twice_and_then_succeeds) {
  FaultyMachine m;
  m.fault("F03 ata0.bay0 first=10 last=10 times=2");
  EXPECT_EQ(m.seen(10), -EIO);
  EXPECT_EQ(m.seen(11), 12);
  EXPECT_EQ(m.seen(10), -EIO);
  EXPECT_EQ(m.seen(10), 11);
  EXPECT_EQ(m.changes(), Stamps{});
}

TEST(FaultMachine, Fault_F04_bit_rot_flips_one_bit_until_the_sector_is_written) {
  FaultyMachine m;
  m.fault("F04 ata0.bay0 first=10 last=10");
  EXPECT_EQ(m.lies(), (Stamps{{10, -1000}}));
  Bytes shown(kSector);
  EXPECT_EQ(m.request(0, DriveCommand::read, 10, shown), 0);
  int bits = 0;
  for (const std::byte byte : shown) bits += std::popcount(static_cast<unsigned>(byte) ^ 11U);
  EXPECT_EQ(bits, 1);
  EXPECT_EQ(m.changes(), Stamps{});
  EXPECT_EQ(m.write(10, 1, 200), 0);
  EXPECT_EQ(m.lies(), Stamps{});
}

TEST(FaultMachine, Fault_F05_a_byte_is_spoilt_on_its_way_to_the_medium) {
  FaultyMachine m;
  m.fault("F05 ata0.bay0 byte=700 xor=3");
  EXPECT_EQ(m.write(10, 3, 200), 0);
  EXPECT_EQ(m.lies(), (Stamps{{11, -1000}}));
  EXPECT_EQ(m.changes(), (Stamps{{10, 200}, {11, 200}, {12, 200}}));
  Bytes shown(3 * kSector);
  EXPECT_EQ(m.request(0, DriveCommand::read, 10, shown), 0);
  EXPECT_EQ(shown[700], std::byte{200 ^ 3});
  shown[700] = std::byte{200};
  EXPECT_EQ(shown, FaultyMachine::stamped(3, 200));
}

TEST(FaultMachine, Fault_F06_a_byte_is_spoilt_on_its_way_from_the_medium_and_reading_again_helps) {
  FaultyMachine m;
  m.fault("F06 ata0.bay0 byte=5 xor=128");
  EXPECT_EQ(m.seen(10), -1000);
  EXPECT_EQ(m.seen(10), 11);
  EXPECT_EQ(m.lies(), Stamps{});
}

TEST(FaultMachine, Fault_F07_a_misdirected_write_is_missing_here_and_too_much_there) {
  FaultyMachine m;
  m.fault("F07 ata0.bay0 nth=2 delta_sectors=20");
  EXPECT_EQ(m.write(5, 1, 199), 0);
  EXPECT_EQ(m.write(10, 2, 200), 0);
  EXPECT_EQ(m.lies(), (Stamps{{10, 11}, {11, 12}, {30, 200}, {31, 200}}));
  EXPECT_EQ(m.changes(), (Stamps{{5, 199}, {10, 200}, {11, 200}}));
  EXPECT_EQ(m.write(10, 22, 201), 0);
  EXPECT_EQ(m.lies(), Stamps{}) << "all is well where it is written again";
}

TEST(FaultMachine, Fault_F07_a_write_misdirected_off_the_medium_is_lost) {
  FaultyMachine m;
  m.fault("F07 ata0.bay0 delta_sectors=-11");
  EXPECT_EQ(m.write(10, 2, 200), 0);
  EXPECT_EQ(m.lies(), (Stamps{{0, 200}, {10, 11}, {11, 12}}));
}

TEST(FaultMachine, Fault_F08_a_misdirected_read_returns_what_lies_beside_once) {
  FaultyMachine m;
  m.fault("F08 ata0.bay0 delta_sectors=-7");
  EXPECT_EQ(m.seen(10), 4);
  EXPECT_EQ(m.seen(10), 11);
  EXPECT_EQ(m.lies(), Stamps{});
}

TEST(FaultMachine, Fault_F09_a_write_lands_on_the_other_disk) {
  FaultyMachine m;
  m.fault("F09 ata0.bay0 to=ata0.bay1 delta_sectors=1");
  EXPECT_EQ(m.write(10, 1, 250), 0);
  EXPECT_EQ(m.lies(0), (Stamps{{10, 11}}));
  EXPECT_EQ(m.lies(1), (Stamps{{11, 250}}));
  EXPECT_EQ(m.changes(0), (Stamps{{10, 250}}));
  EXPECT_EQ(m.changes(1), Stamps{});
}

TEST(FaultMachine, Fault_F10_a_phantom_write_is_answered_and_never_lands) {
  FaultyMachine m;
  m.fault("F10 ata0.bay0");
  EXPECT_EQ(m.write(10, 2, 200), 0);
  EXPECT_EQ(m.flush(), 0);
  EXPECT_EQ(m.lies(), (Stamps{{10, 11}, {11, 12}}));
  EXPECT_EQ(m.write(10, 1, 201), 0);
  EXPECT_EQ(m.lies(), (Stamps{{11, 12}}));
}

TEST(FaultMachine, Fault_F40_the_last_sector_is_damaged_in_each_way) {
  for (const char* how : {"unreadable", "rot", "torn"}) {
    FaultyMachine m;
    const std::int64_t last = m.media[0]->size_bytes() / kSector - 1;
    m.fault(std::string("F40 ata0.bay0 how=") + how);
    const int error = m.write(last, 1, 200);
    EXPECT_EQ(error, 0);
    EXPECT_EQ(m.seen(last) == 200, std::string(how) != "torn") << "writing makes the others good";
    EXPECT_EQ(m.truth(last), 200);
    EXPECT_EQ(m.lies(), Stamps{});
  }
}

TEST(FaultMachine, Fault_F40_metadata_that_can_not_be_read) {
  FaultyMachine m;
  const std::int64_t last = m.media[0]->size_bytes() / kSector - 1;
  m.fault("F40 ata0.bay0");
  EXPECT_EQ(m.seen(last), -EIO);
  EXPECT_EQ(m.seen(last - 1), 0);
}

}  // namespace
}  // namespace biotope::sim
