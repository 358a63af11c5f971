#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "classes/layout.h"
#include "model/control_io.h"
#include "model/taster.h"

// What the classes share that keep their metadata in the last sector of each of their disks
// (geom.md B2): the sector is zero but for the fields at its start, all little-endian; a magic text
// and a version come first; some layouts end with an MD5 over all before it. A class declares its
// own fields with classes/layout.h and uses these in its taste() like so:
//
//   const Result<Found> found = co_await metadata::look(taster, kKind);
//   if (!found) { metadata::refuse(*this, taster, found.error()); co_return nullptr; }
//   ... decode found->sector by found->version: Owner{provider, provsize} and the rest ...
//   if (const Status ours = metadata::belongs(owner, taster.provider()); !ours) { the same }
namespace biotope::metadata {

// What says whose metadata a sector holds.
struct Kind {
  std::string_view magic;  // at byte 0, 16 bytes filled up with NULs
  std::uint32_t newest;    // the highest version that the class can read
  std::size_t bytes;       // how long the longest of its layouts is
  layout::Number<std::uint32_t> version = layout::le32(16);
};

// There is none of this kind here, or it is another provider's: nothing to be told about. Any other
// code means there is some and it is refused.
inline constexpr int kNone = ENOENT;

// Where the sector lies, and therefore how many bytes before it a class may use; 0 when there is
// room for no more than the sector itself, or not even for that.
std::int64_t place_bytes(const Properties& properties);

struct Found {
  std::uint32_t version;
  Bytes sector;
};

// Judges the last sector of a provider called `name`. kNone for another magic, or for fewer bytes
// than the fields need; EOPNOTSUPP with a hint for a version newer than `kind` can read.
Result<Found> recognise(const Kind& kind, Bytes sector, std::string_view name);

// Reads and judges the last sector of what is tasted, or of what is below an edge open for reading.
Task<Result<Found>> look(Taster& taster, Kind kind);
Task<Result<Found>> look(Consumer& edge, Kind kind);

// Which disk the metadata says it was written for. Providers that end at the same place share their
// last sector (a disk, its last slice, the last partition of that); only the size tells them apart.
struct Owner {
  std::string provider = {};                   // its name; empty for any
  std::optional<std::uint64_t> provsize = {};  // its size in bytes; old versions did not say
  friend bool operator==(const Owner&, const Owner&) = default;
};
// kNone unless `provider` is that one. A name is the same after a rename of its driver from ad to
// ada or back.
Status belongs(const Owner& owner, const Provider& provider);

// True when bytes [0, place) have the MD5 that follows them at `place`; seal() makes it so.
bool sealed(std::span<const std::byte> sector, std::size_t place);
void seal(std::span<std::byte> sector, std::size_t place);

// A sector of zeros with the magic and the version in it.
Bytes blank(const Kind& kind, std::uint32_t version, std::int64_t sector_size_bytes);

// Writes the last sector below `edge`, which must be open for writing, and waits until it is on
// stable storage.
Task<Status> store(Consumer& edge, Bytes sector);
// Makes it zeros, likewise.
Task<Status> clear(Consumer& edge);

// Tells, as a fact of kind note with `cls`, `provider`, `error` and the reason, that what was found
// is not used. Silent for kNone, and for what was lost or written while it was looked at.
void refuse(const Class& cls, const Taster& taster, const Error& why);

}  // namespace biotope::metadata
