#pragma once

#include "sim/flash/flash_profile.h"

namespace biotope::sim {

// Every figure of a flash drive, once, as sim/disk/profile_fields.h has those of disks.

template <class Visitor>
void visit_fields(Visitor& v, FlashFigures& f) {
  v.value("sector_bytes", f.sector_bytes);
  v.needed().value("capacity_sectors", f.capacity_sectors);
  v.value("channels", f.channels);
  v.value("dies_per_channel", f.dies_per_channel);
  v.needed().value("blocks_per_die", f.blocks_per_die);
  v.needed().value("pages_per_block", f.pages_per_block);
  v.value("page_bytes", f.page_bytes);
  v.value("spare_blocks", f.spare_blocks);
  v.value("factory_bad_blocks", f.factory_bad_blocks);
  v.value("erase_limit", f.erase_limit);
  v.value("erase_limit_spread", f.erase_limit_spread);
  v.value("wear_gap", f.wear_gap);
  v.needed().value("read_ns", f.read_ns);
  v.needed().value("program_ns", f.program_ns);
  v.needed().value("erase_ns", f.erase_ns);
  v.value("channel_page_ns", f.channel_page_ns);
  v.value("link_sector_ns", f.link_sector_ns);
  v.value("command_ns", f.command_ns);
  v.value("buffered_pages", f.buffered_pages);
  v.value("queue_depth", f.queue_depth);
  v.value("seed", f.seed);
}

template <class Visitor>
void visit_fields(Visitor& v, FlashProfile& p) {
  v.needed().value("name", p.name);
  v.value("description", p.description);
  v.needed().section("flash", p.flash);
}

}  // namespace biotope::sim
