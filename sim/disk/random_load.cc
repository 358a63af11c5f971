#include "sim/disk/random_load.h"

#include <Random123/philox.h>
#include <vector>

#include "model/check.h"

namespace biotope::sim {

RandomLoad::Request RandomLoad::request(std::uint64_t number, std::int64_t disk_sectors) const {
  const auto drawn = r123::Philox2x64()({{number, 0}}, {{seed}});
  const auto places = static_cast<std::uint64_t>(disk_sectors - sectors + 1);
  return {static_cast<std::int64_t>(drawn[1] % 100) >= read_percent,
          static_cast<std::int64_t>(drawn[0] % places)};
}

LoadResult run_load(HardDisk& disk, const RandomLoad& load) {
  std::int64_t issued = 0;
  std::int64_t total_ns = 0;
  std::vector<std::int64_t> issued_ns(static_cast<std::size_t>(load.depth));
  const auto issue = [&](std::uint64_t slot, std::int64_t now_ns) {
    if (issued == load.requests) return;
    const auto request =
        load.request(static_cast<std::uint64_t>(issued++), disk.layout().sectors());
    issued_ns[slot] = now_ns;
    disk.submit(slot, request.write, request.first, load.sectors, now_ns);
  };
  for (std::int64_t slot = 0; slot < load.depth; ++slot) issue(static_cast<std::uint64_t>(slot), 0);
  LoadResult result;
  for (std::int64_t done = 0; done < load.requests; ++done) {
    const auto finished = disk.finished(kNever);
    BIOTOPE_CHECK(finished.has_value(), "a disk never finished a request");
    result.simulated_ns = finished->time_ns;
    total_ns += finished->time_ns - issued_ns[finished->tag];
    issue(finished->tag, finished->time_ns);
  }
  if (load.requests > 0) result.mean_response_ns = total_ns / load.requests;
  return result;
}

}  // namespace biotope::sim
