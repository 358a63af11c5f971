#include "sim/workload/job_options.h"

#include <gtest/gtest.h>

#include "sim/workload/job_values.h"
#include "sim/workload/testing.h"

namespace biotope::sim {
namespace {

std::string refusal(const std::string& text) {
  const auto words = split_job(text);
  if (!words) return words.error().text;
  const auto job = parse_job(*words, kGibibyte);
  EXPECT_FALSE(job) << text;
  return job ? "" : job.error().text;
}

TEST(JobOptions, are_fios_words) {
  const JobOptions job = job_of(
      "rw=randrw rwmixread=70 bs=4k,8k iodepth=32 numjobs=2 offset=1m size=50% thinktime=2ms "
      "percentage_random=90 number_ios=1000 randseed=9 random_distribution=zipf:1.2");
  EXPECT_TRUE(job.random);
  EXPECT_EQ(job.read_percent, 70);
  EXPECT_EQ(job.read_lengths[0].value, 4096);
  EXPECT_EQ(job.write_lengths[0].value, 8192);
  EXPECT_EQ(job.depth, 32);
  EXPECT_EQ(job.jobs, 2);
  EXPECT_EQ(job.offset_bytes, 1 << 20);
  EXPECT_EQ(job.size_bytes, 1 << 29);
  EXPECT_EQ(job.think_ns, 2'000'000);
  EXPECT_EQ(job.most_requests, 1000);
  EXPECT_EQ(job.seed, 9U);
  EXPECT_EQ(job.theta, 1.2);
}

TEST(JobOptions, a_mix_refines_what_rw_says_in_any_order) {
  EXPECT_EQ(job_of("rwmixread=80 rw=randrw").read_percent, 80);
  EXPECT_EQ(job_of("rw=rw rwmixwrite=80").read_percent, 20);
}

TEST(JobOptions, without_an_end_every_byte_is_asked_for_once) {
  EXPECT_EQ(job_of("rw=read size=1m").most_bytes, 1 << 20);
  EXPECT_GT(job_of("rw=read runtime=5").most_bytes, std::int64_t{1} << 40);
  EXPECT_EQ(job_of("rw=read runtime=5").most_ns, 5'000'000'000);
}

TEST(JobOptions, the_end_is_by_time_alone_or_by_size_as_well) {
  constexpr std::int64_t kNoEnd = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(job_of("size=1m").most_bytes, 1 << 20);
  EXPECT_EQ(job_of("size=1m runtime=5").most_bytes, kNoEnd);
  EXPECT_EQ(job_of("size=1m runtime=5 time_based=1").most_bytes, kNoEnd);
  EXPECT_EQ(job_of("size=1m runtime=5 time_based=0").most_bytes, 1 << 20);
  EXPECT_EQ(job_of("size=1m runtime=5 time_based=0").most_ns, 5'000'000'000);
}

TEST(JobOptions, what_makes_no_sense_is_refused_with_what_would) {
  const auto says = [](const std::string& text, const std::string& words) {
    const std::string sentence = refusal(text);
    EXPECT_NE(sentence.find(words), std::string::npos) << sentence;
  };
  says("rw=randread iodpeth=3", "did you mean 'iodepth'");
  says("rw=randreed", "randread");
  says("rw", "'rw' has no value");
  says("bs=4q", "as in 4k");
  says("bs=1000", "no whole number of sectors");
  says("bs=0", "as in 4k");
  says("bssplit=4k/60:8k/50", "sum to 100");
  says("iodepth=0", "from 1 to");
  says("offset=2g", "on a disk of");
  says("offset=512m size=1g", "more than the disk has");
  says("bs=2m size=1m", "do not fit");
  says("random_distribution=zipf", "zipf:THETA");
  says("random_distribution=pareto:1", "pareto:SHARE");
  says("random_distribution=zoned:50/50", "zoned:");
  says("rate_iops=0", "requests a second");
  says("rw=write verify=crc32c", "compares every byte");
  says("rw=randread verify=pattern", "rw must write");
  says("rw=trim verify=pattern", "rw must write");
  says("time_based=1", "runtime must say");
  says("io_submit_mode=offload", "rate_iops");
  says("io_submit_mode=offload rate_iops=5 thinktime=1", "thinktime");
  says("burst_off=5ms", "burst_on");
}

TEST(JobOptions, sizes_count_in_1024_and_times_in_what_they_say) {
  EXPECT_EQ(fio_size("4k"), 4096);
  EXPECT_EQ(fio_size("4 KiB"), 4096);
  EXPECT_EQ(fio_size("1.5m"), 3 << 19);
  EXPECT_EQ(fio_size("512"), 512);
  EXPECT_EQ(fio_size("1g"), 1 << 30);
  for (const char* none : {"", "k", "-1", "4kk", "1e3", "0.3", "9999999999g", "nan"}) {
    EXPECT_FALSE(fio_size(none)) << none;
  }
  EXPECT_EQ(fio_time_ns("20us", 1), 20'000);
  EXPECT_EQ(fio_time_ns("7", 1000), 7000);
  EXPECT_EQ(fio_time_ns("1.5 s", 1), 1'500'000'000);
  EXPECT_FALSE(fio_time_ns("5 weeks", 1));
}

TEST(JobOptions, whether_a_job_writes_is_known_before_its_disk) {
  const auto writes = [](const std::string& text) { return job_writes(*split_job(text)); };
  EXPECT_FALSE(writes("rw=randread bs=4k"));
  EXPECT_TRUE(writes("rw=randtrim"));
  EXPECT_TRUE(writes("rwmixread=99 rw=rw"));
  EXPECT_FALSE(writes("rw=rw rwmixread=100"));
}

}  // namespace
}  // namespace biotope::sim
