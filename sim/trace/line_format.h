#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "model/error.h"
#include "sim/trace/trace_fields.h"
#include "sim/trace/trace_request.h"

// What differs from one format of traces to the next: how a line is read.

namespace biotope::sim {

struct TraceOptions;

// What is wrong with a line, in words that follow "the line"; or whether it holds a request.
using LineRead = tl::expected<bool, std::string>;

template <class... Parts>
tl::unexpected<std::string> bad_line(const Parts&... parts) {
  return tl::unexpected<std::string>(sentence(parts...));
}

// Requests whose end stands in lines of its own, behind others that have begun meanwhile.
struct Completions {
  std::int64_t requests = 0;
  std::int64_t sum_ns = 0;  // from the event that a request was read from until it was complete

  std::int64_t mean_ns() const { return requests == 0 ? 0 : sum_ns / requests; }
};

class LineFormat {
 public:
  virtual ~LineFormat() = default;
  // Lines come in order, without the empty ones. Where the line holds a request, `request` has it;
  // false: the line belongs here, and holds none.
  virtual LineRead read(std::string_view line, TraceRequest& request) = 0;
  // Those of the lines that were read.
  virtual Completions completions() const { return {}; }
};

// Times of a trace count from its first request, whatever its clock.
class TraceClock {
 public:
  LineRead tell(WideTime time_ns, TraceRequest& request) {
    if (!started_) first_ns_ = time_ns;
    started_ = true;
    const WideTime since_ns = time_ns - first_ns_;
    constexpr WideTime kMost = std::int64_t{1} << 62;
    if (since_ns > kMost || since_ns < -kMost) {
      return bad_line("is more than 146 years away from the first request");
    }
    request.time_ns = static_cast<std::int64_t>(since_ns);
    return true;
  }

 private:
  bool started_ = false;
  WideTime first_ns_ = 0;
};

struct TraceFormat {
  std::string_view name;
  std::string_view about;
  // What stands in each column, see columns.h; empty: it is no table.
  std::string_view columns;
  // Its lines can not be taken for those of another format, so nobody needs to name it.
  bool known_by_looks = false;
};
std::span<const TraceFormat> trace_formats();

// Errors: EINVAL a format that does not exist, with the nearest; see make_columns().
Result<std::unique_ptr<LineFormat>> make_line_format(std::string_view name,
                                                     const TraceOptions& options);
// The name of the format that a trace beginning with this line has. EINVAL: it could have several,
// or none, with what to do about it.
Result<std::string> format_by_looks(std::string_view line, const TraceOptions& options);

std::unique_ptr<LineFormat> make_blkparse(const TraceOptions& options);
std::unique_ptr<LineFormat> make_iolog();

}  // namespace biotope::sim
