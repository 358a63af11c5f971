#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <string>
#include <vector>

#include "classes/fs/volume/volume.h"
#include "classes/temporary_folder.h"

// Volumes for tests: real ones, made by the tools that people use.
namespace biotope::fs::testing {

// The result of a task that waits for nothing.
template <class T>
T run_now(Task<T> task) {
  task.start();
  BIOTOPE_CHECK(task.done(), "this task waits for nothing");
  return task.result();
}

// A temporary folder in which tools are run.
class Folder {
 public:
  // What `command` says on its standard output when it is run in the folder; its exit status after
  // that in status().
  std::string run(const std::string& command) {
    const std::string line = "cd " + folder_.path() + " && { " + command + "; } 2>>errors";
    std::FILE* pipe = popen(line.c_str(), "r");
    std::string out;
    std::array<char, 4096> part{};
    for (std::size_t n = 0; (n = std::fread(part.data(), 1, part.size(), pipe)) > 0;) {
      out.append(part.data(), n);
    }
    status_ = pclose(pipe);
    return out;
  }
  // The same for tools that must succeed; true if they did.
  bool done(const std::string& command) {
    run(command);
    return status_ == 0;
  }
  int status() const { return status_; }
  std::string errors() { return run("cat errors"); }
  std::string file(const std::string& name) const { return folder_.file(name); }

  void write(const std::string& name, const Bytes& bytes) {
    std::FILE* f = std::fopen(file(name).c_str(), "wb");
    const bool written =
        bytes.empty() || std::fwrite(bytes.data(), 1, bytes.size(), f) == bytes.size();
    std::fclose(f);
    BIOTOPE_CHECK(written, "a test file can be written");
  }
  Bytes read(const std::string& name) {
    std::FILE* f = std::fopen(file(name).c_str(), "rb");
    if (f == nullptr) return {};
    Bytes bytes;
    std::array<std::byte, 65536> part{};
    for (std::size_t n = 0; (n = std::fread(part.data(), 1, part.size(), f)) > 0;) {
      bytes.insert(bytes.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(n));
    }
    std::fclose(f);
    return bytes;
  }

 private:
  TemporaryFolder folder_;
  int status_ = 0;
};

// Bytes that repeat nowhere near, so that a block in a wrong place shows.
inline Bytes pattern(std::size_t length, std::uint32_t seed) {
  Bytes bytes(length);
  std::uint32_t x = seed * 2654435761U + 1;
  for (std::byte& b : bytes) {
    x = x * 1664525U + 1013904223U;
    b = static_cast<std::byte>(x >> 24);
  }
  return bytes;
}

// A volume in memory. Remembers what is read, and can be told to fail.
class MemoryReader final : public VolumeReader {
 public:
  explicit MemoryReader(Bytes bytes) : bytes(std::move(bytes)) {}

  std::int64_t size_bytes() const override { return static_cast<std::int64_t>(bytes.size()); }
  Task<Result<Bytes>> read(std::int64_t offset_bytes, std::int64_t length_bytes) override {
    ++reads;
    trace.push_back({0, offset_bytes, length_bytes});
    outside = outside || offset_bytes < 0 || length_bytes < 0 || offset_bytes > size_bytes() ||
              length_bytes > size_bytes() - offset_bytes;
    if (outside || reads > fail_after) co_return fail(error, "the medium can not be read");
    const auto from = bytes.begin() + offset_bytes;
    co_return Bytes(from, from + length_bytes);
  }

  Bytes bytes;
  std::int64_t reads = 0;
  std::vector<Extent> trace;  // what was read, in order
  std::int64_t fail_after = 1'000'000'000;
  int error = EIO;
  bool outside = false;  // somebody asked for what is not there
};

// A volume in a file, however large.
class FileReader final : public VolumeReader {
 public:
  explicit FileReader(const std::string& name) : file_(std::fopen(name.c_str(), "rb")) {
    BIOTOPE_CHECK(file_ != nullptr, "the image is there");
    std::fseek(file_, 0, SEEK_END);
    size_bytes_ = std::ftell(file_);
  }
  ~FileReader() override { std::fclose(file_); }
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  std::int64_t size_bytes() const override { return size_bytes_; }
  Task<Result<Bytes>> read(std::int64_t offset_bytes, std::int64_t length_bytes) override {
    Bytes bytes(static_cast<std::size_t>(length_bytes));
    std::fseek(file_, offset_bytes, SEEK_SET);
    if (std::fread(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
      co_return fail(EIO, "the image is shorter than it was");
    }
    co_return bytes;
  }

 private:
  std::FILE* file_;
  std::int64_t size_bytes_ = 0;
};

// The file's bytes, put together from its pieces on the volume.
inline Bytes contents(const Bytes& volume, const FileMap& map) {
  Bytes bytes(static_cast<std::size_t>(map.size_bytes));
  for (const Extent& e : map.extents) {
    std::copy_n(volume.begin() + e.volume_offset_bytes, e.length_bytes,
                bytes.begin() + e.file_offset_bytes);
  }
  return bytes;
}

// How a real tool makes a volume. `command` makes the file "image", of `size_bytes`, with
// everything that lies in the folder "tree".
struct Recipe {
  const char* name;
  VolumeKind kind;
  std::endian order;
  std::int64_t size_bytes;
  std::int64_t block_size_bytes;
  const char* command;
  const char* volume_name = "";
};

inline void PrintTo(const Recipe& recipe, std::ostream* out) { *out << recipe.name; }

inline std::string mtools(const std::string& command) { return "MTOOLS_SKIP_CHECK=1 " + command; }

#define BIOTOPE_MAKEFS(version, order, block, fragment, size)                             \
  "makefs -t ffs -o version=" #version ",bsize=" #block ",fsize=" #fragment " -B " #order \
  " -s " #size " image tree"
#define BIOTOPE_MKFAT(bits, options, kilobytes)                                      \
  "mkfs.vfat -F " #bits " -n 'MY DISK' -i 12345678 " options " -C image " #kilobytes \
  " && MTOOLS_SKIP_CHECK=1 mcopy -i image -s -Q tree/* ::/"

inline const Recipe kRecipes[] = {
    {"ufs1", VolumeKind::ufs1, std::endian::little, 16 << 20, 4096,
     BIOTOPE_MAKEFS(1, le, 4096, 512, 16m)},
    {"ufs1_big_endian", VolumeKind::ufs1, std::endian::big, 16 << 20, 8192,
     BIOTOPE_MAKEFS(1, be, 8192, 1024, 16m)},
    {"ufs2", VolumeKind::ufs2, std::endian::little, 16 << 20, 4096,
     BIOTOPE_MAKEFS(2, le, 4096, 512, 16m)},
    {"ufs2_big_endian", VolumeKind::ufs2, std::endian::big, 16 << 20, 16384,
     BIOTOPE_MAKEFS(2, be, 16384, 2048, 16m)},
    {"ufs2_large_blocks", VolumeKind::ufs2, std::endian::little, 32 << 20, 65536,
     BIOTOPE_MAKEFS(2, le, 65536, 8192, 32m)},
    {"fat12", VolumeKind::fat12, std::endian::little, 8 << 20, 4096,
     BIOTOPE_MKFAT(12, "-s 8", 8192), "MY DISK"},
    {"fat16", VolumeKind::fat16, std::endian::little, 16 << 20, 1024,
     BIOTOPE_MKFAT(16, "-s 2", 16384), "MY DISK"},
    {"fat32", VolumeKind::fat32, std::endian::little, 40 << 20, 512,
     BIOTOPE_MKFAT(32, "-s 1", 40960), "MY DISK"},
    {"fat16_large_sectors", VolumeKind::fat16, std::endian::little, 64 << 20, 4096,
     BIOTOPE_MKFAT(16, "-S 4096 -s 1", 65536), "MY DISK"},
};

inline bool is_fat(const Recipe& recipe) { return recipe.volume_name[0] != '\0'; }

// Whether Sleuth Kit reads such volumes: it looks for UFS2 at 64 KiB, where a copy of the
// superblock lies if blocks are as large, and knows no large sectors.
inline bool has_other_reader(const Recipe& recipe) {
  if (recipe.kind == VolumeKind::ufs2) return recipe.block_size_bytes == 65536;
  return std::string_view(recipe.name) != "fat16_large_sectors";
}

inline std::vector<Recipe> those(bool (*wanted)(const Recipe&)) {
  std::vector<Recipe> some;
  for (const Recipe& recipe : kRecipes) {
    if (wanted(recipe)) some.push_back(recipe);
  }
  return some;
}

#undef BIOTOPE_MAKEFS
#undef BIOTOPE_MKFAT

}  // namespace biotope::fs::testing
