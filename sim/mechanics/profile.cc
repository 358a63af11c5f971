#include "sim/mechanics/profile.h"

#include <algorithm>
#include <cerrno>
#include <string>

namespace biotope::sim {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

// Iomega's ZIP 100: stated are the capacity, the speed of rotation, the average seek and the rate.
// The rest is chosen to fit: 55 sectors at that rate fill a revolution but for a gap of 0.3 ms.
constexpr DriveProfile kZip100{
    .name = "zip100",
    .capacity_bytes = 100'663'296,
    .sector_size = 512,
    .rpm = 2941,
    .heads = 2,
    .sectors_per_track = 55,
    .transfer_bytes_per_second = 1'400'000,
    .seek_base_ns = 4 * kMillisecond,
    .average_seek_ns = 29 * kMillisecond,
    .head_settle_ns = 2 * kMillisecond,
    .command_overhead_ns = kMillisecond / 2,
    .queue_depth = 4,
    .can_erase = false,
};

}  // namespace

Status check_profile(const DriveProfile& p) {
  const auto refuse = [&](const auto&... why) { return fail(EINVAL, "drive ", p.name, why...); };
  const auto smallest = std::min({p.sector_size, p.rpm, p.heads, p.sectors_per_track,
                                  p.transfer_bytes_per_second, p.capacity_bytes, p.queue_depth});
  if (smallest <= 0) return refuse(": sizes, counts and speeds must be positive");
  if (std::min({p.seek_base_ns, p.head_settle_ns, p.command_overhead_ns}) < 0) {
    return refuse(": times can not be negative");
  }
  if (p.capacity_bytes % p.sector_size != 0) {
    return refuse(": its capacity is not a whole number of sectors");
  }
  if (p.sector_ns() * p.sectors_per_track * p.rpm > 60'000'000'000) {
    return refuse(": a track of ", p.sectors_per_track, " sectors takes longer than a revolution");
  }
  if (p.average_seek_ns < p.seek_base_ns) {
    return refuse(": its average seek is shorter than its shortest");
  }
  return {};
}

const std::vector<DriveProfile>& drive_profiles() {
  static const std::vector<DriveProfile> profiles{kZip100};
  return profiles;
}

Result<DriveProfile> find_drive_profile(std::string_view name) {
  std::string known;
  for (const DriveProfile& profile : drive_profiles()) {
    if (profile.name == name) return profile;
    known += (known.empty() ? "" : ", ") + std::string(profile.name);
  }
  return fail(ENOENT, "there is no drive profile '", name, "'; there are: ", known);
}

}  // namespace biotope::sim
