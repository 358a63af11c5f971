// What GEOM's own tests ask of partitions.
#include <gtest/gtest.h>

#include "classes/gpt/gpt.h"
#include "classes/nop/nop.h"
#include "classes/slicer/document_testing.h"

namespace biotope {
namespace {

using testing::AllTablesMesh;
using testing::Image;

Image gpt_disk() {
  Image image(2048 * 512);
  Document document = Document::create(gpt::scheme(), testing::medium_of(image), {}, {}).value();
  EXPECT_TRUE(document.add({.start_bytes = 64 * 512, .length_bytes = 512 * 512}));
  testing::write(image, document.steps());
  return image;
}

Image bsd_disk() {
  Image image(2048 * 512);
  testing::put_bsd(image, 512, {{16, 400}});
  return image;
}

// A disk with a place of its own, called nop; without a `path`, one that nobody knows the place of.
class PlacedDisk {
 public:
  PlacedDisk(const Image& image, const char* path) {
    testing::must(t.mesh.load(std::make_unique<NopClass>()));
    t.disk("da0", image);
    Values values;
    if (path != nullptr) values.set("physpath", std::string(path));
    testing::must(
        t.mesh.create("nop", "nop", {&t.provider("da0")}, values).transform([](Geom*) {}));
    t.mesh.settle();
  }

  // What the partition says of its place, or the errno.
  std::string path_of(const std::string& partition) {
    Consumer& edge = t.opened("user of " + partition, partition, kReadOnly).edge();
    auto asked = get_attribute_text(edge, "GEOM::physpath");
    asked.start();
    t.executor.run();
    const Result<std::string> text = asked.result();
    return text ? *text : sentence("errno ", text.error().code);
  }

  AllTablesMesh t;
};

TEST(PartCases, Geom_part_blank_physpath) {
  EXPECT_EQ(PlacedDisk(bsd_disk(), nullptr).path_of("nopa"), sentence("errno ", ENOTTY));
}

TEST(PartCases, Geom_part_bsd_physpath) {
  EXPECT_EQ(PlacedDisk(bsd_disk(), "some/physical/path").path_of("nopa"), "some/physical/path/a");
}

TEST(PartCases, Geom_part_gpt_physpath) {
  EXPECT_EQ(PlacedDisk(gpt_disk(), "some/physical/path").path_of("nopp1"), "some/physical/path/p1");
}

TEST(PartCases, Geom_part_mbr_physpath) {
  PlacedDisk disk(testing::zip_disk(), "some/physical/path");
  EXPECT_EQ(disk.path_of("nops1"), "some/physical/path/s1");
  EXPECT_EQ(disk.path_of("nops2"), "some/physical/path/s2");
}

TEST(PartCases, Geom_part_mbr_bsd_physpath) {
  PlacedDisk disk(testing::zip_disk(), "some/physical/path");
  EXPECT_EQ(disk.path_of("nops1a"), "some/physical/path/s1/a");
}

// GEOM's list goes through its control requests; these are the same mistakes at the verbs.
TEST(PartCases, Geom_part_gctl_wrong_arguments_are_refused_and_change_nothing) {
  using Verb = std::function<Status(Document&)>;
  const auto add = [](NewPartition wanted) -> Verb {
    return [wanted](Document& d) { return d.add(wanted).transform([](int) {}); };
  };
  const auto change = [](int index, Modification to) -> Verb {
    return [=](Document& d) { return d.modify(index, to); };
  };
  const auto resize = [](int index, std::int64_t length_bytes) -> Verb {
    return [=](Document& d) { return d.resize(index, length_bytes); };
  };
  constexpr std::int64_t kSector = 512;
  const std::vector<std::tuple<const char*, Verb, int>> mistakes{
      {"an index that is taken", add({.index = 1, .start_bytes = 800 * kSector}), EEXIST},
      {"an index below the first", add({.index = -1}), EINVAL},
      {"an index beyond the last", add({.index = 129}), EINVAL},
      {"a start amid another", add({.start_bytes = 100 * kSector}), ENOSPC},
      {"a length into another", add({.start_bytes = 40 * kSector, .length_bytes = 30 * kSector}),
       ENOSPC},
      {"a start within the table", add({.start_bytes = kSector, .length_bytes = kSector}), ENOSPC},
      {"a start behind the end", add({.start_bytes = 4096 * kSector}), EINVAL},
      {"a length beyond the end", add({.length_bytes = 4096 * kSector}), EINVAL},
      {"a negative length", add({.length_bytes = -kSector}), EINVAL},
      {"a type that nobody knows", add({.type = "frebsd-ufs"}), EINVAL},
      {"an identity that is none", add({.id = "12345"}), EINVAL},
      {"an attribute that nobody knows", add({.attributes = {"aktive"}}), EINVAL},
      {"a label too long", add({.label = std::string(37, 'x')}), EINVAL},
      {"nothing to remove", [](Document& d) { return d.remove(2); }, ENOENT},
      {"removing the 0th", [](Document& d) { return d.remove(0); }, ENOENT},
      {"nothing to resize", resize(7, kSector), ENOENT},
      {"a negative size", resize(1, -kSector), EINVAL},
      {"a size beyond the end", resize(1, 4096 * kSector), EINVAL},
      {"nothing to modify", change(3, {.type = "efi"}), ENOENT},
      {"an unknown type", change(1, {.type = "eff"}), EINVAL},
      {"a long label", change(1, {.label = std::string(37, 'x')}), EINVAL},
      {"an unknown attribute to set", change(1, {.set = {"x"}}), EINVAL},
      {"a boot program too long", [](Document& d) { return d.boot(Bytes(1 << 20)); }, EFBIG},
      {"erasing what has partitions", [](Document& d) { return d.erase(false); }, EBUSY}};
  const Image image = gpt_disk();
  const Document before = testing::read(gpt::scheme(), image);
  for (const auto& [what, verb, code] : mistakes) {
    Document document = before;
    const Status refused = verb(document);
    EXPECT_EQ(refused ? 0 : refused.error().code, code)
        << what << ": " << (refused ? "done" : refused.error().text);
    EXPECT_EQ(document.table(), before.table()) << what;
    EXPECT_FALSE(document.changed()) << what;
  }
}

TEST(PartCases, a_path_that_grows_too_long_is_refused_and_not_cut) {
  const std::string longest(kAttributeTextBytes - 1, 'x');
  const std::string fits(kAttributeTextBytes - 4, 'x');
  EXPECT_EQ(PlacedDisk(testing::zip_disk(), fits.c_str()).path_of("nops1"), fits + "/s1");
  EXPECT_EQ(PlacedDisk(testing::zip_disk(), longest.c_str()).path_of("nops1"),
            sentence("errno ", ENAMETOOLONG));
}

}  // namespace
}  // namespace biotope
