#include "classes/array/traffic.h"

#include <algorithm>
#include <utility>

namespace biotope::array {

namespace {
bool overlap(std::int64_t a, std::int64_t a_length, std::int64_t b, std::int64_t b_length) {
  return a < b + b_length && b < a + a_length;
}
}  // namespace

Traffic::Claim::Claim(Traffic& traffic, std::int64_t offset_bytes, std::int64_t length_bytes)
    : traffic_(traffic), offset_bytes_(offset_bytes), length_bytes_(length_bytes) {
  traffic_.claims_.push_back(this);
}

Traffic::Claim::~Claim() {
  std::erase(traffic_.claims_, this);
  if (traffic_.on_released_) traffic_.later_.post(traffic_.on_released_);
}

bool Traffic::claimed(std::int64_t offset_bytes, std::int64_t length_bytes) const {
  return std::ranges::any_of(claims_, [&](const Claim* c) {
    return overlap(c->offset_bytes_, c->length_bytes_, offset_bytes, length_bytes);
  });
}

bool UnderWay::find(std::int64_t offset_bytes, std::int64_t length_bytes) const {
  const std::int64_t first = offset_bytes >> kGranuleShift;
  const std::int64_t last = (offset_bytes + length_bytes - 1) >> kGranuleShift;
  bool possible = long_ones_ > 0 || last - first >= kMostGranules;
  for (std::int64_t g = first; !possible && g <= last; ++g) {
    possible = pots_[static_cast<std::size_t>(g) % kPots] > 0;
  }
  if (!possible) return false;
  for (const Bio* bio = head_; bio != nullptr; bio = static_cast<Bio*>(bio->driver2)) {
    if (overlap(bio->position_bytes, bio->length_bytes, offset_bytes, length_bytes)) {
      return true;
    }
  }
  return false;
}

void Traffic::wake() {
  for (Claim* claim : claims_) {
    if (!claim->waiting_ || !claim->free()) continue;
    later_.post([waiting = std::exchange(claim->waiting_, nullptr)] { waiting.resume(); });
  }
}

}  // namespace biotope::array
