#include "classes/multipath/multipath.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "classes/array/testing.h"
#include "classes/nop/nop.h"

namespace biotope {
namespace {

using testing::number;
using testing::word;
using testing::World;

constexpr std::int64_t kMiB = 1 << 20;

// One of several ways to the same medium.
class PathDriver final : public DiskDriver {
 public:
  explicit PathDriver(Bytes& medium) : medium_(medium) {}
  DiskTraits traits() const override {
    return {.properties = testing::properties_of_size(static_cast<std::int64_t>(medium_.size()))};
  }
  Verdict strategy(Bio& bio) override {
    ++requests;
    if (!has_range(bio.command)) return Verdict::done();
    const auto place = std::span(medium_).subspan(static_cast<std::size_t>(bio.position_bytes),
                                                  static_cast<std::size_t>(bio.length_bytes));
    if (bio.command == Command::read) bio.data.copy_in(place);
    if (bio.command == Command::write) bio.data.copy_out(place);
    return Verdict::done();
  }
  int requests = 0;

 private:
  Bytes& medium_;
};

// Two or three paths, each a nop over a disk of its own, to one medium.
struct Paths {
  explicit Paths(int count = 2) {
    for (int i = 0; i < count; ++i) {
      plug_bare(i);
      cover(i);
    }
  }
  void plug_bare(int i) {
    const auto n = static_cast<std::size_t>(i);
    while (drivers.size() <= n) drivers.push_back(std::make_unique<PathDriver>(medium));
    EXPECT_TRUE(w.plug("da" + std::to_string(i), *drivers[n]));
  }
  void cover(int i) {
    const auto n = static_cast<std::size_t>(i);
    auto& nop = w.make<Nop>("nop", ("p" + std::to_string(i)).c_str(), {"da" + std::to_string(i)},
                            {{"physpath", word(("path" + std::to_string(i)).c_str())}});
    nops.resize(std::max(nops.size(), n + 1));
    nops[n] = &nop;
  }
  std::string label(const testing::Names& below, testing::Given given = {}) {
    std::vector<Provider*> providers;
    for (const std::string& one : below) providers.push_back(w.t.mesh.provider(one));
    const auto* cls = MultipathClass::of(w.t.mesh);
    const Status done = w.run(cls->label(w.t.mesh, "m", providers, testing::values_of(given)));
    w.t.mesh.settle();
    return done ? "" : sentence(done.error().code, ": ", done.error().text);
  }
  Multipath& create(const testing::Names& below, const char* mode = "active-passive") {
    auto& geom = w.make<Multipath>("multipath", "m", below, {{"mode", word(mode)}});
    user = &w.open("multipath/m");
    return geom;
  }
  void break_path(int i, bool broken = true) {
    const std::int64_t percent = broken ? 100 : 0;
    EXPECT_TRUE(nops[static_cast<std::size_t>(i)]->configure(testing::values_of(
        {{"read_fail_percent", number(percent)}, {"write_fail_percent", number(percent)}})));
  }
  // How many requests of one kind have gone over each path.
  std::vector<std::uint64_t> passed(Command command) const {
    std::vector<std::uint64_t> all;
    for (const Nop* nop : nops) {
      all.push_back(nop->consumers().front().statistics()[command].operations);
    }
    return all;
  }

  Bytes medium = Bytes(kMiB);
  std::vector<std::unique_ptr<PathDriver>> drivers;
  World w;
  std::vector<Nop*> nops;
  Consumer* user = nullptr;
};

TEST(Multipath, Geom_multipath_add) {
  Paths p;
  Multipath& m = p.create({"p0"});
  EXPECT_EQ(m.state(), "DEGRADED");
  EXPECT_TRUE(m.add(p.w.t.provider("p1")));
  EXPECT_EQ(m.state(), "OPTIMAL");
  EXPECT_EQ(m.add(p.w.t.provider("p1")).error().code, EEXIST);
  EXPECT_TRUE(m.prefer("p1"));
  EXPECT_EQ(p.w.write(*p.user, 0, Bytes(512)), 0) << "it is open as the first one is";
}

TEST(Multipath, Geom_multipath_create_A) {
  Paths p;
  Multipath& m = p.create({"p0", "p1"}, "active-active");
  EXPECT_EQ(m.status(), "OPTIMAL, active-active: p0 (ACTIVE) p1 (PASSIVE)");
  const auto writes = p.passed(Command::write);
  const auto reads = p.passed(Command::read);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(p.w.write(*p.user, 0, testing::pattern(512)), 0);
    EXPECT_EQ(p.w.read(*p.user, 0, 512), testing::pattern(512));
  }
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_EQ(p.passed(Command::write)[i] + p.passed(Command::read)[i], writes[i] + reads[i] + 10);
  }
}

TEST(Multipath, Geom_multipath_create_R) {
  Paths p;
  Multipath& m = p.create({"p0", "p1"}, "active-read");
  EXPECT_EQ(m.recipe(), "multipath create m mode=active-read p0 p1");
  const auto reads = p.passed(Command::read);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(p.w.write(*p.user, 0, testing::pattern(512)), 0);
    EXPECT_EQ(p.w.read(*p.user, 0, 512), testing::pattern(512));
  }
  EXPECT_EQ(p.passed(Command::write), (std::vector<std::uint64_t>{10, 0}));
  EXPECT_GT(p.passed(Command::read)[1], reads[1]);
}

// Without nops, which end where their disks end and so would be paths as well.
TEST(Multipath, Geom_multipath_depart_and_arrive) {
  Paths p(0);
  p.plug_bare(0);
  p.plug_bare(1);
  ASSERT_EQ(p.label({"da0", "da1"}), "");
  auto& m = dynamic_cast<Multipath&>(*p.w.t.mesh.geom("multipath", "m"));
  EXPECT_EQ(m.state(), "OPTIMAL");
  EXPECT_EQ(m.recipe(), "multipath label m da0 da1");
  Consumer& user = p.w.open("multipath/m");
  EXPECT_EQ(user.provider()->media_size_bytes(), kMiB - 512);
  p.w.t.mesh.wither(p.w.t.provider("da0").geom());
  p.w.t.mesh.settle();
  EXPECT_EQ(m.state(), "DEGRADED");
  EXPECT_EQ(p.w.write(user, 0, testing::pattern(4096)), 0);
  p.plug_bare(0);
  EXPECT_EQ(m.state(), "OPTIMAL");
  EXPECT_EQ(p.w.read(user, 0, 4096), testing::pattern(4096));
  EXPECT_TRUE(m.prefer("da0"));
  EXPECT_EQ(p.w.write(user, 4096, testing::pattern(512)), 0);
  p.w.close(user);
  EXPECT_EQ(m.state(), "OPTIMAL");
}

TEST(Multipath, Geom_multipath_fail_and_restore) {
  Paths p;
  Multipath& m = p.create({"p0", "p1"});
  EXPECT_TRUE(m.fail_path("p0"));
  EXPECT_EQ(m.status(), "DEGRADED, active-passive: p0 (FAIL) p1 (ACTIVE)");
  EXPECT_EQ(m.prefer("p0").error().code, ENXIO);
  EXPECT_TRUE(m.restore("p0"));
  EXPECT_EQ(m.status(), "OPTIMAL, active-passive: p0 (PASSIVE) p1 (ACTIVE)");
  EXPECT_EQ(m.fail_path("p7").error().text, "multipath m has no path p7");
  EXPECT_EQ(m.restore("p7").error().code, ENOENT);
}

TEST(Multipath, Geom_multipath_fail_on_error) {
  for (const char* mode : {"active-passive", "active-active", "active-read"}) {
    Paths p;
    Multipath& m = p.create({"p0", "p1"}, mode);
    p.break_path(0);
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(p.w.write(*p.user, 0, testing::pattern(4096)), 0);
      EXPECT_EQ(p.w.read(*p.user, 0, 4096), testing::pattern(4096));
    }
    EXPECT_EQ(m.state(), "DEGRADED");
    EXPECT_EQ(m.active(), "p1");
  }
}

TEST(Multipath, Geom_multipath_physpath) {
  Paths p;
  Multipath& m = p.create({"p0", "p1"});
  EXPECT_EQ(*p.w.run(get_attribute_text(*p.user, "GEOM::physpath")), "path0");
  EXPECT_TRUE(m.rotate());
  EXPECT_EQ(*p.w.run(get_attribute_text(*p.user, "GEOM::physpath")), "path1");
}

TEST(Multipath, Geom_multipath_prefer_and_rotate) {
  Paths p(3);
  Multipath& m = p.create({"p0", "p1", "p2"});
  EXPECT_EQ(m.active(), "p0");
  EXPECT_TRUE(m.prefer("p2"));
  EXPECT_EQ(m.active(), "p2");
  EXPECT_TRUE(m.rotate());
  EXPECT_EQ(m.active(), "p0");
  EXPECT_TRUE(m.fail_path("p1"));
  EXPECT_TRUE(m.rotate());
  EXPECT_EQ(m.active(), "p2");
}

TEST(Multipath, Geom_multipath_restore_on_error) {
  Paths p(3);
  Multipath& m = p.create({"p0", "p1", "p2"});
  EXPECT_TRUE(m.fail_path("p0"));
  EXPECT_TRUE(m.fail_path("p1"));
  p.break_path(2);
  EXPECT_EQ(p.w.write(*p.user, 0, testing::pattern(512)), 0);
  EXPECT_EQ(m.status(), "OPTIMAL, active-passive: p0 (ACTIVE) p1 (PASSIVE) p2 (FAIL)");
}

TEST(Multipath, Inv_E16_Geom_multipath_failloop) {
  Paths p(3);
  Multipath& m = p.create({"p0", "p1", "p2"});
  for (int i = 0; i < 3; ++i) p.break_path(i);
  const int before = p.drivers[0]->requests;
  EXPECT_EQ(p.w.write(*p.user, 0, testing::pattern(512)), EIO);
  EXPECT_EQ(p.drivers[0]->requests, before) << "the nops refuse";
  for (int i = 0; i < 3; ++i) p.break_path(i, false);
  EXPECT_EQ(p.w.write(*p.user, 0, testing::pattern(512)), 0);
  EXPECT_NE(m.state(), "BROKEN");
}

TEST(Multipath, the_last_path_ends_it_when_lost_and_stays_when_asked_to_go) {
  Paths p;
  Multipath& m = p.create({"p0", "p1"});
  EXPECT_TRUE(m.remove("p0"));
  EXPECT_EQ(m.remove("p1").error().code, EBUSY);
  p.w.t.mesh.wither(p.w.t.provider("da1").geom());
  p.w.t.mesh.settle();
  EXPECT_EQ(p.w.t.mesh.geom("multipath", "m"), nullptr);
}

TEST(Multipath, Inv_E18_what_is_ordered_goes_alone) {
  for (const std::size_t slow : {0U, 1U}) {
    Paths p;
    p.create({"p0", "p1"}, "active-active");
    EXPECT_TRUE(p.nops[slow]->configure(
        testing::values_of({{"delay", number(1'000'000)}, {"write_delay_percent", number(100)}})));
    testing::Issuer issuer(p.w.t.mesh);
    Bytes data[] = {testing::pattern(512, 1), testing::pattern(512, 2), testing::pattern(512, 3),
                    testing::pattern(512, 4)};
    for (int i = 0; i < 4; ++i) {
      const std::uint16_t flags = i % 2 == 1 ? kBioOrdered : 0;
      issuer.issue(*p.user, Command::write, 0, 512, Data(data[i].data()), flags);
    }
    p.w.t.executor.run();
    EXPECT_TRUE(issuer.all_back_once(4));
    EXPECT_TRUE(std::equal(data[3].begin(), data[3].end(), p.medium.begin())) << slow;
  }
}

TEST(Multipath, the_metadata_are_those_of_the_format_byte_for_byte) {
  Paths p;
  ASSERT_EQ(p.label({"p0", "p1"}, {{"mode", word("active-read")}}), "");
  auto& m = dynamic_cast<Multipath&>(*p.w.t.mesh.geom("multipath", "m"));
  ASSERT_EQ(m.uuid().size(), 36U);
  Bytes expected(512);
  testing::put_text(expected, 0, "GEOM::MULTIPATH");
  testing::put_text(expected, 16, m.uuid());
  testing::put_text(expected, 56, "m");
  testing::put_le(expected, 72, 1, 4);
  testing::put_le(expected, 76, 512, 4);
  testing::put_le(expected, 80, kMiB, 8);
  testing::put_le(expected, 88, 2, 1);
  EXPECT_EQ(Bytes(p.medium.end() - 512, p.medium.end()), expected);
}

TEST(Multipath, two_disks_are_no_two_paths) {
  Paths p;
  p.w.disk("other", kMiB);
  p.w.disk("small", kMiB / 2);
  EXPECT_EQ(p.label({"p0", "other"}),
            sentence(EINVAL,
                     ": other is no path to the disk of p0: what is written there does not "
                     "appear here"));
  EXPECT_EQ(p.medium, Bytes(kMiB));
  EXPECT_TRUE(p.w.refusal("multipath", "m", {"p0", "small"}).starts_with(sentence(EINVAL)));
  EXPECT_TRUE(p.w.refusal("multipath", "m", {}).starts_with(sentence(EINVAL)));
  EXPECT_TRUE(
      p.w.refusal("multipath", "m", {"p0"}, {{"mode", word("all")}}).starts_with(sentence(EINVAL)));
  ASSERT_EQ(p.label({"p0", "p1"}), "");
  ASSERT_TRUE(p.w.t.mesh.destroy(*p.w.t.mesh.geom("multipath", "m")));
  p.w.t.mesh.settle();
  EXPECT_TRUE(p.label({"p1"}).starts_with(sentence(EEXIST)));
  EXPECT_TRUE(p.w.run(MultipathClass::of(p.w.t.mesh)->clear(p.w.t.mesh, p.w.t.provider("p1"))));
  EXPECT_EQ(p.medium, Bytes(kMiB));
}

}  // namespace
}  // namespace biotope
