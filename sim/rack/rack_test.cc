#include "sim/rack/rack.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <utility>

#include "sim/rack/controller.h"
#include "sim/rack/test_host.h"

namespace biotope::sim {
namespace {

std::unique_ptr<Rack> rack_of(int bays) {
  Result<std::unique_ptr<Rack>> rack = Rack::create();
  EXPECT_TRUE(rack);
  EXPECT_TRUE((*rack)->add_controller("scsi0", bays, "zip100"));
  return std::move(*rack);
}

std::shared_ptr<Medium> blank(const std::string& name = "disk") {
  return *Medium::blank(name, {100'663'296, 512});
}

template <class Refused>
void expect_refused(const Refused& refused, int code, const std::string& part) {
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, code) << refused.error().text;
  EXPECT_NE(refused.error().text.find(part), std::string::npos) << refused.error().text;
}

TEST(Rack, bays_are_counted_through_over_all_controllers) {
  auto rack = rack_of(2);
  EXPECT_EQ(rack->add_controller("scsi1", 3, "zip100").value(), 2);
  EXPECT_EQ(rack->bays(), 5);
  EXPECT_EQ(rack->bay_name(1).value(), "scsi0.bay1");
  EXPECT_EQ(rack->bay_name(4).value(), "scsi1.bay2");
  EXPECT_EQ(rack->medium_shape(4)->size_bytes, 100'663'296);
  EXPECT_EQ(rack->medium_shape(4)->sector_size, 512);
}

TEST(Rack, a_second_one_at_the_same_time_is_refused) {
  auto rack = rack_of(1);
  expect_refused(Rack::create(), EBUSY, "one at a time");
  rack.reset();
  EXPECT_TRUE(Rack::create());
}

TEST(Rack, what_can_not_be_declared_is_refused) {
  auto rack = rack_of(1);
  expect_refused(rack->add_controller("scsi0", 1, "zip100"), EEXIST, "'scsi0'");
  expect_refused(rack->add_controller("alarm", 1, "zip100"), EEXIST, "'alarm'");
  expect_refused(rack->add_controller("", 1, "zip100"), EINVAL, "''");
  expect_refused(rack->add_controller("a.b", 1, "zip100"), EINVAL, "'a.b'");
  expect_refused(rack->add_controller("a b", 1, "zip100"), EINVAL, "letters");
  expect_refused(rack->add_controller("x", 0, "zip100"), EINVAL, "0 bays");
  expect_refused(rack->add_controller("x", 257, "zip100"), EINVAL, "1 to 256");
  expect_refused(rack->add_controller("x", 1, "zip1000"), ENOENT, "zip100");
  EXPECT_EQ(rack->bays(), 1);
  EXPECT_TRUE(rack->add_controller("x", 1, "zip100"));
}

TEST(Rack, no_hardware_is_added_to_a_running_machine) {
  auto rack = rack_of(1);
  ASSERT_TRUE(rack->power_on());
  ASSERT_TRUE(rack->power_on());
  expect_refused(rack->add_controller("scsi1", 1, "zip100"), EBUSY, "before the simulation");
}

TEST(Rack, the_first_step_switches_it_on) {
  auto rack = rack_of(1);
  rack->executor().post([] {});
  rack->run_until_idle();
  expect_refused(rack->add_controller("scsi1", 1, "zip100"), EBUSY, "'scsi1'");
}

TEST(Rack, operations_on_bays_that_are_not_there_are_refused) {
  auto rack = rack_of(1);
  for (const int bay : {-1, 1, 1000}) {
    expect_refused(rack->insert(bay, blank()), ENOENT, "no bay");
    expect_refused(rack->tear_out(bay), ENOENT, "no bay");
    expect_refused(rack->lock(bay), ENOENT, "no bay");
    expect_refused(rack->unlock(bay), ENOENT, "no bay");
    expect_refused(rack->eject(bay), ENOENT, "no bay");
    expect_refused(rack->write_image(bay, "x"), ENOENT, "no bay");
    expect_refused(rack->statistics(bay), ENOENT, "no bay");
    expect_refused(rack->medium(bay), ENOENT, "no bay");
    expect_refused(rack->bay_name(bay), ENOENT, "no bay");
  }
}

TEST(Rack, operations_on_an_empty_bay_are_refused) {
  auto rack = rack_of(1);
  expect_refused(rack->tear_out(0), ENXIO, "scsi0.bay0 holds no medium");
  expect_refused(rack->lock(0), ENXIO, "scsi0.bay0 holds no medium");
  expect_refused(rack->unlock(0), ENXIO, "scsi0.bay0 holds no medium");
  expect_refused(rack->eject(0), ENXIO, "scsi0.bay0 holds no medium");
  expect_refused(rack->write_image(0, "x"), ENXIO, "scsi0.bay0 holds no medium");
  expect_refused(rack->insert(0, nullptr), EINVAL, "no medium");
}

TEST(Rack, a_medium_is_in_one_bay_at_most) {
  auto rack = rack_of(2);
  const auto medium = blank("holiday");
  ASSERT_TRUE(rack->insert(0, medium));
  EXPECT_EQ(medium->in_drive(), "scsi0.bay0");
  expect_refused(rack->insert(1, medium), EBUSY, "'holiday' is in scsi0.bay0");
  expect_refused(rack->insert(0, blank("other")), EBUSY, "already holds medium 'holiday'");
  ASSERT_TRUE(rack->tear_out(0));
  EXPECT_TRUE(rack->insert(1, medium));
  rack.reset();
  EXPECT_EQ(medium->in_drive(), "");
}

TEST(Rack, a_medium_that_does_not_fit_is_refused) {
  auto rack = rack_of(1);
  expect_refused(rack->insert(0, *Medium::blank("big", {200'000'512, 512})), EINVAL, "'big'");
  expect_refused(rack->insert(0, *Medium::blank("cd", {2352 * 100, 2352})), EINVAL, "2352");
  EXPECT_TRUE(rack->insert(0, *Medium::blank("small", {512 * 100, 512})));
}

TEST(Rack, a_locked_medium_can_not_be_ejected_but_torn_out) {
  auto rack = rack_of(1);
  TestHost host(*rack, 0);
  ASSERT_TRUE(rack->insert(0, blank("holiday")));
  ASSERT_TRUE(rack->lock(0));
  EXPECT_TRUE(rack->locked(0).value());
  expect_refused(rack->eject(0), EBUSY, "scsi0.bay0 is locked; unlock it to eject");
  ASSERT_TRUE(rack->unlock(0));
  ASSERT_TRUE(rack->eject(0));
  EXPECT_EQ(rack->medium(0).value(), nullptr);
  ASSERT_TRUE(rack->insert(0, blank()));
  ASSERT_TRUE(rack->lock(0));
  ASSERT_TRUE(rack->tear_out(0));
  EXPECT_FALSE(rack->locked(0).value());
  EXPECT_EQ(host.events, (std::vector<std::string>{"inserted", "locked", "unlocked", "ejected",
                                                   "inserted", "locked", "torn out"}));
}

TEST(Rack, a_drive_at_work_does_not_eject) {
  auto rack = rack_of(1);
  TestHost host(*rack, 0);
  ASSERT_TRUE(rack->insert(0, blank()));
  host.send(DriveCommand::flush, 0, 0);
  expect_refused(rack->eject(0), EBUSY, "working on 1 requests");
  rack->run_until_idle();
  EXPECT_TRUE(rack->eject(0));
}

TEST(Rack, run_until_runs_what_is_due_by_then_and_moves_the_clock) {
  auto rack = rack_of(1);
  int ran = 0;
  rack->executor().after(100, [&] { ++ran; });
  rack->executor().after(200, [&] { ++ran; });
  rack->executor().after(201, [&] { ++ran; });
  rack->run_until(200);
  EXPECT_EQ(ran, 2);
  rack->run_until(200);
  EXPECT_EQ(rack->executor().now_ns(), 200);
  EXPECT_TRUE(rack->run_until_idle());
  EXPECT_EQ(ran, 3);
  rack->run_until(5000);
  EXPECT_EQ(rack->executor().now_ns(), 5000);
  rack->run_until(100);
  EXPECT_EQ(rack->executor().now_ns(), 5000);
}

TEST(Rack, run_until_idle_gives_up_after_the_steps_allowed) {
  auto rack = rack_of(1);
  std::function<void()> again = [&] { rack->executor().post(again); };
  again();
  EXPECT_FALSE(rack->run_until_idle(1000));
  again = [] {};
  EXPECT_TRUE(rack->run_until_idle(1000));
}

}  // namespace
}  // namespace biotope::sim
