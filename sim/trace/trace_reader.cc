#include "sim/trace/trace_reader.h"

#include <cerrno>
#include <limits>
#include <utility>

#include "sim/trace/columns.h"

namespace biotope::sim {
namespace {

// What no format allows, however it is written.
LineRead check(const TraceRequest& request) {
  if (request.command == Command::flush) return true;
  if (request.length_bytes < 1) return bad_line("asks for ", request.length_bytes, " bytes");
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() - request.length_bytes;
  if (request.offset_bytes < 0 || request.offset_bytes > most) {
    return bad_line("asks for ", request.length_bytes, " bytes at ", request.offset_bytes,
                    ", which is no place on a disk");
  }
  return true;
}

}  // namespace

Result<TraceReader> TraceReader::open(const std::filesystem::path& path,
                                      const TraceOptions& options) {
  Result<TraceLines> lines = TraceLines::open(path);
  if (!lines) return pass_on(lines);
  return read(std::move(*lines), path.filename().string(), options);
}

Result<TraceReader> TraceReader::read(TraceLines lines, std::string name,
                                      const TraceOptions& options) {
  TraceReader reader(std::move(lines), std::move(name), options.bad_lines);
  for (std::int64_t i = 0; i < options.header_lines; ++i) {
    const auto header = reader.lines_.next();
    if (!header) return pass_on(header);
    if (!*header) break;
  }
  if (const Status chosen = reader.choose_format(options); !chosen) return pass_on(chosen);
  return reader;
}

Status TraceReader::choose_format(const TraceOptions& options) {
  if (!options.format.empty() && !options.columns.empty()) {
    return fail(EINVAL, "a format and columns are both given; one of them says what is in a line");
  }
  if (options.event != 'Q' && options.event != 'D') {
    return fail(EINVAL, "requests of blkparse are its events Q or D, not ", options.event);
  }
  if (!options.columns.empty()) {
    format_name_ = "columns";
    auto made = make_columns(options.columns, options.sector_bytes);
    if (!made) return pass_on(made);
    format_ = std::move(*made);
    return {};
  }
  format_name_ = options.format;
  if (format_name_.empty()) {
    auto first = next_line();
    if (!first) return pass_on(first);
    if (!*first) return fail(ENODATA, name_, ": there is no request in it");
    const Result<std::string> looks = format_by_looks((*first)->text, options);
    if (!looks)
      return fail(EINVAL, name_, ':', (*first)->number, ": the line ", looks.error().text);
    format_name_ = *looks;
    first_ = std::move(*first);
  }
  auto made = make_line_format(format_name_, options);
  if (!made) return pass_on(made);
  format_ = std::move(*made);
  return {};
}

Result<std::optional<TraceReader::Line>> TraceReader::next_line() {
  if (first_) return std::exchange(first_, std::nullopt);
  while (true) {
    const auto line = lines_.next();
    if (!line) return pass_on(line);
    if (!*line) return std::optional<Line>();
    const std::string_view text = without_blanks((*line)->text);
    if (text.empty() || text.front() == '#') continue;
    return std::optional<Line>({std::string(text), (*line)->number, (*line)->too_long});
  }
}

LineRead TraceReader::look_at(const Line& line) {
  if (line.too_long) return bad_line("has more than ", TraceLines::kLongestLine, " characters");
  request_ = TraceRequest();
  const LineRead read = format_->read(line.text, request_);
  return read && *read ? check(request_) : read;
}

Result<const TraceRequest*> TraceReader::next() {
  while (true) {
    const auto line = next_line();
    if (!line) return pass_on(line);
    if (!*line) return nullptr;
    const LineRead read = look_at(**line);
    if (read && *read) {
      request_.line = (*line)->number;
      return &request_;
    }
    if (read) continue;
    const std::string where = sentence(name_, ':', (*line)->number, ": the line ", read.error());
    if (bad_lines_ == BadLines::stop) return fail(EINVAL, where);
    ++skipped_;
    if (notes_.size() < kMostNotes) notes_.push_back(where + "; passed over");
  }
}

}  // namespace biotope::sim
