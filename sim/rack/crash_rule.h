#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "sim/media/medium.h"
#include "sim/rack/older_sectors.h"
#include "sim/rack/volatile_writes.h"

namespace biotope::sim {

// What is there, after the power went, of writes that were answered and not flushed. By itself a
// drive keeps what the heads had written and nothing else; the rest are other drives' habits.
struct CrashRule {
  enum class Keep : std::uint8_t {
    none,        // what is in the buffer only is lost
    all,         // it is saved, as by a capacitor
    prefix,      // some of the writes, in the order they were answered
    any_subset,  // any of the writes
    per_sector,  // any of their sectors
  };
  enum class Tear : std::uint8_t { none, prefix, suffix, random_subset };
  enum class Fill : std::uint8_t { old, zeros, garbage, unreadable };

  Keep keep = Keep::none;
  Tear tear = Tear::none;           // which sectors of the first write that is lost are there
  std::int64_t shorn_bytes = 0;     // > 0: the sector where writing broke off is there in part, up
                                    // to a multiple of this
  bool unserial = false;            // what is kept lands in any order
  std::int64_t rollback_bytes = 0;  // > 0: any aligned units of this size lose all of it, and of
                                    // what was flushed what a drive has older sectors of
  Fill fill = Fill::old;            // what a lost sector reads as

  friend bool operator==(const CrashRule&, const CrashRule&) = default;
};

// As scripts spell them, by value.
inline constexpr std::string_view kKeepNames[] = {"none", "all", "prefix", "any_subset",
                                                  "per_sector"};
inline constexpr std::string_view kTearNames[] = {"none", "prefix", "suffix", "random_subset"};
inline constexpr std::string_view kFillNames[] = {"old", "zeros", "garbage", "unreadable"};

// One of 0..options - 1; options >= 1.
using Choose = std::function<std::int64_t(std::int64_t options)>;

// Power goes away: by which rule, and how what it leaves open is decided.
struct PowerCut {
  CrashRule rule = {};
  std::uint64_t seed = 0;  // with the drive's name and the number of the cut, or
  std::vector<std::int64_t> choices =
      {};  // one after the other, then 0; each by the options there are
};

// Brings onto the medium what the rule leaves of `writes`, in the order they were answered. Gives
// the number of sectors lost. Asks `choose` only where the rule leaves a choice. `older`: what of
// the flushed may go back; null: nothing.
std::int64_t crash(const CrashRule& rule, std::vector<VolatileWrites::Write> writes, Medium& medium,
                   const Choose& choose, const OlderSectors* older = nullptr);

}  // namespace biotope::sim
