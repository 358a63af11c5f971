// Random tables that other systems' tools write, read by us as those tools read them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <numeric>

#include "classes/gpt/gpt.h"
#include "classes/random_stream.h"
#include "classes/slicer/document_testing.h"
#include "classes/slicer/host_testing.h"

namespace biotope {
namespace {

using testing::output_of;
using testing::Rows;

constexpr int kTables = 24;
constexpr std::uint64_t kSectors = 16384;

// One of 0 to `below` - 1.
std::uint64_t draw(RandomStream& random, std::uint64_t below) {
  return static_cast<std::uint64_t>(random.between(0, static_cast<std::int64_t>(below) - 1));
}

using Pieces = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

// `count` pieces apart from each other, ascending, each with `before` sectors left free before
// it.
Pieces pieces(RandomStream& random, std::uint64_t count, std::uint64_t first, std::uint64_t end,
              std::uint64_t before) {
  Pieces all;
  for (std::uint64_t left = count, at = first; left > 0; --left) {
    const std::uint64_t room = (end - at) / left;
    const std::uint64_t start = at + before + draw(random, room / 2);
    const std::uint64_t length = 1 + draw(random, at + room - start);
    all.emplace_back(start, length);
    at = start + length;
  }
  return all;
}

class Theirs : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* tool : {"sfdisk", "sgdisk"}) {
      if (!testing::has_tool(tool)) GTEST_SKIP() << tool << " is not on this machine";
    }
    ASSERT_FALSE(folder_.path().empty());
  }
  // Blank images, and for each a command, all at the same time: writing tools like to wait.
  void make(const std::vector<std::string>& commands) {
    std::string script = "export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C; ";
    for (std::size_t i = 0; i < commands.size(); ++i) {
      script += sentence("(truncate -s ", kSectors * 512, ' ', path(i), "; ", commands[i], ' ',
                         path(i), ") >", path(i), ".said 2>&1 & ");
    }
    output_of(script + "wait");
  }
  std::string path(std::size_t i) const { return folder_.file(sentence(i, ".image")); }
  testing::Image image(std::size_t i) const { return testing::bytes_of_file(path(i)); }
  std::string said(std::size_t i) const { return output_of("cat " + path(i) + ".said"); }
  // "1 2048+100 0x83": what sfdisk reads, and what it knows besides of a GPT's partition.
  Rows rows_of_sfdisk(std::size_t i) const {
    const auto answer = nlohmann::json::parse(
        output_of("PATH=$PATH:/usr/sbin:/sbin LC_ALL=C sfdisk -J " + path(i) + " 2>/dev/null"),
        nullptr, false);
    EXPECT_FALSE(answer.is_discarded()) << said(i);
    if (answer.is_discarded()) return {};
    Rows all;
    for (const auto& p : answer.at("partitiontable").value("partitions", nlohmann::json::array())) {
      std::string type = p.at("type").get<std::string>();
      if (type.size() <= 2) type = (type.size() == 1 ? "0x0" : "0x") + type;
      all.push_back(row(p.at("node").get<std::string>().substr(path(i).size()),
                        p.at("start").get<std::int64_t>(), p.at("size").get<std::int64_t>(), type,
                        p.value("uuid", ""), p.value("name", "")));
    }
    std::ranges::sort(all);
    return all;
  }
  static std::string row(const std::string& number, std::int64_t start, std::int64_t length,
                         std::string type, std::string id, const std::string& name) {
    for (std::string* text : {&type, &id}) {
      std::ranges::transform(*text, text->begin(), [](unsigned char c) { return std::tolower(c); });
    }
    return sentence(number, ' ', start, '+', length, ' ', type, ' ', id, ' ', name);
  }

 private:
  testing::Folder folder_;
};

// Some partitions. Their numbers need not follow their order on the disk.
std::string sgdisk_command(RandomStream random) {
  constexpr const char* kTypes[] = {"8300", "8200", "ef00", "a503", "a504", "0700", "fd00"};
  std::string command = sentence("sgdisk -a 1 -S ", 20 + draw(random, 200));
  std::vector<int> numbers(20);
  std::iota(numbers.begin(), numbers.end(), 1);
  for (const auto& [start, length] : pieces(random, 1 + draw(random, 9), 100, kSectors - 100, 0)) {
    const auto which = numbers.begin() + random.between(0, std::ssize(numbers) - 1);
    const int n = *which;
    numbers.erase(which);
    command += sentence(" -n ", n, ':', start, ':', start + length - 1, " -t ", n, ':',
                        kTypes[draw(random, std::size(kTypes))]);
    if (draw(random, 2) == 0) command += sentence(" -c ", n, ":'name ", draw(random, 1000), "'");
  }
  return command;
}

TEST_F(Theirs, Paper_77_random_tables_of_sgdisk_are_read_as_sfdisk_reads_them) {
  std::vector<std::string> commands;
  for (int i = 0; i < kTables; ++i) {
    commands.push_back(sgdisk_command(RandomStream(1, sentence("sgdisk ", i))));
  }
  make(commands);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const testing::Image made = image(i);
    const auto found = read_table(gpt::scheme(), {}, testing::medium_of(made), made);
    ASSERT_TRUE(found) << found.error().text << said(i);
    EXPECT_FALSE(found->table().corrupt) << commands[i];
    Rows ours;
    for (const Slice& s : found->table().slices) {
      ours.push_back(row(std::to_string(s.index), s.start_bytes / 512, s.length_bytes / 512, s.type,
                         s.id, s.label));
    }
    std::ranges::sort(ours);
    EXPECT_FALSE(ours.empty()) << said(i);
    EXPECT_EQ(ours, rows_of_sfdisk(i)) << commands[i];
  }
}

// An extended partition in one of the four slots, and logical ones in it.
struct ChainScript {
  std::string command;
  std::uint64_t slot;
  std::uint64_t count;
};
ChainScript sfdisk_script(RandomStream random) {
  constexpr const char* kTypes[] = {"83", "82", "7", "a5", "b"};
  const std::uint64_t first = 1 + draw(random, 3000);
  const std::uint64_t end = kSectors - draw(random, 3000);
  const std::uint64_t slot = 1 + draw(random, 4);
  const std::uint64_t count = 1 + draw(random, 12);
  std::string script = sentence("label: dos\\n", slot, ": start=", first, ",size=", end - first,
                                ",type=", draw(random, 2) == 0 ? "5" : "f", "\\n");
  int number = 5;
  for (const auto& [start, length] : pieces(random, count, first, end, 1)) {
    script += sentence(number++, ": start=", start, ",size=", length,
                       ",type=", kTypes[draw(random, std::size(kTypes))], "\\n");
  }
  return {"printf '" + script + "' | sfdisk -q --wipe never", slot, count};
}

TEST_F(Theirs, Paper_77_random_chains_of_sfdisk_are_read_as_sfdisk_reads_them) {
  std::vector<ChainScript> scripts;
  std::vector<std::string> commands;
  for (int i = 0; i < kTables; ++i) {
    scripts.push_back(sfdisk_script(RandomStream(1, sentence("sfdisk ", i))));
    commands.push_back(scripts.back().command);
  }
  make(commands);
  for (std::size_t i = 0; i < scripts.size(); ++i) {
    testing::AllTablesMesh t;
    t.disk("da0", image(i));
    Rows ours;
    for (const std::string& below : {std::string("da0"), sentence("da0s", scripts[i].slot)}) {
      const Geom* geom = t.mesh.geom(below == "da0" ? "mbr" : "ebr", below);
      ASSERT_NE(geom, nullptr) << commands[i] << said(i);
      for (const Provider& p : geom->providers()) {
        const Slice& s = Slicer::of(*geom)->slice_of(p);
        ours.push_back(row(std::to_string(s.index), start_on_disk_bytes(p) / 512,
                           s.length_bytes / 512, s.type, "", ""));
      }
    }
    std::ranges::sort(ours);
    EXPECT_EQ(ours.size(), scripts[i].count + 1) << said(i);
    EXPECT_EQ(ours, rows_of_sfdisk(i)) << commands[i];
  }
}

}  // namespace
}  // namespace biotope
