#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "classes/metadata/metadata.h"
#include "model/parameter.h"
#include "model/taster.h"

// The kinds of names that disks go by, and where each is found (docs/classes/label.md).
namespace biotope::label {

// A kind's name is the first part of the names of its providers, and that of the option by which it
// is looked for or not.
enum class Kind : std::uint8_t { label, ufs, ufsid, msdosfs, ext2fs, iso9660, ntfs, gpt, gptid };
inline constexpr std::size_t kKinds = 9;

std::span<const Parameter> options();

// Which kinds are looked for.
class Wanted {
 public:
  Wanted() { kinds_.fill(true); }
  explicit Wanted(const Values& values);
  bool operator[](Kind kind) const { return kinds_[static_cast<std::size_t>(kind)]; }

 private:
  std::array<bool, kKinds> kinds_{};
};

struct Name {
  Kind kind;
  std::string provider;           // "ufs/home"
  std::int64_t length_bytes = 0;  // of the disk, from its start, that goes by it
};

// The class's own metadata in the last sector (geom.md B3).
inline constexpr metadata::Kind kMetadata{.magic = "GEOM::LABEL", .newest = 2, .bytes = 44};
// The longest label that it has room for, in bytes.
inline constexpr std::size_t kLongestLabel = 15;
Bytes metadata_sector(std::string_view label, const Provider& provider);
// The label that it gives the provider; metadata::kNone when it is another provider's.
Result<std::string> label_in(const metadata::Found& found, const Provider& provider);

// All names of those kinds that the disk has. The errors are those of reading it, and EOPNOTSUPP
// for metadata of a version that is not known here.
Task<Result<std::vector<Name>>> find_names(Taster& taster, Wanted wanted);

}  // namespace biotope::label
