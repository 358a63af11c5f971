#pragma once

#include <memory>
#include <vector>

#include "classes/array/copies.h"
#include "classes/vinum/config.h"
#include "classes/vinum/parity_plex.h"
#include "model/bio.h"

namespace biotope {

class Vinum;

namespace vinum {

// A volume in service: its plexes as maps onto drives, each with all of it. A plex that could not
// be written while another could is down: it is neither read nor written any more.
class LiveVolume final : public array::Copies {
 public:
  LiveVolume(Vinum& vinum, std::size_t index, const Volume& config);

  // A request with a range: of a volume with a raid5, a read or write.
  Verdict run(Bio& bio);
  // The same, where it need not be heard of any more if it lies together.
  Verdict run_or_pass_on(Bio& bio);

  std::size_t index() const { return index_; }
  bool up(std::size_t plex) const { return up_[plex]; }
  bool is_last(std::size_t plex) const;
  bool uses(std::size_t plex, std::size_t drive) const;
  void set_up(std::size_t plex, bool up) { up_[plex] = up; }
  // Null for a plex that is no raid5.
  ParityPlex* raid5(std::size_t plex) const { return raid5_[plex].get(); }
  bool has_raid5() const { return has_raid5_; }
  // No request is under way here; says nothing of a volume without a raid5.
  bool idle() const { return under_way_ == 0; }
  // A part of a write that was held: what it waited for is on the drives.
  void acknowledge(Bio& part) { part_back(part); }
  // Lets those go that waited for others, where those are gone.
  void drain();
  array::Piece piece_of(std::size_t plex, std::int64_t position_bytes,
                        std::int64_t length_bytes) const override;

 private:
  // A subdisk, or the part of it that is used.
  struct Run {
    std::int64_t start_bytes;  // in a plex that is a concat
    std::size_t drive;
    std::int64_t at_bytes;
  };
  struct Map {
    std::int64_t stripe_bytes;  // 0 for a concat
    std::vector<Run> runs;
    std::int64_t end_bytes;
  };
  struct Place {
    std::size_t drive;
    std::int64_t position_bytes;
    std::int64_t run_bytes;
  };
  static Map map_of(const Plex& plex);
  static Place place_in(const Map& map, std::int64_t position_bytes);

  array::Piece written_piece(std::size_t plex, std::int64_t position_bytes,
                             std::int64_t length_bytes) const override;
  void work_out(Bio& part, std::size_t plex) override { raid5_[plex]->take(part); }
  bool works_out(std::size_t plex) const override { return raid5_[plex] != nullptr; }
  void part_back(Bio& part) override;
  bool may_go(const Bio& bio) const;
  Verdict go(Bio& bio);
  void enter(const Bio& bio);
  void leave(const Bio& bio);
  bool good(std::size_t plex) const override { return up_[plex]; }
  std::size_t choose(std::int64_t position_bytes, std::int64_t length_bytes) override;
  void written(Bio& part, std::size_t plex) override;

  Vinum& vinum_;
  std::size_t index_;
  std::vector<Map> plexes_;
  std::vector<std::unique_ptr<ParityPlex>> raid5_;  // by plex
  std::vector<bool> up_;
  bool has_raid5_ = false;
  std::uint64_t under_way_ = 0;  // with those that wait
  BioQueue waiting_;             // in the order they came
  bool draining_ = false;
  std::optional<std::size_t> preferred_;
  std::size_t last_read_ = 0;
};

}  // namespace vinum
}  // namespace biotope
