#include "scenarios/runtime/units.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cerrno>
#include <string>

namespace biotope::runtime {
namespace {

TEST(Units, times_are_exact) {
  EXPECT_EQ(*parse_time_ns("10 ms", "t"), 10'000'000);
  EXPECT_EQ(*parse_time_ns("1.5 s", "t"), 1'500'000'000);
  EXPECT_EQ(*parse_time_ns("250us", "t"), 250'000);
  EXPECT_EQ(*parse_time_ns("0 ns", "t"), 0);
  EXPECT_EQ(*parse_time_ns("2 min", "t"), 120'000'000'000);
  EXPECT_EQ(*parse_time_ns("0.1 s", "t"), 100'000'000);
}

TEST(Units, sizes_count_in_1024_or_1000_as_they_say) {
  EXPECT_EQ(*parse_size_bytes("96 MiB", "s"), 96 << 20);
  EXPECT_EQ(*parse_size_bytes("100 MB", "s"), 100'000'000);
  EXPECT_EQ(*parse_size_bytes("0.5 KiB", "s"), 512);
  EXPECT_EQ(*parse_size_bytes("512 bytes", "s"), 512);
}

TEST(Units, what_is_no_number_with_a_unit_is_refused_with_an_example) {
  for (const char* text : {"", "10", "ms", "ten ms", "-1 ms", "1..2 s", "1.2.3 s", "10 parsecs",
                           "1e3 ms", "10 ms or so", ".", ". s", "99999999999999999999 ns"}) {
    const auto refused = parse_time_ns(text, "sleep");
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, EINVAL);
    EXPECT_EQ(refused.error().text.rfind("sleep: '", 0), 0U) << refused.error().text;
  }
  EXPECT_NE(parse_time_ns("10", "sleep").error().text.find("as in '10 ms'"), std::string::npos);
}

TEST(Units, parts_of_the_smallest_unit_and_more_than_64_bits_are_refused) {
  EXPECT_FALSE(parse_time_ns("1.5 ns", "t"));
  EXPECT_FALSE(parse_size_bytes("0.3 bytes", "s"));
  EXPECT_FALSE(parse_time_ns("9999999999999 min", "t"));
  EXPECT_EQ(*parse_time_ns("9223372036854775807 ns", "t"), INT64_MAX);
  EXPECT_FALSE(parse_time_ns("9223372036854775808 ns", "t"));
}

RC_GTEST_PROP(Units, any_text_gives_a_value_or_a_sentence, (const std::string& text)) {
  const auto time = parse_time_ns(text, "t");
  RC_ASSERT(time.has_value() || !time.error().text.empty());
  if (time) RC_ASSERT(*time >= 0);
}

}  // namespace
}  // namespace biotope::runtime
