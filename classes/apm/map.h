#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "classes/layout.h"
#include "classes/slicer/sectors.h"

// The blocks of an Apple partition map, one entry each, wherever they lie in sectors.
namespace biotope::apm {

struct Driver {
  static constexpr std::uint16_t kSignature = 0x4552;  // "ER"
  // What a TiVo's first series has instead of a descriptor; the bytes of its map are swapped.
  static constexpr std::uint16_t kTivo = 0x9214;

  static constexpr auto signature = layout::be16(0);
  static constexpr auto block_bytes = layout::be16(2);
  static constexpr auto block_count = layout::be32(4);
};

struct EntryLayout {
  static constexpr std::size_t kBytes = 512;
  static constexpr std::uint16_t kSignature = 0x504D;  // "PM"

  static constexpr auto signature = layout::be16(0);
  static constexpr auto entry_count = layout::be32(4);  // of the whole map
  static constexpr auto start = layout::be32(8);        // in blocks
  static constexpr auto length = layout::be32(12);      // in blocks
  static constexpr layout::Text name{16, 32};
  static constexpr layout::Text type{48, 32};
  static constexpr auto data_length = layout::be32(84);  // in blocks
  static constexpr auto status = layout::be32(88);

  static constexpr std::uint32_t kUsable = 0x33;  // valid, allocated, readable, writable
};

inline constexpr const char* kMapType = "Apple_partition_map";
inline constexpr const char* kFreeType = "Apple_Free";
inline constexpr const char* kVoidType = "Apple_Void";
inline constexpr std::int64_t kMostEntries = 4096;

struct Entry {
  std::int64_t start = 0;   // in blocks
  std::int64_t length = 0;  // in blocks
  std::string name{};
  std::string type{};

  // True for an entry that is room for a partition rather than one.
  bool free() const { return type == kFreeType || type == kVoidType; }
  bool is_map() const { return type == kMapType; }
};

// Of each two bytes in a block, the second first.
enum class Swapped { no, yes };

// The map of a medium whose driver descriptor has been checked.
class Map {
 public:
  // Null when blocks of that size do not go together with the medium's sectors.
  static std::optional<Map> of_blocks(Sectors& sectors, std::int64_t block_bytes,
                                      Swapped swapped = Swapped::no);

  std::int64_t block_bytes() const { return block_bytes_; }
  // One with swapped bytes is not to be changed.
  bool swapped() const { return swapped_ == Swapped::yes; }
  // The first 512 bytes of a block, and the same to be changed.
  Result<Bytes> block(std::int64_t number) const;
  std::span<std::byte> change(std::int64_t number) const;
  // The entry in block `index`; EINVAL when that is none.
  Result<Entry> entry(std::int64_t index) const;
  // Changes what is in an entry, and no more; an entry of which nothing is known is made.
  // `entry_count`: how many the map has.
  void set_entry(std::int64_t index, const Entry& entry, std::int64_t entry_count) const;
  void make_entry(std::int64_t index, const Entry& entry, std::int64_t entry_count) const;

 private:
  Map(Sectors& sectors, std::int64_t block_bytes, Swapped swapped)
      : sectors_(&sectors), block_bytes_(block_bytes), swapped_(swapped) {}

  Sectors* sectors_;
  std::int64_t block_bytes_;
  Swapped swapped_;
};

}  // namespace biotope::apm
