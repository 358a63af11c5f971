#include "sim/faults/drive_faults.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace biotope::sim {
namespace {

using Command = DriveEngine::Command;
using Kind = FaultKind;

// Strikes sectors by the clock, whatever requests there are.
bool by_clock(Kind kind) {
  return kind == Kind::latent_sector_error || kind == Kind::bit_rot ||
         kind == Kind::metadata_damage;
}

bool concerns(Kind kind, Command command) {
  switch (kind) {
    case Kind::transient_read_error:
    case Kind::read_corruption:
    case Kind::misdirected_read:
      return command == Command::read;
    case Kind::write_corruption:
    case Kind::misdirected_write:
    case Kind::other_disk_write:
    case Kind::phantom_write:
    case Kind::remap_failure:
      return command == Command::write;
    case Kind::short_transfer:
      return command != Command::erase;
    default:
      return true;
  }
}

std::string_view name_of(Command command) {
  constexpr std::string_view kNames[] = {"read", "write", "erase"};
  return kNames[static_cast<std::size_t>(command)];
}

// Sectors of a medium that a fault is about: first, and how many.
std::pair<std::int64_t, std::int64_t> range_of(const Fault& fault, const Medium& medium) {
  const std::int64_t sectors = medium.size_bytes() / medium.sector_size();
  const std::int64_t said = fault.integer("last");
  const std::int64_t last = said < 0 ? sectors - 1 : std::min(said, sectors - 1);
  const std::int64_t first = std::min(fault.integer("first"), last);
  return {first, last - first + 1};
}

// A Poisson process' mean time between strikes.
double gap_ns(const Fault& fault, std::int64_t sectors) {
  constexpr double kHourNs = 3600e9;
  return static_cast<double>(fault.integer("sector_hours")) * kHourNs /
         static_cast<double>(sectors);
}

std::int64_t whole_ns(double time_ns) {
  constexpr double kFarNs = 9e18;
  return time_ns < kFarNs ? static_cast<std::int64_t>(time_ns) : kNever;
}

}  // namespace

DriveFaults::DriveFaults(std::string where, std::uint64_t seed, MediumIn medium, MediumAt other)
    : where_(std::move(where)), seed_(seed), medium_(std::move(medium)), other_(std::move(other)) {}

RandomStream& DriveFaults::stream_of(Kind kind) {
  const std::string name = sentence("fault ", facts_of(kind).name, " of ", where_);
  return streams_.try_emplace(kind, seed_, name).first->second;
}

SectorOverlay* DriveFaults::overlay() {
  const auto medium = medium_();
  last_medium_ = medium;
  return medium == nullptr ? nullptr : SectorOverlay::of(*medium);
}

std::size_t DriveFaults::add(Fault fault, std::int64_t now_ns, std::function<void()> act) {
  Entry& entry = entries_.emplace_back();
  entry.act = std::move(act);
  entry.fault = std::move(fault);
  if (by_clock(entry.fault.kind)) start_clock(entry, now_ns);
  return entries_.size() - 1;
}

void DriveFaults::restarted() {
  stalled_until_ns_ = 0;
  const auto medium = last_medium_.lock();
  if (medium == nullptr) return;
  if (SectorOverlay* lay_over = SectorOverlay::of(*medium)) lay_over->expect_nothing();
}

// --- when ---------------------------------------------------------------------------------------

bool DriveFaults::in_time(const Entry& entry, std::int64_t now_ns) const {
  return entry.enabled && now_ns >= entry.fault.integer("from_ns") &&
         now_ns < entry.fault.integer("until_ns");
}

bool DriveFaults::about(const Fault& fault, const Request& request) const {
  const std::string& command = fault.text("command");
  const std::int64_t last = fault.integer("last");
  return concerns(fault.kind, request.command) &&
         (command == "any" || command == name_of(request.command)) &&
         request.first + request.count > fault.integer("first") &&
         (last < 0 || request.first <= last);
}

// Counts a request that matches. Nothing is drawn where nothing is left to chance.
bool DriveFaults::strikes(Entry& entry, bool matches, std::int64_t now_ns) {
  const Fault& fault = entry.fault;
  if (!matches || !in_time(entry, now_ns)) return false;
  const std::int64_t times = fault.integer("times");
  if (++entry.matches < fault.integer("nth")) return false;
  if (times > 0 && entry.struck >= static_cast<std::uint64_t>(times)) return false;
  constexpr std::int64_t kMillion = 1'000'000;
  const std::int64_t chances = fault.integer("per_million");
  if (chances < kMillion && stream_of(fault.kind).between(0, kMillion - 1) >= chances) return false;
  count(entry);
  return true;
}

void DriveFaults::count(Entry& entry) {
  ++entry.struck;
  if (entry.act) entry.act();
}

// --- requests -----------------------------------------------------------------------------------

Trouble DriveFaults::meet(const Request& request) {
  advance(request.now_ns);
  Trouble trouble;
  trouble.taken_up_ns = stalled_until_ns_;
  if (request.command == Command::write && next_flush_fails(request.now_ns) && drops_) {
    if (SectorOverlay* lying_over = overlay(); lying_over != nullptr) {
      SectorOverlay::WriteTrouble lost = write_trouble(request);
      lost.lands_until_bytes = 0;
      lying_over->expect(std::move(lost));
    }
  }
  for (Entry& entry : entries_) {
    const Kind kind = entry.fault.kind;
    if (by_clock(kind) || kind == Kind::flush_error) continue;
    if (kind == Kind::remap_failure && !remap_fails(entry.fault, request)) continue;
    if (!strikes(entry, about(entry.fault, request), request.now_ns)) continue;
    apply(entry.fault, request, trouble);
    if (trouble.error != 0 || trouble.hangs) break;
  }
  return trouble;
}

bool DriveFaults::remap_fails(const Fault& fault, const Request& request) {
  SectorOverlay* lying_over = overlay();
  return lying_over != nullptr && about(fault, request) &&
         lying_over->has_bad(request.first, request.count);
}

void DriveFaults::apply(const Fault& fault, const Request& request, Trouble& trouble) {
  switch (fault.kind) {
    case Kind::transient_read_error:
    case Kind::remap_failure:
      trouble.error = EIO;
      break;
    case Kind::slow:
      trouble.percent = fault.integer("percent");
      break;
    case Kind::stall: {
      const std::int64_t duration_ns = fault.integer("duration_ns");
      const std::int64_t spread_ns = duration_ns / 100 * fault.integer("spread_percent");
      const std::int64_t off_ns =
          spread_ns == 0 ? 0 : stream_of(fault.kind).between(-spread_ns, spread_ns);
      stalled_until_ns_ = std::max(stalled_until_ns_, request.now_ns + duration_ns + off_ns);
      trouble.taken_up_ns = stalled_until_ns_;
      break;
    }
    case Kind::hang:
      trouble.hangs = true;
      trouble.until = fault.text("until");
      break;
    case Kind::double_completion:
      trouble.twice = true;
      break;
    case Kind::late_completion:
      trouble.late_ns += fault.integer("after_ns");
      break;
    case Kind::inversion:
      trouble.behind = fault.integer("behind");
      trouble.most_ns = fault.integer("most_ns");
      break;
    case Kind::short_transfer:
      trouble.sectors = fault.integer("sectors");
      break;
    case Kind::busy:
      trouble.error = fault.text("error") == "busy" ? EAGAIN : ENOMEM;
      break;
    case Kind::read_corruption:
    case Kind::misdirected_read:
      apply_to_read(fault, request);
      break;
    case Kind::write_corruption:
    case Kind::misdirected_write:
    case Kind::other_disk_write:
    case Kind::phantom_write:
      apply_to_write(fault, request);
      break;
    default:
      break;
  }
}

void DriveFaults::apply_to_read(const Fault& fault, const Request& request) {
  const auto medium = medium_();
  SectorOverlay* lying_over = overlay();
  if (lying_over == nullptr) return;
  const std::int64_t sector_bytes = medium->sector_size();
  SectorOverlay::ReadTrouble trouble;
  trouble.offset_bytes = request.first * sector_bytes;
  trouble.end_bytes = trouble.offset_bytes + request.count * sector_bytes;
  if (fault.kind == Kind::misdirected_read) {
    trouble.delta_bytes = fault.integer("delta_sectors") * sector_bytes;
  } else {
    trouble.spoilt_bytes = trouble.offset_bytes + fault.integer("byte");
    trouble.spoilt_with = static_cast<std::byte>(fault.integer("xor"));
  }
  lying_over->expect(trouble);
}

SectorOverlay::WriteTrouble DriveFaults::write_trouble(const Request& request) const {
  const std::int64_t sector_bytes = medium_()->sector_size();
  SectorOverlay::WriteTrouble trouble;
  trouble.offset_bytes = request.first * sector_bytes;
  trouble.end_bytes = trouble.offset_bytes + request.count * sector_bytes;
  trouble.lands_until_bytes = trouble.end_bytes;
  return trouble;
}

void DriveFaults::apply_to_write(const Fault& fault, const Request& request) {
  SectorOverlay* lying_over = overlay();
  if (lying_over == nullptr) return;
  SectorOverlay::WriteTrouble trouble = write_trouble(request);
  if (fault.kind == Kind::write_corruption) {
    trouble.spoilt_bytes = trouble.offset_bytes + fault.integer("byte");
    trouble.spoilt_with = static_cast<std::byte>(fault.integer("xor"));
  } else {
    trouble.lands_until_bytes = 0;
  }
  if (fault.kind == Kind::misdirected_write) trouble.beside = medium_();
  if (fault.kind == Kind::other_disk_write) trouble.beside = other_(fault.text("to"));
  if (!trouble.beside.expired()) {
    trouble.delta_bytes = fault.integer("delta_sectors") * medium_()->sector_size();
  }
  lying_over->expect(std::move(trouble));
}

// --- flushes ------------------------------------------------------------------------------------

// Decided before the first write that it is about, since that is lost with it.
bool DriveFaults::next_flush_fails(std::int64_t now_ns) {
  if (flush_fails_) return *flush_fails_;
  flush_fails_ = drops_ = false;
  for (Entry& entry : entries_) {
    if (entry.fault.kind != Kind::flush_error || !strikes(entry, true, now_ns)) continue;
    flush_fails_ = true;
    drops_ = drops_ || entry.fault.integer("drop") != 0;
  }
  return *flush_fails_;
}

int DriveFaults::meet_flush(std::int64_t now_ns) {
  const bool fails = next_flush_fails(now_ns);
  flush_fails_.reset();
  return fails ? EIO : 0;
}

// --- sectors, by the clock ----------------------------------------------------------------------

void DriveFaults::start_clock(Entry& entry, std::int64_t now_ns) {
  const Fault& fault = entry.fault;
  const auto medium = medium_();
  const std::int64_t from_ns = std::max(now_ns, fault.integer("from_ns"));
  if (fault.integer("sector_hours") == 0 || medium == nullptr) {
    entry.due_ns = from_ns;
    return;
  }
  SectorErrors::Shape shape;
  std::tie(shape.first, shape.count) = range_of(fault, *medium);
  shape.gap_ns = gap_ns(fault, shape.count);
  if (fault.kind == Kind::latent_sector_error) {
    shape.cluster = static_cast<double>(fault.integer("cluster"));
    shape.radius = fault.integer("radius");
    shape.burst_gap_ns = static_cast<double>(fault.integer("burst_gap_ns"));
  }
  entry.errors.emplace(shape, static_cast<double>(from_ns));
  entry.cluster = entry.errors->next_cluster(stream_of(fault.kind));
  entry.due_ns = whole_ns(entry.cluster.front().time_ns);
}

void DriveFaults::advance(std::int64_t now_ns) {
  for (Entry& entry : entries_) {
    while (entry.enabled && entry.due_ns <= now_ns &&
           entry.due_ns < entry.fault.integer("until_ns")) {
      strike_sectors(entry);
    }
  }
}

void DriveFaults::strike_sectors(Entry& entry) {
  const Fault& fault = entry.fault;
  const auto medium = medium_();
  if (!entry.errors) {
    entry.due_ns = kNever;
    if (medium == nullptr) return;
    count(entry);
    auto [first, count] = range_of(fault, *medium);
    if (fault.kind == Kind::metadata_damage) {
      first = std::max<std::int64_t>(0, first + count - fault.integer("from_end"));
      count = 1;
    }
    return damage(fault, first, count);
  }
  if (medium != nullptr) {
    count(entry);
    damage(fault, entry.cluster.front().sector, 1);
  }
  entry.cluster.erase(entry.cluster.begin());
  if (entry.cluster.empty()) entry.cluster = entry.errors->next_cluster(stream_of(fault.kind));
  entry.due_ns = whole_ns(entry.cluster.front().time_ns);
}

void DriveFaults::damage(const Fault& fault, std::int64_t first, std::int64_t count) {
  const auto medium = medium_();
  SectorOverlay* lying_over = overlay();
  if (lying_over == nullptr) return;
  const bool metadata = fault.kind == Kind::metadata_damage;
  const std::string how = metadata ? fault.text("how") : "";
  if (fault.kind == Kind::latent_sector_error || how == "unreadable") {
    lying_over->add_bad(first, count, metadata || fault.integer("heals") != 0);
    return;
  }
  const std::int64_t bits = 8 * medium->sector_size();
  if (how == "torn") {
    lying_over->tear_next_write(first);
    return;
  }
  RandomStream& stream = stream_of(fault.kind);
  const std::int64_t sector = count == 1 ? first : stream.between(first, first + count - 1);
  for (std::int64_t i = metadata ? 1 : fault.integer("bits"); i > 0; --i) {
    lying_over->flip(*medium, sector, stream.between(0, bits - 1));
  }
}

}  // namespace biotope::sim
