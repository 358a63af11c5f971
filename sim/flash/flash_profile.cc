#include "sim/flash/flash_profile.h"

#include <limits>

#include "sim/disk/inspector.h"
#include "sim/flash/translation.h"

namespace biotope::sim {
namespace {

constexpr std::int64_t kMostPages = std::numeric_limits<std::uint32_t>::max() - 1;

void inspect_figures(Inspector& in, const FlashFigures& f) {
  in.within(f.sector_bytes, 1, 1 << 16, "flash.sector_bytes");
  in.within(f.page_bytes, 1, 1 << 20, "flash.page_bytes");
  in.demand(f.sector_bytes <= 0 || f.page_bytes % f.sector_bytes == 0, "flash.page_bytes",
            "is not a whole number of sectors");
  in.within(f.capacity_sectors, 1, std::int64_t{1} << 40, "flash.capacity_sectors");
  in.within(f.channels, 1, 256, "flash.channels");
  in.within(f.dies_per_channel, 1, 256, "flash.dies_per_channel");
  in.within(f.blocks_per_die, 1, 1 << 20, "flash.blocks_per_die");
  in.within(f.pages_per_block, 2, 1 << 16, "flash.pages_per_block");
  in.within(f.spare_blocks, 0, f.blocks_per_die, "flash.spare_blocks");
  in.within(f.factory_bad_blocks, 0, f.spare_blocks, "flash.factory_bad_blocks");
  in.within(f.erase_limit, 1, 1 << 30, "flash.erase_limit");
  in.within(f.erase_limit_spread, 0, f.erase_limit, "flash.erase_limit_spread");
  in.within(f.wear_gap, 0, 1 << 30, "flash.wear_gap");
  in.time(f.read_ns, "flash.read_ns");
  in.time(f.program_ns, "flash.program_ns");
  in.time(f.erase_ns, "flash.erase_ns");
  in.time(f.channel_page_ns, "flash.channel_page_ns");
  in.time(f.link_sector_ns, "flash.link_sector_ns");
  in.time(f.command_ns, "flash.command_ns");
  in.within(f.buffered_pages, 0, 1 << 20, "flash.buffered_pages");
  in.within(f.queue_depth, 1, 1 << 20, "flash.queue_depth");
}

void inspect_room(Inspector& in, const FlashFigures& f) {
  if (in.fault) return;
  in.demand(f.blocks_per_die <= kMostPages / f.dies() / f.pages_per_block, "flash.blocks_per_die",
            sentence("makes more than ", kMostPages, " pages"));
  const std::int64_t blocks = f.working_blocks() - FlashTranslation::kOverhead;
  const std::int64_t room = blocks <= 0 ? 0 : f.dies() * blocks * f.pages_per_block;
  in.demand(f.logical_pages() < room, "flash.capacity_sectors",
            sentence("is ", f.capacity_sectors, ", and there is room for less than ",
                     room * f.page_sectors(), " without the spares and ",
                     FlashTranslation::kOverhead, " blocks of each die to work with"));
}

}  // namespace

std::optional<ProfileFault> find_fault(const FlashProfile& profile) {
  Inspector in;
  if (profile.name.empty()) return ProfileFault{"name", "is missing"};
  inspect_figures(in, profile.flash);
  inspect_room(in, profile.flash);
  return in.fault;
}

}  // namespace biotope::sim
