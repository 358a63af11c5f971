#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "classes/disk/driver.h"
#include "model/error.h"
#include "sim/media/image_file.h"

namespace biotope::sim {

// A raw image file as the medium of a disk, with no machine around it: requests are answered at
// once. Reads and writes go to the file itself, whose holes stay holes until they are written.
class FileDriver final : public DiskDriver {
 public:
  // What the core of a class may be made to hold in memory at once when it reads one sector.
  static constexpr std::int64_t kMaxSectorBytes = 1 << 20;

  // The whole sectors of the image `path`, of any size from 1 to kMaxSectorBytes. Writable, and
  // then deletable, when it is opened to be edited. Errors: those of ImageFile::open; EINVAL for
  // an impossible sector size or an image that does not hold one sector.
  static Result<std::unique_ptr<FileDriver>> open(const std::string& path,
                                                  std::int64_t sector_size_bytes,
                                                  ImageFile::Use use = ImageFile::Use::read);

  DiskTraits traits() const override;
  Verdict strategy(Bio& bio) override;

  // What lies behind the last whole sector and is not part of the disk.
  std::int64_t left_over_bytes() const { return image_.size_bytes() % sector_size_bytes_; }

 private:
  FileDriver(ImageFile image, std::int64_t sector_size_bytes, bool writable)
      : image_(std::move(image)), sector_size_bytes_(sector_size_bytes), writable_(writable) {}

  Status serve(const Bio& bio);

  ImageFile image_;
  std::int64_t sector_size_bytes_;
  bool writable_;
};

}  // namespace biotope::sim
