#include "sim/disk/validation/measured_trace.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "classes/temporary_folder.h"

namespace biotope::sim {
namespace {

class MeasuredTraces : public testing::Test {
 protected:
  Result<MeasuredTrace> read(const std::string& text, BadLines policy = BadLines::stop) {
    std::ofstream(path_, std::ios::binary) << text;
    return read_measured_trace(path_, 1000, policy);
  }
  // The sentence, without the folder and the program's number.
  std::string complaint(const std::string& line) {
    const auto trace = read("R Hit 0 1 1.0 1.0\n" + line + "\n");
    if (trace) return "";
    EXPECT_EQ(trace.error().code, EINVAL);
    return trace.error().text.substr(trace.error().text.find(".trace:2"));
  }

  TemporaryFolder folder_;
  std::filesystem::path path_{folder_.file("a.trace")};
};

TEST_F(MeasuredTraces, fields_are_read_as_they_stand) {
  const auto trace = read("R Miss  347     2     14095.370\t13876.270\r\n");
  ASSERT_TRUE(trace) << trace.error().text;
  ASSERT_EQ(trace->requests.size(), 1U);
  EXPECT_FALSE(trace->requests[0].write);
  EXPECT_EQ(trace->requests[0].first, 347);
  EXPECT_EQ(trace->requests[0].sectors, 2);
  EXPECT_EQ(trace->requests[0].service_ns, 14'095'370);
  EXPECT_EQ(trace->requests[0].think_ns, 13'876'270);
}

TEST_F(MeasuredTraces, bad_lines_are_named_by_file_and_line) {
  EXPECT_NE(complaint("R Hit 1 2 3.0").find("5 fields"), std::string::npos);
  EXPECT_NE(complaint("X Hit 1 2 3.0 4.0").find("'X'"), std::string::npos);
  EXPECT_NE(complaint("R Hit one 2 3.0 4.0").find("no whole number"), std::string::npos);
  EXPECT_NE(complaint("R Hit 1 0 3.0 4.0").find("0 bytes"), std::string::npos);
  EXPECT_NE(complaint("R Hit 999 2 3.0 4.0").find("has 1000"), std::string::npos);
  EXPECT_NE(complaint("R Hit -1 2 3.0 4.0").find("from 0"), std::string::npos);
  EXPECT_NE(complaint("R Hit 9223372036854775807 2 3 4").find("from 0"), std::string::npos);
  EXPECT_NE(complaint("R Hit 1 2 -3.0 4.0").find("microseconds"), std::string::npos);
  EXPECT_NE(complaint("R Hit 1 2 nan 4.0").find("microseconds"), std::string::npos);
  EXPECT_NE(complaint("R Hit 1 2 3.0 1e300").find("no time"), std::string::npos);
}

TEST_F(MeasuredTraces, bad_lines_may_be_passed_over_and_are_still_named) {
  const auto trace = read("R Hit 0 1 1 1\nbad\n\nW Hit 5 1 1 1\n", BadLines::skip);
  ASSERT_TRUE(trace) << trace.error().text;
  EXPECT_EQ(trace->requests.size(), 2U);
  ASSERT_EQ(trace->notes.size(), 1U);
  EXPECT_NE(trace->notes[0].find(".trace:2"), std::string::npos);
}

TEST_F(MeasuredTraces, nothing_is_no_trace) {
  EXPECT_EQ(read("\n \n").error().code, ENODATA);
  EXPECT_EQ(read_measured_trace("/nonexistent/x.trace", 1000, BadLines::stop).error().code, ENOENT);
  EXPECT_EQ(read_measured_trace("/", 1000, BadLines::stop).error().code, EISDIR);
}

}  // namespace
}  // namespace biotope::sim
