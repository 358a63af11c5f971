// What holds for every convention whose tables can be made, whatever they look like on the medium.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>

#include "classes/class_list.h"
#include "classes/slicer/testing.h"
#include "model/many_cases.h"

namespace biotope {
namespace {

using testing::Image;

const Surroundings kNowhere;
constexpr std::int64_t kSectors = 4'000;

Properties medium_of(std::int64_t sector_size_bytes) {
  return testing::properties_of_size(kSectors * sector_size_bytes, sector_size_bytes);
}

// Schemes last as long as the program.
std::vector<const Scheme*> schemes(std::int64_t sector_size_bytes = 512) {
  std::vector<const Scheme*> all;
  for (const auto& cls : all_classes()) {
    const auto* slicer = dynamic_cast<const SlicerClass*>(cls.get());
    if (slicer == nullptr) continue;
    const Scheme& scheme = slicer->scheme();
    if (Document::create(scheme, medium_of(sector_size_bytes), kNowhere, {}))
      all.push_back(&scheme);
  }
  return all;
}

void write(Image& image, std::int64_t sector_size_bytes, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    std::ranges::copy(step.bytes, image.begin() + step.sector * sector_size_bytes);
  }
}

// A table with three partitions, in an image.
Image made(const Scheme& scheme, const Properties& medium) {
  Document document = Document::create(scheme, medium, kNowhere, {}).value();
  for (int i = 0; i < 3; ++i) {
    NewPartition wanted;
    wanted.length_bytes = medium.media_size_bytes / 8;
    const Result<int> index = document.add(wanted);
    EXPECT_TRUE(index) << scheme.name() << ": " << index.error().text;
  }
  Image image(static_cast<std::size_t>(medium.media_size_bytes));
  write(image, medium.sector_size_bytes, document.steps());
  return image;
}

TEST(Conventions, all_of_them_are_looked_at) {
  std::vector<std::string_view> names;
  for (const Scheme* scheme : schemes()) names.push_back(scheme->name());
  for (const char* name : {"MBR", "GPT", "BSD", "BSD64", "VTOC8", "APM", "PC98", "SGI"}) {
    EXPECT_NE(std::ranges::find(names, name), names.end()) << name;
  }
  EXPECT_GT(schemes(2048).size(), 4U);
}

TEST(Conventions, a_table_is_taken_for_one_of_another_kind_by_nobody) {
  for (const Scheme* scheme : schemes()) {
    const Image image = made(*scheme, medium_of(512));
    for (const Scheme* other : schemes()) {
      const Result<Document> found = read_table(*other, kNowhere, medium_of(512), image);
      if (other == scheme) {
        ASSERT_TRUE(found) << scheme->name() << ": " << found.error().text;
        EXPECT_EQ(std::ranges::count(found->table().slices, false, &Slice::raw), 3);
      } else {
        ASSERT_FALSE(found) << scheme->name() << " as " << other->name();
        EXPECT_EQ(found.error().code, kNoTable) << found.error().text;
      }
    }
  }
}

TEST(Conventions, what_is_erased_is_nobodys_table) {
  for (const Scheme* scheme : schemes()) {
    Image image = made(*scheme, medium_of(512));
    Document document = read_table(*scheme, kNowhere, medium_of(512), image).value();
    testing::must(document.erase(true));
    write(image, 512, document.steps());
    for (const Scheme* any : schemes()) {
      const Result<Document> found = read_table(*any, kNowhere, medium_of(512), image);
      ASSERT_FALSE(found) << scheme->name() << " as " << any->name();
      EXPECT_EQ(found.error().code, kNoTable) << found.error().text;
    }
  }
}

// One change drawn at random; most can be refused.
void change(Document& document) {
  const auto pick = *rc::gen::inRange(0, 4);
  const auto index = *rc::gen::inRange(1, 9);
  const auto length = *rc::gen::inRange<std::int64_t>(0, document.medium().media_size_bytes / 4);
  const std::int64_t whole =
      length / document.medium().sector_size_bytes * document.medium().sector_size_bytes;
  if (pick == 0) {
    (void)document.remove(index);
  } else if (pick == 1) {
    (void)document.resize(index, whole);
  } else {
    NewPartition wanted;
    wanted.length_bytes = whole;
    if (*rc::gen::arbitrary<bool>()) wanted.start_bytes = whole;
    (void)document.add(wanted);
  }
}

RC_GTEST_PROP(Conventions, what_is_written_is_read_back_and_what_is_refused_changes_nothing, ()) {
  const std::int64_t size = *rc::gen::element<std::int64_t>(512, 2048, 4096);
  const Scheme& scheme = **rc::gen::elementOf(schemes(size));
  const Properties medium = medium_of(size);
  Document document = Document::create(scheme, medium, kNowhere, {}).value();
  Image image(static_cast<std::size_t>(medium.media_size_bytes));
  const int changes = *rc::gen::inRange(1, 12);
  for (int i = 0; i < changes; ++i) {
    change(document);
    write(image, size, document.steps());
    document.committed();
    const Result<Document> found = read_table(scheme, kNowhere, medium, image);
    RC_ASSERT(found.has_value());
    RC_ASSERT(found->table() == document.table());
  }
}

// Accepted tables keep to the integrity rule whatever the bytes are.
void expect_sound(const Table& table, const Properties& medium) {
  EXPECT_TRUE(accept(table, medium)) << table.scheme;
}

TEST(Conventions, a_flipped_byte_never_gives_an_unsound_or_unstable_answer) {
  const Properties medium = medium_of(512);
  for (const Scheme* scheme : schemes()) {
    Image image = made(*scheme, medium);
    const Document whole = read_table(*scheme, kNowhere, medium, image).value();
    for (const auto& [sector, bytes] : whole.sectors().all()) {
      const auto start = static_cast<std::size_t>(sector * 512);
      for (std::size_t at = start; at < start + 512; at += each_nth()) {
        image[at] = ~image[at];
        const Result<Document> first = read_table(*scheme, kNowhere, medium, image);
        const Result<Document> second = read_table(*scheme, kNowhere, medium, image);
        ASSERT_EQ(first.has_value(), second.has_value()) << scheme->name() << " byte " << at;
        if (first) {
          EXPECT_EQ(first->table(), second->table());
          expect_sound(first->table(), medium);
        } else {
          EXPECT_EQ(first.error().text, second.error().text);
          EXPECT_FALSE(first.error().text.empty());
        }
        image[at] = ~image[at];
      }
    }
  }
}

TEST(Conventions, sums_find_every_flipped_byte) {
  const Properties medium = medium_of(512);
  for (const Scheme* scheme : schemes()) {
    if (scheme->name() != "VTOC8" && scheme->name() != "SGI") continue;
    Image image = made(*scheme, medium);
    for (std::size_t at = 0; at < 504; ++at) {
      image[at] = ~image[at];
      EXPECT_FALSE(read_table(*scheme, kNowhere, medium, image)) << scheme->name() << ' ' << at;
      image[at] = ~image[at];
    }
  }
}

TEST(Conventions, an_image_that_is_cut_short_anywhere_is_refused_or_read_and_never_guessed) {
  const Properties medium = medium_of(512);
  for (const Scheme* scheme : schemes()) {
    const Image image = made(*scheme, medium);
    const Table whole = read_table(*scheme, kNowhere, medium, image)->table();
    for (std::int64_t sectors = 0; sectors < kSectors; sectors += sectors < 80 ? 1 : 97) {
      const Properties shorter = testing::properties_of_size(sectors * 512);
      const Result<Document> found =
          read_table(*scheme, kNowhere, shorter,
                     std::span(image).first(static_cast<std::size_t>(sectors * 512)));
      if (!found) continue;
      expect_sound(found->table(), shorter);
      for (const Slice& slice : found->table().slices) {
        if (slice.raw) continue;
        ASSERT_NE(whole.slice(slice.index), nullptr);
        EXPECT_EQ(*whole.slice(slice.index), slice) << scheme->name() << ' ' << sectors;
      }
    }
  }
}

// Guards -----------------------------------------------------------------------------------------

struct GuardedDisk : testing::AllTablesMesh {
  GuardedDisk(const std::string& cls, const Image& image) {
    Values values;
    values.set("guard", true);
    testing::must(mesh.configure(cls, values));
    medium = &disk("da0", image);
    raw = &opened("raw", "da0", {1, 1, 0});
    mesh.settle();
  }
  // The whole disk in one request, as a tool does that restores it.
  int overwrite(const Image& image) {
    auto task = biotope::write(raw->edge(), 0, image);
    task.start();
    executor.run();
    const Status done = task.result();
    return done ? 0 : done.error().code;
  }

  RamDriver* medium;
  testing::User* raw;
};

Image without(const Image& image, const Scheme& scheme, int index) {
  Document document = read_table(scheme, kNowhere, medium_of(512), image).value();
  testing::must(document.remove(index));
  Image changed = image;
  write(changed, 512, document.steps());
  return changed;
}

// Which of them are on by themselves is another matter (slicer_class.h).
TEST(Conventions, Paper_30_every_one_of_them_can_be_guarded) {
  for (const auto& cls : all_classes()) {
    const auto* slicer = dynamic_cast<const SlicerClass*>(cls.get());
    if (slicer == nullptr) continue;
    const Scheme& scheme = slicer->scheme();
    if (!Document::create(scheme, medium_of(512), kNowhere, {})) continue;
    const Image image = made(scheme, medium_of(512));
    GuardedDisk t(cls->name(), image);
    std::vector<const Slice*> parts;
    const Table table = read_table(scheme, kNowhere, medium_of(512), image)->table();
    for (const Slice& slice : table.slices) {
      if (!slice.raw) parts.push_back(&slice);
    }
    ASSERT_EQ(parts.size(), 3U);
    const testing::User& held = t.opened("user", "da0" + parts[0]->suffix, kReadOnly);
    EXPECT_EQ(t.overwrite(Image(image.size())), EINVAL) << cls->name();
    EXPECT_EQ(t.overwrite(without(image, scheme, parts[0]->index)), EBUSY) << cls->name();
    EXPECT_EQ(t.medium->bytes(), image) << cls->name() << ": what is refused is not written";
    const Image fewer = without(image, scheme, parts[2]->index);
    EXPECT_EQ(t.overwrite(fewer), 0) << cls->name();
    EXPECT_EQ(t.medium->bytes(), fewer) << cls->name();
    EXPECT_NE(t.mesh.provider("da0" + parts[1]->suffix), nullptr) << cls->name();
    EXPECT_EQ(t.mesh.provider("da0" + parts[2]->suffix), nullptr) << cls->name();
    EXPECT_EQ(held.orphanings, 0) << cls->name();
  }
}

}  // namespace
}  // namespace biotope
