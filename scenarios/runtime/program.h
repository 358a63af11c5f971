#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.h"

namespace biotope::runtime {

// A program of this machine that makes or judges media, and the Debian package that brings it.
struct Tool {
  const char* program;
  const char* package;
};

inline constexpr Tool kSfdisk{"sfdisk", "fdisk"};
inline constexpr Tool kFdisk{"fdisk", "fdisk"};
inline constexpr Tool kMakefs{"makefs", "makefs"};
inline constexpr Tool kMkfsVfat{"mkfs.vfat", "dosfstools"};
inline constexpr Tool kFsckVfat{"fsck.vfat", "dosfstools"};
inline constexpr Tool kMcopy{"mcopy", "mtools"};
inline constexpr Tool kIfind{"ifind", "sleuthkit"};
inline constexpr Tool kIcat{"icat", "sleuthkit"};

// Error code where a tool is not on this machine.
inline constexpr int kMissingTool = ENOPKG;

// ENOPKG with the package to install when the tool is not here.
Status find_tool(const Tool& tool);

struct ToolResult {
  int exit_status = 0;
  std::string output;
  std::string errors;
};

// Runs a tool to its end, without a shell, with `input` as its standard input and an environment
// that makes equal calls give equal results: the C locale, UTC, one date for all that tools create.
// ENOPKG as find_tool(); what the system says when it can not be started; EIO when it died of a
// signal.
Result<ToolResult> run_tool(const Tool& tool, const std::vector<std::string>& arguments,
                            std::string_view input = {});
// Likewise, and EIO with the tool's own words unless it ends with status 0.
Status run_tool_well(const Tool& tool, const std::vector<std::string>& arguments,
                     std::string_view input = {});

// The date of everything that tools create: 1 January 2000, 00:00 UTC.
inline constexpr std::int64_t kMediaDate = 946'684'800;

}  // namespace biotope::runtime
