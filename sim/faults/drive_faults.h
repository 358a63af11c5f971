#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "classes/random_stream.h"
#include "sim/faults/fault.h"
#include "sim/faults/laws.h"
#include "sim/faults/sector_overlay.h"
#include "sim/never.h"
#include "sim/rack/engine.h"

namespace biotope::sim {

// What a request meets on its way through a drive, besides its bytes.
struct Trouble {
  std::int64_t taken_up_ns = 0;  // not before
  int error = 0;                 // sent away with it, untouched
  bool hangs = false;            // until `until` is released
  std::string until;
  std::int64_t percent = 100;  // of the time it would take
  std::int64_t late_ns = 0;    // and so much more
  std::int64_t sectors = -1;   // >= 0: so many, and then an error
  std::int64_t behind = 0;     // others are answered before, unless
  std::int64_t most_ns = 0;    // this is over
  bool twice = false;          // answered
};

// The faults of one drive: which of them strike when, and what that does to its requests and to the
// sectors of its medium. Everything random comes from streams by (seed, kind, place), so that a
// fault which is switched off draws nothing, and another's draws do not shift.
class DriveFaults {
 public:
  struct Request {
    DriveEngine::Command command = DriveEngine::Command::read;
    std::int64_t first = 0;
    std::int64_t count = 0;
    std::int64_t now_ns = 0;
  };
  // `medium` gives what is in the drive, null for nothing; `other` the medium of another bay.
  using MediumIn = std::function<std::shared_ptr<Medium>()>;
  using MediumAt = std::function<std::shared_ptr<Medium>(const std::string& bay)>;
  DriveFaults(std::string where, std::uint64_t seed, MediumIn medium, MediumAt other);

  // Its number here, from 0. `act` is called whenever it strikes, which is all that happens when it
  // is not about requests' bytes and times, nor about sectors.
  std::size_t add(Fault fault, std::int64_t now_ns, std::function<void()> act = {});
  std::size_t size() const { return entries_.size(); }
  const Fault& fault(std::size_t number) const { return entries_[number].fault; }
  void enable(std::size_t number, bool on) { entries_[number].enabled = on; }
  // How often it has struck.
  std::uint64_t struck(std::size_t number) const { return entries_[number].struck; }

  // A request has come. What happens to its bytes is arranged with the medium's overlay.
  Trouble meet(const Request& request);
  // A flush is about to be answered: with which errno.
  int meet_flush(std::int64_t now_ns);
  // What strikes by itself until now.
  void advance(std::int64_t now_ns);
  // Requests that were on their way are so no more.
  void restarted();

 private:
  struct Entry {
    Fault fault;
    std::function<void()> act;
    bool enabled = true;
    std::int64_t matches = 0;
    std::uint64_t struck = 0;
    std::int64_t due_ns = kNever;  // of what strikes by itself
    std::optional<SectorErrors> errors;
    std::vector<SectorErrors::Error> cluster;
  };

  RandomStream& stream_of(FaultKind kind);
  bool in_time(const Entry& entry, std::int64_t now_ns) const;
  bool strikes(Entry& entry, bool matches, std::int64_t now_ns);
  bool about(const Fault& fault, const Request& request) const;
  void count(Entry& entry);
  void apply(const Fault& fault, const Request& request, Trouble& trouble);
  void apply_to_read(const Fault& fault, const Request& request);
  void apply_to_write(const Fault& fault, const Request& request);
  SectorOverlay::WriteTrouble write_trouble(const Request& request) const;
  bool remap_fails(const Fault& fault, const Request& request);
  bool next_flush_fails(std::int64_t now_ns);

  void start_clock(Entry& entry, std::int64_t now_ns);
  void strike_sectors(Entry& entry);
  void damage(const Fault& fault, std::int64_t first, std::int64_t count);
  SectorOverlay* overlay();

  std::string where_;
  std::uint64_t seed_;
  MediumIn medium_;
  MediumAt other_;
  std::weak_ptr<Medium> last_medium_;  // that requests' bytes were for
  std::vector<Entry> entries_;
  std::map<FaultKind, RandomStream> streams_;
  std::int64_t stalled_until_ns_ = 0;
  std::optional<bool> flush_fails_;  // the next one, once that is decided
  bool drops_ = false;               // and what is written until then is lost
};

}  // namespace biotope::sim
