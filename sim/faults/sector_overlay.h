#pragma once

#include <boost/icl/interval_set.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <vector>

#include "sim/media/medium.h"
#include "sim/media/medium_overlay.h"

namespace biotope::sim {

// How sectors of one medium differ from the truth: those that can not be read, those that read as
// something else, and what will go wrong with the next bytes that pass.
class SectorOverlay final : public MediumOverlay {
 public:
  // That of a medium; made and laid over it where there is none. Null: another kind lies over it.
  static SectorOverlay* of(Medium& medium);

  // What goes wrong with a request's bytes. Holds until all of offset..end - 1 have passed.
  struct WriteTrouble {
    std::int64_t offset_bytes = 0;
    std::int64_t end_bytes = 0;
    std::int64_t lands_until_bytes = 0;  // what is behind is not there; end_bytes: all is
    std::int64_t spoilt_bytes = -1;      // the place of a byte that comes out wrong; -1: none
    std::byte spoilt_with{};
    std::int64_t delta_bytes = 0;  // how far beside it lands as well, on
    std::weak_ptr<Medium> beside;  // this medium; nothing: it does not
  };
  struct ReadTrouble {
    std::int64_t offset_bytes = 0;
    std::int64_t end_bytes = 0;
    std::int64_t spoilt_bytes = -1;
    std::byte spoilt_with{};
    std::int64_t delta_bytes = 0;  // how far beside is read instead; 0: there
  };
  void expect(WriteTrouble trouble) { writes_.push_back(std::move(trouble)); }
  void expect(const ReadTrouble& trouble) { reads_.push_back(trouble); }
  // What was to come does not: requests ended before their bytes had passed.
  void expect_nothing();

  // From now on sectors first..first + count - 1 can not be read; until they are written, or ever.
  void add_bad(std::int64_t first, std::int64_t count, bool heals);
  bool has_bad(std::int64_t first, std::int64_t count) const;
  std::int64_t bad_sectors() const;
  // A bit of a sector reads as its opposite until the sector is written.
  void flip(const Medium& medium, std::int64_t sector, std::int64_t bit);
  // Of the next write to a sector only the first half lands.
  void tear_next_write(std::int64_t sector);
  // Sectors that read as something else than was meant to be there, right or wrong.
  std::size_t shown_sectors() const { return shown_.size(); }
  // Everything is as the medium has it, and will be.
  void heal();

  void writing(const Medium& medium, std::int64_t offset_bytes,
               std::span<const std::byte> from) override;
  void erasing(const Medium& medium, std::int64_t offset_bytes, std::int64_t length_bytes) override;
  int reading(const Medium& medium, std::int64_t offset_bytes, std::span<std::byte> to) override;

 private:
  explicit SectorOverlay(std::int64_t sector_bytes) : sector_bytes_(sector_bytes) {}

  using Sectors = boost::icl::interval_set<std::int64_t, std::less,
                                           boost::icl::right_open_interval<std::int64_t>>;
  using Bytes = std::vector<std::byte>;

  void write_piece(const Medium& medium, std::int64_t offset_bytes,
                   std::span<const std::byte> piece);
  void lands(std::int64_t offset_bytes, std::span<const std::byte> piece);
  void show(const Medium& medium, std::int64_t offset_bytes, std::span<const std::byte> piece);
  Bytes& shown(const Medium& medium, std::int64_t sector);
  void cover(std::int64_t offset_bytes, std::span<std::byte> to) const;
  int trouble_reading(const Medium& medium, std::int64_t offset_bytes, std::span<std::byte> to);

  std::int64_t sector_bytes_;
  Sectors bad_;  // until written
  Sectors bad_forever_;
  std::map<std::int64_t, Bytes> shown_;  // by sector
  std::list<WriteTrouble> writes_;
  std::list<ReadTrouble> reads_;
};

}  // namespace biotope::sim
