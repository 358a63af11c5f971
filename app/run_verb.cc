#include <filesystem>

#include <fmt/format.h>

#include "app/terminal.h"
#include "app/verbs.h"
#include "scenarios/runtime/run.h"
#include "viz/words.h"

namespace biotope::app {

namespace {

struct RunArguments {
  std::string script;
  std::string out;
  std::string media;
  std::uint64_t seed = 1;
  std::int64_t instructions = runtime::Limits().instructions;
  bool quiet = false;
};

// What plays the same again, wherever the report went.
std::string replay_line(const Program& program, const RunArguments& arguments) {
  std::vector<std::string> words{program.name, "run", arguments.script, "--seed",
                                 std::to_string(arguments.seed)};
  if (!arguments.media.empty()) words.insert(words.end(), {"--media", arguments.media});
  if (arguments.instructions != runtime::Limits().instructions) {
    words.insert(words.end(), {"--instructions", std::to_string(arguments.instructions)});
  }
  if (!arguments.out.empty()) words.insert(words.end(), {"--out", arguments.out});
  return command_line(words);
}

std::string out_folder(const RunArguments& arguments) {
  if (!arguments.out.empty()) return arguments.out;
  return fmt::format("out/{}", std::filesystem::path(arguments.script).stem().string());
}

int run(const Program& program, const RunArguments& arguments) {
  runtime::Options options;
  options.script = arguments.script;
  options.seed = arguments.seed;
  options.media = arguments.media;
  options.limits.instructions = arguments.instructions;
  options.version = kVersion;
  if (!arguments.quiet) options.tell = [](const std::string& line) { tell(line); };
  const runtime::RunResult result =
      runtime::run_scenario(std::move(options), out_folder(arguments));
  if (!result.sentence.empty()) complain(result.sentence);
  if (!result.traceback.empty()) tell(result.traceback);
  if (!result.report.empty()) {
    tell(fmt::format("{} steps, {} of simulated time, {} expectations met", result.steps,
                     viz::time_text(result.simulated_ns), result.expectations));
    fmt::print("Report: {}\n", result.report.string());
  }
  if (result.exit_status != 0) tell("replay: " + replay_line(program, arguments));
  return result.exit_status;
}

}  // namespace

void add_run(Program& program) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* verb = program.parser.add_subcommand("run", "Play a scenario and leave a report of it");
  verb->add_option("SCRIPT", arguments->script, "The scenario, in Lua (see docs/scenarios.md)")
      ->required();
  verb->add_option("--seed", arguments->seed, "Where all random numbers come from")
      ->capture_default_str();
  verb->add_option("--out", arguments->out, "Folder for the report [out/NAME-OF-THE-SCRIPT]");
  verb->add_option("--media", arguments->media, "Raw disk image that the scenario is played on");
  verb->add_option("--instructions", arguments->instructions,
                   "How long the script may run before it is stopped")
      ->check(CLI::Range(std::int64_t{1}, INT64_MAX))
      ->capture_default_str();
  verb->add_flag("--quiet", arguments->quiet, "Do not tell the story on the terminal");
  verb->footer(
      "Exit status: 0 all went as expected, 1 something did not, 2 wrong usage or script,\n"
      "3 a bug in biotope, 4 something is missing on this machine, 124 the script did not end.\n\n"
      "Examples:\n"
      "  biotope run scenarios/010-zip-disk.lua\n"
      "  biotope run scenarios/010-zip-disk.lua --seed 7 --out /tmp/report\n"
      "  biotope run scenarios/010-zip-disk.lua --media my-zip-disk.img");
  verb->callback([&program, arguments] {
    program.chosen = [&program, arguments] { return run(program, *arguments); };
  });
}

}  // namespace biotope::app
