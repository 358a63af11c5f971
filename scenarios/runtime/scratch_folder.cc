#include "scenarios/runtime/scratch_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <system_error>

#include "scenarios/runtime/program.h"

namespace biotope::runtime {

namespace {

tl::unexpected<Error> system_failure(const std::filesystem::path& path, const char* what) {
  const int code = errno;
  return fail(code, path.string(), " can not be ", what, ": ", std::strerror(code));
}

}  // namespace

ScratchFolder::ScratchFolder(ScratchFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})), files_(other.files_) {}

ScratchFolder& ScratchFolder::operator=(ScratchFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(files_, other.files_);
  return *this;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<ScratchFolder> ScratchFolder::create() {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
  if (error) return fail(error.value(), "there is no folder for temporary files; set TMPDIR");
  std::string pattern = (parent / "biotope-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) return system_failure(pattern, "made");
  ScratchFolder folder;
  folder.path_ = pattern;
  return folder;
}

std::filesystem::path ScratchFolder::new_file(const std::string& name) {
  const std::filesystem::path folder = path_ / std::to_string(++files_);
  std::error_code ignored;
  std::filesystem::create_directory(folder, ignored);
  return folder / name;
}

Status write_file(const std::filesystem::path& path, std::string_view contents) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  file.close();
  if (!file) return system_failure(path, "written");
  const std::array<timespec, 2> date{{{kMediaDate, 0}, {kMediaDate, 0}}};
  if (utimensat(AT_FDCWD, path.c_str(), date.data(), 0) != 0) return system_failure(path, "dated");
  return {};
}

Result<std::string> read_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto kind = std::filesystem::status(path, error).type();
  if (kind != std::filesystem::file_type::regular) {
    const int code = error ? error.value() : EINVAL;
    return fail(code, path.string(),
                " can not be read: ", error ? error.message() : "it is no plain file");
  }
  std::ifstream file(path, std::ios::binary);
  std::string contents;
  std::array<char, 1 << 16> piece;
  while (file.read(piece.data(), piece.size()) || file.gcount() > 0) {
    contents.append(piece.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.eof()) return system_failure(path, "read");
  return contents;
}

Status copy_range(const std::filesystem::path& from, std::int64_t from_bytes,
                  std::int64_t length_bytes, const std::filesystem::path& to,
                  std::int64_t to_bytes) {
  std::ifstream source(from, std::ios::binary);
  if (!source.seekg(from_bytes)) return system_failure(from, "read");
  std::fstream target(to, std::ios::binary | std::ios::in | std::ios::out);
  if (!target.seekp(to_bytes)) return system_failure(to, "written");
  std::array<char, 1 << 16> piece;
  std::int64_t left = length_bytes < 0 ? INT64_MAX : length_bytes;
  while (left > 0) {
    source.read(piece.data(), std::min<std::int64_t>(left, piece.size()));
    if (source.gcount() == 0) break;
    if (!target.write(piece.data(), source.gcount())) return system_failure(to, "written");
    left -= source.gcount();
  }
  target.close();
  if (!target) return system_failure(to, "written");
  if (length_bytes >= 0 && left > 0) return fail(EIO, from.string(), " ends too early");
  return {};
}

}  // namespace biotope::runtime
