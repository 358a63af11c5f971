#include "sim/disk/validation/validate.h"

#include <cmath>
#include <utility>

#include "model/check.h"
#include "sim/disk/validation/demerit.h"

namespace biotope::sim {
namespace {

double mean_ms(const std::vector<std::int64_t>& times_ns) {
  double sum = 0;
  for (const std::int64_t time_ns : times_ns) sum += static_cast<double>(time_ns) / 1e6;
  return sum / static_cast<double>(times_ns.size());
}

double rms_ms(const std::vector<std::int64_t>& a_ns, const std::vector<std::int64_t>& b_ns) {
  double sum = 0;
  for (std::size_t i = 0; i < a_ns.size(); ++i) {
    const double apart = static_cast<double>(a_ns[i] - b_ns[i]) / 1e6;
    sum += apart * apart;
  }
  return std::sqrt(sum / static_cast<double>(a_ns.size()));
}

// Reads, or writes, alone.
double demerit_of(bool write, const std::vector<MeasuredRequest>& requests,
                  const std::vector<std::int64_t>& measured_ns,
                  const std::vector<std::int64_t>& simulated_ns) {
  std::vector<std::int64_t> measured;
  std::vector<std::int64_t> simulated;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (requests[i].write != write) continue;
    measured.push_back(measured_ns[i]);
    simulated.push_back(simulated_ns[i]);
  }
  return demerit_ms(measured, simulated);
}

}  // namespace

std::vector<std::int64_t> replay(HardDisk& disk, const std::vector<MeasuredRequest>& requests) {
  std::vector<std::int64_t> service_ns;
  service_ns.reserve(requests.size());
  std::int64_t now_ns = 0;
  for (const MeasuredRequest& request : requests) {
    const auto early = disk.finished(now_ns);
    BIOTOPE_CHECK(!early, "a disk finished a request that it was not given");
    disk.submit(0, request.write, request.first, request.sectors, now_ns);
    const auto done = disk.finished(kNever);
    BIOTOPE_CHECK(done.has_value(), "a disk never finished a request");
    service_ns.push_back(done->time_ns - now_ns);
    now_ns = done->time_ns + request.think_ns;
  }
  return service_ns;
}

Validation validate(std::shared_ptr<const DiskModel> kind,
                    const std::vector<MeasuredRequest>& requests) {
  HardDisk disk(std::move(kind));
  const std::vector<std::int64_t> simulated_ns = replay(disk, requests);
  Validation result;
  std::vector<std::int64_t> measured_ns;
  for (const MeasuredRequest& request : requests) measured_ns.push_back(request.service_ns);
  result.requests = static_cast<std::int64_t>(requests.size());
  result.demerit_ms = demerit_ms(measured_ns, simulated_ns);
  result.demerit_read_ms = demerit_of(false, requests, measured_ns, simulated_ns);
  result.demerit_write_ms = demerit_of(true, requests, measured_ns, simulated_ns);
  result.request_rms_ms = rms_ms(measured_ns, simulated_ns);
  result.mean_measured_ms = mean_ms(measured_ns);
  result.mean_simulated_ms = mean_ms(simulated_ns);
  result.counts = disk.counts();
  return result;
}

}  // namespace biotope::sim
