// Mutated volumes for whoever recognises them and looks for files on them. An input is the sectors
// of a volume that are not zero: for each its number, in four bytes, and what is in it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include "classes/fs/volume/volume.h"
#include "model/check.h"

namespace biotope::fs {
namespace {

constexpr std::int64_t kVolumeBytes = 1 << 21;
constexpr std::int64_t kSectorBytes = 512;
constexpr std::size_t kPieceBytes = sizeof(std::uint32_t) + kSectorBytes;

class Reader final : public VolumeReader {
 public:
  explicit Reader(Bytes bytes) : bytes_(std::move(bytes)) {}

  std::int64_t size_bytes() const override { return static_cast<std::int64_t>(bytes_.size()); }
  Task<Result<Bytes>> read(std::int64_t offset_bytes, std::int64_t length_bytes) override {
    BIOTOPE_CHECK(
        offset_bytes >= 0 && length_bytes >= 0 && offset_bytes <= size_bytes() - length_bytes,
        "nobody reads outside a volume");
    const auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(offset_bytes);
    co_return Bytes(from, from + static_cast<std::ptrdiff_t>(length_bytes));
  }

 private:
  Bytes bytes_;
};

Bytes volume_of(std::span<const std::byte> input) {
  Bytes volume(kVolumeBytes);
  for (; input.size() >= kPieceBytes; input = input.subspan(kPieceBytes)) {
    std::uint32_t sector = 0;
    std::memcpy(&sector, input.data(), sizeof sector);
    const auto at = static_cast<std::ptrdiff_t>(sector % (kVolumeBytes / kSectorBytes));
    std::ranges::copy(input.first(kPieceBytes).subspan(sizeof sector),
                      volume.begin() + at * kSectorBytes);
  }
  return volume;
}

template <class T>
T answer(Task<T> task) {
  task.start();
  return task.result();
}

void look_at(std::span<const std::byte> input) {
  Reader reader(volume_of(input));
  const auto volume = answer(recognise(reader));
  if (!volume) {
    BIOTOPE_CHECK(!volume.error().text.empty(), "a refusal has a reason");
    return;
  }
  for (const char* name : {"big", "Sub/A longer name.text"}) {
    const Result<FileMap> map = answer((*volume)->find(reader, name));
    BIOTOPE_CHECK(map || !map.error().text.empty(), "a refusal has a reason");
    if (!map) continue;
    for (const Extent& extent : map->extents) {
      BIOTOPE_CHECK(extent.volume_offset_bytes >= 0 && extent.length_bytes > 0 &&
                        extent.volume_offset_bytes <= kVolumeBytes - extent.length_bytes,
                    "a file lies on its volume");
    }
  }
}

// Small volumes of real tools, each made of the files in "tree" as "image".
constexpr std::array kMakers = {
    "makefs -t ffs -o bsize=4096,fsize=512,version=1 -s 1m image tree",
    "makefs -t ffs -o bsize=4096,fsize=512,version=1 -B be -s 1m image tree",
    "makefs -t ffs -o bsize=4096,fsize=512,version=2 -s 1m image tree",
    "mkfs.vfat -s 1 -F 12 -C image 1440 && mcopy -i image -s -Q tree/* ::/",
    "mkfs.vfat -s 1 -F 32 -C image 2000",
    "genisoimage -quiet -o image tree",
    "truncate -s 2m image && mkntfs -qFQ -L name image",
    "mke2fs -q -t ext4 image 1m",
};

// The files, then {0}, a maker; what it makes becomes {1}.
constexpr const char* kMake =
    "here=$(mktemp -d) && cd $here && mkdir -p tree/Sub && echo big >tree/big && "
    "echo small >'tree/Sub/A longer name.text' && export MTOOLS_SKIP_CHECK=1 && "
    "{{ {0}; }} >/dev/null 2>&1 && mv image '{1}'; status=$?; rm -r $here; exit $status";

Bytes contents(const std::string& path) {
  Bytes bytes(kVolumeBytes);
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return {};
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file));
  std::fclose(file);
  return bytes;
}

Bytes input_of(const Bytes& volume) {
  Bytes input;
  for (std::size_t at = 0; at + kSectorBytes <= volume.size(); at += kSectorBytes) {
    const auto sector = std::span(volume).subspan(at, kSectorBytes);
    if (std::ranges::count(sector, std::byte{0}) == kSectorBytes) continue;
    const auto number = static_cast<std::uint32_t>(at / kSectorBytes);
    const auto bytes = std::as_bytes(std::span(&number, 1));
    input.insert(input.end(), bytes.begin(), bytes.end());
    input.insert(input.end(), sector.begin(), sector.end());
  }
  return input;
}

}  // namespace

// Instead of fuzzing: writes the seeds into the folder $BIOTOPE_SEEDS, which is named from the
// root. What has no tool here has none.
int write_seeds(const std::string& folder) {
  int number = 0;
  for (const char* maker : kMakers) {
    const std::string made = folder + "/seed" + std::to_string(number++);
    const std::string command = fmt::format(kMake, maker, made);
    if (std::system(command.c_str()) != 0) continue;
    const Bytes input = input_of(contents(made));
    std::FILE* file = std::fopen(made.c_str(), "wb");
    if (file == nullptr) return 1;
    std::fwrite(input.data(), 1, input.size(), file);
    std::fclose(file);
  }
  return 0;
}

}  // namespace biotope::fs

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("BIOTOPE_SEEDS");
  if (folder != nullptr) std::exit(biotope::fs::write_seeds(folder));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  biotope::fs::look_at(std::as_bytes(std::span(data, size)));
  return 0;
}
