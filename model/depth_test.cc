// However many requests follow from one another, the call stack does not grow with them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::Fork;
using testing::Issuer;
using testing::properties_of_size;
using testing::Source;
using testing::TestMesh;
using testing::User;

// How far apart the places on the stack are that it was told from.
class StackGauge {
 public:
  void look() {
    const char here = 0;
    const auto at = reinterpret_cast<std::uintptr_t>(&here);
    lowest_ = std::min(lowest_, at);
    highest_ = std::max(highest_, at);
    ++looks_;
  }
  std::uintptr_t spread() const { return highest_ - lowest_; }
  int looks() const { return looks_; }

 private:
  std::uintptr_t lowest_ = UINTPTR_MAX;
  std::uintptr_t highest_ = 0;
  int looks_ = 0;
};

// Issues a request again from its own completion until there were enough.
struct Chain {
  Chain(TestMesh& t, Consumer& edge, int count) : mesh(t.mesh), edge(edge), left(count) {
    bio.command = Command::read;
    bio.length_bytes = 512;
    bio.caller1 = this;
    bio.done = [](Bio& done) {
      auto& self = *static_cast<Chain*>(done.caller1);
      self.gauge.look();
      if (--self.left > 0) self.mesh.submit(done, self.edge);
    };
    mesh.submit(bio, edge);
  }
  Mesh& mesh;
  Consumer& edge;
  int left;
  StackGauge gauge;
  Bio bio;
};

// More than one frame of anything, much less than one for each request.
constexpr std::uintptr_t kConstant = 4096;

TEST(Depth, a_hundred_thousand_chained_completions_stay_on_one_spot) {
  TestMesh t;
  t.source("da0");
  t.pass("p", t.provider("da0"));
  User& user = t.user("u", t.provider("p"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  const Chain chain(t, user.edge(), 100'000);
  EXPECT_EQ(chain.left, 0);
  EXPECT_EQ(chain.gauge.looks(), 100'000);
  EXPECT_LT(chain.gauge.spread(), kConstant);
}

TEST(Depth, so_do_chains_through_a_fork) {
  TestMesh t;
  t.source("da0");
  t.source("da1");
  t.fork("f", {&t.provider("da0"), &t.provider("da1")});
  User& user = t.user("u", t.provider("f"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  const Chain chain(t, user.edge(), 100'000);
  EXPECT_EQ(chain.left, 0);
  EXPECT_LT(chain.gauge.spread(), kConstant);
}

// Looks at the stack when it is asked.
class Deep final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio& bio, Provider&) override {
    gauge->look();
    if (fans_out) {
      Children parts(mesh().path(), bio);
      for (Consumer& leg : consumers()) {
        if (!parts.add_copy(leg, bio.position_bytes)) return Verdict::done(ENOMEM);
      }
      return parts.issue();
    }
    return Verdict::remapped(consumers().front());
  }
  StackGauge* gauge = nullptr;
  bool fans_out = false;
};

struct Tower {
  Tower(int layers, bool fans_out) {
    t.mesh.set_tasting(false);
    t.source("da0");
    Provider* top = &t.provider("da0");
    for (int i = 0; i < layers; ++i) {
      auto& geom = t.add<Deep>(sentence("d", i));
      geom.gauge = &gauge;
      geom.fans_out = fans_out;
      t.mesh.new_consumer(geom, *top).value();
      top = *t.mesh.new_provider(geom, geom.name(), top->properties());
      t.mesh.publish(*top);
    }
    user = &t.user("u", *top);
    EXPECT_TRUE(t.mesh.settle());
    EXPECT_TRUE(t.mesh.access(user->edge(), {1, 1, 1}));
  }
  TestMesh t;
  StackGauge gauge;
  User* user = nullptr;
  Issuer issuer{t.mesh};
};

TEST(Depth, a_thousand_layers_are_walked_on_one_spot) {
  Tower tower(1000, false);
  EXPECT_EQ(tower.issuer.ask(tower.user->edge(), Command::write, 0, 512), 0);
  EXPECT_EQ(tower.gauge.looks(), 1000);
  EXPECT_LT(tower.gauge.spread(), kConstant);
  EXPECT_EQ(tower.user->rank(), 1002);
  EXPECT_EQ(tower.t.provider("da0").access(), (Access{1, 1, 1}));
}

TEST(Depth, a_thousand_layers_that_clone_too) {
  Tower tower(1000, true);
  EXPECT_EQ(tower.issuer.ask(tower.user->edge(), Command::write, 0, 512), 0);
  EXPECT_EQ(tower.gauge.looks(), 1000);
  EXPECT_LT(tower.gauge.spread(), kConstant);
  EXPECT_EQ(tower.t.mesh.census().bios, 0U);
}

TEST(Depth, Paper_61_a_thousand_layers_collapse) {
  Tower tower(1000, false);
  tower.t.mesh.wither(tower.t.provider("da0").geom());
  ASSERT_TRUE(tower.t.mesh.settle());
  EXPECT_EQ(tower.t.mesh.census(), Census{});
}

TEST(Depth, a_thousand_layers_let_go_with_notice) {
  Tower tower(1000, false);
  std::optional<Status> ejected;
  tower.t.mesh.eject(tower.t.provider("da0"), {}, [&](Status s) { ejected = s; });
  ASSERT_TRUE(tower.t.mesh.settle());
  ASSERT_TRUE(ejected);
  EXPECT_TRUE(*ejected);
  EXPECT_EQ(tower.t.mesh.census().geoms, 1U) << "the driver's, without its disk";
}

TEST(Depth, ten_levels_of_doubling_all_come_back) {
  TestMesh t;
  t.mesh.set_tasting(false);
  Source& disk = t.source("da0");
  Provider* top = &t.provider("da0");
  for (int i = 0; i < 10; ++i) top = &t.fork(sentence("f", i), {top, top}).providers().front();
  User& user = t.user("u", *top);
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 0, 0}));
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(user.edge(), Command::read, 0, 512), 0);
  EXPECT_EQ(disk.seen.size(), 1U) << "a read takes one way";
  // A flush is not a write here only because nobody may write by two ways at once.
  EXPECT_EQ(t.provider("da0").access(), (Access{2, 0, 0}));
}

TEST(Depth, Paper_69_fan_out_to_a_thousand) {
  TestMesh t;
  t.mesh.set_tasting(false);
  std::vector<Provider*> legs;
  for (int i = 0; i < 1000; ++i) {
    t.source(sentence("da", i));
    legs.push_back(&t.provider(sentence("da", i)));
  }
  t.fork("f", legs);
  User& user = t.user("u", t.provider("f"));
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 1}));
  Issuer issuer(t.mesh);
  EXPECT_EQ(issuer.ask(user.edge(), Command::write, 0, 512), 0);
  EXPECT_EQ(issuer.ask(user.edge(), Command::flush, 0, 0), 0);
  for (Provider* leg : legs) {
    EXPECT_EQ(static_cast<Source&>(leg->geom()).seen.size(), 2U);
  }
}

TEST(Depth, a_hundred_thousand_events_that_end_at_once_stay_on_one_spot) {
  TestMesh t;
  StackGauge gauge;
  struct Post {
    static Task<void> one(StackGauge& gauge) {
      gauge.look();
      co_return;
    }
  };
  for (int i = 0; i < 100'000; ++i) {
    t.mesh.events().post([&gauge] { return Post::one(gauge); });
  }
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(gauge.looks(), 100'000);
  EXPECT_LT(gauge.spread(), kConstant);
}

}  // namespace
}  // namespace biotope
