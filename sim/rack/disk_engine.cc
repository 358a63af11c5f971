#include "sim/rack/disk_engine.h"

#include <algorithm>
#include <utility>

namespace biotope::sim {

DiskEngine::DiskEngine(std::shared_ptr<const DiskModel> model) : model_(std::move(model)) {
  disk_.emplace(model_);
}

void DiskEngine::submit(std::uint64_t tag, Command command, std::int64_t first, std::int64_t count,
                        std::int64_t now_ns) {
  if (command == Command::erase) {
    erasure_ = Finished{tag, now_ns + model_->profile.overheads.read_miss.after(false)};
  } else {
    disk_->submit(tag, command == Command::write, first, count, now_ns);
  }
}

std::int64_t DiskEngine::event_ns() const {
  return erasure_ ? std::min(erasure_->time_ns, disk_->event_ns()) : disk_->event_ns();
}

std::optional<DriveEngine::Finished> DiskEngine::finished(std::int64_t until_ns) {
  if (const auto done = disk_->finished(until_ns)) return Finished{done->tag, done->time_ns};
  if (!erasure_ || erasure_->time_ns > until_ns) return std::nullopt;
  return std::exchange(erasure_, std::nullopt);
}

std::int64_t DiskEngine::outstanding() const { return disk_->outstanding() + (erasure_ ? 1 : 0); }

std::int64_t DiskEngine::progress(std::uint64_t tag, std::int64_t now_ns) {
  return disk_->progress(tag, now_ns);
}

void DiskEngine::add_unwritten(std::vector<Extent>& to, std::int64_t now_ns) {
  disk_->sync(now_ns);
  for (const CacheSegment& segment : disk_->segments().all()) {
    if (segment.to_be_written()) to.push_back({segment.to_write, segment.end});
  }
}

// The arm is parked.
void DiskEngine::restart() {
  DriveStatistics all;
  add_to(all);
  before_ = all;
  disk_.emplace(model_);
  erasure_.reset();
}

void DiskEngine::add_to(DriveStatistics& to) const {
  const MechanismCounts& counts = disk_->mechanism().counts();
  to.seeks += before_.seeks + static_cast<std::uint64_t>(counts.movements);
  to.seek_ns += before_.seek_ns + counts.moving_ns;
  to.rotation_ns += before_.rotation_ns + counts.rotation_ns;
  to.transfer_ns += before_.transfer_ns + counts.transfer_ns;
}

}  // namespace biotope::sim
