#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/control_io.h"
#include "model/error.h"
#include "model/task.h"

// What is on a volume, read from its own structures. Nothing here believes a number that it has not
// compared with the volume's size: damaged and hostile media are refused with a sentence.

namespace biotope::fs {

// Where a volume's bytes come from.
class VolumeReader {
 public:
  virtual ~VolumeReader() = default;
  virtual std::int64_t size_bytes() const = 0;
  // Exactly these bytes, of any alignment. The caller asks for none outside [0, size_bytes()).
  virtual Task<Result<Bytes>> read(std::int64_t offset_bytes, std::int64_t length_bytes) = 0;
};

enum class VolumeKind : std::uint8_t {
  ufs1,
  ufs2,
  fat12,
  fat16,
  fat32,
  ext2,
  ext3,
  ext4,
  iso9660,
  ntfs,
};

const char* kind_name(VolumeKind kind);

// What the superblock says, checked for being possible.
struct VolumeInfo {
  VolumeKind kind{};
  std::endian order = std::endian::little;
  std::string name;          // empty when it has none
  std::string id;            // of UFS, 16 hexadecimal digits; empty where there is none
  std::string last_mounted;  // where, on UFS (fs_fsmnt) and ext; empty when nowhere
  // As far as the volume claims to reach; a volume that was cut short is smaller than that.
  std::int64_t size_bytes = 0;
  // What files are made of: block of UFS, ext and ISO 9660, cluster of FAT and NTFS.
  std::int64_t block_size_bytes = 0;
  // What size_bytes is counted in: fragment of UFS, sector of FAT and NTFS, block of the others.
  std::int64_t size_unit_bytes = 0;
};

// A piece of a file that lies in one piece on the volume.
struct Extent {
  std::int64_t file_offset_bytes = 0;
  std::int64_t volume_offset_bytes = 0;
  std::int64_t length_bytes = 0;
  friend bool operator==(const Extent&, const Extent&) = default;
};

// Where a file is: extents in ascending order of the file's bytes, none overlapping, all on the
// volume. What no extent covers is a hole and reads as zeros.
struct FileMap {
  std::vector<Extent> extents;
  std::int64_t size_bytes = 0;
};

// A volume that was recognised. Each call names where to read it from; nothing read is kept.
class Volume {
 public:
  explicit Volume(VolumeInfo info) : info_(std::move(info)) {}
  virtual ~Volume() = default;
  Volume(const Volume&) = delete;
  Volume& operator=(const Volume&) = delete;

  const VolumeInfo& info() const { return info_; }

  // The regular file of that name, '/' between directories: as they are spelled on UFS, in any case
  // on FAT. ENOENT when there is none, EISDIR or EINVAL when it is something else, EINVAL for
  // damaged structures, EOPNOTSUPP where only the superblock is understood.
  Task<Result<FileMap>> find(VolumeReader& reader, std::string path) const;

 protected:
  // Of at least one name.
  virtual Task<Result<FileMap>> find_file(VolumeReader& reader,
                                          std::vector<std::string> names) const;

 private:
  Status check(const FileMap& map, std::int64_t end_bytes, std::string_view path) const;

  VolumeInfo info_;
};

// What kind of volume this is. EINVAL when it is none that is known, or looks like one and says
// impossible things; other errors are the reader's.
Task<Result<std::unique_ptr<Volume>>> recognise(VolumeReader& reader);

}  // namespace biotope::fs
