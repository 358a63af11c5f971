#include <limits>

#include <fmt/format.h>

#include "app/terminal.h"
#include "app/verbs.h"
#include "classes/class_list.h"
#include "scenarios/runtime/image/status_report.h"

namespace biotope::app {

namespace {

std::string text_of(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  return "'" + std::get<std::string>(value) + "'";
}

std::string range_of(const Parameter& p) {
  if (p.kind == Parameter::Kind::boolean) return "true or false";
  if (p.kind == Parameter::Kind::text) return "text";
  const std::string unit = p.unit.empty() ? "" : fmt::format(" {}", p.unit);
  if (p.max == std::numeric_limits<std::int64_t>::max()) {
    return fmt::format("from {}{}", p.min, unit);
  }
  return fmt::format("{} to {}{}", p.min, p.max, unit);
}

int list_classes() {
  for (const auto& cls : all_classes()) {
    fmt::print("{:<6}  {}\n", cls->name(), cls->help());
  }
  return 0;
}

void print_table(std::span<const Parameter> table) {
  for (const Parameter& p : table) {
    fmt::print("  {:<14} {} [{}]: {}\n", p.name, p.help, text_of(p.fallback), range_of(p));
  }
}

int show(const std::string& name) {
  const auto classes = all_classes();
  std::vector<std::string_view> names;
  for (const auto& cls : classes) {
    names.push_back(cls->name());
    if (cls->name() != name) continue;
    fmt::print("{}: {}\n", cls->name(), cls->help());
    fmt::print("It {}.\n",
               cls->tastes() ? "recognises what is on a disk by itself" : "is made on demand");
    print_table(cls->parameters());
    if (!cls->options().empty()) fmt::print("Of the class as a whole:\n");
    print_table(cls->options());
    return 0;
  }
  const std::string_view near = nearest(name, names);
  complain(near.empty() ? fmt::format("there is no class '{}'; see 'biotope class list'", name)
                        : fmt::format("there is no class '{}'; did you mean '{}'?", name, near));
  return kRefused;
}

struct StatusArguments {
  std::vector<std::string> images;
  std::int64_t sector_size_bytes = 512;
};

int status(const StatusArguments& arguments) {
  const auto report = runtime::status_of_images(arguments.images, arguments.sector_size_bytes);
  if (!report) return refuse(report.error());
  fmt::print("{}", *report);
  return 0;
}

void add_status(Program& program, CLI::App& verb) {
  auto arguments = std::make_shared<StatusArguments>();
  CLI::App* told = verb.add_subcommand(
      "status", "What stands on disk images: how it is, and the line that makes it again");
  told->add_option("IMAGE", arguments->images, "Raw disk images, as da0, da1, ...; not written to")
      ->required();
  told->add_option("--sector-size", arguments->sector_size_bytes, "Bytes in a sector of the disks")
      ->capture_default_str();
  told->callback(
      [&program, arguments] { program.chosen = [arguments] { return status(*arguments); }; });
}

}  // namespace

void add_class(Program& program) {
  CLI::App* verb = program.parser.add_subcommand("class", "The modules there are to build with");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:\n  biotope class list\n  biotope class show nop\n"
      "  biotope class status first.img second.img");
  verb->add_subcommand("list", "One line for each class")->callback([&program] {
    program.chosen = [] { return list_classes(); };
  });
  auto name = std::make_shared<std::string>();
  CLI::App* shown = verb->add_subcommand("show", "What a class does and its parameters");
  shown->add_option("NAME", *name, "The class")->required();
  shown->callback([&program, name] { program.chosen = [name] { return show(*name); }; });
  add_status(program, *verb);
}

}  // namespace biotope::app
