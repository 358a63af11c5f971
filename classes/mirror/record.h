#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "classes/metadata/metadata.h"
#include "classes/mirror/intent.h"
#include "model/error.h"

// What the last sector of a mirror's disk says: FreeBSD's gmirror layout, versions 0 to 4 (geom.md
// B3), and behind it, where gmirror leaves zeros, what it has no place for.
namespace biotope::mirror {

enum class Balance : std::uint8_t { none, round_robin, load, split, prefer };
inline constexpr std::uint8_t kBalances = 5;
const char* balance_name(Balance balance);

// Of the mirror.
enum MirrorFlag : std::uint64_t { kNoAutoSync = 1, kNoFailSync = 2 };
// Of one disk.
enum DiskFlag : std::uint64_t {
  kDirty = 1,
  kSynchronizing = 2,
  kForceSync = 4,
  kInactive = 8,
  kHardcoded = 0x10,
  kBroken = 0x20,
  kCanDelete = 0x40,
};

// Which changes a disk has lived through. Each time a mirror goes on without one of its disks it
// raises genid or syncid, so their sum counts the times; the names of the last few tell two halves
// apart that each went on without the other. 0 is no name: nobody knows.
struct Lineage {
  static constexpr std::size_t kKept = 8;
  static constexpr std::size_t kMostPartners = 12;
  std::array<std::uint32_t, kKept> names{};  // newest first
  // The disk ids of those who were to go on together under the newest name; 0 where there are no
  // more, and nowhere any when there were too many.
  std::array<std::uint32_t, kMostPartners> partners{};

  bool known() const { return names[0] != 0; }
  void add(std::uint32_t name, const std::vector<std::uint32_t>& disk_ids = {});
  friend bool operator==(const Lineage&, const Lineage&) = default;
};

struct Record {
  std::string name;
  std::uint32_t mirror_id = 0;
  std::uint32_t disk_id = 0;
  std::uint8_t disks = 0;  // how many the mirror has
  std::uint32_t genid = 0;
  std::uint32_t syncid = 0;
  std::uint8_t priority = 0;
  std::uint32_t slice_bytes = 0;
  Balance balance = Balance::load;
  std::uint64_t media_size_bytes = 0;
  std::uint32_t sector_size_bytes = 0;
  std::uint64_t sync_offset_bytes = 0;
  std::uint64_t mirror_flags = 0;
  std::uint64_t disk_flags = 0;
  metadata::Owner owner;

  // Not gmirror's, which neither looks at it nor keeps it.
  Lineage lineage;
  bool spare = false;            // waits to take the place of a disk that is lost
  std::optional<Intent> intent;  // where disks that have missed something may differ from this one

  bool has(DiskFlag flag) const { return (disk_flags & flag) != 0; }
  void set(DiskFlag flag, bool on) {
    disk_flags = on ? disk_flags | flag : disk_flags & ~static_cast<std::uint64_t>(flag);
  }
  std::uint64_t generation() const { return std::uint64_t{genid} + syncid; }
  friend bool operator==(const Record&, const Record&) = default;
};

inline constexpr metadata::Kind kKind{.magic = "GEOM::MIRROR", .newest = 4, .bytes = 135};

// EINVAL for a wrong checksum or for values that no mirror can have.
Result<Record> decode(const metadata::Found& found);
// The newest version. What is not gmirror's is left out where the sector has no room for it.
Bytes encode(const Record& record, std::int64_t sector_size_bytes);

}  // namespace biotope::mirror
