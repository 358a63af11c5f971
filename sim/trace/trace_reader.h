#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/error.h"
#include "sim/trace/line_format.h"
#include "sim/trace/trace_lines.h"
#include "sim/trace/trace_request.h"

namespace biotope::sim {

enum class BadLines { stop, skip };

// How a trace is to be read. Units are those of the format; none is guessed.
struct TraceOptions {
  std::string format = "";          // a name of trace_formats(); empty: by the first line
  std::string columns = "";         // in place of a format, see columns.h
  std::int64_t sector_bytes = 512;  // of formats that count in sectors
  std::int64_t header_lines = 0;    // to be passed over
  char event = 'Q';                 // of blkparse: when it was asked for (Q), or sent (D)
  BadLines bad_lines = BadLines::stop;
};

// Reads a recorded trace request by request, in memory that does not grow with it. Empty lines and
// those that begin with # are passed over.
class TraceReader {
 public:
  // Errors: what the system says of a file that can not be read; EINVAL bad options, or a format
  // that the first line does not tell, with the option to give; ENODATA nothing in it.
  static Result<TraceReader> open(const std::filesystem::path& path, const TraceOptions& options);
  // The same from lines; `name` is what they are called in sentences.
  static Result<TraceReader> read(TraceLines lines, std::string name, const TraceOptions& options);

  // The next request, valid until the next call; null at the end. EINVAL: a bad line, as
  // "x.trace:17: the line ...", unless those are skipped; and errors of TraceLines::next().
  Result<const TraceRequest*> next();

  // Of the requests until now, whose ends the trace tells apart from them.
  Completions completions() const { return format_->completions(); }
  // A name of trace_formats(), or "columns".
  const std::string& format() const { return format_name_; }
  const std::string& name() const { return name_; }
  std::int64_t skipped() const { return skipped_; }
  // The first of the lines that were skipped, with what was wrong.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  TraceReader(TraceLines lines, std::string name, BadLines bad_lines)
      : lines_(std::move(lines)), name_(std::move(name)), bad_lines_(bad_lines) {}

  struct Line {
    std::string text;
    std::int64_t number = 0;
    bool too_long = false;
  };
  Result<std::optional<Line>> next_line();
  Status choose_format(const TraceOptions& options);
  LineRead look_at(const Line& line);

  static constexpr std::size_t kMostNotes = 20;

  TraceLines lines_;
  std::string name_;
  BadLines bad_lines_;
  std::string format_name_;
  std::unique_ptr<LineFormat> format_;
  std::optional<Line> first_;  // read already, to see what format it is
  TraceRequest request_;
  std::int64_t skipped_ = 0;
  std::vector<std::string> notes_;
};

}  // namespace biotope::sim
