#include "sim/workload/written_places.h"

#include <algorithm>

#include "sim/media/stamp.h"

namespace biotope::sim {

std::uint32_t& WrittenPlaces::newest_of(std::int64_t unit) {
  const auto group = static_cast<std::size_t>(unit / kGroup);
  if (groups_.size() <= group) groups_.resize(group + 1);
  if (groups_[group] == nullptr) groups_[group] = std::make_unique<Group>();
  return (*groups_[group])[static_cast<std::size_t>(unit % kGroup)];
}

std::uint32_t WrittenPlaces::newest(std::int64_t unit) const {
  const auto group = static_cast<std::size_t>(unit / kGroup);
  if (groups_.size() <= group || groups_[group] == nullptr) return 0;
  return (*groups_[group])[static_cast<std::size_t>(unit % kGroup)];
}

std::uint32_t WrittenPlaces::oldest(std::int64_t unit) const {
  const auto open = open_.find(unit);
  return open == open_.end() ? newest(unit) : open->second.oldest;
}

std::uint32_t WrittenPlaces::begin(std::int64_t first, std::int64_t end) {
  std::uint32_t number = 0;
  for (std::int64_t unit = first; unit < end; ++unit) number = std::max(number, newest(unit));
  number = std::min(number + 1, Stamp::kGenerations - 1);
  for (std::int64_t unit = first; unit < end; ++unit) {
    Open& open = open_.try_emplace(unit, Open{newest(unit), 0, 0}).first->second;
    if (open.out++ == 0) open.first_out = number;
    newest_of(unit) = number;
  }
  return number;
}

void WrittenPlaces::finish(std::int64_t first, std::int64_t end, std::uint32_t number) {
  for (std::int64_t unit = first; unit < end; ++unit) {
    const auto found = open_.find(unit);
    Open& open = found->second;
    if (--open.out > 0) continue;
    // What was there before all of these is there no more.
    open.oldest = open.first_out;
    if (open.first_out == number && newest(unit) == number) open_.erase(found);
  }
}

std::int64_t WrittenPlaces::next(std::int64_t unit) const {
  const auto units = std::ssize(groups_) * kGroup;
  for (; unit < units; ++unit) {
    if (groups_[static_cast<std::size_t>(unit / kGroup)] == nullptr) {
      unit |= kGroup - 1;
    } else if (newest(unit) != 0) {
      return unit;
    }
  }
  return -1;
}

}  // namespace biotope::sim
