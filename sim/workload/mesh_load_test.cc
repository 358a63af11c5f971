#include "sim/workload/mesh_load.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <optional>

#include "classes/ccd/ccd.h"
#include "model/testing.h"
#include "sim/bridge.h"
#include "sim/faults/injector.h"
#include "sim/workload/testing.h"
#include "sim/workload/verified_load.h"

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
    std::unique_ptr<Load> jobs = std::make_unique<Jobs>(job, 1, "test");
    if (job.verify) jobs = std::make_unique<VerifiedLoad>(job, std::move(jobs), 1);
    load_.emplace(
        *edge_, std::move(jobs), 1 << 20, [this](const LoadDone& done) { done_.push_back(done); },
        [this](const Status& status) {
          ++overs_;
          outcome_ = status;
        });
    load_->start();
    return *load_;
  }

  // Runs a job over a disk of which one thing is wrong, and gives what it says of that.
  std::string found(const std::string& text, const std::string& fault) {
    Injector faults(*rack_, 1);
    EXPECT_TRUE(faults.add(*parse_fault(fault)));
    load(text);
    rack_->run_until_idle();
    EXPECT_EQ(overs_, 1);
    if (outcome_) return "";
    EXPECT_EQ(outcome_.error().code, EILSEQ) << outcome_.error().text;
    return outcome_.error().text;
  }
  std::int64_t kept_bytes() const { return (*rack_->medium(0))->overlay_bytes(); }

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

// --- looking at what was written ----------------------------------------------------------------

TEST_F(MeshLoads, that_verify_find_nothing_wrong_where_nothing_is) {
  for (const char* words : {"rw=write bs=4k size=1m", "rw=randrw bs=4k,12k size=256k iodepth=16",
                            "rw=randrw bssplit=512/50:6k/30:16k/20 size=128k iodepth=32 fsync=7",
                            "rw=randwrite bs=4k size=64k iodepth=8 random_distribution=zipf:1.2"}) {
    overs_ = 0;
    load(std::string(words) + " verify=pattern number_ios=400");
    rack_->run_until_idle();
    EXPECT_EQ(overs_, 1);
    EXPECT_TRUE(outcome_) << words << ": " << outcome_.error().text;
    EXPECT_GT(load_->verification()->checked_bytes, 60'000) << words;
  }
}

TEST_F(MeshLoads, that_verify_are_kept_as_stamps_and_those_that_do_not_not_at_all) {
  load("rw=randwrite bs=4k size=1m number_ios=1000 iodepth=4");
  rack_->run_until_idle();
  EXPECT_EQ(kept_bytes(), 0);
  load("rw=write bs=4k size=1m verify=pattern do_verify=0");
  rack_->run_until_idle();
  EXPECT_EQ(kept_bytes(), (1 << 20) / 4096 * 16);
  EXPECT_EQ(load_->verification()->checked_bytes, 0);
}

TEST_F(MeshLoads, ask_for_the_same_whether_they_verify_or_not) {
  const std::string words = "rw=randrw bs=4k size=1m iodepth=4 number_ios=100";
  load(words);
  rack_->run_until_idle();
  const auto plain = std::exchange(done_, {});
  load(words + " verify=pattern");
  rack_->run_until_idle();
  ASSERT_EQ(done_.size(), plain.size());
  for (std::size_t i = 0; i < plain.size(); ++i) EXPECT_EQ(done_[i].command, plain[i].command);
}

TEST_F(MeshLoads, a_lost_write_is_found_by_what_is_there_in_its_place) {
  const std::string text = found("rw=write bs=4k size=40k io_size=80k verify=pattern",
                                 "F10 scsi0.bay0 command=write nth=13");
  EXPECT_NE(text.find("byte 8192 is"), std::string::npos) << text;
  EXPECT_NE(text.find("what write 2 of workload 1 brought to 8192"), std::string::npos) << text;
  EXPECT_NE(text.find("of write 1 of workload 1, an older one"), std::string::npos) << text;
  EXPECT_NE(text.find("1 place was wrong"), std::string::npos) << text;
}

TEST_F(MeshLoads, a_first_write_that_is_lost_leaves_zeros) {
  const std::string text =
      found("rw=write bs=4k size=40k verify=pattern", "F10 scsi0.bay0 command=write nth=3");
  EXPECT_NE(text.find("byte 8192 is 0x00"), std::string::npos) << text;
  EXPECT_NE(text.find("there are zeros"), std::string::npos) << text;
}

TEST_F(MeshLoads, a_misdirected_write_is_found_at_both_of_its_places) {
  const std::string text = found("rw=write bs=4k size=40k verify=pattern",
                                 "F07 scsi0.bay0 command=write nth=5 delta_sectors=-16");
  EXPECT_NE(text.find("brought to 8192 reads back wrong"), std::string::npos) << text;
  EXPECT_NE(text.find("meant for 16384: it went astray"), std::string::npos) << text;
  EXPECT_NE(text.find("2 places were wrong"), std::string::npos) << text;
}

TEST_F(MeshLoads, a_rotten_bit_is_found_where_it_is) {
  const std::string text = found("rw=write bs=4k size=40k thinktime=1s verify=pattern",
                                 "F04 scsi0.bay0 first=17 last=17 from_ns=5000000000");
  EXPECT_NE(text.find("brought to 8192 reads back wrong"), std::string::npos) << text;
  EXPECT_NE(text.find("no workload wrote that"), std::string::npos) << text;
  EXPECT_NE(text.find("1 place was wrong"), std::string::npos) << text;
}

TEST_F(MeshLoads, nothing_more_is_asked_for_after_the_first_that_is_wrong_where_that_is_fatal) {
  const std::string words = "rw=write bs=4k size=400k verify=pattern verify_fatal=1";
  const std::string text = found(words, "F06 scsi0.bay0 times=0 byte=100");
  EXPECT_NE(text.find("byte 100 is"), std::string::npos) << text;
  EXPECT_NE(text.find("1 place was wrong"), std::string::npos) << text;
}

// Modules know bytes only; what they pass on of a request's memory is still known at the bottom.
TEST(VerifiedLoad, is_kept_as_stamps_on_both_halves_of_a_mirror_of_stripes) {
  std::unique_ptr<Rack> rack = std::move(*Rack::create());
  ASSERT_TRUE(rack->add_controller("scsi0", 4, "zip100"));
  Bridge bridge(*rack);
  Class cls("test");
  Mesh mesh(rack->executor());
  ASSERT_TRUE(bridge.connect(mesh));
  ASSERT_TRUE(mesh.load(std::make_unique<CcdClass>()));
  std::vector<Provider*> disks;
  for (int bay = 0; bay < 4; ++bay) {
    ASSERT_TRUE(rack->insert(bay, *Medium::blank("disk", *rack->medium_shape(bay))));
    ASSERT_TRUE(mesh.settle());
    disks.push_back(*bridge.disk(bay));
  }
  Values values;
  values.set("interleave", std::int64_t{16384});
  values.set("mirror", true);
  ASSERT_TRUE(mesh.create("ccd", "ccd0", disks, values));
  auto& user = static_cast<biotope::testing::User&>(
      mesh.add(std::make_unique<biotope::testing::User>(mesh, cls, "user")));
  Consumer* edge = *mesh.new_consumer(user, *mesh.provider("ccd0"));
  ASSERT_TRUE(mesh.access(*edge, kReadWriteExclusive));
  const JobOptions job = job_of("rw=write bs=64k size=1m verify=pattern");
  Status outcome = fail(EINPROGRESS, "it is running");
  MeshLoad load(*edge,
                std::make_unique<VerifiedLoad>(job, std::make_unique<Jobs>(job, 1, "test"), 1),
                65536, {}, [&](const Status& status) { outcome = status; });
  load.start();
  rack->run_until_idle();
  EXPECT_TRUE(outcome) << outcome.error().text;
  EXPECT_EQ(load.verification()->checked_bytes, 1 << 20);
  for (int bay = 0; bay < 4; ++bay) {
    EXPECT_EQ((*rack->medium(bay))->overlay_bytes(), (1 << 20) / 2 / 4096 * 16) << bay;
  }
}

TEST(VerifiedLoad, tells_whose_bytes_are_in_place_of_its_own) {
  const JobOptions job = job_of("rw=randrw bs=4k size=4k verify=pattern");
  VerifiedLoad load(job, std::make_unique<Jobs>(job, 1, "test"), 3);
  std::vector<std::byte> bytes(4096);
  Stamp{7, 1, 0}.fill(bytes);
  while (load.verification()->checked_bytes == 0) {
    const LoadRequest asked = load.issue(0);
    if (asked.command == Command::read) load.brought(asked.slot, bytes);
    load.finished(asked.slot, 0);
  }
  const std::string text = load.verification()->first;
  EXPECT_NE(text.find("it is of write 1 of workload 7"), std::string::npos) << text;
}

// Writes that are out at the same time may land in any order, and a read meanwhile brings old or
// new.
TEST(WrittenPlaces, know_which_writes_a_read_may_bring) {
  WrittenPlaces places(4096, 512);
  const auto range = [&](std::int64_t unit) {
    return std::pair(places.oldest(unit), places.newest(unit));
  };
  using Range = std::pair<std::uint32_t, std::uint32_t>;
  EXPECT_EQ(range(5), Range(0, 0));
  const std::uint32_t a = places.begin(4, 6);
  EXPECT_EQ(range(5), Range(0, 1));
  places.finish(4, 6, a);
  EXPECT_EQ(range(5), Range(1, 1));
  const std::uint32_t b = places.begin(5, 6);
  const std::uint32_t c = places.begin(5, 8);
  EXPECT_EQ(range(5), Range(1, 3));
  EXPECT_EQ(range(7), Range(0, 3));
  places.finish(5, 8, c);
  EXPECT_EQ(range(5), Range(1, 3));
  places.finish(5, 6, b);
  EXPECT_EQ(range(5), Range(2, 3));
  EXPECT_EQ(range(4), Range(1, 1));
  places.finish(5, 6, places.begin(5, 6));
  EXPECT_EQ(range(5), Range(4, 4));
  EXPECT_EQ(places.next(0), 4);
  EXPECT_EQ(places.next(8), -1);
}

}  // namespace
}  // namespace biotope::sim
