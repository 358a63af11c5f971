// What an open or a close tells, whom and when; and how large the policy is.
#include <gtest/gtest.h>

#include <cstdio>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::properties_of_size;
using testing::Slices;
using testing::Source;
using testing::TestMesh;
using testing::User;
using testing::Watcher;
using testing::what_is_wrong;

TEST(Access, Inv_O8_what_is_told_of_an_open_may_open_more) {
  // A module that opens its leg for writing as soon as it is told of a reader.
  class Eager final : public Geom {
   public:
    using Geom::Geom;
    Verdict start(Bio&, Provider&) override { return Verdict::done(); }
    void access_changed(Provider&, Access before, Access after) override {
      ++told;
      if (before.closed() && !after.closed()) {
        first = mesh().access(consumers().front(), {0, 1, 0}).has_value();
      }
    }
    int told = 0;
    bool first = false;
  };
  TestMesh t;
  t.source("da0");
  auto& eager = t.add<Eager>("eager");
  t.mesh.new_consumer(eager, t.provider("da0")).value();
  Provider& top = **t.mesh.new_provider(eager, "top", properties_of_size(1 << 20));
  t.mesh.publish(top);
  User& user = t.user("u", top);
  ASSERT_TRUE(t.mesh.settle());
  eager.told = 0;
  ASSERT_TRUE(t.mesh.access(user.edge(), kReadOnly));
  EXPECT_EQ(eager.told, 1);
  EXPECT_TRUE(eager.first);
  EXPECT_EQ(t.provider("da0").access(), (Access{1, 1, 0}));
  EXPECT_EQ(what_is_wrong(t.mesh), "");
}

// First and last ---------------------------------------------------------------------------------

// How often a source was told of a first open and of a last close.
std::pair<int, int> locks_of(const Source& source) {
  std::pair<int, int> locks;
  for (const auto& [before, after] : source.access_changes) {
    locks.first += before.closed() && !after.closed() ? 1 : 0;
    locks.second += !before.closed() && after.closed() ? 1 : 0;
  }
  return locks;
}

TEST(Access, Paper_38_the_driver_hears_of_the_first_open_and_the_last_close) {
  TestMesh t;
  t.mesh.set_tasting(false);
  Source& disk = t.source("da0");
  User& one = t.user("one", t.provider("da0"));
  User& two = t.user("two", t.provider("da0"));
  ASSERT_TRUE(t.mesh.access(one.edge(), kReadOnly));
  ASSERT_TRUE(t.mesh.access(two.edge(), kReadOnly));
  ASSERT_TRUE(t.mesh.close(one.edge()));
  EXPECT_EQ(locks_of(disk), (std::pair{1, 0}));
  ASSERT_TRUE(t.mesh.close(two.edge()));
  EXPECT_EQ(locks_of(disk), (std::pair{1, 1}));
}

TEST(Access, Paper_38_once_for_each_plan_though_it_arrives_by_two_paths) {
  TestMesh t;
  t.mesh.set_tasting(false);
  Source& disk = t.source("da0");
  t.pass("left", t.provider("da0"));
  t.pass("right", t.provider("da0"));
  t.fork("top", {&t.provider("left"), &t.provider("right")});
  User& user = t.user("u", t.provider("top"));
  ASSERT_TRUE(t.mesh.access(user.edge(), kReadOnly));
  ASSERT_TRUE(t.mesh.close(user.edge()));
  EXPECT_EQ(locks_of(disk), (std::pair{1, 1}));
  EXPECT_EQ(disk.access_changes.size(), 2U) << "one word for each open and close";
}

TEST(Access, Paper_38_once_for_one_geom_with_two_consumers_on_the_disk) {
  TestMesh t;
  t.mesh.set_tasting(false);
  Source& disk = t.source("da0");
  t.fork("twice", {&t.provider("da0"), &t.provider("da0")});
  User& user = t.user("u", t.provider("twice"));
  ASSERT_TRUE(t.mesh.access(user.edge(), kReadOnly));
  EXPECT_EQ(t.provider("da0").access(), (Access{2, 0, 0}));
  ASSERT_TRUE(t.mesh.close(user.edge()));
  EXPECT_EQ(locks_of(disk), (std::pair{1, 1}));
}

// Facts ------------------------------------------------------------------------------------------

TEST(Access, Inv_O1_counts_add_up_whenever_anybody_looks) {
  TestMesh t;
  t.source("da0");
  Slices& mbr = t.slices("mbr", t.provider("da0"));
  mbr.add_piece("da0s1", 0, 512 * 1024);
  Slices& bsd = t.slices("bsd", t.provider("da0s1"));
  bsd.add_piece("da0s1a", 0, 128 * 1024);
  bsd.add_piece("da0s1c", 0, 512 * 1024);
  ASSERT_TRUE(t.mesh.settle());
  const Watcher watcher(t.mesh);
  Consumer& a = t.user("a", t.provider("da0s1a")).edge();
  Consumer& c = t.user("c", t.provider("da0s1c")).edge();
  ASSERT_TRUE(t.mesh.access(a, {1, 1, 1}));
  ASSERT_FALSE(t.mesh.access(c, {0, 1, 1}));
  ASSERT_TRUE(t.mesh.access(c, {1, 0, 0}));
  t.mesh.wither(mbr);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(watcher.wrong, "");
  EXPECT_GT(watcher.seen.size(), 5U) << "it looked at something";
}

// Size -------------------------------------------------------------------------------------------

int code_lines(const char* path) {
  std::FILE* file = std::fopen(path, "r");
  if (file == nullptr) return 1'000'000;
  int lines = 0;
  char line[256];
  while (std::fgets(line, sizeof line, file) != nullptr) {
    const std::string text(line);
    const std::size_t first = text.find_first_not_of(" \n");
    if (first != std::string::npos && text.compare(first, 2, "//") != 0) ++lines;
  }
  std::fclose(file);
  return lines;
}

TEST(Access, Paper_57_the_policy_is_less_than_200_lines) {
  const int lines = code_lines("model/access_plan.cc") + code_lines("model/access_plan.h");
  EXPECT_LT(lines, 200);
  EXPECT_GT(lines, 50) << "this counts something else than the policy";
}

}  // namespace
}  // namespace biotope
