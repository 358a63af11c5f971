#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "classes/array/piece.h"
#include "classes/array/scratch.h"
#include "classes/vinum/config.h"
#include "model/bio.h"
#include "model/executor.h"

namespace biotope {

class Children;
class Vinum;

namespace vinum {

class LiveVolume;

// A raid5 plex in service. Of row r subdisk n - 1 - r mod n has the parity, and the data lie on the
// others in order. It answers as long as at most one subdisk is not up: what is on that one is
// worked out from the others. There is no log, so a power cut in the midst of a write can leave a
// row whose parity does not fit.
//
// In one row no write meets another request of the plex: whoever has asked free_for() says so by
// enter() and leave().
class ParityPlex {
 public:
  enum class State { up, reviving, stale };  // reviving: it is written, and not read

  ParityPlex(Vinum& vinum, LiveVolume& volume, std::size_t index, const Plex& config);
  ~ParityPlex();

  // Where to read: on the subdisk, or nowhere when that must be worked out.
  array::Piece read_piece(std::int64_t position_bytes, std::int64_t length_bytes) const;
  // What of it lies in one row; nowhere, since take() does it.
  array::Piece write_piece(std::int64_t position_bytes, std::int64_t length_bytes) const;
  // A read or write of bytes in one row. It is delivered in the end: EIO when more than one subdisk
  // can not be read there, or a write failed and no subdisk can be spared.
  void take(Bio& task);

  bool free_for(const Bio& bio) const;
  void enter(const Bio& bio) { count(bio, 1); }
  void leave(const Bio& bio) { count(bio, -1); }

  std::size_t count() const { return subdisks_.size(); }
  State state(std::size_t subdisk) const { return subdisks_[subdisk].state; }
  void set_state(std::size_t subdisk, State state) { subdisks_[subdisk].state = state; }
  // The first that is not up; count() for none.
  std::size_t not_up() const;
  // The subdisks on that drive are stale from now on, if all others are up: else false and nothing.
  bool spare(std::size_t drive);
  // A write failed that can not be made good: parity and data of a row do not fit.
  bool in_doubt() const { return in_doubt_; }
  // All subdisks have everything, parity included.
  void make_whole();

  // For whoever works on all subdisks ----------------------------------------------------------
  std::int64_t rows() const { return rows_; }
  std::int64_t stripe_bytes() const { return stripe_bytes_; }
  std::size_t parity_of(std::int64_t row) const;
  std::size_t drive_of(std::size_t subdisk) const { return subdisks_[subdisk].drive; }
  // On its drive.
  std::int64_t place_of(std::size_t subdisk, std::int64_t row) const {
    return subdisks_[subdisk].at_bytes + row * stripe_bytes_;
  }
  // No write enters that row any more; -1 for none.
  void claim(std::int64_t row) { claimed_ = row; }
  bool written_now(std::int64_t row) const { return pot(row).writes > 0; }

 private:
  struct Row;
  struct Subdisk {
    std::size_t drive;
    std::int64_t at_bytes;
    State state;
  };
  struct Part {  // of a chunk
    std::int64_t from_bytes;
    std::int64_t to_bytes;
    std::int64_t length_bytes() const { return to_bytes - from_bytes; }
  };
  struct Pot {
    std::int32_t reads = 0;
    std::int32_t writes = 0;
  };
  static constexpr std::size_t kPots = 1024;

  const Pot& pot(std::int64_t row) const { return pots_[static_cast<std::size_t>(row) % kPots]; }
  void count(const Bio& bio, int by);
  std::int64_t row_bytes() const {
    return stripe_bytes_ * static_cast<std::int64_t>(subdisks_.size() - 1);
  }
  Consumer* edge(std::size_t subdisk) const;
  bool readable(std::size_t subdisk) const;
  bool written(std::size_t subdisk) const;
  std::size_t subdisk_of(std::int64_t row, std::size_t chunk) const;
  Part part_of(const Row& op, std::size_t chunk) const;
  std::byte* memory_of(const Row& op, std::size_t subdisk, Part part) const;
  template <class Visit>
  bool each_touched(const Row& op, Visit visit) const;

  void begin(Row& op);
  void ask(Row& op);
  void answered(Row& op);
  void restore(const Row& op, std::size_t subdisk) const;
  void change_parity(const Row& op) const;
  void work_out_parity(const Row& op) const;
  void give(const Row& op) const;
  void put(Row& op);
  void stored(Row& op);
  void send(Row& op, Children& parts, void (ParityPlex::*then)(Row&));
  void finish(Row& op, int error);
  bool add(Children& parts, std::size_t subdisk, Command command, std::int64_t row, Part part,
           Data data) const;
  static void part_done(Bio& part);

  Vinum& vinum_;
  LiveVolume& volume_;
  std::size_t index_;
  std::int64_t stripe_bytes_;
  std::int64_t rows_;
  std::vector<Subdisk> subdisks_;
  bool in_doubt_ = false;
  std::int64_t claimed_ = -1;
  std::array<Pot, kPots> pots_{};
  array::Scratch scratch_;
  Row* free_ = nullptr;
  std::vector<std::unique_ptr<Row>> all_;
  Lifeline later_;
};

}  // namespace vinum
}  // namespace biotope
