#pragma once

#include <cstdint>
#include <string>

#include "classes/layout.h"
#include "classes/slicer/sectors.h"

// A GPT is there twice: a header and an array of entries after the first sector, the same before
// the end. This is one of the two.
namespace biotope::gpt {

struct Header {
  static constexpr std::size_t kBytes = 92;
  static constexpr std::uint32_t kRevision = 0x00010000;
  static constexpr std::string_view kSignature = "EFI PART";

  static constexpr layout::Text signature{0, 8};
  static constexpr auto revision = layout::le32(8);
  static constexpr auto header_bytes = layout::le32(12);
  static constexpr auto checksum = layout::le32(16);  // of the header, with this field 0
  static constexpr auto here = layout::le64(24);
  static constexpr auto alternate = layout::le64(32);
  static constexpr auto first_usable = layout::le64(40);
  static constexpr auto last_usable = layout::le64(48);
  static constexpr layout::Block disk{56, 16};  // a GUID
  static constexpr auto entries_at = layout::le64(72);
  static constexpr auto entry_count = layout::le32(80);
  static constexpr auto entry_bytes = layout::le32(84);
  static constexpr auto entries_checksum = layout::le32(88);
};

struct Copy {
  Bytes header;           // its sector; empty when that can not be read
  Bytes entries;          // entry_count times entry_bytes
  bool there = false;     // there is a header, good or bad
  std::string trouble{};  // what is wrong with it; empty when nothing is

  bool sound() const { return trouble.empty(); }
  std::int64_t entries_at() const {
    return static_cast<std::int64_t>(Header::entries_at.get(header));
  }
  std::int64_t alternate() const {
    return static_cast<std::int64_t>(Header::alternate.get(header));
  }
};

// The copy whose header is in that sector, judged as geom.md B4 says. Only kNotRead is an error.
Result<Copy> read_copy(Sectors& sectors, std::int64_t at);

// True when both say the same of the disk and its partitions.
bool agree(const Copy& a, const Copy& b);

// Puts the copy where its header says, with the checksums that go with it. What is in the array's
// last sector behind it stays if it is known.
void write_copy(Sectors& sectors, Copy copy);

// How many sectors such an array takes.
std::int64_t sectors_of(std::size_t array_bytes, std::int64_t sector_bytes);

}  // namespace biotope::gpt
