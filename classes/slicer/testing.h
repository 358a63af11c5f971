#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "classes/bsd/bsd.h"
#include "classes/class_list.h"
#include "classes/disk/disk.h"
#include "classes/disk/ram_driver.h"
#include "classes/mbr/mbr.h"
#include "model/control_io.h"
#include "model/testing.h"

// What tests of partition classes need: tables written byte by byte, apart from the declarations
// that the classes read them with, and disks to put them on.
namespace biotope::testing {

inline void must(const Status& status) { EXPECT_TRUE(status) << status.error().text; }

using Image = std::vector<std::byte>;

inline void put(Image& image, std::size_t at, std::uint64_t value, int bytes, bool big = false) {
  for (int i = 0; i < bytes; ++i) {
    const int shift = 8 * (big ? bytes - 1 - i : i);
    image.at(at + static_cast<std::size_t>(i)) = static_cast<std::byte>(value >> shift);
  }
}

// What `scheme` finds in the first bytes of a medium; what lies behind them can not be read.
inline Result<Table> parse(const Scheme& scheme, std::span<const std::byte> image,
                           const Properties& medium, const Surroundings& where = {}) {
  const Result<Document> document = read_table(scheme, where, medium, image);
  if (!document) return pass_on(document);
  return document->table();
}

struct MbrEntry {
  std::uint32_t start = 0;   // sectors
  std::uint32_t length = 0;  // sectors
  std::uint8_t type = 0;
  std::uint8_t flag = 0;
};

inline void put_mbr(Image& image, const std::vector<MbrEntry>& entries, std::size_t at = 0) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::size_t entry = at + 446 + 16 * i;
    put(image, entry, entries[i].flag, 1);
    put(image, entry + 4, entries[i].type, 1);
    put(image, entry + 8, entries[i].start, 4);
    put(image, entry + 12, entries[i].length, 4);
  }
  put(image, at + 510, 0x55, 1);
  put(image, at + 511, 0xAA, 1);
}

struct BsdEntry {
  std::uint32_t start = 0;   // sectors
  std::uint32_t length = 0;  // sectors
  std::uint8_t type = 7;
};

// Writes a disklabel at byte `at`, with a right checksum.
inline void put_bsd(Image& image, std::size_t at, const std::vector<BsdEntry>& entries,
                    bool big = false, std::uint32_t sector_bytes = 512) {
  put(image, at, 0x82564557, 4, big);
  put(image, at + 40, sector_bytes, 4, big);
  put(image, at + 44, 63, 4, big);
  put(image, at + 48, 255, 4, big);
  put(image, at + 132, 0x82564557, 4, big);
  put(image, at + 136, 0, 2, big);
  put(image, at + 138, entries.size(), 2, big);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    put(image, at + 148 + 16 * i, entries[i].length, 4, big);
    put(image, at + 148 + 16 * i + 4, entries[i].start, 4, big);
    put(image, at + 148 + 16 * i + 12, entries[i].type, 1);
  }
  unsigned first = 0;
  unsigned second = 0;
  for (std::size_t i = at; i < at + 148 + 16 * entries.size(); i += 2) {
    first ^= std::to_integer<unsigned>(image.at(i));
    second ^= std::to_integer<unsigned>(image.at(i + 1));
  }
  put(image, at + 136, first, 1);
  put(image, at + 137, second, 1);
}

// The disk of the paper's section 4: two slices, the first of them with a disklabel of three
// partitions besides "c", which is all of it. Sectors of 512 bytes.
inline constexpr std::uint32_t kSlice1 = 64;
inline constexpr std::uint32_t kSlice1Sectors = 1000;
inline constexpr std::uint32_t kSlice2 = 1064;
inline constexpr std::uint32_t kSlice2Sectors = 900;
inline Image zip_disk() {
  Image image(2048 * 512);
  put_mbr(image, {{kSlice1, kSlice1Sectors, 0xA5, 0x80}, {kSlice2, kSlice2Sectors, 0x06}});
  put_bsd(image, (kSlice1 + 1) * 512,
          {{kSlice1 + 16, 400},
           {kSlice1 + 416, 84, 1},
           {kSlice1, kSlice1Sectors, 0},
           {kSlice1 + 500, 500}});
  return image;
}

// Drivers, to be a base before the mesh whose disks look at them until the end.
struct RamDrivers {
  std::vector<std::unique_ptr<RamDriver>> drivers;
};

// A mesh with the classes of the paper's story loaded and disks in memory.
class SlicedMesh : private RamDrivers, public TestMesh {
 public:
  explicit SlicedMesh(bool mbr_first = true) {
    load<DiskClass>();
    if (mbr_first) load<MbrClass>();
    load<BsdClass>();
    if (!mbr_first) load<MbrClass>();
  }

  struct NoClasses {};
  explicit SlicedMesh(NoClasses) {}

  // A disk with these contents, tasted to the end unless it has a latency.
  RamDriver& disk(const std::string& name, const Image& image, Properties properties = {},
                  std::int64_t latency_ns = 0) {
    properties.media_size_bytes = static_cast<std::int64_t>(image.size());
    DiskTraits traits;
    traits.properties = properties;
    drivers.push_back(std::make_unique<RamDriver>(traits, &executor, latency_ns));
    drivers.back()->bytes() = image;
    add_disk(mesh, name, *drivers.back()).value();
    if (latency_ns == 0) mesh.settle();
    return *drivers.back();
  }

  // The names of the usable providers, in the order in which their geoms were made.
  std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const Geom& geom : mesh.geoms()) {
      for (const Provider& provider : geom.providers()) {
        if (!provider.orphaned()) all.push_back(provider.name());
      }
    }
    return all;
  }
  // A user of `provider` who has it open.
  User& opened(const std::string& user_name, const std::string& provider_name, Access how) {
    User& geom = user(user_name, provider(provider_name));
    must(mesh.access(geom.edge(), how));
    return geom;
  }
  // What is answered to a GETATTR for a text; "errno N" where it fails.
  std::string attribute(User& user, const char* name) {
    auto task = get_attribute_text(user.edge(), name);
    task.start();
    executor.run();
    const Result<std::string> text = task.result();
    return text ? *text : sentence("errno ", text.error().code);
  }

 protected:
  template <class C>
  void load() {
    must(mesh.load(std::make_unique<C>()));
  }
};

// The same with all partition classes.
class AllTablesMesh : public SlicedMesh {
 public:
  AllTablesMesh() {
    for (std::unique_ptr<Class>& cls : all_classes()) {
      const bool more = dynamic_cast<SlicerClass*>(cls.get()) != nullptr &&
                        mesh.find_class(cls->name()) == nullptr;
      if (more) must(mesh.load(std::move(cls)));
    }
  }
};

}  // namespace biotope::testing
