// Classes go, or look again at what there is.
#include <gtest/gtest.h>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::Fork;
using testing::Issuer;
using testing::load_tasting;
using testing::make_pieces;
using testing::Names;
using testing::Source;
using testing::taste_nothing;
using testing::TastingClass;
using testing::TestMesh;
using testing::User;

// Options ----------------------------------------------------------------------------------------

TEST(Options, a_class_is_told_all_of_its_table_or_nothing) {
  class Choosy final : public Class {
   public:
    Choosy() : Class("choosy") {}
    std::span<const Parameter> options() const override {
      static const Parameter kOptions[] = {
          {.name = "depth", .fallback = std::int64_t{4}, .max = 8, .help = ""},
          {.name = "keen", .kind = Parameter::Kind::boolean, .fallback = true, .help = ""},
      };
      return kOptions;
    }
    void configure(const Values& values) override { told = values; }
    Values told;
  };
  TestMesh t;
  auto owned = std::make_unique<Choosy>();
  Choosy& cls = *owned;
  ASSERT_TRUE(t.mesh.load(std::move(owned)));
  Values given;
  given.set("keen", false);
  ASSERT_TRUE(t.mesh.configure("choosy", given));
  EXPECT_FALSE(cls.told.boolean("keen"));
  EXPECT_EQ(cls.told.integer("depth"), 4) << "what is not given is as the table says";
  given.set("depth", std::int64_t{9});
  EXPECT_EQ(t.mesh.configure("choosy", given).error().code, EINVAL);
  EXPECT_EQ(cls.told.integer("depth"), 4) << "a refusal changes nothing";
  EXPECT_EQ(t.mesh.configure("chosy", {}).error().text,
            "there is no class 'chosy'; did you mean 'choosy'?");
  ASSERT_TRUE(t.mesh.load(std::make_unique<Class>("plain")));
  EXPECT_TRUE(t.mesh.configure("plain", {}));
  EXPECT_EQ(t.mesh.configure("plain", given).error().code, EINVAL);
}

// Unloading --------------------------------------------------------------------------------------

TEST(Unload, Inv_E32_a_class_in_use_stays_as_it_is) {
  TestMesh t;
  TastingClass& cls = load_tasting(t, "slicer", [](Taster& taster, TastingClass& c) -> Task<Geom*> {
    if (taster.provider().name() != "da0") co_return nullptr;
    const Names one{"s1"};
    co_return make_pieces(taster, c, one);
  });
  t.source("da0");
  ASSERT_TRUE(t.mesh.settle());
  User& user = t.user("u", t.provider("da0s1"));
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  const Status refused = t.mesh.unload("slicer");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EBUSY);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(cls.geom_count(), 1U);
  EXPECT_FALSE(cls.unloading());
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 0, 512), 0);
  ASSERT_TRUE(t.mesh.close(user.edge()));
  EXPECT_TRUE(t.mesh.unload("slicer"));
  EXPECT_EQ(t.mesh.find_class("slicer"), nullptr);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_TRUE(t.mesh.classes().empty());
  EXPECT_EQ(t.mesh.provider("da0s1"), nullptr);
  EXPECT_EQ(t.mesh.unload("slicer").error().code, ENOENT);
}

TEST(Unload, Inv_E32_a_user_who_has_something_open_keeps_his_class) {
  TestMesh t;
  t.source("da0");
  auto owned = std::make_unique<Class>("fs");
  Class& cls = *owned;
  ASSERT_TRUE(t.mesh.load(std::move(owned)));
  auto& mounted = static_cast<User&>(t.mesh.add(std::make_unique<User>(t.mesh, cls, "/usr")));
  t.mesh.new_consumer(mounted, t.provider("da0")).value();
  ASSERT_TRUE(t.mesh.access(mounted.edge(), {1, 0, 0}));
  const Status refused = t.mesh.unload("fs");
  ASSERT_FALSE(refused) << "it is mounted";
  EXPECT_EQ(refused.error().code, EBUSY);
  EXPECT_NE(refused.error().text.find("/usr"), std::string::npos) << refused.error().text;
  ASSERT_TRUE(t.mesh.close(mounted.edge()));
  EXPECT_TRUE(t.mesh.unload("fs"));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_TRUE(t.mesh.classes().empty());
}

TEST(Unload, a_class_unloaded_while_it_tastes_leaves_nothing) {
  for (const bool makes_one : {false, true}) {
    TestMesh t;
    load_tasting(t, "c", [&](Taster& taster, TastingClass& cls) -> Task<Geom*> {
      const Result<Bytes> bytes = co_await taster.read(0, 512);
      EXPECT_TRUE(cls.unloading());
      if (!makes_one) co_return nullptr;
      const Names one{"s1"};
      co_return make_pieces(taster, cls, one);
    });
    Source& disk = t.source("da0");
    disk.hold = true;
    while (disk.held.empty()) ASSERT_TRUE(t.executor.step());
    EXPECT_TRUE(t.mesh.unload("c"));
    EXPECT_EQ(t.mesh.classes().size(), 1U) << "its taste() has not returned";
    disk.hold = false;
    disk.finish_all();
    ASSERT_TRUE(t.mesh.settle());
    EXPECT_TRUE(t.mesh.classes().empty()) << makes_one;
    EXPECT_EQ(t.mesh.census().geoms, 1U) << makes_one;
    EXPECT_EQ(t.mesh.provider("da0s1"), nullptr);
  }
}

// Again ------------------------------------------------------------------------------------------

TEST(Retaste, the_classs_geoms_go_and_it_looks_again_where_nothing_is_open) {
  TestMesh t;
  TastingClass& cls = load_tasting(t, "slicer", [](Taster& taster, TastingClass& c) -> Task<Geom*> {
    if (taster.provider().name().size() > 3) co_return nullptr;
    const Names one{"s1"};
    co_return make_pieces(taster, c, one);
  });
  TastingClass& other = load_tasting(t, "other", taste_nothing);
  t.source("da0");
  t.source("da1");
  ASSERT_TRUE(t.mesh.settle());
  User& user = t.user("u", t.provider("da1s1"));
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  const std::uint64_t old = t.provider("da0s1").id();
  const std::uint64_t kept = t.provider("da1s1").id();
  cls.asked.clear();
  other.asked.clear();
  t.mesh.retaste(cls);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_NE(t.provider("da0s1").id(), old);
  EXPECT_EQ(t.provider("da1s1").id(), kept) << "it is open";
  EXPECT_EQ(user.orphanings, 0);
  EXPECT_EQ(cls.asked, (Names{"da0", "da0s1"}));
  EXPECT_EQ(other.asked, Names{"da0s1"}) << "only what is new";
  EXPECT_EQ(cls.geom_count(), 2U);
}

// Would rather live on than be asked again.
TEST(Retaste, a_geom_that_survives_losses_does_not_survive_this) {
  TestMesh t;
  TastingClass& cls = load_tasting(t, "mirror", [](Taster& taster, TastingClass& c) -> Task<Geom*> {
    Mesh& mesh = taster.mesh();
    Geom& geom = mesh.add(std::make_unique<Fork>(mesh, c, taster.provider().name()));
    mesh.new_consumer(geom, taster.provider()).value();
    mesh.new_consumer(geom, *mesh.provider("spare")).value();
    co_return &geom;
  });
  t.mesh.set_tasting(false);
  t.source("spare");
  t.source("da0");
  t.mesh.set_tasting(true);
  t.mesh.taste(t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_EQ(cls.geom_count(), 1U);
  const std::uint64_t old = t.mesh.geom("mirror", "da0")->id();
  cls.asked.clear();
  t.mesh.retaste(cls);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.mesh.geom_by_id(old), nullptr);
}

TEST(Retaste, of_a_class_that_has_gone_meanwhile_is_nothing) {
  TestMesh t;
  TastingClass& cls = load_tasting(t, "c", taste_nothing);
  t.source("da0");
  ASSERT_TRUE(t.mesh.settle());
  t.mesh.retaste(cls);
  EXPECT_TRUE(t.mesh.unload("c"));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_TRUE(t.mesh.classes().empty());
}

}  // namespace
}  // namespace biotope
