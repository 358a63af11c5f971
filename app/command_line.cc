#include "app/command_line.h"

#include <fmt/format.h>

#include "app/terminal.h"
#include "app/verbs.h"
#include "model/parameter.h"

namespace biotope::app {

namespace {

// The verb that was typed, as deep as it goes.
const CLI::App& typed(const CLI::App& program) {
  const auto verbs = program.get_subcommands();
  return verbs.empty() ? program : typed(*verbs.front());
}

// "biotope disk show": what was typed to get there.
std::string path(const CLI::App& verb) {
  const CLI::App* above = verb.get_parent();
  return above == nullptr ? verb.get_name() : path(*above) + " " + verb.get_name();
}

std::string help(const CLI::App& verb) {
  const CLI::App* above = verb.get_parent();
  return verb.help(above == nullptr ? "" : path(*above));
}

// What could have been typed in place of `word`.
std::string suggestion(const CLI::App& verb, const std::string& word) {
  std::vector<std::string> names;
  if (word.rfind("--", 0) == 0) {
    for (const CLI::Option* option : verb.get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  } else {
    for (const CLI::App* sub : verb.get_subcommands({})) names.push_back(sub->get_name());
  }
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const std::string_view near = nearest(word.substr(0, word.find('=')), candidates);
  if (near.empty()) {
    return fmt::format("see '{} --help'", path(verb));
  }
  return fmt::format("did you mean '{}'?", near);
}

int refuse_extras(const CLI::App& program) {
  const CLI::App& verb = typed(program);
  const std::string word = program.remaining(true).front();
  const bool is_option = word.rfind('-', 0) == 0 && word.size() > 1;
  const bool is_verb = !is_option && !verb.get_subcommands({}).empty();
  const char* what = is_option ? "there is no option"
                     : is_verb ? "there is no verb"
                               : "nothing is known of";
  complain(fmt::format("{} '{}'; {}", what, word, suggestion(verb, word)));
  return kRefused;
}

// CLI11 reports by exception; none passes beyond here.
int parse_and_act(CLI::App& parser, Program& program, int argc, char** argv) {
  try {
    parser.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", help(typed(parser)));
    return 0;
  } catch (const CLI::CallForVersion&) {
    fmt::print("biotope {}\n", kVersion);
    return 0;
  } catch (const CLI::ParseError& error) {
    if (!parser.remaining(true).empty()) return refuse_extras(parser);
    complain(error.what());
    return kRefused;
  }
  if (!parser.remaining(true).empty()) return refuse_extras(parser);
  if (!program.chosen) {
    fmt::print(stderr, "{}", parser.help());
    return kRefused;
  }
  return program.chosen();
}

}  // namespace

int run_program(int argc, char** argv) {
  CLI::App parser("Stacks of block I/O modules on a simulated machine: stories, pictures, proofs",
                  "biotope");
  Program program{parser, argc > 0 ? argv[0] : "biotope", {}};
  parser.set_version_flag("--version", kVersion);
  parser.allow_extras();
  parser.fallthrough(false);
  parser.footer(
      "Data goes to stdout, everything else to stderr.\n\n"
      "Examples:\n"
      "  biotope run scenarios/010-zip-disk.lua\n"
      "  biotope taste disk.img\n"
      "  biotope class show nop");
  add_run(program);
  add_taste(program);
  add_part(program);
  add_class(program);
  add_disk(program);
  add_trace(program);
  add_version(program);
  for (CLI::App* verb : parser.get_subcommands({})) {
    verb->allow_extras();
    for (CLI::App* below : verb->get_subcommands({})) below->allow_extras();
  }
  return parse_and_act(parser, program, argc, argv);
}

}  // namespace biotope::app
