// What the paper says of mirrors and of a mesh that changes while it is used (its sections 4 and
// 6).
#include <gtest/gtest.h>

#include <optional>

#include "classes/mirror/mirror_class.h"
#include "classes/slicer/testing.h"
#include "classes/testing.h"

namespace biotope::mirror {
namespace {

using biotope::testing::Image;
using biotope::testing::Issuer;
using biotope::testing::pattern;
using biotope::testing::World;

constexpr std::int64_t kMillisecond_ns = 1'000'000;

// Two slices, the first with a disklabel that leaves the last sector to a mirror.
Image two_slices() {
  Image image(2048 * 512);
  biotope::testing::put_mbr(image, {{64, 1000, 0xA5, 0x80}, {1064, 900, 0x06}});
  biotope::testing::put_bsd(image, 65 * 512, {{80, 400}, {480, 500}, {64, 999, 0}});
  return image;
}

void plug(World& w, const std::string& name, std::int64_t latency_ns) {
  DiskTraits traits{.properties = biotope::testing::properties_of_size(2048 * 512)};
  w.drivers.push_back(std::make_unique<RamDriver>(traits, &w.t.executor, latency_ns));
  w.drivers.back()->bytes() = two_slices();
  ASSERT_TRUE(w.plug(name, *w.drivers.back()));
  w.t.executor.run();
}

void mirror_slices(World& w, const char* name, const char* slice) {
  Label what;
  what.name = name;
  std::optional<Status> done;
  label(w.t.mesh, what, {std::string("da0") + slice, std::string("da1") + slice},
        [&](const Status& status) { done = status; });
  w.t.executor.run();
  ASSERT_TRUE(done && *done) << (*done).error().text;
}

TEST(MirrorPaper, Paper_68_slices_mirrored_on_two_disks_survive_the_loss_of_one) {
  World w;
  plug(w, "da0", kMillisecond_ns);
  plug(w, "da1", kMillisecond_ns);
  mirror_slices(w, "m1", "s1");
  mirror_slices(w, "m2", "s2");
  std::vector<Consumer*> users;
  for (const char* disk : {"mirror/m1a", "mirror/m1b", "mirror/m2"}) {
    ASSERT_NE(w.t.mesh.provider(disk), nullptr) << disk;
    users.push_back(&w.open(disk));
  }
  std::vector<Bytes> data;
  Issuer issuer(w.t.mesh);
  for (Consumer* user : users) {
    data.push_back(pattern(64 << 10, static_cast<std::uint32_t>(data.size()) + 1));
    issuer.issue(*user, Command::write, 0, 64 << 10, Data(data.back().data()));
  }
  for (int i = 0; i < 3; ++i) w.t.executor.step();
  w.drivers[0]->pull();
  w.t.executor.run();
  EXPECT_EQ(issuer.errors, (std::vector<int>{0, 0, 0}));
  for (std::size_t i = 0; i < users.size(); ++i) {
    EXPECT_EQ(static_cast<biotope::testing::User&>(users[i]->geom()).orphanings, 0);
    EXPECT_EQ(w.read(*users[i], 0, 64 << 10), data[i]);
    EXPECT_EQ(w.write(*users[i], 0, pattern(4096, 9)), 0);
  }
  w.drivers[1]->pull();
  w.t.executor.run();
  EXPECT_EQ(w.t.mesh.census(), Census{}) << "without a copy everybody is told, and all of it goes";
}

TEST(MirrorPaper, Paper_64_a_mesh_changes_beside_requests_and_not_under_them) {
  World w;
  plug(w, "da0", 100 * kMillisecond_ns);
  Consumer& busy = w.open("da0s1a");
  Consumer& idle = w.open("da0s2");
  Issuer issuer(w.t.mesh);
  Bytes data = pattern(4096);
  issuer.issue(busy, Command::write, 0, 4096, Data(data.data()));
  const auto put_in = [&](Consumer& edge, const char* name, std::size_t& done_at) {
    interpose(w.t.mesh, *edge.provider(), name, [&](const Result<Mirror*>& made) {
      EXPECT_TRUE(made) << made.error().text;
      done_at = issuer.errors.size();
    });
  };
  std::size_t beside = 99;
  std::size_t under = 99;
  put_in(idle, "beside", beside);
  put_in(busy, "under", under);
  w.t.executor.run();
  EXPECT_EQ(beside, 0U) << "the request of somebody else is no reason to wait";
  EXPECT_EQ(under, 1U) << "its own request is";
  EXPECT_EQ(issuer.errors, std::vector<int>{0});
  EXPECT_EQ(w.read(busy, 0, 4096), data);
}

}  // namespace
}  // namespace biotope::mirror
