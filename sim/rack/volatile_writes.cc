#include "sim/rack/volatile_writes.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace biotope::sim {

bool VolatileWrites::Write::all_landed() const {
  return std::find(landed.begin(), landed.end(), false) == landed.end();
}

std::span<const std::byte> sector_of(const VolatileWrites::Write& write, std::int64_t i,
                                     std::int64_t sector_bytes) {
  const auto size = static_cast<std::size_t>(sector_bytes);
  return std::span(write.bytes).subspan(static_cast<std::size_t>(i) * size, size);
}

void VolatileWrites::add(std::int64_t first, std::int64_t sectors, const Data& from) {
  Write& write = writes_.emplace_back();
  write.first = first;
  write.bytes.resize(static_cast<std::size_t>(sectors * sector_bytes_));
  write.landed.resize(static_cast<std::size_t>(sectors));
  from.copy_out(write.bytes);
  bytes_ += sectors * sector_bytes_;
}

// Those that have landed stay until all before them have: a crash may have to tell their order.
Status VolatileWrites::land(const std::vector<DriveEngine::Extent>& unwritten, Medium& medium) {
  Status outcome;
  for (Write& write : writes_) {
    for (std::int64_t i = 0; i < write.sectors(); ++i) {
      const std::int64_t sector = write.first + i;
      const auto holds = [&](const auto& e) { return sector >= e.first && sector < e.end; };
      const auto at = static_cast<std::size_t>(i);
      if (write.landed[at] || std::any_of(unwritten.begin(), unwritten.end(), holds)) continue;
      write.landed[at] = true;
      const Status put = medium.write(sector * sector_bytes_, sector_of(write, i, sector_bytes_));
      if (!put && outcome) outcome = put;
    }
  }
  while (!writes_.empty() && writes_.front().all_landed()) {
    bytes_ -= static_cast<std::int64_t>(writes_.front().bytes.size());
    writes_.pop_front();
  }
  return outcome;
}

void VolatileWrites::cover(std::int64_t offset_bytes, std::span<std::byte> read) const {
  const std::int64_t end_bytes = offset_bytes + static_cast<std::int64_t>(read.size());
  for (const Write& write : writes_) {
    const std::int64_t begins = write.first * sector_bytes_;
    const std::int64_t from = std::max(begins, offset_bytes);
    const std::int64_t to =
        std::min(begins + static_cast<std::int64_t>(write.bytes.size()), end_bytes);
    if (from >= to) continue;
    std::memcpy(read.data() + (from - offset_bytes), write.bytes.data() + (from - begins),
                static_cast<std::size_t>(to - from));
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
