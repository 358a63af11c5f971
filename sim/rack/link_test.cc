#include "sim/rack/link.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "sim/rack/test_host.h"

namespace biotope::sim {
namespace {

constexpr std::int64_t kSector = 512;
using Errors = std::vector<int>;

// A controller with drives of one kind, a medium in each and a host on each.
struct Machine {
  Machine(const LinkTraits& link, int bays, std::string_view profile = "scsi")
      : rack(std::move(*Rack::create())) {
    EXPECT_TRUE(rack->add_controller("c0", bays, profile, link));
    for (int bay = 0; bay < bays; ++bay) {
      hosts.emplace_back(*rack, bay);
      EXPECT_TRUE(rack->insert(bay, *Medium::blank("m", *rack->medium_shape(bay))));
      EXPECT_TRUE(rack->look(bay));
    }
  }
  int read(int bay, std::int64_t first, std::int64_t sectors) {
    return hosts[static_cast<std::size_t>(bay)].send(DriveCommand::read, first * kSector,
                                                     sectors * kSector);
  }
  std::vector<TestHost::Answer>& answers(int bay) {
    return hosts[static_cast<std::size_t>(bay)].answers;
  }
  Errors errors(int bay) {
    Errors all;
    for (const auto& answer : answers(bay)) all.push_back(answer.error);
    return all;
  }
  // Until nobody waits for an answer. Gives the time of the last.
  std::int64_t wait(std::size_t wanted) {
    const auto all = [&] {
      std::size_t count = 0;
      for (const auto& host : hosts) count += host.answers.size();
      return count;
    };
    while (all() < wanted) {
      if (!rack->executor().step()) break;
    }
    EXPECT_EQ(all(), wanted);
    return rack->executor().now_ns();
  }
  LinkStatistics link() const { return *rack->link_statistics(0); }

  std::unique_ptr<Rack> rack;
  std::deque<TestHost> hosts;
};

LinkTraits of(LinkKind kind) { return LinkTraits::of(kind); }

// --- the wire -----------------------------------------------------------------------------------

TEST(Link, what_passes_takes_the_command_and_the_data_and_the_answer) {
  std::int64_t plain_ns = 0;
  {
    Machine direct({}, 1);
    direct.read(0, 1000, 64);
    plain_ns = direct.wait(1);
  }
  LinkTraits traits = of(LinkKind::scsi);
  traits.bytes_per_second = 1'000'000;
  traits.command_ns = 0;
  Machine machine(traits, 1);
  machine.read(0, 1000, 64);
  EXPECT_EQ(machine.wait(1), plain_ns + 64 * 512 * 1000);
  EXPECT_EQ(machine.link().wire_ns, 64 * 512 * 1000);
}

// Eight drives that find everything in their buffers, on one bus: nothing but the bus counts.
TEST(Link, a_saturated_bus_moves_what_its_rate_says_and_no_more) {
  LinkTraits traits = of(LinkKind::scsi);
  traits.bytes_per_second = 2'000'000;
  traits.timeout_ns = 0;
  constexpr int kDrives = 8;
  constexpr int kEach = 60;
  Machine machine(traits, kDrives, "scsi");
  for (int i = 0; i < kEach; ++i) {
    for (int bay = 0; bay < kDrives; ++bay) machine.read(bay, 1000 + i * 16, 16);
  }
  const std::int64_t elapsed_ns = machine.wait(kDrives * kEach);
  const std::int64_t one_ns = 2 * traits.command_ns + 16 * kSector * 500;
  const auto least_ns = static_cast<double>(one_ns * kDrives * kEach);
  EXPECT_GE(static_cast<double>(elapsed_ns), least_ns);
  EXPECT_LE(static_cast<double>(elapsed_ns), 1.01 * least_ns);
  EXPECT_EQ(machine.link().wire_ns, one_ns * kDrives * kEach);
}

TEST(Link, wires_of_their_own_do_not_share_their_rate) {
  LinkTraits traits = of(LinkKind::sata);
  traits.bytes_per_second = 2'000'000;
  traits.timeout_ns = 0;
  const auto elapsed_ns = [&](int drives) {
    Machine machine(traits, drives, "sata-ncq");
    for (int i = 0; i < 30; ++i) {
      for (int bay = 0; bay < drives; ++bay) machine.read(bay, 1000 + i * 16, 16);
    }
    return machine.wait(static_cast<std::size_t>(drives) * 30);
  };
  EXPECT_EQ(elapsed_ns(1), elapsed_ns(4));
}

TEST(Link, a_bus_is_free_while_drives_work) {
  const auto elapsed_ns = [](LinkKind kind, int drives) {
    Machine machine(of(kind), drives, "scsi");
    for (int bay = 0; bay < drives; ++bay) machine.read(bay, 5'000'000, 1);
    return machine.wait(static_cast<std::size_t>(drives));
  };
  // One drive's movement is every drive's: they overlap on a bus, and follow each other on USB.
  EXPECT_LT(elapsed_ns(LinkKind::scsi, 4), elapsed_ns(LinkKind::scsi, 1) + 1'000'000);
  EXPECT_GT(elapsed_ns(LinkKind::usb, 4), 2 * elapsed_ns(LinkKind::usb, 1));
}

TEST(Link, a_floppy_controller_does_one_thing_at_a_time_over_all_its_drives) {
  Machine machine(of(LinkKind::floppy), 2, "floppy");
  for (int i = 0; i < 3; ++i) {
    for (int bay = 0; bay < 2; ++bay) machine.read(bay, 100 * i, 18);
  }
  machine.wait(6);
  std::int64_t busy_ns = 0;
  for (int bay = 0; bay < 2; ++bay) {
    busy_ns += machine.rack->statistics(bay)->busy_ns;
    EXPECT_EQ(machine.errors(bay), Errors(3, 0));
  }
  // Never were both at work, and never neither.
  EXPECT_EQ(busy_ns, machine.rack->executor().now_ns());
}

TEST(Wire, the_highest_rank_has_it_next_and_of_equals_the_first) {
  FreshContext context;
  SystemcExecutor executor;
  std::vector<int> order;
  Wire wire(executor, [&](int bay, tlm::tlm_generic_payload&, bool) { order.push_back(bay); });
  tlm::tlm_generic_payload payload;
  const auto four_come = [&] {
    wire.pass(1, payload, false, 100, 5);
    wire.pass(2, payload, false, 100, 9);
    wire.pass(3, payload, false, 100, 9);
    wire.pass(4, payload, false, 100, 7);
  };
  wire.pass(0, payload, true, 100, 0);
  executor.after(1, four_come);
  while (executor.step()) {
  }
  EXPECT_EQ(order, (std::vector<int>{0, 2, 3, 4, 1}));
  EXPECT_EQ(executor.now_ns(), 500);
  EXPECT_EQ(wire.held_ns(), 500);
  // To come at the same instant is not to come before.
  order.clear();
  wire.pass(0, payload, true, 100, 0);
  four_come();
  while (executor.step()) {
  }
  EXPECT_EQ(order, (std::vector<int>{2, 3, 4, 1, 0}));
}

// --- queues -------------------------------------------------------------------------------------

TEST(Link, a_drive_that_has_enough_refuses_once_and_the_host_remembers_and_loses_nothing) {
  Machine machine(of(LinkKind::sata), 1, "ide");  // takes one at a time
  for (int i = 0; i < 40; ++i) machine.read(0, i * 1000, 8);
  machine.wait(40);
  EXPECT_EQ(machine.errors(0), Errors(40, 0));
  EXPECT_GT(machine.link().queue_full, 0U);
  EXPECT_LT(machine.link().queue_full, 32U);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(machine.answers(0)[static_cast<std::size_t>(i)].request, i) << "in their order";
  }
}

TEST(Link, no_more_bays_than_a_controller_of_its_kind_has) {
  auto rack = std::move(*Rack::create());
  EXPECT_EQ(rack->add_controller("a", 16, "scsi", of(LinkKind::scsi)).error().code, EINVAL);
  EXPECT_EQ(rack->add_controller("a", 5, "floppy", of(LinkKind::floppy)).error().code, EINVAL);
  EXPECT_TRUE(rack->add_controller("a", 15, "scsi", of(LinkKind::scsi)));
  LinkTraits wrong = of(LinkKind::usb);
  wrong.bytes_per_second = -1;
  EXPECT_EQ(rack->add_controller("b", 1, "zip100", wrong).error().code, EINVAL);
}

// --- the ladder ---------------------------------------------------------------------------------

struct Climb {
  Rung cure;
  LinkStatistics wanted;
};

TEST(Link, a_drive_that_has_hung_up_is_brought_back_by_the_lowest_rung_that_helps) {
  const Climb climbs[] = {
      {Rung::abort, {.timeouts = 1, .aborts = 1}},
      {Rung::device_reset, {.timeouts = 1, .aborts = 1, .device_resets = 1}},
      {Rung::bus_reset, {.timeouts = 1, .aborts = 1, .device_resets = 1, .bus_resets = 1}},
  };
  for (const Climb& climb : climbs) {
    SCOPED_TRACE(kRungNames[static_cast<std::size_t>(climb.cure)]);
    Machine machine(of(LinkKind::scsi), 2);
    ASSERT_TRUE(machine.rack->hang(0, climb.cure));
    machine.read(0, 1000, 8);
    machine.read(0, 2000, 8);
    machine.wait(2);
    EXPECT_EQ(machine.errors(0), (Errors{0, 0}));
    LinkStatistics did = machine.link();
    EXPECT_GE(did.retries, 1U);
    did.retries = 0;
    did.wire_ns = 0;
    EXPECT_EQ(did, climb.wanted);
    EXPECT_GT(machine.rack->executor().now_ns(), of(LinkKind::scsi).timeout_ns);
  }
}

// With nothing in between there is nobody to send it again, but somebody who looks at the clock.
TEST(Link, a_direct_host_is_told_when_the_time_of_a_request_is_out) {
  const auto late = [](Rung cure, LinkStatistics wanted) {
    SCOPED_TRACE(kRungNames[static_cast<std::size_t>(cure)]);
    Machine machine({}, 2);
    machine.read(0, 1000, 8);
    EXPECT_TRUE(machine.rack->hang(0, cure));
    machine.read(0, 2000, 8);
    machine.read(1, 2000, 8);
    EXPECT_GT(machine.wait(3), LinkTraits().timeout_ns);
    EXPECT_EQ(machine.errors(1), Errors{0});
    EXPECT_LT(machine.answers(1)[0].time_ns, 1'000'000'000);
    EXPECT_EQ(machine.link(), wanted);
    return machine.errors(0);
  };
  EXPECT_EQ(late(Rung::abort, {.timeouts = 1, .aborts = 1}), (Errors{ETIMEDOUT, 0}));
  EXPECT_EQ(late(Rung::device_reset, {.timeouts = 1, .aborts = 1, .device_resets = 1}),
            (Errors{ETIMEDOUT, ETIMEDOUT}));
  const LinkStatistics all{
      .timeouts = 1, .aborts = 1, .device_resets = 1, .bus_resets = 1, .given_up = 1};
  EXPECT_EQ(late(Rung::never, all), (Errors{ENXIO, ENXIO}));
}

TEST(Link, a_drive_that_nothing_helps_is_given_up_and_the_others_go_on) {
  Machine machine(of(LinkKind::scsi), 2);
  ASSERT_TRUE(machine.rack->hang(0, Rung::never));
  for (int i = 0; i < 3; ++i) machine.read(0, i * 1000, 8);
  machine.wait(3);
  EXPECT_EQ(machine.errors(0), Errors(3, ENXIO));
  EXPECT_EQ(machine.link().given_up, 1U);
  EXPECT_TRUE(
      std::count(machine.hosts[0].events.begin(), machine.hosts[0].events.end(), "out of reach"));
  machine.read(1, 1000, 8);
  machine.wait(4);
  EXPECT_EQ(machine.errors(1), Errors{0});
  // Found again when somebody looks for it.
  ASSERT_TRUE(machine.rack->revive_controller(0));
  machine.read(0, 1000, 8);
  machine.wait(5);
  EXPECT_EQ(machine.errors(0).back(), 0);
}

TEST(Link, Inv_A3_an_aborted_request_never_touches_the_memory_of_its_caller) {
  Machine machine(of(LinkKind::scsi), 1);
  std::vector<std::byte> memory(8 * kSector, std::byte{7});
  const std::vector<Segment> list{{memory.data(), memory.size()}};
  machine.hosts[0].send(DriveCommand::read, 1'000'000 * kSector, 8 * kSector, list);
  Drive& drive = machine.rack->place(0).controller->drive(0);
  machine.rack->run_until(500'000);
  ASSERT_EQ(drive.in_drive(), 1U);
  ASSERT_TRUE(machine.rack->kill_controller(0));
  machine.wait(1);
  EXPECT_EQ(machine.errors(0), Errors{ENXIO});
  machine.rack->run_until(1'000'000'000);
  EXPECT_EQ(memory, std::vector<std::byte>(8 * kSector, std::byte{7}));
}

TEST(Link, Inv_A1_a_bus_reset_in_the_middle_loses_no_request) {
  for (std::int64_t at_ns = 0; at_ns < 40'000'000; at_ns += 900'000) {
    Machine machine(of(LinkKind::scsi), 3);
    for (int i = 0; i < 5; ++i) {
      for (int bay = 0; bay < 3; ++bay) machine.read(bay, 1000 * i, 8);
    }
    machine.rack->run_until(at_ns);
    ASSERT_TRUE(machine.rack->reset_bus(1));
    machine.wait(15);
    for (int bay = 0; bay < 3; ++bay) EXPECT_EQ(machine.errors(bay), Errors(5, 0));
  }
}

TEST(Link, several_disks_behind_a_controller_share_its_fate) {
  for (const LinkKind kind : {LinkKind::direct, LinkKind::scsi, LinkKind::sata}) {
    for (std::int64_t at_ns = 0; at_ns < 20'000'000; at_ns += 700'000) {
      Machine machine(of(kind), 3);
      for (int i = 0; i < 4; ++i) {
        for (int bay = 0; bay < 3; ++bay) machine.read(bay, 1000 * i, 8);
      }
      machine.rack->run_until(at_ns);
      ASSERT_TRUE(machine.rack->kill_controller(1));
      for (int bay = 0; bay < 3; ++bay) machine.read(bay, 0, 8);
      machine.wait(15);
      for (int bay = 0; bay < 3; ++bay) {
        EXPECT_EQ(machine.errors(bay).back(), ENXIO);
        const auto& events = machine.hosts[static_cast<std::size_t>(bay)].events;
        EXPECT_EQ(std::count(events.begin(), events.end(), "out of reach"), 1);
      }
      ASSERT_TRUE(machine.rack->revive_controller(0));
      machine.read(2, 0, 8);
      machine.wait(16);
      EXPECT_EQ(machine.errors(2).back(), 0);
    }
  }
}

TEST(Link, a_reset_keeps_what_the_drive_had_answered) {
  Machine machine(of(LinkKind::scsi), 1, "cheetah-9lp");
  std::vector<std::byte> memory(8 * kSector, std::byte{7});
  const std::vector<Segment> list{{memory.data(), memory.size()}};
  machine.hosts[0].send(DriveCommand::write, 0, 8 * kSector, list);
  machine.wait(1);
  ASSERT_TRUE(machine.rack->reset_bus(0));
  machine.hosts[0].send(DriveCommand::flush, 0, 0);
  machine.wait(2);
  std::vector<std::byte> there(8 * kSector);
  ASSERT_TRUE(machine.rack->medium(0).value()->read(0, there));
  EXPECT_EQ(there, memory);
}

}  // namespace
}  // namespace biotope::sim
