#include "sim/disk/profile_fields.h"
#include "sim/disk/profile_file.h"
#include "sim/disk/toml_writer.h"

namespace biotope::sim {

static std::string toml_value(const Remap& r) {
  return fmt::format("[{}, {}]", r.bad, r.replacement);
}
static std::string toml_value(const SeekPoint& p) {
  return fmt::format("[{}, {}]", p.cylinders, p.time_ns);
}

std::string profile_text(const DiskProfile& profile) { return figures_text(profile); }

}  // namespace biotope::sim
