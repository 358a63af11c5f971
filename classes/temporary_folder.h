#pragma once

#include <ftw.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "model/check.h"

namespace biotope {

// For tests: a folder of one's own, which goes with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    const char* parent = std::getenv("TMPDIR");
    path_ = std::string(parent == nullptr ? "/tmp" : parent) + "/biotope-test-XXXXXX";
    BIOTOPE_CHECK(::mkdtemp(path_.data()) != nullptr, "there is room for a temporary folder");
  }
  ~TemporaryFolder() {
    const auto take_away = [](const char* path, const struct stat*, int, FTW*) {
      return std::remove(path);
    };
    ::nftw(path_.c_str(), take_away, 16, FTW_DEPTH | FTW_PHYS);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace biotope
