// Tables of other systems: what we write is read by those systems' tools, and what they write by
// us.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <algorithm>
#include <sstream>

#include "classes/apm/apm.h"
#include "classes/pc98/pc98.h"
#include "classes/sgi/sgi.h"
#include "classes/slicer/host_testing.h"
#include "classes/vtoc8/vtoc8.h"

namespace biotope {
namespace {

using testing::Folder;
using testing::Image;
using testing::output_of;

constexpr int kTables = 200;
// Cylinders of 128 sectors, as parted takes images to have.
constexpr std::int64_t kUnit = 128;
constexpr std::int64_t kUnits = 128;

Properties medium() {
  Properties properties = testing::properties_of_size(kUnits * kUnit * 512);
  properties.native = {.cylinders = kUnits, .heads = 4, .sectors_per_track = 32};
  return properties;
}

// First sector and length of a partition.
using Piece = std::pair<std::int64_t, std::int64_t>;

// Up to six pieces apart from each other, of whole cylinders, where every tool allows them: behind
// an SGI disk's volume header and before what larger cylinders would leave over.
std::vector<Piece> draw_pieces(rc::Random random) {
  const auto cut = rc::gen::inRange<std::int64_t>(33, 125);
  auto cuts = rc::gen::unique<std::vector<std::int64_t>>(12, cut)(random, 100).value();
  const auto count = rc::gen::inRange<std::size_t>(0, 7)(random, 100).value();
  std::ranges::sort(cuts);
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < 2 * count; i += 2) {
    pieces.emplace_back(cuts[i] * kUnit, (cuts[i + 1] - cuts[i]) * kUnit);
  }
  return pieces;
}

Image write(const Scheme& scheme, const std::vector<Piece>& pieces) {
  Document document = Document::create(scheme, medium(), {}, {}).value();
  for (const auto& [start, length] : pieces) {
    NewPartition wanted;
    wanted.start_bytes = start * 512;
    wanted.length_bytes = length * 512;
    const Result<int> added = document.add(wanted);
    EXPECT_TRUE(added) << added.error().text;
  }
  Image image(static_cast<std::size_t>(medium().media_size_bytes));
  for (const Step& step : document.steps()) {
    std::ranges::copy(step.bytes, image.begin() + step.sector * 512);
  }
  return image;
}

// Those of a table that are partitions to people, by their place.
std::vector<Piece> pieces_of(const Table& table) {
  std::vector<Piece> pieces;
  for (const Slice& slice : table.slices) {
    if (!slice.raw) pieces.emplace_back(slice.start_bytes / 512, slice.length_bytes / 512);
  }
  std::ranges::sort(pieces);
  return pieces;
}

struct Tool {
  const Scheme* scheme;
  const char* name;
  // Reads $1; prints first sector, length and, perhaps, type of each piece.
  const char* print;
};

constexpr const char* kSfdisk =
    "sfdisk -d $1 | sed -n "
    "'s/.*start= *\\([0-9]*\\), size= *\\([0-9]*\\), type=\\(.*\\)/\\1 \\2 \\3/p'";
constexpr const char* kParted =
    "parted -sm $1 unit s print | sed -n "
    "'s/^[0-9]*:\\([0-9]*\\)s:[0-9]*s:\\([0-9]*\\)s:.*/\\1 \\2/p'";

// Sun labels of sfdisk have cylinders too large for this medium, so it only judges ours.
const Tool kJudges[] = {{&vtoc8::scheme(), "sfdisk", kSfdisk},
                        {&sgi::scheme(), "sfdisk", kSfdisk},
                        {&apm::scheme(), "parted", kParted},
                        {&pc98::scheme(), "parted", kParted}};
const Tool kWriters[] = {{&vtoc8::scheme(), "parted", kParted},
                         {&sgi::scheme(), "sfdisk", kSfdisk},
                         {&apm::scheme(), "parted", kParted},
                         {&pc98::scheme(), "parted", kParted}};

// What stands for the table itself or the whole disk, which tools list too.
bool is_no_partition(const Tool& tool, const Piece& piece, const std::string& type) {
  const bool whole = piece == Piece{0, kUnits * kUnit};
  if (tool.scheme == &apm::scheme()) return piece.first == 1;
  if (tool.scheme == &sgi::scheme()) return type == "0" || type == "6";
  return whole;
}

class ForeignTools : public ::testing::TestWithParam<Tool> {
 protected:
  void SetUp() override {
    if (!testing::has_tool(GetParam().name)) {
      GTEST_SKIP() << GetParam().name << " is not on this machine";
    }
    ASSERT_FALSE(folder_.path().empty());
  }
  std::string file(int number) const { return folder_.file(sentence("image", number)); }
  void save(int number, const Image& image) const {
    std::FILE* to = std::fopen(file(number).c_str(), "wb");
    // Tables lie at the start; the rest is a hole.
    std::fwrite(image.data(), 1, 1 << 17, to);
    std::fclose(to);
    ASSERT_EQ(::truncate(file(number).c_str(), static_cast<off_t>(image.size())), 0);
  }
  // Runs `command` on all images, with the path as $1; one answer for each.
  std::vector<std::string> on_all(const std::string& command) const {
    const std::string all = output_of(
        sentence("export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C; for i in $(seq 0 ", kTables - 1,
                 "); do set -- ", folder_.path(), "/image$i; ", command, " 2>&1; echo =; done"));
    std::vector<std::string> answers(1);
    std::istringstream lines(all);
    for (std::string line; std::getline(lines, line);) {
      if (line == "=") {
        answers.emplace_back();
      } else {
        answers.back() += line + "\n";
      }
    }
    answers.pop_back();
    return answers;
  }

 private:
  Folder folder_;
};

class Judges : public ForeignTools {};
TEST_P(Judges, Paper_77_two_hundred_tables_of_ours_are_read_as_they_were_meant) {
  rc::Random random(7);
  std::vector<std::vector<Piece>> meant;
  for (int i = 0; i < kTables; ++i) {
    meant.push_back(draw_pieces(random.split()));
    save(i, write(*GetParam().scheme, meant.back()));
  }
  const std::vector<std::string> answers = on_all(GetParam().print);
  ASSERT_EQ(answers.size(), meant.size());
  for (std::size_t i = 0; i < meant.size(); ++i) {
    std::vector<Piece> read;
    std::istringstream lines(answers[i]);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      Piece piece;
      std::string type;
      words >> piece.first >> piece.second >> type;
      ASSERT_FALSE(piece == Piece{}) << line;
      if (!is_no_partition(GetParam(), piece, type)) read.push_back(piece);
    }
    std::ranges::sort(read);
    EXPECT_EQ(read, meant[i]) << answers[i];
  }
}

// How each tool is told to make such a table.
std::string script(const Tool& tool, const std::vector<Piece>& pieces) {
  if (tool.scheme == &sgi::scheme()) {
    std::string text = "printf 'label: sgi\\n";
    for (const auto& [start, length] : pieces) {
      text += sentence("start=", start, ",size=", length, ",type=83\\n");
    }
    return text + "' | sfdisk -q $1";
  }
  const bool mac = tool.scheme == &apm::scheme();
  const bool sun = tool.scheme == &vtoc8::scheme();
  const char* label = mac ? "mac" : sun ? "sun" : "pc98";
  const char* what = mac ? "x " : sun ? "" : "primary ";
  std::string text = sentence("parted -s -a none $1 mklabel ", label, " unit s");
  for (const auto& [start, length] : pieces) {
    text += sentence(" mkpart ", what, "ext2 ", start, ' ', start + length - 1);
  }
  return text;
}

class Writers : public ForeignTools {};
TEST_P(Writers, Paper_77_tables_of_theirs_are_read_as_they_read_them) {
  constexpr int kTheirs = 20;
  rc::Random random(11);
  for (int i = 0; i < kTheirs; ++i) {
    std::vector<Piece> pieces = draw_pieces(random.split());
    // This version of sfdisk gives an SGI label no more than two, and writes them a sector short.
    const bool sgi = GetParam().scheme == &sgi::scheme();
    if (sgi && pieces.size() > 2) pieces.resize(2);
    const std::string path = file(i);
    output_of(sentence("truncate -s ", medium().media_size_bytes, ' ', path));
    const std::string said =
        output_of(sentence("export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C; set -- ", path, "; ",
                           script(GetParam(), pieces), " 2>&1"));
    const Image image = testing::bytes_of_file(path);
    const Result<Document> found = read_table(*GetParam().scheme, {}, medium(), image);
    ASSERT_TRUE(found) << found.error().text << '\n' << said;
    std::vector<Piece> expected = pieces;
    for (Piece& piece : expected) piece.second -= sgi ? 1 : 0;
    EXPECT_EQ(pieces_of(found->table()), expected) << said;
  }
}

std::string name_of(const ::testing::TestParamInfo<Tool>& info) {
  return sentence(info.param.scheme->name(), "_by_", info.param.name);
}

INSTANTIATE_TEST_SUITE_P(Each, Judges, ::testing::ValuesIn(kJudges), name_of);
INSTANTIATE_TEST_SUITE_P(Each, Writers, ::testing::ValuesIn(kWriters), name_of);

}  // namespace
}  // namespace biotope
