#include <map>
#include <string>
#include <tuple>

#include "sim/trace/line_format.h"
#include "sim/trace/trace_reader.h"

// What blkparse prints: MAJOR,MINOR CPU SEQUENCE SECONDS.NS PID ACTION RWBS SECTOR + SECTORS
// [NAME], and a summary behind it. Sectors have 512 bytes.

namespace biotope::sim {
namespace {

constexpr std::int64_t kSectorBytes = 512;
constexpr WideTime kLongest_ns = std::int64_t{1} << 62;
constexpr std::int64_t kMostSectors = std::int64_t{1} << 53;

bool is_device(std::string_view text) {
  const std::size_t comma = text.find(',');
  return comma != std::string_view::npos && whole_number(text.substr(0, comma)) &&
         whole_number(text.substr(comma + 1));
}

bool begins_summary(std::string_view word) {
  return word.starts_with("CPU") || word == "Total" || word == "Throughput" || word == "Events" ||
         word == "Input";
}

// The letters RWBS: F in front of the operation is a flush before it, behind it a forced write.
// False: no request that moves or drops anything.
bool read_letters(std::string_view letters, TraceRequest& request) {
  request.flush_before = letters.starts_with('F');
  if (request.flush_before) letters.remove_prefix(1);
  const char operation = letters.empty() ? 'N' : letters.front();
  request.force_unit_access = letters.find('F', 1) != std::string_view::npos;
  switch (operation) {
    case 'R':
      request.command = Command::read;
      return true;
    case 'W':
      request.command = Command::write;
      return true;
    case 'D':
      request.command = Command::remove;
      return true;
    case 'F':
      request.command = Command::flush;
      return true;
    default:
      return false;
  }
}

class Blkparse final : public LineFormat {
 public:
  explicit Blkparse(char event) : event_(event) {}

  LineRead read(std::string_view line, TraceRequest& request) override {
    split_at_blanks(line, fields_);
    if (begun_ && begins_summary(fields_[0])) ended_ = true;
    if (ended_) return false;
    if (!is_device(fields_[0])) {
      return bad_line("begins with '", fields_[0], "' instead of a device's numbers as in 8,16");
    }
    begun_ = true;
    if (fields_.size() < 6)
      return bad_line("has ", fields_.size(), " fields, too few for an event");
    const auto time_ns = time_in_ns(fields_[3], 1'000'000'000);
    if (!time_ns) return bad_line("has '", fields_[3], "' in field 4, which is no time in seconds");
    if (fields_[5] == "C") {
      complete(*time_ns, request);
      return false;
    }
    if (fields_[5] != std::string_view(&event_, 1)) return false;
    if (fields_.size() < 7) return bad_line("has no letters for what was asked");
    if (!read_letters(fields_[6], request)) return false;
    if (const LineRead placed = read_place(request); !placed) return placed;
    request.device = fields_[0];
    if (open_.size() < kMostOpen) open_.emplace(key_of(request), *time_ns);
    return clock_.tell(*time_ns, request);
  }

  Completions completions() const override { return completions_; }

 private:
  using Key = std::tuple<std::string, Command, std::int64_t, std::int64_t>;
  static constexpr std::size_t kMostOpen = 1 << 16;

  static Key key_of(const TraceRequest& request) {
    return {request.device, request.command, request.offset_bytes, request.length_bytes};
  }

  // What ends as it began is measured. Requests that were merged or cut on their way end as others,
  // and those that failed took no time that says anything.
  void complete(WideTime time_ns, TraceRequest& request) {
    if (fields_.size() < 7 || !read_letters(fields_[6], request) || !read_place(request)) return;
    request.device = fields_[0];
    const auto begun = open_.find(key_of(request));
    if (begun == open_.end()) return;
    const WideTime took_ns = time_ns - begun->second;
    open_.erase(begun);
    const bool failed = fields_.size() > 10 && fields_[10] != "[0]";
    if (failed || took_ns < 0 || took_ns > kLongest_ns - completions_.sum_ns) return;
    ++completions_.requests;
    completions_.sum_ns += static_cast<std::int64_t>(took_ns);
  }

  LineRead read_place(TraceRequest& request) const {
    const bool has_place = fields_.size() >= 10 && fields_[8] == "+";
    const auto sector = has_place ? whole_number(fields_[7]) : std::nullopt;
    const auto count = has_place ? whole_number(fields_[9]) : std::nullopt;
    if (request.flush_before && (!has_place || count == 0)) {
      request.command = Command::flush;
      request.flush_before = false;
    }
    if (request.command == Command::flush) return true;
    if (!sector || !count || *sector < 0 || *count < 0 || *sector > kMostSectors ||
        *count > kMostSectors) {
      return bad_line("does not end with SECTOR + SECTORS in whole numbers");
    }
    request.offset_bytes = *sector * kSectorBytes;
    request.length_bytes = *count * kSectorBytes;
    return true;
  }

  char event_;
  bool begun_ = false;
  bool ended_ = false;  // the summary has begun
  Fields fields_;
  TraceClock clock_;
  std::map<Key, WideTime> open_;  // since when
  Completions completions_;
};

}  // namespace

std::unique_ptr<LineFormat> make_blkparse(const TraceOptions& options) {
  return std::make_unique<Blkparse>(options.event);
}

}  // namespace biotope::sim
