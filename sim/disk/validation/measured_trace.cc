#include "sim/disk/validation/measured_trace.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <string_view>

#include "sim/disk/import/parv_lexer.h"

namespace biotope::sim {
namespace {

constexpr std::size_t kFields = 6;
constexpr double kLongestUs = 1e12;

struct Fields {
  std::array<std::string_view, kFields> field;
  std::size_t count = 0;
};

Fields split(std::string_view line) {
  Fields fields;
  constexpr std::string_view kBlanks = " \t\r";
  for (std::size_t at = 0; (at = line.find_first_not_of(kBlanks, at)) < line.size();) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    if (fields.count < kFields) fields.field[fields.count] = line.substr(at, end - at);
    ++fields.count;
    at = end;
  }
  return fields;
}

template <class Number>
bool parse(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && at == end;
}

bool is_time(double us) { return std::isfinite(us) && us >= 0 && us <= kLongestUs; }

// What is wrong with the line; empty: nothing.
std::string read_line(std::string_view line, std::int64_t disk_sectors, MeasuredRequest& request) {
  const Fields fields = split(line);
  if (fields.count != kFields) return sentence("has ", fields.count, " fields instead of 6");
  const auto& f = fields.field;
  if (f[0] != "R" && f[0] != "W") return sentence("begins with '", f[0], "' instead of R or W");
  request.write = f[0] == "W";
  if (!parse(f[2], request.first) || !parse(f[3], request.sectors)) {
    return "does not have whole numbers of sectors in fields 3 and 4";
  }
  if (request.sectors < 1) return sentence("asks for ", request.sectors, " sectors");
  if (request.first < 0 || request.first > disk_sectors - request.sectors) {
    return sentence("asks for sectors ", request.first, " to ", request.first, " + ",
                    request.sectors, " of a disk that has ", disk_sectors);
  }
  if (!parse(f[4], request.service_us) || !parse(f[5], request.think_us) ||
      !is_time(request.service_us) || !is_time(request.think_us)) {
    return "does not have times in microseconds in fields 5 and 6";
  }
  return {};
}

}  // namespace

Result<MeasuredTrace> read_measured_trace(const std::filesystem::path& path, std::int64_t sectors,
                                          BadLines policy) {
  const auto text = read_text_file(path);
  if (!text) return pass_on(text);
  MeasuredTrace trace;
  const std::string file = path.filename().string();
  std::int64_t number = 0;
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    const std::string_view line = std::string_view(*text).substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    MeasuredRequest request;
    const std::string wrong = read_line(line, sectors, request);
    if (wrong.empty()) {
      trace.requests.push_back(request);
      continue;
    }
    const std::string where = sentence(file, ":", number, ": the line ", wrong);
    if (policy == BadLines::stop) return fail(EINVAL, where);
    trace.notes.push_back(where + "; passed over");
  }
  if (trace.requests.empty()) return fail(ENODATA, file, ": there is no request in it");
  return trace;
}

}  // namespace biotope::sim
