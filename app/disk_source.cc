#include "app/disk_source.h"

#include <ctime>
#include <filesystem>
#include <utility>

#include "sim/disk/import/parv_import.h"
#include "sim/disk/import/parv_lexer.h"
#include "sim/disk/profile_file.h"
#include "sim/disk/profiles.h"
#include "sim/flash/profiles.h"

namespace biotope::app {

void DiskSource::add_to(CLI::App& verb) {
  auto* by_profile = verb.add_option("--profile", profile,
                                     "A profile by its name (see disk list), or a .toml file");
  auto* by_parv = verb.add_option("--parv", parv, "A file of DiskSim's parameters");
  by_profile->excludes(by_parv);
}

Result<std::shared_ptr<const sim::FlashProfile>> flash_of(const DiskSource& source) {
  const std::shared_ptr<const sim::FlashProfile> none;
  if (!source.parv.empty() || source.profile.empty()) return none;
  if (!source.profile.ends_with(".toml")) return sim::find_flash_profile(source.profile);
  const auto text = sim::read_text_file(source.profile);
  if (!text) return pass_on(text);
  if (!sim::describes_flash(*text)) return none;
  const std::string file = std::filesystem::path(source.profile).filename().string();
  auto profile = sim::parse_flash_profile(*text, file);
  if (!profile) return pass_on(profile);
  return std::make_shared<const sim::FlashProfile>(*std::move(profile));
}

Result<std::shared_ptr<const sim::DiskModel>> model_of(const DiskSource& source) {
  if (!source.parv.empty()) {
    const auto imported = sim::import_parv(source.parv);
    if (!imported) return pass_on(imported);
    return std::make_shared<const sim::DiskModel>(imported->profile);
  }
  if (source.profile.empty()) {
    return fail(EINVAL, "no drive is named; give --profile NAME or --parv FILE");
  }
  const auto flash = flash_of(source);
  if (!flash) return pass_on(flash);
  if (*flash != nullptr) {
    return fail(EINVAL, "'", source.profile, "' has flash inside, and this is about hard disks");
  }
  if (!source.profile.ends_with(".toml")) return sim::find_profile(source.profile);
  auto profile = sim::load_profile(source.profile);
  if (!profile) return pass_on(profile);
  return std::make_shared<const sim::DiskModel>(*std::move(profile));
}

Result<std::shared_ptr<const sim::DriveKind>> kind_of(const DiskSource& source) {
  if (source.parv.empty() && !source.profile.empty() && !source.profile.ends_with(".toml")) {
    return sim::find_drive_kind(source.profile);
  }
  auto flash = flash_of(source);
  if (!flash) return pass_on(flash);
  if (*flash != nullptr) return sim::flash_kind(*std::move(flash));
  const auto model = model_of(source);
  if (!model) return pass_on(model);
  return sim::disk_kind(*model);
}

double cpu_seconds() {
  return static_cast<double>(std::clock()) / static_cast<double>(CLOCKS_PER_SEC);
}

}  // namespace biotope::app
