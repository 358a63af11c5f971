#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <string>

namespace biotope::app {

// What a verb does once the command line is read; gives the exit status.
using Action = std::function<int()>;

// What all verbs know: who was called, and what was typed.
struct Program {
  CLI::App& parser;
  std::string name;  // as it was called: "build/biotope"
  Action chosen;     // set by the verb that was typed
};

// Each adds a verb to the program.
void add_run(Program& program);
void add_taste(Program& program);
void add_part(Program& program);
void add_class(Program& program);
void add_disk(Program& program);
void add_trace(Program& program);
void add_version(Program& program);

inline constexpr const char* kVersion = BIOTOPE_VERSION;

}  // namespace biotope::app
