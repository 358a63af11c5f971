#include "sim/trace/trace_lines.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace biotope::sim {
namespace {

// zlib reads what is not compressed as it is.
Result<std::size_t> read_some(gzFile file, const std::string& name, std::span<char> to) {
  const int got = gzread(file, to.data(), static_cast<unsigned>(to.size()));
  int error = Z_OK;
  const char* text = gzerror(file, &error);
  if (error == Z_ERRNO) return fail(errno, name, ": ", std::strerror(errno));
  if (got < 0 || error == Z_BUF_ERROR || error == Z_DATA_ERROR) {
    return fail(EBADMSG, name, " is compressed and damaged or cut off (", text,
                "); get it again from where it came");
  }
  return static_cast<std::size_t>(got);
}

}  // namespace

Result<TraceLines> TraceLines::open(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return fail(EISDIR, path.string(), " is a folder, not a trace");
  }
  const std::shared_ptr<gzFile_s> file(gzopen(path.c_str(), "rb"), [](gzFile_s* f) {
    if (f != nullptr) gzclose(f);
  });
  if (file == nullptr) {
    const int code = errno != 0 ? errno : ENOMEM;
    return fail(code, path.string(), ": ", std::strerror(code));
  }
  return TraceLines([file, name](std::span<char> to) { return read_some(file.get(), name, to); });
}

TraceLines::TraceLines(std::string_view text)
    : TraceLines([text, at = std::size_t{0}](std::span<char> to) mutable -> Result<std::size_t> {
        const std::size_t take = text.copy(to.data(), to.size(), at);
        at += take;
        return take;
      }) {}

void TraceLines::keep(std::string_view piece) {
  const std::size_t room = kLongestLine - line_.size();
  too_long_ = too_long_ || piece.size() > room;
  line_.append(piece.substr(0, room));
}

Result<std::optional<TraceLines::Line>> TraceLines::next() {
  line_.clear();
  too_long_ = false;
  bool begun = false;
  while (true) {
    if (begin_ == end_) {
      const Result<std::size_t> got = source_(buffer_);
      if (!got) return pass_on(got);
      begin_ = 0;
      end_ = *got;
      if (end_ == 0) break;
    }
    begun = true;
    const std::string_view ready(buffer_.data() + begin_, end_ - begin_);
    const std::size_t length = ready.find('\n');
    keep(ready.substr(0, length));
    if (length != std::string_view::npos) {
      begin_ += length + 1;
      break;
    }
    begin_ = end_;
  }
  if (!begun) return std::optional<Line>();
  return std::optional<Line>({line_, ++number_, too_long_});
}

}  // namespace biotope::sim
