// The old slice and label layer, written down apart from ours: a driver that knows both tables and
// finds for a unit, a slice, a partition and a block of it the block of the disk. Ours, two modules
// that know nothing of each other, has to find the same.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <cstring>
#include <optional>

#include "classes/gpt/gpt.h"
#include "classes/slicer/testing.h"

namespace biotope {
namespace {

using testing::Image;
using testing::Issuer;
using testing::must;
using testing::SlicedMesh;
using testing::User;

// As the kernel of 1998 does it: what is on the disk is read once, into an array of slices each of
// which has an array of partitions. Names such as da0s2 and da0s2e are minor numbers.
class OldDisk {
 public:
  explicit OldDisk(const Image& image) : image_(image) {
    for (std::size_t i = 0; i < 4; ++i) {
      OldSlice& slice = slices_[i];
      slice.offset = word(446 + 16 * i + 8);
      slice.size = word(446 + 16 * i + 12);
      if (std::to_integer<int>(image[446 + 16 * i + 4]) == 0xA5) read_label(slice);
    }
  }

  // The disk's block for block `block` of slice `slice` (0 for s1) and partition `part` (0 for a,
  // -1 for the slice itself). Nothing for one that is not there, as the old layer answers EINVAL.
  std::optional<std::uint32_t> strategy(std::size_t slice, int part, std::uint32_t block) const {
    const OldSlice& s = slices_[slice];
    if (part < 0) return block < s.size ? std::optional(s.offset + block) : std::nullopt;
    const Part& p = s.parts[static_cast<std::size_t>(part)];
    return block < p.size ? std::optional(s.offset + p.offset + block) : std::nullopt;
  }

 private:
  struct Part {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
  };
  struct OldSlice {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    Part parts[8];
  };

  std::uint32_t word(std::size_t at) const {
    std::uint32_t value = 0;
    std::memcpy(&value, &image_[at], 4);
    return value;
  }
  void read_label(OldSlice& slice) const {
    const std::size_t label = (std::size_t{slice.offset} + 1) * 512;
    if (word(label) != 0x82564557 || word(label + 132) != 0x82564557) return;
    const std::uint32_t raw = word(label + 148 + 2 * 16 + 4);
    for (std::size_t i = 0; i < 8; ++i) {
      slice.parts[i].size = word(label + 148 + 16 * i);
      slice.parts[i].offset = word(label + 148 + 16 * i + 4) - raw;
    }
  }

  const Image& image_;
  OldSlice slices_[4];
};

constexpr std::uint32_t kSectors = 2000;

// A disk on which every sector says its number, with two to four slices, and labels in some.
Image any_disk() {
  Image image(kSectors * 512);
  for (std::uint32_t i = 0; i < kSectors; ++i) testing::put(image, i * 512 + 256, i, 4);
  std::vector<testing::MbrEntry> entries;
  const std::uint32_t count = *rc::gen::inRange(2U, 5U);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t start = 100 + 400 * i + *rc::gen::inRange(0U, 50U);
    const std::uint32_t size = *rc::gen::inRange(60U, 300U);
    const bool labelled = *rc::gen::arbitrary<bool>();
    entries.push_back({start, size, static_cast<std::uint8_t>(labelled ? 0xA5 : 0x06)});
    if (!labelled) continue;
    const std::uint32_t base = *rc::gen::arbitrary<bool>() ? start : 0;
    std::vector<testing::BsdEntry> parts(8, testing::BsdEntry{});
    for (testing::BsdEntry& part : parts) {
      part.length = *rc::gen::inRange(0U, size / 2);
      part.start = base + *rc::gen::inRange(0U, size / 2);
    }
    parts[2] = {base, size, 0};
    testing::put_bsd(image, (start + 1) * 512, parts);
  }
  testing::put_mbr(image, entries);
  return image;
}

// -1 when it is refused.
int read_number(User& user, Issuer& issuer, std::uint32_t block) {
  Image sector(512);
  if (issuer.ask(user.edge(), Command::read, std::int64_t{block} * 512, 512, Data(sector.data())) !=
      0) {
    return -1;
  }
  std::int32_t number = 0;
  std::memcpy(&number, &sector[256], 4);
  return number;
}

RC_GTEST_PROP(Paper, Paper_41_every_block_is_found_where_the_old_layer_finds_it, ()) {
  const Image image = any_disk();
  // Labels reach over byte 256 of their sector; what is compared is told by the bytes behind them.
  const OldDisk old(image);
  SlicedMesh t;
  // What is compared is where bytes are, not how labels are seen.
  Values unguarded;
  unguarded.set("guard", false);
  must(t.mesh.configure("bsd", unguarded));
  t.disk("da0", image);
  Issuer issuer(t.mesh);
  for (std::size_t slice = 0; slice < 4; ++slice) {
    for (int part = -1; part < 8; ++part) {
      std::string name = sentence("da0s", slice + 1);
      if (part >= 0) name += static_cast<char>('a' + part);
      Provider* provider = t.mesh.provider(name);
      RC_ASSERT((provider != nullptr) == old.strategy(slice, part, 0).has_value());
      if (provider == nullptr) continue;
      User& user = t.user("user", *provider);
      must(t.mesh.access(user.edge(), kReadOnly));
      for (const std::uint32_t block : {0U, 2U, 17U, *rc::gen::inRange(0U, 400U)}) {
        const auto there = old.strategy(slice, part, block);
        const int got = read_number(user, issuer, block);
        int expected = -1;
        if (there) std::memcpy(&expected, &image[std::size_t{*there} * 512 + 256], 4);
        RC_ASSERT(got == expected);
      }
      must(t.mesh.close(user.edge()));
    }
  }
}

TEST(Paper, Paper_42_the_disk_knows_no_table_and_the_tables_know_no_other) {
  const auto names_with = [](const std::function<void(testing::TestMesh&)>& load,
                             const Image& image) {
    DiskTraits traits;
    traits.properties.media_size_bytes = static_cast<std::int64_t>(image.size());
    RamDriver driver(traits);
    driver.bytes() = image;
    testing::TestMesh t;
    must(t.mesh.load(std::make_unique<DiskClass>()));
    load(t);
    add_disk(t.mesh, "da0", driver).value();
    t.mesh.settle();
    std::vector<std::string> names;
    for (const Geom& geom : t.mesh.geoms()) {
      for (const Provider& provider : geom.providers()) names.push_back(provider.name());
    }
    return names;
  };
  using Names = std::vector<std::string>;
  const auto nothing = [](testing::TestMesh&) {};
  const auto mbr = [](testing::TestMesh& t) { must(t.mesh.load(std::make_unique<MbrClass>())); };
  const auto bsd = [](testing::TestMesh& t) { must(t.mesh.load(std::make_unique<BsdClass>())); };
  Image dedicated(1000 * 512);
  testing::put_bsd(dedicated, 512, {{16, 100}, {}, {0, 1000, 0}});
  EXPECT_EQ(names_with(nothing, testing::zip_disk()), (Names{"da0"}));
  EXPECT_EQ(names_with(mbr, testing::zip_disk()), (Names{"da0", "da0s1", "da0s2"}));
  EXPECT_EQ(names_with(bsd, testing::zip_disk()), (Names{"da0"}));
  EXPECT_EQ(names_with(bsd, dedicated), (Names{"da0", "da0a", "da0c"}));
}

TEST(Paper, Paper_76_modules_of_other_systems_are_added_one_at_a_time) {
  testing::SlicedMesh t;
  Image gpt(4096 * 512);
  Document made = *Document::create(gpt::scheme(), testing::properties_of_size(4096 * 512), {}, {});
  ASSERT_TRUE(made.add({.type = "efi"}));
  for (const Step& step : made.steps()) {
    std::copy(step.bytes.begin(), step.bytes.end(), gpt.begin() + step.sector * 512);
  }
  t.disk("da0", testing::zip_disk());
  t.disk("da1", gpt);
  const std::size_t before = t.names().size();
  EXPECT_EQ(t.mesh.provider("da1p1"), nullptr);
  must(t.mesh.load(std::make_unique<GptClass>()));
  t.mesh.settle();
  EXPECT_NE(t.mesh.provider("da1p1"), nullptr);
  EXPECT_EQ(t.names().size(), before + 1) << "and nothing else has changed";
}

}  // namespace
}  // namespace biotope
