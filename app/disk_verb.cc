#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/disk_load.h"
#include "app/disk_source.h"
#include "app/terminal.h"
#include "app/verbs.h"
#include "sim/disk/drawing.h"
#include "sim/disk/import/parv_import.h"
#include "sim/disk/profile_file.h"
#include "sim/disk/profiles.h"
#include "sim/disk/validation/validate.h"
#include "sim/flash/profiles.h"

namespace biotope::app {

namespace {

using nlohmann::ordered_json;
using ModelResult = Result<std::shared_ptr<const sim::DiskModel>>;

Status write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) return fail(EIO, path, " can not be written");
  return {};
}

// --- list ---------------------------------------------------------------------------------------

int list_profiles() {
  for (const std::string_view name : sim::profile_names()) {
    const auto model = sim::find_profile(name);
    const sim::DiskProfile& profile = (*model)->profile;
    const double bytes = static_cast<double>((*model)->layout.sectors()) *
                         static_cast<double>(profile.geometry.sector_bytes);
    fmt::print("{:<12} {:>9.1f} MB  {:>6} rpm  {}\n", name, bytes / 1e6, profile.movement.rpm,
               profile.description);
  }
  for (const std::string_view name : sim::flash_profile_names()) {
    const auto profile = sim::find_flash_profile(name);
    const double bytes = static_cast<double>(profile->flash.capacity_sectors) *
                         static_cast<double>(profile->flash.sector_bytes);
    fmt::print("{:<12} {:>9.1f} MB  {:>6}      {}\n", name, bytes / 1e6, "flash",
               profile->description);
  }
  return 0;
}

// --- import -------------------------------------------------------------------------------------

struct ImportArguments {
  std::string file;
  std::string out;
  std::string name;
};

int import(const ImportArguments& arguments) {
  auto imported = sim::import_parv(arguments.file);
  if (!imported) return refuse(imported.error());
  for (const std::string& note : imported->notes) tell(note);
  if (!arguments.name.empty()) imported->profile.name = arguments.name;
  const std::string text = sim::profile_text(imported->profile);
  if (arguments.out.empty()) {
    fmt::print("{}", text);
    return 0;
  }
  const Status written = write_file(arguments.out, text);
  return written ? 0 : refuse(written.error());
}

// --- validate -----------------------------------------------------------------------------------

struct ValidateArguments {
  DiskSource source;
  std::string trace;
  std::string bad_lines = "stop";
  bool json = false;
};

void print_json(const sim::Validation& v, double seconds) {
  const ordered_json report = {{"schema", "biotope/validate/1"},
                               {"requests", v.requests},
                               {"demerit_ms", v.demerit_ms},
                               {"demerit_read_ms", v.demerit_read_ms},
                               {"demerit_write_ms", v.demerit_write_ms},
                               {"request_rms_ms", v.request_rms_ms},
                               {"mean_measured_ms", v.mean_measured_ms},
                               {"mean_simulated_ms", v.mean_simulated_ms},
                               {"cpu_seconds", seconds}};
  fmt::print("{}\n", report.dump());
}

void print_words(const sim::DiskModel& model, const sim::Validation& v, double seconds) {
  fmt::print("{}: {} requests in {:.3f} s of processor time\n", model.profile.name, v.requests,
             seconds);
  fmt::print("  demerit          {:9.6f} ms ({:.2f} % of the measured mean)\n", v.demerit_ms,
             v.mean_measured_ms > 0 ? 100 * v.demerit_ms / v.mean_measured_ms : 0.0);
  fmt::print("  of reads alone   {:9.6f} ms\n", v.demerit_read_ms);
  fmt::print("  of writes alone  {:9.6f} ms\n", v.demerit_write_ms);
  fmt::print("  request by request {:7.3f} ms RMS\n", v.request_rms_ms);
  fmt::print("  mean measured    {:9.4f} ms\n", v.mean_measured_ms);
  fmt::print("  mean simulated   {:9.4f} ms\n", v.mean_simulated_ms);
  fmt::print("  reads found {} whole hits, {} partial hits, {} misses\n", v.counts.whole_hits,
             v.counts.partial_hits, v.counts.misses);
}

int validate(const ValidateArguments& arguments) {
  const auto flash = flash_of(arguments.source);
  if (flash && *flash != nullptr) {
    const std::string& name = arguments.source.profile;
    return refuse({EINVAL, sentence("measured traces are of hard disks, and '", name,
                                    "' has flash inside; say disk bench --profile ", name,
                                    " --trace ", arguments.trace, " to replay one on it")});
  }
  const ModelResult model = model_of(arguments.source);
  if (!model) return refuse(model.error());
  const auto policy = arguments.bad_lines == "skip" ? sim::BadLines::skip : sim::BadLines::stop;
  const auto trace = sim::read_measured_trace(arguments.trace, (*model)->layout.sectors(), policy);
  if (!trace) return refuse(trace.error());
  for (const std::string& note : trace->notes) tell(note);
  const double began = cpu_seconds();
  const sim::Validation result = sim::validate(*model, trace->requests);
  const double seconds = cpu_seconds() - began;
  if (arguments.json) {
    print_json(result, seconds);
  } else {
    print_words(**model, result, seconds);
  }
  return 0;
}

// --- show ---------------------------------------------------------------------------------------

struct ShowArguments {
  std::string name;
  std::string parv;
  std::string svg;
};

int show(const ShowArguments& arguments) {
  const DiskSource source{arguments.name, arguments.parv};
  const auto flash = flash_of(source);
  if (!flash) return refuse(flash.error());
  if (*flash != nullptr && arguments.svg.empty()) {
    fmt::print("{}", sim::flash_profile_text(**flash));
    return 0;
  }
  const ModelResult model = model_of(source);
  if (!model) return refuse(model.error());
  if (!arguments.svg.empty()) {
    const Status written = write_file(arguments.svg, sim::draw_disk(**model));
    if (!written) return refuse(written.error());
    tell("seek curve and zones: " + arguments.svg);
    return 0;
  }
  fmt::print("{}", sim::profile_text((*model)->profile));
  return 0;
}

// --- the command line ---------------------------------------------------------------------------

void add_import(Program& program, CLI::App& disk) {
  auto arguments = std::make_shared<ImportArguments>();
  CLI::App* verb = disk.add_subcommand("import", "Turn DiskSim's parameters into a profile");
  verb->add_option("FILE", arguments->file, "A .parv file, or a .diskspecs file")->required();
  verb->add_option("--out", arguments->out, "Where the profile goes [stdout]");
  verb->add_option("--name", arguments->name, "What the drive is called [as in the file]");
  verb->callback(
      [&program, arguments] { program.chosen = [arguments] { return import(*arguments); }; });
}

void add_validate(Program& program, CLI::App& disk) {
  auto arguments = std::make_shared<ValidateArguments>();
  CLI::App* verb =
      disk.add_subcommand("validate", "Replay a measured trace and say how far the drive is off");
  verb->add_option("--trace", arguments->trace, "Six fields a line, as DiskSim validates with")
      ->required();
  arguments->source.add_to(*verb);
  verb->add_option("--bad-lines", arguments->bad_lines, "What to do with lines that make no sense")
      ->check(CLI::IsMember({"stop", "skip"}))
      ->capture_default_str();
  verb->add_flag("--json", arguments->json, "One document for programs");
  verb->callback(
      [&program, arguments] { program.chosen = [arguments] { return validate(*arguments); }; });
}

void add_show(Program& program, CLI::App& disk) {
  auto arguments = std::make_shared<ShowArguments>();
  CLI::App* verb = disk.add_subcommand("show", "A drive's figures, or a drawing of them");
  auto* name = verb->add_option("PROFILE", arguments->name, "A name, or a .toml file");
  verb->add_option("--parv", arguments->parv, "A file of DiskSim's parameters")->excludes(name);
  verb->add_option("--svg", arguments->svg, "Draw the seek curve and the zones to this file");
  verb->callback(
      [&program, arguments] { program.chosen = [arguments] { return show(*arguments); }; });
}

}  // namespace

void add_disk(Program& program) {
  CLI::App* verb =
      program.parser.add_subcommand("disk", "Disk drives: profiles, and how true they are");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n"
      "  biotope disk list\n"
      "  biotope disk show cheetah-9lp --svg cheetah.svg\n"
      "  biotope disk import cheetah9LP.parv --out cheetah.toml\n"
      "  biotope disk validate --profile cheetah-9lp --trace cheetah9LP.trace\n"
      "  biotope disk bench --profile sata-ncq --depth 32\n"
      "  biotope disk bench --job \"rw=randrw bs=4k iodepth=8 number_ios=10000\"");
  verb->add_subcommand("list", "One line for each profile")->callback([&program] {
    program.chosen = [] { return list_profiles(); };
  });
  add_show(program, *verb);
  add_import(program, *verb);
  add_validate(program, *verb);
  add_disk_bench(program, *verb);
}

}  // namespace biotope::app
