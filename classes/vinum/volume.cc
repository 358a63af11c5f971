#include "classes/vinum/volume.h"

#include <algorithm>

#include "classes/array/order_gate.h"
#include "classes/vinum/vinum.h"

namespace biotope::vinum {

LiveVolume::LiveVolume(Vinum& vinum, std::size_t index, const Volume& config)
    : Copies(vinum.mesh(), config.plexes.size()),
      vinum_(vinum),
      index_(index),
      preferred_(config.preferred) {
  for (const Plex& plex : config.plexes) {
    plexes_.push_back(map_of(plex));
    up_.push_back(plex.up);
  }
}

LiveVolume::Map LiveVolume::map_of(const Plex& plex) {
  Map map{.stripe_bytes = plex.stripe_bytes, .runs = {}, .end_bytes = plex.size_bytes()};
  std::int64_t at = 0;
  for (const Subdisk& one : plex.subdisks) {
    map.runs.push_back({at, one.drive, *one.start_bytes});
    at += one.length_bytes;
  }
  return map;
}

LiveVolume::Place LiveVolume::place_in(const Map& map, std::int64_t position_bytes) {
  if (map.stripe_bytes != 0) {
    const auto count = static_cast<std::int64_t>(map.runs.size());
    const std::int64_t stripe = position_bytes / map.stripe_bytes;
    const std::int64_t within = position_bytes % map.stripe_bytes;
    const Run& run = map.runs[static_cast<std::size_t>(stripe % count)];
    return {run.drive, run.at_bytes + stripe / count * map.stripe_bytes + within,
            map.stripe_bytes - within};
  }
  const auto next = std::ranges::upper_bound(map.runs, position_bytes, {}, &Run::start_bytes);
  const Run& run = *std::prev(next);
  const std::int64_t end = next == map.runs.end() ? map.end_bytes : next->start_bytes;
  return {run.drive, run.at_bytes + position_bytes - run.start_bytes, end - position_bytes};
}

array::Piece LiveVolume::piece_of(std::size_t plex, std::int64_t position_bytes,
                                  std::int64_t length_bytes) const {
  const Place place = place_in(plexes_[plex], position_bytes);
  return {vinum_.drive(place.drive), place.position_bytes, std::min(length_bytes, place.run_bytes)};
}

bool LiveVolume::is_last(std::size_t plex) const {
  for (std::size_t other = 0; other < count(); ++other) {
    if (other != plex && up_[other]) return false;
  }
  return true;
}

bool LiveVolume::uses(std::size_t plex, std::size_t drive) const {
  return std::ranges::any_of(plexes_[plex].runs,
                             [&](const Run& run) { return run.drive == drive; });
}

std::size_t LiveVolume::choose(std::int64_t, std::int64_t) {
  if (preferred_ && up_[*preferred_]) return *preferred_;
  do {
    last_read_ = (last_read_ + 1) % count();
  } while (!up_[last_read_]);
  return last_read_;
}

Verdict LiveVolume::run(Bio& bio) { return bio.command == Command::read ? read(bio) : write(bio); }

Verdict LiveVolume::run_or_pass_on(Bio& bio) {
  if (count() == 1 && up_.front()) {
    const array::Piece all = piece_of(0, bio.position_bytes, bio.length_bytes);
    if (all.length_bytes == bio.length_bytes) {
      bio.position_bytes = all.position_bytes;
      return Verdict::remapped(*all.to);
    }
  }
  return run(bio);
}

void LiveVolume::written(Bio& part, std::size_t plex) {
  if (part.error != 0 && vinum_.take_down(*this, plex, "it can not be written")) part.error = 0;
  array::OrderGate::part_done(part);
}

}  // namespace biotope::vinum
