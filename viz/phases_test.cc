#include "viz/phases.h"

#include <gtest/gtest.h>

#include "viz/latency.h"
#include "viz/level.h"
#include "viz/testing.h"

namespace biotope::viz {
namespace {

// Hands requests to a drive as late as a disk does that has a queue: here, at once or never.
class PhasesTest : public testing::Test, private Observer {
 protected:
  PhasesTest() {
    test_.mesh().facts().add(latency_);
    test_.mesh().facts().add(*this);
  }
  ~PhasesTest() override {
    test_.mesh().facts().remove(*this);
    test_.mesh().facts().remove(latency_);
  }

  void on_fact(const Fact& fact) override {
    const bool at_the_bottom =
        (fact.kind == FactKind::bio_issued || fact.kind == FactKind::bio_remapped) &&
        fact.provider->geom().consumers().empty();
    if (!at_the_bottom || !drives_) return;
    Fact dispatched;
    dispatched.kind = FactKind::machine;
    dispatched.bio = fact.bio;
    dispatched.text = kDispatched;
    test_.executor().after(100, [this, dispatched] { test_.mesh().emit(dispatched); });
  }
  const Histogram& phase(Phases::Phase phase) { return latency_.phases()[phase]; }

  TestMesh test_;
  Latency latency_;
  bool drives_ = true;
};

TEST_F(PhasesTest, the_parts_of_a_way_sum_up_to_all_of_it) {
  Consumer& user = test_.user("/usr", *test_.parts(test_.disk("da0"), 1)[0], kReadOnly);
  test_.ask(user, Command::read, 1024, 3);
  EXPECT_EQ(phase(Phases::q2c).count(), 3);
  EXPECT_EQ(phase(Phases::q2c).max_ns(), 1024);  // the disk takes 1 ns for a byte
  EXPECT_EQ(phase(Phases::i2d).max_ns(), 100);
  EXPECT_EQ(phase(Phases::d2c).max_ns(), 924);
  EXPECT_EQ(phase(Phases::q2g).max_ns() + phase(Phases::g2i).max_ns(), 0);
  EXPECT_EQ(phase(Phases::q2q).count(), 2);
}

TEST_F(PhasesTest, of_requests_in_parts_the_whole_counts_and_its_first_part_is_the_one_to_arrive) {
  Consumer& user = test_.user("/usr", test_.halves(test_.disk("da0"), "half"), kReadOnly);
  test_.ask(user, Command::read, 4096, 1);
  EXPECT_EQ(phase(Phases::q2c).count(), 1);
  EXPECT_EQ(phase(Phases::q2c).max_ns(), 2048);
  EXPECT_EQ(phase(Phases::i2d).max_ns(), 100);
  EXPECT_EQ(phase(Phases::d2c).max_ns(), 1948);
}

TEST_F(PhasesTest, what_no_drive_was_handed_has_only_its_whole) {
  drives_ = false;
  Consumer& user = test_.user("/usr", test_.disk("da0"), kReadOnly);
  test_.ask(user, Command::read, 512, 2);
  EXPECT_EQ(phase(Phases::q2c).count(), 2);
  EXPECT_TRUE(phase(Phases::d2c).empty());
}

TEST_F(PhasesTest, latency_json_tells_them_in_the_words_of_btt_and_fio) {
  Consumer& user = test_.user("/usr", test_.disk("da0"), kReadOnly);
  test_.ask(user, Command::read, 512, 2);
  const auto json = to_json(latency_);
  for (const char* name : {"Q2Q", "Q2G", "G2I", "I2D", "D2C", "Q2C"}) {
    EXPECT_TRUE(json.at("phases").at(name).at("percentile").contains("99.000000")) << name;
  }
  EXPECT_EQ(json.at("fio").at("read").at("clat_ns").at("max"), 512);
  EXPECT_EQ(json.at("fio").at("read").at("total_ios"), 2);
  EXPECT_EQ(json.at("layers").at(0).at("total").at("percentile").at("99.990000"), 512);
}

}  // namespace
}  // namespace biotope::viz
