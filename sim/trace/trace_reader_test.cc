#include "sim/trace/trace_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <rapidcheck/gtest.h>
#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "classes/temporary_folder.h"

namespace biotope::sim {
namespace {

struct Read {
  std::vector<TraceRequest> requests;
  std::string format;
  std::string error;
  int code = 0;
  std::int64_t skipped = 0;
  std::vector<std::string> notes;
  Completions completions;
};

Read read_all(Result<TraceReader> reader) {
  Read all;
  const auto refuse = [&](const Error& error) {
    all.error = error.text;
    all.code = error.code;
    return all;
  };
  if (!reader) return refuse(reader.error());
  all.format = reader->format();
  while (true) {
    const auto next = reader->next();
    if (!next) return refuse(next.error());
    if (*next == nullptr) break;
    all.requests.push_back(**next);
  }
  all.skipped = reader->skipped();
  all.notes = reader->notes();
  all.completions = reader->completions();
  return all;
}

Read read_text(std::string_view text, const TraceOptions& options = {}) {
  return read_all(TraceReader::read(TraceLines(text), "x.trace", options));
}

Read read_file(const std::string& path, const TraceOptions& options = {}) {
  return read_all(TraceReader::open(path, options));
}

TraceOptions in_format(const std::string& name) { return {.format = name}; }
TraceOptions with_columns(const std::string& names) { return {.columns = names}; }

// --- samples ------------------------------------------------------------------------------------

constexpr const char* kSamples = "sim/trace/samples/";

// Every sample tells of the same twenty requests, as far as its format can.
void expect_the_story(const Read& read, std::int64_t clock_ns) {
  const Read story = read_file(std::string(kSamples) + "iolog-v3.log");
  ASSERT_EQ(story.requests.size(), 20U);
  ASSERT_EQ(read.error, "");
  ASSERT_EQ(read.requests.size(), 20U);
  for (std::size_t i = 0; i < 20; ++i) {
    const TraceRequest& told = read.requests[i];
    const TraceRequest& is = story.requests[i];
    EXPECT_EQ(told.command, is.command) << i;
    EXPECT_EQ(told.offset_bytes, is.offset_bytes) << i;
    EXPECT_EQ(told.length_bytes, is.length_bytes) << i;
    ASSERT_EQ(told.time_ns.has_value(), clock_ns > 0) << i;
    const std::int64_t step_ns = std::max<std::int64_t>(clock_ns, 1);
    EXPECT_EQ(told.time_ns.value_or(0), clock_ns > 0 ? *is.time_ns / step_ns * step_ns : 0) << i;
  }
}

struct Sample {
  const char* file;
  const char* format;
  std::int64_t clock_ns;  // 0: it tells no times
};
constexpr std::int64_t kMicrosecond = 1000;
constexpr Sample kKnownByLooks[] = {
    {"validate.trace", "validate", 0},
    {"spc.spc", "spc", kMicrosecond},
    {"msr.csv", "msr", 100},
    {"alibaba.csv", "alibaba", kMicrosecond},
    {"blkparse.txt", "blkparse", 1},
    {"iolog-v2.log", "iolog", kMicrosecond},
    {"iolog-v3.log", "iolog", kMicrosecond},
};
constexpr Sample kToBeNamed[] = {{"disksim.trace", "disksim", 1},
                                 {"mqsim.trace", "mqsim", 1},
                                 {"tencent.csv", "tencent", 1'000'000'000}};

TEST(TraceSamples, formats_that_look_like_no_other_are_known_by_their_looks) {
  for (const Sample& sample : kKnownByLooks) {
    SCOPED_TRACE(sample.file);
    const Read read = read_file(std::string(kSamples) + sample.file);
    EXPECT_EQ(read.format, sample.format);
    expect_the_story(read, sample.clock_ns);
  }
}

TEST(TraceSamples, formats_whose_units_nobody_can_see_must_be_named) {
  for (const Sample& sample : kToBeNamed) {
    SCOPED_TRACE(sample.file);
    const Read refused = read_file(std::string(kSamples) + sample.file);
    EXPECT_EQ(refused.code, EINVAL);
    EXPECT_NE(refused.error.find(std::string("--format ") + sample.format), std::string::npos)
        << refused.error;
    expect_the_story(read_file(std::string(kSamples) + sample.file, in_format(sample.format)),
                     sample.clock_ns);
  }
}

TEST(TraceSamples, any_table_can_be_read_by_what_stands_in_its_columns) {
  TraceOptions options = with_columns("time_us;offset_bytes;length_bytes;op");
  options.header_lines = 1;
  expect_the_story(read_file(std::string(kSamples) + "columns.csv", options), kMicrosecond);
  EXPECT_NE(read_file(std::string(kSamples) + "columns.csv").error.find("--columns"),
            std::string::npos);
}

TEST(TraceSamples, measured_service_times_come_in_the_formats_own_units) {
  const Read msr = read_file(std::string(kSamples) + "msr.csv");
  const Read validate = read_file(std::string(kSamples) + "validate.trace");
  ASSERT_EQ(msr.requests.size(), validate.requests.size());
  for (std::size_t i = 0; i < msr.requests.size(); ++i) {
    EXPECT_EQ(msr.requests[i].service_ns, validate.requests[i].service_ns) << i;
  }
}

// From the event that requests are read from; twenty that were sent 9 us after they were asked for.
TEST(TraceSamples, blkparse_tells_what_requests_took_in_lines_of_their_own) {
  std::int64_t sum_ns = 0;
  for (const TraceRequest& request : read_file(std::string(kSamples) + "validate.trace").requests) {
    sum_ns += *request.service_ns;
  }
  TraceOptions sent = in_format("blkparse");
  sent.event = 'D';
  const Read by_sending = read_file(std::string(kSamples) + "blkparse.txt", sent);
  EXPECT_EQ(by_sending.completions.requests, 20);
  EXPECT_EQ(by_sending.completions.sum_ns, sum_ns);
  const Read by_asking = read_file(std::string(kSamples) + "blkparse.txt");
  EXPECT_EQ(by_asking.completions.sum_ns, sum_ns + 20 * 9000);
  EXPECT_EQ(by_asking.requests.front().service_ns, std::nullopt);
}

TEST(TraceReader, completions_of_nothing_and_of_failures_measure_nothing) {
  const Completions only = read_text(
                               "8,0 1 1 1.0 1 Q R 8 + 8 [x]\n"
                               "8,0 1 2 1.0 1 Q R 80 + 8 [x]\n"
                               "8,0 1 3 1.1 0 C R 8 + 16 [0]\n"
                               "8,0 1 4 1.2 0 C W 8 + 8 [0]\n"
                               "8,0 1 5 1.3 0 C R 80 + 8 [-5]\n"
                               "8,0 1 6 1.4 0 C R 80 + 8 [0]\n"
                               "8,0 1 7 1.5 0 C\n"
                               "8,0 1 8 1.6 0 C R 8 + 8 [0]\n")
                               .completions;
  EXPECT_EQ(only.requests, 1);
  EXPECT_EQ(only.mean_ns(), 600'000'000);
}

// --- units --------------------------------------------------------------------------------------

// The rapid way from numbers to decimals and back must lose nothing.
RC_GTEST_PROP(TraceFields, decimals_of_any_unit_are_read_exactly, ()) {
  const auto [unit_ns, digits] = *rc::gen::element(
      std::pair<std::int64_t, int>(1, 0), std::pair<std::int64_t, int>(100, 2),
      std::pair<std::int64_t, int>(1000, 3), std::pair<std::int64_t, int>(1'000'000, 6),
      std::pair<std::int64_t, int>(1'000'000'000, 9));
  const auto time_ns = *rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 62);
  std::string text = std::to_string(time_ns / unit_ns);
  if (digits > 0) {
    std::string part = std::to_string(time_ns % unit_ns);
    text += '.' + std::string(static_cast<std::size_t>(digits) - part.size(), '0') + part;
  }
  const auto read = time_in_ns(text, unit_ns);
  RC_ASSERT(read.has_value());
  RC_ASSERT(static_cast<std::int64_t>(*read) == time_ns);
}

TEST(TraceFields, times_beyond_a_ns_are_rounded_and_what_is_no_time_is_none) {
  EXPECT_EQ(static_cast<int>(*time_in_ns("0.0005", 1000)), 1);
  EXPECT_EQ(static_cast<int>(*time_in_ns("0.00049", 1000)), 0);
  EXPECT_EQ(static_cast<int>(*time_in_ns("2.5e-3", 1000)), 3);
  EXPECT_EQ(static_cast<int>(*time_in_ns(".5", 1000)), 500);
  for (const char* none : {"", ".", "-1", "1.-", "nan", "inf", "1e300", "1 2", "0x10", "1,5",
                           "99999999999999999999999"}) {
    EXPECT_FALSE(time_in_ns(none, 1000)) << none;
  }
}

TEST(TraceReaders, sectors_have_the_size_that_was_said) {
  TraceOptions options = in_format("disksim");
  options.sector_bytes = 2048;
  const Read read = read_text("1.5 0 10 2 0\n", options);
  ASSERT_EQ(read.requests.size(), 1U);
  EXPECT_EQ(read.requests[0].offset_bytes, 20480);
  EXPECT_EQ(read.requests[0].length_bytes, 4096);
  EXPECT_EQ(read.requests[0].command, Command::write);
}

TEST(TraceReaders, columns_need_units_and_what_makes_a_request) {
  const auto refusal = [](const std::string& columns) {
    return read_text("1\n", with_columns(columns)).error;
  };
  EXPECT_NE(refusal("time offset_bytes length_bytes op").find("time_s or time_ms"),
            std::string::npos);
  EXPECT_NE(refusal("offset length_bytes op").find("offset_bytes or offset_sectors"),
            std::string::npos);
  EXPECT_NE(refusal("offset_byte length_bytes op").find("did you mean 'offset_bytes'"),
            std::string::npos);
  EXPECT_NE(refusal("offset_bytes op").find("the length is missing"), std::string::npos);
  EXPECT_NE(refusal("offset_bytes length_bytes").find("is_write"), std::string::npos);
  EXPECT_NE(refusal("offset_bytes length_bytes op op").find("once"), std::string::npos);
  EXPECT_NE(refusal("offset_bytes offset_sectors length_bytes op").find("twice"),
            std::string::npos);
  EXPECT_NE(read_text("1\n", in_format("blkparze")).error.find("'blkparse'"), std::string::npos);
}

// --- formats' own ways --------------------------------------------------------------------------

TEST(Blkparse, requests_are_as_asked_for_or_as_sent) {
  const std::string text =
      "8,0 0 1 1.000000000 7 Q W 8 + 8 [a]\n"
      "8,0 0 2 1.000001000 7 A W 8 + 8 <- (8,1) 0\n"
      "8,0 0 3 1.000002000 7 P N [a]\n"
      "8,0 0 4 1.000003000 7 m N some words of the scheduler\n"
      "8,0 0 5 1.000500000 7 D W 8 + 16 [a]\n";
  EXPECT_EQ(read_text(text).requests.at(0).length_bytes, 8 * 512);
  TraceOptions sent;
  sent.event = 'D';
  EXPECT_EQ(read_text(text, sent).requests.at(0).length_bytes, 16 * 512);
  EXPECT_EQ(read_text(text).requests.size(), 1U);
}

TEST(Blkparse, a_flush_loses_neither_itself_nor_its_write) {
  const Read read = read_text(
      "8,0 0 1 0.0 7 Q FWFS 8 + 8 [a]\n8,0 0 2 0.1 7 Q FWS [a]\n8,0 0 3 0.2 7 Q FF [a]\n"
      "8,0 0 4 0.3 7 Q DS 64 + 1024 [a]\n");
  ASSERT_EQ(read.requests.size(), 4U) << read.error;
  EXPECT_EQ(read.requests[0].command, Command::write);
  EXPECT_TRUE(read.requests[0].flush_before);
  EXPECT_TRUE(read.requests[0].force_unit_access);
  EXPECT_EQ(read.requests[1].command, Command::flush);
  EXPECT_EQ(read.requests[2].command, Command::flush);
  EXPECT_EQ(read.requests[3].command, Command::remove);
}

TEST(Iolog, waits_count_from_one_another_and_only_in_version_2) {
  const Read read = read_text(
      "fio version 2 iolog\nf add\nf open\nf read 0 4096\nf wait 100 0\nf wait 50 0\nf sync 0 0\n"
      "f trim 4096 512\nf close\n");
  ASSERT_EQ(read.requests.size(), 3U) << read.error;
  EXPECT_EQ(read.requests[1].command, Command::flush);
  EXPECT_EQ(read.requests[1].time_ns, 150'000);
  EXPECT_EQ(read.requests[2].command, Command::remove);
  EXPECT_EQ(read.requests[2].device, "f");
  EXPECT_NE(read_text("fio version 3 iolog\n1 f wait 5 0\n").error.find("x.trace:2"),
            std::string::npos);
}

TEST(Spc, fields_may_have_blanks_and_more_may_follow) {
  const Read read = read_text("0, 20941264, 8192, w, 0.551706, x, y\n");
  ASSERT_EQ(read.requests.size(), 1U) << read.error;
  EXPECT_EQ(read.requests[0].command, Command::write);
  EXPECT_EQ(read.requests[0].offset_bytes, 20941264LL * 512);
}

TEST(Msr, times_count_from_the_first_request_also_backwards) {
  const Read read = read_text(
      "128166372003061629,web,0,Read,0,512,10\n128166372003061619,web,0,Write,0,512,10\n");
  ASSERT_EQ(read.requests.size(), 2U) << read.error;
  EXPECT_EQ(read.requests[0].time_ns, 0);
  EXPECT_EQ(read.requests[1].time_ns, -1000);
}

// --- bad input ----------------------------------------------------------------------------------

TEST(TraceReaders, bad_lines_are_named_by_file_and_line) {
  const auto complaint = [](const std::string& format, const std::string& line) {
    const Read read = read_text("\n# a remark\n" + line + "\n", in_format(format));
    EXPECT_EQ(read.code, EINVAL) << line;
    EXPECT_EQ(read.error.rfind("x.trace:3: the line ", 0), 0U) << read.error;
    return read.error;
  };
  const auto says = [&](const std::string& format, const std::string& line, const char* words) {
    const std::string text = complaint(format, line);
    EXPECT_NE(text.find(words), std::string::npos) << text;
  };
  says("spc", "0,1,512,R", "4 fields instead of 5 or more");
  says("spc", "0,1,512,X,0.1", "'X' in field 4");
  says("spc", "0,-1,512,R,0.1", "offset in sectors");
  says("spc", "0,9223372036854775807,512,R,0.1", "from 0 to");
  says("spc", "0,1,0,R,0.1", "asks for 0 bytes");
  says("spc", "0,18014398509481983,9223372036854775807,R,0.1", "no place on a disk");
  says("msr", "1,h,0,Read,0,512,x", "the service time in units of 100 ns");
  says("disksim", "1.0 0 8 8 zz", "hexadecimal");
  says("mqsim", "1 0 8 8 2", "instead of 0 or 1");
  says("blkparse", "x 1 1 1.0 1 Q R 8 + 8", "'x'");
  says("blkparse", "8,0 1 1 one 1 Q R 8 + 8", "no time in seconds");
  says("blkparse", "8,0 1 1 1.0 1 Q R 8 8", "SECTOR + SECTORS");
  says("iolog", "f read 0 4096", "fio version 2 iolog");
  says("spc", std::string(5000, '1'), "more than 4096 characters");
}

TEST(TraceReaders, bad_lines_may_be_skipped_and_are_counted_and_named) {
  TraceOptions options = in_format("spc");
  options.bad_lines = BadLines::skip;
  std::string text = "0,1,512,R,0.1\n";
  for (int i = 0; i < 100; ++i) text += "bad\n";
  const Read read = read_text(text + "0,2,512,W,0.2", options);
  EXPECT_EQ(read.requests.size(), 2U);
  EXPECT_EQ(read.requests.back().line, 102);
  EXPECT_EQ(read.skipped, 100);
  ASSERT_EQ(read.notes.size(), 20U);
  EXPECT_EQ(read.notes[0].rfind("x.trace:2: ", 0), 0U);
}

TEST(TraceReaders, nothing_is_no_trace_and_both_ways_to_say_it_are_too_many) {
  EXPECT_EQ(read_text("").code, ENODATA);
  EXPECT_EQ(read_text("\n#\n").code, ENODATA);
  TraceOptions both = with_columns("op offset_bytes length_bytes");
  both.format = "spc";
  EXPECT_EQ(read_text("x", both).code, EINVAL);
  EXPECT_EQ(read_file("/nonexistent/x.trace").code, ENOENT);
  EXPECT_EQ(read_file("/").code, EISDIR);
}

// --- lines --------------------------------------------------------------------------------------

// Lines across the borders of the buffer, with and without an end, long and empty.
TEST(TraceLines, come_as_they_stand_whatever_their_length) {
  std::string text;
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < 300; ++i) lines.push_back(std::string(i * 37 % 4096, 'a'));
  for (const std::string& line : lines) text += line + "\n";
  TraceLines reader(std::string_view(text).substr(0, text.size() - 1));
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto line = reader.next();
    ASSERT_TRUE(line && *line) << i;
    EXPECT_EQ((*line)->text, lines[i]);
    EXPECT_EQ((*line)->number, static_cast<std::int64_t>(i) + 1);
    EXPECT_FALSE((*line)->too_long);
  }
  EXPECT_FALSE(*reader.next());
}

class CompressedTraces : public testing::Test {
 protected:
  CompressedTraces() {
    for (int i = 0; i < 20'000; ++i) text_ += "0," + std::to_string(i * 8) + ",4096,R,0.5\n";
    gzFile file = gzopen(path_.c_str(), "wb");
    gzwrite(file, text_.data(), static_cast<unsigned>(text_.size()));
    gzclose(file);
  }

  TemporaryFolder folder_;
  std::filesystem::path path_{folder_.file("a.trace.gz")};
  std::string text_;
};

TEST_F(CompressedTraces, are_known_by_their_first_bytes) {
  EXPECT_EQ(read_file(path_).requests.size(), 20'000U);
  std::ofstream(path_, std::ios::binary) << text_;
  EXPECT_EQ(read_file(path_).requests.size(), 20'000U);
}

TEST_F(CompressedTraces, that_are_cut_off_or_damaged_are_refused) {
  const auto size = std::filesystem::file_size(path_);
  std::filesystem::resize_file(path_, size / 2);
  EXPECT_EQ(read_file(path_).code, EBADMSG);
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(size / 4));
  file << "damaged here";
  file.close();
  TraceOptions options;
  options.bad_lines = BadLines::skip;
  EXPECT_EQ(read_file(path_, options).code, EBADMSG);
}

}  // namespace
}  // namespace biotope::sim
