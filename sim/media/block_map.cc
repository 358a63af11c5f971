#include "sim/media/block_map.h"

#include <algorithm>
#include <bit>

namespace biotope::sim {
namespace {

std::uint64_t bit_of(std::int64_t number) { return std::uint64_t{1} << (number % 64); }

// Those from `first` on.
std::uint64_t from(std::int64_t first) { return ~std::uint64_t{0} << first; }

}  // namespace

std::size_t BlockMap::Group::place_of(std::int64_t number) const {
  return static_cast<std::size_t>(std::popcount(in & (bit_of(number) - 1)));
}

void BlockMap::Group::erase(std::uint64_t those) {
  std::vector<Block> rest;
  std::size_t place = 0;
  for (std::int64_t i = 0; i < kGroup; ++i) {
    if ((in & bit_of(i)) == 0) continue;
    if ((those & bit_of(i)) == 0) rest.push_back(std::move(blocks[place]));
    ++place;
  }
  blocks = std::move(rest);
  in &= ~those;
}

const Block* BlockMap::find(std::int64_t number) const {
  const auto group = groups_.find(number / kGroup);
  if (group == groups_.end() || (group->second.in & bit_of(number)) == 0) return nullptr;
  return &group->second.blocks[group->second.place_of(number)];
}

Block* BlockMap::find(std::int64_t number) {
  return const_cast<Block*>(static_cast<const BlockMap*>(this)->find(number));
}

Block& BlockMap::get(std::int64_t number) {
  Group& group = groups_[number / kGroup];
  const std::size_t place = group.place_of(number);
  if ((group.in & bit_of(number)) == 0) {
    // In two steps: what many groups outgrow at the same time is of no use to any of them.
    if (group.blocks.size() == group.blocks.capacity()) {
      group.blocks.reserve(group.blocks.empty() ? kFew : kGroup);
    }
    group.blocks.emplace(group.blocks.begin() + static_cast<std::ptrdiff_t>(place));
    group.in |= bit_of(number);
  }
  return group.blocks[place];
}

void BlockMap::erase(std::int64_t first, std::int64_t end) {
  for (auto group = groups_.lower_bound(first / kGroup); group != groups_.end();) {
    const std::int64_t begins = group->first * kGroup;
    if (begins >= end) return;
    std::uint64_t those = from(std::max(first - begins, std::int64_t{0}));
    if (end - begins < kGroup) those &= ~from(end - begins);
    if ((group->second.in & ~those) == 0) {
      group = groups_.erase(group);
    } else {
      if ((group->second.in & those) != 0) group->second.erase(those);
      ++group;
    }
  }
}

std::int64_t BlockMap::next(std::int64_t number) const {
  for (auto group = groups_.lower_bound(number / kGroup); group != groups_.end(); ++group) {
    const std::int64_t begins = group->first * kGroup;
    const std::uint64_t in = group->second.in & from(std::max(number - begins, std::int64_t{0}));
    if (in != 0) return begins + std::countr_zero(in);
  }
  return kNone;
}

std::int64_t BlockMap::bytes() const {
  std::int64_t bytes = 0;
  for (const auto& [number, group] : groups_) {
    for (const Block& block : group.blocks) {
      if (block.has_bytes()) bytes += Block::kBytes;
      if (!block.has_bytes() && !block.blank()) bytes += sizeof(Block);
    }
  }
  return bytes;
}

}  // namespace biotope::sim
