#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "model/error.h"

namespace biotope::viz {

// Text that grows without end and must not grow in memory: it waits in a nameless temporary file
// until copy_to(). Trouble on the way (a full disk) is kept and told there.
class Spill {
 public:
  Spill() : file_(std::tmpfile()) {}

  void append(std::string_view text);
  int64_t size_bytes() const { return size_bytes_; }

  // Writes `head` and all of the text to a new file. More may be appended afterwards.
  Status copy_to(const std::filesystem::path& path, std::string_view head = {});

  // All of the text; empty if it could not be kept.
  std::string text();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  template <class Take>
  void for_each_piece(Take take);

  std::unique_ptr<std::FILE, Closer> file_;
  bool failed_ = false;
  int64_t size_bytes_ = 0;
};

}  // namespace biotope::viz
