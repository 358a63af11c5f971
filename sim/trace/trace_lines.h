#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.h"

namespace biotope::sim {

// The lines of a text of any length, one at a time, in memory that does not grow with it.
class TraceLines {
 public:
  static constexpr std::size_t kLongestLine = 4096;

  // A file, compressed by gzip or not: its first bytes tell. Errors: what the system says when it
  // can not be opened; EISDIR.
  static Result<TraceLines> open(const std::filesystem::path& path);
  // A text in memory, which must stay.
  explicit TraceLines(std::string_view text);

  struct Line {
    std::string_view text;  // without its end; valid until the next call
    std::int64_t number = 0;
    bool too_long = false;  // the text is only its beginning
  };
  // The next line; nothing at the end. Errors: what the system says; EBADMSG damaged compression.
  Result<std::optional<Line>> next();

 private:
  // Fills the memory with what comes next and says how much that was; 0 at the end.
  using Source = std::function<Result<std::size_t>(std::span<char>)>;
  explicit TraceLines(Source source) : source_(std::move(source)), buffer_(kBufferBytes) {}

  void keep(std::string_view piece);

  static constexpr std::size_t kBufferBytes = 1 << 16;
  Source source_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string line_;  // its pieces so far
  bool too_long_ = false;
  std::int64_t number_ = 0;
};

}  // namespace biotope::sim
