#include "viz/waves.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace biotope::viz {
namespace {

// Names of a dump are printable and have no blanks.
std::string identifier(std::string_view name) {
  std::string result(name);
  for (char& c : result) {
    if (c <= ' ' || c > '~') c = '_';
  }
  return result.empty() ? "_" : result;
}

// "!", ..., "~", "!!", ...: as short as there are variables.
std::string code_of(std::size_t number) {
  constexpr std::size_t kMarks = '~' - '!' + 1;
  std::string code;
  do {
    code += static_cast<char>('!' + number % kMarks);
    number /= kMarks;
  } while (number-- > 0);
  return code;
}

std::string binary(std::int64_t value) { return fmt::format("{:b}", value); }

}  // namespace

Waves::Variable& Waves::variable(const Fact& fact, const Level& level) {
  Scope* scope = &root_;
  std::string_view path = fact.component;
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    scope = &scope->scopes[identifier(path.substr(0, dot))];
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  const auto [found, fresh] = scope->variables.try_emplace(identifier(level.name));
  if (fresh) {
    found->second.code = code_of(count_++);
    found->second.is_switch = level.is_switch;
  }
  return found->second;
}

void Waves::on_fact(const Fact& fact) {
  const auto level = level_of(fact);
  if (!level) return;
  Variable& changed = variable(fact, *level);
  const std::int64_t value =
      changed.is_switch ? std::min<std::int64_t>(level->value, 1) : level->value;
  if (value == changed.value) return;
  changed.value = value;
  if (fact.time_ns != last_time_ns_) changes_.append(fmt::format("#{}\n", fact.time_ns));
  last_time_ns_ = fact.time_ns;
  changes_.append(changed.is_switch ? fmt::format("{}{}\n", value, changed.code)
                                    : fmt::format("b{} {}\n", binary(value), changed.code));
}

namespace {

template <class Scope>
void append_scope(std::string& text, const Scope& scope, std::string& unknown) {
  for (const auto& [name, variable] : scope.variables) {
    text += variable.is_switch ? fmt::format("$var wire 1 {} {} $end\n", variable.code, name)
                               : fmt::format("$var wire 64 {} {} $end\n", variable.code, name);
    unknown += variable.is_switch ? fmt::format("x{}\n", variable.code)
                                  : fmt::format("bx {}\n", variable.code);
  }
  for (const auto& [name, inner] : scope.scopes) {
    text += fmt::format("$scope module {} $end\n", name);
    append_scope(text, inner, unknown);
    text += "$upscope $end\n";
  }
}

}  // namespace

std::string Waves::head() const {
  std::string text = "$version biotope $end\n$timescale 1 ns $end\n$scope module machine $end\n";
  std::string unknown;
  append_scope(text, root_, unknown);
  return text + "$upscope $end\n$enddefinitions $end\n$dumpvars\n" + unknown + "$end\n";
}

Status Waves::write(const std::filesystem::path& path) { return changes_.copy_to(path, head()); }

}  // namespace biotope::viz
