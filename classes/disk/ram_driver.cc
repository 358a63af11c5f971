#include "classes/disk/ram_driver.h"

#include <algorithm>
#include <span>

#include "classes/disk/disk.h"

namespace biotope {

RamDriver::RamDriver(DiskTraits traits, Executor* executor, std::int64_t latency_ns)
    : traits_(std::move(traits)),
      executor_(executor),
      latency_ns_(latency_ns),
      bytes_(static_cast<std::size_t>(traits_.properties.media_size_bytes)) {}

Verdict RamDriver::strategy(Bio& bio) {
  ++requests_;
  if (latency_ns_ == 0) return Verdict::done(serve(bio));
  executor_->after(latency_ns_, [this, &bio] { done(bio, serve(bio)); });
  return Verdict::held();
}

int RamDriver::serve(Bio& bio) {
  if (pulled_) return ENXIO;
  if (!has_range(bio.command)) return 0;
  const auto place = std::span(bytes_).subspan(static_cast<std::size_t>(bio.position_bytes),
                                               static_cast<std::size_t>(bio.length_bytes));
  switch (bio.command) {
    case Command::read:
      bio.data.copy_in(place);
      return 0;
    case Command::write:
      bio.data.copy_out(place);
      return 0;
    default:
      std::fill(place.begin(), place.end(), std::byte{0});
      return 0;
  }
}

void RamDriver::pull() {
  pulled_ = true;
  if (disk() != nullptr) disk()->gone();
}

}  // namespace biotope
