#include "viz/fio_report.h"

#include <fmt/format.h>

namespace biotope::viz {
namespace {

// In hundredths of a percent.
constexpr int kPercentiles[] = {100,  500,  1000, 2000, 3000, 4000, 5000, 6000, 7000,
                                8000, 9000, 9500, 9900, 9950, 9990, 9995, 9999};

const char* fio_word(Command command) {
  switch (command) {
    case Command::read:
      return "read";
    case Command::write:
      return "write";
    case Command::remove:
      return "trim";
    default:
      return "sync";
  }
}

}  // namespace

nlohmann::json fio_times(const Histogram& times, Percentiles percentiles) {
  nlohmann::json json = {{"min", times.min_ns()},
                         {"max", times.max_ns()},
                         {"mean", times.mean_ns()},
                         {"stddev", times.standard_deviation_ns()},
                         {"N", times.count()}};
  if (percentiles == Percentiles::without) return json;
  for (const int hundredths : kPercentiles) {
    json["percentile"][fmt::format("{:.6f}", hundredths / 100.0)] =
        times.percentile_ns({hundredths, 10'000});
  }
  return json;
}

void FioReport::record(Command command, std::int64_t length_bytes, std::int64_t submit_ns,
                       std::int64_t complete_ns, int error) {
  Direction& direction = directions_[static_cast<std::size_t>(command)];
  if (error != 0) {
    ++direction.failed;
    return;
  }
  direction.bytes += length_bytes;
  direction.submit.record(submit_ns);
  direction.complete.record(complete_ns);
  direction.total.record(submit_ns + complete_ns);
}

nlohmann::json FioReport::json(const Direction& direction, std::int64_t elapsed_ns) {
  const double seconds = static_cast<double>(elapsed_ns) / 1e9;
  const auto per_second = [&](std::int64_t count) {
    return seconds > 0 ? static_cast<double>(count) / seconds : 0.0;
  };
  return {{"total_ios", direction.total.count()},
          {"failed", direction.failed},
          {"io_bytes", direction.bytes},
          {"io_kbytes", direction.bytes / 1024},
          {"bw_bytes", static_cast<std::int64_t>(per_second(direction.bytes))},
          {"bw", static_cast<std::int64_t>(per_second(direction.bytes) / 1024)},
          {"iops", per_second(direction.total.count())},
          {"runtime", elapsed_ns / 1'000'000},
          {"slat_ns", fio_times(direction.submit, Percentiles::without)},
          {"clat_ns", fio_times(direction.complete, Percentiles::with)},
          {"lat_ns", fio_times(direction.total, Percentiles::with)}};
}

nlohmann::json FioReport::json(std::int64_t elapsed_ns) const {
  nlohmann::json json = nlohmann::json::object();
  for (const Command command : {Command::read, Command::write, Command::remove, Command::flush}) {
    const Direction& direction = directions_[static_cast<std::size_t>(command)];
    if (direction.total.empty() && direction.failed == 0) continue;
    json[fio_word(command)] = FioReport::json(direction, elapsed_ns);
  }
  return json;
}

}  // namespace biotope::viz
