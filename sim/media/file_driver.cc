#include "sim/media/file_driver.h"

#include <utility>

namespace biotope::sim {

Result<std::unique_ptr<FileDriver>> FileDriver::open(const std::string& path,
                                                     std::int64_t sector_size_bytes,
                                                     ImageFile::Use use) {
  if (sector_size_bytes < 1 || sector_size_bytes > kMaxSectorBytes) {
    return fail(EINVAL, "a disk can not have sectors of ", sector_size_bytes,
                " bytes; say one of 1 to ", kMaxSectorBytes);
  }
  Result<ImageFile> image = ImageFile::open(path, use);
  if (!image) return pass_on(image);
  if (image->size_bytes() == 0) return fail(EINVAL, "image '", path, "' is empty");
  if (image->size_bytes() < sector_size_bytes) {
    return fail(EINVAL, "image '", path, "' has ", image->size_bytes(),
                " bytes, less than one sector of ", sector_size_bytes,
                "; say a smaller sector size");
  }
  return std::unique_ptr<FileDriver>(
      new FileDriver(std::move(*image), sector_size_bytes, use == ImageFile::Use::edit));
}

DiskTraits FileDriver::traits() const {
  DiskTraits traits;
  traits.properties.sector_size_bytes = sector_size_bytes_;
  traits.properties.media_size_bytes = image_.size_bytes() - left_over_bytes();
  traits.properties.writable = writable_;
  traits.properties.deletable = writable_;
  traits.volatile_cache = writable_;
  return traits;
}

Verdict FileDriver::strategy(Bio& bio) {
  const Status served = serve(bio);
  return Verdict::done(served ? 0 : served.error().code);
}

Status FileDriver::serve(const Bio& bio) {
  Status so_far;
  std::int64_t at_bytes = bio.position_bytes;
  switch (bio.command) {
    case Command::read:
    case Command::write:
      bio.data.for_each_piece(bio.length_bytes, [&](std::span<std::byte> piece) {
        if (!so_far) return;
        so_far = bio.command == Command::read ? image_.read(at_bytes, piece)
                                              : image_.write(at_bytes, piece);
        at_bytes += static_cast<std::int64_t>(piece.size());
      });
      return so_far;
    case Command::remove:
      return image_.punch(bio.position_bytes, bio.length_bytes);
    case Command::flush:
      return image_.flush();
    default:
      return fail(EOPNOTSUPP, "a file can not be formatted");
  }
}

}  // namespace biotope::sim
