#include <array>

#include "sim/faults/fault.h"

// What each kind of fault takes, and when faults strike.

namespace biotope::sim {
namespace {

using P = Parameter;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

P number(std::string_view name, std::int64_t fallback, std::string_view help, std::int64_t min = 0,
         std::int64_t max = kMost) {
  return {.name = name, .unit = "", .fallback = fallback, .min = min, .max = max, .help = help};
}
P time(std::string_view name, std::int64_t fallback, std::string_view help, std::int64_t min = 0) {
  return {.name = name, .unit = "ns", .fallback = fallback, .min = min, .help = help};
}
P word(std::string_view name, std::string fallback, std::string_view help) {
  return {.name = name, .kind = P::Kind::text, .fallback = std::move(fallback), .help = help};
}

const P kTrigger[] = {
    word("command", "any", "of requests: any, read, write, erase or flush"),
    number("first", 0, "the first sector that matters"),
    number("last", -1, "the last one; -1 for that of the medium", -1),
    time("from_ns", 0, "nothing happens before"),
    time("until_ns", kMost, "nor from then on"),
    number("nth", 1, "which of the requests that match is the first struck", 1),
    number("times", 1, "how often at most; 0 for always"),
    number("per_million", 1'000'000, "how many of these are struck, at random", 0, 1'000'000),
    number("sector_hours", 0, "sectors times hours between strikes, at random; 0 for once"),
};

const P kLatent[] = {
    number("cluster", 1, "sectors that go at a time, on average, at random", 1, 1 << 20),
    number("radius", 0, "how far from the first they may lie"),
    time("burst_gap_ns", 0, "between one and the next of a cluster, on average, at random"),
    number("heals", 1, "whether writing makes them good", 0, 1),
};
const P kRot[] = {number("bits", 1, "how many bits of a sector flip, at random", 1, 1 << 20)};
const P kCorruption[] = {
    number("byte", 0, "which byte of a request comes out wrong"),
    number("xor", 255, "what it is XORed with", 1, 255),
};
const P kDelta[] = {number("delta_sectors", 1, "how far beside", -kMost, kMost)};
const P kOther[] = {
    word("to", "", "the bay where it lands"),
    number("delta_sectors", 0, "and how far beside there", -kMost, kMost),
};
const P kFlushError[] = {
    number("drop", 1, "whether what was to be flushed is lost", 0, 1),
};
const P kDown[] = {time("down_ns", 0, "until the power is back; 0 for never")};
const P kTorn[] = {
    time("down_ns", 0, "until the power is back; 0 for never"),
    word("tear", "prefix", "what of the write is there: prefix, suffix or random_subset"),
};
const P kShorn[] = {
    time("down_ns", 0, "until the power is back; 0 for never"),
    number("unit_bytes", 8, "a sector is there up to a multiple of this", 1, 1 << 20),
};
const P kOrder[] = {
    time("down_ns", 0, "until the power is back; 0 for never"),
    word("keep", "any_subset", "which writes are there: none, prefix, any_subset or per_sector"),
};
const P kRollback[] = {
    time("down_ns", 0, "until the power is back; 0 for never"),
    number("unit_bytes", 65536, "aligned units of this size lose all that was not flushed", 1),
    number("flushed_sectors", 0,
           "and so many of the sectors that were written last, flushed or not", 0, 1 << 20),
};
const P kFill[] = {
    time("down_ns", 0, "until the power is back; 0 for never"),
    word("fill", "zeros", "what a lost sector reads as: zeros, garbage, old or unreadable"),
};
const P kDeath[] = {
    word("law", "exact", "when, after from_ns: exact (at once), exponential or weibull"),
    time("mean_ns", 0, "the mean of the law"),
    number("shape_percent", 100, "of a Weibull law; below 100 the young die, above the old", 1,
           10'000),
};
const P kBatch[] = {
    word("bays", "", "the drives of the batch, with commas"),
    time("mean_ns", 1, "how long one lives on average, after from_ns", 1),
    number("rho_percent", 0, "how lives of any two are correlated", 0, 100),
};
const P kFlap[] = {time("down_ns", 1'000'000, "how long it is away", 1)};
const P kMedium[] = {
    word("medium", "", "what is in afterwards, by its name"),
    time("down_ns", 1'000'000, "how long nothing is in"),
};
const P kNotice[] = {
    time("notice_ns", 0, "from the wish to the medium's leaving, whatever the answer"),
};
const P kProtect[] = {number("on", 1, "1 protects, 0 makes writable", 0, 1)};
const P kCapacity[] = {
    number("sectors", 1, "how many there are from then on", 1),
    word("with", "", "instead: the bay whose drive it changes places with"),
    time("down_ns", 1'000'000, "how long the drive is away for it"),
};
const P kSlow[] = {number("percent", 200, "of the time it would take", 100, 1'000'000)};
const P kStall[] = {
    time("duration_ns", 100'000'000, "how long nothing is taken up"),
    number("spread_percent", 0, "how much longer or shorter, evenly at random", 0, 100),
};
const P kHang[] = {word("until", "", "what releases it; nothing: never")};
const P kLate[] = {time("after_ns", 1'000'000'000, "how late the answer comes")};
const P kInversion[] = {
    number("behind", 1, "how many others are answered before it", 1),
    time("most_ns", 1'000'000'000, "when it is answered anyway"),
};
const P kShort[] = {number("sectors", 0, "how many of them are transferred")};
const P kBusy[] = {word("error", "busy", "what the host is told: busy or no_memory")};
const P kReset[] = {word("returned", "all", "how much of it comes back at once: all or some")};
const P kShelf[] = {
    word("bays", "", "those that lose power, with commas"),
    time("down_ns", 0, "until it is back; 0 for never"),
};
const P kMetadata[] = {
    number("from_end", 1, "which sector, counted from the end; 1 is the last", 1),
    word("how", "unreadable", "what becomes of it: unreadable, rot or torn"),
};

using K = FaultKind;
const std::array<FaultFacts, kFaultKinds> kFacts{{
    {K::latent_sector_error, "latent_sector_error", kLatent, "sectors can not be read"},
    {K::remap_failure, "remap_failure", {}, "bad sectors that writing does not make good"},
    {K::transient_read_error, "transient_read_error", {}, "a read fails, and the next one may not"},
    {K::bit_rot, "bit_rot", kRot, "bits flip where nobody has written"},
    {K::write_corruption, "write_corruption", kCorruption, "a write arrives with a wrong byte"},
    {K::read_corruption, "read_corruption", kCorruption, "a read returns a wrong byte, once"},
    {K::misdirected_write, "misdirected_write", kDelta, "a write lands beside its place"},
    {K::misdirected_read, "misdirected_read", kDelta, "a read returns what lies beside"},
    {K::other_disk_write, "other_disk_write", kOther, "a write lands on another disk"},
    {K::phantom_write, "phantom_write", {}, "a write is answered and never lands"},
    {K::lying_flush, "lying_flush", {}, "flushes are answered, done or not"},
    {K::flush_error, "flush_error", kFlushError, "a flush fails, and the next one does not"},
    {K::torn_write, "torn_write", kTorn, "power goes, and a write is there in part"},
    {K::shorn_write, "shorn_write", kShorn, "power goes, and a sector is there in part"},
    {K::crash_order, "crash_order", kOrder, "power goes, and some writes are there"},
    {K::unserial_write, "unserial_write", kDown, "power goes, and old writes lie over newer ones"},
    {K::rollback, "rollback", kRollback, "power goes, and whole units are as they were"},
    {K::lost_fill, "lost_fill", kFill, "power goes, and lost sectors read as something else"},
    {K::death, "death", kDeath, "the drive is gone for good"},
    {K::batch_death, "batch_death", kBatch, "drives of one batch die together more than by chance"},
    {K::flap, "flap", kFlap, "the drive is away for a while"},
    {K::swap, "swap", kMedium, "the drive comes back with something else in it"},
    {K::surprise_removal, "surprise_removal", {}, "the medium is torn out"},
    {K::eject_notice, "eject_notice", kNotice,
     "somebody wants it out, waits a while, and takes it"},
    {K::media_change, "media_change", kMedium, "another medium is put in"},
    {K::write_protect, "write_protect", kProtect, "the medium's protection flips while it is in"},
    {K::capacity_change, "capacity_change", kCapacity, "the drive comes back larger or smaller"},
    {K::slow, "slow", kSlow, "requests take longer"},
    {K::stall, "stall", kStall, "for a while nothing is taken up"},
    {K::hang, "hang", kHang, "a request is not answered"},
    {K::double_completion, "double_completion", {}, "a request is answered twice"},
    {K::late_completion, "late_completion", kLate, "an answer comes when nobody waits any more"},
    {K::inversion, "inversion", kInversion, "a request is overtaken"},
    {K::short_transfer, "short_transfer", kShort, "a request ends early"},
    {K::busy, "busy", kBusy, "a request is sent away; busy: to come again"},
    {K::bus_reset, "bus_reset", kReset,
     "all that is in flight on a bay's wire comes back, and is sent again"},
    {K::controller_death, "controller_death", kDown, "all drives of a controller are gone"},
    {K::host_power, "host_power", kDown, "the power of everything goes"},
    {K::shelf_power, "shelf_power", kShelf, "the power of some drives goes"},
    {K::metadata_damage, "metadata_damage", kMetadata, "a sector that tells what a disk is goes"},
}};

}  // namespace

std::span<const FaultFacts> fault_table() { return kFacts; }
std::span<const Parameter> trigger_table() { return kTrigger; }

}  // namespace biotope::sim
