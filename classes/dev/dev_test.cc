#include "classes/dev/dev.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "classes/slicer/testing.h"

namespace biotope {
namespace {

using testing::SlicedMesh;
using testing::zip_disk;

class DevMesh : public SlicedMesh {
 public:
  DevMesh() { testing::must(mesh.load(std::make_unique<DevClass>())); }

  Result<Dev*> open(const std::string& name, const std::string& mode) {
    Values values;
    values.set("mode", mode);
    const Result<Geom*> geom = mesh.create("dev", "dev/" + name, {mesh.provider(name)}, values);
    if (!geom) return pass_on(geom);
    return static_cast<Dev*>(*geom);
  }
  template <class T>
  T run(Task<T> task) {
    task.start();
    executor.run();
    return task.result();
  }
};

TEST(Dev, Paper_25_a_request_needs_no_file_system_behind_it) {
  DevMesh t;
  RamDriver& disk = t.disk("da0", zip_disk());
  Dev& dev = **t.open("da0s2", "rw");
  const Bytes written(1024, std::byte{0x5A});
  ASSERT_TRUE(t.run(dev.write(512, written)));
  const Result<Bytes> read = t.run(dev.read(512, 1024));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, written);
  const auto on_disk = disk.bytes().begin() + (testing::kSlice2 + 1) * 512;
  EXPECT_TRUE(std::equal(written.begin(), written.end(), on_disk));
  EXPECT_TRUE(t.run(dev.flush()));
}

TEST(Dev, Paper_56_raw_writing_under_a_writer_is_refused_by_name) {
  DevMesh t;
  t.disk("da0", zip_disk());
  t.opened("fs", "da0s1a", kReadWriteExclusive);
  const Census before = t.mesh.census();
  const Result<Dev*> refused = t.open("da0s1", "rw");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, EPERM);
  EXPECT_NE(refused.error().text.find("bsd da0s1"), std::string::npos) << refused.error().text;
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.mesh.census(), before);
  EXPECT_TRUE(t.open("da0s1", "r")) << "reading is never refused";
}

// With a guard they stay: classes/slicer/magic_test.cc.
TEST(Dev, Inv_E29_unguarded_tables_go_while_somebody_writes_the_raw_disk_and_come_back) {
  DevMesh t;
  Values off;
  off.set("guard", false);
  ASSERT_TRUE(t.mesh.configure("mbr", off));
  t.disk("da0", zip_disk());
  const auto names = t.names();
  Dev& dev = **t.open("da0", "rw");
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.names(), std::vector<std::string>{"da0"});
  dev.close();
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.names(), names);
}

TEST(Dev, refuses_an_eject_and_answers_enxio_when_the_disk_is_gone) {
  DevMesh t;
  RamDriver& disk = t.disk("da0", zip_disk());
  const Census before = t.mesh.census();
  Dev& dev = **t.open("da0s2", "rw");
  Status ejected;
  t.mesh.eject(t.provider("da0"), {}, [&](Status s) { ejected = s; });
  ASSERT_TRUE(t.mesh.settle());
  ASSERT_FALSE(ejected);
  EXPECT_EQ(ejected.error().code, EBUSY);
  EXPECT_NE(ejected.error().text.find("dev/da0s2"), std::string::npos);
  EXPECT_TRUE(t.run(dev.read(0, 512))) << "a refused eject leaves all as it was";

  auto late = dev.read(0, 512);
  disk.pull();
  late.start();
  t.executor.run();
  EXPECT_EQ(late.result().error().code, ENXIO);
  EXPECT_LT(t.mesh.census().geoms, before.geoms);
  EXPECT_EQ(t.mesh.census(), Census{});
}

TEST(Dev, an_unknown_mode_is_refused_and_leaves_nothing) {
  DevMesh t;
  t.disk("da0", zip_disk());
  const Census before = t.mesh.census();
  for (const char* mode : {"", "x", "wr", "rwx"}) {
    const Result<Dev*> refused = t.open("da0", mode);
    ASSERT_FALSE(refused) << mode;
    EXPECT_EQ(refused.error().code, EINVAL);
  }
  ASSERT_TRUE(t.mesh.settle());
  EXPECT_EQ(t.mesh.census(), before);
}

}  // namespace
}  // namespace biotope
