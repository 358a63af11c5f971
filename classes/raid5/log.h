#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "classes/layout.h"
#include "model/control_io.h"
#include "model/data.h"

// The log that closes the write hole. Before a write changes anything in its row, each member that
// will be changed has on stable storage, in the same slot of its log, what it will get and whom it
// takes part with. Slots are used in turn.
//
// A write that is whole in the log, on every member that is there, can be done again at any time;
// one that is not has changed nothing. Without any one member the others still tell: what that one
// should have follows from them.
namespace biotope::raid5 {

// At the start of a slot; the member's bytes follow in the next sector.
struct LogHeader {
  std::uint32_t array_id = 0;
  std::uint16_t member = 0;
  std::uint64_t number = 0;  // of the write: counted up
  std::uint64_t row = 0;
  std::uint64_t members = 0;   // who takes part, by bits
  std::uint32_t at_bytes = 0;  // in the member's part of the row
  std::uint32_t length_bytes = 0;
  std::uint32_t checksum = 0;  // of the bytes that follow

  static constexpr std::size_t kBytes = 64;
};

std::uint32_t checksum_of(std::span<const std::byte> bytes);
void encode(const LogHeader& header, std::span<std::byte> sector);
// False for anything else than a header.
bool decode(std::span<const std::byte> sector, LogHeader& header);

// Which writes may be in the log at a time: no slot is used again before what was in it half a
// round ago is done. So at most half of the slots are in doubt after a power cut, and whoever finds
// a write knows that all that are older by half a round are done, though newer ones may be torn.
class Window {
 public:
  void begin(std::uint64_t next, std::uint32_t slots);
  bool full() const { return next_ - lowest_ >= done_.size() / 2; }
  std::uint64_t take();
  void done(std::uint64_t number);
  // All before it are done.
  std::uint64_t lowest() const { return lowest_; }
  std::uint32_t slots() const { return static_cast<std::uint32_t>(done_.size()); }

 private:
  std::uint64_t next_ = 1;
  std::uint64_t lowest_ = 1;
  std::vector<std::uint8_t> done_ = std::vector<std::uint8_t>(4);
};

// What the logs of all members say together.
class Recovery {
 public:
  struct Geometry {
    std::uint32_t array_id;
    std::uint32_t slots;
    std::int64_t sector_bytes;
    std::int64_t stripe_bytes;
    std::int64_t member_bytes;
  };
  struct Piece {
    std::size_t member;
    std::int64_t offset_bytes;  // on the member
    std::span<const std::byte> bytes;
  };

  explicit Recovery(const Geometry& geometry) : geometry_(geometry) {}

  // The log of a member that has everything, all of its slots.
  void add(std::size_t member, Bytes log);
  // What is to be done again, in order, not counting what is older than `floor`.
  std::vector<Piece> pieces(std::uint64_t floor) const;
  // The highest number there is; 0 for none.
  std::uint64_t newest() const { return writes_.empty() ? 0 : writes_.rbegin()->first; }

 private:
  struct Write {
    LogHeader header;
    std::uint64_t found = 0;  // members
    std::vector<Piece> pieces;
  };
  bool believable(const LogHeader& header, std::size_t member) const;

  Geometry geometry_;
  std::vector<Bytes> logs_;
  std::uint64_t there_ = 0;
  std::map<std::uint64_t, Write> writes_;
};

}  // namespace biotope::raid5
