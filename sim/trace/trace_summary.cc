#include "sim/trace/trace_summary.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace biotope::sim {
namespace {

// Sums of a hostile trace stay at the greatest number there is.
void add_up(std::int64_t& sum, std::int64_t more) {
  sum = more > std::numeric_limits<std::int64_t>::max() - sum
            ? std::numeric_limits<std::int64_t>::max()
            : sum + more;
}

}  // namespace

void TouchedSectors::add(const std::string& device, std::int64_t offset_bytes,
                         std::int64_t length_bytes) {
  if (length_bytes > kLongestBytes) {
    counts_all_ = false;
    length_bytes = kLongestBytes;
  }
  if (length_bytes < 1) return;
  const std::int64_t last = (offset_bytes + (length_bytes - 1)) / kSectorBytes;
  add_to(devices_[device], offset_bytes / kSectorBytes, last + 1);
}

// Null: there are as many places as there may be.
TouchedSectors::Place* TouchedSectors::place_of(Places& places, std::int64_t number) {
  const auto found = places.find(number);
  if (found != places.end()) return &found->second;
  if (places_ == kMostPlaces) return nullptr;
  ++places_;
  return &places.emplace(number, Place()).first->second;
}

void TouchedSectors::add_to(Places& places, std::int64_t first, std::int64_t end) {
  constexpr std::int64_t kPlaceSectors = kPlaceWords * kWordSectors;
  Place* place = nullptr;
  for (; first < end; first = (first / kWordSectors + 1) * kWordSectors) {
    if (place == nullptr || first % kPlaceSectors == 0) {
      place = place_of(places, first / kPlaceSectors);
    }
    if (place == nullptr) {
      counts_all_ = false;
      return;
    }
    std::uint64_t& word = (*place)[static_cast<std::size_t>(first % kPlaceSectors / kWordSectors)];
    const std::int64_t bits = std::min(end - first, kWordSectors - first % kWordSectors);
    const std::uint64_t mask = ~std::uint64_t{0} >> (kWordSectors - bits) << first % kWordSectors;
    count_ += std::popcount(mask & ~word);
    word |= mask;
  }
}

std::int64_t TraceSummary::bytes() const {
  std::int64_t sum = 0;
  for (const Kind& kind : kinds_) add_up(sum, kind.bytes);
  return sum;
}

void TraceSummary::add(const TraceRequest& request) {
  ++requests_;
  Kind& kind = kinds_[static_cast<std::size_t>(request.command)];
  ++kind.requests;
  add_up(kind.bytes, request.length_bytes);
  add_time(request);
  if (request.command != Command::flush) add_place(request);
}

void TraceSummary::add_time(const TraceRequest& request) {
  if (request.service_ns) {
    ++served_;
    add_up(service_ns_, *request.service_ns);
  }
  if (!request.time_ns) return;
  if (timed_ > 0 && *request.time_ns < last_ns_) ++out_of_order_;
  ++timed_;
  last_ns_ = *request.time_ns;
  latest_ns_ = std::max(latest_ns_, last_ns_);
}

void TraceSummary::add_place(const TraceRequest& request) {
  const std::int64_t length = request.length_bytes;
  least_bytes_ = least_bytes_ == 0 ? length : std::min(least_bytes_, length);
  most_bytes_ = std::max(most_bytes_, length);
  ++lengths_[static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(length)))];
  const std::int64_t end = request.offset_bytes + length;
  end_bytes_ = std::max(end_bytes_, end);
  if (devices_.size() == kMostDevices && !devices_.contains(request.device)) return;
  Device& device = devices_[request.device];
  ++device.requests;
  if (device.last_end_bytes == request.offset_bytes) ++sequential_;
  device.last_end_bytes = end;
  touched_.add(request.device, request.offset_bytes, length);
}

}  // namespace biotope::sim
