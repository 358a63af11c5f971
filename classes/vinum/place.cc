// Where on their drives subdisks lie.
#include <algorithm>
#include <numeric>

#include "classes/vinum/config.h"

namespace biotope::vinum {

namespace {

constexpr std::int64_t kMostUnit_bytes = std::int64_t{1} << 30;

// What of a drive is taken, and the gaps between.
class Map {
 public:
  Map(std::int64_t start_bytes, std::int64_t end_bytes)
      : start_(start_bytes), end_(std::max(start_bytes, end_bytes)) {}

  struct Span {
    std::int64_t start_bytes;
    std::int64_t length_bytes;
    const Subdisk* of;
  };

  // The one in the way, or nothing where there is none; not within the drive: itself.
  const Subdisk* take(const Subdisk& one) {
    const std::int64_t at = *one.start_bytes;
    if (at < start_ || at > end_ || one.length_bytes > end_ - at) return &one;
    for (const Span& span : taken_) {
      if (at < span.start_bytes + span.length_bytes && span.start_bytes < at + one.length_bytes) {
        return span.of;
      }
    }
    const auto next = std::ranges::upper_bound(taken_, at, {}, &Span::start_bytes);
    taken_.insert(next, {at, one.length_bytes, &one});
    return nullptr;
  }

  // The first gap of `length_bytes`, or the largest one for 0; of no length where there is none.
  Span gap(std::int64_t length_bytes) const {
    Span best{start_, 0, nullptr};
    std::int64_t at = start_;
    const auto look = [&](std::int64_t until) {
      const std::int64_t room = until - at;
      const bool wanted = length_bytes == 0 ? room > best.length_bytes
                                            : best.length_bytes == 0 && room >= length_bytes;
      if (wanted) best = {at, length_bytes == 0 ? room : length_bytes, nullptr};
    };
    for (const Span& span : taken_) {
      look(span.start_bytes);
      at = span.start_bytes + span.length_bytes;
    }
    look(end_);
    return best;
  }

 private:
  std::int64_t start_;
  std::int64_t end_;
  std::vector<Span> taken_;  // by start
};

class Placer {
 public:
  Placer(const std::string& title, Config& config, const std::vector<Room>& rooms)
      : title_(title), config_(config), unit_(unit_of(rooms)) {
    const std::int64_t start = (kHeader_bytes + unit_ - 1) / unit_ * unit_;
    for (const Room& room : rooms) {
      maps_.emplace_back(start, room.media_size_bytes / unit_ * unit_);
    }
  }

  Status place() {
    Status done = each([this](Subdisk& one) { return whole(one); });
    if (done) done = each([this](Subdisk& one) { return reserve(one); });
    if (done) done = each([this](Subdisk& one) { return find_room(one); });
    for (const Volume& volume : config_.volumes) {
      for (const Plex& plex : volume.plexes) {
        if (done) done = even(plex);
      }
    }
    return done;
  }

 private:
  template <class... Parts>
  auto bad(std::size_t line, const Parts&... parts) const {
    return fail(EINVAL, title_, ": line ", line, ": ", parts...);
  }
  template <class Do>
  Status each(Do what) {
    for (Volume& volume : config_.volumes) {
      for (Plex& plex : volume.plexes) {
        for (Subdisk& one : plex.subdisks) {
          if (Status done = what(one); !done) return done;
        }
      }
    }
    return {};
  }

  Status whole(const Subdisk& one) const {
    if (one.length_bytes % unit_ == 0 && one.start_bytes.value_or(0) % unit_ == 0) return {};
    return bad(one.line, one.name, " is no whole number of sectors of ", unit_);
  }
  // Those that say where they are come first.
  Status reserve(Subdisk& one) {
    if (!one.start_bytes || one.length_bytes == 0) return {};
    const Subdisk* in_the_way = maps_[one.drive].take(one);
    if (in_the_way == nullptr) return {};
    const std::string& drive = config_.drives[one.drive].name;
    if (in_the_way == &one) {
      return bad(one.line, one.name, ", ", one.length_bytes, " bytes from ", *one.start_bytes,
                 ", is not within the room that drive ", drive, " has for subdisks");
    }
    return bad(one.line, one.name, " and ", in_the_way->name, " share bytes of drive ", drive);
  }
  Status find_room(Subdisk& one) {
    if (one.start_bytes && one.length_bytes != 0) return {};
    const std::string& drive = config_.drives[one.drive].name;
    if (one.start_bytes) {
      return bad(one.line, one.name, " says where it is, so it must say its length");
    }
    const Map::Span gap = maps_[one.drive].gap(one.length_bytes);
    if (gap.length_bytes == 0) {
      return bad(one.line, "drive ", drive, " has no room for ", one.name, ", ", one.length_bytes,
                 " bytes");
    }
    one.start_bytes = gap.start_bytes;
    one.length_bytes = gap.length_bytes;
    maps_[one.drive].take(one);
    return {};
  }
  Status even(const Plex& plex) const {
    if (plex.organisation == Plex::Organisation::concat) return {};
    if (plex.stripe_bytes % unit_ != 0) {
      return bad(plex.line, "stripes of ", plex.stripe_bytes,
                 " bytes are no whole number of sectors of ", unit_);
    }
    for (const Subdisk& one : plex.subdisks) {
      if (one.length_bytes != plex.subdisks.front().length_bytes) {
        return bad(one.line, one.name, " has ", one.length_bytes, " bytes, and the others of plex ",
                   plex.name, " have ", plex.subdisks.front().length_bytes,
                   "; those of one with stripes are equal");
      }
      if (one.length_bytes < plex.stripe_bytes) {
        return bad(one.line, one.name, " is too small for a stripe of ", plex.stripe_bytes);
      }
    }
    return {};
  }

  const std::string& title_;
  Config& config_;
  std::int64_t unit_;
  std::vector<Map> maps_;  // by drive
};

}  // namespace

std::int64_t unit_of(const std::vector<Room>& rooms) {
  std::int64_t unit = 1;
  for (const Room& room : rooms) {
    if (unit <= kMostUnit_bytes) unit = std::lcm(unit, room.sector_size_bytes);
  }
  return unit;
}

Status place(const std::string& title, Config& config, const std::vector<Room>& rooms) {
  if (unit_of(rooms) > kMostUnit_bytes) {
    return fail(EINVAL, title, ": the sectors of its drives differ too much");
  }
  std::int64_t all = 0;
  for (const Room& room : rooms) {
    if (room.media_size_bytes > INT64_MAX / 2 - all) {
      return fail(EINVAL, title, " would be beyond all size");
    }
    all += room.media_size_bytes;
  }
  return Placer(title, config, rooms).place();
}

}  // namespace biotope::vinum
