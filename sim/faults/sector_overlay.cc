#include "sim/faults/sector_overlay.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace biotope::sim {
namespace {

// Calls use(offset, piece) for each part of `bytes` that lies in one sector.
template <class Byte, class Use>
void for_each_sector(std::int64_t sector_bytes, std::int64_t offset_bytes, std::span<Byte> bytes,
                     Use use) {
  while (!bytes.empty()) {
    const auto room = static_cast<std::size_t>(sector_bytes - offset_bytes % sector_bytes);
    const std::span<Byte> piece = bytes.first(std::min(room, bytes.size()));
    use(offset_bytes, piece);
    offset_bytes += static_cast<std::int64_t>(piece.size());
    bytes = bytes.subspan(piece.size());
  }
}

// The first of the troubles that `offset_bytes` is in.
template <class Troubles>
auto trouble_at(Troubles& troubles, std::int64_t offset_bytes) {
  return std::find_if(troubles.begin(), troubles.end(), [&](const auto& one) {
    return one.offset_bytes <= offset_bytes && offset_bytes < one.end_bytes;
  });
}

// What has passed does not count any more.
template <class Troubles, class At>
void passed(Troubles& troubles, At at, std::int64_t end_bytes) {
  at->offset_bytes = end_bytes;
  if (at->offset_bytes >= at->end_bytes) troubles.erase(at);
}

void spoil(std::span<std::byte> bytes, std::int64_t offset_bytes, std::int64_t at_bytes,
           std::byte with) {
  const std::int64_t place = at_bytes - offset_bytes;
  if (place >= 0 && place < std::ssize(bytes)) bytes[static_cast<std::size_t>(place)] ^= with;
}

}  // namespace

SectorOverlay* SectorOverlay::of(Medium& medium) {
  if (medium.overlay() == nullptr) {
    medium.set_overlay(std::unique_ptr<MediumOverlay>(new SectorOverlay(medium.sector_size())));
  }
  return dynamic_cast<SectorOverlay*>(medium.overlay());
}

void SectorOverlay::expect_nothing() {
  writes_.clear();
  reads_.clear();
}

void SectorOverlay::heal() {
  expect_nothing();
  bad_.clear();
  bad_forever_.clear();
  shown_.clear();
}

void SectorOverlay::add_bad(std::int64_t first, std::int64_t count, bool heals) {
  (heals ? bad_ : bad_forever_).add({first, first + count});
}

bool SectorOverlay::has_bad(std::int64_t first, std::int64_t count) const {
  const Sectors::interval_type asked(first, first + count);
  return boost::icl::intersects(bad_, asked) || boost::icl::intersects(bad_forever_, asked);
}

std::int64_t SectorOverlay::bad_sectors() const {
  return static_cast<std::int64_t>(boost::icl::cardinality(bad_ + bad_forever_));
}

void SectorOverlay::flip(const Medium& medium, std::int64_t sector, std::int64_t bit) {
  Bytes& bytes = shown(medium, sector);
  bytes[static_cast<std::size_t>(bit / 8)] ^= std::byte{1} << (bit % 8);
}

void SectorOverlay::tear_next_write(std::int64_t sector) {
  WriteTrouble torn;
  torn.offset_bytes = sector * sector_bytes_;
  torn.end_bytes = torn.offset_bytes + sector_bytes_;
  torn.lands_until_bytes = torn.offset_bytes + sector_bytes_ / 2;
  expect(std::move(torn));
}

// --- writing ------------------------------------------------------------------------------------

void SectorOverlay::writing(const Medium& medium, std::int64_t offset_bytes,
                            std::span<const std::byte> from) {
  for_each_sector(sector_bytes_, offset_bytes, from,
                  [&](std::int64_t at, auto piece) { write_piece(medium, at, piece); });
}

void SectorOverlay::erasing(const Medium& medium, std::int64_t offset_bytes,
                            std::int64_t length_bytes) {
  if (shown_.empty() && bad_.empty() && writes_.empty()) return;
  const Bytes zeros(static_cast<std::size_t>(sector_bytes_));
  for (std::int64_t at = offset_bytes; at < offset_bytes + length_bytes; at += sector_bytes_) {
    writing(medium, at, zeros);
  }
}

void SectorOverlay::write_piece(const Medium& medium, std::int64_t at,
                                std::span<const std::byte> piece) {
  const auto trouble = trouble_at(writes_, at);
  if (trouble == writes_.end()) return lands(at, piece);
  const std::int64_t end = at + std::ssize(piece);
  const auto landing = static_cast<std::size_t>(
      std::clamp(trouble->lands_until_bytes - at, std::int64_t{0}, end - at));
  if (landing < piece.size()) shown(medium, at / sector_bytes_);
  lands(at, piece.first(landing));
  const bool spoilt = trouble->spoilt_bytes >= at && trouble->spoilt_bytes < end;
  if (spoilt) {
    Bytes wrong(piece.begin(), piece.end());
    spoil(wrong, at, trouble->spoilt_bytes, trouble->spoilt_with);
    show(medium, at, wrong);
  }
  const auto beside = trouble->beside.lock();
  const std::int64_t there = at + trouble->delta_bytes;
  if (beside != nullptr && there >= 0 && there + std::ssize(piece) <= beside->size_bytes()) {
    SectorOverlay* overlay = of(*beside);
    if (overlay != nullptr) overlay->show(*beside, there, piece);
  }
  passed(writes_, trouble, end);
}

// The bytes are on the medium as they should be.
void SectorOverlay::lands(std::int64_t at, std::span<const std::byte> piece) {
  if (piece.empty()) return;
  const std::int64_t sector = at / sector_bytes_;
  if (!bad_.empty()) bad_.subtract({sector, sector + 1});
  const auto entry = shown_.find(sector);
  if (entry == shown_.end()) return;
  if (std::ssize(piece) == sector_bytes_) {
    shown_.erase(entry);
  } else {
    std::copy(piece.begin(), piece.end(), entry->second.begin() + at % sector_bytes_);
  }
}

void SectorOverlay::show(const Medium& medium, std::int64_t offset_bytes,
                         std::span<const std::byte> bytes) {
  for_each_sector(sector_bytes_, offset_bytes, bytes, [&](std::int64_t at, auto piece) {
    Bytes& sector = shown(medium, at / sector_bytes_);
    std::copy(piece.begin(), piece.end(), sector.begin() + at % sector_bytes_);
  });
}

// What a sector reads as; as it is now, where that is the truth.
SectorOverlay::Bytes& SectorOverlay::shown(const Medium& medium, std::int64_t sector) {
  const auto [entry, fresh] = shown_.try_emplace(sector);
  if (fresh) {
    entry->second.resize(static_cast<std::size_t>(sector_bytes_));
    // An image that can not be read shows when a drive reads there.
    static_cast<void>(medium.read(sector * sector_bytes_, entry->second));
  }
  return entry->second;
}

// --- reading ------------------------------------------------------------------------------------

int SectorOverlay::reading(const Medium& medium, std::int64_t offset_bytes,
                           std::span<std::byte> to) {
  if (to.empty()) return 0;
  const std::int64_t first = offset_bytes / sector_bytes_;
  const std::int64_t last = (offset_bytes + std::ssize(to) - 1) / sector_bytes_;
  if (has_bad(first, last - first + 1)) return EIO;
  cover(offset_bytes, to);
  if (reads_.empty()) return 0;
  int error = 0;
  for_each_sector(sector_bytes_, offset_bytes, to, [&](std::int64_t at, auto piece) {
    if (error == 0) error = trouble_reading(medium, at, piece);
  });
  return error;
}

void SectorOverlay::cover(std::int64_t offset_bytes, std::span<std::byte> to) const {
  if (shown_.empty()) return;
  for_each_sector(sector_bytes_, offset_bytes, to, [&](std::int64_t at, auto piece) {
    const auto entry = shown_.find(at / sector_bytes_);
    if (entry == shown_.end()) return;
    std::copy_n(entry->second.begin() + at % sector_bytes_, piece.size(), piece.begin());
  });
}

int SectorOverlay::trouble_reading(const Medium& medium, std::int64_t at,
                                   std::span<std::byte> piece) {
  const auto trouble = trouble_at(reads_, at);
  if (trouble == reads_.end()) return 0;
  const std::int64_t there = at + trouble->delta_bytes;
  const bool possible = there >= 0 && there + std::ssize(piece) <= medium.size_bytes();
  spoil(piece, at, trouble->spoilt_bytes, trouble->spoilt_with);
  const std::int64_t delta_bytes = trouble->delta_bytes;
  passed(reads_, trouble, at + std::ssize(piece));
  if (delta_bytes == 0 || !possible) return 0;
  if (const Status got = medium.read(there, piece); !got) return got.error().code;
  cover(there, piece);
  return 0;
}

}  // namespace biotope::sim
