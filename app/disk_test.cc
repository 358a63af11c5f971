#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/testing.h"

namespace biotope::app {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* kDisks = "../shared/disks";
const std::string kLine = "R Hit 100 8 5000.0 20000.0\n";

class DiskVerb : public testing::Test {
 protected:
  Playground here_;
};

TEST_F(DiskVerb, lists_validated_and_generic_drives) {
  const Played played = here_.play({"disk", "list"});
  EXPECT_EQ(played.exit_status, 0);
  for (const char* name : {"cheetah-9lp", "atlas-10k", "hp-c2247a", "hp-c2490a", "hp-c3323a",
                           "floppy", "zip100", "cdrom", "ide", "scsi", "sata-ncq"}) {
    EXPECT_THAT(played.out, HasSubstr(name));
  }
}

TEST_F(DiskVerb, what_it_shows_can_be_used_as_a_profile) {
  const Played shown = here_.play({"disk", "show", "ide"});
  EXPECT_EQ(shown.exit_status, 0);
  const std::string file = here_.write("mine.toml", shown.out);
  const std::string trace = here_.write("a.trace", kLine + "W Hit 4000 16 7000 0\n");
  const auto validate = [&](const std::string& profile) {
    const Played played =
        here_.play({"disk", "validate", "--profile", profile, "--trace", trace, "--json"});
    EXPECT_EQ(played.exit_status, 0) << played.errors;
    json report = json::parse(played.out);
    report.erase("cpu_seconds");
    return report;
  };
  EXPECT_EQ(validate(file), validate("ide"));
}

TEST_F(DiskVerb, knows_drives_with_flash_inside) {
  EXPECT_THAT(here_.play({"disk", "list"}).out, HasSubstr("sata-ssd"));
  EXPECT_THAT(here_.play({"disk", "show", "flash-card"}).out, HasSubstr("\n[flash]\n"));
  EXPECT_THAT(here_.play({"disk", "show", "flash-card", "--svg", here_.file("f.svg")}).complaint(),
              HasSubstr("'flash-card' has flash inside"));
  const std::string trace = here_.write("a.trace", kLine);
  const Played validated =
      here_.play({"disk", "validate", "--profile", "flash-card", "--trace", trace});
  EXPECT_EQ(validated.exit_status, 2);
  EXPECT_THAT(validated.complaint(), HasSubstr("disk bench --profile flash-card --trace"));
}

// Shown, read back and changed, a flash drive is used by its file as by its name.
TEST_F(DiskVerb, takes_flash_drives_from_files) {
  const std::string text = here_.play({"disk", "show", "tiny-flash"}).out;
  const std::string file = here_.write("mine.toml", text);
  EXPECT_EQ(here_.play({"disk", "show", file}).out, text);
  const auto simulated = [&](const std::string& profile, const std::string& what,
                             const std::string& value) {
    const Played played =
        here_.play({"disk", "bench", "--profile", profile, what, value, "--json"});
    EXPECT_EQ(played.exit_status, 0) << played.errors;
    return json::parse(played.out).at("simulated_seconds").get<double>();
  };
  EXPECT_EQ(simulated(file, "--requests", "500"), simulated("tiny-flash", "--requests", "500"));
  const std::string trace = here_.write("a.trace", kLine + "W Hit 400 16 7000 0\n");
  EXPECT_GT(simulated(file, "--trace", trace), 0.02);  // the think time alone

  const auto at = text.find("\nchannels = ") + 1;
  const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  std::string bad = text;
  bad.replace(at, bad.find('\n', at) - at, "channels = -1");
  const Played refused = here_.play({"disk", "show", here_.write("bad.toml", bad)});
  EXPECT_EQ(refused.exit_status, 2);
  EXPECT_THAT(refused.complaint(),
              HasSubstr("bad.toml:" + std::to_string(line + 1) + ": flash.channels"));
}

TEST_F(DiskVerb, draws) {
  const std::string file = here_.file("disk.svg");
  EXPECT_EQ(here_.play({"disk", "show", "zip100", "--svg", file}).exit_status, 0);
  EXPECT_THAT(here_.read("disk.svg"), HasSubstr("</svg>"));
}

TEST_F(DiskVerb, validates_with_every_figure_of_its_schema) {
  const std::string trace = here_.write("a.trace", kLine);
  const Played played =
      here_.play({"disk", "validate", "--profile", "scsi", "--trace", trace, "--json"});
  ASSERT_EQ(played.exit_status, 0) << played.errors;
  const json report = json::parse(played.out);
  EXPECT_EQ(report.at("schema"), "biotope/validate/1");
  EXPECT_EQ(report.at("requests"), 1);
  EXPECT_EQ(report.at("mean_measured_ms"), 5.0);
  for (const char* key : {"demerit_ms", "demerit_read_ms", "demerit_write_ms", "request_rms_ms",
                          "mean_simulated_ms", "cpu_seconds"}) {
    EXPECT_TRUE(report.at(key).is_number()) << key;
  }
  EXPECT_EQ(report.size(), 9U);
}

TEST_F(DiskVerb, bad_input_ends_with_one_sentence_and_status_2) {
  const std::string trace = here_.write("bad.trace", kLine + "R Hit 100 8 5000.0\n");
  const auto refused = [&](const std::vector<std::string>& words, const std::string& sentence) {
    const Played played = here_.play(words);
    EXPECT_EQ(played.exit_status, 2) << sentence;
    EXPECT_EQ(played.out, "");
    EXPECT_THAT(played.complaint(), HasSubstr(sentence));
  };
  refused({"disk", "validate", "--profile", "ide", "--trace", trace}, "bad.trace:2");
  refused({"disk", "validate", "--profile", "ide", "--trace", here_.file("gone")}, "gone");
  refused({"disk", "validate", "--trace", trace}, "--profile NAME or --parv FILE");
  refused({"disk", "show", "nosuch"}, "cheetah-9lp");
  refused({"disk", "import", here_.write("x.parv", "a b")}, "x.parv:1");
  refused({"disk", "import", here_.write("y.parv", "")}, "y.parv");
  refused({"disk", "show", here_.write("z.toml", "name = 3\n")}, "z.toml:1");
  refused({"disk", "bench", "--profile", "floppy", "--sectors", "3000"}, "2880");
  refused({"disk", "show", "ide", "--svg", here_.file("no/such/x.svg")}, "x.svg");
  EXPECT_EQ(
      here_.play({"disk", "validate", "--profile", "ide", "--trace", trace, "--bad-lines", "skip"})
          .exit_status,
      0);
}

TEST_F(DiskVerb, benches_a_job_that_looks_at_what_it_wrote) {
  const Played played =
      here_.play({"disk", "bench", "--profile", "zip100", "--json", "--job",
                  "rw=randrw bs=4k size=1m iodepth=4 number_ios=200 verify=pattern"});
  EXPECT_EQ(played.exit_status, 0) << played.complaint();
  const json report = json::parse(played.out);
  EXPECT_EQ(report.at("requests"), 200);
  EXPECT_GT(report.at("job").at("verify").at("checked_bytes"), 200 * 1024);
  EXPECT_EQ(report.at("job").at("verify").at("wrong"), 0);
}

TEST_F(DiskVerb, benches) {
  const Played played = here_.play({"disk", "bench", "--requests", "1000", "--json"});
  ASSERT_EQ(played.exit_status, 0);
  const json report = json::parse(played.out);
  EXPECT_EQ(report.at("requests"), 1000);
  EXPECT_GT(report.at("ios_per_cpu_second"), 0);
}

TEST_F(DiskVerb, serves_jobs_in_fios_words_on_drives_of_any_kind) {
  for (const char* profile : {"sata-ncq", "tiny-flash"}) {
    const Played played = here_.play({"disk", "bench", "--profile", profile, "--json", "--job",
                                      "rw=randrw bs=4k iodepth=4 number_ios=500 size=1m"});
    ASSERT_EQ(played.exit_status, 0) << played.errors;
    const json job = json::parse(played.out).at("job");
    EXPECT_EQ(
        job.at("read").at("total_ios").get<int>() + job.at("write").at("total_ios").get<int>(),
        500);
    EXPECT_GT(job.at("read").at("lat_ns").at("percentile").at("99.000000"), 0);
  }
}

TEST_F(DiskVerb, serves_traces_as_they_were_recorded) {
  const Played played =
      here_.play({"disk", "bench", "--trace", "sim/trace/samples/msr.csv", "--json"});
  ASSERT_EQ(played.exit_status, 0) << played.errors;
  const json report = json::parse(played.out);
  EXPECT_EQ(report.at("requests"), 20);
  EXPECT_NEAR(report.at("simulated_seconds").get<double>(), 0.3, 0.05);
  EXPECT_EQ(report.at("job").at("write").at("total_ios"), 4);
}

TEST_F(DiskVerb, refuses_loads_that_make_no_sense) {
  const auto refused = [&](const std::vector<std::string>& words, const std::string& sentence) {
    std::vector<std::string> line{"disk", "bench"};
    line.insert(line.end(), words.begin(), words.end());
    const Played played = here_.play(line);
    EXPECT_EQ(played.exit_status, 2) << sentence;
    EXPECT_EQ(played.out, "");
    EXPECT_THAT(played.complaint(), HasSubstr(sentence));
  };
  refused({"--job", "rw=randread iodpeth=3"}, "did you mean 'iodepth'");
  refused({"--job", "rw=read", "--depth", "3"}, "--depth");
  refused({"--trace", "sim/trace/samples/disksim.trace"}, "--format disksim");
  refused({"--trace", "sim/trace/samples/spc.spc", "--profile", "floppy"}, "spc.spc:1");
}

TEST_F(DiskVerb, imports_what_validates_as_the_file_itself) {
  const std::string folder = kDisks;
  if (!std::filesystem::exists(folder))
    GTEST_SKIP() << "there are no files of drives in " << folder;
  const std::string toml = here_.file("cheetah.toml");
  const Played imported =
      here_.play({"disk", "import", folder + "/cheetah9LP.parv", "--out", toml});
  ASSERT_EQ(imported.exit_status, 0);
  EXPECT_THAT(imported.errors, HasSubstr("'Block count' is not used"));
  const auto demerit = [&](const std::string& option, const std::string& value) {
    const Played played = here_.play(
        {"disk", "validate", option, value, "--trace", folder + "/cheetah9LP.trace", "--json"});
    return json::parse(played.out).at("demerit_ms").get<double>();
  };
  EXPECT_EQ(demerit("--profile", toml), demerit("--parv", folder + "/cheetah9LP.parv"));
  EXPECT_LE(demerit("--profile", "cheetah-9lp"), 0.107);
}

}  // namespace
}  // namespace biotope::app
