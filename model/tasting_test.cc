#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::load_tasting;
using testing::make_pieces;
using testing::Names;
using testing::properties_of_size;
using testing::Source;
using testing::taste_nothing;
using testing::TastingClass;
using testing::TestMesh;
using testing::User;

// A disk that remembers its bytes.
class Ram final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider&) override {
    const auto at = static_cast<std::size_t>(bio.position_bytes);
    const auto length = static_cast<std::size_t>(bio.length_bytes);
    if (bio.command == Command::read) bio.data.copy_in(std::span(bytes).subspan(at, length));
    if (bio.command == Command::write) ++writes;
    return Verdict::done(bio.command == Command::getattr ? ENOTTY : 0);
  }
  Bytes bytes;
  int writes = 0;
};

Ram& add_ram(TestMesh& t, const std::string& name, std::int64_t size, std::int64_t sector = 512) {
  auto& ram = t.add<Ram>(name);
  ram.bytes.resize(static_cast<std::size_t>(size));
  t.mesh.publish(**t.mesh.new_provider(ram, name, properties_of_size(size, sector)));
  return ram;
}

// Who is asked ------------------------------------------------------------------------------------

TEST(Taste, Paper_45_classes_are_asked_in_the_order_of_loading) {
  TestMesh t;
  Names asked;
  for (const char* name : {"zebra", "ant", "mole"}) {
    load_tasting(t, name, [&asked, name](Taster&, TastingClass&) -> Task<Geom*> {
      asked.push_back(name);
      co_return nullptr;
    });
  }
  t.source("da0");
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(asked, (Names{"zebra", "ant", "mole"}));
}

TEST(Taste, Paper_44_a_disk_that_appears_is_offered_once_it_is_published) {
  TestMesh t;
  TastingClass& cls = load_tasting(t, "c", taste_nothing);
  auto& geom = t.add<Source>("da0");
  Provider& provider = **t.mesh.new_provider(geom, "da0", properties_of_size(1 << 20));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_TRUE(cls.asked.empty());
  t.mesh.publish(provider);
  t.mesh.publish(provider);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(cls.asked, Names{"da0"});
}

TEST(Taste, Paper_47_what_a_module_makes_is_tasted_in_turn) {
  TestMesh t;
  TastingClass& mbr = load_tasting(t, "mbr", [](Taster& taster, TastingClass& cls) -> Task<Geom*> {
    if (taster.provider().name() != "da0") co_return nullptr;
    const Names slices{"s1", "s2"};
    co_return make_pieces(taster, cls, slices);
  });
  TastingClass& bsd = load_tasting(t, "bsd", [](Taster& taster, TastingClass& cls) -> Task<Geom*> {
    if (taster.provider().name() != "da0s1") co_return nullptr;
    const Names partitions{"a", "b", "c"};
    co_return make_pieces(taster, cls, partitions);
  });
  t.source("da0");
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_NE(t.mesh.provider("da0s1c"), nullptr);
  const Names all{"da0", "da0s1", "da0s2", "da0s1a", "da0s1b", "da0s1c"};
  EXPECT_EQ(mbr.asked, all);
  EXPECT_EQ(bsd.asked, all) << "Paper_48: each provider once by each class, then it ends";
  EXPECT_EQ(t.mesh.geom("mbr", "da0")->rank(), 2);
  EXPECT_EQ(t.mesh.geom("bsd", "da0s1")->rank(), 3);
}

TEST(Taste, Inv_T1_a_label_that_contains_itself_ends_with_the_medium) {
  TestMesh t;
  TastingClass& russian =
      load_tasting(t, "doll", [](Taster& taster, TastingClass& cls) -> Task<Geom*> {
        if (taster.properties().media_size_bytes < 1024) co_return nullptr;
        const Names inner{"i"};
        co_return make_pieces(taster, cls, inner);
      });
  t.source("da0", properties_of_size(1 << 20));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(russian.geom_count(), 11U) << "2^20 down to 512 by halves";
  EXPECT_EQ(russian.asked.size(), 12U);
}

TEST(Taste, Paper_80_a_class_that_comes_later_is_offered_what_there_is) {
  TestMesh t;
  t.source("da0");
  t.source("da1");
  auto& unpublished = t.add<Source>("da2");
  t.mesh.new_provider(unpublished, "da2", properties_of_size(512)).value();
  ASSERT_TRUE(t.mesh.settle());
  TastingClass& cls = load_tasting(t, "c", taste_nothing);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(cls.asked, (Names{"da0", "da1"}));
}

TEST(Taste, Paper_72_a_mesh_can_be_built_by_hand_without_tasting) {
  TestMesh t;
  t.mesh.set_tasting(false);
  t.source("da0");
  TastingClass& cls = load_tasting(t, "c", taste_nothing);
  t.source("da1");
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_TRUE(cls.asked.empty());
}

TEST(Taste, a_class_is_loaded_once) {
  TestMesh t;
  load_tasting(t, "c", taste_nothing);
  const Status again = t.mesh.load(std::make_unique<TastingClass>("c", taste_nothing));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, EEXIST);
  EXPECT_EQ(t.mesh.classes().size(), 1U);
}

TEST(Taste, a_class_with_a_geom_there_is_not_asked_again) {
  TestMesh t;
  TastingClass& cls = load_tasting(t, "c", [](Taster& taster, TastingClass& c) -> Task<Geom*> {
    const Names none;
    co_return make_pieces(taster, c, none);
  });
  t.source("da0");
  ASSERT_TRUE(t.mesh.settle());
  t.mesh.taste(t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(cls.asked, Names{"da0"});
}

TEST(Taste, Inv_E11_what_is_lost_is_not_offered) {
  TestMesh t;
  TastingClass& cls = load_tasting(t, "c", taste_nothing);
  Source& disk = t.source("da0");
  t.mesh.wither(disk);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_TRUE(cls.asked.empty());
  EXPECT_EQ(t.mesh.census(), Census{});
}

// What a taster can do ---------------------------------------------------------------------------

TEST(Taste, Inv_T2_tasting_leaves_nothing_open_and_can_not_write) {
  TestMesh t;
  int refused = 0;
  load_tasting(t, "c", [&refused](Taster& taster, TastingClass&) -> Task<Geom*> {
    EXPECT_EQ(taster.provider().access(), kReadOnly);
    Consumer& edge = taster.provider().consumers().front();
    const std::array<std::byte, 512> sector{};
    const std::span<const std::byte> data(sector);
    const Status written = co_await write(edge, 0, data);
    refused = written ? 0 : written.error().code;
    co_return nullptr;
  });
  Ram& ram = add_ram(t, "da0", 1 << 20);
  const Census before = t.mesh.census();
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(refused, EPERM);
  EXPECT_EQ(ram.writes, 0);
  EXPECT_EQ(t.provider("da0").access(), Access{});
  EXPECT_EQ(t.mesh.census().consumers, before.consumers);
  EXPECT_EQ(t.mesh.census().geoms, before.geoms);
}

// Reads the same places on media of several sector sizes.
class Reading : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(Reading, a_taster_reads_any_bytes_there_are) {
  const std::int64_t sector = GetParam();
  const std::int64_t size = std::max<std::int64_t>(20 * sector, 1024);
  TestMesh t;
  Ram& ram = add_ram(t, "da0", size, sector);
  for (std::size_t i = 0; i < ram.bytes.size(); ++i) {
    ram.bytes[i] = static_cast<std::byte>(i * 7 + i / 251);
  }
  struct Place {
    std::int64_t offset, length;
    bool fine;
  };
  const std::vector<Place> places{{0, 512, true},        {510, 2, true},       {1, 1, true},
                                  {sector - 1, 2, true}, {size - 1, 1, true},  {0, size, true},
                                  {size, 0, true},       {3, 0, true},         {size, 1, false},
                                  {-1, 1, false},        {0, size + 1, false}, {0, -1, false},
                                  {size - 1, 2, false}};
  int looked = 0;
  load_tasting(t, "c", [&](Taster& taster, TastingClass&) -> Task<Geom*> {
    for (const Place& place : places) {
      const Result<Bytes> bytes = co_await taster.read(place.offset, place.length);
      EXPECT_EQ(bytes.has_value(), place.fine) << place.offset << '+' << place.length;
      if (!bytes && place.fine) continue;
      if (!bytes) {
        EXPECT_EQ(bytes.error().code, EIO);
      } else {
        EXPECT_TRUE(std::equal(bytes->begin(), bytes->end(), ram.bytes.begin() + place.offset));
        EXPECT_EQ(bytes->size(), static_cast<std::size_t>(place.length));
      }
      ++looked;
    }
    co_return nullptr;
  });
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(looked, static_cast<int>(places.size()));
}

INSTANTIATE_TEST_SUITE_P(SectorSizes, Reading, ::testing::Values(1, 512, 2352, 4096));

TEST(Taste, Inv_E20_the_last_byte_of_the_largest_medium_can_be_read) {
  TestMesh t;
  constexpr std::int64_t kSize = std::numeric_limits<std::int64_t>::max() / 2352 * 2352;
  Source& disk = t.source("da0", properties_of_size(kSize, 2352));
  bool fine = false;
  load_tasting(t, "c", [&](Taster& taster, TastingClass&) -> Task<Geom*> {
    const Result<Bytes> bytes = co_await taster.read(kSize - 1, 1);
    fine = bytes.has_value();
    co_return nullptr;
  });
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_TRUE(fine);
  EXPECT_EQ(disk.seen.back().position_bytes, kSize - 2352);
}

// Writers ----------------------------------------------------------------------------------------

TEST(Taste, Inv_T6_the_last_writer_to_close_brings_the_classes_back_once) {
  TestMesh t;
  t.source("da0");
  User& writer = t.user("writer", t.provider("da0"));
  TastingClass& cls = load_tasting(t, "c", taste_nothing);
  ASSERT_TRUE(t.mesh.settle());
  cls.asked.clear();
  ASSERT_TRUE(t.mesh.access(writer.edge(), {1, 0, 0}));
  ASSERT_TRUE(t.mesh.close(writer.edge()));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_TRUE(cls.asked.empty()) << "a reader changes nothing";
  ASSERT_TRUE(t.mesh.access(writer.edge(), {0, 2, 0}));
  ASSERT_TRUE(t.mesh.access(writer.edge(), {0, -1, 0}));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_TRUE(cls.asked.empty()) << "there is a writer left";
  ASSERT_TRUE(t.mesh.close(writer.edge()));
  ASSERT_TRUE(t.mesh.access(writer.edge(), {0, 1, 0}));
  ASSERT_TRUE(t.mesh.close(writer.edge()));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(cls.asked, Names{"da0"}) << "a storm of closes is one question";
}

TEST(Taste, what_is_being_written_is_not_looked_at_until_it_is_closed) {
  TestMesh t;
  t.mesh.set_tasting(false);
  t.source("da0");
  User& writer = t.user("writer", t.provider("da0"));
  ASSERT_TRUE(t.mesh.access(writer.edge(), {0, 1, 0}));
  t.mesh.set_tasting(true);
  TastingClass& cls = load_tasting(t, "c", taste_nothing);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_TRUE(cls.asked.empty());
  ASSERT_TRUE(t.mesh.close(writer.edge()));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(cls.asked, Names{"da0"});
}

// Reads, then something happens, then it makes a geom of what it has read.
struct Race {
  explicit Race(std::function<void()> meanwhile) {
    cls = &load_tasting(
        t, "believer",
        [this, meanwhile = std::move(meanwhile)](Taster& taster, TastingClass& c) -> Task<Geom*> {
          return believe(taster, c, meanwhile);
        });
  }
  static Task<Geom*> believe(Taster& taster, TastingClass& cls, std::function<void()> meanwhile) {
    if (taster.provider().name() != "da0") co_return nullptr;
    const Result<Bytes> table = co_await taster.read(0, 512);
    EXPECT_TRUE(table);
    if (cls.asked.size() == 1) meanwhile();
    const Names one{"p1"};
    co_return make_pieces(taster, cls, one);
  }
  TestMesh t;
  TastingClass* cls = nullptr;
};

TEST(Taste, Inv_T6_a_geom_made_of_what_was_overwritten_meanwhile_does_not_stay) {
  User* writer = nullptr;
  Race* the_race = nullptr;
  Race race([&] { EXPECT_TRUE(the_race->t.mesh.access(writer->edge(), {0, 1, 0})); });
  the_race = &race;
  race.t.source("da0");
  writer = &race.t.user("writer", race.t.provider("da0"));
  ASSERT_TRUE(race.t.mesh.settle());
  EXPECT_EQ(race.cls->geom_count(), 0U) << "what it believes in may be gone";
  ASSERT_TRUE(race.t.mesh.close(writer->edge()));
  ASSERT_TRUE(race.t.mesh.settle());
  EXPECT_EQ(race.cls->asked, (Names{"da0", "da0", "da0p1"}));
  EXPECT_EQ(race.cls->geom_count(), 1U);
}

TEST(Taste, Inv_T6_nor_one_made_of_the_medium_before) {
  Race* the_race = nullptr;
  Race race([&] {
    EXPECT_TRUE(
        the_race->t.mesh.media_changed(the_race->t.provider("da0"), properties_of_size(1 << 16)));
  });
  the_race = &race;
  race.t.source("da0");
  ASSERT_TRUE(race.t.mesh.settle());
  EXPECT_EQ(race.cls->asked, (Names{"da0", "da0", "da0p1"})) << "the new medium is looked at";
  EXPECT_EQ(race.t.provider("da0p1").media_size_bytes(), 1 << 15);
  EXPECT_EQ(race.cls->geom_count(), 1U);
}

TEST(Taste, classes_that_come_after_a_writer_wait_for_him_to_close) {
  TestMesh t;
  User* writer = nullptr;
  load_tasting(t, "first", [&](Taster&, TastingClass& cls) -> Task<Geom*> {
    if (cls.asked.size() == 1) {
      EXPECT_TRUE(t.mesh.access(writer->edge(), {0, 1, 0}));
    }
    co_return nullptr;
  });
  TastingClass& second = load_tasting(t, "second", taste_nothing);
  t.source("da0");
  writer = &t.user("writer", t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_TRUE(second.asked.empty());
  ASSERT_TRUE(t.mesh.close(writer->edge()));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(second.asked, Names{"da0"});
}

TEST(Taste, Inv_T4_the_disk_may_be_lost_while_it_is_tasted) {
  TestMesh t;
  Source& disk = t.source("da0");
  int error = -1;
  load_tasting(t, "c", [&](Taster& taster, TastingClass& cls) -> Task<Geom*> {
    const Result<Bytes> bytes = co_await taster.read(0, 512);
    error = bytes ? 0 : bytes.error().code;
    EXPECT_EQ(taster.provider().name(), "da0") << "it is still there to be looked at";
    Mesh& mesh = taster.mesh();
    Geom& geom = mesh.add(std::make_unique<User>(mesh, cls, "late"));
    EXPECT_FALSE(mesh.new_consumer(geom, taster.provider()));
    mesh.wither(geom);
    co_return nullptr;
  });
  disk.hold = true;
  while (disk.held.empty()) ASSERT_TRUE(t.executor.step());
  t.mesh.wither(disk);
  disk.finish_all(ENXIO);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(error, ENXIO);
  EXPECT_EQ(t.mesh.census(), Census{});
}

}  // namespace
}  // namespace biotope
