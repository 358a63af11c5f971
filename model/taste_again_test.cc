#include <gtest/gtest.h>

#include "model/taster.h"
#include "model/testing.h"

namespace biotope {
namespace {

// A geom that goes when somebody else writes below it.
class Believer final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::done(EOPNOTSUPP); }
};

Task<Geom*> believe(Taster& taster, Class& cls) {
  Mesh& mesh = taster.mesh();
  Geom& geom = mesh.add(std::make_unique<Believer>(mesh, cls, taster.provider().name()));
  mesh.new_consumer(geom, taster.provider()).value();
  co_return &geom;
}

// The writer has closed again before the spoiled geom has gone.
TEST(Tasting, Inv_E29_a_class_looks_again_while_its_spoiled_geom_is_still_going) {
  testing::TestMesh t;
  t.source("da0");
  auto cls = std::make_unique<testing::TastingClass>("believer", believe);
  testing::TastingClass& believer = *cls;
  ASSERT_TRUE(t.mesh.load(std::move(cls)));
  ASSERT_TRUE(t.mesh.settle());
  testing::User& writer = t.user("writer", t.provider("da0"));
  ASSERT_TRUE(t.mesh.access(writer.edge(), {1, 1, 0}));
  ASSERT_TRUE(t.mesh.close(writer.edge()));
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(believer.asked.size(), 2U);
  ASSERT_EQ(believer.geom_count(), 1U);
  EXPECT_FALSE(t.mesh.geom("believer", "da0")->withering());
}

}  // namespace
}  // namespace biotope
