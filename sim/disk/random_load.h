#pragma once

#include <cstdint>

#include "sim/disk/hard_disk.h"

namespace biotope::sim {

// A closed loop of requests at random places: what drives are compared by.
struct RandomLoad {
  std::int64_t requests = 100'000;
  std::int64_t depth = 1;    // in the drive at a time
  std::int64_t sectors = 8;  // of each request
  std::int64_t read_percent = 66;
  std::uint64_t seed = 1;

  // The request of this number, on a disk of so many sectors.
  struct Request {
    bool write;
    std::int64_t first;
  };
  Request request(std::uint64_t number, std::int64_t disk_sectors) const;
};

struct LoadResult {
  std::int64_t simulated_ns = 0;
  std::int64_t mean_response_ns = 0;
};

// The disk must be fresh and larger than a request.
LoadResult run_load(HardDisk& disk, const RandomLoad& load);

}  // namespace biotope::sim
