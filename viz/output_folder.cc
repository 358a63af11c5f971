#include "viz/output_folder.h"

#include <cctype>
#include <cstring>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

namespace biotope::viz {
namespace {

namespace files = std::filesystem;

tl::unexpected<Error> cannot_write(const files::path& path, int code) {
  return fail(code, "the output folder ", path.string(),
              " can not be written: ", std::strerror(code), "; choose another one");
}

tl::unexpected<Error> cannot_write(const files::path& path, const std::error_code& error) {
  return cannot_write(path, error.value());
}

// "frames/07-gone.svg" belongs to a numbered series, "index.html" does not.
bool is_numbered(const files::path& name) {
  const std::string file = name.filename().string();
  return name.has_parent_path() && file.size() > 2 &&
         std::isdigit(static_cast<unsigned char>(file[0])) != 0 &&
         std::isdigit(static_cast<unsigned char>(file[1])) != 0;
}

Status remove_stale(const files::path& folder, const std::set<files::path>& names) {
  std::error_code error;
  std::vector<files::path> stale;
  for (const auto& entry : files::directory_iterator(folder, error)) {
    const files::path name = folder.filename() / entry.path().filename();
    if (is_numbered(name) && names.count(name) == 0) stale.push_back(entry.path());
  }
  for (const files::path& path : stale) {
    if (!files::remove(path, error)) return cannot_write(folder, error);
  }
  return {};
}

}  // namespace

Result<OutputFolder> OutputFolder::open(const files::path& path) {
  std::error_code error;
  const files::path clean = files::absolute(path, error).lexically_normal();
  const files::path folder = clean.has_filename() ? clean : clean.parent_path();
  const auto status = files::status(folder, error);
  if (files::exists(status) && !files::is_directory(status)) return cannot_write(path, ENOTDIR);

  // A new folder comes into being whole; an existing one is filled from inside, so that nothing is
  // asked of its parent.
  const files::path staging =
      files::exists(status)
          ? folder / ".partial"
          : folder.parent_path() / ("." + folder.filename().string() + ".partial");
  files::create_directories(staging.parent_path(), error);
  if (!error) files::remove_all(staging, error);
  if (!error) files::create_directory(staging, error);
  if (error) return cannot_write(path, error);
  return OutputFolder(folder, staging);
}

OutputFolder::OutputFolder(OutputFolder&& other) noexcept
    : path_(std::move(other.path_)),
      staging_(std::exchange(other.staging_, {})),
      names_(std::move(other.names_)) {}

OutputFolder::~OutputFolder() {
  std::error_code ignored;
  if (!staging_.empty()) files::remove_all(staging_, ignored);
}

Status OutputFolder::make_folder_for(const files::path& name) {
  std::error_code error;
  files::create_directories((staging_ / name).parent_path(), error);
  if (error) return cannot_write(path_, error);
  names_.insert(name);
  return {};
}

Result<files::path> OutputFolder::reserve(const std::string& name) {
  if (auto made = make_folder_for(name); !made) return pass_on(made);
  return staging_ / name;
}

Status OutputFolder::write(const std::string& name, std::string_view contents) {
  if (auto made = make_folder_for(name); !made) return made;
  errno = 0;
  std::ofstream file(staging_ / name, std::ios::binary);
  file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  file.close();
  if (!file) return cannot_write(path_, errno != 0 ? errno : EIO);
  return {};
}

Status OutputFolder::commit() {
  std::error_code error;
  if (staging_.parent_path() != path_) {
    files::rename(staging_, path_, error);
    if (error) return cannot_write(path_, error);
    staging_.clear();
    return {};
  }
  for (const files::path& name : names_) {
    const files::path target = path_ / name;
    files::create_directories(target.parent_path(), error);
    if (!error) files::rename(staging_ / name, target, error);
    if (error) return cannot_write(target, error);
    if (!is_numbered(name)) continue;
    if (auto removed = remove_stale(target.parent_path(), names_); !removed) return removed;
  }
  return {};
}

}  // namespace biotope::viz
