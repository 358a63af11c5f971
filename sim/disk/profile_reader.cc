#include "sim/disk/import/parv_lexer.h"
#include "sim/disk/profile_fields.h"
#include "sim/disk/profile_file.h"
#include "sim/disk/toml_reader.h"

namespace biotope::sim {

Result<DiskProfile> parse_profile(std::string_view text, const std::string& file) {
  return read_figures<DiskProfile>(text, file);
}

Result<DiskProfile> load_profile(const std::filesystem::path& path) {
  const auto text = read_text_file(path);
  if (!text) return pass_on(text);
  return parse_profile(*text, path.filename().string());
}

}  // namespace biotope::sim
