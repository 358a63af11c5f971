#include <fmt/core.h>

#include <memory>
#include <string>
#include <variant>

#include "app/verbs.h"
#include "classes/all.h"
#include "model/mesh.h"
#include "model/virtual_executor.h"

namespace biotope::app {

namespace {

std::string text_of(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* yes = std::get_if<bool>(&value)) return *yes ? "true" : "false";
  return '"' + std::get<std::string>(value) + '"';
}

int list(const Mesh& mesh) {
  for (const Class* cls : mesh.classes()) fmt::print("{:<8} {}\n", cls->name(), cls->help());
  return kFine;
}

int show(const Mesh& mesh, const std::string& name) {
  const Class* cls = mesh.find_class(name);
  if (cls == nullptr) {
    std::vector<std::string_view> names;
    for (const Class* known : mesh.classes()) names.push_back(known->name());
    const std::string_view near = nearest(name, names);
    fmt::print(stderr, "biotope: there is no class '{}'{}\n", name,
               near.empty() ? "; 'biotope class list' names them all"
                            : fmt::format("; did you mean '{}'?", near));
    return kUsage;
  }
  fmt::print("{}: {}\n", cls->name(), cls->help());
  fmt::print("{}\n", cls->tastes() ? "Comes by tasting." : "Made on demand.");
  for (const Parameter& p : cls->parameters()) {
    fmt::print("  {:<12} {} (if nobody says: {}{}{})\n", p.name, p.help, text_of(p.fallback),
               p.unit.empty() ? "" : " ", p.unit);
  }
  return kFine;
}

}  // namespace

void add_class(CLI::App& app, Chosen& chosen) {
  CLI::App* verb = app.add_subcommand("class", "the classes there are and what they take");
  verb->require_subcommand(1);
  const auto with_mesh = [](const auto& work) {
    VirtualExecutor executor;
    Mesh mesh(executor);
    load_all_classes(mesh);
    return work(mesh);
  };
  verb->add_subcommand("list", "name all classes")->callback([&chosen, with_mesh] {
    chosen = [with_mesh] { return with_mesh(list); };
  });
  const auto name = std::make_shared<std::string>();
  CLI::App* one = verb->add_subcommand("show", "one class and its parameters");
  one->add_option("NAME", *name, "of the class")->required();
  one->callback([&chosen, with_mesh, name] {
    chosen = [with_mesh, name] {
      return with_mesh([&](const Mesh& mesh) { return show(mesh, *name); });
    };
  });
}

}  // namespace biotope::app
