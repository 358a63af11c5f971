#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "sim/disk/cache_segments.h"
#include "sim/disk/disk_request.h"
#include "sim/disk/layout.h"
#include "sim/disk/mechanism.h"
#include "sim/disk/profile.h"
#include "sim/disk/scheduler.h"

namespace biotope::sim {

// A profile made ready for use, shared by all drives of its kind.
struct DiskModel {
  explicit DiskModel(DiskProfile p);
  const DiskProfile profile;
  const Layout layout;
  // The least that moving so many cylinders or more takes; empty unless the scheduler asks for it.
  std::vector<std::int64_t> least_seek_ns;

  std::int64_t sector_bytes() const { return profile.geometry.sector_bytes; }
  std::int64_t capacity_bytes() const { return layout.sectors() * sector_bytes(); }
};

// What becomes of requests: how many, by what they found in the buffer when they were taken up.
struct DiskCounts {
  std::int64_t reads = 0;
  std::int64_t writes = 0;
  std::int64_t whole_hits = 0;
  std::int64_t partial_hits = 0;
  std::int64_t misses = 0;
  std::int64_t appended_writes = 0;
  std::int64_t extra_disconnects = 0;
  friend bool operator==(const DiskCounts&, const DiskCounts&) = default;
};

// A disk drive behind its connector, without contents: requests go in, and come out when they are
// done. Time is told from outside and never goes back.
//
// What happens inside: the command crosses the bus; the buffer is looked at; the arm moves, the
// platter turns, sectors pass; data cross the bus while more come in; the drive leaves the bus when
// it has to wait, and comes back. Behind the host's back it reads ahead and writes what it has
// taken. The rules are those by which the parameters were measured.
class HardDisk {
 public:
  // `kind` is kept. Its profile must have passed check().
  explicit HardDisk(std::shared_ptr<const DiskModel> kind);
  HardDisk(const HardDisk&) = delete;
  HardDisk& operator=(const HardDisk&) = delete;

  const DiskProfile& profile() const { return kind_->profile; }
  const Layout& layout() const { return kind_->layout; }

  // Hands over a request for sectors first..first + count - 1, which must exist. Everything due by
  // `now_ns` must have been taken out with finished(). Any number may be in the drive.
  void submit(std::uint64_t tag, bool write, std::int64_t first, std::int64_t count,
              std::int64_t now_ns);

  // When something will happen by itself; kNever when nothing will.
  std::int64_t event_ns() const;

  struct Finished {
    std::uint64_t tag;
    std::int64_t time_ns;
  };
  // Goes on until a request is done, or until nothing more happens by `until_ns`.
  std::optional<Finished> finished(std::int64_t until_ns);

  // Requests the host waits for.
  std::int64_t outstanding() const { return outstanding_; }
  // Of a request that is not done: how many of its sectors are on the medium, or with the host, by
  // now. Everything due by `now_ns` must have been taken out.
  std::int64_t progress(std::uint64_t tag, std::int64_t now_ns);
  // Data of writes that are done for the host, but not on the medium.
  bool writes_back() const;
  // Brings segments() to where the heads are. Everything due by `now_ns` must have been taken out.
  void sync(std::int64_t now_ns) { mechanism_.sync(now_ns); }
  const DiskCounts& counts() const { return counts_; }
  const Mechanism& mechanism() const { return mechanism_; }
  const CacheSegments& segments() const { return segments_; }

 private:
  using Phase = DiskRequest::Phase;

  // hard_disk.cc: a request's life.
  DiskRequest& take_slot();
  void accept(DiskRequest& request, std::int64_t now_ns);
  void enqueue(DiskRequest& request);
  void serve_next(std::int64_t now_ns);
  bool serve_queued_hits(std::int64_t now_ns);
  void end_phase(DiskRequest& request, std::int64_t now_ns);
  void finish(DiskRequest& request, std::int64_t now_ns);
  void activate(DiskRequest& request);
  bool arm_available() const;
  const CacheSegment* stoppable() const;

  // service.cc: what a request finds, and what is done for it. False: it has to wait.
  bool take_up(DiskRequest& request, bool fresh, std::int64_t now_ns);
  bool take_up_read(DiskRequest& request, bool fresh, std::int64_t now_ns);
  bool take_up_write(DiskRequest& request, bool fresh, std::int64_t now_ns);
  void count(const DiskRequest& request, Found::Kind kind);
  bool at_once(const DiskRequest& request, const Found& found) const;
  void attach_read(DiskRequest& request, const Found& found);
  void attach_write(DiskRequest& request, const Found& found, bool arm, std::int64_t now_ns);
  void read_medium(DiskRequest& request, std::int64_t now_ns);
  void write_medium(DiskRequest& request, std::int64_t now_ns);
  std::int64_t read_ahead_limit(const DiskRequest& request) const;
  std::int64_t arm_start_ns(const DiskRequest& request, std::int64_t now_ns) const;
  std::int64_t command_ns(const DiskRequest& request) const;
  std::int64_t leave_ns(const DiskRequest& request) const;

  // bus_protocol.cc: who is on the bus, and for what.
  void use_bus(DiskRequest& request, Phase phase, std::int64_t until_ns);
  void leave_bus(DiskRequest& request, std::int64_t until_ns);
  void left_bus(DiskRequest& request, std::int64_t now_ns);
  void hand_out_bus(std::int64_t now_ns);
  bool wants_bus(const DiskRequest& request) const;
  void reselect(DiskRequest& request, std::int64_t now_ns);
  void transfer(DiskRequest& request, std::int64_t now_ns);
  void transfer_read(DiskRequest& request, std::int64_t now_ns);
  void transfer_write(DiskRequest& request, std::int64_t now_ns);
  void end_chunk(DiskRequest& request);
  void tell_host(DiskRequest& request, std::int64_t now_ns);
  void set_mark(DiskRequest& request) const;

  // media_events.cc: what the passing of sectors brings about.
  void media_event(std::int64_t now_ns);
  void after_read(std::int64_t now_ns);
  void after_write(std::int64_t now_ns);
  void tell_waiting(std::int64_t now_ns);
  bool read_ahead_ends(const DiskRequest* request) const;
  void arm_free(std::int64_t now_ns);

  std::shared_ptr<const DiskModel> kind_;
  CacheSegments segments_;
  Mechanism mechanism_;
  std::deque<DiskRequest> slots_;  // outlive the queue that they are linked into
  Scheduler queue_;

  std::vector<DiskRequest*> free_slots_;
  std::vector<DiskRequest*> active_;  // taken up, in that order
  DiskRequest* on_bus_ = nullptr;
  std::optional<Finished> finished_;
  bool last_was_write_ = false;
  std::int64_t outstanding_ = 0;
  std::uint64_t next_number_ = 0;
  std::int64_t now_ns_ = 0;
  DiskCounts counts_;
};

}  // namespace biotope::sim
