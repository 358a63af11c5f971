#pragma once

#include <cstdint>
#include <type_traits>

#include "model/data.h"

namespace biotope {

class Consumer;
struct Bio;
struct Trail;

// What is asked. Zero is no command: a request that nobody filled in can not be taken for a write.
enum class Command : std::uint8_t {
  read = 1,
  write = 2,
  remove = 3,  // DELETE: the sectors' contents are no longer needed
  format = 4,
  flush = 5,    // everything completed before is on stable storage
  getattr = 6,  // the value of a named attribute, into `data`
};
inline constexpr int kCommandCount = 7;

const char* command_name(Command command);

// True for the commands that name a range of sectors.
constexpr bool has_range(Command c) { return c >= Command::read && c <= Command::format; }
// True for the commands that need the edge to be open for writing.
constexpr bool needs_write(Command c) { return c >= Command::write && c <= Command::flush; }

// Ordering and status, and nothing else.
enum BioFlag : std::uint16_t {
  kBioOrdered = 1,          // after everything before, before everything after
  kBioForceUnitAccess = 2,  // a write is on stable storage when it completes
  kBioError = 4,            // set by the core at completion when error != 0
  kBioDone = 8,             // set by the core at completion
};
// What a child inherits from its parent.
inline constexpr std::uint16_t kBioInheritedFlags = kBioOrdered | kBioForceUnitAccess;

using BioDone = void (*)(Bio&);

// Stops the process: a request was completed that nobody waits for.
void nobody_waits(Bio& bio);

// One I/O request: where in memory, where on disk, what is asked and what came of it. Nothing of a
// cache, a vnode or a buffer. Who may write which field, and the name the paper has for it:
//
//   field           paper            owner
//   command         bio_cmd          issuer
//   flags           bio_flags        issuer (ordering), core (status)
//   edge            bio_dev          core: the issuer's consumer
//   offset_bytes    bio_offset       issuer, in bytes of the provider it issued to; never changed
//   length_bytes    bio_bcount       issuer
//   data            bio_data         issuer
//   attribute       -                issuer, for getattr
//   position_bytes  bio_pblkno       the layer that holds the request: where it is on that layer
//   error           bio_error        core, from the layer that completed it
//   completed_bytes bio_resid        likewise; resid_bytes() is what is left
//   done            bio_done         issuer
//   caller1/2       bio_caller1/2    issuer; nobody else may touch them
//   driver1/2       bio_driver1/2    the geom that holds the request
//   queue_next      bio_queue        whoever holds the request: core, edge or geom (disksort)
//   parent          _bio_buf         core: the request this one is a part of
//   children, inbed bio_done_chain   core: how many parts were made, how many have come back
//   trail           -                core: the edges passed on the way down
//   id              -                core: a number for people, given at submission
//
// bio_blkno went back to Buf (buf.h), where the paper wants it.
struct Bio {
  Command command{};
  std::uint16_t flags = 0;
  std::int32_t error = 0;
  std::uint32_t children = 0;
  std::uint32_t inbed = 0;

  std::int64_t offset_bytes = 0;
  std::int64_t length_bytes = 0;
  std::int64_t position_bytes = 0;
  std::int64_t completed_bytes = 0;

  Data data;
  const char* attribute = nullptr;

  BioDone done = &nobody_waits;
  void* caller1 = nullptr;
  void* caller2 = nullptr;
  void* driver1 = nullptr;
  void* driver2 = nullptr;

  Bio* queue_next = nullptr;
  Bio* parent = nullptr;
  Consumer* edge = nullptr;
  Trail* trail = nullptr;
  std::uint64_t id = 0;

  std::int64_t resid_bytes() const { return length_bytes - completed_bytes; }
  // A 1:1 layer moves the request by `bytes` for the layer below.
  void shift(std::int64_t bytes) { position_bytes += bytes; }
};

static_assert(sizeof(Bio) <= 3 * 64, "a bio fits three cache lines");
static_assert(std::is_standard_layout_v<Bio>, "a bio can be the first member of a buf");

// True for a request that overtakes none issued before it and is overtaken by none issued after.
inline bool is_barrier(const Bio& bio) {
  return (bio.flags & kBioOrdered) != 0 || bio.command == Command::flush;
}

// What a geom answers to a request it was given.
class [[nodiscard]] Verdict {
 public:
  // The same request, now for the provider below `to`, at bio.position_bytes as the geom left it.
  // The geom hears no more of it. `to` must be one of the geom's own attached consumers.
  static Verdict remapped(Consumer& to) { return Verdict(&to, 0); }
  // The geom keeps the request and calls Mesh::deliver for it exactly once, now or later.
  static Verdict held() { return Verdict(nullptr, kHeld); }
  // The request is finished: 0 is success with all bytes done, else an errno. ENOMEM is never the
  // issuer's answer: the core sends the request again from the top.
  static Verdict done(int error = 0) { return Verdict(nullptr, error); }

  Consumer* next() const { return next_; }
  bool is_held() const { return error_ == kHeld; }
  int error() const { return error_; }

 private:
  static constexpr int kHeld = -1;
  Verdict(Consumer* next, int error) : next_(next), error_(error) {}

  Consumer* next_;
  int error_;
};

// A first-in first-out list of bios through their queue link.
class BioQueue {
 public:
  bool empty() const { return head_ == nullptr; }
  Bio* front() const { return head_; }
  Bio* back() const { return tail_; }

  // Keeps the list in the order of submission. Costs nothing where that is the order of arrival.
  void insert_by_id(Bio& bio);

  void push(Bio& bio) {
    bio.queue_next = nullptr;
    if (tail_ == nullptr) {
      head_ = &bio;
    } else {
      tail_->queue_next = &bio;
    }
    tail_ = &bio;
  }

  // All of `others` behind what is here; `others` is empty then.
  void append(BioQueue& others) {
    if (others.head_ == nullptr) return;
    (tail_ == nullptr ? head_ : tail_->queue_next) = others.head_;
    tail_ = others.tail_;
    others = BioQueue();
  }

  Bio* pop() {
    Bio* bio = head_;
    if (bio != nullptr) {
      head_ = bio->queue_next;
      if (head_ == nullptr) tail_ = nullptr;
      bio->queue_next = nullptr;
    }
    return bio;
  }

 private:
  Bio* head_ = nullptr;
  Bio* tail_ = nullptr;
};

}  // namespace biotope
