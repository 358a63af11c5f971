#include "model/access.h"

#include <gtest/gtest.h>

#include "model/testing.h"

namespace biotope {
namespace {

using testing::Fork;
using testing::Issuer;
using testing::Pass;
using testing::properties_of_size;
using testing::Recorder;
using testing::Slices;
using testing::Source;
using testing::TestMesh;
using testing::User;
using testing::what_is_wrong;

constexpr Access kR{1, 0, 0};
constexpr Access kW{0, 1, 0};
constexpr Access kE{0, 0, 1};
constexpr Access kWE{0, 1, 1};

int code_of(const Status& status) { return status ? 0 : status.error().code; }

// How every edge of the mesh is open, for comparing before and after.
std::vector<Access> all_counts(const Mesh& mesh) {
  std::vector<Access> counts;
  for (const Geom& geom : mesh.geoms()) {
    for (const Consumer& consumer : geom.consumers()) counts.push_back(consumer.access());
    for (const Provider& provider : geom.providers()) counts.push_back(provider.access());
  }
  return counts;
}

// One rule of who may share what -----------------------------------------------------------------

struct Pair {
  Access held;
  Access asked;
  int error;
};

class Sharing : public ::testing::TestWithParam<Pair> {};

TEST_P(Sharing, Paper_35_others_decide_what_may_be_opened) {
  TestMesh t;
  t.source("da0");
  User& holder = t.user("holder", t.provider("da0"));
  User& other = t.user("other", t.provider("da0"));
  ASSERT_TRUE(t.mesh.access(holder.edge(), GetParam().held));
  ASSERT_TRUE(t.mesh.settle());

  const Status opened = t.mesh.access(other.edge(), GetParam().asked);
  EXPECT_EQ(code_of(opened), GetParam().error);
  EXPECT_EQ(other.edge().access(), opened ? GetParam().asked : Access{});
  EXPECT_EQ(what_is_wrong(t.mesh), "");
  if (!opened) {
    EXPECT_NE(opened.error().text.find("test holder"), std::string::npos) << opened.error().text;
    EXPECT_NE(opened.error().text.find("da0"), std::string::npos) << opened.error().text;
  }
}

// geom.md A4, the truth table: what somebody else holds, what I ask.
INSTANTIATE_TEST_SUITE_P(
    TruthTable, Sharing,
    ::testing::Values(Pair{kR, kR, 0}, Pair{kR, kW, 0}, Pair{kR, kE, 0}, Pair{kR, kWE, 0},  //
                      Pair{kW, kR, 0}, Pair{kW, kW, 0}, Pair{kW, kE, EPERM}, Pair{kW, kWE, EPERM},
                      Pair{kE, kR, 0}, Pair{kE, kW, EPERM}, Pair{kE, kE, 0}, Pair{kE, kWE, EPERM},
                      Pair{kWE, kR, 0}, Pair{kWE, kW, EPERM}, Pair{kWE, kE, EPERM},
                      Pair{kWE, kWE, EPERM}));

TEST(Access, Inv_E39_own_counts_do_not_stand_in_the_way) {
  TestMesh t;
  t.source("da0");
  User& user = t.user("u", t.provider("da0"));
  ASSERT_TRUE(t.mesh.access(user.edge(), kW));
  EXPECT_TRUE(t.mesh.access(user.edge(), kE));
  EXPECT_TRUE(t.mesh.access(user.edge(), kW));
  EXPECT_EQ(user.edge().access(), (Access{0, 2, 1}));
}

TEST(Access, nothing_is_opened_on_an_edge_that_is_not_attached) {
  TestMesh t;
  auto& user = t.add<User>("u");
  ASSERT_TRUE(t.mesh.new_consumer(user));
  EXPECT_EQ(code_of(t.mesh.access(user.edge(), kR)), ENXIO);
}

TEST(Access, Inv_E01_no_count_goes_below_zero) {
  TestMesh t;
  t.source("da0");
  User& user = t.user("u", t.provider("da0"));
  ASSERT_TRUE(t.mesh.access(user.edge(), kR));
  EXPECT_EQ(code_of(t.mesh.access(user.edge(), {-2, 0, 0})), EINVAL);
  EXPECT_EQ(code_of(t.mesh.access(user.edge(), {1, -1, 0})), EINVAL);
  EXPECT_EQ(user.edge().access(), kR);
  EXPECT_TRUE(t.mesh.access(user.edge(), {})) << "no change is no request";
  EXPECT_TRUE(t.mesh.close(user.edge()));
  EXPECT_TRUE(t.mesh.close(user.edge())) << "what is closed may be closed";
  EXPECT_EQ(t.provider("da0").access(), Access{});
}

TEST(Access, the_last_close_may_not_strand_requests) {
  TestMesh t;
  Source& disk = t.source("da0");
  User& user = t.user("u", t.provider("da0"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 0}));
  Issuer issuer(t.mesh);
  disk.hold = true;
  issuer.issue(user.edge(), Command::read, 0, 512);
  EXPECT_TRUE(t.mesh.access(user.edge(), {0, -1, 0})) << "not the last one";
  EXPECT_EQ(code_of(t.mesh.close(user.edge())), EBUSY);
  disk.finish_all();
  EXPECT_TRUE(t.mesh.close(user.edge()));
}

TEST(Access, the_providers_error_is_the_answer) {
  TestMesh t;
  auto& geom = t.add<Source>("da0");
  Provider& provider = **t.mesh.new_provider(geom, "da0", properties_of_size(1 << 20));
  User& user = t.user("u", provider);
  EXPECT_EQ(code_of(t.mesh.access(user.edge(), kR)), ENXIO) << "not published yet (Inv_E36)";
  t.mesh.publish(provider);
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_TRUE(t.mesh.access(user.edge(), kR));
  t.mesh.orphan(provider, EIO);
  EXPECT_EQ(code_of(t.mesh.access(user.edge(), kR)), EIO);
  EXPECT_TRUE(t.mesh.close(user.edge()));
}

// Capabilities -----------------------------------------------------------------------------------

TEST(Access, Inv_O5_no_write_reaches_a_read_only_disk_at_any_depth) {
  TestMesh t;
  Properties protected_medium = properties_of_size(1 << 20);
  protected_medium.writable = false;
  t.source("da0", protected_medium);
  Provider* top = &t.provider("da0");
  for (int depth = 0; depth < 5; ++depth) {
    // Each layer forgets to say that it can not be written: the bottom still refuses.
    Pass& pass = t.pass(sentence("p", depth), *top);
    top = &pass.providers().front();
    Properties forgetful = top->properties();
    forgetful.writable = true;
    ASSERT_TRUE(t.mesh.change_properties(*top, forgetful));
    ASSERT_TRUE(t.mesh.settle());
    User& user = t.user(sentence("u", depth), *top);
    EXPECT_EQ(code_of(t.mesh.access(user.edge(), {1, 1, 0})), EROFS) << depth;
    EXPECT_TRUE(t.mesh.access(user.edge(), kR)) << depth;
    EXPECT_TRUE(t.mesh.close(user.edge()));
  }
}

TEST(Access, Paper_33_a_write_protected_disk_refuses_writers_and_says_so) {
  TestMesh t;
  Properties protected_medium = properties_of_size(1 << 20);
  protected_medium.writable = false;
  t.source("da0", protected_medium);
  User& user = t.user("u", t.provider("da0"));
  const Status opened = t.mesh.access(user.edge(), {1, 1, 0});
  ASSERT_EQ(code_of(opened), EROFS);
  EXPECT_NE(opened.error().text.find("write-protected"), std::string::npos);
  EXPECT_EQ(user.edge().access(), Access{}) << "nor does it get the reading";
  EXPECT_TRUE(t.mesh.access(user.edge(), {1, 0, 1}));
}

// Down the stack ---------------------------------------------------------------------------------

// The paper's ZIP disk: an MBR with two slices, a BSD label with three partitions on the first, of
// which c overlaps a and b.
struct Zip {
  Zip() : mbr(t.add<Slices>("mbr")), bsd(t.add<Slices>("bsd")) {
    t.source("da0");
    t.mesh.new_consumer(mbr, t.provider("da0")).value();
    mbr.add_piece("da0s1", 0, 512 * 1024);
    mbr.add_piece("da0s2", 512 * 1024, 512 * 1024);
    t.mesh.new_consumer(bsd, t.provider("da0s1")).value();
    bsd.add_piece("da0s1a", 0, 128 * 1024);
    bsd.add_piece("da0s1b", 128 * 1024, 384 * 1024);
    bsd.add_piece("da0s1c", 0, 512 * 1024);
    t.mesh.settle();
  }
  Consumer& user(const std::string& name, const std::string& provider) {
    return t.user(name, t.provider(provider)).edge();
  }
  TestMesh t;
  Slices& mbr;
  Slices& bsd;
};

TEST(Access, Paper_51_each_module_is_asked_and_may_ask_below) {
  Zip zip;
  Recorder seen(zip.t.mesh);
  ASSERT_TRUE(zip.t.mesh.access(zip.user("ufs", "da0s1a"), {1, 1, 1}));
  EXPECT_EQ(seen.geoms(FactKind::access_asked), (std::vector<std::string>{"bsd", "mbr", "da0"}));
}

TEST(Access, Paper_52_overlapping_partitions_exclude_each_other) {
  Zip zip;
  ASSERT_TRUE(zip.t.mesh.access(zip.user("ufs", "da0s1a"), {1, 1, 1}));
  const std::vector<Access> before = all_counts(zip.t.mesh);
  const Status whole = zip.t.mesh.access(zip.user("dump", "da0s1c"), {0, 1, 0});
  ASSERT_EQ(code_of(whole), EPERM);
  EXPECT_NE(whole.error().text.find("da0s1a"), std::string::npos) << whole.error().text;
  EXPECT_TRUE(zip.t.mesh.access(zip.user("b", "da0s1b"), {1, 1, 1})) << "b does not overlap a";
  EXPECT_TRUE(zip.t.mesh.access(zip.user("r", "da0s1c"), {1, 0, 0})) << "reading is free";
}

TEST(Access, Paper_53_the_first_open_is_passed_downstream) {
  Zip zip;
  ASSERT_TRUE(zip.t.mesh.access(zip.user("ufs", "da0s1a"), {1, 1, 1}));
  for (const char* name : {"da0s1a", "da0s1", "da0"}) {
    EXPECT_EQ(zip.t.provider(name).access(), (Access{1, 1, 1})) << name;
  }
}

TEST(Access, Paper_54_the_second_mount_asks_nobody_below) {
  Zip zip;
  ASSERT_TRUE(zip.t.mesh.access(zip.user("ufs", "da0s1a"), {1, 1, 1}));
  Consumer& second = zip.user("ufs2", "da0s1b");
  Recorder seen(zip.t.mesh);
  ASSERT_TRUE(zip.t.mesh.access(second, {1, 1, 1}));
  EXPECT_EQ(seen.geoms(FactKind::access_asked), (std::vector<std::string>{"bsd"}));
  EXPECT_EQ(zip.t.provider("da0").access(), (Access{1, 1, 1})) << "the union, not the sum";
}

TEST(Access, Paper_55_the_other_slice_opens_for_itself) {
  Zip zip;
  ASSERT_TRUE(zip.t.mesh.access(zip.user("ufs", "da0s1a"), {1, 1, 1}));
  Consumer& msdos = zip.user("msdos", "da0s2");
  Recorder seen(zip.t.mesh);
  EXPECT_TRUE(zip.t.mesh.access(msdos, {1, 1, 1}));
  EXPECT_EQ(seen.geoms(FactKind::access_asked), (std::vector<std::string>{"mbr"}));
}

TEST(Access, Paper_56_the_slice_under_a_writing_module_is_not_opened_for_writing) {
  Zip zip;
  ASSERT_TRUE(zip.t.mesh.access(zip.user("ufs", "da0s1a"), {1, 1, 1}));
  const std::vector<Access> before = all_counts(zip.t.mesh);
  Consumer& raw = zip.user("raw", "da0s1");
  const Status opened = zip.t.mesh.access(raw, {1, 1, 0});
  ASSERT_EQ(code_of(opened), EPERM);
  EXPECT_NE(opened.error().text.find("test mbr refuses"), std::string::npos) << opened.error().text;
  EXPECT_NE(opened.error().text.find("test bsd"), std::string::npos) << opened.error().text;
  EXPECT_TRUE(zip.t.mesh.access(raw, kR));
}

TEST(Access, the_union_follows_the_opens_up_and_down) {
  Zip zip;
  Consumer& a = zip.user("a", "da0s1a");
  Consumer& b = zip.user("b", "da0s1b");
  const auto below = [&] { return zip.t.provider("da0s1").access(); };
  ASSERT_TRUE(zip.t.mesh.access(a, {2, 0, 0}));
  EXPECT_EQ(below(), (Access{1, 0, 0}));
  ASSERT_TRUE(zip.t.mesh.access(b, {0, 1, 0}));
  EXPECT_EQ(below(), (Access{1, 1, 1})) << "a writer takes e below";
  ASSERT_TRUE(zip.t.mesh.access(a, {-2, 0, 0}));
  EXPECT_EQ(below(), (Access{0, 1, 1}));
  ASSERT_TRUE(zip.t.mesh.access(a, {0, 0, 1}));
  ASSERT_TRUE(zip.t.mesh.close(b));
  EXPECT_EQ(below(), (Access{0, 0, 1}));
  ASSERT_TRUE(zip.t.mesh.close(a));
  EXPECT_EQ(below(), Access{});
  EXPECT_EQ(zip.t.provider("da0").access(), Access{});
}

// All or nothing ---------------------------------------------------------------------------------

TEST(Access, Inv_O2_a_refusal_in_the_middle_of_a_wide_plan_leaves_every_count) {
  TestMesh t;
  std::vector<Provider*> legs;
  for (int i = 0; i < 5; ++i) {
    t.source(sentence("da", i));
    legs.push_back(&t.provider(sentence("da", i)));
  }
  t.fork("fork", legs);
  User& rival = t.user("rival", *legs[3]);
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(rival.edge(), kE));
  User& user = t.user("u", t.provider("fork"));
  const std::vector<Access> before = all_counts(t.mesh);
  const Status opened = t.mesh.access(user.edge(), {1, 1, 1});
  ASSERT_EQ(code_of(opened), EPERM);
  EXPECT_EQ(all_counts(t.mesh), before);
  ASSERT_TRUE(t.mesh.close(rival.edge()));
  EXPECT_TRUE(t.mesh.access(user.edge(), {1, 1, 1}));
  for (const Provider* leg : legs) EXPECT_EQ(leg->access(), (Access{1, 1, 1}));
}

// Refuses what a test tells it to.
class Veto final : public Geom {
 public:
  using Geom::Geom;
  Verdict start(Bio&, Provider&) override { return Verdict::done(EIO); }
  Status demand(AccessPlan& plan) override {
    if (refuse) return fail(EBUSY, "no, says ", name());
    require_union(plan);
    return {};
  }
  bool refuse = true;
};

TEST(Access, Inv_O6_a_refusal_from_below_is_reported_as_it_is) {
  TestMesh t;
  auto& veto = t.add<Veto>("bottom");
  Provider& bottom = **t.mesh.new_provider(veto, "bottom", properties_of_size(1 << 20));
  t.mesh.publish(bottom);
  t.pass("p1", bottom);
  t.pass("p2", t.provider("p1"));
  User& user = t.user("u", t.provider("p2"));
  ASSERT_TRUE(t.mesh.settle());
  Recorder seen(t.mesh);
  const Status opened = t.mesh.access(user.edge(), kR);
  ASSERT_EQ(code_of(opened), EBUSY);
  EXPECT_EQ(opened.error().text, "no, says bottom");
  EXPECT_EQ(seen.geoms(FactKind::access_refused), (std::vector<std::string>{"bottom"}));
  for (const Access count : all_counts(t.mesh)) EXPECT_EQ(count, Access{});
}

TEST(Access, Inv_E04_a_pure_close_is_not_refused_even_by_a_module_that_tries) {
  TestMesh t;
  auto& veto = t.add<Veto>("bottom");
  veto.refuse = false;
  Provider& bottom = **t.mesh.new_provider(veto, "bottom", properties_of_size(1 << 20));
  t.mesh.publish(bottom);
  t.pass("p", bottom);
  User& user = t.user("u", t.provider("p"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(user.edge(), {1, 1, 1}));
  veto.refuse = true;
  EXPECT_TRUE(t.mesh.access(user.edge(), {0, -1, -1}));
  t.mesh.wither(veto);
  EXPECT_TRUE(t.mesh.settle()) << "the core itself closes what withers";
  EXPECT_EQ(t.mesh.census(), Census{});
}

// A leg that its geom closed itself must not be opened again by somebody else's close.
TEST(Access, Inv_E04_a_pure_close_opens_nothing_so_nothing_can_refuse_it) {
  TestMesh t;
  t.source("da0");
  t.source("da1");
  Fork& fork = t.fork("fork", {&t.provider("da0"), &t.provider("da1")});
  User& one = t.user("one", t.provider("fork"));
  User& two = t.user("two", t.provider("fork"));
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_TRUE(t.mesh.access(two.edge(), {1, 0, 0}));
  ASSERT_TRUE(t.mesh.access(one.edge(), {1, 1, 0}));
  Consumer& leg = fork.consumers().back();
  ASSERT_TRUE(t.mesh.close(leg));
  t.mesh.orphan(t.provider("da1"), ENXIO);
  EXPECT_TRUE(t.mesh.access(one.edge(), {0, -1, 0}));
  EXPECT_TRUE(t.mesh.close(two.edge()));
  EXPECT_EQ(what_is_wrong(t.mesh), "");
  t.mesh.wither(fork);
  EXPECT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.mesh.census().consumers, 0U);
}

}  // namespace
}  // namespace biotope
