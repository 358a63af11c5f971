#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "classes/layout.h"
#include "classes/slicer/scheme.h"
#include "classes/slicer/type_names.h"

// The record of four partitions that an MBR is, that each EBR of a chain is, and that protects a
// GPT.
namespace biotope::mbr {

// The first 512 bytes of the sector, however long it is.
struct Record {
  static constexpr std::size_t kBytes = 512;
  static constexpr std::size_t kEntries = 4;
  static constexpr std::uint16_t kSignature = 0xAA55;
  static constexpr layout::Block program{0, 440};
  static constexpr layout::Text pc98_mark{4, 4};  // where a PC-98 says IPL1
  static constexpr auto serial = layout::le32(440);
  static constexpr layout::Records entries{446, 16};
  static constexpr auto signature = layout::le16(510);
};

struct EntryLayout {
  static constexpr auto flag = layout::u8(0);
  static constexpr auto first_head = layout::u8(1);
  static constexpr auto first_sector = layout::le16(2);  // 6 bits of sector, 10 of cylinder
  static constexpr auto type = layout::u8(4);
  static constexpr auto last_head = layout::u8(5);
  static constexpr auto last_sector = layout::le16(6);
  static constexpr auto start = layout::le32(8);    // in sectors
  static constexpr auto length = layout::le32(12);  // in sectors
};

inline constexpr std::uint8_t kActive = 0x80;
inline constexpr std::uint8_t kUnused = 0x00;
inline constexpr std::uint8_t kProtective = 0xEE;

struct Entry {
  std::uint8_t flag = 0;
  std::uint8_t type = kUnused;
  std::uint32_t start = 0;   // in sectors; from where depends on the table
  std::uint32_t length = 0;  // in sectors

  bool operator==(const Entry&) const = default;
};

// True when a sector of that size can hold a record, and this one ends it with 55AA.
bool is_record(std::span<const std::byte> sector);

Entry entry_of(std::span<const std::byte> sector, std::size_t i);
// Writes what differs. The place in cylinders, heads and sectors, which programs of old look at, is
// filled in with `entry_start` counted from `base`, as far as it can be said.
void set_entry(std::span<std::byte> sector, std::size_t i, const Entry& entry,
               const NativeGeometry& geometry, std::uint64_t base = 0);

// Puts a program before the table. It may come as a whole record, of which the table is not ours.
// EFBIG when it is longer than that.
Status set_program(std::span<std::byte> sector, std::span<const std::byte> program);

// True for the types that hold a chain of further partitions.
bool is_extended(std::uint8_t type);

// What gpart calls the types of partitions.
std::span<const TypeName> type_names();

// "0x83" from "linux-data", "83", "!131": the slice as parse() gives it.
Result<Slice> complete(Slice slice);

// EINVAL for a flag that means nothing, and for an end that 32 bits can not say.
Status check_entry(std::size_t number, const Entry& entry);

}  // namespace biotope::mbr
