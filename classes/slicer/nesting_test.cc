// Every table in a partition of every other.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>

#include "classes/label/label.h"
#include "classes/slicer/document_testing.h"

namespace biotope {
namespace {

using testing::AllTablesMesh;
using testing::Image;

struct Convention {
  std::string cls;
  const Scheme* scheme;  // lasts as long as the program

  // GoogleTest would print addresses.
  friend void PrintTo(const Convention& convention, std::ostream* out) { *out << convention.cls; }
};

std::vector<Convention> conventions() {
  std::vector<Convention> all;
  for (const auto& cls : all_classes()) {
    const auto* slicers = dynamic_cast<const SlicerClass*>(cls.get());
    if (slicers != nullptr) all.push_back({cls->name(), &slicers->scheme()});
  }
  return all;
}

// What each convention says of itself: in which partitions tables of that kind are looked for.
bool is_looked_for(const std::string& outer, const std::string& inner) {
  if (outer == "bsd" || outer == "bsd64" || outer == "vtoc8") return false;
  if (inner == "gpt") return false;
  if (inner == "ebr") return outer == "mbr";
  const bool once_only = inner == "mbr" || inner == "pc98" || inner == "sgi";
  return !once_only || inner != outer;
}

// The type that a partition has to have for that table to be looked for in it.
std::string type_for(const std::string& outer, const std::string& inner) {
  if (outer == "mbr" && inner == "ebr") return "ebr";
  const bool named = outer == "mbr" || outer == "ebr" || outer == "gpt";
  return named && inner == "bsd" ? "freebsd" : "";
}

// Where a table is to be.
struct Place {
  Properties medium;
  Surroundings where;
  std::int64_t start_bytes = 0;  // on the disk
};

// Writes a table with one partition of half its medium; gives that partition's place.
Place put_table(Image& image, const Convention& convention, const Place& place,
                const std::string& type) {
  Result<Document> document = Document::create(*convention.scheme, place.medium, place.where, {});
  if (!document) {
    // It is not looked for there. What it would be elsewhere:
    const auto anywhere = convention.cls == "ebr" ? testing::in_extended() : Surroundings{};
    document = Document::create(*convention.scheme, place.medium, anywhere, {});
  }
  EXPECT_TRUE(document) << convention.cls << ": " << document.error().text;
  const Result<int> index = document->add({.start_bytes = place.medium.media_size_bytes / 4,
                                           .length_bytes = place.medium.media_size_bytes / 2,
                                           .type = type});
  EXPECT_TRUE(index) << convention.cls << ": " << index.error().text;
  for (const Step& step : document->steps()) {
    std::ranges::copy(step.bytes, image.begin() + place.start_bytes + step.sector * 512);
  }
  const Slice& slice = *document->table().slice(*index);
  Place inside = place;
  inside.medium.media_size_bytes = slice.length_bytes;
  inside.where = {.scheme = document->table().scheme,
                  .type = slice.type,
                  .leaf = document->table().leaf,
                  .depth = place.where.depth + 1};
  inside.start_bytes += slice.start_bytes;
  return inside;
}

// The provider of that class which starts there; null when there is none.
const Provider* found(const Mesh& mesh, const std::string& cls, const Place& place) {
  for (const Geom& geom : mesh.geoms()) {
    if (geom.cls().name() != cls) continue;
    for (const Provider& provider : geom.providers()) {
      if (start_on_disk_bytes(provider) == place.start_bytes &&
          provider.media_size_bytes() == place.medium.media_size_bytes) {
        return &provider;
      }
    }
  }
  return nullptr;
}

class Nesting : public ::testing::TestWithParam<std::tuple<Convention, Convention>> {};

TEST_P(Nesting, Paper_47_a_table_in_a_partition_of_another_is_found_where_it_is) {
  const auto& [outer, inner] = GetParam();
  Properties disk;
  disk.native = {.cylinders = 512, .heads = 4, .sectors_per_track = 8};
  Image image(512 * 32 * 512);
  Place place;
  place.medium = disk;
  place.medium.media_size_bytes = static_cast<std::int64_t>(image.size());
  if (outer.cls == "ebr") place = put_table(image, {"mbr", &mbr::scheme()}, place, "ebr");
  place = put_table(image, outer, place, type_for(outer.cls, inner.cls));
  const Place inside = put_table(image, inner, place, "");

  AllTablesMesh t;
  t.disk("da0", image, disk);
  const Provider* partition = found(t.mesh, outer.cls, place);
  ASSERT_NE(partition, nullptr);
  const Provider* inner_partition = nullptr;
  if (const Geom* geom = t.mesh.geom(inner.cls, partition->name())) {
    inner_partition = found(t.mesh, inner.cls, inside);
    EXPECT_EQ(geom->consumers().front().provider(), partition);
  }
  EXPECT_EQ(inner_partition != nullptr, is_looked_for(outer.cls, inner.cls));
}

INSTANTIATE_TEST_SUITE_P(AnyInAny, Nesting,
                         ::testing::Combine(::testing::ValuesIn(conventions()),
                                            ::testing::ValuesIn(conventions())),
                         [](const auto& info) {
                           return std::get<1>(info.param).cls + "_in_" +
                                  std::get<0>(info.param).cls;
                         });

TEST(Nesting, a_table_under_another_name_counts_from_the_start_of_the_disk) {
  AllTablesMesh t;
  testing::must(t.mesh.load(std::make_unique<LabelClass>()));
  t.disk("da0", testing::zip_disk());
  ASSERT_TRUE(t.mesh.create("label", "x", {&t.provider("da0s1")}));
  t.mesh.settle();
  for (const std::string letter : {"a", "b", "c", "d"}) {
    EXPECT_EQ(start_on_disk_bytes(t.provider("label/x" + letter)),
              start_on_disk_bytes(t.provider("da0s1" + letter)));
  }
  EXPECT_EQ(start_on_disk_bytes(t.provider("label/xb")), (testing::kSlice1 + 416) * 512);
}

}  // namespace
}  // namespace biotope
