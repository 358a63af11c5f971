#pragma once

#include <cstdint>
#include <vector>

#include "model/error.h"
#include "model/parameter.h"

namespace biotope::ccd {

// What ccdconfig is told besides the disks.
struct Settings {
  std::int64_t interleave_bytes = 0;  // 0: one disk after the other
  bool uniform = false;               // of every disk as much as of the smallest
  bool mirror = false;                // the second half of the disks is a copy of the first
  bool no_offset = false;             // the data begin at the first sector of each disk
};
Settings settings_of(const Values& values);

// The disk as it is seen from here: what it is called and how large it is.
struct Component {
  std::string name;
  std::int64_t media_size_bytes;
};

// A run of the ccd that lies on the same disks throughout: dealt out to them in turn, or on one.
struct Group {
  std::int64_t start_bytes;          // in the ccd
  std::int64_t at_bytes;             // on each of its disks
  std::vector<std::uint32_t> disks;  // in the order given to ccdconfig
};

// Where what lies: the interleave table of the old driver (geom.md B3, ccd).
struct Layout {
  std::int64_t interleave_bytes = 0;
  bool mirror = false;
  std::vector<Group> groups;    // each begins where the one before ends
  std::int64_t size_bytes = 0;  // where the last one ends
};

// Disks of different sizes are used as follows: as much as the smallest has of all of them, as much
// as the next has more of those that have it, and so on. EINVAL, beginning with `title`, for what
// makes no ccd: an odd number of disks to mirror, an interleave that is no whole number of sectors,
// a disk too small for its first.
Result<Layout> lay_out(const std::string& title, const Settings& settings,
                       const std::vector<Component>& components, std::int64_t sector_size_bytes);

// Where one byte is, and how many from there on, at least 1, lie together.
struct Place {
  std::uint32_t disk;
  std::int64_t position_bytes;
  std::int64_t run_bytes;
};
Place place_of(const Layout& layout, std::int64_t position_bytes);

}  // namespace biotope::ccd
