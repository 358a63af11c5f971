#include "sim/disk/validation/measured_trace.h"

#include <cerrno>

namespace biotope::sim {
namespace {

// Empty: nothing.
std::string what_is_wrong(const TraceRequest& request, const MeasuredRequest& measured,
                          std::int64_t sectors) {
  if (request.command != Command::read && request.command != Command::write) {
    return "is neither a read nor a write, the only requests that were measured";
  }
  if (measured.first <= sectors - measured.sectors) return {};
  return sentence("asks for sectors ", measured.first, " to ", measured.first, " + ",
                  measured.sectors, " of a disk that has ", sectors);
}

}  // namespace

Result<MeasuredTrace> read_measured_trace(const std::filesystem::path& path, std::int64_t sectors,
                                          BadLines policy) {
  constexpr std::int64_t kSectorBytes = 512;
  auto reader = TraceReader::open(
      path, {.format = "validate", .sector_bytes = kSectorBytes, .bad_lines = policy});
  if (!reader) return pass_on(reader);
  MeasuredTrace trace;
  while (true) {
    const auto next = reader->next();
    if (!next) return pass_on(next);
    if (*next == nullptr) break;
    const TraceRequest& request = **next;
    const MeasuredRequest measured{request.command == Command::write,
                                   request.offset_bytes / kSectorBytes,
                                   request.length_bytes / kSectorBytes,
                                   request.service_ns.value_or(0), request.think_ns.value_or(0)};
    const std::string wrong = what_is_wrong(request, measured, sectors);
    if (wrong.empty()) {
      trace.requests.push_back(measured);
      continue;
    }
    const std::string where = sentence(reader->name(), ':', request.line, ": the line ", wrong);
    if (policy == BadLines::stop) return fail(EINVAL, where);
    trace.notes.push_back(where + "; passed over");
  }
  trace.notes.insert(trace.notes.end(), reader->notes().begin(), reader->notes().end());
  if (trace.requests.empty()) {
    return fail(ENODATA, reader->name(), ": there is no request in it");
  }
  return trace;
}

}  // namespace biotope::sim
