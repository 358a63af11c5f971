#include "classes/mirror/balance.h"

#include <cstdlib>

namespace biotope::mirror {

Member& Reads::choose(Balance balance, const std::vector<Member*>& active,
                      std::int64_t offset_bytes, std::int64_t length_bytes) {
  switch (balance) {
    case Balance::round_robin:
    case Balance::split:
      return next(active);
    case Balance::load:
      return least_loaded(active, offset_bytes, length_bytes);
    default:
      return *active.front();
  }
}

Member& Reads::next(const std::vector<Member*>& active) {
  if (++turn_ >= active.size()) turn_ = 0;
  return *active[turn_];
}

Member& Reads::least_loaded(const std::vector<Member*>& active, std::int64_t offset_bytes,
                            std::int64_t length_bytes) {
  constexpr std::int64_t kScale = 256;
  constexpr std::int64_t kWindow = 8;
  Member* best = nullptr;
  std::int64_t best_cost = 0;
  for (Member* member : active) {
    std::int64_t cost = member->load;
    if (member->head_bytes == offset_bytes) {
      cost -= 2 * kScale;
    } else if (std::abs(member->head_bytes - offset_bytes) < kNear_bytes) {
      cost -= kScale;
    }
    if (best == nullptr || cost < best_cost) {
      best = member;
      best_cost = cost;
    }
  }
  best->head_bytes = offset_bytes + length_bytes;
  for (Member* member : active) {
    const auto outstanding = static_cast<std::int64_t>(member->edge->in_flight());
    member->load = (outstanding * kScale + member->load * (kWindow - 1)) / kWindow;
  }
  return *best;
}

}  // namespace biotope::mirror
