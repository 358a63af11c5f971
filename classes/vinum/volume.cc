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
    const bool raid5 = plex.organisation == Plex::Organisation::raid5;
    raid5_.push_back(raid5 ? std::make_unique<ParityPlex>(vinum, *this, plexes_.size(), plex)
                           : nullptr);
    has_raid5_ = has_raid5_ || raid5;
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
  if (raid5_[plex] != nullptr) return raid5_[plex]->read_piece(position_bytes, length_bytes);
  const Place place = place_in(plexes_[plex], position_bytes);
  return {vinum_.drive(place.drive), place.position_bytes, std::min(length_bytes, place.run_bytes)};
}

array::Piece LiveVolume::written_piece(std::size_t plex, std::int64_t position_bytes,
                                       std::int64_t length_bytes) const {
  if (raid5_[plex] != nullptr) return raid5_[plex]->write_piece(position_bytes, length_bytes);
  return piece_of(plex, position_bytes, length_bytes);
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

Verdict LiveVolume::run(Bio& bio) {
  if (!has_raid5_) [[likely]]
    return bio.command == Command::read ? read(bio) : write(bio);
  ++under_way_;
  if (waiting_.empty() && may_go(bio)) return go(bio);
  waiting_.push(bio);
  return Verdict::held();
}

Verdict LiveVolume::run_or_pass_on(Bio& bio) {
  if (count() == 1 && up_.front() && !has_raid5_) {
    const array::Piece all = piece_of(0, bio.position_bytes, bio.length_bytes);
    if (all.length_bytes == bio.length_bytes) {
      bio.position_bytes = all.position_bytes;
      return Verdict::remapped(*all.to);
    }
  }
  return run(bio);
}

void LiveVolume::written(Bio& part, std::size_t plex) {
  if (part.error != 0) {
    constexpr const char* kWhy = "it can not be written";
    if (vinum_.take_down(*this, plex, kWhy)) {
      part.error = 0;
    } else if (raid5_[plex] != nullptr && raid5_[plex]->in_doubt()) {
      up_[plex] = false;
      vinum_.end(*this, "a row of its last plex can not be written whole");
    }
  }
  if (!vinum_.recorded()) return vinum_.hold(part, this);
  part_back(part);
}

// Rows of raid5 plexes ---------------------------------------------------------------------------

bool LiveVolume::may_go(const Bio& bio) const {
  return std::ranges::all_of(
      raid5_, [&](const auto& plex) { return plex == nullptr || plex->free_for(bio); });
}

void LiveVolume::enter(const Bio& bio) {
  for (const auto& plex : raid5_) {
    if (plex != nullptr) plex->enter(bio);
  }
}

void LiveVolume::leave(const Bio& bio) {
  --under_way_;
  for (const auto& plex : raid5_) {
    if (plex != nullptr) plex->leave(bio);
  }
}

Verdict LiveVolume::go(Bio& bio) {
  enter(bio);
  const Verdict verdict = bio.command == Command::read ? read(bio) : write(bio);
  if (!verdict.is_held()) leave(bio);
  return verdict;
}

void LiveVolume::part_back(Bio& part) {
  const Bio& bio = *part.parent;
  const bool last = has_raid5_ && bio.inbed + 1 == bio.children;
  if (last) leave(bio);
  array::OrderGate::part_done(part);
  if (last) drain();
}

void LiveVolume::drain() {
  if (draining_) return;
  draining_ = true;
  while (Bio* bio = waiting_.front()) {
    if (!may_go(*bio)) break;
    waiting_.pop();
    const Verdict verdict = go(*bio);
    if (!verdict.is_held()) vinum_.mesh().deliver(*bio, verdict.error());
  }
  draining_ = false;
}

}  // namespace biotope::vinum
