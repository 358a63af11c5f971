#include "sim/rack/older_sectors.h"

#include <utility>

namespace biotope::sim {

// A write may come piece by piece: who brings the beginning of a sector brings all of it.
void OlderSectors::keep(const Medium& medium, std::int64_t offset_bytes,
                        std::int64_t length_bytes) {
  const std::int64_t size = medium.sector_size();
  const std::int64_t first = (offset_bytes + size - 1) / size;
  const std::int64_t end = (offset_bytes + length_bytes + size - 1) / size;
  if (end - first > most_) return clear();
  for (std::int64_t sector = first; sector < end; ++sector) {
    Sector older{sector * size, std::vector<std::byte>(static_cast<std::size_t>(size))};
    if (!medium.read(older.offset_bytes, older.bytes)) return clear();
    kept_.push_back(std::move(older));
    if (std::ssize(kept_) > most_) kept_.pop_front();
  }
}

std::set<std::int64_t> OlderSectors::units(std::int64_t unit_bytes) const {
  std::set<std::int64_t> all;
  for (const Sector& sector : kept_) all.insert(sector.offset_bytes / unit_bytes);
  return all;
}

std::int64_t OlderSectors::bring_back(std::int64_t unit, std::int64_t unit_bytes,
                                      Medium& medium) const {
  std::set<std::int64_t> done;
  for (const Sector& sector : kept_) {
    if (sector.offset_bytes / unit_bytes != unit) continue;
    if (!done.insert(sector.offset_bytes).second) continue;
    // An image that can not be read under the rest of a block shows when it is read again.
    static_cast<void>(medium.write(sector.offset_bytes, sector.bytes));
  }
  return std::ssize(done);
}

}  // namespace biotope::sim
