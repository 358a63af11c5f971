#include "viz/perfetto.h"

#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "viz/testing.h"

namespace biotope::viz {
namespace {

class PerfettoTest : public testing::Test {
 protected:
  PerfettoTest() { test_.mesh().facts().add(trace_); }

  // Closes the trace and reads it back.
  std::vector<nlohmann::json> events(const std::string& phase) {
    test_.mesh().facts().remove(trace_);
    trace_.close();
    const auto document = nlohmann::json::parse(spill_.text());
    EXPECT_EQ(document["displayTimeUnit"], "ns");
    std::vector<nlohmann::json> found;
    for (const auto& event : document["traceEvents"]) {
      if (phase.find(event["ph"].get<std::string>()) != std::string::npos) found.push_back(event);
    }
    return found;
  }

  // Every begin has one end of the same id, name and process, not earlier.
  static void expect_pairs(const std::vector<nlohmann::json>& events) {
    std::map<std::string, nlohmann::json> open;
    for (const auto& event : events) {
      const std::string id = event["id"];
      if (event["ph"] == "b") {
        EXPECT_TRUE(open.emplace(id, event).second) << id;
        continue;
      }
      ASSERT_EQ(open.count(id), 1u) << id;
      EXPECT_EQ(open[id]["name"], event["name"]);
      EXPECT_EQ(open[id]["pid"], event["pid"]);
      EXPECT_LE(open[id]["ts"].get<double>(), event["ts"].get<double>());
      open.erase(id);
    }
    EXPECT_TRUE(open.empty());
  }

  TestMesh test_;
  Spill spill_;
  Perfetto trace_{spill_};
};

TEST_F(PerfettoTest, each_stay_below_an_edge_is_a_pair_in_the_process_of_its_server) {
  Provider& disk = test_.disk("da0");
  Consumer& user = test_.user("/usr", *test_.parts(disk, 1)[0], kReadOnly);
  test_.ask(user, Command::read, 1536, 3);
  const auto pairs = events("be");
  EXPECT_EQ(pairs.size(), 3u * 2 * 2);
  expect_pairs(pairs);
  int at_the_disk = 0;
  for (const auto& event : pairs) at_the_disk += event["pid"] == disk.geom().id();
  EXPECT_EQ(at_the_disk, 6);
}

TEST_F(PerfettoTest, times_are_microseconds_with_every_ns) {
  Consumer& user = test_.user("/usr", test_.disk("da0"), kReadOnly);
  test_.ask(user, Command::read, 1536, 1);
  events("");
  EXPECT_NE(spill_.text().find(R"("ts":1.536)"), std::string::npos);
}

TEST_F(PerfettoTest, requests_on_their_way_at_the_end_are_closed) {
  Consumer& user = test_.user("/usr", test_.disk("da0"), kReadOnly);
  Bio& bio = *test_.mesh().path().new_bio();
  bio.command = Command::read;
  bio.length_bytes = 512;
  std::byte memory[512];
  bio.data = Data(memory);
  bio.done = [](Bio&) {};
  test_.mesh().submit(bio, user);
  expect_pairs(events("be"));
  test_.executor().run();
}

TEST_F(PerfettoTest, loss_and_refusal_are_instants_and_processes_have_names) {
  Provider& disk = test_.disk("da0");
  test_.user("first", disk, kReadWriteExclusive);
  Consumer& second = test_.user("second", disk, {});
  EXPECT_FALSE(test_.mesh().access(second, kReadWriteExclusive));
  test_.lose(disk);
  std::map<std::string, int> names;
  for (const auto& event : events("iM")) {
    const bool is_name = event["ph"] == "M";
    ++names[is_name ? event["args"]["name"] : event["name"]];
  }
  EXPECT_EQ(names["access_refused"], 1);
  EXPECT_EQ(names["provider_orphaned"], 1);
  EXPECT_EQ(names["consumer_orphaned"], 2);
  EXPECT_EQ(names["bottom da0"], 1);
  EXPECT_EQ(names["the mesh"], 1);
}

}  // namespace
}  // namespace biotope::viz
