#include "viz/report/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "viz/testing.h"

namespace biotope::viz::report {
namespace {

using testing::HasSubstr;
using testing::Not;

// A document as dot writes it, as large as asked.
std::string drawing(size_t bytes) {
  return "<?xml?>\n<svg width=\"10pt\" height=\"9pt\">\n<g class=\"node geom\">\n<text>" +
         std::string(bytes, 'x') + "</text>\n</g>\n</svg>\n";
}

StepPage step(const std::string& title, size_t drawing_bytes = 10) {
  StepPage made;
  made.title = title;
  made.paper = {drawing(drawing_bytes), "frames/a.svg"};
  made.confdot = {drawing(drawing_bytes), "frames/b.svg"};
  return made;
}

size_t count(const std::string& text, const std::string& what) {
  size_t times = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++times;
  return times;
}

// What stands in the page for the script, as JSON.
nlohmann::json data_of(const std::string& page) {
  const std::string start = "id=\"data\">";
  const size_t begin = page.find(start) + start.size();
  return nlohmann::json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

class ReportTest : public testing::Test {
 protected:
  std::string make_page() { return page(report_); }

  Latency latency_;
  LogCapture log_;
  Report report_{"A story", {{"seed", "1"}}, {}, &latency_, &log_};
};

TEST_F(ReportTest, all_steps_can_be_read_without_a_script) {
  report_.steps = {step("First"), step("Second"), step("Third")};
  report_.steps[1].happenings = {{1'500'000, FactKind::provider_orphaned, "da0 is gone"}};
  report_.steps[1].requests.done[static_cast<size_t>(Command::read)] = 7;
  report_.steps[1].requests.failed = 2;
  const std::string html = make_page();
  EXPECT_EQ(count(html, "<article class=\"step\""), 3u);
  EXPECT_EQ(count(html, "<figure class=\"paper\">"), 3u);
  EXPECT_EQ(count(html, "<figure class=\"confdot\">"), 3u);
  EXPECT_THAT(html, HasSubstr("<a href=\"#step-2\">Second</a>"));
  EXPECT_THAT(html, HasSubstr("7 READ, of which 2 failed"));
  EXPECT_THAT(html, HasSubstr("<li class=\"lost\"><time>1.5 ms</time>"));
  EXPECT_THAT(html, HasSubstr("<p>seed 1</p>"));
}

TEST_F(ReportTest, page_needs_nothing_from_outside) {
  report_.steps = {step("First")};
  const std::string html = make_page();
  for (const char* attribute : {"src=\"", "href=\""}) {
    for (size_t at = html.find(attribute); at != std::string::npos;
         at = html.find(attribute, at + 1)) {
      const std::string target = html.substr(at + std::string(attribute).size(), 8);
      EXPECT_FALSE(target.starts_with("http") || target.starts_with("//")) << target;
    }
  }
  EXPECT_THAT(html, Not(HasSubstr("@import")));
  EXPECT_THAT(html, Not(HasSubstr("url(")));
  EXPECT_THAT(html, Not(HasSubstr("{{")));
}

TEST_F(ReportTest, hostile_words_stay_words) {
  const std::string hostile = "</script><script>alert(1)</script><!-- \"'&";
  report_.title = hostile;
  report_.facts = {{hostile, hostile}};
  report_.steps = {step(hostile)};
  report_.steps[0].text = hostile;
  report_.steps[0].happenings = {{0, FactKind::note, hostile}};
  Fact fact;
  fact.kind = FactKind::machine;
  fact.component = hostile;
  fact.text = hostile;
  log_.on_fact(fact);
  const std::string html = make_page();
  EXPECT_EQ(count(html, "<script"), 2u);
  EXPECT_EQ(count(html, "</script"), 2u);
  EXPECT_EQ(count(html, "<!--"), 0u);
  EXPECT_EQ(data_of(html)["steps"][0]["title"], hostile);
  EXPECT_EQ(data_of(html)["log"]["rows"][0][11], hostile + ", " + hostile);
}

TEST_F(ReportTest, empty_mesh_is_told_in_words) {
  report_.steps = {step("Nothing")};
  report_.steps[0].paper.svg = "<?xml?>\n<svg>\n</svg>\n";
  EXPECT_EQ(count(make_page(), "The mesh is empty."), 1u);
}

TEST_F(ReportTest, drawings_that_do_not_fit_are_shown_from_their_files) {
  for (int i = 0; i < 20; ++i) report_.steps.push_back(step("Large", 300'000));
  const std::string html = make_page();
  EXPECT_LT(html.size(), 5'000'000u);
  EXPECT_GT(count(html, "<img src=\"frames/a.svg\""), 10u);
  EXPECT_GT(count(html, "<svg width"), 3u);
}

TEST_F(ReportTest, sentences_that_do_not_fit_are_counted) {
  for (int i = 0; i < 50; ++i) {
    report_.steps.push_back(step("Long"));
    for (int k = 0; k < 400; ++k) {
      report_.steps.back().happenings.push_back({k, FactKind::note, std::string(200, 'y')});
    }
    report_.steps.back().first_fact = 77;
  }
  const std::string html = make_page();
  EXPECT_LT(html.size(), 2'000'000u);
  EXPECT_THAT(html, HasSubstr("And 400 more: see events.log from fact 77 on."));
}

TEST_F(ReportTest, log_that_does_not_fit_keeps_changes_before_requests_and_says_so) {
  TestMesh test;
  Consumer& user = test.user("fs", test.disk("da0"), kReadOnly);
  test.mesh().facts().add(log_);
  for (int i = 0; i < 200; ++i) test.ask(user, Command::read, 512, 50);
  test.user("late", *user.provider(), kReadOnly);
  test.mesh().facts().remove(log_);

  const std::string html = make_page();
  EXPECT_LT(html.size(), 2'000'000u);
  EXPECT_EQ(log_.seen(), 200u * 50 * 3 + 4);
  EXPECT_LT(log_.kept(), log_.seen());
  EXPECT_THAT(html, HasSubstr(std::to_string(log_.kept()) + " of the 30004 facts of the run"));
  const auto rows = data_of(html)["log"]["rows"];
  EXPECT_EQ(rows.size(), log_.kept());
  EXPECT_EQ(rows.back()[2], static_cast<int>(FactKind::access_granted));
}

TEST_F(ReportTest, rows_of_the_log_are_the_facts) {
  TestMesh test;
  test.mesh().facts().add(log_);
  Consumer& user = test.user("fs", test.disk("da0"), kReadOnly);
  test.ask(user, Command::read, 4096);
  test.mesh().facts().remove(log_);
  const auto log = data_of(make_page())["log"];
  ASSERT_EQ(log["rows"].size(), log_.seen());
  const auto last = log["rows"].back();
  EXPECT_EQ(log["kinds"][last[2].get<size_t>()]["name"], "bio_done");
  EXPECT_EQ(log["names"][last[3].get<size_t>()], "top fs");
  EXPECT_EQ(log["names"][last[4].get<size_t>()], "da0");
  EXPECT_EQ(last[0], 4096);
  EXPECT_EQ(last[7], "READ");
  EXPECT_EQ(last[9], "4096");
  EXPECT_THAT(log_section(log_), HasSubstr("All " + std::to_string(log_.seen()) + " facts"));
}

TEST(LatencySection, layers_stand_from_the_top_of_the_mesh_down) {
  TestMesh test;
  Latency latency;
  test.mesh().facts().add(latency);
  Consumer& user = test.user("zz", *test.parts(test.disk("da0"), 1)[0], kReadOnly);
  test.ask(user, Command::read, 512, 3);
  test.mesh().facts().remove(latency);
  const std::string html = latency_section(latency);
  const size_t top = html.find("top zz -&gt; da0s1");
  const size_t middle = html.find("middle da0 -&gt; da0");
  ASSERT_NE(top, std::string::npos);
  ASSERT_NE(middle, std::string::npos);
  EXPECT_LT(top, middle);
  EXPECT_EQ(count(html, "<td>512 ns</td>"), 4u * 5)
      << "two layers, all together and their way: five columns";
}

TEST(LatencySection, run_without_requests_says_so) {
  EXPECT_THAT(latency_section(Latency()), HasSubstr("No request"));
}

TEST(LatencySection, failed_requests_alone_make_a_row_without_times) {
  TestMesh test;
  Latency latency;
  Provider& disk = test.disk("da0");
  Consumer& user = test.user("fs", disk, kReadOnly);
  static_cast<BottomGeom&>(disk.geom()).error = EIO;
  test.mesh().facts().add(latency);
  test.ask(user, Command::read, 512, 4);
  test.mesh().facts().remove(latency);
  EXPECT_THAT(latency_section(latency), HasSubstr("<td>0</td><td>4</td><td></td>"));
}

}  // namespace
}  // namespace biotope::viz::report
