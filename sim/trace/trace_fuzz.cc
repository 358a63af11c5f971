// Lines of every sort for the readers of traces. The first byte of the input chooses format and
// options, the rest is the trace.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "model/check.h"
#include "sim/trace/trace_reader.h"
#include "sim/trace/trace_summary.h"

namespace biotope::sim {
namespace {

constexpr unsigned kByLooks = 15;

TraceOptions options_of(unsigned kind) {
  TraceOptions options;
  const auto formats = trace_formats();
  const std::size_t format = kind & 15;
  if (format < formats.size()) {
    options.format = formats[format].name;
  } else if (format != kByLooks) {
    options.columns = "time_s,offset_sectors,length_bytes,op,...";
  }
  if ((kind & 16) != 0) options.bad_lines = BadLines::skip;
  if ((kind & 32) != 0) options.event = 'D';
  if ((kind & 64) != 0) options.sector_bytes = 4096;
  return options;
}

struct Seen {
  std::int64_t requests = 0;
  std::int64_t bytes = 0;
  std::string error;
  friend bool operator==(const Seen&, const Seen&) = default;
};

Seen look(unsigned kind, std::string_view text) {
  Seen seen;
  auto reader = TraceReader::read(TraceLines(text), "fuzz", options_of(kind));
  if (!reader) {
    seen.error = reader.error().text;
    return seen;
  }
  TraceSummary summary;
  while (true) {
    const auto next = reader->next();
    if (!next) {
      seen.error = next.error().text;
      break;
    }
    if (*next == nullptr) break;
    const TraceRequest& request = **next;
    const bool moves = request.command != Command::flush;
    BIOTOPE_CHECK(!moves || (request.offset_bytes >= 0 && request.length_bytes > 0),
                  "a request that is handed out lies on some disk");
    summary.add(request);
  }
  seen.requests = summary.requests();
  seen.bytes = summary.bytes();
  return seen;
}

int write_seeds(const std::string& folder) {
  const char* files[] = {"validate.trace", "spc.spc",      "msr.csv",
                         "alibaba.csv",    "blkparse.txt", "iolog-v2.log",
                         "disksim.trace",  "mqsim.trace",  "tencent.csv"};
  for (unsigned i = 0; i < std::size(files); ++i) {
    std::FILE* from = std::fopen((std::string(BIOTOPE_TRACE_SAMPLES "/") + files[i]).c_str(), "rb");
    std::FILE* to = std::fopen((folder + "/" + files[i]).c_str(), "wb");
    if (from == nullptr || to == nullptr) return 1;
    std::fputc(static_cast<int>(i), to);
    for (int c = std::fgetc(from); c != EOF; c = std::fgetc(from)) std::fputc(c, to);
    std::fclose(from);
    std::fclose(to);
  }
  return 0;
}

}  // namespace
}  // namespace biotope::sim

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("BIOTOPE_SEEDS");
  if (folder != nullptr) std::exit(biotope::sim::write_seeds(folder));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto first = biotope::sim::look(data[0], text);
  BIOTOPE_CHECK(first == biotope::sim::look(data[0], text), "the same bytes read the same");
  return 0;
}
