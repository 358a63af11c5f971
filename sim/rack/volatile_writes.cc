#include "sim/rack/volatile_writes.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace biotope::sim {
namespace {

// The stamp of all of it, where it has one.
std::optional<Stamp> stamp_of(const Data& from, std::int64_t length_bytes,
                              const StampedMemory& stamped) {
  if (from.empty() || !from.contiguous(length_bytes)) return std::nullopt;
  std::optional<Stamp> stamp;
  from.for_each_piece(length_bytes, [&](std::span<std::byte> piece) { stamp = stamped.of(piece); });
  return stamp;
}

}  // namespace

bool VolatileWrites::Write::all_landed() const {
  return std::find(landed.begin(), landed.end(), false) == landed.end();
}

Status VolatileWrites::Write::put(std::int64_t i, std::int64_t length_bytes, Medium& medium) const {
  const std::int64_t skip_bytes = i * medium.sector_size();
  const std::int64_t at_bytes = first * medium.sector_size() + skip_bytes;
  if (stamp) return medium.stamp(at_bytes, length_bytes, stamp->shifted(skip_bytes));
  return medium.write(at_bytes, std::span(bytes).subspan(static_cast<std::size_t>(skip_bytes),
                                                         static_cast<std::size_t>(length_bytes)));
}

void VolatileWrites::add(std::int64_t first, std::int64_t sectors, const Data& from,
                         const StampedMemory& stamped) {
  Write& write = writes_.emplace_back();
  write.first = first;
  write.landed.resize(static_cast<std::size_t>(sectors));
  const std::int64_t length_bytes = sectors * sector_bytes_;
  bytes_ += length_bytes;
  write.stamp = stamp_of(from, length_bytes, stamped);
  if (write.stamp) return;
  write.bytes.resize(static_cast<std::size_t>(length_bytes));
  from.copy_out(write.bytes);
}

// Those that have landed stay until all before them have: a crash may have to tell their order.
Status VolatileWrites::land(const std::vector<DriveEngine::Extent>& unwritten, Medium& medium,
                            OlderSectors* older) {
  Status outcome;
  const auto lands = [&](const Write& write, std::int64_t i) {
    const auto holds = [sector = write.first + i](const auto& e) {
      return sector >= e.first && sector < e.end;
    };
    return !write.landed[static_cast<std::size_t>(i)] &&
           std::none_of(unwritten.begin(), unwritten.end(), holds);
  };
  for (Write& write : writes_) {
    for (std::int64_t i = 0; i < write.sectors();) {
      std::int64_t end = i;
      for (; end < write.sectors() && lands(write, end); ++end) {
        write.landed[static_cast<std::size_t>(end)] = true;
      }
      if (end > i) {
        const std::int64_t length_bytes = (end - i) * sector_bytes_;
        if (older != nullptr) older->keep(medium, (write.first + i) * sector_bytes_, length_bytes);
        const Status put = write.put(i, length_bytes, medium);
        if (!put && outcome) outcome = put;
      }
      i = std::max(end, i + 1);
    }
  }
  while (!writes_.empty() && writes_.front().all_landed()) {
    bytes_ -= writes_.front().sectors() * sector_bytes_;
    writes_.pop_front();
  }
  return outcome;
}

void VolatileWrites::cover(std::int64_t offset_bytes, std::span<std::byte> read) const {
  const std::int64_t end_bytes = offset_bytes + static_cast<std::int64_t>(read.size());
  for (const Write& write : writes_) {
    const std::int64_t begins = write.first * sector_bytes_;
    const std::int64_t from = std::max(begins, offset_bytes);
    const std::int64_t to = std::min(begins + write.sectors() * sector_bytes_, end_bytes);
    if (from >= to) continue;
    const std::span<std::byte> covered = read.subspan(static_cast<std::size_t>(from - offset_bytes),
                                                      static_cast<std::size_t>(to - from));
    if (write.stamp) {
      write.stamp->shifted(from - begins).fill(covered);
    } else {
      std::memcpy(covered.data(), write.bytes.data() + (from - begins), covered.size());
    }
  }
}

std::vector<VolatileWrites::Write> VolatileWrites::take() {
  std::vector<Write> all(std::make_move_iterator(writes_.begin()),
                         std::make_move_iterator(writes_.end()));
  writes_.clear();
  bytes_ = 0;
  return all;
}

}  // namespace biotope::sim
