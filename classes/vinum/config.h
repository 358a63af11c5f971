#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.h"

namespace biotope::vinum {

// What a configuration says, as vinum's users write it: an object a line.
//
//   drive d1 device da0
//   volume home [readpol round | readpol prefer PLEX]
//     plex [name NAME] org concat | striped SIZE | raid5 SIZE [volume VOLUME] [state up|down]
//       sd [name NAME] length SIZE drive DRIVE [driveoffset SIZE] [plexoffset SIZE] [plex PLEX]
//          [state up|stale]
//
// A plex belongs to the volume before it and a subdisk to the plex before it, unless they say
// another; their names are then VOLUME.p0 and PLEX.s0. Sizes are in bytes, or in units of k, m, g,
// or s and b, blocks of 512 bytes. Length 0 is as much as there is room in one piece. The rest of a
// line after # is nobody's.
struct Drive {
  std::string name;
  std::string device;  // the provider it is on
  std::size_t line;
};

struct Subdisk {
  std::string name;
  std::size_t drive;  // which
  std::int64_t length_bytes;
  std::optional<std::int64_t> start_bytes;  // on the drive
  bool up = true;                           // of a raid5: it fits the others
  std::size_t line;
};

struct Plex {
  enum class Organisation { concat, striped, raid5 };
  std::string name;
  Organisation organisation;
  std::int64_t stripe_bytes;  // 0 for a concat
  bool up = true;             // it has what the volume has
  std::vector<Subdisk> subdisks;
  std::size_t line;
  // Of a subdisk of it: what does not make a whole stripe is left.
  std::int64_t used_of(const Subdisk& one) const;
  std::int64_t size_bytes() const;
};

struct Volume {
  std::string name;
  std::optional<std::size_t> preferred;  // plex; else they are read from in turn
  std::vector<Plex> plexes;              // each has all of the volume
  std::size_t line;
  std::int64_t size_bytes() const;
};

struct Config {
  std::vector<Drive> drives;
  std::vector<Volume> volumes;
};

inline constexpr std::size_t kMostTextBytes = 65536;  // what a drive has room for
inline constexpr std::size_t kMostPlexes = 8;         // of a volume
inline constexpr std::size_t kMostSubdisks = 33;      // of a raid5 plex

// What users write, or what is kept on a drive. There drives have no lines of their own, states are
// those that vinum knows, and a volume need not have a plex that is up.
enum class Source { user, drive };
// EINVAL, beginning with `title` and the number of the line, for what is none.
Result<Config> parse(const std::string& title, std::string_view text, Source source = Source::user);

// The drives' disks, in the order of the drives.
struct Room {
  std::int64_t media_size_bytes;
  std::int64_t sector_size_bytes;
};
// The number of bytes that everything is a multiple of; the subdisks begin behind the first
// kHeader_bytes, rounded up to that.
inline constexpr std::int64_t kHeader_bytes = 135680;
std::int64_t unit_of(const std::vector<Room>& rooms);
// Gives each subdisk that has none a start, in the first gap where it fits, and a length to those
// that want what there is. EINVAL with the line of what does not fit.
Status place(const std::string& title, Config& config, const std::vector<Room>& rooms);

// Nobody knows what lies on the disks of new plexes: of each raid5 of which all subdisks are up the
// last one is stale.
void with_parity_to_build(Config& config);

// The text that says the same, with nothing left open.
std::string text_of(const Config& config);

}  // namespace biotope::vinum
