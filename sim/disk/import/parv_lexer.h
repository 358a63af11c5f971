#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "model/error.h"

namespace biotope::sim {

// A place in a file of parameters, for people: "disk.parv:12".
struct ParvWhere {
  std::string file;
  int line = 0;
  std::string text() const { return file + ":" + std::to_string(line); }
};

struct ParvToken {
  enum class Kind : std::uint8_t { word, mark, end };
  Kind kind = Kind::end;
  std::string text;  // of a mark: one of { } [ ] , =
  ParvWhere where;

  bool is(std::string_view mark) const { return kind == Kind::mark && text == mark; }
  bool is_word(std::string_view word) const { return kind == Kind::word && text == word; }
};

// The words of a file of DiskSim's parameters, with those of the files it sources in place of each
// `source FILE`. A sourced file is looked for beside the one that names it, then in the folders of
// the environment variable LP_PATH. Errors: what the system says of a file that can not be read;
// EINVAL a character that is never legal; ELOOP nested more than 32 deep; EFBIG more than 64 MB.
Result<std::vector<ParvToken>> read_parv_tokens(const std::filesystem::path& path);

// A file named by another, by the same rules; empty if there is none.
std::filesystem::path find_parv_file(const std::string& name, const std::filesystem::path& beside);

// The whole of a text file. Errors as above; EISDIR.
Result<std::string> read_text_file(const std::filesystem::path& path);

}  // namespace biotope::sim
