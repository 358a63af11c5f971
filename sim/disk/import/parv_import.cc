#include "sim/disk/import/parv_import.h"

#include <algorithm>
#include <cerrno>

#include "sim/disk/import/parv_block_reader.h"
#include "sim/disk/import/parv_model.h"

namespace biotope::sim {
namespace {

constexpr std::int64_t kMostSectors = 1 << 30;

AfterTime after_time(ParvBlockReader& disk, const std::string& stem) {
  return {disk.time_ns(stem + " after read"), disk.time_ns(stem + " after write")};
}

void scale(std::int64_t& time_ns, double by) {
  time_ns = std::llround(static_cast<double>(time_ns) * by);
}
void scale(AfterTime& time, double by) {
  scale(time.read_ns, by);
  scale(time.write_ns, by);
}

void read_overheads(ParvBlockReader& disk, DiskProfile& profile) {
  Overheads& o = profile.overheads;
  o.request_ns = disk.time_ns("Per-request overhead time");
  o.read_hit = after_time(disk, "Read hit over.");
  o.read_miss = after_time(disk, "Read miss over.");
  o.write_cached = after_time(disk, "Write hit over.");
  o.write_through = after_time(disk, "Write miss over.");
  o.read_completion_ns = disk.time_ns("Read completion overhead");
  o.write_completion_ns = disk.time_ns("Write completion overhead");
  o.data_preparation_ns = disk.time_ns("Data preparation overhead");
  o.first_reselect_ns = disk.time_ns("First reselect overhead");
  o.other_reselect_ns = disk.time_ns("Other reselect overhead");
  o.read_disconnect = {disk.time_ns("Read disconnect afterread"),
                       disk.time_ns("Read disconnect afterwrite")};
  o.write_disconnect_ns = disk.time_ns("Write disconnect overhead");
  ExtraDisconnect& x = profile.extra_disconnect;
  x.on = disk.flag("Extra write disconnect");
  x.command_ns = disk.time_ns("Extradisc command overhead");
  x.disconnect_ns = disk.time_ns("Extradisc disconnect overhead");
  x.gap_ns = disk.time_ns("Extradisc inter-disconnect delay");
  x.second_disconnect_ns = disk.time_ns("Extradisc 2nd disconnect overhead");
  x.seek_delta_ns = disk.time_ns("Extradisc seek delta");
  profile.movement.least_write_positioning_ns = disk.time_ns("Minimum seek delay");
  // All but the delays of the extra disconnect's gap and of short movements.
  const double by = disk.number("Time scale for overheads", 0, 1e6);
  for (std::int64_t* time_ns :
       {&o.request_ns, &o.read_completion_ns, &o.write_completion_ns, &o.data_preparation_ns,
        &o.first_reselect_ns, &o.other_reselect_ns, &o.write_disconnect_ns, &x.command_ns,
        &x.disconnect_ns, &x.second_disconnect_ns, &x.seek_delta_ns}) {
    scale(*time_ns, by);
  }
  for (AfterTime* time :
       {&o.read_hit, &o.read_miss, &o.write_cached, &o.write_through, &o.read_disconnect}) {
    scale(*time, by);
  }
}

void read_segments(ParvBlockReader& disk, Cache& c) {
  c.keeps = disk.integer("Enable caching in buffer", 0, 2) != 0;
  c.segments = disk.integer("Number of buffer segments", 1, 1 << 16);
  c.segment_sectors = disk.integer("Segment size (in blks)", 1, kMostSectors);
  c.write_segments =
      std::max<std::int64_t>(1, disk.integer("Maximum number of write segments", 0, 1 << 16));
  c.separate_write_segment = disk.flag("Use separate write segment");
  c.write_mark = disk.number("Low (write) water mark", 0, 1);
  c.read_mark = disk.number("High (read) water mark", 0, 1);
  c.marks_by_request = disk.flag("Set watermark by reqsize");
  c.read_ahead = static_cast<ReadAhead>(disk.integer("Buffer continuous read", 0, 4));
  c.least_read_ahead = disk.integer("Minimum read-ahead (blks)", 0, kMostSectors);
  c.most_read_ahead = disk.integer("Maximum read-ahead (blks)", 0, kMostSectors);
  c.read_ahead_over = disk.integer("Read-ahead over requested", -1, 1);
  // So does DiskSim.
  if (c.read_ahead == ReadAhead::none) c.least_read_ahead = 0;
  if (c.read_ahead == ReadAhead::none || c.most_read_ahead < c.least_read_ahead) {
    c.most_read_ahead = c.least_read_ahead;
  }
}

void read_policies(ParvBlockReader& disk, Cache& c) {
  c.read_ahead_on_idle_hit = disk.flag("Read-ahead on idle hit");
  c.stops_in_sector = disk.flag("Stop prefetch in sector");
  c.stops_at_event = disk.flag("Disconnect write if seek");
  c.write_hit_stops_read_ahead = disk.flag("Write hit stop prefetch");
  c.write_back = disk.integer("Fast write level", 0, 2);
  c.combines_writes = disk.flag("Combine seq writes");
  c.hits_on_written = disk.flag("Allow read hits on write data");
  c.almost_hits = disk.flag("Allow almost read hits");
  c.partial_hits_at_once = disk.flag("Immed transfer partial hit");
  c.reads_into_buffer = disk.flag("Read directly to buffer");
  c.full_hits_beside = disk.flag("Allow sneaky full read hits");
  c.partial_hits_beside = disk.flag("Allow sneaky partial read hits");
  c.queued_hits_beside = disk.flag("Allow sneaky intermediate read hits");
  c.writes_beside = disk.flag("Allow write prebuffering");
  c.preseek = disk.integer("Preseeking level", 0, 2);
  c.zero_latency_read = disk.flag("Immediate buffer read");
  c.zero_latency_write = disk.flag("Immediate buffer write");
  c.reads_free_sectors = disk.flag("Read any free blocks");
}

void read_bus(const ParvFile& file, std::string_view name, ParvBlockReader& disk,
              DiskProfile& profile, Status& error, std::vector<std::string>& notes) {
  const std::int64_t least_ns = disk.time_ns("Bulk sector transfer time");
  Bus& bus = profile.bus;
  bus.hold_while_reading = disk.flag("Hold bus entire read xfer");
  bus.hold_while_writing = disk.flag("Hold bus entire write xfer");
  bus.never_disconnect = disk.flag("Never disconnect");
  bus.read_sector_ns = bus.write_sector_ns = least_ns;
  const ParvBlock* block = name.empty() ? nullptr : file.block_of_instance(name);
  if (block == nullptr) {
    notes.push_back("no bus hangs above the disk; it costs no time");
    return;
  }
  ParvBlockReader reader(*block, error, notes);
  bus.read_sector_ns = std::max(least_ns, reader.time_ns("Read block transfer time"));
  bus.write_sector_ns = std::max(least_ns, reader.time_ns("Write block transfer time"));
  profile.overheads.arbitration_ns = reader.time_ns("Arbitration time");
  reader.pass_over({"type", "Arbitration type", "Print stats"});
  reader.note_the_rest();
}

// The disk in the tree, and the bus above it.
struct Hung {
  std::string disk;
  std::string bus;
};
void hang(const ParvNode& node, const std::string& bus, std::vector<Hung>& found) {
  if (node.type == "disksim_disk") found.push_back({node.name, bus});
  const std::string& below = node.type == "disksim_bus" ? node.name : bus;
  for (const ParvNode& child : node.children) hang(child, below, found);
}

struct Chosen {
  const ParvBlock* disk = nullptr;
  std::string bus;
};

Result<Chosen> choose_disk(const ParvFile& file, const std::string& whose,
                           std::vector<std::string>& notes) {
  std::vector<Hung> hung;
  if (file.topology) hang(*file.topology, {}, hung);
  Chosen chosen;
  for (const Hung& one : hung) {
    const ParvBlock* block = file.block_of_instance(one.disk);
    if (block == nullptr || block->type != "disksim_disk") {
      return fail(EINVAL, whose, ": the topology has a disk '", one.disk,
                  "' that is an instance of nothing defined");
    }
    if (chosen.disk == nullptr) {
      chosen = {block, one.bus};
    } else if (block != chosen.disk) {
      notes.push_back(sentence("disk '", one.disk, "' is left out; the first is imported"));
    }
  }
  for (const auto& block : file.blocks) {
    if (chosen.disk == nullptr && block->type == "disksim_disk") chosen.disk = block.get();
  }
  if (chosen.disk == nullptr) {
    return fail(ENOENT, whose, ": no disk (disksim_disk) is defined in it or in what it sources");
  }
  return chosen;
}

void read_model(ParvBlockReader& disk, const std::filesystem::path& folder, DiskProfile& profile,
                Status& error, std::vector<std::string>& notes) {
  const ParvBlock* model = disk.block("Model");
  if (model == nullptr) return;
  ParvBlockReader reader(*model, error, notes);
  Geometry& geometry = profile.geometry;
  geometry.surfaces = reader.integer("Number of data surfaces", 1, 1000);
  geometry.cylinders = reader.integer("Number of cylinders", 1, 10'000'000);
  const ParvBlock* layout = reader.block("Layout Model");
  const ParvBlock* mechanics = reader.block("Mechanical Model");
  reader.pass_over({"Block count"});
  reader.note_the_rest();
  if (layout == nullptr || mechanics == nullptr) return;
  if (layout->type != "dm_layout_g1") {
    return reader.refuse(layout->where, "Layout Model",
                         "is a " + layout->type + "; only dm_layout_g1 can be read");
  }
  ParvBlockReader layout_reader(*layout, error, notes);
  read_parv_layout(layout_reader, geometry, error, notes);
  // Files of real drives have a last zone that ends a cylinder too far.
  for (const Zone& zone : geometry.zones) {
    if (zone.last_cylinder < geometry.cylinders) continue;
    notes.push_back(sentence(model->where.text(), ": the zones end with cylinder ",
                             zone.last_cylinder, " of ", geometry.cylinders,
                             "; the disk is taken to have that one too"));
    geometry.cylinders = zone.last_cylinder + 1;
  }
  layout_reader.note_the_rest();
  ParvBlockReader mechanics_reader(*mechanics, error, notes);
  read_parv_mechanics(mechanics_reader, folder, geometry.cylinders, profile.movement, notes);
  mechanics_reader.note_the_rest();
}

void read_queue(ParvBlockReader& disk, DiskProfile& profile) {
  profile.queue.depth = std::max<std::int64_t>(1, disk.integer("Max queue length", 0, 1 << 20));
  disk.pass_over({"Scheduler", "Print stats", "Avg sectors per cylinder", "Calc sector by sector"});
}

}  // namespace

Result<ImportedDisk> import_parv(const std::filesystem::path& path) {
  const auto file = read_parv(path);
  if (!file) return pass_on(file);
  ImportedDisk imported;
  imported.notes = file->notes;
  const auto chosen = choose_disk(*file, path.filename().string(), imported.notes);
  if (!chosen) return pass_on(chosen);

  Status error;
  ParvBlockReader disk(*chosen->disk, error, imported.notes);
  DiskProfile& profile = imported.profile;
  profile.name = chosen->disk->name;
  profile.description = "imported from " + path.filename().string();
  read_model(disk, path.parent_path(), profile, error, imported.notes);
  read_overheads(disk, profile);
  read_segments(disk, profile.cache);
  read_policies(disk, profile.cache);
  read_bus(*file, chosen->bus, disk, profile, error, imported.notes);
  read_queue(disk, profile);
  disk.note_the_rest();
  if (!error) return pass_on(error);
  if (const Status possible = check(profile); !possible) {
    return fail(possible.error().code, chosen->disk->where.text(), ": ", possible.error().text);
  }
  return imported;
}

}  // namespace biotope::sim
