// Taking away a table that is refused: nothing of what it says can be relied on.
#include <algorithm>

#include "classes/slicer/document.h"

namespace biotope {

namespace {

// The sectors that a parser has seen, and how to get at more.
class Wiper {
 public:
  Wiper(const Scheme& scheme, const Surroundings& where, const Properties& medium,
        const ReadBytes& read)
      : scheme_(scheme), where_(where), medium_(medium), read_(read) {}

  // What parse() says of `sectors`, which get what it asks for.
  Result<Table> judge(Sectors& sectors) {
    for (;;) {
      Result<Table> table = scheme_.parse(sectors, where_);
      if (table || table.error().code != kNotRead) return table;
      for (const Sectors::Range& range : sectors.take_wanted()) {
        const std::int64_t size = medium_.sector_size_bytes;
        sectors.supply(range, read_(range.first * size, range.count * size));
        read_ranges_.push_back(range);
      }
    }
  }
  bool is_none(Sectors& sectors) {
    const Result<Table> table = judge(sectors);
    return !table && table.error().code == kNoTable;
  }

  // `there` with as few zeros as will do, by the ranges it was read in: all that the parser goes by
  // is wiped, and given back piece by piece where that makes no table. Without the first sectors it
  // may look at others; those come to `there` as well.
  Result<Sectors> wipe(Sectors& there) {
    Sectors wiped = there;
    std::size_t known = 0;
    while (!is_none(wiped)) {
      if (known == read_ranges_.size()) {
        return fail(EIO, "the ", scheme_.name(), " table would be one without its sectors too");
      }
      for (; known < read_ranges_.size(); ++known) clear(read_ranges_[known], there, wiped);
    }
    for (std::size_t i = 0; i < known; ++i) {
      Sectors given_back = wiped;
      for_each_held(read_ranges_[i], there, [&](std::int64_t sector) {
        std::ranges::copy(there.held(sector), given_back.change(sector).begin());
      });
      if (is_none(given_back)) wiped = std::move(given_back);
    }
    for (const Sectors::Range& range : read_ranges_) keep(range, wiped, there);
    return wiped;
  }

 private:
  // Not those that could not be read.
  template <class Visit>
  static void for_each_held(Sectors::Range range, const Sectors& there, Visit visit) {
    for (std::int64_t sector = range.first; sector < range.first + range.count; ++sector) {
      if (!there.held(sector).empty()) visit(sector);
    }
  }
  static void clear(Sectors::Range range, Sectors& there, Sectors& wiped) {
    keep(range, wiped, there);
    for_each_held(range, wiped, [&](std::int64_t sector) {
      std::ranges::fill(wiped.change(sector), std::byte{0});
    });
  }
  // What was read for the one belongs to the other too.
  static void keep(Sectors::Range range, const Sectors& from, Sectors& to) {
    for_each_held(range, from, [&](std::int64_t sector) {
      if (!to.touches(sector)) std::ranges::copy(from.held(sector), to.change(sector).begin());
    });
  }

  const Scheme& scheme_;
  const Surroundings& where_;
  const Properties& medium_;
  const ReadBytes& read_;
  std::vector<Sectors::Range> read_ranges_;
};

}  // namespace

Result<Document> Document::wiped(const Scheme& scheme, const Surroundings& where,
                                 const Properties& medium, const ReadBytes& read) {
  Wiper wiper(scheme, where, medium, read);
  Sectors there(medium);
  const Result<Table> table = wiper.judge(there);
  if (table) return fail(EINVAL, "the ", scheme.name(), " table is not refused; erase it");
  if (table.error().code == kNoTable) return fail(ENOENT, "there is no ", scheme.name(), " table");
  Result<Sectors> zeros = wiper.wipe(there);
  if (!zeros) return pass_on(zeros);
  Document document(scheme, where, std::move(there), {});
  document.first_table_.scheme = scheme.name();
  document.versions_.push_back(std::move(*zeros));
  document.erased_ = true;
  return document;
}

}  // namespace biotope
