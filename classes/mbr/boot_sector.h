#pragma once

#include <cstddef>
#include <span>

// File systems that start with a boot sector of their own: FAT, NTFS, exFAT.
namespace biotope::mbr {

// True for a boot sector that says which file system it belongs to. Such a one may hold anything
// where an MBR has its table: text, code, or a made-up table for the sake of a BIOS.
bool is_boot_sector(std::span<const std::byte> sector);

// True when there is what such a sector says of its clusters. Programs may have it as well.
bool has_parameter_block(std::span<const std::byte> sector);

}  // namespace biotope::mbr
