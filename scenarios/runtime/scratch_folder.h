#pragma once

#include <filesystem>
#include <string>

#include "model/error.h"

namespace biotope::runtime {

// A folder for temporary files, with all that is in it removed at the end.
class ScratchFolder {
 public:
  ScratchFolder() = default;
  ScratchFolder(ScratchFolder&& other) noexcept;
  ScratchFolder& operator=(ScratchFolder&& other) noexcept;
  ~ScratchFolder();

  // In $TMPDIR, or else in /tmp. Errors: what the system says.
  static Result<ScratchFolder> create();

  const std::filesystem::path& path() const { return path_; }
  // A name for a file in it that was never given before, ending in `name`.
  std::filesystem::path new_file(const std::string& name);

 private:
  std::filesystem::path path_;
  int files_ = 0;
};

// Writes a whole file, with a fixed date. Errors: what the system says.
Status write_file(const std::filesystem::path& path, std::string_view contents);
// EINVAL: no plain file.
Result<std::string> read_file(const std::filesystem::path& path);
// Copies `length_bytes` (-1: all) from one place to another; the target file must exist and is not
// cut. Errors: what the system says; EIO when the source is shorter.
Status copy_range(const std::filesystem::path& from, std::int64_t from_bytes,
                  std::int64_t length_bytes, const std::filesystem::path& to,
                  std::int64_t to_bytes);

}  // namespace biotope::runtime
