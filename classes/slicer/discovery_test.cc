// What is found, whoever looks for it and whoever does not: the paper's items on discovery, for any
// table instead of one.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>

#include "classes/slicer/document_testing.h"

namespace biotope {
namespace {

using testing::Image;
using testing::must;
using testing::Rows;
using testing::SlicedMesh;
using testing::User;
using testing::zip_disk;

using Classes = std::vector<std::unique_ptr<Class>>;

// A mesh with these classes, in this order.
class SomeMesh : public SlicedMesh {
 public:
  explicit SomeMesh(Classes classes) : SlicedMesh(NoClasses{}) {
    for (auto& cls : classes) must(mesh.load(std::move(cls)));
  }
};

// A disk of each convention that can be on a whole disk, the paper's own first.
std::vector<Image> disks() {
  std::vector<Image> all = {zip_disk()};
  for (const auto& cls : all_classes()) {
    const auto* slicers = dynamic_cast<const SlicerClass*>(cls.get());
    if (slicers == nullptr) continue;
    Image image(4000 * 512);
    Result<Document> document =
        Document::create(slicers->scheme(), testing::medium_of(image), {}, {});
    if (!document) continue;
    EXPECT_TRUE(document->add({.length_bytes = 500 * 512}));
    testing::write(image, document->steps());
    all.push_back(std::move(image));
  }
  return all;
}

void plug_all(SomeMesh& t) {
  int number = 0;
  for (const Image& image : disks()) t.disk(sentence("da", number++), image);
}

Rows sorted(Rows rows) {
  std::ranges::sort(rows);
  return rows;
}

// Whom tasting asked about `provider`, in order.
class Asked final : public Observer {
 public:
  Asked(Mesh& mesh, std::string provider) : mesh_(mesh), provider_(std::move(provider)) {
    mesh.facts().add(*this);
  }
  ~Asked() override { mesh_.facts().remove(*this); }
  void on_fact(const Fact& f) override {
    if (f.kind != FactKind::tasting || f.provider->name() != provider_) return;
    classes.push_back(f.cls->name());
  }
  Rows classes;

 private:
  Mesh& mesh_;
  std::string provider_;
};

RC_GTEST_PROP(Discovery, Paper_45_all_are_polled_in_their_order_and_find_the_same_in_any, ()) {
  SomeMesh usual(all_classes());
  plug_all(usual);
  Classes classes = all_classes();
  for (std::size_t i = classes.size() - 1; i > 0; --i) {
    std::swap(classes[i], classes[*rc::gen::inRange<std::size_t>(0, i + 1)]);
  }
  Rows expected;
  for (const auto& cls : classes) {
    if (cls->tastes()) expected.push_back(cls->name());
  }
  SomeMesh t(std::move(classes));
  Asked asked(t.mesh, "da0");
  plug_all(t);
  RC_ASSERT(asked.classes == expected);
  RC_ASSERT(sorted(t.names()) == sorted(usual.names()));
}

// A disk of that many sectors with slices that do not overlap, and what they are.
struct Sliced {
  Image image;
  std::vector<testing::MbrEntry> entries;
};
Sliced any_mbr() {
  constexpr std::uint32_t kSectors = 1024;
  Sliced disk{Image(kSectors * 512), std::vector<testing::MbrEntry>(4)};
  auto cuts = *rc::gen::unique<std::vector<std::uint32_t>>(
      8, rc::gen::inRange<std::uint32_t>(1, kSectors + 1));
  std::ranges::sort(cuts);
  for (std::size_t i = 0; i < 4; ++i) {
    if (*rc::gen::inRange(0, 4) == 0) continue;
    disk.entries[(i + 1) % 4] = {cuts[2 * i], cuts[2 * i + 1] - cuts[2 * i], 0xA5};
  }
  testing::put_mbr(disk.image, disk.entries);
  return disk;
}

// Writes through the whole of `name` and tells where on the disk that came.
void expect_at(SlicedMesh& t, RamDriver& disk, const std::string& name, std::int64_t start,
               std::int64_t length) {
  const Provider& provider = t.provider(name);
  RC_ASSERT(provider.media_size_bytes() == length * 512);
  RC_ASSERT(start_on_disk_bytes(provider) == start * 512);
  Image expected = disk.bytes();
  const Image data(static_cast<std::size_t>(length) * 512, std::byte{0xB7});
  std::ranges::copy(data, expected.begin() + start * 512);
  User& user = t.opened("user of " + name, name, kReadWriteExclusive);
  auto write = biotope::write(user.edge(), 0, data);
  write.start();
  t.executor.run();
  must(write.result());
  RC_ASSERT(disk.bytes() == expected);
  must(t.mesh.close(user.edge()));
}

RC_GTEST_PROP(Discovery, Paper_46_each_slice_of_any_mbr_is_a_disk_of_exactly_its_sectors, ()) {
  const Sliced made = any_mbr();
  SlicedMesh t;
  RamDriver& disk = t.disk("da0", made.image);
  Rows expected = {"da0"};
  for (std::size_t i = 0; i < 4; ++i) {
    const testing::MbrEntry& entry = made.entries[i];
    if (entry.type == 0) continue;
    const std::string name = sentence("da0s", i + 1);
    expected.push_back(name);
    expect_at(t, disk, name, entry.start, entry.length);
  }
  RC_ASSERT(sorted(t.names()) == expected);
}

RC_GTEST_PROP(Discovery, Paper_47_each_partition_of_any_label_in_a_slice_is_a_disk, ()) {
  constexpr std::uint32_t kStart = 100;
  constexpr std::uint32_t kLength = 900;
  const std::uint32_t base = *rc::gen::element<std::uint32_t>(0, kStart);
  Image image(1024 * 512);
  testing::put_mbr(image, {{}, {kStart, kLength, 0xA5}});
  std::vector<testing::BsdEntry> entries(*rc::gen::inRange<std::size_t>(3, 9));
  for (testing::BsdEntry& entry : entries) {
    // Behind the label, which is guarded against them.
    const auto start = *rc::gen::inRange<std::uint32_t>(2, kLength);
    entry = {base + start, *rc::gen::inRange<std::uint32_t>(0, kLength - start + 1)};
  }
  entries[2] = {base, kLength, 0};
  testing::put_bsd(image, (kStart + 1) * 512, entries);
  SlicedMesh t;
  RamDriver& disk = t.disk("da0", image);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string name = sentence("da0s2", static_cast<char>('a' + i));
    RC_ASSERT((t.mesh.provider(name) != nullptr) == (entries[i].length > 0));
    if (entries[i].length == 0 || i == 2) continue;
    expect_at(t, disk, name, kStart + entries[i].start - base, entries[i].length);
  }
}

// Without a class ---------------------------------------------------------------------------------

bool stands_on_class(const Geom& geom, const std::string& name) {
  if (geom.cls().name() == name) return true;
  return std::ranges::any_of(geom.consumers(), [&](const Consumer& consumer) {
    return consumer.provider() != nullptr && stands_on_class(consumer.provider()->geom(), name);
  });
}

// What can be made by hand over two blank disks: the class's name, or its name and an errno.
Rows made_by_hand(SomeMesh& t, const Rows& classes) {
  t.disk("blank0", Image(4096 * 512));
  t.disk("blank1", Image(4096 * 512));
  Rows all;
  for (const std::string& name : classes) {
    int error = 0;
    for (const bool both : {false, true}) {
      std::vector<Provider*> below = {&t.provider("blank0")};
      if (both) below.push_back(&t.provider("blank1"));
      const Result<Geom*> made = t.mesh.create(name, "by hand", below);
      error = made ? 0 : made.error().code;
      if (made) t.mesh.wither(**made);
      t.mesh.settle();
      if (made) break;
    }
    all.push_back(sentence(name, ' ', error));
  }
  return all;
}

TEST(Discovery, Paper_80_any_class_may_be_left_out_and_the_others_go_on) {
  SomeMesh full(all_classes());
  plug_all(full);
  Rows classes;
  for (const auto& cls : all_classes()) classes.push_back(cls->name());
  const Rows by_hand = made_by_hand(full, classes);
  EXPECT_GT(std::ranges::count_if(by_hand, [](const auto& row) { return row.ends_with(" 0"); }),
            10);
  for (std::size_t out = 0; out < classes.size(); ++out) {
    if (classes[out] == "disk") continue;  // the bottom that this test stands on
    Classes others = all_classes();
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(out));
    SomeMesh t(std::move(others));
    plug_all(t);
    Rows expected;
    for (const Geom& geom : full.mesh.geoms()) {
      if (stands_on_class(geom, classes[out])) continue;
      for (const Provider& p : geom.providers()) {
        if (!p.name().starts_with("blank")) expected.push_back(p.name());
      }
    }
    EXPECT_EQ(sorted(t.names()), sorted(expected)) << "without " << classes[out];
    Rows expected_by_hand = by_hand;
    expected_by_hand[out] = sentence(classes[out], ' ', ENOENT);
    EXPECT_EQ(made_by_hand(t, classes), expected_by_hand) << "without " << classes[out];
    EXPECT_EQ(testing::what_is_wrong(t.mesh), "") << "without " << classes[out];
  }
}

TEST(Discovery, Paper_80_any_class_may_go_and_come_back_among_the_others) {
  SomeMesh t(all_classes());
  plug_all(t);
  const Rows all = sorted(t.names());
  for (std::size_t i = 0; i < all_classes().size(); ++i) {
    std::unique_ptr<Class> cls = std::move(all_classes()[i]);
    const std::string name = cls->name();
    if (name == "disk") continue;
    must(t.mesh.unload(name));
    t.mesh.settle();
    for (const Geom& geom : t.mesh.geoms()) EXPECT_FALSE(stands_on_class(geom, name)) << name;
    must(t.mesh.load(std::move(cls)));
    t.mesh.settle();
    EXPECT_EQ(sorted(t.names()), all) << name;
  }
}

}  // namespace
}  // namespace biotope
