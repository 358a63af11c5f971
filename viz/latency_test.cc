#include "viz/latency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "viz/testing.h"

namespace biotope::viz {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class LatencyTest : public testing::Test {
 protected:
  LatencyTest() { test_.mesh().facts().add(latency_); }
  ~LatencyTest() override { test_.mesh().facts().remove(latency_); }

  const Timing& timing(const std::string& layer, Command command) {
    return latency_.layers().at(layer).commands[static_cast<size_t>(command)];
  }
  const Timing& as_issued(Command command) {
    return latency_.commands()[static_cast<size_t>(command)];
  }

  TestMesh test_;
  Latency latency_;
};

TEST_F(LatencyTest, every_edge_on_the_way_is_a_layer_with_its_time) {
  Consumer& user = test_.user("/usr", *test_.parts(test_.disk("da0"), 1)[0], kReadOnly);
  test_.ask(user, Command::read, 512, 3);
  test_.ask(user, Command::read, 2048, 1);
  for (const char* layer : {"top /usr -> da0s1", "middle da0 -> da0"}) {
    const Histogram& served = timing(layer, Command::read).served;
    EXPECT_EQ(served.count(), 4) << layer;
    EXPECT_EQ(served.min_ns(), 512) << layer;  // the disk takes 1 ns for a byte
    EXPECT_EQ(served.max_ns(), 2048) << layer;
  }
  EXPECT_EQ(latency_.layers().size(), 2u);
  EXPECT_EQ(as_issued(Command::read).served.count(), 4) << "each request once, not once a layer";
  EXPECT_TRUE(as_issued(Command::write).empty());
}

TEST_F(LatencyTest, parts_of_a_request_are_timed_in_their_layer_and_not_counted_as_issued) {
  Consumer& user = test_.user("/usr", test_.halves(test_.disk("da0"), "half"), kReadOnly);
  test_.ask(user, Command::read, 4096, 3);
  EXPECT_EQ(timing("top /usr -> half", Command::read).served.count(), 3);
  EXPECT_EQ(timing("middle half -> da0", Command::read).served.count(), 6);
  EXPECT_EQ(timing("middle half -> da0", Command::read).served.max_ns(), 2048);
  EXPECT_EQ(as_issued(Command::read).served.count(), 3);
}

TEST_F(LatencyTest, failed_requests_are_counted_and_not_timed) {
  Provider& disk = test_.disk("da0");
  Consumer& user = test_.user("/usr", disk, kReadOnly);
  static_cast<BottomGeom&>(disk.geom()).error = EIO;
  test_.ask(user, Command::read, 512, 2);
  EXPECT_EQ(timing("top /usr -> da0", Command::read).failed, 2);
  EXPECT_TRUE(timing("top /usr -> da0", Command::read).served.empty());
}

TEST_F(LatencyTest, edge_that_comes_again_goes_on_in_its_layer) {
  Provider& disk = test_.disk("da0");
  for (int round = 0; round < 2; ++round) {
    Consumer& user = test_.user("/usr", disk, kReadOnly);
    test_.ask(user, Command::read, 512);
    ASSERT_TRUE(test_.mesh().close(user));
    test_.mesh().wither(user.geom());
    test_.mesh().settle();
  }
  EXPECT_EQ(latency_.layers().size(), 1u);
  EXPECT_EQ(timing("top /usr -> da0", Command::read).served.count(), 2);
}

TEST_F(LatencyTest, json_lists_layers_by_name_with_percentiles_in_ns) {
  Consumer& user = test_.user("/usr", *test_.parts(test_.disk("da0"), 1)[0], kReadWriteExclusive);
  test_.ask(user, Command::write, 512, 9);
  test_.ask(user, Command::read, 128 * 512, 1);
  const auto json = to_json(latency_);
  EXPECT_EQ(json["schema"], "biotope/latency/1");
  ASSERT_EQ(json["layers"].size(), 2u);
  EXPECT_EQ(json["layers"][0]["layer"], "middle da0 -> da0");
  EXPECT_EQ(json["layers"][1]["layer"], "top /usr -> da0s1");
  const auto& total = json["layers"][1]["total"];
  EXPECT_EQ(total["count"], 10);
  EXPECT_EQ(total["p50_ns"], 515);  // the bin of 512 ends there
  EXPECT_EQ(total["p90_ns"], 515);
  EXPECT_EQ(total["p99_ns"], 65536);
  EXPECT_EQ(total["p99_9_ns"], 65536);
  EXPECT_EQ(total["max_ns"], 65536);
  EXPECT_EQ(json["commands"][0]["command"], "READ");
  EXPECT_EQ(json["commands"][1]["command"], "WRITE");
  EXPECT_EQ(json["commands"][1]["bins"], nlohmann::json::parse("[[512,515,9]]"));
}

TEST_F(LatencyTest, hgrm_has_one_table_for_each_layer_and_command) {
  Consumer& user = test_.user("/usr", test_.disk("da0"), kReadOnly);
  test_.ask(user, Command::read, 512, 2);
  const std::string text = to_hgrm(latency_);
  EXPECT_THAT(text, testing::StartsWith("# all requests as issued, READ\n"));
  EXPECT_THAT(text, HasSubstr("\n# top /usr -> da0, READ\n"));
  EXPECT_THAT(text, HasSubstr("Total count    =            2]"));
}

TEST(Timing, sum_is_that_of_all_commands) {
  TimingByCommand commands;
  commands[1].served.record(10);
  commands[2].served.record(30, 2);
  commands[2].failed = 4;
  const Timing sum = sum_of(commands);
  EXPECT_EQ(sum.served.count(), 3);
  EXPECT_EQ(sum.served.max_ns(), 30);
  EXPECT_EQ(sum.failed, 4);
}

}  // namespace
}  // namespace biotope::viz
