#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "model/error.h"

namespace biotope::sim {

// A raw image opened for reading, or for changing it in place. Default constructed it is an image
// of no bytes.
class ImageFile {
 public:
  enum class Use { read, edit };

  ImageFile() = default;
  ~ImageFile();
  ImageFile(ImageFile&& other) noexcept;
  ImageFile& operator=(ImageFile&& other) noexcept;

  // Only plain files: opening anything else could wait for ever or change with each read.
  static Result<ImageFile> open(const std::string& path, Use use = Use::read);

  std::int64_t size_bytes() const { return size_bytes_; }

  // Reads from the image and zeros from behind its end. EIO: the file could not be read, or is
  // shorter than it was.
  Status read(std::int64_t offset_bytes, std::span<std::byte> to) const;

  // In place, for images opened to be edited. All within the image: its size never changes.
  Status write(std::int64_t offset_bytes, std::span<const std::byte> from);
  // Makes a hole, which reads as zeros.
  Status punch(std::int64_t offset_bytes, std::int64_t length_bytes);
  // All that was written is on stable storage.
  Status flush();

 private:
  int descriptor_ = -1;
  std::int64_t size_bytes_ = 0;
  std::string path_;
};

// A raw image being written: beside its name, to be renamed when it is whole, so that nothing
// half-written ever has that name. What was written is removed again unless it is kept.
class ImageWriter {
 public:
  ~ImageWriter();
  ImageWriter(ImageWriter&& other) noexcept;
  ImageWriter& operator=(ImageWriter&&) = delete;

  // An image of `size_bytes` zeros. Errors: what the system says; EINVAL: there is something at
  // `path` that is not a plain file.
  static Result<ImageWriter> create(const std::string& path, std::int64_t size_bytes);

  // Each byte at most once. Leaves a hole where `from` is zero.
  Status write(std::int64_t offset_bytes, std::span<const std::byte> from);
  // Gives the image its name.
  Status keep();

 private:
  explicit ImageWriter(const std::string& path) : path_(path), partial_path_(path + ".partial") {}

  std::string path_;
  std::string partial_path_;  // empty: nothing to remove
  int descriptor_ = -1;
};

}  // namespace biotope::sim
