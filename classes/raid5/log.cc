#include "classes/raid5/log.h"

#include <algorithm>

#include "classes/parity/xor.h"

namespace biotope::raid5 {

namespace {

constexpr layout::Text kMagic(0, 8);
constexpr const char* kIsLog = "R5LOG v1";
constexpr auto kArrayId = layout::le32(8);
constexpr auto kMember = layout::le16(12);
constexpr auto kNumber = layout::le64(16);
constexpr auto kRow = layout::le64(24);
constexpr auto kMembers = layout::le64(32);
constexpr auto kAt = layout::le32(40);
constexpr auto kLength = layout::le32(44);
constexpr auto kChecksum = layout::le32(48);
constexpr auto kOwnChecksum = layout::le32(52);

}  // namespace

std::uint32_t checksum_of(std::span<const std::byte> bytes) {
  return parity::checksum(0, Data(const_cast<std::byte*>(bytes.data())),
                          static_cast<std::int64_t>(bytes.size()));
}

void encode(const LogHeader& h, std::span<std::byte> sector) {
  kMagic.set(sector, kIsLog);
  kArrayId.set(sector, h.array_id);
  kMember.set(sector, h.member);
  kNumber.set(sector, h.number);
  kRow.set(sector, h.row);
  kMembers.set(sector, h.members);
  kAt.set(sector, h.at_bytes);
  kLength.set(sector, h.length_bytes);
  kChecksum.set(sector, h.checksum);
  kOwnChecksum.set(sector, checksum_of(sector.first(kOwnChecksum.offset())));
}

bool decode(std::span<const std::byte> sector, LogHeader& h) {
  if (!kMagic.holds(sector, kIsLog) ||
      kOwnChecksum.get(sector) != checksum_of(sector.first(kOwnChecksum.offset()))) {
    return false;
  }
  h.array_id = kArrayId.get(sector);
  h.member = kMember.get(sector);
  h.number = kNumber.get(sector);
  h.row = kRow.get(sector);
  h.members = kMembers.get(sector);
  h.at_bytes = kAt.get(sector);
  h.length_bytes = kLength.get(sector);
  h.checksum = kChecksum.get(sector);
  return true;
}

// Window -----------------------------------------------------------------------------------------

void Window::begin(std::uint64_t next, std::uint32_t slots) {
  next_ = next;
  lowest_ = next;
  done_.assign(slots, 0);
}

std::uint64_t Window::take() {
  done_[next_ % done_.size()] = 0;
  return next_++;
}

void Window::done(std::uint64_t number) {
  done_[number % done_.size()] = 1;
  while (lowest_ < next_ && done_[lowest_ % done_.size()] != 0) ++lowest_;
}

// Recovery ---------------------------------------------------------------------------------------

bool Recovery::believable(const LogHeader& h, std::size_t member) const {
  const std::int64_t stripe = geometry_.stripe_bytes;
  return h.array_id == geometry_.array_id && h.member == member && (h.members >> member & 1) != 0 &&
         h.at_bytes <= stripe && h.length_bytes <= stripe - h.at_bytes &&
         h.length_bytes % geometry_.sector_bytes == 0 && h.at_bytes % geometry_.sector_bytes == 0 &&
         h.length_bytes > 0 && h.row < static_cast<std::uint64_t>(geometry_.member_bytes / stripe);
}

void Recovery::add(std::size_t member, Bytes log) {
  there_ |= std::uint64_t{1} << member;
  logs_.push_back(std::move(log));
  const std::span<const std::byte> all = logs_.back();
  const auto sector = static_cast<std::size_t>(geometry_.sector_bytes);
  const std::size_t slot_bytes = sector + static_cast<std::size_t>(geometry_.stripe_bytes);
  for (std::size_t slot = 0; slot < geometry_.slots; ++slot) {
    const auto bytes = all.subspan(slot * slot_bytes, slot_bytes);
    LogHeader h;
    if (!decode(bytes.first(sector), h) || !believable(h, member)) continue;
    const auto data = bytes.subspan(sector, h.length_bytes);
    if (checksum_of(data) != h.checksum) continue;
    Write& write = writes_[h.number];
    if (write.found == 0) write.header = h;
    if (write.header.row != h.row || write.header.members != h.members) continue;
    write.found |= std::uint64_t{1} << member;
    const auto row = static_cast<std::int64_t>(h.row) * geometry_.stripe_bytes;
    write.pieces.push_back({member, row + h.at_bytes, data});
  }
}

std::vector<Recovery::Piece> Recovery::pieces(std::uint64_t floor) const {
  std::vector<Piece> all;
  const std::uint64_t half = geometry_.slots / 2;
  for (const auto& [number, write] : writes_) {
    const bool done = number < floor || number + half <= newest();
    const bool whole = (write.header.members & there_) == write.found;
    if (!done && whole) all.insert(all.end(), write.pieces.begin(), write.pieces.end());
  }
  return all;
}

}  // namespace biotope::raid5
