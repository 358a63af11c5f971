#include "viz/event_log.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "viz/log_row.h"
#include "viz/testing.h"

namespace biotope::viz {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// A story with everything in it: parts, opens, a refusal, requests, loss.
std::string story() {
  Spill spill;
  EventLog log(spill);
  TestMesh test;
  test.mesh().facts().add(log);
  Provider& disk = test.disk("da0");
  Provider& slice = *test.parts(disk, 2)[1];
  Consumer& user = test.user("fs", slice, kReadWriteExclusive);
  Consumer& late = test.user("late", slice, {});
  EXPECT_FALSE(test.mesh().access(late, kReadWriteExclusive));
  test.ask(user, Command::read, 4096, 2);
  test.lose(disk);
  test.mesh().facts().remove(log);
  return spill.text();
}

TEST(EventLog, identical_runs_give_identical_bytes) {
  const std::string first = story();
  const std::vector<char> ballast(1 << 16);
  EXPECT_EQ(first, story());
  EXPECT_THAT(first, Not(HasSubstr("0x")));
}

TEST(EventLog, legend_stands_at_the_top_and_names_the_columns) {
  const auto lines = lines_of(story());
  EXPECT_THAT(lines[0], HasSubstr("biotope/events/1"));
  const auto head = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("offset_bytes") != std::string::npos;
  });
  ASSERT_NE(head, lines.end());
  for (auto line = lines.begin(); line <= head; ++line)
    EXPECT_THAT(*line, testing::StartsWith("#"));
  EXPECT_THAT(*(head + 1), Not(testing::StartsWith("#")));
}

TEST(EventLog, columns_stand_where_the_head_says) {
  const auto lines = lines_of(story());
  const auto head = *std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("offset_bytes") != std::string::npos;
  });
  for (const std::string& line : lines) {
    if (line.find("bio_remapped") == std::string::npos) continue;
    EXPECT_EQ(line.substr(head.find("what"), 12), "bio_remapped");
    EXPECT_EQ(line.substr(head.find("geom"), 10), "middle da0");
    EXPECT_EQ(line.substr(head.find("provider"), 4), "da0 ");
    EXPECT_EQ(line.substr(head.find("command"), 4), "READ");
    // The second slice begins in the middle of 64 MiB.
    const std::string offset = line.substr(head.find("offset_bytes"), 12);
    EXPECT_TRUE(offset == "    33554432" || offset == "    33558528") << offset;
    return;
  }
  FAIL() << "no request went through the middle";
}

TEST(EventLog, numbers_and_times_never_go_back) {
  int64_t before_ns = 0;
  uint64_t number = 0;
  for (const std::string& line : lines_of(story())) {
    if (line.starts_with("#")) continue;
    std::istringstream in(line);
    int64_t time_ns = 0;
    uint64_t next = 0;
    in >> time_ns >> next;
    EXPECT_GE(time_ns, before_ns);
    EXPECT_EQ(next, number + 1);
    before_ns = time_ns;
    number = next;
  }
  EXPECT_GT(number, 20u);
}

TEST(EventLog, refusal_is_told_with_its_error_and_reason) {
  const auto lines = lines_of(story());
  const auto refused = std::find_if(lines.begin(), lines.end(), [](const std::string& line) {
    return line.find("access_refused") != std::string::npos;
  });
  ASSERT_NE(refused, lines.end());
  EXPECT_THAT(*refused, HasSubstr(" ! "));
  EXPECT_THAT(*refused, HasSubstr("EPERM"));
  EXPECT_THAT(*refused, HasSubstr("top fs"));
}

TEST(EventLog, line_breaks_in_names_do_not_break_lines) {
  Fact fact;
  fact.kind = FactKind::machine;
  fact.component = "bay\n1";
  fact.text = "torn\r\nout";
  EXPECT_EQ(log_row(fact).details, "bay 1, torn  out");
}

TEST(EventLog, part_of_a_request_names_the_whole) {
  TestMesh test;
  Consumer& edge = test.user("fs", test.disk("da0"), kReadOnly);
  Bio whole;
  whole.id = 12;
  Bio part;
  part.id = 13;
  part.command = Command::write;
  part.parent = &whole;
  part.position_bytes = 512;
  part.length_bytes = 1024;
  Fact fact;
  fact.kind = FactKind::bio_issued;
  fact.consumer = &edge;
  fact.bio = &part;
  const LogRow row = log_row(fact);
  EXPECT_EQ(row.bio, "13");
  EXPECT_EQ(row.offset_bytes, "512");
  EXPECT_EQ(row.length_bytes, "1024");
  EXPECT_EQ(row.details, "part of 12");
}

}  // namespace
}  // namespace biotope::viz
