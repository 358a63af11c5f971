#include "classes/label/label.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "classes/label/name.h"
#include "classes/label/testing.h"

namespace biotope {
namespace {

using testing::Image;
using testing::LabelMesh;
using testing::must;
using testing::Names;
using testing::Recorder;
using testing::User;

constexpr std::size_t kDiskBytes = 1 << 20;

std::string text_at(const Image& image, std::size_t at, std::size_t length) {
  return {reinterpret_cast<const char*>(image.data()) + at, length};
}

// Everything that is told in words.
std::string notes_of(const Recorder& seen) {
  std::string all;
  for (const auto& line : seen.lines) {
    if (line.kind == FactKind::note) all += line.text + '\n';
  }
  return all;
}

// A disk whose last sector says, byte by byte, what FreeBSD's glabel writes there.
Image labelled(const std::string& name, std::size_t bytes = kDiskBytes, std::uint64_t provsize = 0,
               std::uint32_t version = 2) {
  Image image(bytes);
  const std::size_t at = bytes - 512;
  const auto put_text = [&](std::size_t offset, const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) testing::put(image, at + offset + i, text[i], 1);
  };
  put_text(0, "GEOM::LABEL");
  testing::put(image, at + 16, version, 4);
  put_text(20, name);
  if (version >= 2) testing::put(image, at + 36, provsize == 0 ? bytes : provsize, 8);
  return image;
}

// Own metadata -----------------------------------------------------------------------------------

TEST(Label, Geom_label_create) {
  LabelMesh t;
  RamDriver& driver = t.disk("da0", Image(kDiskBytes));
  ASSERT_EQ(t.labels(), Names{});
  must(t.label_disk("da0", "test"));
  EXPECT_EQ(t.labels(), Names{"label/test"});
  const Provider& named = t.provider("label/test");
  EXPECT_EQ(named.media_size_bytes(), static_cast<std::int64_t>(kDiskBytes - 512));
  EXPECT_EQ(driver.bytes(), labelled("test")) << "and nothing else was written";
  EXPECT_TRUE(t.provider("da0").access().closed());
  EXPECT_EQ(testing::what_is_wrong(t.mesh), "");
}

TEST(Label, Geom_label_without_metadata) {
  LabelMesh t;
  RamDriver& driver = t.disk("da0", Image(kDiskBytes));
  const Result<Geom*> made = t.mesh.create("label", "by hand", {&t.provider("da0")});
  ASSERT_TRUE(made) << made.error().text;
  t.mesh.settle();
  EXPECT_EQ(t.labels(), Names{"label/by%20hand"});
  EXPECT_EQ(t.provider("label/by%20hand").media_size_bytes(),
            static_cast<std::int64_t>(kDiskBytes));
  EXPECT_EQ(driver.bytes(), Image(kDiskBytes));
  EXPECT_EQ(t.mesh.create("label", "x", {}).error().code, EINVAL);
}

TEST(Label, Inv_E28_a_cleared_label_does_not_come_back) {
  LabelMesh t;
  RamDriver& driver = t.disk("da0", labelled("old"));
  ASSERT_EQ(t.labels(), Names{"label/old"});
  must(t.run(label::clear_label(t.mesh, t.provider("da0").id())));
  EXPECT_EQ(t.labels(), Names{});
  EXPECT_EQ(driver.bytes(), Image(kDiskBytes));
  EXPECT_EQ(t.run(label::clear_label(t.mesh, t.provider("da0").id())).error().code, ENOENT);
}

TEST(Label, what_is_in_use_is_not_labelled) {
  LabelMesh t;
  RamDriver& driver = t.disk("da0", labelled("old"));
  User& user = t.opened("user", "label/old", kReadWriteExclusive);
  EXPECT_EQ(t.label_disk("da0", "new").error().code, EPERM);
  EXPECT_EQ(driver.bytes(), labelled("old"));
  must(t.mesh.close(user.edge()));
  t.mesh.settle();
  must(t.label_disk("da0", "new"));
  EXPECT_EQ(t.labels(), Names{"label/new"});
}

TEST(Label, Inv_E27_the_last_sector_belongs_to_the_provider_of_its_size) {
  // The disk, its only slice and that one's only partition share their last sector.
  const std::uint32_t sectors = kDiskBytes / 512;
  for (const std::uint32_t owner : {sectors, sectors - 64, sectors - 80}) {
    Image image = labelled("mine", kDiskBytes, owner * std::uint64_t{512});
    testing::put_mbr(image, {{64, sectors - 64, 0xA5}});
    testing::put_bsd(image, 65 * 512, {{80, sectors - 80}, {}, {64, sectors - 64, 0}});
    LabelMesh t;
    t.disk("da0", image);
    ASSERT_NE(t.mesh.provider("da0s1a"), nullptr);
    ASSERT_EQ(t.labels().front(), "label/mine");
    EXPECT_EQ(t.provider("label/mine").media_size_bytes(), (owner - 1) * std::int64_t{512});
  }
}

TEST(Label, Inv_E27_metadata_of_another_class_is_not_overwritten) {
  for (const std::string magic : {"GEOM::MIRROR", "EFI PART"}) {
    Image image(kDiskBytes);
    for (std::size_t i = 0; i < magic.size(); ++i) {
      testing::put(image, kDiskBytes - 512 + i, magic[i], 1);
    }
    LabelMesh t;
    RamDriver& driver = t.disk("da0", image);
    const Status refused = t.label_disk("da0", "mine");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, EEXIST);
    EXPECT_EQ(driver.bytes(), image);
    EXPECT_EQ(t.run(label::clear_label(t.mesh, t.provider("da0").id())).error().code, ENOENT);
    EXPECT_EQ(driver.bytes(), image);
  }
}

TEST(Label, names_that_do_not_fit_are_refused_and_nothing_is_written) {
  LabelMesh t;
  RamDriver& driver = t.disk("da0", Image(kDiskBytes));
  for (const std::string name : {"", "sixteen-letters!", "a/b", "a b", "%41", "x\n", ".."}) {
    EXPECT_EQ(t.label_disk("da0", name).error().code, EINVAL) << name;
  }
  must(t.label_disk("da0", "fifteen-letters"));
  EXPECT_EQ(t.labels(), Names{"label/fifteen-letters"});
  EXPECT_EQ(text_at(driver.bytes(), kDiskBytes - 512 + 20, 16),
            std::string("fifteen-letters\0", 16));
  EXPECT_EQ(t.run(label::write_label(t.mesh, 999, "x")).error().code, ENXIO);
}

TEST(Label, old_and_new_versions_of_the_metadata) {
  LabelMesh t;
  Recorder seen(t.mesh);
  t.disk("da0", labelled("first", kDiskBytes, 0, 1));
  t.disk("da1", labelled("future", kDiskBytes, 0, 3));
  EXPECT_EQ(t.labels(), Names{"label/first"});
  EXPECT_NE(notes_of(seen).find("da1 holds GEOM::LABEL metadata of version 3"), std::string::npos);
  must(t.run(label::clear_label(t.mesh, t.provider("da1").id())));
}

TEST(Label, the_disk_is_lost_while_it_is_labelled) {
  LabelMesh t;
  t.disk("da0", Image(kDiskBytes), {}, 1000);
  t.mesh.settle();
  Task<Status> task = label::write_label(t.mesh, t.provider("da0").id(), "x");
  task.start();
  t.mesh.wither(t.provider("da0").geom());
  while (!task.done() && t.executor.step()) {
  }
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.result().error().code, ENXIO);
  t.mesh.settle();
  EXPECT_EQ(t.mesh.census(), Census{});
}

// Names come and go ------------------------------------------------------------------------------

TEST(Label, Inv_E29_a_name_is_gone_while_another_writes_to_its_disk_and_back_after) {
  LabelMesh t;
  t.disk("da0", labelled("test"));
  User& writer = t.opened("writer", "da0", {1, 1, 0});
  t.mesh.settle();
  EXPECT_EQ(t.labels(), Names{});
  must(t.mesh.close(writer.edge()));
  t.mesh.settle();
  EXPECT_EQ(t.labels(), Names{"label/test"});
}

TEST(Label, Inv_E29_a_name_in_use_for_writing_keeps_its_disk_from_others) {
  LabelMesh t;
  t.disk("da0", labelled("test"));
  User& user = t.opened("user", "label/test", {1, 1, 0});
  EXPECT_EQ(t.provider("da0").access().text(), "r1w1e1");
  User& other = t.user("other", t.provider("da0"));
  EXPECT_EQ(t.mesh.access(other.edge(), {1, 1, 0}).error().code, EPERM);
  must(t.mesh.access(other.edge(), kReadOnly));
  t.mesh.settle();
  EXPECT_EQ(t.labels(), Names{"label/test"});
  must(t.mesh.close(user.edge()));
  t.mesh.settle();
  EXPECT_EQ(t.labels(), Names{"label/test"});
}

TEST(Label, a_name_goes_with_its_disk_and_nothing_is_left) {
  LabelMesh t;
  t.disk("da0", labelled("test"));
  t.mesh.wither(t.provider("da0").geom());
  t.mesh.settle();
  EXPECT_EQ(t.labels(), Names{});
  EXPECT_EQ(t.mesh.census(), Census{});
}

TEST(Label, what_goes_to_a_name_goes_to_its_disk) {
  LabelMesh t;
  RamDriver& driver = t.disk("da0", labelled("test"));
  User& user = t.opened("user", "label/test", kReadWriteExclusive);
  testing::Issuer issuer(t.mesh);
  std::vector<std::byte> sector(512, std::byte{0x5A});
  EXPECT_EQ(issuer.ask(user.edge(), Command::write, 4096, 512, Data(sector.data())), 0);
  EXPECT_EQ(driver.bytes()[4096], std::byte{0x5A});
  EXPECT_EQ(driver.bytes()[4608], std::byte{0});
  EXPECT_EQ(issuer.ask(user.edge(), Command::flush, 0, 0), 0);
  EXPECT_EQ(issuer.ask(user.edge(), Command::write, kDiskBytes - 512, 512, Data(sector.data())),
            EIO)
      << "the label itself is out of reach";
}

// Of two disks of one name the first keeps it, also over a moment without.
TEST(Label, two_disks_of_one_name) {
  LabelMesh t;
  Recorder seen(t.mesh);
  t.disk("da0", labelled("twin"));
  t.disk("da1", labelled("twin"));
  EXPECT_EQ(t.labels(), Names{"label/twin"});
  EXPECT_EQ(t.provider("label/twin").geom().name(), "da0");
  EXPECT_NE(notes_of(seen).find("da1 is called label/twin too, and that name is da0's"),
            std::string::npos);
  User& writer = t.opened("writer", "da0", {1, 1, 0});
  t.mesh.settle();
  EXPECT_EQ(t.labels(), Names{}) << "a name does not pass to the twin while its disk is written";
  must(t.mesh.close(writer.edge()));
  t.mesh.settle();
  EXPECT_EQ(t.provider("label/twin").geom().name(), "da0");
  t.mesh.orphan(t.provider("da0"));
  t.mesh.settle();
  EXPECT_EQ(t.labels(), Names{});
  t.mesh.taste(t.provider("da1"));
  t.mesh.settle();
  EXPECT_EQ(t.provider("label/twin").geom().name(), "da1");
}

TEST(Label, a_disk_that_grows_keeps_its_names) {
  LabelMesh t;
  t.disk("da0", Image(kDiskBytes));
  t.mesh.create("label", "whole", {&t.provider("da0")}).value();
  t.mesh.settle();
  t.opened("user", "label/whole", kReadOnly);
  must(t.mesh.resize(t.provider("da0"), 2 * kDiskBytes));
  t.mesh.settle();
  EXPECT_EQ(t.labels(), Names{"label/whole"});
  must(t.mesh.resize(t.provider("da0"), kDiskBytes / 2));
  t.mesh.settle();
  EXPECT_EQ(t.labels(), Names{}) << "what has shrunk is not the disk that was named";
}

TEST(Label, each_kind_can_be_turned_off) {
  for (const Parameter& option : label::options()) {
    LabelMesh t;
    Values values;
    values.set(std::string(option.name), false);
    must(t.mesh.configure("label", values));
    t.disk("da0", labelled("test"));
    EXPECT_EQ(t.labels(), option.name == "label" ? Names{} : Names{"label/test"}) << option.name;
  }
}

// Names as parts of names ------------------------------------------------------------------------

TEST(LabelName, what_would_be_strange_is_written_as_numbers) {
  EXPECT_EQ(label::encoded("home"), "home");
  EXPECT_EQ(label::encoded("MY DISK"), "MY%20DISK");
  EXPECT_EQ(label::encoded("a/b"), "a%2Fb");
  EXPECT_EQ(label::encoded("../etc"), "..%2Fetc");
  EXPECT_EQ(label::encoded(".."), "%2E.");
  EXPECT_EQ(label::encoded("."), "%2E");
  EXPECT_EQ(label::encoded("100%"), "100%25");
  EXPECT_EQ(label::encoded("a\x1B[31m\x7F"), "a%1B[31m%7F");
  EXPECT_EQ(label::encoded("\xC3\xA9t\xC3\xA9"), "\xC3\xA9t\xC3\xA9");
  EXPECT_EQ(label::encoded("\xE9t\xE9"), "%E9t%E9") << "no UTF-8";
  EXPECT_EQ(label::encoded("\xC2\x85"), "%C2%85") << "a control of another kind";
  EXPECT_EQ(label::encoded("\xC0\xAF"), "%C0%AF") << "a '/' in too many bytes";
  EXPECT_EQ(label::encoded("\xED\xA0\x80"), "%ED%A0%80") << "half of a pair";
}

// What encoded() promises, said the other way round.
std::string decoded(const std::string& name) {
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '%') {
      out += name[i];
      continue;
    }
    out += static_cast<char>(std::stoi(name.substr(i + 1, 2), nullptr, 16));
    i += 2;
  }
  return out;
}

RC_GTEST_PROP(LabelName, any_bytes_make_a_plain_name_that_tells_them, (const std::string& bytes)) {
  const std::string name = label::encoded(bytes);
  RC_ASSERT(decoded(name) == bytes);
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    RC_ASSERT(byte > 0x20 && byte != 0x7F && c != '/' && c != '"');
  }
  RC_ASSERT(name != "." && name != "..");
}

RC_GTEST_PROP(Label, any_last_sector_does_no_harm, (std::string name)) {
  const auto size =
      *rc::gen::oneOf(rc::gen::arbitrary<std::uint64_t>(),
                      rc::gen::element(std::uint64_t{kDiskBytes}, std::uint64_t{kDiskBytes - 512}));
  name.resize(std::min<std::size_t>(name.size(), 16));
  Image image = labelled(name);
  testing::put(image, kDiskBytes - 512 + 36, size, 8);
  LabelMesh t;
  t.disk("da0", image);
  const bool named = !name.empty() && name[0] != '\0';
  RC_ASSERT(t.labels().size() == (named && size == kDiskBytes ? 1U : 0U));
  RC_ASSERT(testing::what_is_wrong(t.mesh).empty());
}

}  // namespace
}  // namespace biotope
