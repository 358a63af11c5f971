// `biotope part` with every convention, as JSON, and with tables that nobody can read.
#include "app/part_testing.h"

namespace biotope::app {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PartSchemes : public Part {
 public:
  json shown() const { return json::parse(done("show", {"--json"})); }
  // The table on that provider, as JSON.
  json table(const std::string& on) const {
    const json all = shown();
    for (const json& one : all["tables"]) {
      if (one["on"] == on) return one;
    }
    ADD_FAILURE() << "no table on " << on;
    return {};
  }
  // The sectors by which the image differs from `before`.
  std::vector<std::size_t> changed_since(const std::string& before) const {
    const std::string now = ground.read("x.img");
    std::vector<std::size_t> sectors;
    for (std::size_t at = 0; at < now.size(); at += 512) {
      if (now.compare(at, 512, before, at, 512) != 0) sectors.push_back(at / 512);
    }
    return sectors;
  }
};

struct Sample {
  const char* scheme;
  const char* type;  // as gpart calls it
  const char* raw;   // as it is in the table; the GUID of a GPT
};
constexpr Sample kSamples[] = {
    {"mbr", "freebsd", "0xa5"},
    {"gpt", "freebsd-ufs", "516e7cb6-6ecf-11d6-8ff8-00022d09712b"},
    {"bsd", "freebsd-ufs", "0x07"},
    {"bsd64", "freebsd-swap", "0x01"},
    {"vtoc8", "freebsd-swap", "0x901"},
    {"apm", "freebsd-ufs", "FreeBSD-UFS"},
    {"pc98", "freebsd", "0x4414"},
    {"sgi", "linux-data", "0x83"},
};

TEST_F(PartSchemes, Paper_76_every_convention_is_made_shown_changed_and_taken_away) {
  for (const Sample& sample : kSamples) {
    SCOPED_TRACE(sample.scheme);
    make("64M");
    EXPECT_EQ(done("create", {"-s", sample.scheme}), "da0 created\n");
    const std::string added = done("add", {"-t", sample.type, "-s", "16M"});
    EXPECT_THAT(done("show"), HasSubstr(std::string(sample.raw) + ' ' + sample.type + "  ("));
    const json made = table("da0");
    EXPECT_EQ(made["scheme"], sample.scheme);
    EXPECT_EQ(made["status"], "ok");
    json partition;
    for (const json& one : made["partitions"]) {
      if (one["type_name"] == sample.type) partition = one;
    }
    ASSERT_FALSE(partition.is_null());
    EXPECT_EQ(partition["type"], sample.raw);
    EXPECT_EQ("da0" + partition["suffix"].get<std::string>() + " added\n", added);
    EXPECT_NEAR(partition["length_bytes"].get<double>(), 16 << 20, 8 << 20) << "whole cylinders";
    EXPECT_FALSE(made["free"].empty());
    const std::string index = partition["index"].dump();
    EXPECT_THAT(done("delete", {"-i", index}), HasSubstr("deleted"));
    const json left = table("da0");
    for (const json& one : left["partitions"]) EXPECT_NE(one["index"].dump(), index);
    EXPECT_EQ(done("destroy", {"-F"}), "da0 destroyed\n");
    EXPECT_THAT(refusal("show"), HasSubstr("no partition table"));
    EXPECT_THAT(shell("blkid -c /dev/null -p " + image), IsEmpty());
  }
}

TEST_F(PartSchemes, a_chain_in_an_extended_partition) {
  done("create", {"-s", "mbr"});
  done("add", {"-t", "ebr", "-b", "2048"});
  done("create", {"-s", "ebr", "--on", "da0s1"});
  EXPECT_EQ(done("add", {"--on", "da0s1", "-t", "linux-swap", "-s", "1M"}), "da0s5 added\n");
  EXPECT_EQ(done("add", {"--on", "da0s1", "-t", "linux-data", "-s", "1M"}), "da0s6 added\n");
  const json chain = table("da0s1");
  EXPECT_EQ(chain["start_bytes"], 2048 * 512);
  const auto start = chain["partitions"][0]["start_bytes"].get<std::int64_t>();
  EXPECT_THAT(sfdisk().at(1), HasSubstr("5 " + std::to_string(start / 512) + "+2048 82"))
      << "from the start of the disk";
  EXPECT_EQ(chain["partitions"][0]["type_name"], "linux-swap");
  EXPECT_EQ(sfdisk().size(), 3U);
  EXPECT_EQ(done("delete", {"--on", "da0s1", "-i", "5"}), "da0s5 deleted\n");
  EXPECT_EQ(table("da0s1")["partitions"].size(), 1U);
  EXPECT_EQ(done("destroy", {"--on", "da0s1", "-F"}), "da0s1 destroyed\n");
  EXPECT_EQ(shown()["tables"].size(), 1U);
}

TEST_F(PartSchemes, the_json_has_all_that_there_is) {
  done("create", {"-s", "gpt"});
  done("add", {"-t", "efi", "-s", "1M", "-b", "2048", "-l", "boot", "--set", "bootme"});
  const json all = shown();
  EXPECT_EQ(all["schema"], "biotope/part/1");
  EXPECT_EQ(all["image"], image);
  EXPECT_EQ(all["sector_size"], 512);
  const json& partition = all["tables"][0]["partitions"][0];
  EXPECT_EQ(partition["index"], 1);
  EXPECT_EQ(partition["start_bytes"], 1 << 20);
  EXPECT_EQ(partition["length_bytes"], 1 << 20);
  EXPECT_EQ(partition["type_name"], "efi");
  EXPECT_EQ(partition["label"], "boot");
  EXPECT_EQ(partition["attributes"], json({"bootme"}));
  EXPECT_EQ(partition["id"].get<std::string>().size(), 36U);
  const json& free = all["tables"][0]["free"];
  ASSERT_EQ(free.size(), 2U);
  EXPECT_EQ(free[0]["start_bytes"].get<int>() + free[0]["length_bytes"].get<int>(), 1 << 20);
  EXPECT_EQ(free[1]["start_bytes"], 2 << 20);
  damage(512 + 20);
  EXPECT_EQ(table("da0")["status"], "corrupt");
  EXPECT_FALSE(table("da0")["notes"].empty());
}

TEST_F(PartSchemes, a_table_that_is_refused_is_wiped_when_that_is_insisted_on) {
  struct Damage {
    const char* scheme;
    std::vector<std::size_t> places;
    std::vector<std::size_t> wiped;  // sectors
  };
  const std::size_t size = 8 << 20;
  for (const Damage& damaged : std::vector<Damage>{{"mbr", {446}, {0}},
                                                   {"gpt", {512 + 20, size - 512 + 20}, {}},
                                                   {"bsd", {512 + 132}, {1}},
                                                   {"vtoc8", {450}, {0}}}) {
    SCOPED_TRACE(damaged.scheme);
    make("8M");
    done("create", {"-s", damaged.scheme});
    done("add", {"-s", "1M"});
    for (const std::size_t place : damaged.places) damage(place);
    const std::string before = ground.read("x.img");
    EXPECT_THAT(refusal("destroy"), HasSubstr("--force wipes"));
    EXPECT_THAT(done("destroy", {"-F", "--dry-run"}), HasSubstr("would write 1 sector"));
    EXPECT_THAT(changed_since(before), IsEmpty());
    EXPECT_THAT(done("destroy", {"-F"}), HasSubstr("da0 destroyed: of its refused "));
    EXPECT_LE(changed_since(before).size(), 3U) << "no more than is needed";
    if (!damaged.wiped.empty()) {
      EXPECT_EQ(changed_since(before), damaged.wiped);
    }
    EXPECT_THAT(refusal("show"), HasSubstr("no partition table"));
    EXPECT_THAT(refusal("destroy", {"-F"}), HasSubstr("no partition table"));
    done("create", {"-s", "gpt"});
    expect_gpt_without_fault();
  }
}

}  // namespace
}  // namespace biotope::app
