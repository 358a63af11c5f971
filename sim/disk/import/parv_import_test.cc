#include "sim/disk/import/parv_import.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <cerrno>
#include <fstream>
#include <sstream>

#include "classes/temporary_folder.h"
#include "sim/disk/import/parv_tree.h"

namespace biotope::sim {
namespace {

class ParvFiles : public testing::Test {
 protected:
  ParvFiles() { std::filesystem::create_directories(folder_ / "sub"); }

  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  std::string refusal(const std::string& text) {
    const auto file = read_parv(write("a.parv", text));
    return file ? "" : file.error().text;
  }
  void expect_refused(const std::string& text, const std::string& words) {
    EXPECT_NE(refusal(text).find(words), std::string::npos) << refusal(text);
  }

  TemporaryFolder files_;
  std::filesystem::path folder_ = files_.path();
};

TEST_F(ParvFiles, blocks_have_keys_of_several_words_and_values_of_all_kinds) {
  const auto file = read_parv(write("a.parv", R"(
# a comment
disk_type D {
  Read  hit   over. = 1.5, Hex = 0x1F, Name = abc#def,
  [ a one, two ] = 7, Empty = [],
  List = [ 1, x, disk0 .. disk3 ],
  Inner = inner { deep = -3 }
}
instantiate [ d0 .. d2, e ] as D
topology t top [ u left [], v right [ w leaf [] ] ]
)"));
  ASSERT_TRUE(file) << file.error().text;
  const ParvBlock* block = file->block("D");
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(block->find("Read hit over.")->value->number(), 1.5);
  EXPECT_EQ(block->find("Hex")->value->integer(), 31);
  EXPECT_EQ(*block->find("Name")->value->word(), "abc#def");
  EXPECT_EQ(block->find("two")->value->integer(), 7);
  EXPECT_EQ(block->find("a one")->value->integer(), 7);
  EXPECT_EQ(block->find("List")->value->list()->size(), 6U);
  EXPECT_EQ(block->find("Inner")->value->block()->find("deep")->value->integer(), -3);
  ASSERT_EQ(file->instances.size(), 4U);
  EXPECT_EQ(file->block_of_instance("d1"), block);
  ASSERT_TRUE(file->topology);
  EXPECT_EQ(file->topology->children[1].children[0].name, "leaf");
}

TEST_F(ParvFiles, only_some_spellings_are_numbers) {
  const auto number = [](const std::string& text) { return ParvValue{{}, text}.number(); };
  EXPECT_EQ(number("5"), 5);
  EXPECT_EQ(number("-5.25"), -5.25);
  EXPECT_EQ(number("1.5e+03"), 1500);
  for (const char* word : {"5.", ".5", "1e6", "2nd", "53C700", "-", "--5", "1.5x"}) {
    EXPECT_EQ(number(word), std::nullopt) << word;
  }
}

TEST_F(ParvFiles, a_block_takes_what_it_does_not_set_from_the_one_it_is_named_after) {
  const auto file = read_parv(write("a.parv", "t A { x = 1, y = 2 } A B { y = 3 }"));
  ASSERT_TRUE(file) << file.error().text;
  EXPECT_EQ(file->block("B")->type, "t");
  EXPECT_EQ(file->block("B")->find("x")->value->integer(), 1);
  EXPECT_EQ(file->block("B")->find("y")->value->integer(), 3);
}

TEST_F(ParvFiles, files_are_sourced_wherever_a_word_may_stand) {
  write("sub/inner.model", "m M { n = source deepest.txt }");
  write("sub/deepest.txt", "42");
  const auto file = read_parv(write("a.parv", "d D { Model = source sub/inner.model }"));
  ASSERT_TRUE(file) << file.error().text;
  const ParvBlock* model = file->block("D")->find("Model")->value->block();
  EXPECT_EQ(model->find("n")->value->integer(), 42);
  EXPECT_EQ(model->find("n")->where.text(), "inner.model:1");
}

TEST_F(ParvFiles, what_breaks_the_form_is_refused_with_its_place) {
  expect_refused("a B {\n x = 1,\n x = 2 }", "a.parv:3: 'x' is set a second time");
  expect_refused("a B { x 1 }", "a.parv:1: found '}'");
  expect_refused("a B { x = ; }", "a.parv:1: ';'");
  expect_refused("a B {", "found the end of the file");
  expect_refused("a B { x = [ 1", "where");
  expect_refused("a B { x = [ a9 .. a3 ] }", "range");
  expect_refused("\nsource gone.model", "a.parv:2: there is no file 'gone.model'");
  expect_refused("source a.parv", "more than 32 deep");
  expect_refused(std::string(5000, '['), "found '['");
  std::string deep = "a B { x = ";
  for (int i = 0; i < 5000; ++i) deep += "[";
  expect_refused(deep, "nested too deep");
}

RC_GTEST_PROP(Parv, any_bytes_are_read_or_refused, ()) {
  const auto words = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "{", "}", "[", "]", "=", ",", "a", "..", "source", "as", "topology", "instantiate",
      "disksim_disk", "1", "1.5", "#", "\n"));
  std::string text;
  for (const std::string& word : words) text += word + " ";
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.file("any");
  std::ofstream(path, std::ios::binary) << text;
  static_cast<void>(read_parv(path));
  const auto imported = import_parv(path);
  RC_ASSERT(!imported);
  RC_ASSERT(!imported.error().text.empty());
}

// --- whole drives -------------------------------------------------------------------------------

constexpr const char* kDisks = "../shared/disks";

// A real drive's files in one, with one thing changed.
class SharedParv : public ParvFiles {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kDisks))
      GTEST_SKIP() << "there are no files of drives in " << kDisks;
    for (const auto& entry : std::filesystem::directory_iterator(kDisks)) {
      std::filesystem::copy(entry.path(), folder_);
      std::filesystem::permissions(folder_ / entry.path().filename(),
                                   std::filesystem::perms::owner_all);
    }
  }
  Result<ImportedDisk> import_changed(const std::string& name, const std::string& from,
                                      const std::string& to) {
    std::ostringstream all;
    all << std::ifstream(folder_ / name, std::ios::binary).rdbuf();
    std::string text = all.str();
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
    write(name, text);
    return import_parv(folder_ / "cheetah9LP.parv");
  }
  void expect_import_refused(const std::string& name, const std::string& from,
                             const std::string& to, const std::string& words) {
    const auto imported = import_changed(name, from, to);
    ASSERT_FALSE(imported);
    EXPECT_NE(imported.error().text.find(words), std::string::npos) << imported.error().text;
  }
};

TEST_F(SharedParv, keys_that_are_not_known_or_not_used_are_named_with_their_place) {
  const auto imported =
      import_changed("cheetah9LP.diskspecs", "Print stats = 1", "Paint stats = 1");
  ASSERT_TRUE(imported) << imported.error().text;
  EXPECT_NE(std::find(imported->notes.begin(), imported->notes.end(),
                      "cheetah9LP.diskspecs:16: 'Paint stats' is not known; ignored"),
            imported->notes.end());
  EXPECT_NE(std::find(imported->notes.begin(), imported->notes.end(),
                      "cheetah9LP.model:4: 'Block count' is not used"),
            imported->notes.end());
}

TEST_F(SharedParv, a_missing_key_is_refused_by_name) {
  expect_import_refused("cheetah9LP.model", "Head switch time = 0.030000,", "",
                        "'Head switch time' is missing");
}

TEST_F(SharedParv, a_value_out_of_range_is_refused_by_line) {
  expect_import_refused("cheetah9LP.diskspecs", "Fast write level = 2", "Fast write level = 7",
                        "cheetah9LP.diskspecs:");
}

TEST_F(SharedParv, a_word_in_place_of_a_number_is_refused) {
  expect_import_refused("cheetah9LP.model", "Rotation speed (in rpms) = 10045",
                        "Rotation speed (in rpms) = fast", "must be a whole number");
}

TEST_F(SharedParv, a_seek_table_that_is_not_there_is_named) {
  expect_import_refused("cheetah9LP.model", "cheetah9LP.seek", "gone.seek", "'gone.seek'");
}

TEST_F(SharedParv, the_disk_alone_is_a_drive_on_a_bus_that_costs_nothing) {
  const auto imported = import_parv(folder_ / "hp_c2247a.diskspecs");
  ASSERT_TRUE(imported) << imported.error().text;
  EXPECT_EQ(imported->profile.bus.read_sector_ns, 0);
}

}  // namespace
}  // namespace biotope::sim
