// The sectors of a table while its class is attached: who reads or writes them past it is caught.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>

#include "classes/slicer/document_testing.h"

namespace biotope {
namespace {

using testing::AllTablesMesh;
using testing::BsdEntry;
using testing::Image;
using testing::Issuer;
using testing::kSlice1;
using testing::kSlice1Sectors;
using testing::kSlice2;
using testing::kSlice2Sectors;
using testing::MbrEntry;
using testing::must;
using testing::Pass;
using testing::put_bsd;
using testing::put_mbr;
using testing::Recorder;
using testing::Rows;
using testing::User;
using testing::zip_disk;

constexpr Access kWriting{1, 1, 0};
constexpr std::int64_t kLabel = kSlice1 + 1;  // the sector of the label in the first slice

class MagicMesh : public AllTablesMesh {
 public:
  // What is written from `first` on are the sectors of `image` there.
  int write(User& user, std::int64_t first, std::int64_t count, const Image& image,
            std::int64_t user_starts_at = 0) {
    auto task = biotope::write(user.edge(), (first - user_starts_at) * 512,
                               std::span(image).subspan(static_cast<std::size_t>(first) * 512,
                                                        static_cast<std::size_t>(count) * 512));
    task.start();
    executor.run();
    const Status done = task.result();
    return done ? 0 : done.error().code;
  }
  Image read(User& user, std::int64_t first, std::int64_t count) {
    auto task = biotope::read(user.edge(), first * 512, count * 512);
    task.start();
    executor.run();
    return task.result().value();
  }
  void guard(const std::string& cls, bool on) {
    Values values;
    values.set("guard", on);
    must(mesh.configure(cls, values));
  }
  // "da0s1 64+1000": every partition and where it is on the disk.
  Rows partitions() const {
    Rows all;
    for (const Geom& geom : mesh.geoms()) {
      if (Slicer::of(geom) == nullptr || geom.withering()) continue;
      for (const Provider& p : geom.providers()) {
        if (p.orphaned()) continue;
        all.push_back(
            sentence(p.name(), ' ', start_on_disk_bytes(p) / 512, '+', p.media_size_bytes() / 512));
      }
    }
    std::ranges::sort(all);
    return all;
  }
};

Rows seen_anew(const Image& bytes) {
  MagicMesh fresh;
  fresh.disk("da0", bytes);
  return fresh.partitions();
}

std::string last_note(const Recorder& seen) {
  std::string text;
  for (const auto& line : seen.lines) {
    if (line.kind == FactKind::note) text = line.text;
  }
  return text;
}

Image with_table(const std::vector<MbrEntry>& entries) {
  Image image = zip_disk();
  std::fill_n(image.begin() + 446, 64, std::byte{0});
  put_mbr(image, entries);
  return image;
}

// An extended partition with two logical ones.
Image with_chain(std::uint32_t second = 300, std::uint32_t length = 99) {
  Image image = zip_disk();
  put_mbr(image, {{kSlice1, kSlice1Sectors, 0xA5}, {kSlice2, kSlice2Sectors, 0x05}});
  put_mbr(image, {{1, 200, 0x83}, {second, length + 1, 0x05}}, kSlice2 * 512);
  put_mbr(image, {{1, length, 0x82}}, (kSlice2 + second) * 512);
  return image;
}

// The MBR ----------------------------------------------------------------------------------------

TEST(Magic, Paper_30_a_valid_table_written_through_the_raw_disk_takes_effect_at_once) {
  MagicMesh t;
  RamDriver& disk = t.disk("da0", zip_disk());
  User& raw = t.opened("raw", "da0", kWriting);
  t.mesh.settle();
  EXPECT_NE(t.mesh.provider("da0s1a"), nullptr) << "its tables are trusted while it is written";
  const std::uint64_t first = t.provider("da0s1").id();
  const Image changed =
      with_table({{kSlice1, kSlice1Sectors, 0xA5, 0x80}, {1500, 100, 0x06}, {1700, 64, 0x83}});
  EXPECT_EQ(t.write(raw, 0, 1, changed), 0);
  EXPECT_EQ(t.provider("da0s1").id(), first) << "what is as it was stays";
  EXPECT_EQ(start_on_disk_bytes(t.provider("da0s2")), 1500 * 512) << "one has moved";
  EXPECT_EQ(t.provider("da0s3").media_size_bytes(), 64 * 512) << "one is new";
  EXPECT_EQ(t.write(raw, 0, 1, with_table({{1700, 64, 0x83}})), 0);
  EXPECT_EQ(t.partitions(), Rows{"da0s1 1700+64"});
  must(t.mesh.close(raw.edge()));
  t.mesh.settle();
  EXPECT_EQ(t.partitions(), seen_anew(disk.bytes()));
  EXPECT_EQ(testing::what_is_wrong(t.mesh), "");
}

TEST(Magic, Paper_30_what_is_no_table_is_refused_and_not_written) {
  MagicMesh t;
  RamDriver& disk = t.disk("da0", zip_disk());
  User& raw = t.opened("raw", "da0", kWriting);
  t.mesh.settle();
  const Census before = t.mesh.census();
  Recorder seen(t.mesh);
  EXPECT_EQ(t.write(raw, 0, 1, with_table({{64, 100, 0xA5}, {100, 100, 0x83}})), EINVAL);
  EXPECT_EQ(last_note(seen),
            "test raw -> da0: WRITE of 512 bytes at 0 is refused: what it would leave is no MBR "
            "table: partition s2 (51200 bytes from 51200) overlaps partition s1 (51200 bytes from "
            "32768)");
  EXPECT_EQ(t.write(raw, 0, 1, with_table({{64, 5000, 0xA5}})), EINVAL);
  EXPECT_EQ(t.write(raw, 0, 8, Image(8 * 512)), EINVAL) << "zeros are no table";
  Issuer issuer(t.mesh);
  issuer.issue(raw.edge(), Command::remove, 0, 512 * 4);
  t.executor.run();
  EXPECT_EQ(issuer.errors, std::vector<int>{EINVAL});
  EXPECT_EQ(disk.bytes(), zip_disk());
  EXPECT_EQ(t.partitions(), seen_anew(zip_disk()));
  EXPECT_EQ(t.mesh.census(), before);
}

TEST(Magic, Paper_30_a_table_that_would_change_an_open_partition_is_refused) {
  MagicMesh t;
  RamDriver& disk = t.disk("da0", zip_disk());
  User& dos = t.opened("/dos", "da0s2", kReadOnly);
  User& raw = t.opened("raw", "da0", kWriting);
  Recorder seen(t.mesh);
  const MbrEntry bsd{kSlice1, kSlice1Sectors, 0xA5, 0x80};
  for (const MbrEntry& other : std::vector<MbrEntry>{{},
                                                     {kSlice2 + 1, kSlice2Sectors, 0x06},
                                                     {kSlice2, kSlice2Sectors - 1, 0x06},
                                                     {kSlice2, kSlice2Sectors, 0x83}}) {
    EXPECT_EQ(t.write(raw, 0, 1, with_table({bsd, other})), EBUSY);
    EXPECT_EQ(disk.bytes(), zip_disk());
  }
  EXPECT_EQ(last_note(seen),
            "test raw -> da0: WRITE of 512 bytes at 0 is refused: da0s2 has to stay as it is: "
            "test /dos has it open (r1w0e0); close that first");
  EXPECT_EQ(t.write(raw, 0, 1, with_table({{}, {kSlice2, kSlice2Sectors + 84, 0x06}})), 0)
      << "others may go, and it may grow";
  EXPECT_EQ(t.partitions(), Rows{"da0s2 1064+984"});
  EXPECT_EQ(dos.orphanings, 0);
}

TEST(Magic, Paper_30_raw_writers_and_mounted_partitions_keep_to_the_rules_of_opens) {
  MagicMesh t;
  t.disk("da0", zip_disk());
  User& mounted = t.opened("/usr", "da0s1a", kReadWriteExclusive);
  User& raw = t.user("raw", t.provider("da0"));
  EXPECT_EQ(t.mesh.access(raw.edge(), kWriting).error().code, EPERM);
  must(t.mesh.close(mounted.edge()));
  must(t.mesh.access(raw.edge(), kWriting));
  t.mesh.settle();
  EXPECT_EQ(t.mesh.access(mounted.edge(), kReadWriteExclusive).error().code, EPERM);
  must(t.mesh.access(mounted.edge(), kReadOnly));
}

TEST(Magic, Paper_30_a_table_may_come_with_other_sectors) {
  MagicMesh t;
  RamDriver& disk = t.disk("da0", zip_disk());
  User& raw = t.opened("raw", "da0", kWriting);
  Image changed = with_table({{kSlice1, kSlice1Sectors, 0xA5}, {1100, 50, 0x83}});
  for (std::size_t at = 512; at < kSlice1 * 512; ++at) changed[at] = std::byte{0x5A};
  EXPECT_EQ(t.write(raw, 0, kSlice1, changed), 0);
  EXPECT_EQ(disk.bytes(), changed);
  EXPECT_EQ(t.provider("da0s2").media_size_bytes(), 50 * 512);
  EXPECT_EQ(t.partitions(), seen_anew(changed));
}

// With a slow disk: the examination reads, and others do not wait for it. (That barriers keep their
// place is shown in model/sector_guard_test.cc.)
TEST(Magic, Paper_30_other_sectors_do_not_wait_for_an_examination) {
  constexpr std::int64_t kLatency = 1'000'000;
  MagicMesh t;
  t.disk("da0", with_chain(), {}, kLatency);
  t.guard("ebr", true);
  t.executor.run();
  User& raw = t.opened("raw", "da0", kWriting);
  t.executor.run();
  Image two_sectors(2 * 512);
  put_mbr(two_sectors, {{kSlice1, kSlice1Sectors, 0xA5}});
  std::array<std::byte, 512> memory{};
  Issuer issuer(t.mesh);
  const std::int64_t start_ns = t.executor.now_ns();
  const auto issue = [&](Command command, std::int64_t sector, Data data) -> const Bio& {
    return issuer.issue(raw.edge(), command, sector * 512, 512, data);
  };
  const Bio& magic = issue(Command::write, kLabel, Data(two_sectors.data()));
  const Bio& read = issue(Command::read, 9, Data(memory.data()));
  const Bio& write = issue(Command::write, 10, Data(memory.data()));
  const auto ends_after = [&](const Bio& bio) {
    while ((bio.flags & kBioDone) == 0 && t.executor.step()) {
    }
    return t.executor.now_ns() - start_ns;
  };
  EXPECT_EQ(ends_after(read), kLatency);
  EXPECT_EQ(ends_after(write), kLatency);
  EXPECT_GT(ends_after(magic), 0);
  EXPECT_EQ(magic.error, EINVAL) << "an MBR is no label";
}

TEST(Magic, Paper_30_a_disk_that_goes_meanwhile_takes_what_was_caught_along) {
  constexpr std::int64_t kLatency = 1'000'000;
  for (std::int64_t at = 0; at < 5 * kLatency; at += kLatency / 2) {
    MagicMesh t;
    const Census before = t.mesh.census();
    RamDriver& disk = t.disk("da0", zip_disk(), {}, kLatency);
    t.executor.run();
    User& raw = t.opened("raw", "da0", kWriting);
    t.executor.run();
    Image changed = with_table({{1100, 50, 0x83}});
    Issuer issuer(t.mesh);
    issuer.issue(raw.edge(), Command::write, 0, 512, Data(changed.data()));
    issuer.issue(raw.edge(), Command::write, 0, 512, Data(changed.data()));
    t.executor.after(at, [&] { disk.pull(); });
    t.executor.run();
    EXPECT_TRUE(issuer.all_back_once(2)) << at;
    EXPECT_EQ(t.mesh.census(), before) << at;
  }
}

TEST(Magic, Paper_30_who_has_all_of_the_disk_is_not_examined) {
  MagicMesh t;
  RamDriver& disk = t.disk("da0", zip_disk());
  User& raw = t.opened("raw", "da0", kReadWriteExclusive);
  t.mesh.settle();
  EXPECT_EQ(t.partitions(), Rows{});
  EXPECT_EQ(t.write(raw, 0, 1, Image(512)), 0);
  must(t.mesh.close(raw.edge()));
  t.mesh.settle();
  EXPECT_EQ(t.partitions(), seen_anew(disk.bytes()));
}

TEST(Magic, Paper_30_what_is_held_to_be_written_comes_first) {
  MagicMesh t;
  t.disk("da0", zip_disk());
  User& c = t.opened("c", "da0s1c", kWriting);
  Slicer& bsd = *Slicer::of(*t.mesh.geom("bsd", "da0s1"));
  must(bsd.modify(2, {.type = "freebsd-ufs"}));
  EXPECT_EQ(t.write(c, kLabel, 1, zip_disk(), kSlice1), EBUSY);
  auto undone = bsd.undo();
  undone.start();
  must(undone.result());
  EXPECT_EQ(t.write(c, kLabel, 1, zip_disk(), kSlice1), 0);
}

// Labels -----------------------------------------------------------------------------------------

// Partition d ends earlier, as a label says it that counts from `base`.
Image with_shorter_d(std::uint32_t base) {
  Image image = zip_disk();
  std::fill_n(image.begin() + kLabel * 512, 512, std::byte{0});
  put_bsd(image, kLabel * 512,
          {{base + 16, 400}, {base + 416, 84, 1}, {base, kSlice1Sectors, 0}, {base + 500, 250}});
  return image;
}
const Rows kShorterD = {"da0s1 64+1000",  "da0s1a 80+400",  "da0s1b 480+84",
                        "da0s1c 64+1000", "da0s1d 564+250", "da0s2 1064+900"};

// Through the slice, through a partition that covers the label, and through the disk under both.
TEST(Magic, Paper_30_a_label_is_guarded_wherever_the_write_comes_from) {
  for (const auto& [name, start] : std::vector<std::pair<std::string, int>>{
           {"da0s1", kSlice1}, {"da0s1c", kSlice1}, {"da0", 0}}) {
    MagicMesh t;
    RamDriver& disk = t.disk("da0", zip_disk());
    User& user = t.opened("user", name, kWriting);
    t.mesh.settle();
    EXPECT_EQ(t.write(user, kLabel - 1, 2, with_shorter_d(kSlice1), start), 0) << name;
    EXPECT_EQ(t.partitions(), kShorterD) << name;
    EXPECT_EQ(disk.bytes(), with_shorter_d(kSlice1)) << name;
    EXPECT_EQ(t.write(user, kLabel, 1, Image(100 * 512), start), EINVAL) << name;
    Image too_long = zip_disk();
    put_bsd(too_long, kLabel * 512, {{kSlice1, 5000}, {}, {kSlice1, kSlice1Sectors, 0}});
    EXPECT_EQ(t.write(user, kLabel, 1, too_long, start), EINVAL) << name;
    EXPECT_EQ(disk.bytes(), with_shorter_d(kSlice1)) << name;
    must(t.mesh.close(user.edge()));
    t.mesh.settle();
    EXPECT_EQ(t.partitions(), kShorterD) << name;
  }
}

TEST(Magic, Paper_30_labels_count_from_the_slice_for_who_uses_the_slice) {
  MagicMesh t;
  RamDriver& disk = t.disk("da0", zip_disk());
  const Image absolute = zip_disk();
  Image relative = zip_disk();
  std::fill_n(relative.begin() + kLabel * 512, 512, std::byte{0});
  put_bsd(relative, kLabel * 512, {{16, 400}, {416, 84, 1}, {0, kSlice1Sectors, 0}, {500, 500}});
  const auto label_of = [](const Image& image) {
    return Image(image.begin() + kLabel * 512, image.begin() + (kLabel + 1) * 512);
  };
  for (const std::string name : {"da0s1", "da0s1c"}) {
    User& user = t.opened("user of " + name, name, kReadOnly);
    EXPECT_EQ(t.read(user, 1, 1), label_of(relative)) << name;
    EXPECT_EQ(t.read(user, 0, 4)[512 + 152], label_of(relative)[152]) << "amid others";
    must(t.mesh.close(user.edge()));
  }
  User& disk_user = t.opened("disk", "da0", kReadOnly);
  EXPECT_EQ(t.read(disk_user, kLabel, 1), label_of(absolute));
  Pass& layer = t.pass("layer", t.provider("da0s1"));
  User& over = t.opened("over a layer", "layer", kReadOnly);
  EXPECT_EQ(t.read(over, 1, 1), label_of(absolute)) << "what others build on is what is there";
  must(t.mesh.close(over.edge()));
  t.mesh.wither(layer);

  User& writer = t.opened("writer", "da0s1", kWriting);
  t.mesh.settle();
  for (const std::uint32_t base : {0U, kSlice1, 7U}) {
    EXPECT_EQ(t.write(writer, kLabel, 1, relative, kSlice1), 0);
    EXPECT_EQ(disk.bytes(), absolute);
    EXPECT_EQ(t.write(writer, kLabel, 1, with_shorter_d(base), kSlice1), 0);
    EXPECT_EQ(disk.bytes(), with_shorter_d(kSlice1)) << "however who writes it counts";
    EXPECT_EQ(t.partitions(), kShorterD);
  }
}

TEST(Magic, Paper_30_labels_that_count_from_the_slice_are_left_as_they_are) {
  MagicMesh t;
  RamDriver& disk = t.disk("da0", with_shorter_d(0));
  User& writer = t.opened("writer", "da0s1", kWriting);
  EXPECT_EQ(t.write(writer, kLabel, 1, with_shorter_d(0), kSlice1), 0);
  EXPECT_EQ(disk.bytes(), with_shorter_d(0));
  EXPECT_EQ(t.read(writer, 1, 1),
            Image(disk.bytes().begin() + kLabel * 512, disk.bytes().begin() + (kLabel + 1) * 512));
  EXPECT_EQ(t.partitions(), kShorterD);
}

// The other classes, when they are told to -------------------------------------------------------

TEST(Magic, Paper_30_a_chain_in_a_slice_of_an_mbr) {
  for (const auto& [name, start] :
       std::vector<std::pair<std::string, int>>{{"da0s2", kSlice2}, {"da0", 0}}) {
    MagicMesh t;
    t.guard("ebr", true);
    RamDriver& disk = t.disk("da0", with_chain());
    User& logical = t.opened("logical", "da0s5", kReadOnly);
    if (name == "da0s2") must(t.mesh.close(logical.edge()));
    User& user = t.opened("user", name, kWriting);
    t.mesh.settle();
    Image longer = with_chain();
    put_mbr(longer, {{1, 500, 0x82}}, (kSlice2 + 300) * 512);
    EXPECT_EQ(t.write(user, kSlice2 + 300, 1, longer, start), 0) << name;
    EXPECT_EQ(t.provider("da0s6").media_size_bytes(), 500 * 512) << name;
    EXPECT_EQ(t.write(user, kSlice2 + 300, 1, with_chain(300, 5000), start), EINVAL) << name;
    EXPECT_EQ(t.write(user, kSlice2, 1, Image(2048 * 512), start), EINVAL) << name;
    EXPECT_EQ(disk.bytes(), longer) << name;
    must(t.mesh.close(user.edge()));
    t.mesh.settle();
    EXPECT_EQ(t.partitions(), seen_anew(longer)) << name;
  }
}

TEST(Magic, Paper_30_a_class_whose_guard_is_off_goes_and_comes_back) {
  MagicMesh t;
  RamDriver& disk = t.disk("da0", with_chain());
  User& raw = t.opened("raw", "da0", kWriting);
  t.mesh.settle();
  EXPECT_NE(t.mesh.provider("da0s2"), nullptr);
  EXPECT_EQ(t.mesh.provider("da0s5"), nullptr) << "nobody looks after the chain";
  EXPECT_EQ(t.write(raw, kSlice2 + 300, 1, with_chain(300, 500)), 0);
  must(t.mesh.close(raw.edge()));
  t.mesh.settle();
  EXPECT_EQ(t.provider("da0s6").media_size_bytes(), 500 * 512);
  EXPECT_EQ(t.partitions(), seen_anew(disk.bytes()));
}

// Everything -------------------------------------------------------------------------------------

Image arbitrary_change(Image image) {
  const auto sector = [](int most) { return *rc::gen::inRange<std::uint32_t>(0, most); };
  const auto type = [] { return *rc::gen::element<std::uint8_t>(0xA5, 0x83, 0x05, 0x00); };
  switch (*rc::gen::inRange(0, 4)) {
    case 0: {
      std::vector<MbrEntry> entries;
      for (int i = 0; i < 4; ++i) entries.push_back({sector(2000), sector(300), type()});
      std::fill_n(image.begin() + 446, 64, std::byte{0});
      put_mbr(image, entries);
      break;
    }
    case 1: {
      std::vector<BsdEntry> entries;
      const std::uint32_t base = *rc::gen::element<std::uint32_t>(0, kSlice1, 3);
      for (int i = 0; i < 3; ++i) entries.push_back({base + sector(900), sector(300)});
      entries[2] = {base, kSlice1Sectors, 0};
      put_bsd(image, kLabel * 512, entries);
      break;
    }
    case 2:
      put_mbr(image, {{kSlice1, 50 + sector(1200), type()}, {1500, 1 + sector(700), 0x83}});
      break;
    default: {
      const std::size_t start = *rc::gen::element<std::size_t>(0, kLabel * 512);
      image[start + sector(512)] ^= static_cast<std::byte>(1 + sector(255));
    }
  }
  return image;
}

RC_GTEST_PROP(Magic, Paper_30_what_is_written_is_what_a_fresh_taste_sees_or_nothing_is, ()) {
  MagicMesh t;
  t.guard("ebr", *rc::gen::arbitrary<bool>());
  RamDriver& disk = t.disk("da0", zip_disk());
  const auto open = *rc::gen::element<std::string>("", "da0s1a", "da0s1", "da0s2");
  if (!open.empty()) t.opened("reader", open, kReadOnly);
  User& raw = t.user("raw", t.provider("da0"));
  for (int sessions = *rc::gen::inRange(1, 3); sessions > 0; --sessions) {
    must(t.mesh.access(raw.edge(), kWriting));
    for (int writes = *rc::gen::inRange(1, 4); writes > 0; --writes) {
      const Image before = disk.bytes();
      const Rows as_it_was = t.partitions();
      const Image wanted = arbitrary_change(before);
      const std::int64_t first = *rc::gen::element<std::int64_t>(0, kSlice1, kLabel);
      const std::int64_t count = *rc::gen::inRange(1, 80);
      if (t.write(raw, first, count, wanted) == 0) {
        RC_ASSERT(std::equal(wanted.begin() + first * 512, wanted.begin() + (first + count) * 512,
                             disk.bytes().begin() + first * 512));
      } else {
        RC_ASSERT(disk.bytes() == before);
        RC_ASSERT(t.partitions() == as_it_was);
      }
    }
    must(t.mesh.close(raw.edge()));
    t.executor.run();
    RC_ASSERT(t.partitions() == seen_anew(disk.bytes()));
    RC_ASSERT(testing::what_is_wrong(t.mesh).empty());
    if (!open.empty()) RC_ASSERT(!t.provider(open).access().closed());
  }
}

}  // namespace
}  // namespace biotope
