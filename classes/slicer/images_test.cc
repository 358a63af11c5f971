// Real disk images with agreed answers. They are not part of this repository: they are looked for
// beside it, and the test is skipped where they are not.
#include <gtest/gtest.h>
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "classes/class_list.h"
#include "classes/slicer/host_testing.h"

namespace biotope {
namespace {

using nlohmann::json;
using testing::output_of;

constexpr const char* kFolder = "../shared/images";

// A read-only medium in a file: images of many gigabytes are mostly holes.
class FileDriver final : public DiskDriver {
 public:
  FileDriver(const std::string& path, const Properties& properties)
      : file_(std::fopen(path.c_str(), "rb")) {
    traits_.properties = properties;
    traits_.properties.writable = false;
  }
  ~FileDriver() override {
    if (file_ != nullptr) std::fclose(file_);
  }
  DiskTraits traits() const override { return traits_; }
  Verdict strategy(Bio& bio) override {
    std::vector<std::byte> bytes(static_cast<std::size_t>(bio.length_bytes));
    if (file_ == nullptr || ::fseeko(file_, bio.position_bytes, SEEK_SET) != 0 ||
        std::fread(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
      return Verdict::done(EIO);
    }
    bio.data.copy_in(bytes);
    return Verdict::done();
  }

 private:
  std::FILE* file_;
  DiskTraits traits_;
};

// index, start, length, type; the type is empty where the answer leaves it open.
using Row = std::tuple<int, std::int64_t, std::int64_t, std::string>;
using Rows = std::set<Row>;

Rows rows_of(const json& partitions, bool with_types) {
  Rows rows;
  for (const json& p : partitions) {
    if (p.value("role", "") == "meta") continue;
    const json& index = p.at("index");
    const bool typed = with_types && p.contains("type") && p.at("type").is_string();
    rows.emplace(index.is_string() ? std::stoi(index.get<std::string>()) : index.get<int>(),
                 p.at("start_byte").get<std::int64_t>(), p.at("length_byte").get<std::int64_t>(),
                 typed ? p.at("type").get<std::string>() : "");
  }
  return rows;
}

void add_rows(Rows& rows, const Slicer& slicer, bool with_types) {
  for (const Provider& provider : slicer.providers()) {
    const Slice& slice = slicer.slice_of(provider);
    rows.emplace(slice.index, start_on_disk_bytes(provider), provider.media_size_bytes(),
                 with_types ? slice.type : "");
  }
}

bool has_open_types(const json& partitions) {
  return std::any_of(partitions.begin(), partitions.end(),
                     [](const json& p) { return !p.contains("type") || p.at("type").is_null(); });
}

// Some samples are the first sectors of a larger disk, which all agree about.
std::int64_t media_size_bytes(const json& expected) {
  auto size = expected.at("media_size").get<std::int64_t>();
  if (expected.at("kind") != "valid" || expected.at("verdict") != "agreed") return size;
  for (const json& p : expected.at("partitions")) {
    size = std::max(
        size, p.at("start_byte").get<std::int64_t>() + p.at("length_byte").get<std::int64_t>());
  }
  return size;
}

// One image, on a disk, tasted.
class Tasted {
 public:
  Tasted(const json& expected, const testing::Folder& folder) {
    Properties properties;
    properties.sector_size_bytes = expected.value("sector_size", 512);
    properties.media_size_bytes = media_size_bytes(expected);
    properties.media_size_bytes -= properties.media_size_bytes % properties.sector_size_bytes;
    const auto name = expected.at("image").get<std::string>();
    path_ = folder.file(name);
    driver_ = std::make_unique<FileDriver>(folder.file(name), properties);
    add_disk(t_.mesh, "da0", *driver_).value();
    EXPECT_TRUE(t_.mesh.settle());
  }

  const std::string& path() const { return path_; }
  const Properties& medium() { return t_.provider("da0").properties(); }

  // The slicer on `provider` whose table has this scheme ("mbr", "bsd"), or null.
  const Slicer* slicer(const std::string& provider, std::string scheme) const {
    std::transform(scheme.begin(), scheme.end(), scheme.begin(), ::toupper);
    for (const Geom& geom : t_.mesh.geoms()) {
      const Slicer* found = Slicer::of(geom);
      if (found != nullptr && found->name() == provider && found->table().scheme == scheme) {
        return found;
      }
    }
    return nullptr;
  }
  // How many tables there are; what is in an extended partition is part of its MBR's.
  std::size_t slicers() const {
    std::size_t count = 0;
    for (const Geom& geom : t_.mesh.geoms()) {
      const Slicer* found = Slicer::of(geom);
      count += found != nullptr && found->table().scheme != "EBR" ? 1 : 0;
    }
    return count;
  }
  // True when the mesh shows exactly these tables.
  bool shows(const json& answer, bool nested_too) const {
    if (answer.at("scheme").is_null()) return slicers() == 0;
    std::size_t tables = 1;
    if (!shows_table("da0", answer)) return false;
    if (!nested_too) return true;
    for (const json& nested : answer.value("nested", json::array())) {
      const json& parent = nested.at("parent_index");
      if (!shows_table(parent.is_null() ? "da0" : "da0s" + parent.dump(), nested)) return false;
      ++tables;
    }
    return slicers() == tables;
  }
  // The tables that would not come out as they are if they were written once more.
  std::string changed_by_writing() const {
    std::string all;
    for (const Geom& geom : t_.mesh.geoms()) {
      const Slicer* slicer = Slicer::of(geom);
      if (slicer == nullptr) continue;
      const Document& document = *slicer->document();
      Sectors again = document.sectors();
      const Status done = document.scheme().encode(again, document.table(), document.table());
      if (done && again.changed_since(document.sectors()).empty()) continue;
      all += geom.title() + "\n";
    }
    return all;
  }
  std::string text() const {
    std::string all;
    for (const Geom& geom : t_.mesh.geoms()) {
      if (Slicer::of(geom) == nullptr) continue;
      all += geom.title() + ": " + geom.status() + "\n";
      for (const Provider& p : geom.providers())
        all += "  " + p.name() + ": " + geom.about(p) + "\n";
    }
    for (const auto& line : notes_.lines) {
      if (line.kind == FactKind::note) all += "note: " + line.text + "\n";
    }
    return all;
  }

 private:
  bool shows_table(const std::string& provider, const json& answer) const {
    const Slicer* found = slicer(provider, answer.at("scheme").get<std::string>());
    if (found == nullptr) return false;
    const json& partitions = answer.at("partitions");
    const bool typed = !has_open_types(partitions);
    Rows rows;
    add_rows(rows, *found, typed);
    if (found->table().scheme == "MBR") {
      for (const Geom& geom : t_.mesh.geoms()) {
        const Slicer* other = Slicer::of(geom);
        if (other != nullptr && other->table().scheme == "EBR") add_rows(rows, *other, typed);
      }
    }
    return rows == rows_of(partitions, typed);
  }

  std::string path_;
  std::unique_ptr<FileDriver> driver_;  // outlives the mesh
  testing::AllTablesMesh t_;
  testing::Recorder notes_{t_.mesh};
};

// There is a class for tables of that scheme.
bool is_ours(const json& answer) {
  if (!answer.at("scheme").is_string()) return false;
  auto scheme = answer.at("scheme").get<std::string>();
  std::transform(scheme.begin(), scheme.end(), scheme.begin(), ::toupper);
  const auto classes = all_classes();
  return std::any_of(classes.begin(), classes.end(), [&](const auto& cls) {
    const auto* slicer = dynamic_cast<const SlicerClass*>(cls.get());
    return slicer != nullptr && slicer->scheme().name() == scheme;
  });
}

// The table without the partitions in its extended one.
json without_logicals(const json& answer) {
  json left = answer;
  left["partitions"] = json::array();
  for (const json& p : answer.at("partitions")) {
    if (p.value("role", "") != "logical") left["partitions"].push_back(p);
  }
  return left;
}

// What gpart is said to do with it, where that is to refuse something.
bool refused_as_gpart_does(const Tasted& tasted, const json& expected) {
  const std::string gpart = expected.value("freebsd_2019_gpart", "");
  if (gpart.starts_with("reject")) return tasted.slicers() == 0;
  return gpart.starts_with("the EBR geom") && tasted.shows(without_logicals(expected), true);
}

// The answers that would do, besides the main one and no table at all.
bool shows_another(const Tasted& tasted, const json& expected) {
  for (const json& also : expected.value("accept_also", json::array())) {
    if ((is_ours(also) || also.at("scheme").is_null()) && tasted.shows(also, false)) return true;
  }
  return false;
}

std::vector<json> answers() {
  std::vector<json> all;
  const std::string list = output_of(std::string("ls ") + kFolder + "/expected/*.json 2>/dev/null");
  for (std::size_t at = 0; at < list.size();) {
    const std::size_t end = list.find('\n', at);
    std::FILE* file = std::fopen(list.substr(at, end - at).c_str(), "rb");
    all.push_back(json::parse(file));
    std::fclose(file);
    at = end + 1;
  }
  return all;
}

// Expands all images named in the arguments after the folder of the images and the one to fill.
constexpr const char* kExpandAll = R"(python3 -B -c "
import json, sys
images, made = sys.argv[1:3]
sys.path.insert(0, images)
from expand_image import expand
for name, size in zip(sys.argv[3::2], sys.argv[4::2]):
    about = json.load(open(f'{images}/expected/{name}.json'))
    size = int(size) if 'expand' in about or int(size) > about['media_size'] else None
    expand(images + '/' + about['stored_as'], made + '/' + name, size)
" )";

class Images : public ::testing::Test {
 protected:
  void SetUp() override {
    all_ = answers();
    if (all_.empty()) GTEST_SKIP() << "there are no disk images in " << kFolder;
    ASSERT_FALSE(folder_.path().empty());
  }

  // Calls look(expected, tasted) for every image that `wanted` says yes to; returns how many.
  template <class Wanted, class Look>
  int each(Wanted wanted, Look look) {
    std::string command = std::string(kExpandAll) + kFolder + " " + folder_.path();
    for (const json& expected : all_) {
      if (!wanted(expected)) continue;
      command +=
          sentence(" ", expected.at("image").get<std::string>(), ' ', media_size_bytes(expected));
    }
    output_of(command);
    int count = 0;
    for (const json& expected : all_) {
      if (!wanted(expected)) continue;
      ++count;
      Tasted tasted(expected, folder_);
      look(expected, tasted);
    }
    return count;
  }

 private:
  std::vector<json> all_;
  testing::Folder folder_;
};

TEST_F(Images, Paper_77_valid_tables_of_other_systems_are_read_as_those_read_them) {
  const int seen =
      each([](const json& expected) { return is_ours(expected) && expected.at("kind") == "valid"; },
           [](const json& expected, const Tasted& tasted) {
             EXPECT_TRUE(tasted.shows(expected, true) || shows_another(tasted, expected))
                 << expected.at("image") << "\n"
                 << tasted.text();
             EXPECT_EQ(tasted.changed_by_writing(), "") << expected.at("image");
           });
  EXPECT_GT(seen, 20);
}

TEST_F(Images, damaged_tables_are_read_or_refused_as_some_tool_does) {
  const int seen = each(
      [](const json& expected) { return is_ours(expected) && expected.at("kind") == "damaged"; },
      [](const json& expected, const Tasted& tasted) {
        EXPECT_TRUE(tasted.shows(expected, true) || shows_another(tasted, expected) ||
                    refused_as_gpart_does(tasted, expected))
            << expected.at("image") << "\n"
            << tasted.text();
      });
  EXPECT_GT(seen, 10);
}

TEST_F(Images, what_is_no_table_of_ours_is_not_taken_for_one) {
  const int seen = each([](const json& expected) { return !is_ours(expected); },
                        [](const json& expected, const Tasted& tasted) {
                          EXPECT_EQ(tasted.slicers(), 0U) << expected.at("image") << "\n"
                                                          << tasted.text();
                        });
  EXPECT_GT(seen, 40);
}

// The usual type for each partition, then the one it had. "c" is what it is by its type, too.
Status change_types_to_and_fro(Document& document) {
  const Table table = document.table();
  for (const Slice& slice : table.slices) {
    if (slice.raw || slice.suffix == "c") continue;
    for (const std::string& type : {std::string(), slice.type}) {
      Modification change;
      change.type = type;
      if (Status changed = document.modify(slice.index, change); !changed) return changed;
    }
  }
  return {};
}

TEST_F(Images, valid_tables_that_are_changed_and_changed_back_are_the_same_bytes) {
  int documents = 0;
  each([](const json& expected) { return is_ours(expected) && expected.at("kind") == "valid"; },
       [&](const json& expected, Tasted& tasted) {
         std::FILE* file = std::fopen(tasted.path().c_str(), "rb");
         const auto read = [&](std::int64_t offset, std::int64_t length) -> Result<Bytes> {
           Bytes bytes(static_cast<std::size_t>(length));
           const bool got = ::fseeko(file, offset, SEEK_SET) == 0 &&
                            std::fread(bytes.data(), 1, bytes.size(), file) == bytes.size();
           if (!got) return fail(EIO, "the image ends before byte ", offset + length);
           return bytes;
         };
         for (const auto& cls : all_classes()) {
           const auto* slicer = dynamic_cast<const SlicerClass*>(cls.get());
           if (slicer == nullptr) continue;
           Result<Document> document = read_table(slicer->scheme(), {}, tasted.medium(), read);
           if (!document || !document->table().notes.empty()) continue;
           ++documents;
           const Status changed = change_types_to_and_fro(*document);
           EXPECT_TRUE(changed) << expected.at("image") << changed.error().text;
           EXPECT_EQ(document->sectors().changed_since(document->sectors_on_medium()),
                     std::vector<std::int64_t>{})
               << expected.at("image");
         }
         std::fclose(file);
       });
  EXPECT_GT(documents, 20);
}

}  // namespace
}  // namespace biotope
