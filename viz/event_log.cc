#include "viz/event_log.h"

#include <fmt/format.h>

#include "viz/log_row.h"

namespace biotope::viz {
namespace {

constexpr const char* kLine =
    "{:>15} {:>8} {:1} {:<18} {:<20} {:<14} {:<5} {:>7} {:<7} {:>13} {:>9} {:<10} {}\n";

constexpr const char* kLegend =
    "# biotope/events/1: what happened, one fact a line, in order. \"-\" stands for nothing.\n"
    "# time_ns  simulated time since the start        edge    number of the consumer\n"
    "# number   of the fact: 1, 2, 3, ...             bio     number of the request\n"
    "# geom     class and name of the module          offset  bytes, on the provider of the line\n"
    "# + comes  - goes  x is lost  ? asks  = is granted  ! is refused  ~ changes  # surgery\n"
    "# > request goes down  < request comes back  * words of a module or of the machine\n";

}  // namespace

EventLog::EventLog(Spill& log) : log_(log) {
  log_.append(kLegend);
  log_.append(fmt::format(kLine, fmt::format("#{:>14}", "time_ns"), "number", " ", "what", "geom",
                          "provider", "edge", "bio", "command", "offset_bytes", "length", "error",
                          "details"));
}

void EventLog::on_fact(const Fact& fact) {
  const LogRow row = log_row(fact);
  log_.append(fmt::format(kLine, row.time_ns, row.number, symbol(row.kind), fact_name(row.kind),
                          row.geom, row.provider, row.edge, row.bio, row.command, row.offset_bytes,
                          row.length_bytes, row.error, row.details));
}

}  // namespace biotope::viz
