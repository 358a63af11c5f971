// Faults of times and answers, and the rules that hold for all faults.
#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

#include "sim/faults/testing.h"

namespace biotope::sim {
namespace {

std::int64_t time_of_a_read(FaultyMachine&& m, const char* fault = nullptr) {
  if (fault != nullptr) m.fault(fault);
  const std::int64_t began_ns = m.rack->executor().now_ns();
  EXPECT_EQ(m.seen(3), 4);
  return m.last.time_ns - began_ns;
}

TEST(FaultMachine, Fault_F28_a_slow_drive_takes_its_time) {
  const auto fast_ns = static_cast<double>(time_of_a_read(FaultyMachine()));
  const auto slow_ns =
      static_cast<double>(time_of_a_read(FaultyMachine(), "F28 ata0.bay0 percent=500"));
  EXPECT_NEAR(slow_ns, 5 * fast_ns, 1000);
}

TEST(FaultMachine, Fault_F29_a_stall_holds_everything_up) {
  EXPECT_LT(time_of_a_read(FaultyMachine()), 500'000'000);
  EXPECT_GE(time_of_a_read(FaultyMachine(), "F29 ata0.bay0 duration_ns=500000000"), 500'000'000);
}

TEST(FaultMachine, Fault_F30_a_request_hangs_until_it_is_released) {
  FaultyMachine m;
  m.fault("F30 ata0.bay0 nth=2 until=somebody_looks");
  EXPECT_EQ(m.seen(1), 2);
  EXPECT_EQ(m.seen(2), -ETIMEDOUT);
  EXPECT_EQ(m.seen(3), 4) << "others go on";
  EXPECT_EQ(m.faults.release("somebody_looks"), 1U);
  m.run(kSecond);
  EXPECT_EQ(m.hosts[0]->answers.size(), 3U);
  EXPECT_EQ(m.hosts[0]->answers.back().request, 1);
}

TEST(FaultMachine, Fault_F30_a_host_that_looks_at_its_clock_gets_its_answer_all_the_same) {
  FaultyMachine m("ide", LinkKind::sata);
  m.fault("F30 ata0.bay0");
  EXPECT_EQ(m.seen(1), -ETIMEDOUT) << "it does not, in the first second";
  m.run(60 * kSecond);
  ASSERT_EQ(m.hosts[0]->answers.size(), 1U);
  EXPECT_EQ(m.hosts[0]->answers[0].error, 0);
  EXPECT_EQ(m.rack->link_statistics(0)->aborts, 1U);
  EXPECT_EQ(m.flush(), 0) << "nothing is left behind in the drive";
  EXPECT_EQ(m.lies(), Stamps{});
}

TEST(FaultMachine, Fault_F30_a_host_without_a_link_is_told_that_time_is_out) {
  FaultyMachine m;
  m.fault("F30 ata0.bay0");
  EXPECT_EQ(m.seen(1), -ETIMEDOUT) << "nothing in the first second";
  EXPECT_EQ(m.hosts[0]->answers.size(), 0U);
  EXPECT_EQ(m.seen(2), 3) << "others go on";
  m.run(60 * kSecond);
  ASSERT_EQ(m.hosts[0]->answers.size(), 2U);
  EXPECT_EQ(m.hosts[0]->answers[1].error, ETIMEDOUT);
  EXPECT_EQ(m.hosts[0]->answers[1].time_ns, LinkTraits().timeout_ns + LinkTraits().recovery_ns);
  EXPECT_EQ(m.flush(), 0) << "nothing is left behind in the drive";
}

TEST(FaultMachine, Fault_F31_the_host_is_told_once_of_what_completes_twice) {
  FaultyMachine m;
  m.fault("F31 ata0.bay0");
  EXPECT_EQ(m.seen(1), 2);
  EXPECT_EQ(m.seen(2), 3);
  EXPECT_EQ(m.hosts[0]->answers.size(), 2U);
  EXPECT_EQ(m.rack->statistics(0)->stray_answers, 1U);
}

TEST(FaultMachine, Fault_F32_an_answer_comes_late) {
  FaultyMachine m;
  m.fault("F32 ata0.bay0 after_ns=2500000000");
  EXPECT_EQ(m.seen(1), -ETIMEDOUT);
  EXPECT_EQ(m.hosts[0]->answers.size(), 0U);
  m.run(2 * kSecond);
  EXPECT_EQ(m.hosts[0]->answers.size(), 1U);
}

TEST(FaultMachine, Fault_F32_what_comes_after_an_abort_touches_nobodys_memory) {
  FaultyMachine m("ide", LinkKind::sata);
  m.fault("F32 ata0.bay0 after_ns=100000000000");
  Bytes bytes(kSector);
  EXPECT_EQ(m.request(0, DriveCommand::read, 5, bytes), ETIMEDOUT);
  m.run(60 * kSecond);
  ASSERT_EQ(m.hosts[0]->answers.size(), 1U) << "of the second try";
  EXPECT_EQ(bytes, FaultyMachine::stamped(1, 6));
  bytes = FaultyMachine::stamped(1, 77);
  m.run(100 * kSecond);
  EXPECT_EQ(bytes, FaultyMachine::stamped(1, 77));
  EXPECT_EQ(m.hosts[0]->answers.size(), 1U);
}

TEST(FaultMachine, Fault_F33_a_request_is_overtaken) {
  FaultyMachine m;
  m.fault("F33 ata0.bay0 behind=2");
  for (int i = 0; i < 4; ++i) m.hosts[0]->send(DriveCommand::read, i * kSector, kSector);
  m.run(kSecond);
  std::vector<int> order;
  for (const auto& answer : m.hosts[0]->answers) order.push_back(answer.request);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 0, 3}));
}

TEST(FaultMachine, Fault_F34_a_short_transfer_says_how_much_there_was) {
  FaultyMachine m;
  m.fault("F34 ata0.bay0 sectors=3");
  EXPECT_EQ(m.write(10, 8, 200), EIO);
  EXPECT_EQ(m.last.transferred_bytes, 3 * kSector);
  EXPECT_EQ(m.changes(), (Stamps{{10, 200}, {11, 200}, {12, 200}}));
  EXPECT_EQ(m.lies(), Stamps{});
}

TEST(FaultMachine, Fault_F35_a_request_is_sent_away_and_the_next_is_not) {
  FaultyMachine m;
  m.fault("F35 ata0.bay0");
  EXPECT_EQ(m.write(10, 1, 200), EAGAIN);
  EXPECT_EQ(m.write(10, 1, 201), 0);
  EXPECT_EQ(m.changes(), (Stamps{{10, 201}}));
  EXPECT_EQ(m.lies(), Stamps{});
}

TEST(FaultMachine, Fault_F35_a_host_comes_again_by_itself_where_it_is_told_to) {
  FaultyMachine m("ide", LinkKind::sata);
  m.fault("F35 ata0.bay0 times=2");
  EXPECT_EQ(m.write(10, 1, 200), 0);
  EXPECT_EQ(m.rack->link_statistics(0)->retries, 2U);
  EXPECT_EQ(m.changes(), (Stamps{{10, 200}}));
}

TEST(FaultMachine, Fault_F36_all_that_is_in_flight_comes_back_and_is_sent_again) {
  FaultyMachine m("ide", LinkKind::scsi);
  for (int i = 0; i < 4; ++i) {
    m.hosts[static_cast<std::size_t>(i % 2)]->send(DriveCommand::read, i * 5000 * kSector, kSector);
  }
  m.fault("F36 ata0.bay0 from_ns=6000000");
  m.run(60 * kSecond);
  EXPECT_EQ(m.rack->link_statistics(0)->bus_resets, 1U);
  EXPECT_GE(m.rack->link_statistics(0)->retries, 1U);
  for (const auto& host : m.hosts) {
    ASSERT_EQ(host->answers.size(), 2U);
    for (const auto& answer : host->answers) EXPECT_EQ(answer.error, 0);
  }
}

// What is dropped comes back when its time is out, and once.
TEST(FaultMachine,
     Fault_F36_what_does_not_come_back_from_a_reset_is_waited_for_and_asked_for_again) {
  FaultyMachine m("scsi", LinkKind::scsi);
  constexpr int kAsked = 16;
  std::vector<Bytes> bytes(kAsked, Bytes(kSector));
  for (int i = 0; i < kAsked; ++i) {
    const auto& list =
        m.lists.emplace_back(1, Segment{bytes[static_cast<std::size_t>(i)].data(), kSector});
    m.hosts[0]->send(DriveCommand::read, i * kSector, kSector, list);
  }
  m.fault("F36.bus_reset ata0.bay0 from_ns=1000000 returned=some");
  m.run(kSecond);
  const std::size_t at_once = m.hosts[0]->answers.size();
  EXPECT_GT(at_once, 0U);
  EXPECT_LT(at_once, static_cast<std::size_t>(kAsked));
  EXPECT_EQ(m.rack->place(0).controller->drive(0).in_drive(), 0U) << "it has let go of the others";
  m.run(60 * kSecond);
  ASSERT_EQ(m.hosts[0]->answers.size(), static_cast<std::size_t>(kAsked));
  for (const auto& answer : m.hosts[0]->answers) EXPECT_EQ(answer.error, 0);
  for (int i = 0; i < kAsked; ++i) {
    EXPECT_EQ(FaultyMachine::stamp_of(bytes[static_cast<std::size_t>(i)]), 1 + i);
  }
  const LinkStatistics did = *m.rack->link_statistics(0);
  EXPECT_EQ(did.aborts, kAsked - at_once) << "each by itself";
  EXPECT_EQ(did.bus_resets, 1U);
}

TEST(FaultMachine, places_and_media_that_are_not_there_are_refused) {
  FaultyMachine m;
  for (const char* line : {"slow ata0.bay2", "slow ata0", "F37 ata1", "F39 x bays=ata0.bay7",
                           "F09 ata0.bay0 to=elsewhere", "F25 ata0.bay0 medium=none",
                           "F27 ata0.bay0 with=ata0.bay2", "F27 ata0.bay0 with=ata0.bay0"}) {
    const auto refused = m.faults.add(line);
    ASSERT_FALSE(refused) << line;
    EXPECT_EQ(refused.error().code, ENOENT) << line;
  }
  EXPECT_EQ(m.faults.size(), 0U);
}

TEST(FaultMachine, what_is_switched_off_does_not_strike) {
  FaultyMachine m;
  m.faults.enable(m.fault("F19 ata0.bay0 from_ns=1000"), false);
  m.faults.enable(m.fault("F10 ata0.bay0 times=0"), false);
  EXPECT_EQ(m.write(10, 1, 200), 0);
  EXPECT_EQ(m.lies(), Stamps{});
}

TEST(FaultMachine, faults_may_come_while_requests_are_on_their_way) {
  FaultyMachine m;
  for (int i = 0; i < 4; ++i) m.hosts[0]->send(DriveCommand::read, i * 1000 * kSector, kSector);
  m.run(1000);
  m.fault("F28 ata0.bay0 times=0");
  m.hosts[0]->send(DriveCommand::read, 0, kSector);
  m.run(kSecond);
  EXPECT_EQ(m.hosts[0]->answers.size(), 5U);
}

}  // namespace
}  // namespace biotope::sim
