#include "sim/faults/fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <fstream>
#include <iterator>
#include <set>

namespace biotope::sim {
namespace {

using ::testing::HasSubstr;

TEST(Faults, there_are_forty_in_the_order_of_their_numbers) {
  std::set<std::string_view> names;
  int number = 0;
  for (const FaultFacts& facts : fault_table()) {
    EXPECT_EQ(facts.number(), ++number);
    EXPECT_FALSE(facts.help.empty());
    names.insert(facts.name);
  }
  EXPECT_EQ(number, kFaultKinds);
  EXPECT_EQ(names.size(), 40U);
  EXPECT_EQ(facts_of(FaultKind::misdirected_write).id(), "F07");
  EXPECT_EQ(facts_of(FaultKind::lying_flush).id(), "F11");
  EXPECT_EQ(facts_of(FaultKind::death).id(), "F19");
  EXPECT_EQ(facts_of(FaultKind::slow).id(), "F28");
  EXPECT_EQ(facts_of(FaultKind::bus_reset).id(), "F36");
  EXPECT_EQ(facts_of(FaultKind::metadata_damage).id(), "F40");
}

TEST(Faults, the_page_has_every_kind_and_parameter) {
  std::ifstream file("docs/faults.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  for (const Parameter& p : trigger_table()) {
    EXPECT_THAT(page, HasSubstr(sentence("| `", p.name, "` (")));
  }
  for (const FaultFacts& facts : fault_table()) {
    const std::size_t row =
        page.find(sentence("| ", facts.id(), " `", facts.name, "` | ", facts.help));
    ASSERT_NE(row, std::string::npos) << facts.name;
    const std::string line = page.substr(row, page.find('\n', row) - row);
    for (const Parameter& p : facts.parameters) {
      EXPECT_THAT(line, HasSubstr(sentence("`", p.name, "` (")));
    }
  }
}

RC_GTEST_PROP(Faults, every_fault_reads_back_from_its_line, ()) {
  const auto& facts = fault_table()[static_cast<std::size_t>(*rc::gen::inRange(0, kFaultKinds))];
  std::vector<Parameter> table(trigger_table().begin(), trigger_table().end());
  table.insert(table.end(), facts.parameters.begin(), facts.parameters.end());
  Values given;
  for (const Parameter& p : table) {
    if (p.kind != Parameter::Kind::integer || p.name == "sector_hours") continue;
    if (*rc::gen::arbitrary<bool>()) continue;
    const std::int64_t top = std::min<std::int64_t>(p.max, p.min + 1'000'000);
    given.set(std::string(p.name), *rc::gen::inRange(std::max(p.min, top - 1'000'000), top));
  }
  const auto fault = make_fault(facts.kind, "scsi0.bay1", given);
  RC_ASSERT(fault.has_value());
  const std::string line = fault_text(*fault);
  const auto again = parse_fault(line);
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->kind == fault->kind);
  RC_ASSERT(again->where == "scsi0.bay1");
  RC_ASSERT(again->values.all() == fault->values.all());
  RC_ASSERT(fault_text(*again) == line);
}

TEST(Faults, a_line_says_what_differs_and_kinds_go_by_number_or_name) {
  const std::string line = "F07.misdirected_write scsi0.bay1 nth=3 delta_sectors=64";
  for (const char* kind : {"F07", "misdirected_write", "F07.misdirected_write"}) {
    const auto fault = parse_fault(std::string(kind) + " scsi0.bay1  delta_sectors=64 nth=3");
    ASSERT_TRUE(fault) << fault.error().text;
    EXPECT_EQ(fault_text(*fault), line);
  }
}

TEST(Faults, bad_lines_are_refused_with_what_would_do) {
  const auto refused = [](std::string_view line, const std::string& why) {
    const auto fault = parse_fault(line);
    ASSERT_FALSE(fault) << line;
    EXPECT_EQ(fault.error().code, EINVAL);
    EXPECT_THAT(fault.error().text, HasSubstr(why));
  };
  refused("", "'' is no fault");
  refused("slow", "'slow' is no fault");
  refused("slow percent=3", "is no fault");
  refused("slwo b", "did you mean 'slow'?");
  refused("F41 b", "there are F01 to F40");
  refused("slow b percnt=200", "did you mean 'percent'?");
  refused("slow b percent=two", "'two' is no whole number");
  refused("slow b percent=99", "from 100 to 1000000");
  refused("slow b percent=200 percent=300", "said twice");
  refused("slow b percent", "'percent' is no name=value");
  refused("slow b command=wriet", "one of any, read, write, erase, flush");
  refused("torn_write b tear=middle", "one of prefix, suffix, random_subset");
  refused("slow b sector_hours=5", "strikes sectors by itself");
  refused("slow b nth=99999999999999999999", "no whole number");
}

}  // namespace
}  // namespace biotope::sim
