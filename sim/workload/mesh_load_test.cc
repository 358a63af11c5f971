#include "sim/workload/mesh_load.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <optional>

#include "model/testing.h"
#include "sim/bridge.h"
#include "sim/workload/testing.h"

namespace biotope::sim {
namespace {

// A ZIP disk in a machine, opened by a user.
class MeshLoads : public ::testing::Test {
 protected:
  MeshLoads() {
    EXPECT_TRUE(rack_->add_controller("scsi0", 1, "zip100"));
    bridge_.emplace(*rack_);
    EXPECT_TRUE(bridge_->connect(*mesh_));
    EXPECT_TRUE(rack_->insert(0, *Medium::blank("disk", *rack_->medium_shape(0))));
    EXPECT_TRUE(mesh_->settle());
    auto& user = static_cast<biotope::testing::User&>(
        mesh_->add(std::make_unique<biotope::testing::User>(*mesh_, cls_, "user")));
    edge_ = *mesh_->new_consumer(user, *mesh_->provider("da0"));
    EXPECT_TRUE(mesh_->access(*edge_, kReadWriteExclusive));
  }
  ~MeshLoads() override { mesh_.reset(); }

  MeshLoad& load(const std::string& text) {
    const Provider& disk = *edge_->provider();
    const JobOptions job = job_of(text, {disk.media_size_bytes(), 512});
    load_.emplace(
        *edge_, std::make_unique<Jobs>(job, 1, "test"), 1 << 20,
        [this](const LoadDone& done) { done_.push_back(done); },
        [this](const Status& status) {
          ++overs_;
          outcome_ = status;
        });
    load_->start();
    return *load_;
  }

  Class cls_{"test"};
  std::unique_ptr<Rack> rack_ = std::move(*Rack::create());
  std::optional<Bridge> bridge_;
  std::unique_ptr<Mesh> mesh_ = std::make_unique<Mesh>(rack_->executor());
  Consumer* edge_ = nullptr;
  std::optional<MeshLoad> load_;
  std::vector<LoadDone> done_;
  int overs_ = 0;
  Status outcome_;
};

TEST_F(MeshLoads, are_served_by_the_machine_in_its_time) {
  const std::int64_t before_ns = rack_->executor().now_ns();
  load("rw=randrw bs=4k iodepth=4 number_ios=200 fsync=10");
  rack_->run_until_idle();
  EXPECT_EQ(overs_, 1);
  EXPECT_TRUE(outcome_);
  std::int64_t moved = 0;
  for (const LoadDone& done : done_) {
    moved += done.command != Command::flush ? 1 : 0;
    EXPECT_EQ(done.error, 0);
    EXPECT_EQ(done.submit_ns, 0);
  }
  EXPECT_EQ(moved, 200);
  EXPECT_GT(load_->elapsed_ns(), 200'000'000);
  EXPECT_LE(load_->elapsed_ns(), rack_->executor().now_ns() - before_ns);
  EXPECT_EQ(edge_->statistics().operations(), done_.size());
}

TEST_F(MeshLoads, end_with_the_reason_when_their_disk_is_torn_out) {
  load("rw=randwrite bs=4k iodepth=4 runtime=100");
  rack_->run_until(rack_->executor().now_ns() + 300'000'000);
  ASSERT_TRUE(rack_->tear_out(0));
  rack_->run_until_idle();
  EXPECT_EQ(overs_, 1);
  ASSERT_FALSE(outcome_);
  EXPECT_EQ(outcome_.error().code, ENXIO);
  EXPECT_GT(done_.size(), 4U);
}

TEST_F(MeshLoads, that_wait_for_their_time_hear_that_their_disk_is_gone) {
  load("rw=randread thinktime=10s number_ios=3");
  rack_->run_until(rack_->executor().now_ns() + 1'000'000'000);
  ASSERT_TRUE(rack_->tear_out(0));
  rack_->run_until_idle();
  EXPECT_EQ(overs_, 1);
  ASSERT_FALSE(outcome_);
  EXPECT_EQ(outcome_.error().code, ENXIO);
}

TEST_F(MeshLoads, stop_when_told_and_finish_what_is_out) {
  MeshLoad& running = load("rw=randread iodepth=8 runtime=1000");
  rack_->run_until(rack_->executor().now_ns() + 500'000'000);
  const std::size_t before = done_.size();
  running.stop();
  rack_->run_until_idle();
  EXPECT_EQ(overs_, 1);
  EXPECT_TRUE(outcome_);
  EXPECT_EQ(done_.size(), before + 8);
}

}  // namespace
}  // namespace biotope::sim
