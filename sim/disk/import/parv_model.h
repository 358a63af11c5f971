#pragma once

#include <filesystem>

#include "sim/disk/import/parv_block_reader.h"
#include "sim/disk/profile.h"

namespace biotope::sim {

// The parts of a disk that a `.model` file holds. What is wrong goes to the readers' error.
void read_parv_layout(ParvBlockReader& layout, Geometry& geometry, Status& error,
                      std::vector<std::string>& notes);
// Seek tables are looked for beside `folder`.
void read_parv_mechanics(ParvBlockReader& mechanics, const std::filesystem::path& folder,
                         std::int64_t cylinders, Movement& movement,
                         std::vector<std::string>& notes);
// A table of measured seeks: "distance, ms" a line. What is no point is noted.
Result<std::vector<SeekPoint>> read_seek_table(const std::filesystem::path& path,
                                               std::vector<std::string>& notes);

}  // namespace biotope::sim
