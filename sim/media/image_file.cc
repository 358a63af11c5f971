#include "sim/media/image_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "model/check.h"

namespace biotope::sim {
namespace {

// Holes are made of whole blocks of this size, so it is what file systems commonly allocate.
constexpr std::int64_t kBlockBytes = 4096;

tl::unexpected<Error> fail_as_errno(const char* what, const std::string& path) {
  const int code = errno;
  return fail(code, "can not ", what, " image '", path, "': ", std::strerror(code));
}

Status put_all(int descriptor, const std::string& path, std::int64_t offset_bytes,
               std::span<const std::byte> from) {
  while (!from.empty()) {
    const ssize_t done = pwrite(descriptor, from.data(), from.size(), offset_bytes);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return fail_as_errno("write", path);
    offset_bytes += done;
    from = from.subspan(static_cast<std::size_t>(done));
  }
  return {};
}

bool all_zero(std::span<const std::byte> bytes) {
  return bytes.empty() || (bytes[0] == std::byte{0} &&
                           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

}  // namespace

ImageFile::~ImageFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

ImageFile::ImageFile(ImageFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      size_bytes_(std::exchange(other.size_bytes_, 0)),
      path_(std::move(other.path_)) {}

ImageFile& ImageFile::operator=(ImageFile&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_bytes_, other.size_bytes_);
  std::swap(path_, other.path_);
  return *this;
}

Result<ImageFile> ImageFile::open(const std::string& path, Use use) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return fail_as_errno("read", path);
  if (S_ISDIR(status.st_mode)) {
    return fail(EISDIR, "can not read image '", path, "': it is a directory; name a file");
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(EINVAL, "can not read image '", path, "': it is not a plain file; copy it to one");
  }
  ImageFile file;
  file.path_ = path;
  file.size_bytes_ = status.st_size;
  file.descriptor_ = ::open(path.c_str(), (use == Use::edit ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  if (file.descriptor_ < 0) return fail_as_errno(use == Use::edit ? "change" : "read", path);
  return file;
}

Status ImageFile::read(std::int64_t offset_bytes, std::span<std::byte> to) const {
  while (!to.empty() && offset_bytes < size_bytes_) {
    const auto wanted =
        std::min<std::int64_t>(static_cast<std::int64_t>(to.size()), size_bytes_ - offset_bytes);
    const ssize_t done =
        pread(descriptor_, to.data(), static_cast<std::size_t>(wanted), offset_bytes);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      return fail(EIO, "image '", path_, "' can not be read at byte ", offset_bytes, ": ",
                  done == 0 ? "it has become shorter" : std::strerror(errno));
    }
    offset_bytes += done;
    to = to.subspan(static_cast<std::size_t>(done));
  }
  std::fill(to.begin(), to.end(), std::byte{0});
  return {};
}

Status ImageFile::write(std::int64_t offset_bytes, std::span<const std::byte> from) {
  const auto length_bytes = static_cast<std::int64_t>(from.size());
  BIOTOPE_CHECK(offset_bytes >= 0 && offset_bytes <= size_bytes_ - length_bytes,
                "an image is written within its size");
  return put_all(descriptor_, path_, offset_bytes, from);
}

Status ImageFile::punch(std::int64_t offset_bytes, std::int64_t length_bytes) {
  if (fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset_bytes,
                length_bytes) != 0) {
    return fail_as_errno("make a hole in", path_);
  }
  return {};
}

Status ImageFile::flush() {
  return fdatasync(descriptor_) == 0 ? Status{} : fail_as_errno("flush", path_);
}

ImageWriter::~ImageWriter() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!partial_path_.empty()) unlink(partial_path_.c_str());
}

ImageWriter::ImageWriter(ImageWriter&& other) noexcept
    : path_(std::move(other.path_)),
      partial_path_(std::exchange(other.partial_path_, std::string())),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

Result<ImageWriter> ImageWriter::create(const std::string& path, std::int64_t size_bytes) {
  struct stat there {};
  if (stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
    return fail(EINVAL, "can not write image '", path,
                "': something that is not a plain file is there; choose another name");
  }
  ImageWriter writer(path);
  writer.descriptor_ =
      open(writer.partial_path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (writer.descriptor_ < 0) {
    writer.partial_path_.clear();
    return fail_as_errno("write", path);
  }
  if (ftruncate(writer.descriptor_, size_bytes) != 0) return fail_as_errno("write", path);
  return writer;
}

Status ImageWriter::write(std::int64_t offset_bytes, std::span<const std::byte> from) {
  while (!from.empty()) {
    const std::int64_t to_boundary_bytes = kBlockBytes - offset_bytes % kBlockBytes;
    const auto block =
        from.first(std::min(from.size(), static_cast<std::size_t>(to_boundary_bytes)));
    if (!all_zero(block)) {
      if (Status written = put_all(descriptor_, path_, offset_bytes, block); !written) {
        return written;
      }
    }
    offset_bytes += static_cast<std::int64_t>(block.size());
    from = from.subspan(block.size());
  }
  return {};
}

Status ImageWriter::keep() {
  const int closed = close(std::exchange(descriptor_, -1));
  if (closed != 0 || rename(partial_path_.c_str(), path_.c_str()) != 0) {
    return fail_as_errno("write", path_);
  }
  partial_path_.clear();
  return {};
}

}  // namespace biotope::sim
