#include "viz/fio_report.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace biotope::viz {
namespace {

TEST(FioReport, says_what_fio_says_of_each_direction) {
  FioReport report;
  for (int i = 0; i < 100; ++i) report.record(Command::read, 4096, 10, 100, 0);
  report.record(Command::write, 8192, 0, 200, 0);
  report.record(Command::write, 8192, 0, 1, EIO);
  report.record(Command::flush, 0, 0, 50, 0);
  const auto json = report.json(2'000'000'000);
  EXPECT_EQ(json.size(), 3U);
  const auto& read = json.at("read");
  EXPECT_EQ(read.at("total_ios"), 100);
  EXPECT_EQ(read.at("iops"), 50);
  EXPECT_EQ(read.at("io_bytes"), 409'600);
  EXPECT_EQ(read.at("bw_bytes"), 204'800);
  EXPECT_EQ(read.at("bw"), 200);
  EXPECT_EQ(read.at("runtime"), 2000);
  EXPECT_EQ(read.at("slat_ns").at("mean"), 10);
  EXPECT_EQ(read.at("clat_ns").at("max"), 100);
  EXPECT_EQ(read.at("lat_ns").at("percentile").at("99.990000"), 110);
  EXPECT_EQ(json.at("write").at("failed"), 1);
  EXPECT_EQ(json.at("write").at("total_ios"), 1);
  EXPECT_EQ(json.at("sync").at("lat_ns").at("N"), 1);
}

TEST(FioReport, has_fios_seventeen_percentiles_of_the_exact_ranks) {
  Histogram times;
  for (int i = 1; i <= 200; ++i) times.record(i);
  const auto percentiles = fio_times(times, Percentiles::with).at("percentile");
  EXPECT_EQ(percentiles.size(), 17U);
  EXPECT_EQ(percentiles.at("1.000000"), 2);
  EXPECT_EQ(percentiles.at("50.000000"), 100);
  EXPECT_EQ(percentiles.at("99.500000"), 199);
  EXPECT_EQ(percentiles.at("99.950000"), 200);
}

TEST(FioReport, of_no_time_has_no_rates) {
  FioReport report;
  report.record(Command::read, 512, 0, 0, 0);
  EXPECT_EQ(report.json(0).at("read").at("iops"), 0);
}

}  // namespace
}  // namespace biotope::viz
