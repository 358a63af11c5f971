#pragma once

#include <cstdint>

#include "sim/disk/cache_segments.h"
#include "sim/disk/disk_request.h"
#include "sim/disk/layout.h"
#include "sim/disk/seek_curve.h"
#include "sim/disk/spindle.h"
#include "sim/never.h"

namespace biotope::sim {

// What the moving parts have done.
struct MechanismCounts {
  std::int64_t movements = 0;
  std::int64_t moving_ns = 0;
  std::int64_t rotation_ns = 0;
  std::int64_t sectors = 0;      // read or written, and
  std::int64_t transfer_ns = 0;  // how long they took to pass
  friend bool operator==(const MechanismCounts&, const MechanismCounts&) = default;
};

// Arm, heads and platters at work for one segment of the buffer: movement, wait, then one sector
// after the other.
//
// Whether a sector can be read or written is decided when it begins to pass. Sectors that nobody
// waits for are counted when somebody looks: event_ns() is the next moment that can matter.
class Mechanism {
 public:
  // All of them must outlive the mechanism.
  Mechanism(const DiskProfile& profile, const Layout& layout, CacheSegments& segments);

  bool free() const { return segment_ == nullptr; }
  bool running() const { return running_; }
  bool writing() const { return segment_ != nullptr && write_; }
  CacheSegment* segment() const { return segment_; }
  // Who waits for what it does; null: nobody.
  DiskRequest* request() const { return request_; }
  bool reads_ahead() const { return segment_ != nullptr && !write_ && request_ == nullptr; }

  // From where the arm stands to the sector, platters left aside.
  std::int64_t positioning_ns(const Place& place, bool write) const;
  // The same and the wait for the sector, as if it started now.
  std::int64_t access_ns(const Place& place, bool write, std::int64_t now_ns) const;

  // Takes up work from sector `number` on; the arm starts at `start_ns` or when it has stopped.
  void start(CacheSegment& segment, DiskRequest* request, bool write, std::int64_t number,
             std::int64_t start_ns);
  // Lets go of a read-ahead; from stop_ns() on the arm can move.
  void abandon(std::int64_t now_ns);
  std::int64_t stop_ns() const { return stop_ns_; }
  // Somebody begins, or nobody goes on, to wait for what is being done.
  void serve(DiskRequest* request);
  // Stays where it is, for the one it works for; then is free.
  void rest() { running_ = false; }
  void release();

  // When something may happen that matters outside; kNever when nothing will.
  std::int64_t event_ns() const { return running_ ? event_ns_ : kNever; }
  // Counts the sectors that have passed by now.
  void sync(std::int64_t now_ns);
  // To be called at event_ns(): counts what has passed. False: the first sector only begins now.
  bool step();
  // To be called after a step that changed nothing else: the next sector, or track.
  void go_on(std::int64_t now_ns);
  // What others wait for has changed.
  void look_again(std::int64_t now_ns);

  // The next sector to be read or written.
  std::int64_t expected() const { return write_ ? segment_->to_write : segment_->end; }
  const Place& track() const { return track_; }
  std::int64_t cylinder() const { return cylinder_; }
  const Spindle& spindle() const { return spindle_; }
  const SeekCurve& seek_curve() const { return seek_curve_; }
  const MechanismCounts& counts() const { return counts_; }

 private:
  // Sectors that were taken in advance, before the head came to the expected one.
  struct Run {
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };

  void arrive(std::int64_t number, std::int64_t start_ns);
  bool begins_early(const Layout::Next& next) const;
  std::int64_t slot_ns(std::int64_t slot) const;
  void begin_slot(std::int64_t now_ns);
  bool usable_at(std::int64_t now_ns) const;
  std::int64_t slots_until_it_matters(std::int64_t now_ns) const;
  bool may_begin_before() const;
  bool reads_enough() const;
  std::int64_t idle_until() const;
  std::int64_t early_until(std::int64_t now_ns) const;
  std::int64_t early_limit() const;
  std::int64_t matters_to_read(std::int64_t now_ns) const;
  std::int64_t matters_to_write(std::int64_t now_ns) const;
  void pass(std::int64_t slots);
  void count_transfer(std::int64_t sectors);
  void take(std::int64_t sectors);
  void take_early(std::int64_t sectors);
  void next_block(std::int64_t slots);

  const Movement& movement_;
  const Cache& cache_;
  const bool extra_disconnect_;
  const Layout& layout_;
  CacheSegments& segments_;
  SeekCurve seek_curve_;
  Spindle spindle_;

  CacheSegment* segment_ = nullptr;
  DiskRequest* request_ = nullptr;
  bool write_ = false;
  bool running_ = false;

  std::int64_t cylinder_ = 0;
  std::int64_t head_ = 0;
  std::int64_t cylinder_before_ = 0;
  std::int64_t head_before_ = 0;
  std::int64_t started_ns_ = 0;
  std::int64_t arrived_ns_ = 0;
  std::int64_t stop_ns_ = 0;

  Place track_;
  std::int64_t first_slot_ns_ = 0;  // when the first sector begins to pass
  std::int64_t slot_width_ = 0;     // in 2^-20 ns
  std::int64_t slots_passed_ = 0;
  std::int64_t block_ = 0;  // the sector passing, or to pass first
  bool in_slot_ = false;
  bool usable_ = false;
  std::int64_t event_ns_ = kNever;
  Run early_;
  MechanismCounts counts_;
};

}  // namespace biotope::sim
