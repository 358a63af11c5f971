#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "model/error.h"

namespace biotope::viz {

// Where a run leaves its results: all of them or none. Files are written into a hidden folder on
// the same file system and moved to their places by commit(); without a commit nothing remains.
// Names are relative and may contain one folder ("frames/01-start.svg"). One run at a time.
class OutputFolder {
 public:
  // Makes ready to fill the folder. It need not exist, nor need its parents.
  // Errors: ENOTDIR where something else than a folder is in the way, else what the system says.
  static Result<OutputFolder> open(const std::filesystem::path& path);

  OutputFolder(OutputFolder&& other) noexcept;
  OutputFolder& operator=(OutputFolder&&) = delete;
  ~OutputFolder();

  const std::filesystem::path& path() const { return path_; }

  Status write(const std::string& name, std::string_view contents);

  // Where somebody else is to write the file of that name before commit().
  Result<std::filesystem::path> reserve(const std::string& name);

  // Moves everything to its place. Files of the same names are replaced, and of a numbered series
  // in a sub-folder (frames/07-gone.svg) nothing of an earlier run remains. Other files stay.
  Status commit();

 private:
  OutputFolder(std::filesystem::path path, std::filesystem::path staging)
      : path_(std::move(path)), staging_(std::move(staging)) {}
  Status make_folder_for(const std::filesystem::path& name);

  std::filesystem::path path_;
  std::filesystem::path staging_;  // empty once there is nothing left to clean up
  std::set<std::filesystem::path> names_;
};

}  // namespace biotope::viz
