// Real tools as judges: what we write, they read as it was meant.
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

#include "classes/ebr/ebr.h"
#include "classes/gpt/gpt.h"
#include "classes/slicer/document_testing.h"
#include "classes/slicer/host_testing.h"

namespace biotope {
namespace {

using testing::Image;
using testing::medium_of;
using testing::output_of;
using testing::Rows;
using testing::rows;

constexpr std::int64_t kSectors = 4096;
// Cases that RapidCheck makes by default, times this, are the random tables of a scheme.
constexpr int kTablesPerCase = 2;

// Where a tool finds the image it is asked about.
class Desk {
 public:
  std::string ask(const Image& image, const std::string& command) {
    std::FILE* file = std::fopen(path_.c_str(), "wb");
    RC_ASSERT(file != nullptr);
    std::fwrite(image.data(), 1, image.size(), file);
    std::fclose(file);
    return output_of("PATH=$PATH:/usr/sbin:/sbin LC_ALL=C " + command + " " + path_ + " 2>&1");
  }
  const std::string& path() const { return path_; }

 private:
  testing::Folder folder_;
  std::string path_ = folder_.file("image");
};

NewPartition any_partition(const std::vector<std::string>& types, std::int64_t sectors) {
  NewPartition wanted;
  if (*rc::gen::arbitrary<bool>()) {
    wanted.start_bytes = *rc::gen::inRange<std::int64_t>(1, sectors) * 512;
  }
  if (*rc::gen::inRange(0, 4) > 0) {
    wanted.length_bytes = *rc::gen::inRange<std::int64_t>(1, sectors / 4) * 512;
  }
  wanted.type = *rc::gen::elementOf(types);
  return wanted;
}

// Some table, as a user makes one who tries this and that. What is refused is left undone.
Document any_table(const Scheme& scheme, const Surroundings& where, std::int64_t sectors,
                   const std::vector<std::string>& types) {
  Document document =
      Document::create(scheme, testing::properties_of_size(sectors * 512), where, {}).value();
  const int tries = *rc::gen::inRange(0, 10);
  for (int i = 0; i < tries; ++i) {
    (void)document.add(any_partition(types, sectors));
    if (document.table().slices.empty() || *rc::gen::inRange(0, 4) > 0) continue;
    const auto which = *rc::gen::inRange<std::size_t>(0, document.table().slices.size());
    const int index = document.table().slices[which].index;
    (void)document.remove(index);
  }
  return document;
}

Image written(const Document& document) {
  Image image(static_cast<std::size_t>(document.medium().media_size_bytes));
  testing::write(image, document.steps());
  return image;
}

// What `sfdisk -J` says, as rows() does.
Rows rows_of_sfdisk(Desk& desk, const Image& image) {
  const std::string said = desk.ask(image, "sfdisk -J");
  // It may have something to remark first.
  const auto answer =
      nlohmann::json::parse(said.substr(std::min(said.find('{'), said.size())), nullptr, false);
  if (answer.is_discarded()) return {said};
  Rows all;
  for (const auto& p : answer.at("partitiontable").value("partitions", nlohmann::json::array())) {
    std::string type = p.at("type").get<std::string>();
    if (type.size() == 1) type.insert(0, "0");
    all.push_back(sentence('s', p.at("node").get<std::string>().substr(desk.path().size()), ' ',
                           p.at("start").get<std::int64_t>(), '+', p.at("size").get<std::int64_t>(),
                           " 0x", type));
  }
  return all;
}

// What `partx` says: number, start, sectors, type, one partition a line.
Rows rows_of_partx(Desk& desk, const Image& image, const std::string& prefix) {
  std::istringstream said(desk.ask(image, "partx -g -r -o NR,START,SECTORS,TYPE"));
  Rows all;
  std::string number, start, sectors, type;
  while (said >> number >> start >> sectors >> type) {
    all.push_back(prefix + number + " " + start + "+" + sectors + " " + type);
  }
  return all;
}

class Judges : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* tool : {"sfdisk", "partx", "sgdisk"}) {
      if (!testing::has_tool(tool)) GTEST_SKIP() << tool << " is not on this machine";
    }
  }
};

RC_GTEST_FIXTURE_PROP(Judges, Paper_77_sfdisk_reads_the_mbrs_and_chains_we_write, ()) {
  Desk desk;
  for (int i = 0; i < kTablesPerCase; ++i) {
    Document mbr =
        any_table(mbr::scheme(), {}, kSectors, {"linux-data", "freebsd", "fat32lba", "efi"});
    const auto extended = mbr.add({.alignment_bytes = 8 * 512, .type = "ebr"});
    Image image = written(mbr);
    Rows expected = rows(mbr.table());
    if (extended) {
      const Slice& place = *mbr.table().slice(*extended);
      const Document ebr =
          any_table(ebr::scheme(), testing::in_extended(), place.length_bytes / 512,
                    {"linux-data", "linux-swap", "freebsd"});
      const Image chain = written(ebr);
      std::copy(chain.begin(), chain.end(), image.begin() + place.start_bytes);
      for (const Slice& s : ebr.table().slices) {
        expected.push_back(sentence(s.suffix, ' ', (place.start_bytes + s.start_bytes) / 512, '+',
                                    s.length_bytes / 512, ' ', s.type));
      }
    }
    RC_ASSERT(rows_of_sfdisk(desk, image) == expected);
  }
}

RC_GTEST_FIXTURE_PROP(Judges, Paper_77_sgdisk_and_partx_find_nothing_wrong_with_our_gpts, ()) {
  Desk desk;
  for (int i = 0; i < kTablesPerCase; ++i) {
    Document gpt = any_table(gpt::scheme(), {}, kSectors, {"efi", "freebsd-zfs", "linux-data"});
    if (!gpt.table().slices.empty()) {
      RC_ASSERT(gpt.modify(gpt.table().slices[0].index, {.label = "a label", .set = {"bootme"}}));
    }
    const Image image = written(gpt);
    RC_ASSERT(rows_of_partx(desk, image, "p") == rows(gpt.table()));
    RC_ASSERT(desk.ask(image, "sgdisk -v").find("No problems found") != std::string::npos);
  }
}

RC_GTEST_FIXTURE_PROP(Judges, Paper_77_sgdisk_finds_nothing_wrong_with_what_we_recovered, ()) {
  Desk desk;
  const Document gpt = any_table(gpt::scheme(), {}, kSectors, {"efi", "freebsd-zfs"});
  Image image = written(gpt);
  const auto damaged = static_cast<std::size_t>(
      *rc::gen::elementOf(std::vector<std::int64_t>{0, 1, 2, kSectors - 33, kSectors - 1}));
  std::fill_n(image.begin() + static_cast<std::ptrdiff_t>(damaged * 512), 512, std::byte{0xA7});
  if (*rc::gen::arbitrary<bool>() && damaged < kSectors - 33) {
    image.resize(image.size() + 100 * 512);
    if (damaged > 0) RC_DISCARD("then the other copy can not be found");
  }
  Document document = testing::read(gpt::scheme(), image);
  RC_ASSERT(document.table().corrupt);
  RC_ASSERT(document.table().slices == gpt.table().slices);
  RC_ASSERT(document.recover());
  testing::write(image, document.steps());
  RC_ASSERT(desk.ask(image, "sgdisk -v").find("No problems found") != std::string::npos);
  RC_ASSERT(rows_of_partx(desk, image, "p") == rows(gpt.table()));
}

// The tool counts the partitions that have a type, which c has not unless somebody gave it one.
RC_GTEST_FIXTURE_PROP(Judges, Paper_77_partx_reads_the_disklabels_we_write, ()) {
  Desk desk;
  for (int i = 0; i < kTablesPerCase; ++i) {
    const Document bsd =
        any_table(bsd::scheme(), {}, kSectors, {"freebsd-ufs", "freebsd-swap", "freebsd-zfs"});
    Rows expected;
    for (const Slice& s : bsd.table().slices) {
      if (s.type == "0x00") continue;
      const std::string type = s.type == "0x1b" ? s.type : "0x" + s.type.substr(3);
      expected.push_back(sentence(expected.size() + 1, ' ', s.start_bytes / 512, '+',
                                  s.length_bytes / 512, ' ', type));
    }
    RC_ASSERT(rows_of_partx(desk, written(bsd), "") == expected);
  }
}

}  // namespace
}  // namespace biotope
