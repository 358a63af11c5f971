#include "classes/apm/map.h"

#include <algorithm>

namespace biotope::apm {

std::optional<Map> Map::of_blocks(Sectors& sectors, std::int64_t block_bytes, Swapped swapped) {
  const std::int64_t sector = sectors.sector_bytes();
  if (block_bytes < std::int64_t{EntryLayout::kBytes} || sector < 1) return std::nullopt;
  const bool blocks_of_sectors =
      block_bytes % sector == 0 && sector >= std::int64_t{EntryLayout::kBytes};
  if (!blocks_of_sectors && sector % block_bytes != 0) return std::nullopt;
  return Map(sectors, block_bytes, swapped);
}

Result<Bytes> Map::block(std::int64_t number) const {
  const std::int64_t at = number * block_bytes_;
  Result<Bytes> sector = sectors_->at(at / sectors_->sector_bytes());
  if (!sector) return sector;
  const auto from = sector->begin() + static_cast<std::ptrdiff_t>(at % sectors_->sector_bytes());
  Bytes block(from, from + static_cast<std::ptrdiff_t>(EntryLayout::kBytes));
  if (swapped()) {
    for (std::size_t i = 0; i < block.size(); i += 2) std::swap(block[i], block[i + 1]);
  }
  return block;
}

std::span<std::byte> Map::change(std::int64_t number) const {
  const std::int64_t at = number * block_bytes_;
  return sectors_->change(at / sectors_->sector_bytes())
      .subspan(static_cast<std::size_t>(at % sectors_->sector_bytes()), EntryLayout::kBytes);
}

Result<Entry> Map::entry(std::int64_t index) const {
  const Result<Bytes> bytes = block(index);
  if (!bytes) return pass_on(bytes);
  if (EntryLayout::signature.get(*bytes) != EntryLayout::kSignature) {
    return fail(EINVAL, "entry ", index, " of the map does not start with PM");
  }
  return Entry{.start = EntryLayout::start.get(*bytes),
               .length = EntryLayout::length.get(*bytes),
               .name = EntryLayout::name.get(*bytes),
               .type = EntryLayout::type.get(*bytes)};
}

void Map::set_entry(std::int64_t index, const Entry& entry, std::int64_t entry_count) const {
  const auto bytes = change(index);
  const bool counted = EntryLayout::data_length.get(bytes) == EntryLayout::length.get(bytes);
  EntryLayout::signature.set(bytes, EntryLayout::kSignature);
  EntryLayout::entry_count.set(bytes, static_cast<std::uint32_t>(entry_count));
  EntryLayout::start.set(bytes, static_cast<std::uint32_t>(entry.start));
  EntryLayout::length.set(bytes, static_cast<std::uint32_t>(entry.length));
  EntryLayout::name.set(bytes, entry.name);
  EntryLayout::type.set(bytes, entry.type);
  if (!counted) return;
  EntryLayout::data_length.set(bytes, static_cast<std::uint32_t>(entry.length));
}

void Map::make_entry(std::int64_t index, const Entry& entry, std::int64_t entry_count) const {
  std::ranges::fill(change(index), std::byte{0});
  set_entry(index, entry, entry_count);
  EntryLayout::status.set(change(index), entry.free() ? 0 : EntryLayout::kUsable);
}

}  // namespace biotope::apm
