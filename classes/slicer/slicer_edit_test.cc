// The verbs on live geoms.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>

#include "classes/ebr/ebr.h"
#include "classes/gpt/gpt.h"
#include "classes/slicer/document_testing.h"

namespace biotope {
namespace {

using testing::AllTablesMesh;
using testing::Image;
using testing::must;
using testing::Recorder;
using testing::Rows;
using testing::User;
using testing::zip_disk;

// Fails every write after the first so many.
class Failing final : public DiskDriver {
 public:
  explicit Failing(const Image& image) : bytes(image) {}
  DiskTraits traits() const override {
    DiskTraits traits;
    traits.properties.media_size_bytes = static_cast<std::int64_t>(bytes.size());
    return traits;
  }
  Verdict strategy(Bio& bio) override {
    const auto part = std::span(bytes).subspan(static_cast<std::size_t>(bio.position_bytes),
                                               static_cast<std::size_t>(bio.length_bytes));
    if (bio.command == Command::read) bio.data.copy_in(part);
    if (bio.command == Command::write) {
      if (writes_left-- <= 0) return Verdict::done(EIO);
      bio.data.copy_out(part);
    }
    return Verdict::done();
  }
  Image bytes;
  int writes_left = 1 << 30;
};

class VerbMesh : public AllTablesMesh {
 public:
  Slicer& slicer(const std::string& cls, const std::string& below) {
    Slicer* found = Slicer::of(*mesh.geom(cls, below));
    BIOTOPE_CHECK(found != nullptr, "the test names a table that is there");
    return *found;
  }
  Status commit(Slicer& slicer) { return run(slicer.commit()); }
  Status undo(Slicer& slicer) { return run(slicer.undo()); }

 private:
  Status run(Task<Status> task) {
    task.start();
    executor.run();
    mesh.settle();
    return task.result();
  }
};

std::string text_of(const Status& status) {
  return status ? "fine" : sentence(status.error().code, ' ', status.error().text);
}
Status status_of(const Result<int>& result) {
  if (result) return {};
  return pass_on(result);
}

// What somebody sees who comes to these bytes now.
Rows seen_anew(const Image& bytes) {
  AllTablesMesh fresh;
  fresh.disk("da0", bytes);
  Rows names = fresh.names();
  std::sort(names.begin(), names.end());
  return names;
}
Rows sorted(Rows names) {
  std::sort(names.begin(), names.end());
  return names;
}

TEST(SlicerVerbs, providers_follow_when_it_is_written) {
  VerbMesh t;
  RamDriver& disk = t.disk("da0", zip_disk());
  Slicer& mbr = t.slicer("mbr", "da0");
  must(mbr.remove(2));
  ASSERT_TRUE(mbr.add({.index = 3, .start_bytes = 1500 * 512}));
  t.mesh.settle();
  EXPECT_NE(t.mesh.provider("da0s2"), nullptr) << "nothing has been written";
  EXPECT_EQ(disk.bytes(), zip_disk());
  must(t.commit(mbr));
  EXPECT_EQ(t.mesh.provider("da0s2"), nullptr);
  EXPECT_EQ(t.provider("da0s3").media_size_bytes(), 548 * 512);
  EXPECT_EQ(sorted(t.names()), seen_anew(disk.bytes()));
  EXPECT_TRUE(t.provider("da0").access().closed());
  EXPECT_EQ(testing::what_is_wrong(t.mesh), "");
}

TEST(SlicerVerbs, Inv_E30_open_partitions_are_not_taken_away_shrunk_or_renamed) {
  VerbMesh t;
  t.disk("da0", zip_disk());
  User& dos = t.opened("/dos", "da0s2", kReadOnly);
  Slicer& mbr = t.slicer("mbr", "da0");
  const std::string refusal = sentence(
      EBUSY, " da0s2 has to stay as it is: test /dos has it open (r1w0e0); close that first");
  EXPECT_EQ(text_of(mbr.remove(2)), refusal);
  EXPECT_EQ(text_of(mbr.resize(2, 899 * 512)), refusal);
  EXPECT_EQ(text_of(mbr.erase(true)), refusal);
  EXPECT_FALSE(mbr.document()->changed());
  EXPECT_EQ(t.provider("da0").access(), kReadOnly) << "and nothing is held";
  must(mbr.resize(2, 0));
  must(mbr.remove(1));
  must(t.commit(mbr));
  EXPECT_EQ(t.provider("da0s2").media_size_bytes(), (2048 - 1064) * 512);
  EXPECT_EQ(t.provider("da0").access(), kReadOnly);
  must(t.mesh.close(dos.edge()));
}

TEST(SlicerVerbs, who_opens_a_partition_after_the_change_stops_it_being_written) {
  VerbMesh t;
  RamDriver& disk = t.disk("da0", zip_disk());
  Slicer& mbr = t.slicer("mbr", "da0");
  must(mbr.remove(2));
  t.opened("/dos", "da0s2", kReadWriteExclusive);
  EXPECT_EQ(t.commit(mbr).error().code, EBUSY);
  EXPECT_EQ(disk.bytes(), zip_disk());
  EXPECT_NE(t.mesh.provider("da0s2"), nullptr);
  must(t.undo(mbr));
  EXPECT_EQ(t.provider("da0").access(), kReadWriteExclusive) << "for /dos";
}

TEST(SlicerVerbs, while_it_is_written_nobody_opens_a_partition) {
  VerbMesh t;
  t.disk("da0", zip_disk(), {}, 1'000'000);
  t.executor.run();
  Slicer& mbr = t.slicer("mbr", "da0");
  must(mbr.remove(2));
  User& dos = t.user("/dos", t.provider("da0s2"));
  auto commit = mbr.commit();
  commit.start();
  EXPECT_EQ(text_of(t.mesh.access(dos.edge(), kReadOnly)).substr(0, 2), std::to_string(EBUSY));
  EXPECT_EQ(mbr.remove(1).error().code, EBUSY);
  t.executor.run();
  must(commit.result());
  EXPECT_EQ(t.mesh.provider("da0s2"), nullptr);
}

TEST(SlicerVerbs, what_is_held_keeps_writers_off_the_disk_until_it_is_dropped) {
  VerbMesh t;
  t.disk("da0", zip_disk());
  Slicer& mbr = t.slicer("mbr", "da0");
  must(mbr.modify(1, {.type = "ntfs"}));
  EXPECT_EQ(t.provider("da0").access(), kReadWriteExclusive);
  User& raw = t.user("raw", t.provider("da0"));
  EXPECT_EQ(t.mesh.access(raw.edge(), {1, 1, 0}).error().code, EPERM);
  must(t.undo(mbr));
  EXPECT_TRUE(t.provider("da0").access().closed());
  EXPECT_EQ(mbr.table().slices[0].type, "0xa5");
  EXPECT_FALSE(mbr.document()->changed());
}

TEST(SlicerVerbs, a_writer_on_the_disk_stops_changes) {
  Properties write_protected;
  write_protected.writable = false;
  VerbMesh t;
  t.disk("da0", zip_disk(), write_protected);
  EXPECT_EQ(t.slicer("mbr", "da0").remove(2).error().code, EROFS);
  EXPECT_FALSE(t.slicer("mbr", "da0").document()->changed());
}

TEST(SlicerVerbs, a_new_table_is_there_when_it_is_written) {
  for (const std::string scheme : {"mbr", "bsd", "gpt"}) {
    VerbMesh t;
    RamDriver& disk = t.disk("da0", Image(4096 * 512));
    const Result<Geom*> made = t.mesh.create(scheme, "da0", {&t.provider("da0")});
    ASSERT_TRUE(made) << made.error().text;
    EXPECT_EQ(t.mesh.create(scheme, "da0", {&t.provider("da0")}).error().code, EEXIST);
    Slicer& slicer = *Slicer::of(**made);
    must(status_of(slicer.add({.length_bytes = 100 * 512})));
    EXPECT_EQ(t.names(), (Rows{"da0"}));
    must(t.commit(slicer));
    EXPECT_GE(t.names().size(), 2U);
    EXPECT_EQ(sorted(t.names()), seen_anew(disk.bytes())) << scheme;
    must(slicer.erase(true));
    must(t.commit(slicer));
    EXPECT_EQ(t.names(), (Rows{"da0"}));
    EXPECT_EQ(seen_anew(disk.bytes()), (Rows{"da0"})) << scheme;
  }
}

TEST(SlicerVerbs, a_new_table_that_is_dropped_leaves_no_trace) {
  VerbMesh t;
  RamDriver& disk = t.disk("da0", Image(4096 * 512));
  const Census before = t.mesh.census();
  const Result<Geom*> made = t.mesh.create("gpt", "da0", {&t.provider("da0")});
  ASSERT_TRUE(made);
  must(t.undo(*Slicer::of(**made)));
  EXPECT_EQ(t.mesh.census(), before);
  EXPECT_EQ(disk.bytes(), Image(4096 * 512));
}

TEST(SlicerVerbs, tables_nest_as_they_are_made) {
  VerbMesh t;
  RamDriver& disk = t.disk("da0", Image(8192 * 512));
  const auto make = [&](const std::string& scheme, const std::string& below,
                        const std::vector<NewPartition>& partitions) {
    const Result<Geom*> made = t.mesh.create(scheme, below, {&t.provider(below)});
    ASSERT_TRUE(made) << made.error().text;
    for (const NewPartition& p : partitions) must(status_of(Slicer::of(**made)->add(p)));
    must(t.commit(*Slicer::of(**made)));
  };
  make("mbr", "da0", {{.length_bytes = 2048 * 512, .type = "freebsd"}, {.type = "ebr"}});
  make("bsd", "da0s1", {{.length_bytes = 1000 * 512}});
  make("ebr", "da0s2", {{.length_bytes = 2000 * 512}, {.type = "freebsd"}});
  make("bsd", "da0s6", {{.index = 9, .start_bytes = 16 * 512}});
  EXPECT_EQ(sorted(t.names()), (Rows{"da0", "da0s1", "da0s1a", "da0s1c", "da0s2", "da0s5", "da0s6",
                                     "da0s6c", "da0s6i"}));
  EXPECT_EQ(sorted(t.names()), seen_anew(disk.bytes()));
}

TEST(SlicerVerbs, Inv_E30_after_a_failed_write_undo_brings_back_what_was_there) {
  Image gpt(4096 * 512);
  Document made = *Document::create(gpt::scheme(), testing::medium_of(gpt), {}, {});
  ASSERT_TRUE(made.add({.length_bytes = 512 * 100}));
  testing::write(gpt, made.steps());
  for (int writes = 0; writes < 4; ++writes) {
    Failing disk(gpt);
    VerbMesh t;
    add_disk(t.mesh, "da0", disk).value();
    t.mesh.settle();
    Slicer& slicer = t.slicer("gpt", "da0");
    must(slicer.remove(1));
    disk.writes_left = writes;
    EXPECT_EQ(t.commit(slicer).error().code, EIO);
    EXPECT_NE(t.mesh.provider("da0p1"), nullptr);
    disk.writes_left = 1 << 30;
    must(t.undo(slicer));
    EXPECT_EQ(disk.bytes, gpt) << writes;
    must(slicer.remove(1));
    must(t.commit(slicer));
    EXPECT_EQ(t.names(), (Rows{"da0"}));
  }
}

TEST(SlicerVerbs, a_disk_that_has_grown_is_to_be_tasted_again_first) {
  VerbMesh t;
  t.disk("da0", zip_disk());
  must(t.mesh.resize(t.provider("da0"), 4096 * 512));
  t.mesh.settle();
  EXPECT_EQ(t.slicer("mbr", "da0").remove(2).error().code, EAGAIN);
}

// Whatever is asked of a table, what the mesh shows in the end is what the bytes say.
RC_GTEST_PROP(SlicerVerbs, Inv_E30_the_mesh_shows_what_is_on_the_disk, ()) {
  const std::string scheme = *rc::gen::element<std::string>("mbr", "bsd", "gpt");
  VerbMesh t;
  RamDriver& disk = t.disk("da0", Image(1024 * 512));
  Slicer& slicer = *Slicer::of(*t.mesh.create(scheme, "da0", {&t.provider("da0")}).value());
  must(t.commit(slicer));
  for (int i = 0; i < 12; ++i) {
    const int index = *rc::gen::inRange(1, 6);
    const auto sectors = [&] { return *rc::gen::inRange<std::int64_t>(1, 300) * 512; };
    switch (*rc::gen::inRange(0, 6)) {
      case 0:
        (void)slicer.remove(index);
        break;
      case 1:
        (void)slicer.resize(index, sectors());
        break;
      case 2:
        (void)t.commit(slicer);
        break;
      case 3:
        (void)t.undo(slicer);
        break;
      default:
        (void)slicer.add({.start_bytes = *rc::gen::arbitrary<bool>() ? sectors() : -1,
                          .length_bytes = sectors()});
    }
  }
  RC_ASSERT(t.undo(slicer).has_value());
  RC_ASSERT(sorted(t.names()) == seen_anew(disk.bytes()));
  RC_ASSERT(testing::what_is_wrong(t.mesh).empty());
  RC_ASSERT(t.provider("da0").access().closed());
}

}  // namespace
}  // namespace biotope
