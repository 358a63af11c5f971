// What tasting costs: for each partition convention how many tables a second are parsed from
// memory, and for a disk with such a table how many sectors all classes together read of it and of
// its partitions. Prints one figure a line.
#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <memory>
#include <string>

#include "bench/stack.h"
#include "classes/class_list.h"
#include "classes/disk/ram_driver.h"
#include "classes/slicer/slicer_class.h"
#include "model/check.h"

namespace biotope::bench {
namespace {

constexpr std::int64_t kSector = 512;
constexpr std::int64_t kSectors = 1 << 16;
constexpr int kPartitions = 3;

Properties medium() {
  Properties properties;
  properties.sector_size_bytes = kSector;
  properties.media_size_bytes = kSectors * kSector;
  return properties;
}

// The medium of a disk, which counts what is read of it.
class CountingDriver final : public DiskDriver {
 public:
  CountingDriver() : ram_(traits_of_medium()) {}

  DiskTraits traits() const override { return ram_.traits(); }
  Verdict strategy(Bio& bio) override {
    if (bio.command == Command::read) sectors_read_ += bio.length_bytes / kSector;
    return ram_.strategy(bio);
  }
  std::vector<std::byte>& bytes() { return ram_.bytes(); }
  std::int64_t sectors_read() const { return sectors_read_; }

 private:
  static DiskTraits traits_of_medium() {
    DiskTraits traits;
    traits.properties = medium();
    return traits;
  }

  RamDriver ram_;
  std::int64_t sectors_read_ = 0;
};

// Writes a table with a few partitions; false where the convention can not be made by itself.
bool make_table(const Scheme& scheme, std::vector<std::byte>& image) {
  Result<Document> document = Document::create(scheme, medium(), {}, {});
  if (!document) return false;
  for (int i = 0; i < kPartitions; ++i) {
    NewPartition wanted;
    wanted.length_bytes = medium().media_size_bytes / (2 * kPartitions);
    BIOTOPE_CHECK(document->add(wanted), "there is room for a few partitions");
  }
  for (const Step& step : document->steps()) {
    std::ranges::copy(step.bytes, image.begin() + step.sector * kSector);
  }
  return true;
}

double tables_per_second(const Scheme& scheme, const std::vector<std::byte>& image) {
  using Clock = std::chrono::steady_clock;
  constexpr int kBatch = 100;
  constexpr auto kLong = std::chrono::milliseconds(200);
  const auto start = Clock::now();
  int tables = 0;
  while (Clock::now() - start < kLong) {
    for (int i = 0; i < kBatch; ++i) {
      BIOTOPE_CHECK(read_table(scheme, {}, medium(), image), "what was written is read");
    }
    tables += kBatch;
  }
  return tables / std::chrono::duration<double>(Clock::now() - start).count();
}

std::int64_t sectors_read(const std::vector<std::byte>& image) {
  VirtualExecutor executor;
  CountingDriver driver;
  driver.bytes() = image;
  Mesh mesh(executor);
  for (std::unique_ptr<Class>& cls : all_classes()) must(mesh.load(std::move(cls)));
  BIOTOPE_CHECK(add_disk(mesh, "da0", driver), "there is no other disk");
  BIOTOPE_CHECK(mesh.settle(), "nothing here can hang");
  return driver.sectors_read();
}

void run(const Scheme& scheme) {
  std::vector<std::byte> image(static_cast<std::size_t>(medium().media_size_bytes));
  if (!make_table(scheme, image)) return;
  std::string name(scheme.name());
  std::ranges::transform(name, name.begin(), ::tolower);
  fmt::print("taste.{}_tables_per_second {:.0f}\n", name, tables_per_second(scheme, image));
  fmt::print("taste.{}_sectors_read {}\n", name, sectors_read(image));
}

}  // namespace
}  // namespace biotope::bench

int main() {
  using namespace biotope;
  fmt::print("taste.empty_sectors_read {}\n",
             bench::sectors_read(std::vector<std::byte>(bench::kSectors * bench::kSector)));
  for (const auto& cls : all_classes()) {
    const auto* slicer = dynamic_cast<const SlicerClass*>(cls.get());
    if (slicer != nullptr) bench::run(slicer->scheme());
  }
  return 0;
}
