#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.h"
#include "model/parameter.h"

namespace biotope::sim {

// The ways in which hardware fails, in the order of their numbers: F01 is the first.
enum class FaultKind : std::uint8_t {
  latent_sector_error,
  remap_failure,
  transient_read_error,
  bit_rot,
  write_corruption,
  read_corruption,
  misdirected_write,
  misdirected_read,
  other_disk_write,
  phantom_write,
  lying_flush,
  flush_error,
  torn_write,
  shorn_write,
  crash_order,
  unserial_write,
  rollback,
  lost_fill,
  death,
  batch_death,
  flap,
  swap,
  surprise_removal,
  eject_notice,
  media_change,
  write_protect,
  capacity_change,
  slow,
  stall,
  hang,
  double_completion,
  late_completion,
  inversion,
  short_transfer,
  busy,
  bus_reset,
  controller_death,
  host_power,
  shelf_power,
  metadata_damage,
};
inline constexpr int kFaultKinds = 40;

// What there is to know of a kind.
struct FaultFacts {
  FaultKind kind;
  std::string_view name;                  // "misdirected_write"
  std::span<const Parameter> parameters;  // its own, besides those of the trigger
  std::string_view help;

  int number() const { return static_cast<int>(kind) + 1; }
  std::string id() const;  // "F07"
};
std::span<const FaultFacts> fault_table();
inline const FaultFacts& facts_of(FaultKind kind) {
  return fault_table()[static_cast<std::size_t>(kind)];
}
// What every fault has of when it strikes.
std::span<const Parameter> trigger_table();

// One thing that goes wrong: where, when and what, as a value. Random layers only produce such
// values; whoever plays a case reads them from it.
struct Fault {
  FaultKind kind = FaultKind::latent_sector_error;
  std::string where;  // a bay or a controller, as the rack calls it: "scsi0.bay1", "scsi0"
  Values values;      // complete: of the trigger, and of the kind

  std::int64_t integer(std::string_view name) const { return values.integer(name); }
  const std::string& text(std::string_view name) const { return values.text(name); }
};

// A line each: "F07.misdirected_write scsi0.bay1 nth=3 delta_sectors=64". The number or the name
// may be left out. Values are whole numbers or words. EINVAL: not such a line, an unknown kind or
// parameter (with the nearest known one), values out of range.
Result<Fault> parse_fault(std::string_view line);
// What differs from the fallbacks, in the order of the tables. Reads back as the same fault.
std::string fault_text(const Fault& fault);
// A fault from values as they are given. Errors as parse_fault() has them.
Result<Fault> make_fault(FaultKind kind, std::string where, const Values& given);

}  // namespace biotope::sim
