#include "viz/perfetto.h"

#include <algorithm>
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
  expect_pairs(pairs);
  const auto stays = std::count_if(pairs.begin(), pairs.end(),
                                   [](const auto& event) { return event["cat"] == "bio"; });
  EXPECT_EQ(stays, 3 * 2 * 2);
  int at_the_disk = 0;
  for (const auto& event : pairs) at_the_disk += event["pid"] == disk.geom().id();
  EXPECT_EQ(at_the_disk, 6);
}

TEST_F(PerfettoTest,
       each_request_as_issued_is_a_pair_with_its_number_in_the_process_of_its_issuer) {
  Consumer& user = test_.user("/usr", test_.halves(test_.disk("da0"), "half"), kReadOnly);
  test_.ask(user, Command::read, 4096, 3);
  std::vector<std::string> ids;
  for (const auto& event : events("b")) {
    if (event["cat"] != "request") continue;
    EXPECT_EQ(event["pid"], user.geom().id());
    EXPECT_EQ(event["args"]["length_bytes"], 4096);
    ids.push_back(event["id"]);
  }
  EXPECT_EQ(ids, (std::vector<std::string>{"1", "4", "7"})) << "each has two parts";
}

// What the format demands of each kind of event.
TEST_F(PerfettoTest, every_event_has_the_members_that_its_phase_needs) {
  Fact level;
  level.kind = FactKind::machine;
  level.component = "scsi0.bay0";
  level.text = "queue=3";
  test_.mesh().emit(level);
  Provider& disk = test_.disk("da0");
  Consumer& user = test_.user("/usr", *test_.parts(disk, 1)[0], kReadOnly);
  test_.ask(user, Command::read, 1536, 3);
  test_.lose(disk);
  const std::map<std::string, std::vector<std::string>> needs{{"M", {"args"}},
                                                              {"b", {"cat", "id", "ts", "args"}},
                                                              {"e", {"cat", "id", "ts"}},
                                                              {"i", {"ts", "s"}},
                                                              {"C", {"ts", "args"}}};
  std::map<std::string, int> seen;
  for (const auto& event : events("MbeiC")) {
    const std::string phase = event.at("ph");
    ++seen[phase];
    EXPECT_TRUE(event.at("name").is_string());
    EXPECT_TRUE(event.at("pid").is_number_unsigned() && event.at("tid").is_number_unsigned());
    for (const std::string& member : needs.at(phase)) {
      ASSERT_TRUE(event.contains(member)) << event;
      EXPECT_TRUE(member != "ts" || (event["ts"].is_number() && event["ts"] >= 0)) << event;
      EXPECT_TRUE(member != "id" || event["id"].is_string()) << event;
    }
  }
  EXPECT_EQ(seen.size(), needs.size());
  EXPECT_EQ(seen["C"], 1);
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
