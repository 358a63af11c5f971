#include "sim/trace/trace_summary.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <limits>
#include <set>

namespace biotope::sim {
namespace {

TraceRequest request(Command command, std::int64_t offset, std::int64_t length,
                     std::int64_t time_ns = 0, const std::string& device = "a") {
  TraceRequest made;
  made.command = command;
  made.offset_bytes = offset;
  made.length_bytes = length;
  made.time_ns = time_ns;
  made.device = device;
  return made;
}

TEST(TraceSummary, counts_what_a_trace_has) {
  TraceSummary summary;
  summary.add(request(Command::read, 0, 4096));
  summary.add(request(Command::write, 4096, 8192, 2000));
  summary.add(request(Command::read, 4096, 512, 1000, "b"));
  summary.add(request(Command::flush, 0, 0, 5000));
  EXPECT_EQ(summary.requests(), 4);
  EXPECT_EQ(summary[Command::read].requests, 2);
  EXPECT_EQ(summary[Command::read].bytes, 4608);
  EXPECT_EQ(summary[Command::flush].requests, 1);
  EXPECT_EQ(summary.bytes(), 12'800);
  EXPECT_EQ(summary.span_ns(), 5000);
  EXPECT_EQ(summary.out_of_order(), 1);
  EXPECT_EQ(summary.least_bytes(), 512);
  EXPECT_EQ(summary.most_bytes(), 8192);
  EXPECT_EQ(summary.end_bytes(), 12'288);
  EXPECT_EQ(summary.sequential(), 1);
  EXPECT_EQ(summary.touched().count(), 8 + 16 + 1);
  EXPECT_EQ(summary.devices().size(), 2U);
}

RC_GTEST_PROP(TouchedSectors, are_those_of_a_set, ()) {
  TouchedSectors touched;
  std::set<std::int64_t> model;
  const int requests = *rc::gen::inRange(0, 20);
  for (int i = 0; i < requests; ++i) {
    const auto offset = *rc::gen::inRange<std::int64_t>(0, 6'000'000);
    const auto length = *rc::gen::inRange<std::int64_t>(1, 100'000);
    touched.add("a", offset, length);
    for (std::int64_t s = offset / 512; s <= (offset + length - 1) / 512; ++s) model.insert(s);
  }
  RC_ASSERT(touched.count() == static_cast<std::int64_t>(model.size()));
  RC_ASSERT(touched.counts_all());
}

TEST(TraceSummary, what_is_beyond_all_measure_costs_no_more_and_is_said) {
  TraceSummary summary;
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  summary.add(request(Command::write, 0, kHuge));
  summary.add(request(Command::write, kHuge - 512, 512));
  summary.add(request(Command::write, 0, kHuge));
  EXPECT_EQ(summary.bytes(), kHuge);
  EXPECT_FALSE(summary.touched().counts_all());
  for (int i = 0; i < 3000; ++i) {
    summary.add(request(Command::read, 0, 512, 0, std::to_string(i)));
  }
  EXPECT_EQ(summary.devices().size(), TraceSummary::kMostDevices);
}

}  // namespace
}  // namespace biotope::sim
