#include "classes/mbr/boot_sector.h"

#include "classes/layout.h"

namespace biotope::mbr {

namespace {

// What the boot sectors of FAT, NTFS and exFAT have where an MBR has its program.
struct BootSector {
  static constexpr auto jump = layout::u8(0);
  static constexpr layout::Text oem_name{3, 8, ' '};
  static constexpr auto sector_bytes = layout::le16(11);
  static constexpr auto cluster_sectors = layout::u8(13);
  static constexpr layout::Text fat16_name{54, 8, ' '};
  static constexpr layout::Text fat32_name{82, 8, ' '};
};

bool power_of_two_within(unsigned value, unsigned low, unsigned high) {
  return value >= low && value <= high && (value & (value - 1)) == 0;
}

}  // namespace

bool has_parameter_block(std::span<const std::byte> sector) {
  return power_of_two_within(BootSector::sector_bytes.get(sector), 512, 4096) &&
         power_of_two_within(BootSector::cluster_sectors.get(sector), 1, 128);
}

bool is_boot_sector(std::span<const std::byte> sector) {
  const std::uint8_t jump = BootSector::jump.get(sector);
  if (jump != 0xEB && jump != 0xE9) return false;
  if (BootSector::oem_name.holds(sector, "EXFAT")) return true;
  if (!has_parameter_block(sector)) return false;
  return BootSector::oem_name.holds(sector, "NTFS") ||
         BootSector::fat16_name.get(sector).starts_with("FAT") ||
         BootSector::fat32_name.get(sector).starts_with("FAT");
}

}  // namespace biotope::mbr
