#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/testing.h"

namespace biotope::app {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* kSamples = "sim/trace/samples/";

class TraceVerb : public testing::Test {
 protected:
  Playground here_;
};

TEST_F(TraceVerb, tells_programs_what_is_in_a_trace) {
  const std::string text =
      "1000,h,0,Read,0,4096,100\n2000,h,0,Write,4096,8192,300\n11000,h,0,Read,0,4096,200\n";
  const Played played = here_.play({"trace", "info", here_.write("t.csv", text), "--json"});
  ASSERT_EQ(played.exit_status, 0) << played.errors;
  const json report = json::parse(played.out);
  EXPECT_EQ(report.at("schema"), "biotope/trace-info/1");
  EXPECT_EQ(report.at("format"), "msr");
  EXPECT_EQ(report.at("requests"), 3);
  EXPECT_EQ(report.at("span_ns"), 1'000'000);
  EXPECT_EQ(report.at("requests_per_second"), 3000);
  EXPECT_EQ(report.at("bytes"), 16'384);
  EXPECT_EQ(report.at("mean_service_ns"), 20'000);
  EXPECT_EQ(report.at("touched_sectors"), 24);
  EXPECT_NEAR(report.at("sequential_share").get<double>(), 1.0 / 3, 1e-12);
  EXPECT_EQ(report.at("commands").at(0),
            json::parse(R"({"command": "READ", "requests": 2, "bytes": 8192})"));
  EXPECT_EQ(report.at("lengths"), json::parse("[[4096, 2], [8192, 1]]"));
  EXPECT_EQ(report.at("first_requests").at(1).at("offset_bytes"), 4096);
}

TEST_F(TraceVerb, tells_people_the_same) {
  const Played played = here_.play({"trace", "info", std::string(kSamples) + "blkparse.txt"});
  EXPECT_EQ(played.exit_status, 0);
  EXPECT_THAT(played.out, HasSubstr("20 requests, format blkparse"));
  EXPECT_THAT(played.out, HasSubstr("WRITE       4 (20.0 %)"));
  EXPECT_THAT(played.out, HasSubstr("ms on average, by 20 completions"));
}

TEST_F(TraceVerb, bad_input_ends_with_one_sentence_and_status_2) {
  const auto refused = [&](const std::vector<std::string>& words, const std::string& sentence) {
    std::vector<std::string> line{"trace", "info"};
    line.insert(line.end(), words.begin(), words.end());
    const Played played = here_.play(line);
    EXPECT_EQ(played.exit_status, 2) << sentence;
    EXPECT_EQ(played.out, "");
    EXPECT_THAT(played.complaint(), HasSubstr(sentence));
  };
  const std::string disksim = std::string(kSamples) + "disksim.trace";
  refused({disksim}, "--format disksim");
  refused({disksim, "--format", "spc"}, "disksim.trace:1");
  refused({disksim, "--format", "diskism"}, "'disksim'");
  refused({disksim, "--columns", "time device offset_bytes length_bytes flags"}, "time_s or");
  refused({here_.file("gone")}, "gone");
  refused({here_.write("empty", "")}, "no request");
  const Played skipped = here_.play(
      {"trace", "info", "--bad-lines", "skip", here_.write("t.spc", "0,1,512,R,0.1\nbad\n")});
  EXPECT_EQ(skipped.exit_status, 0);
  EXPECT_THAT(skipped.errors, HasSubstr("t.spc:2"));
  EXPECT_THAT(skipped.errors, HasSubstr("1 lines were passed over"));
}

}  // namespace
}  // namespace biotope::app
