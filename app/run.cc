#include <fmt/core.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

#include "app/verbs.h"
#include "scenarios/runtime/world.h"
#include "viz/output_folder.h"

namespace biotope::app {

namespace {

struct RunOptions {
  std::string script;
  std::uint64_t seed = 1;
  std::string out;
  std::string media;
  std::int64_t instructions = runtime::Limits{}.instructions;

  // What to type to see the same again.
  std::string replay() const {
    std::string line = fmt::format("biotope run {} --seed {}", script, seed);
    if (!media.empty()) line += " --media " + media;
    if (instructions != runtime::Limits{}.instructions) {
      line += fmt::format(" --instructions {}", instructions);
    }
    return line;
  }
};

int complain(int status, const std::string& text) {
  fmt::print(stderr, "biotope: {}\n", text);
  return status;
}

Result<std::string> read_script(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return fail(ENOENT, "there is no script ", path);
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(EACCES, "the script ", path, " can not be read");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string default_folder(const std::string& script) {
  return (std::filesystem::path("out") / std::filesystem::path(script).stem()).string();
}

// versioned text; `replay` is the line that plays it again.
std::string case_text(const RunOptions& options) {
  return fmt::format("biotope/case/1\nversion {}\nscript {}\nseed {}\nmedia {}\nreplay {}\n",
                     BIOTOPE_VERSION, options.script, options.seed,
                     options.media.empty() ? "-" : options.media, options.replay());
}

Status leave_results(runtime::World& world, viz::OutputFolder& folder, const RunOptions& options) {
  if (Status written = world.story().write(folder); !written) return written;
  if (Status written = folder.write("case.txt", case_text(options)); !written) return written;
  return folder.commit();
}

int report(const runtime::Failure& failure, const RunOptions& options) {
  const std::string where = failure.where.empty() ? "" : failure.where + ": ";
  fmt::print(stderr, "biotope: {}{}\n", where, failure.text);
  if (!failure.traceback.empty()) fmt::print(stderr, "{}\n", failure.traceback);
  fmt::print(stderr, "replay: {}\n", options.replay());
  return runtime::exit_status(failure.kind);
}

int run(const RunOptions& options) {
  const Result<std::string> source = read_script(options.script);
  if (!source) return complain(kUsage, source.error().text);
  // Before anything runs: a run whose results have no place is not worth the wait.
  const std::string out = options.out.empty() ? default_folder(options.script) : options.out;
  Result<viz::OutputFolder> folder = viz::OutputFolder::open(out);
  if (!folder) return complain(kUsage, folder.error().text);

  runtime::Options world_options;
  world_options.script = options.script;
  world_options.seed = options.seed;
  world_options.media = options.media;
  world_options.limits.instructions = options.instructions;
  world_options.version = BIOTOPE_VERSION;
  world_options.tell = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  Result<std::unique_ptr<runtime::World>> world = runtime::World::create(std::move(world_options));
  if (!world) return complain(kBug, world.error().text);

  (*world)->play(*source);
  const std::optional<runtime::Failure> failure = (*world)->failure();
  // A script that never got to a step has nothing to show, and leaves nothing.
  const bool shows = (*world)->story().step_count() > 0;
  if (shows) {
    if (Status left = leave_results(**world, *folder, options); !left) {
      return complain(left.error().code == ENOENT ? kMissing : kUsage, left.error().text);
    }
    fmt::print("{}\n", (std::filesystem::path(out) / "index.html").string());
  }
  return failure ? report(*failure, options) : static_cast<int>(kFine);
}

}  // namespace

void add_run(CLI::App& app, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand("run", "play a scenario and write its report");
  const auto options = std::make_shared<RunOptions>();
  verb->add_option("SCRIPT", options->script, "the scenario, a Lua file")->required();
  verb->add_option("--seed", options->seed, "what random numbers start from (1)");
  verb->add_option("--out", options->out, "folder for the results (out/ and the script's name)");
  verb->add_option("--media", options->media, "raw image to play on, instead of one made for it");
  verb->add_option("--instructions", options->instructions,
                   "how much the script may compute before it is stopped (1000000000)")
      ->check(CLI::PositiveNumber);
  verb->footer("\nExample:\n  biotope run scenarios/010-zip-disk.lua --out out/zip --seed 7");
  verb->callback([&chosen, options] {
    chosen = [options] { return run(*options); };
  });
}

}  // namespace biotope::app
