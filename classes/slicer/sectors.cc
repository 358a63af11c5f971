#include "classes/slicer/sectors.h"

#include <algorithm>
#include <utility>

#include "model/check.h"

namespace biotope {

Status Sectors::check_range(std::int64_t first, std::int64_t count) const {
  if (medium_.sector_size_bytes <= 0) {
    return fail(ENXIO, "the medium has sectors of ", medium_.sector_size_bytes, " bytes");
  }
  const std::int64_t there = sector_count();
  if (first < 0 || count < 1 || first >= there || count > there - first) {
    return fail(ENXIO, count, " sectors from ", first, " on do not lie on the medium, which has ",
                there);
  }
  if (count > kMostBytes / sector_bytes()) {
    return fail(EFBIG, "it claims ", count, " sectors from ", first,
                " on, more than any table has use for");
  }
  return {};
}

Status Sectors::want(Range range) {
  const auto held = static_cast<std::int64_t>(sectors_.size());
  if (range.count > kMostBytes / sector_bytes() - held) {
    return fail(EFBIG, "it is spread over more than ", kMostBytes, " bytes");
  }
  wanted_.push_back(range);
  return fail(kNotRead, "sector ", range.first, " is to be fetched first");
}

Result<Bytes> Sectors::at(std::int64_t first, std::int64_t count) {
  if (const Status fine = check_range(first, count); !fine) return pass_on(fine);
  Bytes bytes;
  for (std::int64_t sector = first; sector < first + count; ++sector) {
    const auto found = sectors_.find(sector);
    if (found == sectors_.end()) return pass_on(want({first, count}));
    const Sector& held = found->second;
    if (held.error != 0) return fail(held.error, "sector ", sector, " can not be read");
    bytes.insert(bytes.end(), held.bytes.begin(), held.bytes.end());
  }
  return bytes;
}

std::span<std::byte> Sectors::change(std::int64_t sector) {
  Sector& held = sectors_[sector];
  held.error = 0;
  held.bytes.resize(static_cast<std::size_t>(sector_bytes()));
  return held.bytes;
}

void Sectors::put(std::int64_t first, std::span<const std::byte> bytes) {
  const auto size = static_cast<std::size_t>(sector_bytes());
  BIOTOPE_CHECK(bytes.size() % size == 0, "whole sectors are put");
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    std::ranges::copy(bytes.subspan(at, size), change(first++).begin());
  }
}

std::vector<Sectors::Range> Sectors::take_wanted() { return std::exchange(wanted_, {}); }

void Sectors::supply(Range range, const Result<Bytes>& answer) {
  const auto size = static_cast<std::size_t>(sector_bytes());
  const bool whole = answer && answer->size() == static_cast<std::size_t>(range.count) * size;
  for (std::int64_t i = 0; i < range.count; ++i) {
    Sector& held = sectors_[range.first + i];
    if (!held.bytes.empty()) continue;
    if (!whole) {
      held.error = answer ? EIO : answer.error().code;
      continue;
    }
    const auto from =
        answer->begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(i) * size);
    held.bytes.assign(from, from + static_cast<std::ptrdiff_t>(size));
    held.error = 0;
  }
}

std::vector<std::int64_t> Sectors::changed_since(const Sectors& there) const {
  std::vector<std::int64_t> changed;
  for (const auto& [number, sector] : sectors_) {
    if (sector.error != 0) continue;
    const auto before = there.held(number);
    if (!std::ranges::equal(sector.bytes, before)) changed.push_back(number);
  }
  return changed;
}

std::span<const std::byte> Sectors::held(std::int64_t sector) const {
  const auto found = sectors_.find(sector);
  if (found == sectors_.end() || found->second.error != 0) return {};
  return found->second.bytes;
}

}  // namespace biotope
