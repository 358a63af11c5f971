#include "scenarios/runtime/image/tasted_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "classes/dev/dev.h"
#include "classes/disk/ram_driver.h"
#include "scenarios/runtime/image/taste_report.h"

namespace biotope::runtime {
namespace {

using ::testing::HasSubstr;

// A medium in memory, some of whose sectors can not be read.
class WornDriver final : public DiskDriver {
 public:
  WornDriver(std::int64_t sectors, std::set<std::int64_t> bad)
      : ram_(traits_of(sectors)), bad_(std::move(bad)) {}

  DiskTraits traits() const override { return ram_.traits(); }
  Verdict strategy(Bio& bio) override {
    const auto bad = bad_.lower_bound(bio.position_bytes / 512);
    const bool hit = bad != bad_.end() && *bad * 512 < bio.position_bytes + bio.length_bytes;
    return has_range(bio.command) && hit ? Verdict::done(EIO) : ram_.strategy(bio);
  }
  RamDriver& ram() { return ram_; }

 private:
  static DiskTraits traits_of(std::int64_t sectors) {
    DiskTraits traits;
    traits.properties.media_size_bytes = sectors * 512;
    return traits;
  }

  RamDriver ram_;
  std::set<std::int64_t> bad_;
};

std::unique_ptr<WornDriver> driver(std::set<std::int64_t> bad, std::int64_t sectors = 2048) {
  return std::make_unique<WornDriver>(sectors, std::move(bad));
}

// An MBR with a BSD slice of 1000 sectors from sector 64.
void put_mbr(RamDriver& ram) {
  const std::pair<std::size_t, unsigned> bytes[] = {{450, 0xA5}, {454, 64},   {458, 0xE8},
                                                    {459, 3},    {510, 0x55}, {511, 0xAA}};
  for (const auto& [at, value] : bytes) ram.bytes()[at] = std::byte(value);
}

TEST(TastedDisk, sectors_that_can_not_be_read_are_told_and_the_disk_stays_usable_raw) {
  auto worn = driver({0});
  worn->ram().bytes()[512] = std::byte{42};
  const auto tasted = TastedDisk::make(std::move(worn)).value();
  ASSERT_FALSE(found_tables(*tasted).empty());
  for (const FoundTable& table : found_tables(*tasted)) {
    EXPECT_EQ(table.status, "refused");
    EXPECT_EQ(table.provider, "da0");
    EXPECT_EQ(table.notes.size(), 1U);
  }
  for (const TastedDisk::Note& note : tasted->notes()) EXPECT_EQ(note.error, EIO) << note.text;
  Mesh& mesh = tasted->mesh();
  Geom* made = mesh.create("dev", "raw", {mesh.provider("da0")}).value();
  auto reading = static_cast<Dev*>(made)->read(512, 512);
  reading.start();
  while (mesh.executor().step()) {
  }
  EXPECT_EQ(reading.result().value().front(), std::byte{42});
}

TEST(TastedDisk, a_bad_sector_in_a_partition_costs_no_table_but_the_one_it_would_hold) {
  auto worn = driver({64, 65});
  put_mbr(worn->ram());
  const auto tasted = TastedDisk::make(std::move(worn)).value();
  std::set<std::string> refused_on;
  bool mbr_found = false;
  for (const FoundTable& table : found_tables(*tasted)) {
    if (table.status == "refused") refused_on.insert(table.provider);
    mbr_found |= table.scheme == "mbr" && table.status == "ok" && table.partitions.size() == 1;
  }
  EXPECT_TRUE(mbr_found);
  EXPECT_EQ(refused_on, std::set<std::string>{"da0s1"});
  EXPECT_THAT(taste_tree(*tasted, "x.img"), HasSubstr("da0s1: its bsd table is refused"));
}

TEST(TastedDisk, whatever_can_not_be_read_tasting_ends_and_leaves_the_disk) {
  for (std::int64_t bad = 0; bad < 80; ++bad) {
    auto worn = driver({bad});
    put_mbr(worn->ram());
    const auto tasted = TastedDisk::make(std::move(worn));
    ASSERT_TRUE(tasted);
    ASSERT_NE((*tasted)->disk(), nullptr);
    EXPECT_TRUE((*tasted)->disk()->access().closed());
  }
}

TEST(TastedDisk, impossible_media_are_refused) {
  DiskTraits traits;
  traits.properties.sector_size_bytes = 0;
  const auto tasted = TastedDisk::make(std::make_unique<RamDriver>(traits));
  ASSERT_FALSE(tasted);
  EXPECT_EQ(tasted.error().code, EINVAL);
}

TEST(TastedDisk, small_media_of_zeros_hold_nothing) {
  for (std::int64_t sectors = 0; sectors < 70; ++sectors) {
    const auto tasted = TastedDisk::make(driver({}, sectors)).value();
    EXPECT_TRUE(found_tables(*tasted).empty()) << taste_tree(*tasted, "x.img");
  }
}

}  // namespace
}  // namespace biotope::runtime
