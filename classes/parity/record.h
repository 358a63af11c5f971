#pragma once

#include <cstdint>
#include <string>

#include "classes/metadata/metadata.h"
#include "model/error.h"

// What the last sector of a member of a parity array says: FreeBSD's graid3 layout, versions 0 to 5
// (geom.md B3), and behind it, where graid3 leaves zeros, what it has no place for.
namespace biotope::parity {

// Of the array.
enum ArrayFlag : std::uint64_t { kNoAutoSync = 1, kRoundRobin = 2, kVerify = 4, kNoFailSync = 8 };
// Of one member.
enum MemberFlag : std::uint64_t {
  kDirty = 1,
  kSynchronizing = 2,
  kForceSync = 4,
  kHardcoded = 8,
  kBroken = 0x10,
};

// Which members an array counts on. genid is raised when one was put out because it was broken,
// syncid when one was lost or has come back.
struct View {
  std::uint32_t genid = 0;
  std::uint32_t syncid = 0;
  std::uint16_t without = 0;  // 1 + index of the member that is not counted on; 0: on all
  friend auto operator<=>(const View&, const View&) = default;
};

struct Record {
  std::string name;
  std::uint32_t id = 0;
  std::uint16_t index = 0;
  std::uint16_t count = 0;
  View view;
  std::uint64_t media_size_bytes = 0;
  std::uint32_t sector_size_bytes = 0;
  std::uint64_t sync_offset_bytes = 0;
  std::uint64_t array_flags = 0;
  std::uint64_t member_flags = 0;
  metadata::Owner owner;

  // Not graid3's, which neither looks at it nor keeps it.
  View before;                     // the last one that all members of it had on disk
  std::uint32_t stripe_bytes = 0;  // raid5: what lies together on a member
  std::uint32_t log_slots = 0;     // raid5: how many writes its log holds
  std::uint64_t log_floor = 0;     // raid5: writes with lower numbers are not to be done again

  bool has(MemberFlag flag) const { return (member_flags & flag) != 0; }
  bool has(ArrayFlag flag) const { return (array_flags & flag) != 0; }
  void set(MemberFlag flag, bool on) {
    member_flags = on ? member_flags | flag : member_flags & ~static_cast<std::uint64_t>(flag);
  }
  // How much of each member holds data or parity.
  std::int64_t member_bytes() const {
    return static_cast<std::int64_t>(media_size_bytes / (count - std::uint64_t{1}));
  }
  // Made by hand: its disks say nothing of it, and all of each is the array's.
  bool by_hand = false;

  friend bool operator==(const Record&, const Record&) = default;
};

inline constexpr std::uint16_t kMostMembers = 33;

// EINVAL for a wrong checksum or for values that no array with parity can have.
Result<Record> decode(const metadata::Found& found);
// The newest version of `kind`. What is not graid3's is left out where the sector has no room.
Bytes encode(const metadata::Kind& kind, const Record& record, std::int64_t sector_size_bytes);

// A sector that has room for all of it.
inline constexpr std::int64_t kLeastSectorBytes = 128;
inline constexpr std::int64_t kWholeRecordBytes = 256;

}  // namespace biotope::parity
