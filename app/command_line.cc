#include <fmt/core.h>

#include <string>
#include <string_view>
#include <vector>

#include "app/verbs.h"
#include "model/parameter.h"

namespace biotope::app {

namespace {

constexpr const char* kExamples = R"(
Examples:
  biotope run scenarios/010-zip-disk.lua --out out/zip
  biotope run scenarios/010-zip-disk.lua --media disk.img --seed 7
  biotope class show nop

Exit status: 0 fine, 1 a finding (an expectation failed), 2 usage or script error, 3 a bug in
biotope, 4 something is missing on the machine, 124 time-out.)";

// The word on the command line that is no verb, and the verb that was probably meant.
std::string hint(const CLI::App& app, const std::vector<std::string>& words) {
  std::vector<std::string_view> verbs;
  for (const CLI::App* verb : app.get_subcommands({})) verbs.push_back(verb->get_name());
  for (const std::string& word : words) {
    if (word.starts_with('-')) continue;
    const std::string_view near = nearest(word, verbs);
    if (near == word) return {};
    return near.empty() ? std::string() : fmt::format("; did you mean '{}'?", near);
  }
  return {};
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CLI::App app("biotope: a testbed for stackable block I/O", "biotope");
  app.footer(kExamples);
  app.require_subcommand(1);
  Chosen chosen;
  add_run(app, chosen);
  add_class(app, chosen);
  add_version(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::CallForAllHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    fmt::print(stderr, "biotope: {}{}\nTry 'biotope --help'.\n", error.what(), hint(app, words));
    return kUsage;
  }
  return chosen();
}

}  // namespace biotope::app
