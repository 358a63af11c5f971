#include "scenarios/runtime/run.h"

#include <fmt/format.h>

#include "scenarios/runtime/program.h"
#include "scenarios/runtime/scratch_folder.h"
#include "viz/output_folder.h"
#include "viz/svg.h"

namespace biotope::runtime {

namespace {

constexpr Tool kDot{"dot", "graphviz"};

RunResult stopped(int exit_status, std::string sentence) {
  RunResult result;
  result.exit_status = exit_status;
  result.sentence = std::move(sentence);
  return result;
}

// "story.lua:12: what is wrong"; Lua's own errors bring their place along, and for what the user
// gave no line of the script is to blame.
std::string sentence_of(const Failure& failure) {
  const bool has_place = !failure.where.empty() && failure.kind != FailureKind::bad_input;
  return !has_place ? failure.text : sentence(failure.where, ": ", failure.text);
}

// FNV-1a, so that a case tells whether it was made from the script one has.
std::uint64_t fingerprint(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// What is needed to play the same again.
std::string case_text(const World& world, const std::string& source, const RunResult& result) {
  const Options& options = world.options();
  std::string text = fmt::format(
      "biotope case 1\n"
      "version {}\nscript {}\nscript_fnv1a64 {:016x}\nseed {}\ninstructions {}\n",
      options.version, options.script, fingerprint(source), options.seed,
      options.limits.instructions);
  for (const auto& [name, used] : world.used) {
    text += fmt::format("uses {} fnv1a64 {:016x}\n", name, fingerprint(used));
  }
  if (!options.media.empty()) text += fmt::format("media {}\n", options.media);
  text += fmt::format("exit_status {}\n", result.exit_status);
  if (!result.sentence.empty()) text += fmt::format("finding {}\n", result.sentence);
  return text;
}

Status write_report(World& world, const std::string& source, const RunResult& result,
                    viz::OutputFolder& folder) {
  if (Status written = world.story().write(folder); !written) return written;
  if (Status written = folder.write("case.txt", case_text(world, source, result)); !written) {
    return written;
  }
  return folder.commit();
}

RunResult play(World& world, const std::string& source) {
  world.play(source);
  RunResult result;
  if (const auto failure = world.failure()) {
    result.exit_status = exit_status(failure->kind);
    result.sentence = sentence_of(*failure);
    if (failure->kind == FailureKind::script) result.traceback = failure->traceback;
  }
  if (result.exit_status == exit_status(FailureKind::expectation)) {
    world.story().step("The story breaks off", result.sentence);
  }
  result.steps = world.story().step_count();
  result.expectations = world.met_expectations;
  result.simulated_ns = world.executor().now_ns();
  return result;
}

}  // namespace

RunResult run_scenario(Options options, const std::filesystem::path& out) {
  const auto source = read_file(options.script);
  if (!source) return stopped(2, source.error().text);
  if (const Status dot = find_tool(kDot); !dot) return stopped(4, dot.error().text);
  auto folder = viz::OutputFolder::open(out);
  if (!folder) return stopped(2, folder.error().text);
  const auto world = World::create(std::move(options));
  if (!world) return stopped(3, world.error().text);
  RunResult result = play(**world, *source);
  if (result.exit_status > exit_status(FailureKind::expectation)) return result;
  if (const Status written = write_report(**world, *source, result, *folder); !written) {
    return stopped(written.error().code == viz::kMissingProgram ? 4 : 2, written.error().text);
  }
  result.report = folder->path() / "index.html";
  return result;
}

std::string lua_version() { return LUA_RELEASE; }

}  // namespace biotope::runtime
