#include <string>

#include "sim/trace/line_format.h"

// fio's logs of what it did: a head "fio version 2 iolog", then FILE ACTION [OFFSET LENGTH] in
// bytes. Version 2 has lines FILE wait MICROSECONDS, each counted from the one before; in version 3
// every line begins with the microseconds since the log began.

namespace biotope::sim {
namespace {

constexpr std::int64_t kMicrosecond_ns = 1000;

class Iolog final : public LineFormat {
 public:
  LineRead read(std::string_view line, TraceRequest& request) override {
    if (version_ == 0) return read_head(line);
    split_at_blanks(line, fields_);
    if (version_ == 3) {
      const auto time_ns = time_in_ns(fields_[0], kMicrosecond_ns);
      if (!time_ns) return bad_line("begins with '", fields_[0], "' instead of microseconds");
      now_ns_ = *time_ns;
      fields_.erase(fields_.begin());
    }
    if (fields_.size() < 2) return bad_line("has no file and action");
    return act(request);
  }

 private:
  LineRead read_head(std::string_view line) {
    for (const int version : {2, 3}) {
      if (without_blanks(line) == sentence("fio version ", version, " iolog")) version_ = version;
    }
    if (version_ == 0) return bad_line("is not 'fio version 2 iolog', nor that of version 3");
    return false;
  }

  LineRead act(TraceRequest& request) {
    const std::string_view action = fields_[1];
    if (action == "add" || action == "open" || action == "close") return false;
    if (action == "wait") return wait();
    const auto command = command_word(action);
    if (!command) return bad_line("has '", action, "', which is no action of an iolog");
    request.command = *command;
    if (request.command != Command::flush) {
      const auto offset = fields_.size() > 3 ? whole_number(fields_[2]) : std::nullopt;
      const auto length = fields_.size() > 3 ? whole_number(fields_[3]) : std::nullopt;
      if (!offset || !length) return bad_line("does not have offset and length in whole bytes");
      request.offset_bytes = *offset;
      request.length_bytes = *length;
    }
    request.device = fields_[0];
    return clock_.tell(now_ns_, request);
  }

  LineRead wait() {
    if (version_ != 2) return bad_line("waits, which only version 2 does");
    const auto more_ns =
        fields_.size() > 2 ? time_in_ns(fields_[2], kMicrosecond_ns) : std::optional<WideTime>();
    if (!more_ns || *more_ns > (WideTime{1} << 62)) {
      return bad_line("does not say how many microseconds to wait");
    }
    now_ns_ += *more_ns;
    return false;
  }

  int version_ = 0;
  WideTime now_ns_ = 0;
  Fields fields_;
  TraceClock clock_;
};

}  // namespace

std::unique_ptr<LineFormat> make_iolog() { return std::make_unique<Iolog>(); }

}  // namespace biotope::sim
