#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "classes/array/piece.h"
#include "model/request_path.h"

namespace biotope::array {

// Bytes that lie on several disks at once, on each by a map of its own: the halves of a mirrored
// ccd, the plexes of a volume. Writes go to all copies, a read to one and, where that fails, to the
// others. For a geom that orders its requests with an OrderGate.
class Copies {
 public:
  Copies(Mesh& mesh, std::size_t count);

  std::size_t count() const { return count_; }
  // Parts of `bio`, whose position is in the map. ENXIO when no copy is good.
  Verdict read(Bio& bio);
  // Any other command with a range.
  Verdict write(Bio& bio);

 protected:
  ~Copies() = default;

  // Where the bytes from `position_bytes` on are, as many as lie together but at most
  // `length_bytes`.
  virtual Piece piece_of(std::size_t copy, std::int64_t position_bytes,
                         std::int64_t length_bytes) const = 0;
  // Where they are to be written. Default: where they are. In both a piece can be on no disk: then
  // it is as long as the class works it out at a time.
  virtual Piece written_piece(std::size_t copy, std::int64_t position_bytes,
                              std::int64_t length_bytes) const {
    return piece_of(copy, position_bytes, length_bytes);
  }
  // A part on no disk, to be delivered in the end; its position is that in the map. The class has
  // to keep it from what it must not meet.
  virtual void work_out(Bio& part, std::size_t copy);
  // What can not be read where it is can be worked out.
  virtual bool works_out(std::size_t) const { return false; }
  // A part of a request has come back; must end in OrderGate::part_done(part).
  virtual void part_back(Bio& part);
  // It has everything that was written.
  virtual bool good(std::size_t copy) const = 0;
  // Of the good ones, of which there is at least one.
  virtual std::size_t choose(std::int64_t position_bytes, std::int64_t length_bytes) = 0;
  // A part of a write to `copy` has come back; must end in part_back(part).
  virtual void written(Bio& part, std::size_t copy);

  bool any_good() const;

 private:
  // How a part came to be where it is: what it was asked of first, and now.
  struct Attempt {
    Copies* copies;
    std::size_t first;
    std::size_t now;
  };
  bool add(Children& parts, const Bio& bio, std::size_t copy, std::int64_t done_bytes,
           const Piece& place);
  Verdict send(Children& parts, bool all_on_disks, BioDone each_done);
  void hand_over(Bio& part, std::size_t copy);
  bool read_again(Bio& part, const Attempt& attempt);
  static void read_done(Bio& part);
  static void write_done(Bio& part);
  Attempt& attempt(std::size_t first, std::size_t now) { return attempts_[first * count_ + now]; }

  Mesh& mesh_;
  std::size_t count_;
  std::vector<Attempt> attempts_;  // all there can be; a part points to its own
};

}  // namespace biotope::array
