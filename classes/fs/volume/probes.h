#pragma once

#include <memory>

#include "classes/fs/volume/volume.h"

namespace biotope::fs {

// Each knows one family of volumes. Null: nothing here looks like one. EINVAL: something does, but
// what it says is impossible, and why. Other errors are the reader's.
using Probe = Task<Result<std::unique_ptr<Volume>>>;
Probe probe_ufs(VolumeReader& reader);
Probe probe_fat(VolumeReader& reader);
Probe probe_ext(VolumeReader& reader);
Probe probe_iso9660(VolumeReader& reader);
Probe probe_ntfs(VolumeReader& reader);

// The bytes there, or none at all where the volume ends before they do.
Task<Result<Bytes>> read_if_there(VolumeReader& reader, std::int64_t offset_bytes,
                                  std::int64_t length_bytes);
// The bytes there; EINVAL, with `what` as the subject, where the volume ends before they do.
Task<Result<Bytes>> read_within(VolumeReader& reader, std::int64_t offset_bytes,
                                std::int64_t length_bytes, const char* what);

inline bool power_of_two_within(std::int64_t value, std::int64_t least, std::int64_t most) {
  return value >= least && value <= most && (value & (value - 1)) == 0;
}

// A text of the medium as people may see it: no control characters, and none at its ends but
// letters.
std::string printable(std::string text);
// In UTF-8; a half of a pair becomes U+FFFD.
std::string utf8(const std::u16string& text);

}  // namespace biotope::fs
